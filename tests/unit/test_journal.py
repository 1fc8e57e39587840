"""The journal: what is appended is read back as it was, and every other state of the file is named and left alone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_core import (
    EventKind,
    GraphPatch,
    JournalError,
    Label,
    RunEvent,
    RunState,
    Secrecy,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    Trust,
    hookimpl,
)
from genesis_core._fold import fold
from genesis_core._index import Index
from genesis_core._journal import Journal, RunLock
from genesis_core._keyfile import new_key, write_keys
from genesis_core._keys import LocalKeyRing
from genesis_core._rows import APPLICATION_ID, MIGRATIONS, SCHEMA, connect, read_events, read_rows
from genesis_core._writer import COMMIT_BYTES, LOG_BYTES, PUSH_SECONDS, REST, SLOW_SECONDS, SMALL_BYTES
from genesis_core.testing import FakeAgent, open_genesis

KEYS = LocalKeyRing(b"k" * 32)
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SLOW_DISK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ticking() -> Callable[[], datetime]:
    """A clock that goes on by a millisecond each time it is asked."""
    count = iter(range(10_000_000))
    return lambda: BEGAN + timedelta(milliseconds=next(count))


def write(path: Path, *rows: dict[str, Any], **options: Any) -> list[RunEvent]:
    """Append *rows* to the journal at *path*, and return them as who listens would have heard them."""

    async def main() -> list[RunEvent]:
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = Journal(path.parent.name, path=path, keys=KEYS, clock=ticking(), **options)
        try:
            entries = [journal.append(**row) for row in rows]
            await journal.flush()
        finally:
            await journal.close()
        return [entry.event() for entry in entries]

    return asyncio.run(main())


def warning(text: str = "x", **fields: Any) -> dict[str, Any]:
    return {"kind": EventKind.WARNING, "data": {"text": text}, **fields}


# -- what goes in comes out -------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8,
)
LABELS = st.builds(Label, st.sampled_from(Trust), st.sampled_from(Secrecy), st.frozensets(TEXT, max_size=2))
TASK_IDS = st.text(string.ascii_letters + string.digits, max_size=6)
ROWS = st.fixed_dictionaries({
    "kind": st.sampled_from(EventKind).filter(lambda k: k is not EventKind.TASK_DONE),
    "actor": TEXT, "task_id": TASK_IDS, "data": st.dictionaries(TEXT, JSON, max_size=3), "label": LABELS,
})


@given(st.lists(ROWS, max_size=6))
@SLOW_DISK
def test_events_are_read_as_they_were_appended(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.mktemp("home") / "runs" / "r1" / "journal.db"
    rows = [{**row, "attempt": 1 if row["task_id"] else 0} for row in rows]
    written = write(path, *rows)
    assert read_events(path, KEYS) == written


def test_rows_are_numbered_from_one_and_chained(tmp_path: Path) -> None:
    events = write(tmp_path / "r" / "journal.db", *[warning(str(n)) for n in range(5)])
    assert [e.seq for e in events] == [1, 2, 3, 4, 5]
    assert len({e.mac for e in events}) == 5


def test_the_same_row_at_another_place_has_another_mac(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    write(path, warning(), warning())
    one, two = read_rows(path)
    assert one[7] != two[7]


def test_a_journal_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    first = write(path, warning("a"), warning("b"))
    second = write(path, warning("c"), last=(2, bytes.fromhex(first[-1].mac)))
    assert read_events(path, KEYS) == [*first, *second]


def test_odd_bytes_in_a_text_are_kept_as_escapes(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    (heard,) = write(path, warning("caf\udce9 é"))
    (event,) = read_events(path, KEYS)
    assert event == heard
    assert event.data == {"text": r"caf\udce9 é"}


def test_without_a_path_nothing_is_written_and_events_are_handed_on(tmp_path: Path) -> None:
    async def main() -> list[RunEvent]:
        journal = Journal("r", path=None, keys=None, clock=ticking())
        entries = [journal.append(EventKind.WARNING), journal.append(EventKind.WARNING)]
        await journal.flush()
        await journal.close()
        return [e.event() for e in entries]

    assert [(e.seq, e.mac, e.time) for e in asyncio.run(main())] == [
        (1, "", BEGAN), (2, "", BEGAN + timedelta(milliseconds=1)),
    ]
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_committed_counts_as_committed(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        journal = Journal("r", path=tmp_path / "journal.db", keys=KEYS, last=(4, b"before"))
        seen = [journal.committed]
        row = journal.append(EventKind.WARNING)
        seen.append(journal.committed)
        await journal.flush()
        seen.append(journal.committed)
        await journal.close()
        return [*seen, (row.seq, row.head)]

    before, appended, flushed, row = asyncio.run(main())
    assert before == appended == (4, b"before")
    assert flushed == row == (5, row[1])


def test_the_file_belongs_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    write(path, warning())
    assert path.stat().st_mode & 0o777 == 0o600


# -- committing -------------------------------------------------------------------------------------------------------


def test_what_is_appended_in_one_step_is_committed_together_and_in_order(tmp_path: Path) -> None:
    seen: list[str] = []
    write(tmp_path / "r" / "journal.db", {"kind": EventKind.PLANNED}, {"kind": EventKind.READ}, probe=seen.append)
    assert seen == [
        "append:plan.decided", "append:file.read", "before:plan.decided", "before:file.read", "after:plan.decided",
        "after:file.read",
    ]


def test_full_durability_is_sqlites_full(tmp_path: Path) -> None:
    for full, synchronous in ((False, 1), (True, 2)):
        with closing(connect(tmp_path / f"{full}.db", full=full)) as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (synchronous,)
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(("durability", "synchronous"), [("normal", 1), ("full", 2)])
def test_the_setting_reaches_the_journal(tmp_path: Path, durability: str, synchronous: int) -> None:
    found: list[int] = []

    async def look(task: Task, context: TaskContext) -> None:
        connection = run.scope.journal._writer._connection  # type: ignore[attr-defined]
        found.append(connection.execute("PRAGMA synchronous").fetchone()[0])

    async def main() -> None:
        nonlocal run
        async with open_genesis(tmp_path, FakeAgent("w", work=look), settings={"durability": durability}) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=one_task()))
            await run.result()

    run: Any = None
    asyncio.run(main())
    assert found == [synchronous]


@pytest.mark.parametrize(
    "rows",
    [
        [{"kind": EventKind.TASK_DONE, "task_id": "a", "attempt": 1}] * 2,
        [{"kind": EventKind.TASK_DONE, "task_id": "a", "attempt": 2}, warning(),
         {"kind": EventKind.TASK_DONE, "task_id": "a", "attempt": 2}],
    ],
)
def test_a_second_result_of_one_attempt_is_refused_by_the_database(tmp_path: Path, rows: list[Any]) -> None:
    with pytest.raises(JournalError, match="can't be written") as caught:
        write(tmp_path / "r" / "journal.db", *rows)
    assert "UNIQUE" in caught.value.cause
    assert read_rows(tmp_path / "r" / "journal.db") == []


def test_results_of_other_attempts_and_tasks_are_no_second_results(tmp_path: Path) -> None:
    done = EventKind.TASK_DONE
    write(tmp_path / "r" / "journal.db", *[
        {"kind": done, "task_id": task, "attempt": attempt} for task in "ab" for attempt in (1, 2)
    ])
    assert len(read_events(tmp_path / "r" / "journal.db", KEYS)) == 4


def test_a_second_row_of_one_number_is_refused_by_the_database(tmp_path: Path) -> None:
    write(tmp_path / "r" / "journal.db", warning("first"))
    with pytest.raises(JournalError, match="can't be written"):
        write(tmp_path / "r" / "journal.db", warning("second"))
    (event,) = read_events(tmp_path / "r" / "journal.db", KEYS)
    assert event.data == {"text": "first"}


def test_after_a_failed_write_nothing_more_is_recorded(tmp_path: Path) -> None:
    failing = True

    def disk(boundary: str) -> None:
        if failing and boundary.startswith("before:"):
            raise OSError("no space left on device")

    async def main() -> None:
        nonlocal failing
        journal = Journal("r", path=tmp_path / "journal.db", keys=KEYS, probe=disk)
        journal.append(EventKind.WARNING)
        with pytest.raises(JournalError, match="can't be written"):
            await journal.flush()
        failing = False
        with pytest.raises(JournalError) as caught:
            journal.append(EventKind.WARNING)
        assert (caught.value.cause, caught.value.exit_code) == ("no space left on device", 2)
        assert "genesis resume" in caught.value.hint
        with pytest.raises(JournalError):
            await journal.flush()
        await journal.close()

    asyncio.run(main())
    assert read_rows(tmp_path / "journal.db") == []


def who_commits(path: Path, *rows: dict[str, Any], slow: float = 0.0, full: bool = False) -> list[str]:
    """Commit *rows* one after another, each *slow* seconds on its way; return which thread committed each."""
    seen: list[str] = []

    def disk(boundary: str) -> None:
        if boundary.startswith("before:"):
            seen.append("loop" if threading.current_thread() is threading.main_thread() else "thread")
            time.sleep(slow)

    async def main() -> None:
        path.parent.mkdir(parents=True)
        journal = Journal(path.parent.name, path=path, keys=KEYS, probe=disk, full=full)
        for row in rows:
            journal.append(**row)
            await journal.flush()
        await journal.close()

    asyncio.run(main())
    assert [e.data for e in read_events(path, KEYS)] == [row["data"] for row in rows]
    return seen


def test_what_may_hold_the_loop_is_committed_by_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_core._writer.SLOW_SECONDS", 60.0)  # a busy machine is no slow disk
    small, large = warning(), warning("x" * (SMALL_BYTES + 1))
    assert who_commits(tmp_path / "a" / "journal.db", small, large, small) == ["loop", "thread", "loop"]
    assert who_commits(tmp_path / "b" / "journal.db", small, small, full=True) == ["thread", "thread"]


def test_a_slow_disk_holds_the_loop_now_and_then_only(tmp_path: Path) -> None:
    seen = who_commits(tmp_path / "r" / "journal.db", *[warning()] * (REST + 6), slow=1.2 * SLOW_SECONDS)
    assert seen == ["loop"] * 2 + ["thread"] * REST + ["loop"] + ["thread"] * 3


def test_rows_that_nobody_waits_for_are_committed_before_later_ones(tmp_path: Path) -> None:
    async def main() -> None:
        journal = Journal("r", path=path, keys=KEYS)
        for number in range(30):
            journal.append(EventKind.WARNING, data={"text": str(number)})
            if number % 3:
                await asyncio.sleep(PUSH_SECONDS * (number % 3))
            else:
                await journal.flush()
                assert journal.committed[0] == number + 1
        await journal.close()

    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()
    asyncio.run(main())
    assert [e.data["text"] for e in read_events(path, KEYS)] == [str(number) for number in range(30)]


@pytest.mark.parametrize("full", [False, True])
def test_a_closed_journal_takes_no_row_and_nobody_waits_for_it(tmp_path: Path, full: bool) -> None:
    async def main() -> None:
        journal = Journal("r", path=path, keys=KEYS, full=full)
        journal.append(**warning("kept"))
        closing = asyncio.ensure_future(journal.close())
        await asyncio.sleep(0)
        with pytest.raises(JournalError, match="closed"):
            journal.append(**warning("late"))
        for _ in range(2):  # while it closes, and when it is closed
            async with asyncio.timeout(5):
                await journal.flush()
            assert journal.committed[0] == 1 and not journal.broken
            await closing

    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()
    asyncio.run(main())
    assert [e.data["text"] for e in read_events(path, KEYS)] == ["kept"]


def test_the_log_of_a_long_run_does_not_grow_for_ever(tmp_path: Path) -> None:
    async def main() -> int:
        journal = Journal("r", path=path, keys=KEYS)
        for _ in range(4 * LOG_BYTES // COMMIT_BYTES):
            journal.append(**warning())
            await journal.flush()
        size = path.with_name("journal.db-wal").stat().st_size
        await journal.close()
        return size

    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()
    assert asyncio.run(main()) < 2 * LOG_BYTES
    assert len(read_events(path, KEYS)) == 4 * LOG_BYTES // COMMIT_BYTES


# -- schema -----------------------------------------------------------------------------------------------------------


def test_there_is_a_migration_to_every_schema() -> None:
    assert len(MIGRATIONS) == SCHEMA


def test_an_empty_older_database_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=0")
    written = write(path, warning())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert read_events(path, KEYS) == written


@pytest.mark.parametrize("use", [connect, read_rows])
def test_a_newer_schema_is_refused_with_the_way_out(tmp_path: Path, use: Callable[[Path], object]) -> None:
    path = tmp_path / "r" / "journal.db"
    write(path, warning())
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={SCHEMA + 1}")
    before = bytes_below(tmp_path)
    with pytest.raises(JournalError, match=f"has schema {SCHEMA + 1}; this program knows up to {SCHEMA}") as caught:
        use(path)
    assert "upgrade" in caught.value.hint
    assert bytes_below(tmp_path) == before


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_foreign_file_is_refused_before_it_is_changed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    for use in (connect, read_rows):
        with pytest.raises(JournalError, match="damaged"):
            use(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE rows (name TEXT)")
    for use in (connect, read_rows):
        with pytest.raises(JournalError, match="damaged"):
            use(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="damaged: unable to open"):
        connect(tmp_path / "nowhere" / "journal.db")
    with pytest.raises(JournalError, match="there is no journal at"):
        read_rows(tmp_path / "nowhere" / "journal.db")


# -- crashed and live journals ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def written_and_left_open(path: Path, rows: int) -> Iterator[None]:
    """A journal whose rows are committed to the log, as a crash would leave it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path)) as db:
        before = b""
        for event in write(path.parent.parent / "draft" / path.parent.name / "journal.db", *[warning()] * rows):
            body = read_rows(path.parent.parent / "draft" / path.parent.name / "journal.db")[event.seq - 1][6]
            mac = KEYS.sign("kernel", b"genesis journal row 1" + before + body)
            db.execute("INSERT INTO rows VALUES (?, ?, 'warning', '', 0, 'kernel', ?, ?)",
                       (path.parent.name, event.seq, body, mac))
            before = mac
        yield


