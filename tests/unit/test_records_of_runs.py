"""The record of a run stands whatever happens around it: who looks, what odd values say, and what somebody cuts off."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Decision,
    EventKind,
    Input,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    hookimpl,
)
from genesis_core._journal import Journal
from genesis_core._keys import LocalKeyRing
from genesis_core._rows import connect, read_events, read_rows
from genesis_core.policy import Action
from genesis_core.records import MAX_DIGITS, MAX_JSON_DEPTH, FrozenDict, FrozenList, freeze
from genesis_core.testing import FakeAgent, open_genesis

KEYS = LocalKeyRing(b"k" * 32)


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
