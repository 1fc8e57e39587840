"""The record of a run stands whatever happens around it: who looks, what odd values say, and what somebody cuts off."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Artifact,
    Budget,
    Decision,
    EventKind,
    Input,
    JournalError,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    hookimpl,
    tool,
)
from genesis_core._files import artifact_path, find_artifact, write_atomic
from genesis_core._head import write_head
from genesis_core._index import Index
from genesis_core._journal import Journal, RunLock
from genesis_core._keys import LocalKeyRing
from genesis_core._rows import connect, read_events, read_rows, verify_rows
from genesis_core.policy import Action
from genesis_core.records import MAX_DIGITS, MAX_JSON_DEPTH, FrozenDict, FrozenList, freeze
from genesis_core.testing import FakeAgent, open_genesis

KEYS = LocalKeyRing(b"k" * 32)


@tool(inline=True)
def count(text: str) -> int:
    """Count characters."""
    return len(text)


def one(task_id: str = "a", **fields: Any) -> TaskGraph:
    return TaskGraph(tasks=(Task(id=task_id, agent="w", **fields),))


def carried_out(home: Path, *extend: object, graph: TaskGraph | None = None) -> tuple[Any, Any]:
    """Run a graph, and return its result and the record that verify gives."""

    async def main() -> tuple[Any, Any]:
        async with open_genesis(home, *extend) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=home, graph=graph or one()))
            return await run.result(), genesis.verify(run.id)

    return asyncio.run(main())


# -- looking at a live journal ----------------------------------------------------------------------------------------

DRIVER = """
import asyncio, os, sqlite3, subprocess, sys
from pathlib import Path
from genesis_core._journal import Journal
from genesis_core._keys import LocalKeyRing
from genesis_core._rows import read_rows
from genesis_core import EventKind

LOOK = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM rows').fetchall(); c.close()"