def test_the_log_that_a_crash_leaves_is_read_and_not_touched(tmp_path: Path) -> None:
    crashed = tmp_path / "copy" / "r"
    with written_and_left_open(tmp_path / "runs" / "r" / "journal.db", rows=3):
        shutil.copytree(tmp_path / "runs" / "r", crashed)
    assert (crashed / "journal.db-wal").stat().st_size > 0
    before = bytes_below(crashed)
    assert [e.seq for e in read_events(crashed / "journal.db", KEYS)] == [1, 2, 3]
    assert bytes_below(crashed) == before
    (crashed / "journal.db-wal").unlink()
    with contextlib.suppress(JournalError):  # without its log the database may be empty or no database yet
        assert read_rows(crashed / "journal.db") == []


@pytest.mark.parametrize("cut", [1, 100, 4000])
def test_a_torn_log_ends_at_the_last_whole_commit(tmp_path: Path, cut: int) -> None:
    crashed = tmp_path / "copy" / "r"
    with written_and_left_open(tmp_path / "runs" / "r" / "journal.db", rows=3):
        shutil.copytree(tmp_path / "runs" / "r", crashed)
    log = crashed / "journal.db-wal"
    os.truncate(log, log.stat().st_size - cut)
    assert [e.seq for e in read_events(crashed / "journal.db", KEYS)] == [1, 2]


