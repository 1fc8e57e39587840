"""The rows of a journal on disk: their schema, and reading and verifying them without touching a byte."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pydantic_core

from .engines import KeyRing
from .errors import JournalError
from .identity import ID_BYTES, KeyStore, Refusal
from .runs import RunEvent

__all__ = ["GENESIS_ROW", "INSERT", "Row", "connect", "damaged", "decode", "read_events", "read_rows", "verify_rows"]

SCHEMA = 1
APPLICATION_ID = 0x47454E53  # "GENS", so that file(1) and we can tell whose database it is
MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE rows (
        run TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL,
        actor TEXT NOT NULL, body BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX one_result ON rows (run, task, attempt) WHERE kind = 'task.done';
    """,
)
"""``MIGRATIONS[n]`` takes a database from schema n to n + 1."""

Row = tuple[str, int, str, str, int, str, bytes, bytes]
INSERT = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SELECT = (
    "SELECT run, seq, kind, task, attempt, actor, CAST(body AS BLOB), CAST(mac AS BLOB) FROM rows ORDER BY seq"
)
"""An edit may have left text where bytes were: it is read as bytes, and its MAC says that it was edited."""
GENESIS_ROW = b"genesis journal row 1"
COPIES = 20
"""How often a journal is copied again when it changed under the copy: its run is under way."""


class _Gate:
    """What this process does with one journal's file: how many write to it, and a lock to open and close it under."""

    def __init__(self) -> None:
        self.lock, self.writers = threading.Lock(), 0


_GATES: WeakValueDictionary[str, _Gate] = WeakValueDictionary()
_GATES_LOCK = threading.Lock()


def _gate(path: Path) -> _Gate:
    with _GATES_LOCK:
        name = os.path.realpath(path)
        gate = _GATES.get(name) or _Gate()
        _GATES[name] = gate
        return gate


class _Writing(sqlite3.Connection):
    """A connection that writes: while it is open, this process opens the file through SQLite only.

    Closing any other handle on the file would drop SQLite's locks (https://www.sqlite.org/howtocorrupt.html, 2.2), and
    then another process may take the log away under us.
    """

    gate: _Gate | None = None

    def close(self) -> None:
        gate, self.gate = self.gate, None
        if gate is None:
            super().close()
            return
        with gate.lock:
            super().close()
            gate.writers -= 1


def connect(path: Path, *, full: bool = False) -> sqlite3.Connection:
    """Open or create the journal at *path*, brought to the current schema.

    Raises JournalError for a newer schema, a foreign or damaged file, or one that can't be written.
    """
    gate = _gate(path)
    try:
        with gate.lock:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=_Writing)
            connection.gate = gate
            gate.writers += 1
    except sqlite3.Error as error:
        raise damaged(path, str(error)) from None
    try:
        _prepare(connection, path, full)
    except BaseException:
        connection.close()
        raise
    os.chmod(path, 0o600)
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, full: bool) -> None:
    try:
        version = _version(connection, path)
        _check_schema(connection, path, version)
        # A new file need not reach the disk before its first row does, unless every row must.
        connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL' if version else 'OFF'}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=5000")
        _migrate(connection, version)
        connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from None


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA:
        raise JournalError(
            f"{path} has schema {version}; this program knows up to {SCHEMA}",
            cause="it was written by a newer Genesis",
            hint="pip install --upgrade genesis-agents",
        )
    return version