async def main(path):
    journal = Journal(path.parent.name, path=path, keys=LocalKeyRing(b"k" * 32))
    for number in range(6):
        journal.append(EventKind.WARNING, data={"text": str(number)})
        await journal.flush()
        assert len(read_rows(path)) == number + 1
        subprocess.run([sys.executable, "-c", LOOK, str(path)], check=True)
    os.kill(os.getpid(), 9)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_reading_a_live_journal_in_its_drivers_process_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()
    ended = subprocess.run([sys.executable, "-c", DRIVER, str(path)], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert [e.data["text"] for e in read_events(path, KEYS)] == ["0", "1", "2", "3", "4", "5"]


RUN = """
import asyncio, sys
from genesis_core import Task, TaskGraph
from genesis_core.testing import FakeAgent, open_genesis

async def main(home, tasks, rounds):
    async with open_genesis(home, FakeAgent("w", output="x" * 2000)) as genesis:
        graph = TaskGraph(tasks=tuple(Task(id=f"t{n}", agent="w") for n in range(tasks)))
        plan = (await genesis.plan("x", workspace=home, graph=graph)).plan
        for _ in range(rounds):
            await (await genesis.start(plan)).result()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def looks(driver: subprocess.Popen[str], home: Path) -> Iterator[tuple[str, list[Any]]]:
    """Read the newest journal in a tight loop while *driver* writes, and once more when it has ended."""
    ended = False
    while not ended:
        ended = driver.poll() is not None
        for folder in sorted((home / "runs").glob("*"))[-1:]:
            if (folder / "journal.db").exists():
                yield folder.name, read_rows(folder / "journal.db")


def test_a_journal_is_read_while_another_process_writes_it(tmp_path: Path) -> None:
    tasks, rounds, seen = 300, 4, dict[str, list[int]]()
    words = [sys.executable, "-c", RUN, str(tmp_path), str(tasks), str(rounds)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as driver:
        for name, rows in looks(driver, tmp_path):
            assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
            seen.setdefault(name, []).append(len(rows))
        assert driver.stderr is not None and (driver.wait(), driver.stderr.read()) == (0, "")
    assert all(lengths == sorted(lengths) for lengths in seen.values())
    assert list(seen.values())[-1][-1] > 2 * tasks
    assert any(len(set(lengths)) > 2 for lengths in seen.values()), "nobody wrote while it was read"
    for name in seen:
        verify_rows(tmp_path / "runs" / name / "journal.db", read_rows(tmp_path / "runs" / name / "journal.db"),
                    LocalKeyRing.open(tmp_path))


@pytest.mark.parametrize("made", ["nothing", "an empty file", "a table"])
def test_a_run_that_is_just_beginning_is_not_called_damaged(home: Path, made: str) -> None:
    """Between the lock and the first row there is a moment in which others may look."""
    run = home / "runs" / "20990101-000000-00000000"
    run.mkdir()
    if made == "an empty file":
        (run / "journal.db").touch()
    elif made == "a table":
        connect(run / "journal.db").close()
    lock = RunLock(run)
    try:
        with pytest.raises(JournalError, match="has no rows yet") as caught:
            open_genesis(home).record(run.name)
        assert caught.value.cause == "it is just beginning"
    finally:
        lock.release()
    with pytest.raises(JournalError, match="there is no journal" if made == "nothing" else "never began"):
        open_genesis(home).record(run.name)


def test_a_journal_that_nobody_writes_is_read_from_a_copy_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connect(path).close()
    before = path.stat().st_mtime_ns, sorted(p.name for p in tmp_path.iterdir())
    assert read_rows(path) == []
    assert (path.stat().st_mtime_ns, sorted(p.name for p in tmp_path.iterdir())) == before


# -- odd values -------------------------------------------------------------------------------------------------------


class Unsayable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def circle() -> Any:
    value: list[Any] = [1]
    value.append(value)
    return value


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": value}
    return value


ODD: dict[str, tuple[Callable[[], Any], Any]] = {
    "exception": (lambda: ValueError("x"), "x"),
    "no words": (Unsayable, "<Unsayable>"),
    "bytes": (lambda: b"\xff", "b'\\xff'"),
    "nan": (lambda: float("nan"), "NaN"),
    "circle": (circle, [1, "..."]),
    "long number": (lambda: {"n": 1 << 20_000}, {"n": "an integer of 20001 bits"}),
    "odd keys": (lambda: {Unsayable(): b"\xff"}, {"<Unsayable>": "b'\\xff'"}),
    "surrogate": (lambda: ["\ud800", object], ["\\ud800", str(object)]),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_row_can_always_be_written_and_read_back(tmp_path: Path, kind: str) -> None:
    make, said = ODD[kind]
    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()

    async def main() -> Any:
        journal = Journal("r", path=path, keys=KEYS)
        heard = journal.append(EventKind.WARNING, data={"text": make()})
        journal.append(EventKind.WARNING, data={"text": "next"})
        await journal.flush()
        await journal.close()
        return heard.event()

    heard = asyncio.run(main())
    first, second = read_events(path, KEYS)
    assert first.data == heard.data == {"text": said}
    assert (second.seq, second.data) == (2, {"text": "next"})


def test_rows_nested_without_end_are_cut_where_they_can_still_be_read(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()

    async def main() -> None:
        journal = Journal("r", path=path, keys=KEYS)
        journal.append(EventKind.WARNING, data={"text": nested(1000)})
        await journal.close()

    asyncio.run(main())
    (event,) = read_events(path, KEYS)
    assert "..." in str(event.data)


class BrokenKeys:
    """Signs nothing the second time."""

    def __init__(self) -> None:
        self.signed = 0

    def sign(self, actor: str, data: bytes) -> bytes:
        self.signed += 1
        if self.signed == 2:
            raise OSError("the key is on a stick that was pulled out")
        return KEYS.sign(actor, data)

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        return KEYS.verify(actor, data, mac)


def test_a_row_that_could_not_be_signed_leaves_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()

    async def main() -> None:
        journal = Journal("r", path=path, keys=BrokenKeys())
        journal.append(EventKind.WARNING, data={"text": "one"})
        with pytest.raises(OSError, match="stick"):
            journal.append(EventKind.WARNING, data={"text": "lost"})
        journal.append(EventKind.WARNING, data={"text": "two"})
        await journal.close()

    asyncio.run(main())
    assert [(e.seq, e.data["text"]) for e in read_events(path, KEYS)] == [(1, "one"), (2, "two")]


class Judge:
    @hookimpl
    def genesis_authorize(self, action: Action) -> Decision | None:
        return Decision.deny("mine", KeyError("x")) if action.verb == "write" else None  # type: ignore[arg-type]


def test_a_warning_and_a_reason_that_are_no_text_harm_no_run(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> int:
        context.warn(ValueError("odd"))  # type: ignore[arg-type]
        with pytest.raises(Exception, match="denied"):
            await context.write("a", "b")
        return 1

    result, record = carried_out(tmp_path, FakeAgent("w", work=work), Judge())
    assert result.state is record.state is RunState.COMPLETED


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("value", "kept"),
    [(nested(MAX_JSON_DEPTH), True), (nested(MAX_JSON_DEPTH + 2), False), (nested(64), False),
     (10**MAX_DIGITS - 1, True), (-(10**MAX_DIGITS), False), (10**4400, False)],
    ids=["deep", "too deep", "far too deep", "long number", "too long", "far too long"],
)
def test_what_is_kept_can_be_read_back(tmp_path: Path, value: Any, kept: bool, wrapped: bool) -> None:
    def work(task: Task, context: TaskContext) -> Any:
        return TaskResult(task_id=task.id, state=TaskState.COMPLETED, output=value) if wrapped else value

    result, record = carried_out(tmp_path, FakeAgent("w", work=work))
    assert (result.state is RunState.COMPLETED) is kept
    assert record.results == result.tasks
    if kept:
        assert record.results["a"].output == value


@pytest.mark.parametrize("wrap", [lambda inputs: {"x": inputs["p"]}, lambda inputs: inputs], ids=["value", "inputs"])
def test_a_value_that_grows_from_task_to_task_ends_as_a_failed_task(tmp_path: Path, wrap: Callable[..., Any]) -> None:
    def work(task: Task, context: TaskContext) -> TaskResult:
        return TaskResult(task_id=task.id, state=TaskState.COMPLETED, output=wrap(context.inputs))

    steps = [Task(id=f"t{n}", agent="w", inputs={"p": Input(task=f"t{n - 1}", output="") if n else Input(value=1)})
             for n in range(MAX_JSON_DEPTH + 12)]
    result, record = carried_out(tmp_path, FakeAgent("w", work=work), graph=TaskGraph(tasks=tuple(steps)))
    states = [r.state for r in result.tasks.values()]
    assert result.state is RunState.FAILED
    assert states.count(TaskState.COMPLETED) in (MAX_JSON_DEPTH, MAX_JSON_DEPTH + 1)
    assert states.count(TaskState.FAILED) == 1
    assert record.results == result.tasks


def test_depth_is_counted_through_what_is_frozen_already() -> None:
    deep = freeze(nested(MAX_JSON_DEPTH))
    assert freeze(deep) is deep
    for around in ({"a": deep}, [[deep]], FrozenDict(a=FrozenList([deep])), FrozenList([deep, [deep]])):
        for _ in range(2):
            around = [around]  # type: ignore[assignment]
        with pytest.raises(ValueError, match="nested deeper"):
            freeze(around)


def test_a_value_that_holds_itself_often_is_looked_at_once_a_level() -> None:
    value: Any = FrozenList([1])
    for _ in range(MAX_JSON_DEPTH - 2):
        value = FrozenList([value, value])
    assert freeze(value) is value  # and not once a way to it, which would take years


# -- what somebody cuts off or adds -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with one run of five tasks."""
    home = tmp_path_factory.mktemp("recorded")
    carried_out(home, FakeAgent("w"), graph=TaskGraph(tasks=tuple(Task(id=f"t{n}", agent="w") for n in range(5))))
    return home


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "home")
    return tmp_path / "home"