def test_a_journal_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "r" / "journal.db"
    lengths: list[int] = []

    def read(until: threading.Event) -> None:
        while not until.is_set():
            lengths.append(len(read_events(path, KEYS)))

    async def main() -> None:
        path.parent.mkdir()
        journal, enough = Journal("r", path=path, keys=KEYS), threading.Event()
        journal.append(EventKind.WARNING)
        await journal.flush()
        journal._writer._connection.execute("PRAGMA wal_autocheckpoint=20")  # type: ignore[union-attr]
        reader = asyncio.create_task(asyncio.to_thread(read, enough))
        for _ in range(150):
            journal.append(EventKind.WARNING, data={"text": "x" * 5000})
            await journal.flush()
            await asyncio.sleep(0.002)
        enough.set()
        await reader
        await journal.close()

    asyncio.run(main())
    assert len(lengths) > 1
    assert lengths == sorted(lengths)


# -- damage -----------------------------------------------------------------------------------------------------------


def one_task(name: str = "a") -> TaskGraph:
    return TaskGraph(tasks=(Task(id=name, agent="w"),))


def bytes_below(folder: Path) -> dict[str, str]:
    """Every file below *folder* with the digest of its bytes."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with one run: two tasks, an artefact, then a failure."""
    home = tmp_path_factory.mktemp("recorded")

    async def work(task: Task, context: TaskContext) -> TaskResult:
        if task.id == "b":
            raise ValueError("no")
        return context.result("done", artifacts=[await context.write("note.txt", "a note")])

    async def main() -> None:
        graph = TaskGraph(tasks=(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",))))
        async with open_genesis(home, FakeAgent("w", work=work)) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=home, graph=graph))
            await run.result()

    asyncio.run(main())
    return home


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the recorded state folder, to be damaged."""
    shutil.copytree(recorded, tmp_path / "home")
    return tmp_path / "home"


def folder(home: Path) -> Path:
    (found,) = (home / "runs").iterdir()
    return found


def sql(*statements: str) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        with closing(sqlite3.connect(folder(home) / "journal.db")) as db, db:
            (index,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'one_result'").fetchone()
            db.execute("DROP INDEX one_result")
            for statement in statements:
                assert db.execute(statement).rowcount > 0, "this damages nothing"
            db.execute(index)
        with closing(sqlite3.connect(folder(home) / "journal.db")) as db:
            db.execute("PRAGMA journal_mode=DELETE")

    return damage


def schema(script: str) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        with closing(sqlite3.connect(folder(home) / "journal.db")) as db:
            db.executescript(script)

    return damage


def rename_table(home: Path) -> None:
    with closing(sqlite3.connect(folder(home) / "journal.db")) as db:
        db.execute("ALTER TABLE rows RENAME TO rowz")


def drop_index(home: Path) -> None:
    with closing(sqlite3.connect(folder(home) / "journal.db")) as db:
        db.execute("DROP INDEX one_result")
        db.execute("PRAGMA journal_mode=DELETE")


def cut(keep: float, more: int = 0) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        path = folder(home) / "journal.db"
        os.truncate(path, int(path.stat().st_size * keep) - more)

    return damage


def overwrite(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        (folder(home) / name).resolve().write_bytes(content)

    return damage


def another_key(home: Path) -> None:
    write_keys(home / "keys" / "ring.json", [new_key(datetime.now(UTC))])


BYTES = "CAST({} AS BLOB)"
TEXTS = "replace(CAST(body AS TEXT), '\"w\"', '\"v\"')"
DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "body": (sql(f"UPDATE rows SET body = {BYTES.format(TEXTS)} WHERE seq = 5"), "row 5 .* was edited"),
    "body as text": (sql(f"UPDATE rows SET body = {TEXTS} WHERE seq = 5"), "row 5 .* was edited"),
    "body as number": (sql("UPDATE rows SET body = 5 WHERE seq = 4"), "row 4 .* was edited"),
    "mac": (sql("UPDATE rows SET mac = zeroblob(32) WHERE seq = 3"), r"row 3 .* was edited"),
    "mac cut": (sql("UPDATE rows SET mac = substr(mac, 1, 31) WHERE seq = 3"), "row 3 .* was edited"),
    "mac as text": (sql("UPDATE rows SET mac = 'x' WHERE seq = 3"), "row 3 .* was edited"),
    "kind": (sql("UPDATE rows SET kind = 'warning' WHERE seq = 3"), "row 3 was edited"),
    "task": (sql("UPDATE rows SET task = 'b' WHERE kind = 'task.started' AND task = 'a'"), "was edited"),
    "attempt": (sql("UPDATE rows SET attempt = 7 WHERE kind = 'task.done' AND task = 'a'"), "was edited"),
    "actor": (sql("UPDATE rows SET actor = 'somebody' WHERE seq = 1"), "row 1.* was edited"),
    "run": (sql("UPDATE rows SET run = 'another' WHERE seq = 2"), "row 2 was edited"),
    "all of the run": (sql("UPDATE rows SET run = 'another'"), "row 1 was edited"),
    "deleted": (sql("DELETE FROM rows WHERE seq = 3"), "row 3 is missing"),
    "deleted and closed up": (
        sql("DELETE FROM rows WHERE seq = 3", "UPDATE rows SET seq = seq - 1 WHERE seq > 3"), "row 3 .* was edited"),
    "first": (sql("DELETE FROM rows WHERE seq = 1"), "row 1 is missing"),
    "all": (sql("DELETE FROM rows"), "never began"),
    "swapped": (
        sql("UPDATE rows SET seq = -3 WHERE seq = 3", "UPDATE rows SET seq = 3 WHERE seq = 4",
            "UPDATE rows SET seq = 4 WHERE seq = -3"), "row 3 .* was edited"),
    "forged": (
        sql("INSERT INTO rows SELECT run, seq + 1, kind, task, attempt, actor, body, mac FROM rows"
            " ORDER BY seq DESC LIMIT 1"), "was edited"),
    "renumbered": (sql("UPDATE rows SET seq = 'four' WHERE seq = 4"), "row 4 is missing"),
    "tail": (sql("DELETE FROM rows WHERE seq > (SELECT max(seq) - 1 FROM rows)"), "cut short"),
    "table": (rename_table, "no such table|tables"),
    "index": (drop_index, "tables, indexes or triggers were changed"),
    "more tables": (schema("CREATE TABLE more (x)"), "tables, indexes or triggers were changed"),
    "trigger": (schema("CREATE TRIGGER t BEFORE INSERT ON rows BEGIN SELECT RAISE(IGNORE); END"), "triggers were"),
    "view": (schema("ALTER TABLE rows RENAME TO r; CREATE VIEW rows AS SELECT * FROM r"), "triggers were changed"),
    "schema number": (schema("PRAGMA user_version=0"), "is no journal"),
    "schema number below": (schema("PRAGMA user_version=-1"), "is no journal"),
    "application": (schema("PRAGMA application_id=7"), "is no journal"),
    "head": (overwrite("head", b'{"run": "x", "seq": 1}'), "its head can't be trusted"),
    "head cut": (overwrite("head", b""), "its head can't be trusted"),
    "half": (cut(0.5), "damaged"),
    "last page": (cut(1, 4096), "damaged"),
    "empty": (cut(0), "damaged"),
    "garbage": (overwrite("journal.db", b"this is no database" * 99), "not a database"),
    "missing": (lambda home: (folder(home) / "journal.db").unlink(), "there is no journal"),
    "key missing": (lambda home: shutil.rmtree(home / "keys"), "ring.json is missing"),
    "key cut": (overwrite("../../keys/ring.json", b"short"), "ring.json is damaged"),
    "key wrong": (another_key, "signed with another key"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_by_verify_and_resume_and_every_byte_left_alone(home: Path, kind: str) -> None:
    damage, words = DAMAGE[kind]
    damage(home)
    before = bytes_below(home)

    async def main() -> None:
        async with open_genesis(home, FakeAgent("w")) as genesis:
            with pytest.raises(JournalError, match=words) as verified:
                genesis.verify("last")
            with pytest.raises(JournalError, match=words) as resumed:
                await genesis.resume("last")
        assert verified.value.message == resumed.value.message
        assert verified.value.cause
        assert verified.value.hint
        assert verified.value.exit_code == 2

    asyncio.run(main())
    assert bytes_below(home) == before


def test_a_whole_record_is_verified_and_every_byte_left_alone(home: Path) -> None:
    before = bytes_below(home)
    record = open_genesis(home).verify("last")
    assert record.state is RunState.FAILED
    assert {t: r.state.value for t, r in record.results.items()} == {"a": "completed", "b": "failed"}
    assert bytes_below(home) == before


@pytest.mark.parametrize("content", [b"another note", b""])
def test_an_artefact_that_was_changed_is_named(home: Path, content: bytes) -> None:
    (note,) = folder(home).glob("artifacts/*/note.txt")
    note.write_bytes(content)
    with pytest.raises(JournalError, match=r"artefact 'note\.txt' is not what was recorded"):
        open_genesis(home).verify("last")


def test_an_artefact_that_is_gone_is_named(home: Path) -> None:
    shutil.rmtree(folder(home) / "artifacts")
    with pytest.raises(JournalError, match=r"artefact 'note\.txt'"):
        open_genesis(home).verify("last")


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_goes_unnoticed(
    recorded: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    source = folder(recorded) / "journal.db"
    content = bytearray(source.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    copy = tmp_path_factory.mktemp("flip") / source.parent.name / "journal.db"
    copy.parent.mkdir()
    copy.write_bytes(content)
    keys = LocalKeyRing.open(recorded, create=False)
    with contextlib.suppress(JournalError):
        assert read_events(copy, keys) == read_events(source, keys), f"byte {place} was changed"


def test_a_text_that_is_no_text_any_more_is_damage(home: Path) -> None:
    content = (folder(home) / "journal.db").read_bytes()
    for place in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[place:place + 3] = b"\xce\xff\xce"
        (folder(home) / "journal.db").write_bytes(damaged)
        with contextlib.suppress(JournalError):
            open_genesis(home).events("last")


# -- the index remembers the end --------------------------------------------------------------------------------------


def test_a_damaged_index_is_dropped_and_does_not_hide_the_runs(home: Path) -> None:
    (home / "index.db").write_bytes(b"garbage" * 500)
    assert Index(home).entries() == {}
    assert open_genesis(home).verify("last").state is RunState.FAILED


def test_a_busy_index_is_not_dropped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index(home)
    (entry,) = index.entries().values()
    monkeypatch.setattr("genesis_core._index.BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(home / "index.db", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        index.put(entry._replace(id="another"))
        db.execute("ROLLBACK")
    assert set(index.entries()) == {entry.id}


def test_an_older_index_is_made_again(home: Path) -> None:
    index = Index(home)
    (entry,) = index.entries().values()
    with closing(sqlite3.connect(home / "index.db")) as db:
        db.execute("ALTER TABLE runs DROP COLUMN pipeline")
    assert index.entries() == {}
    index.put(entry)
    assert index.entries() == {entry.id: entry}


# -- one driver -------------------------------------------------------------------------------------------------------


def test_a_second_driver_gets_a_clear_error_and_the_first_goes_on(tmp_path: Path) -> None:
    async def main() -> tuple[Any, Any]:
        go = asyncio.Event()

        async def wait(task: Task, context: TaskContext) -> None:
            await go.wait()

        async with open_genesis(tmp_path, FakeAgent("w", work=wait)) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=one_task()))
            with pytest.raises(JournalError, match="driven by another process") as caught:
                await genesis.resume(run.id)
            assert run.id in caught.value.hint
            go.set()
            return await run.result(), genesis.verify(run.id)

    result, record = asyncio.run(main())
    assert result.state is record.state is RunState.COMPLETED
    assert record.results == result.tasks


def test_a_lock_is_free_again_when_it_is_released(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with pytest.raises(JournalError):
        RunLock(tmp_path)
    lock.release()
    RunLock(tmp_path).release()


def test_no_journal_is_written_without_signing_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is signed"):
        Journal("r", path=tmp_path / "journal.db", keys=None)
    assert not list(tmp_path.iterdir())


# -- the key ----------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    one, two = LocalKeyRing.open(tmp_path), LocalKeyRing.open(tmp_path)
    assert one.sign("a", b"x") == two.sign("a", b"x")
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["lock", "ring.json"]
    assert (tmp_path / "keys" / "ring.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_many_who_start_at_once_end_up_with_one_key(tmp_path: Path) -> None:
    made: list[bytes] = []
    gate = threading.Barrier(8)

    def start() -> None:
        gate.wait()
        made.append(LocalKeyRing.open(tmp_path).sign("a", b"x"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["lock", "ring.json"]


# -- a run is a fold over its rows ------------------------------------------------------------------------------------


class Grow:
    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        if result is None or result.task_id != "a":
            return None
        return GraphPatch(add=(Task(id="grown", agent="w"),), reason="a is done")


def test_the_record_says_what_the_result_said(tmp_path: Path) -> None:
    async def main() -> tuple[Any, Any]:
        async with open_genesis(tmp_path, FakeAgent("w", output={"n": 1}), Grow()) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=one_task()))
            return await run.result(), genesis.record(run.id)

    result, record = asyncio.run(main())
    assert record.plan == result.plan
    assert record.plan.digest == result.plan.digest
    assert (record.results, record.state, record.usage) == (result.tasks, result.state, result.usage)
    assert (record.updates, set(record.results)) == (1, {"a", "grown"})


def test_every_beginning_of_a_journal_folds_to_an_interrupted_run(recorded: Path) -> None:
    events = open_genesis(recorded).events("last")
    for end in range(1, len(events)):
        record = fold(events[:end])
        assert (record.state, record.seq) == (RunState.INTERRUPTED, end)
        assert set(record.in_flight) <= {"a", "b"} - {t for t in record.results if t not in record.in_flight}
    assert asdict(fold(events)) == asdict(open_genesis(recorded).record("last"))


def test_no_rows_are_no_run() -> None:
    with pytest.raises(ValueError, match="without rows"):
        fold([])


# -- what earlier versions recorded -----------------------------------------------------------------------------------

GOLDEN = sorted((Path(__file__).parents[1] / "data").glob("golden_run_v*"))


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a state folder that an earlier version left, as its owner's."""
    copy = tmp_path / "golden"
    shutil.copytree(request.param, copy)
    (copy / "journal.key").chmod(0o600)
    return copy


