"""The index of runs: derived from the runs' folders, rebuilt when it is missing or damaged.

It also remembers the last row of every run that ended, so that ``verify`` notices a journal that was cut short. This
module imports nothing heavy: ``genesis runs`` must be quick.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

__all__ = ["Entry", "Index"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, goal TEXT, workspace TEXT, state TEXT, started TEXT, ended TEXT, tasks INTEGER,
    done INTEGER, cost TEXT, seconds REAL, seq INTEGER, mac TEXT, pipeline TEXT,
    replay TEXT)
"""
_UNUSABLE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite says of other columns than ours, of damage, and of a file that is no database."""
BUSY_SECONDS = 5.0


class Entry(NamedTuple):
    """One run, as lists show it."""

    id: str
    goal: str
    workspace: str
    state: str
    started: str
    ended: str
    tasks: int
    done: int
    cost: str
    seconds: float
    seq: int
    mac: str
    pipeline: str
    replay: str = ""
    """The run that this one is a replay of."""


_SELECT = f"SELECT {', '.join(Entry._fields)} FROM runs"  # noqa: S608  # nosec B608  # older: no index


class Index:
    """``index.db`` in the state folder."""

    def __init__(self, home: Path) -> None:
        self.home, self.path = home, home / "index.db"

    def put(self, entry: Entry) -> None:
        """Write or replace one entry. A damaged or older index is made anew; one that can't be written harms no run."""
        try:
            self._write(entry)
        except OSError:
            return
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _UNUSABLE:
                return  # locked, read-only or no room: what it holds can be derived again
            with contextlib.suppress(sqlite3.Error, OSError):
                self.path.unlink(missing_ok=True)
                self._write(entry)

    def _open(self, mode: str = "rwc") -> sqlite3.Connection:
        db = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS)
        db.execute("PRAGMA synchronous=OFF")  # it can be derived again; waiting for the disk would hold up every run
        return db

    def _write(self, entry: Entry) -> None:
        with closing(self._open()) as db, db:
            os.chmod(self.path, 0o600)  # goals and names of folders are nobody else's business
            db.execute(_SCHEMA)
            marks = ",".join("?" * len(entry))
            values = [_utf8(value) if isinstance(value, str) else value for value in entry]
            db.execute(f"INSERT OR REPLACE INTO runs VALUES ({marks})", values)  # noqa: S608  # only question marks

    def drop(self, run_id: str) -> None:
        """Forget one run."""
        if self.path.exists():
            with contextlib.suppress(sqlite3.Error), closing(self._open()) as db, db:
                db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def entries(self) -> dict[str, Entry]:
        """Return what is indexed by run id; empty when there is no index or it is damaged."""
        if not self.path.exists():
            return {}
        try:
            with closing(self._open("ro")) as db:
                return {row[0]: Entry(*row) for row in db.execute(_SELECT)}
        except sqlite3.Error:
            return {}

    def folders(self) -> Iterator[Path]:
        """Yield the folder of every run, newest first (ids begin with their time)."""
        runs = self.home / "runs"
        if runs.is_dir():
            yield from sorted((f for f in runs.iterdir() if f.is_dir()), key=lambda f: f.name, reverse=True)


def _utf8(text: str) -> str:
    """Return *text* as SQLite can hold it: the name of a workspace may hold bytes that are no characters."""
    return text.encode("utf-8", "backslashreplace").decode()