def folder(home: Path) -> Path:
    (found,) = (home / "runs").iterdir()
    return found


def script(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(statements)


def cut_off(home: Path, rows: int) -> None:
    script(folder(home) / "journal.db", f"DELETE FROM rows WHERE seq > (SELECT max(seq) - {rows} FROM rows)")


FORGET: dict[str, Callable[[Path], None]] = {
    "nothing": lambda home: None,
    "the index": lambda home: (home / "index.db").unlink(),
    "the head": lambda home: (folder(home) / "head").unlink(),
}


@pytest.mark.parametrize("forgotten", FORGET)
@pytest.mark.parametrize("rows", [1, 5])
def test_a_journal_cut_short_is_noticed_by_the_index_or_the_head(home: Path, forgotten: str, rows: int) -> None:
    cut_off(home, rows)
    FORGET[forgotten](home)

    async def main() -> None:
        async with open_genesis(home, FakeAgent("w")) as genesis:
            for use in (genesis.cancel("last"), genesis.resume("last")):
                with pytest.raises(JournalError, match="cut short"):
                    await use
            with pytest.raises(JournalError, match="cut short"):
                genesis.verify("last")

    before = len(read_rows(folder(home) / "journal.db"))
    asyncio.run(main())
    assert len(read_rows(folder(home) / "journal.db")) == before


def test_a_tail_that_was_written_anew_is_noticed(home: Path) -> None:
    """Whoever holds the key can write another end; the index and the head still know the first one."""
    path = folder(home) / "journal.db"
    head = (folder(home) / "head").read_bytes()
    events = read_events(path, LocalKeyRing.open(home))
    cut_off(home, 3)

    async def main() -> None:
        last = (len(events) - 3, bytes.fromhex(events[-4].mac))
        journal = Journal(path.parent.name, path=path, keys=LocalKeyRing.open(home), last=last)
        for _ in range(3):
            journal.append(EventKind.WARNING, data={"text": "another end"})
        await journal.close()

    asyncio.run(main())
    (folder(home) / "head").write_bytes(head)
    for forget in (lambda: None, (home / "index.db").unlink):
        forget()
        with pytest.raises(JournalError, match=f"row {len(events)} is another one"):
            open_genesis(home).verify("last")


def test_the_head_of_another_run_is_no_head(home: Path) -> None:
    write_head(folder(home), "another", (1, b""), LocalKeyRing.open(home))
    with pytest.raises(JournalError, match="head can't be trusted"):
        open_genesis(home).verify("last")
    write_head(folder(home), folder(home).name, (1, b""), KEYS)
    with pytest.raises(JournalError, match="head can't be trusted"):
        open_genesis(home).verify("last")


def test_a_run_from_before_there_were_heads_is_verified(home: Path) -> None:
    (folder(home) / "head").unlink()
    assert open_genesis(home).verify("last").state is RunState.COMPLETED


def test_the_head_follows_a_run_that_is_resumed(tmp_path: Path) -> None:
    ready = False

    def work(task: Task, context: TaskContext) -> Any:
        return 1 if ready else context.blocked("not yet")

    async def main() -> Any:
        nonlocal ready
        async with open_genesis(tmp_path, FakeAgent("w", work=work)) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=one()))
            first = (await run.result()).state
            ready = True
            second = (await (await genesis.resume(run.id)).result()).state
            return first, second, genesis.verify(run.id).seq

    first, second, seq = asyncio.run(main())
    assert (first, second) == (RunState.PARTIAL, RunState.COMPLETED)
    assert f'"seq": {seq},' in (folder(tmp_path) / "head").read_text()
    assert (folder(tmp_path) / "head").stat().st_mode & 0o777 == 0o600


