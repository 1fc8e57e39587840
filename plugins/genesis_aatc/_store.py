"""The file of the registry: SQLite in a folder that is its owner's alone, looked at again before each use.

Looking makes no file. What is not a plain file of this user's, or was altered in its schema, is not read.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ._rows import Head, Row

__all__ = ["FILE", "Store"]

FILE = "registry.db"
BUSY_SECONDS = 10.0
TABLES = (
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER, last BLOB, mac BLOB)",
    "CREATE TABLE rows (seq INTEGER PRIMARY KEY, time TEXT, kind TEXT, actor TEXT, data BLOB, mac BLOB)",
    "CREATE TABLE sources (digest TEXT PRIMARY KEY, code BLOB) WITHOUT ROWID",
)
_ROWS = "SELECT seq, time, kind, actor, data, mac FROM rows ORDER BY seq"
_ONE = "SELECT seq, time, kind, actor, data, mac FROM rows WHERE seq BETWEEN ? AND ? ORDER BY seq"
TYPES = (int, str, str, str, bytes, bytes)


class Store:
    """Opens the file when it is there, and again when another one lies in its place."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE
        self._db: sqlite3.Connection | None = None
        self._inherited: list[sqlite3.Connection | None] = []
        self._mark: tuple[int, int, int] | None = None

    def there(self) -> bool:
        """Return whether there is anything of that name."""
        return os.path.lexists(self.path)

    def faults(self) -> tuple[str, ...]:
        """Return why the folder and its files are not to be trusted, a sentence each."""
        beside = (self.path.with_name(f"{FILE}{end}") for end in ("", "-wal", "-shm"))
        return tuple(fault for path in (self.folder, *beside) if (fault := _fault(path)))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the file as it is at one moment, or within a write as it will be (raises sqlite3.Error, OSError)."""
        if self._db is not None and self._db.in_transaction:
            yield self._db
            return
        db = self._open()
        db.execute("BEGIN")
        try:
            yield db
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the file to this process alone; all that is written is there afterwards, or nothing is."""
        if not self.there():
            _make(self.path)
        db = self._open()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    def changed(self, db: sqlite3.Connection) -> object:
        """Return what is another one whenever another connection has written, or another file is read."""
        return self._mark, db.execute("PRAGMA data_version").fetchone()[0]

    def _open(self) -> sqlite3.Connection:
        found = os.stat(self.path, follow_symlinks=False)
        mark = found.st_dev, found.st_ino, os.getpid()
        if self._db is not None and mark == self._mark:
            return self._db
        self._drop()
        name = f"{self.path.absolute().as_uri()}?mode=rw"
        db = sqlite3.connect(name, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA trusted_schema=OFF")
            db.execute("PRAGMA synchronous=FULL")  # what was said to be registered, or revoked, stays so
        except sqlite3.Error:
            db.close()
            raise
        self._db, self._mark = db, mark
        return db

    def _drop(self) -> None:
        if self._db is not None and self._mark is not None and self._mark[2] == os.getpid():
            self._db.close()
        elif self._db is not None:
            self._inherited.append(self._db)  # it must be neither used nor closed after a fork
        self._db = self._mark = None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._drop()


def schema_fault(db: sqlite3.Connection) -> str:
    """Return what was done to the tables themselves: a trigger could do anything at each write."""
    found = {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    return "" if found == set(TABLES) else "its tables are not those that were made"


def read_rows(db: sqlite3.Connection) -> tuple[Row, ...]:
    """Return all rows in order (raises sqlite3.DatabaseError for one whose columns hold something else)."""
    return tuple(_row(values) for values in db.execute(_ROWS))


def read_row(db: sqlite3.Connection, seq: int) -> tuple[Row | None, bytes]:
    """Return the row *seq* and the MAC of the row before it."""
    found = {row.seq: row for row in map(_row, db.execute(_ONE, (seq - 1, seq)))}
    return found.get(seq), found[seq - 1].mac if seq - 1 in found else b""


def _row(values: tuple[object, ...]) -> Row:
    if any(not isinstance(value, kind) for value, kind in zip(values, TYPES, strict=True)):
        raise sqlite3.DatabaseError(f"row {str(values[0])[:20]} has columns of other types")
    return Row(*values)  # type: ignore[arg-type]  # just looked at


def read_head(db: sqlite3.Connection) -> Head | None:
    """Return the head; None: there is none."""
    values = db.execute("SELECT seq, last, mac FROM head").fetchone()
    if values is None:
        return None
    if any(not isinstance(value, kind) for value, kind in zip(values, (int, bytes, bytes), strict=True)):
        raise sqlite3.DatabaseError("the head has columns of other types")
    return Head(*values)


def write_row(db: sqlite3.Connection, row: Row, head: Head) -> None:
    """Append *row*, and the head that says so."""
    db.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)",
               (row.seq, row.time, row.kind, row.actor, row.data, row.mac))
    db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)", (head.seq, head.last, head.mac))


def write_source(db: sqlite3.Connection, digest: str, code: bytes) -> None:
    """Keep *code* under its digest."""
    db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (digest, code))


def read_sources(db: sqlite3.Connection) -> Iterator[tuple[str, object]]:
    """Yield every digest and what is kept under it."""
    yield from db.execute("SELECT digest, code FROM sources")


def read_source(db: sqlite3.Connection, digest: str) -> object:
    """Return what is kept under *digest*; None: nothing."""
    found = db.execute("SELECT code FROM sources WHERE digest = ?", (digest,)).fetchone()
    return None if found is None else found[0]


def _make(path: Path) -> None:
    """Make the file beside its place and then give it its name: two who begin at once end up with the same one."""
    path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            for table in TABLES:
                db.execute(table)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        for end in ("", "-wal", "-shm"):
            Path(f"{draft}{end}").unlink(missing_ok=True)


def _fault(path: Path) -> str:
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} can't be looked at: {error}"
    if stat.S_ISLNK(found.st_mode):
        return f"{path} is a symbolic link"
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return f"{path} is no plain file"
    if found.st_uid != os.geteuid():
        return f"{path} belongs to user {found.st_uid}"
    return f"{path} is open to others" if found.st_mode & 0o077 else ""
