"""One journal row, MACed when it is written and verified when it is read, beside the same row without.

usage: journal_row.py [--repeat N] [--rows N]
"""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from _common import cpu, medians, options, show

from genesis_core import EventKind, KeyRing
from genesis_core._journal import Journal
from genesis_core._keys import LocalKeyRing
from genesis_core._rows import decode, read_rows, verify_rows

KEYS = LocalKeyRing(b"k" * 32)


class Unsigned:
    """Signs nothing: a row that costs no MAC."""

    def sign(self, actor: str, data: bytes) -> bytes:
        """Return no MAC."""
        return b""

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        """Take anything."""
        return True


UNSIGNED = Unsigned()
STEP = 50
"""Rows that are committed together, as in a run of many tasks."""


async def write(path: Path, rows: int, keys: KeyRing) -> None:
    """Write *rows* rows as a task's start writes them."""
    journal = Journal("run", path=path, keys=keys)
    data = {"decision": "allow", "rule": "run-agents"}
    for number in range(rows):
        journal.append(EventKind.TASK_STARTED, actor="analytics", task_id=f"task{number}", attempt=1, data=data)
        if number % STEP == STEP - 1:
            await journal.flush()
    await journal.close()


def measure(rows: int, keys: KeyRing) -> float:
    """Return the CPU seconds of a row, written and read back."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "run" / "journal.db"
        path.parent.mkdir()

        def both() -> None:
            asyncio.run(write(path, rows, keys))
            found = read_rows(path)
            assert len(found) == rows
            if keys is not UNSIGNED:
                verify_rows(path, found, keys)
            for row in found:
                decode(row[6], row[7])

        return cpu(both) / rows


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, rows=2_000)
    took = medians({"signed": partial(measure, chosen.rows, KEYS), "plain": partial(measure, chosen.rows, UNSIGNED)},
                   chosen.repeat)
    more = took["signed"] - took["plain"]
    show("journal_row", rows=chosen.rows, microseconds={name: round(s * 1e6, 2) for name, s in took.items()},
         more_microseconds=round(more * 1e6, 2), ratio=round(took["signed"] / took["plain"], 3),
         aim={"more_microseconds": 15})


if __name__ == "__main__":
    main()