def test_a_trigger_that_swallows_rows_is_refused_before_a_row_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connect(path).close()
    script(path, "CREATE TRIGGER t BEFORE INSERT ON rows BEGIN SELECT RAISE(IGNORE); END")
    with pytest.raises(JournalError, match="triggers were changed"):
        connect(path)


def test_rows_that_the_database_swallows_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"

    async def main() -> None:
        journal = Journal("r", path=path, keys=KEYS)
        script(path, "CREATE TRIGGER t BEFORE INSERT ON rows BEGIN SELECT RAISE(IGNORE); END")
        journal.append(EventKind.WARNING)
        with pytest.raises(JournalError, match="can't be written") as caught:
            await journal.flush()
        assert "another number of rows" in caught.value.cause
        await journal.close()

    asyncio.run(main())


# -- a newer program's rows -------------------------------------------------------------------------------------------


def append_raw(home: Path, kind: str, more: dict[str, Any]) -> None:
    """Append a row as another program with the same key would."""
    keys, path = LocalKeyRing.open(home), folder(home) / "journal.db"
    row = read_rows(path)[-1]
    seq = row[1] + 1
    value = {"run_id": row[0], "seq": seq, "time": "2026-01-02T03:04:05Z", "kind": kind, "actor": "kernel", **more}
    said = json.dumps(value).encode()
    mac = keys.sign("kernel", b"genesis journal row 1" + row[7] + said)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO rows VALUES (?, ?, ?, '', 0, 'kernel', ?, ?)", (row[0], seq, kind, said, mac))


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("task.dreamt", {}, r"row \d+ \(task\.dreamt\) of run .* can't be read"),
        ("warning", {"mood": "good"}, "can't be read"),
        ("run.finished", {"data": {"state": "asleep"}}, "can't be understood"),
        ("run.finished", {}, "can't be understood"),
    ],
)
def test_rows_that_a_newer_program_wrote_are_named_as_such(
    home: Path, kind: str, more: dict[str, Any], words: str
) -> None:
    append_raw(home, kind, more)
    with pytest.raises(JournalError, match=words) as caught:
        open_genesis(home).verify("last")
    assert "newer Genesis" in caught.value.cause
    assert "upgrade" in caught.value.hint


