"""The first pass over a table: collect what its columns hold and a fingerprint of every row.

A row costs eight bytes, a number eight more; a table that is larger than the limits is profiled by its first rows, and
the rest is only counted.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice, zip_longest

from ._profile_columns import Column
from ._tables import Broken, Row, RowSource

BATCH = 4_096
MIN_BATCH = 64
BATCH_CELLS = 262_144
MAX_ROWS = 3_000_000
MAX_NUMBERS = 20_000_000
MAX_DISTINCT = 50_000
ALL_DISTINCT = 500_000
SLICE = 500_000


@dataclass(slots=True)
class Scan:
    """What the first pass has collected."""

    columns: list[Column] = field(default_factory=list[Column])
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    rows: int = 0
    ragged: int = 0
    first_ragged: str = ""
    broken: str = ""

    @property
    def kept(self) -> int:
        """Return how many rows the figures are made of."""
        return len(self.hashes)

    def is_full(self) -> bool:
        """Return whether as much is kept as may be."""
        numbers = sum(len(column.numbers) for column in self.columns if column.numbers is not None)
        return self.kept >= MAX_ROWS or numbers >= MAX_NUMBERS


def scan_columns(source: RowSource) -> Scan:
    """Read the table once and collect what its columns hold."""
    scan = Scan()
    width = len(source.columns)
    rows = _whole_rows(source, scan)
    while not scan.is_full() and (batch := list(islice(rows, _batch_size(source)))):
        _add_columns(scan, source.columns)
        _see_ragged(scan, batch, width)
        _take_in(scan, batch, comma_decimal=source.comma_decimal)
    _add_columns(scan, source.columns)
    scan.rows = scan.kept + sum(1 for _ in rows)
    return scan


def _batch_size(source: RowSource) -> int:
    """Return how many rows to take at once: fewer of a wide table, so that a batch always fits in memory."""
    return max(MIN_BATCH, min(BATCH, BATCH_CELLS // max(1, len(source.columns))))


def _whole_rows(source: RowSource, scan: Scan) -> Iterator[Row]:
    try:
        yield from source
    except Broken as error:
        scan.broken = str(error)


def _add_columns(scan: Scan, names: Sequence[str]) -> None:
    """Follow a JSON table that has grown columns: the rows so far hold nothing there."""
    limit = min(MAX_DISTINCT, max(1_000, ALL_DISTINCT // max(1, len(names))))
    for name in names[len(scan.columns) :]:
        scan.columns.append(Column(name, scan.kept, limit))


def _see_ragged(scan: Scan, batch: Sequence[Row], width: int) -> None:
    """Count rows of another width than the header; JSON records (width 0) have no width of their own."""
    for row in batch:
        if width and len(row.cells) != width:
            scan.ragged += 1
            scan.first_ragged = scan.first_ragged or str(row.place)


def _take_in(scan: Scan, batch: Sequence[Row], *, comma_decimal: bool) -> None:
    cells = list(zip_longest(*(row.cells for row in batch), fillvalue=""))
    nothing = ("",) * len(batch)
    for at, column in enumerate(scan.columns):
        column.extend(cells[at] if at < len(cells) else nothing, comma_decimal=comma_decimal)
    scan.hashes.extend(row_hash(row) for row in batch)


def row_hash(row: Row) -> int:
    """Return 64 bits that equal rows share, on every machine; empty cells at the end do not count."""
    text = "\x1f".join(row.cells).rstrip("\x1f") if not row.rest else "\x1f".join((*row.cells, row.rest))
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


def repeated(hashes: array[int]) -> dict[int, int]:
    """Return how often each hash occurs that occurs more than once; in slices, so that memory stays bounded."""
    slices = 1 + len(hashes) // SLICE
    found: dict[int, int] = {}
    for part in range(slices):
        seen = Counter(value for value in hashes if value % slices == part)
        found.update((value, times) for value, times in seen.items() if times > 1)
    return found
