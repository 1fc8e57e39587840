"""Rows on their way to the disk: many in one transaction, each batch written before anybody goes on.

A few rows on a quick disk are committed by who waits for them, on the event loop: handing them to a thread and being
woken by it costs more than SQLite does. The thread takes what may take long: large batches, every row when each must
reach the disk itself (``durability = full``), moving the log into the database, and what follows slow commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ._rows import INSERT, Row, connect
from .errors import JournalError

__all__ = ["Probe", "Writer"]

Probe = Callable[[str], None]
"""Called with the name of each boundary ("append:KIND", "before:KIND", "after:KIND"); tests crash there."""
PUSH_SECONDS = 0.01
"""Rows that nobody waits for reach the disk this much later at most; most go along with rows that somebody does."""
SMALL_BYTES = 64 * 1024
"""A batch of more is not written on the event loop."""
SLOW_SECONDS = 0.02
"""Two commits in a row that held the event loop so long are followed by many that the thread does."""
REST = 32
"""So many: what was slow, the disk or a busy machine, is tried again in a while."""
LOG_BYTES = 4 * 1024 * 1024
"""The thread moves the log into the database when it is about so long: that waits for the disk."""
COMMIT_BYTES = 16 * 1024
"""What a transaction adds to the log besides its rows: the pages that they are on, and the index's."""
Batch = tuple[list[Row], "asyncio.Future[None] | None"]


class Writer:
    """The only user of its connection, from the loop or from its thread, never both at once.

    Rows gather in a list for the rest of the loop's step, then are committed together and in order.
    """

    def __init__(self, path: Path, *, full: bool, probe: Probe | None) -> None:
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._rows: list[Row] = []
        self._bytes = self._log = 0
        self._given = self._taken = 0
        self._full, self._probe = full, probe
        self._slow = self._rest = 0
        self._error: JournalError | None = None
        self._closed = False
        self.committed: tuple[int, bytes] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._connection = connect(path, full=full)
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._thread = threading.Thread(target=self._work, name="genesis-journal", daemon=True)
        self._thread.start()

    @property
    def broken(self) -> bool:
        """Whether a row could not be written."""
        return self._error is not None

    def put(self, row: Row) -> None:
        """Take in one row; raises JournalError when an earlier one could not be written, or after :meth:`close`."""
        if self._error is not None:
            raise self._error
        if self._closed:
            raise JournalError("the journal is closed", cause="its run has ended")
        if not self._rows:
            self._timer = self._loop.call_later(PUSH_SECONDS, self._push)
        self._rows.append(row)
        self._bytes += len(row[6])

    async def flush(self) -> None:
        """Return when every row so far is committed; raises JournalError when one can't be."""
        if self._closed:
            await self.close()
        elif self._may_write_here():
            self._write_here()
        else:
            self._rest = max(0, self._rest - 1)
            done: asyncio.Future[None] = self._loop.create_future()
            self._push(done)
            await done
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Commit what is left and close the database."""
        if not self._closed:
            self._push()
            self._closed = True  # from here on the connection is the thread's alone
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)  # a slow disk must not hold the loop

    # -- on the loop ------------------------------------------------------------------------------------------------

    def _may_write_here(self) -> bool:
        """Whether the rows are few, the disk was quick, and the thread has none that come before them."""
        return (self._given == self._taken and not self._full and not self._rest
                and self._bytes <= SMALL_BYTES and self._log <= LOG_BYTES)

    def _write_here(self) -> None:
        rows, began = self._gathered(), time.monotonic()
        self._write(rows)
        self._slow = self._slow + 1 if time.monotonic() - began >= SLOW_SECONDS else 0
        self._rest = REST if self._slow > 1 else 0

    def _gathered(self) -> list[Row]:
        if self._timer is not None:
            self._timer.cancel()
        rows, self._rows, self._timer, self._bytes = self._rows, [], None, 0
        return rows

    def _push(self, done: asyncio.Future[None] | None = None) -> None:
        if self._rows or done is not None:
            self._given += 1
            self._queue.put((self._gathered(), done))

    # -- on either --------------------------------------------------------------------------------------------------

    def _write(self, rows: list[Row]) -> None:
        if not rows or self._error is not None:
            return
        try:
            self._say("before", rows)
            before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(INSERT, rows)
            if self._connection.total_changes - before != len(rows):
                raise sqlite3.DatabaseError("the database took another number of rows than it was given")
            self._connection.execute("COMMIT")
            self.committed = rows[-1][1], rows[-1][7]
            self._log += COMMIT_BYTES + sum([len(row[6]) for row in rows])
            self._say("after", rows)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear of it
            self._error = JournalError(
                "the journal can't be written", cause=str(error),
                hint="make room or mend the disk, then: genesis resume RUN",
            )

    def _say(self, when: str, rows: list[Row]) -> None:
        if self._probe is not None:
            for row in rows:
                self._probe(f"{when}:{row[2]}")

    # -- in the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        more = True
        while more:
            items = [self._queue.get()]
            while not self._queue.empty():
                items.append(self._queue.get())
            more = None not in items
            batches = [item for item in items if item is not None]
            self._move_log()
            self._write([row for rows, _ in batches for row in rows])
            self._taken += len(batches)
            self._wake([done for _, done in batches if done is not None])
        self._connection.close()

    def _move_log(self) -> None:
        """Move a long log into the database; it is not lost when that fails, and the next rows say what is wrong."""
        if self._log > LOG_BYTES // 2:
            self._log = 0
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _wake(self, waiting: list[asyncio.Future[None]]) -> None:
        if waiting and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, waiting, self._error)


def _settle(waiting: list[asyncio.Future[None]], error: JournalError | None) -> None:
    for future in waiting:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