def test_there_is_a_golden_run_of_every_schema() -> None:
    assert [path.name for path in GOLDEN] == [f"golden_run_v{n}" for n in range(1, SCHEMA + 1)]


def test_what_an_earlier_version_recorded_is_read_and_verified_and_left_alone(golden: Path) -> None:
    expected = json.loads((golden / "expected.json").read_text())
    assert len(expected) == 2
    before = bytes_below(golden)
    genesis = open_genesis(golden)
    for run, known in expected.items():
        record = genesis.verify(run)
        assert record.plan is not None
        assert {
            "state": record.state.value, "seq": record.seq, "mac": record.mac, "plan": record.plan.digest,
            "tasks": [t.id for t in record.plan.graph.tasks], "attempts": record.attempts, "updates": record.updates,
            "reads": record.reads, "in_flight": list(record.in_flight),
            "results": {name: result.to_json() for name, result in record.results.items()},
        } == known
    assert bytes_below(golden) == before


def test_what_an_earlier_version_left_unfinished_is_finished(golden: Path) -> None:
    expected = json.loads((golden / "expected.json").read_text())
    (run_id,) = [run for run, known in expected.items() if known["state"] == "interrupted"]
    recorded = set(expected[run_id]["results"])
    assert recorded
    agent = FakeAgent("w", output="finished")

    async def main() -> Any:
        async with open_genesis(golden, agent) as genesis:
            result = await (await genesis.resume(run_id)).result()
            return result, genesis.verify(run_id)

    result, record = asyncio.run(main())
    assert result.state is record.state is RunState.COMPLETED
    assert set(agent.seen) == set(expected[run_id]["tasks"]) - recorded
    assert len(record.results) == 3