def _check_schema(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Check that the database is ours and has our tables, as we made them: no trigger more, no index less."""
    ours = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if version < 0 or ours != (APPLICATION_ID if version else 0):
        raise damaged(path, "it is no journal")
    if _tables(connection) != _expected(version):
        raise damaged(path, "its tables, indexes or triggers were changed")


def _tables(connection: sqlite3.Connection) -> Sequence[tuple[Any, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()


@lru_cache
def _expected(version: int) -> Sequence[tuple[Any, ...]]:
    """Return the tables of a journal with schema *version*."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("".join(MIGRATIONS[:version]))
        return _tables(connection)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for step, script in enumerate(MIGRATIONS[version:], start=version + 1):
        marks = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={step};"
        connection.executescript(f"BEGIN IMMEDIATE; {script} {marks} COMMIT;")


def damaged(path: Path, why: str) -> JournalError:
    """Return the error for a journal that is not as it was written."""
    return JournalError(
        f"the journal of run {path.parent.name} is damaged: {why}",
        cause=f"{path} is not as it was written; it has been left untouched",
        hint=f"genesis verify {path.parent.name}; restore the folder from a copy, or start a new run",
    )


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to read the journal with, which leaves every byte of its folder as it is.

    That is a copy of the database and its log, as reading a WAL database in place would write beside it; but where
    this process writes it itself, those files are there, and a copy would cost it its locks.
    """
    if not path.is_file():
        raise JournalError(f"there is no journal at {path}", cause="the file is missing", hint="genesis runs list")
    gate = _gate(path)
    with gate.lock, tempfile.TemporaryDirectory(prefix="genesis-") as folder:
        name = f"{path.resolve().as_uri()}?mode=ro" if gate.writers else _copied(path, Path(folder)).as_uri()
        with closing(sqlite3.connect(name, uri=True)) as connection:
            yield connection


def _copied(path: Path, folder: Path) -> Path:
    """Copy the journal and its log as they are at one moment, and return the copy."""
    for _ in range(COPIES):
        before = _mark(path)
        _copy(path, folder)
        if _mark(path) == before:
            return folder / path.name
    raise JournalError(
        f"the journal of run {path.parent.name} can't be read while it is written so fast",
        cause="it changed under every copy", hint="wait for the run to end, then try again",
    )


def _mark(path: Path) -> tuple[object, ...]:
    """Return what changes when pages move from the log into the database; rows added to the log do no harm."""
    log, found = path.with_name(f"{path.name}-wal"), path.stat()
    return found.st_size, found.st_mtime_ns, _head(path, 100), _head(log, 32)


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        return b""


def _copy(path: Path, folder: Path) -> None:
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        (folder / source.name).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # the log goes when its last user does
            shutil.copyfile(source, folder / source.name)


def read_rows(path: Path) -> list[Row]:
    """Return every row of the journal at *path*, which is not touched.

    Raises JournalError when it is missing, damaged or of a newer schema.
    """
    try:
        with _reading(path) as connection:
            version = _version(connection, path)
            check = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if check != "ok":
                raise damaged(path, check)
            _check_schema(connection, path, version)
            return connection.execute(SELECT).fetchall() if version else []  # its driver has not made its table yet
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite says what it found in the damaged words
        raise damaged(path, str(error)) from None


def verify_rows(path: Path, rows: Sequence[Row], keys: KeyRing) -> None:
    """Check that *rows* are gapless, of one run, and chained; raises JournalError naming the first that is not."""
    before = b""
    for place, (run, seq, kind, task, attempt, actor, body, mac) in enumerate(rows, start=1):
        if seq != place:
            raise damaged(path, f"row {place} is missing")
        if not keys.verify(actor, GENESIS_ROW + before + body, mac):
            raise damaged(path, f"row {seq} ({kind}) was edited, or signed with another key{_unknown(keys, mac)}")
        _check_columns(path, (run, seq, kind, task, attempt, actor), body)
        before = mac


def _unknown(keys: KeyRing, mac: bytes) -> str:
    """Return words for the key that *mac* names, where the ring does not hold it."""
    if not isinstance(keys, KeyStore) or keys.check("", b"", mac) is not Refusal.UNKNOWN_KEY:
        return ""
    return f": {mac[:ID_BYTES].hex()}, which is not here"


def _check_columns(path: Path, columns: tuple[Any, ...], body: bytes) -> None:
    """The columns beside the body are not signed, so they must say what it says."""
    value = pydantic_core.from_json(body)
    said = {"task_id": "", "attempt": 0, **value}
    names = ("run_id", "seq", "kind", "task_id", "attempt", "actor")
    if tuple(said.get(name) for name in names) != columns or columns[0] != path.parent.name:
        raise damaged(path, f"row {columns[1]} was edited")


def read_events(path: Path, keys: KeyRing) -> list[RunEvent]:
    """Return the verified events of the journal at *path* (raises JournalError)."""
    rows = read_rows(path)
    verify_rows(path, rows, keys)
    return [_event(path, row) for row in rows]


def _event(path: Path, row: Row) -> RunEvent:
    try:
        return decode(row[6], row[7])
    except ValueError as error:  # it is signed, so it is as it was written
        raise JournalError(
            f"row {row[1]} ({row[2]}) of run {path.parent.name} can't be read by this program",
            cause=f"it may have been written by a newer Genesis: {_first_line(error)}",
            hint="pip install --upgrade genesis-agents",
        ) from None


def _first_line(error: ValueError) -> str:
    return error.errors()[0]["msg"] if isinstance(error, pydantic_core.ValidationError) else str(error)


def decode(body: bytes, mac: bytes) -> RunEvent:
    """Return the event of a stored row (raises ValueError when it is none)."""
    said = pydantic_core.from_json(body)
    if not isinstance(said, dict) or "mac" in said:
        raise ValueError("it is not what a row says")
    return RunEvent(**said, mac=mac.hex())
