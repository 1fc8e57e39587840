"""How often each version was called, how often it failed, how long it took. Not signed: nothing is decided by it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["Usage", "Used"]

FILE = "usage.db"
_TABLE = "CREATE TABLE IF NOT EXISTS usage (digest TEXT PRIMARY KEY, calls INTEGER, failures INTEGER, seconds REAL)"
_COUNT = ("INSERT INTO usage VALUES (?, 1, ?, ?) ON CONFLICT (digest) DO UPDATE SET calls = calls + 1, "
          "failures = failures + excluded.failures, seconds = seconds + excluded.seconds")


class Used(NamedTuple):
    """The use of one version."""

    calls: int = 0
    failures: int = 0
    seconds: float = 0.0


class Usage:
    """Counts in a file beside the registry; a count that can't be written is lost, and no call fails for it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._pid = 0

    def count(self, digest: str, seconds: float, *, failed: bool) -> None:
        """Count one call."""
        with self._lock, suppress(sqlite3.Error, OSError):
            self._opened(create=True).execute(_COUNT, (digest, int(failed), seconds))

    def all(self) -> Mapping[str, Used]:
        """Return the use of every version that was used, by digest."""
        with self._lock, suppress(sqlite3.Error, OSError, TypeError, ValueError):
            rows = self._opened(create=False).execute("SELECT digest, calls, failures, seconds FROM usage")
            return {str(name): Used(max(0, int(calls)), max(0, int(failures)), float(seconds))
                    for name, calls, failures, seconds in rows}
        return {}

    def _opened(self, *, create: bool) -> sqlite3.Connection:
        if self._db is None or self._pid != os.getpid():
            if create:
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
            db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=2.0,
                                 isolation_level=None, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=OFF")
                db.execute(_TABLE)
            except sqlite3.Error:
                db.close()
                raise
            self._db, self._pid = db, os.getpid()
        return self._db

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None and self._pid == os.getpid():
                self._db.close()
            self._db = None
