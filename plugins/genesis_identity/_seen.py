"""What was opened already: a bounded memory on disk, shared by all processes of one state folder.

An entry is made only for a message whose MAC is right, and goes when the message has expired. What was forgotten once
stays expired, whatever the clock says later.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

from genesis_core import JournalError, Refusal

__all__ = ["Seen"]

_SCHEMA = """
CREATE TABLE seen (sender TEXT, nonce TEXT, expires INTEGER, PRIMARY KEY (sender, nonce)) WITHOUT ROWID;
CREATE TABLE forgotten (until INTEGER);
INSERT INTO forgotten VALUES (0);
"""
_TAKE = "INSERT OR IGNORE INTO seen SELECT ?, ?, ? WHERE ? > (SELECT until FROM forgotten)"
EVERY = 512
"""Messages between two looks at what has expired."""
LOOK_MS = 1_000
"""How long a sender who sent too much waits for the next look."""
BUSY_SECONDS = 5.0


def _make(path: Path) -> None:
    """Make the file beside its place and then give it its name: two who begin at once end up with the same one.

    SQLite changes the mode of a file under a lock that it does not wait for.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.execute("PRAGMA page_size=1024")  # a page is what a small row makes it write
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


class Seen:
    """Says of each message whether it comes for the first time."""

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inherited: list[sqlite3.Connection | None] = []
        self._pid = 0
        self._left = self._next_look = 0
        self._count: dict[str, int] = {}

    def take(self, sender: str, nonce: str, expires: int, now: int) -> Refusal | None:
        """Return None and remember the message when it is new, else why it is refused (raises JournalError).

        *expires* and *now* are milliseconds; *now* is as late as a clock here may be, less what clocks may differ.
        """
        with self._lock:
            try:
                return self._take(sender, nonce, expires, now)
            except (sqlite3.Error, OSError) as error:
                raise JournalError(
                    f"no message can be opened: {self._path} can't be used", cause=str(error),
                    hint=f"if it is damaged, delete {self._path}; messages that have not expired can then be replayed",
                ) from None

    def _take(self, sender: str, nonce: str, expires: int, now: int) -> Refusal | None:
        db = self._open()
        full = self._count.get(sender, 0) >= self._most
        if self._left <= 0 or (full and now >= self._next_look):
            self._forget(db, now)
            full = self._count.get(sender, 0) >= self._most
        self._left -= 1
        if full:
            return Refusal.FLOODED
        if db.execute(_TAKE, (sender, nonce, expires, expires)).rowcount == 1:
            self._count[sender] = self._count.get(sender, 0) + 1
            return None
        known = db.execute("SELECT 1 FROM seen WHERE sender = ? AND nonce = ?", (sender, nonce)).fetchone()
        return Refusal.REPLAYED if known else Refusal.EXPIRED

    def _forget(self, db: sqlite3.Connection, now: int) -> None:
        """Drop what has expired, and count what is left of each sender."""
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute("UPDATE forgotten SET until = max(until, ?)", (now,))
            db.execute("DELETE FROM seen WHERE expires <= ?", (now,))
            self._count = dict(db.execute("SELECT sender, count(*) FROM seen GROUP BY sender"))
        finally:
            db.execute("COMMIT")
        self._left, self._next_look = EVERY, now + LOOK_MS

    def _open(self) -> sqlite3.Connection:
        if self._db is None or self._pid != os.getpid():
            self._inherited.append(self._db)  # it must be neither used nor closed after a fork
            if not self._path.exists():
                _make(self._path)
            name = f"{self._path.resolve().as_uri()}?mode=rw"
            db = sqlite3.connect(name, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA synchronous=NORMAL")
            self._db, self._pid, self._left = db, os.getpid(), 0
        return self._db

    def close(self) -> None:
        """Close the file; the next message opens it again."""
        with self._lock:
            if self._db is not None and self._pid == os.getpid():
                self._db.close()
            self._db = None