# -- ordinary and odd values ------------------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def circle() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


UNKEPT = {
    "nan": float("nan"), "infinity": {"a": [float("inf")]}, "half a character": "caf\udce9", "odd key": {"\ud800": 1},
    "no text": b"\xff", "too deep": nested(100), "circle": circle(), "object": object(),
}


@pytest.mark.parametrize("kind", UNKEPT)
def test_what_json_cannot_say_fails_its_task_and_never_the_run(tmp_path: Path, kind: str) -> None:
    async def main() -> tuple[Any, Any]:
        graph = TaskGraph(tasks=(Task(id="odd", agent="odd"), Task(id="fine", agent="w")))
        agents = FakeAgent("odd", work=lambda t, c: UNKEPT[kind]), FakeAgent("w", output=2**200)
        async with open_genesis(tmp_path, *agents) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=graph))
            return await run.result(), genesis.verify(run.id)

    result, record = asyncio.run(main())
    assert record.results == result.tasks
    assert result.tasks["odd"].error.message == "the output can't be kept as JSON"
    assert result.tasks["odd"].error.cause
    assert result.tasks["fine"].output == 2**200


def test_a_goal_and_an_error_in_odd_bytes_are_recorded_as_escapes(tmp_path: Path) -> None:
    async def main() -> tuple[Any, Any]:
        async with open_genesis(tmp_path, FakeAgent("w", error=OSError("no caf\udce9"))) as genesis:
            report = await genesis.plan("look at caf\udce9", workspace=tmp_path, graph=one_task())
            run = await genesis.start(report)
            return await run.result(), genesis.verify(run.id)

    result, record = asyncio.run(main())
    assert record.plan == result.plan
    assert record.plan.goal.text == r"look at caf\udce9"
    assert record.results["a"].error.message == r"OSError: no caf\udce9"
    assert [e.goal for e in Index(tmp_path).entries().values()] == [r"look at caf\udce9"]