# -- locks, modes, artefacts ------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_who_only_looks_whether_a_run_is_driven_keeps_no_driver_out(tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / "lock").open("w") as looker:
        fcntl.flock(looker, fcntl.LOCK_SH)
        timer = threading.Timer(0.1, lambda: fcntl.flock(looker, fcntl.LOCK_UN))
        timer.start()
        RunLock(tmp_path).release()
        timer.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_lock_that_is_released_is_free_while_a_child_holds_the_file(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    handle = os.dup(lock._file.fileno())  # what a forked child holds
    try:
        lock.release()
        lock.release()
        RunLock(tmp_path).release()
    finally:
        os.close(handle)


def test_the_index_belongs_to_its_owner(home: Path) -> None:
    (home / "index.db").chmod(0o644)
    index = Index(home)
    (entry,) = index.entries().values()
    index.put(entry)
    assert (home / "index.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name == "nt", reason="modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_key_that_others_may_use_is_refused(home: Path, mode: int) -> None:
    (home / "keys" / "ring.json").chmod(mode)
    with pytest.raises(JournalError, match="not this user's alone") as caught:
        open_genesis(home).verify("last")
    assert caught.value.hint == f"chmod 600 {home / 'keys' / 'ring.json'}"
    (home / "keys" / "ring.json").chmod(0o400)
    assert open_genesis(home).verify("last").state is RunState.COMPLETED


def test_an_artefact_is_looked_for_first_where_its_task_wrote_it(tmp_path: Path) -> None:
    for task_id, text in (("a", "other"), ("b/c", "mine")):
        write_atomic(artifact_path(tmp_path, task_id, "note.txt"), text.encode())
    (tmp_path / "artifacts" / "a" / "note.txt").unlink()
    (tmp_path / "artifacts" / "a" / "note.txt").mkdir()  # who opened it would fail
    artifact = Artifact(name="note.txt", sha256=hashlib.sha256(b"mine").hexdigest(), size=4)
    assert find_artifact(tmp_path, artifact, "b/c") == b"mine"
    with pytest.raises(IsADirectoryError):
        find_artifact(tmp_path, artifact)


def test_an_artefact_that_was_handed_on_is_found_where_it_was_written(tmp_path: Path) -> None:
    write_atomic(artifact_path(tmp_path, "a", "note.txt"), b"mine")
    artifact = Artifact(name="note.txt", sha256=hashlib.sha256(b"mine").hexdigest(), size=4)
    assert find_artifact(tmp_path, artifact, "b") == b"mine"


@pytest.mark.parametrize(("ending", "state"), [
    ({"state": TaskState.BLOCKED}, RunState.PARTIAL), ({"calls": 2}, RunState.OUT_OF_BUDGET),
])
def test_what_has_ended_in_part_is_not_cancelled(tmp_path: Path, ending: dict[str, Any], state: RunState) -> None:
    async def work(task: Task, context: TaskContext) -> TaskResult:
        for _ in range(ending.get("calls", 0)):
            await context.call("count", text="abc")
        return context.result(state=ending.get("state", TaskState.COMPLETED))

    async def main() -> None:
        async with open_genesis(tmp_path, FakeAgent("w", work=work, tools=[count])) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=one()),
                                      budget=Budget(max_tool_calls=1))
            assert (await run.result()).state is state
            rows = genesis.record(run.id).seq
            assert await genesis.cancel(run.id) is state
            assert (genesis.record(run.id).state, genesis.record(run.id).seq) == (state, rows)

    asyncio.run(main())
