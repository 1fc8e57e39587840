"""The second pass over a table: visitors that pick up the exact cells behind the figures of the first."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from ._profile_columns import ColumnProfile
from ._profile_groups import NO_GROUP
from ._profile_scan import row_hash
from ._profile_stats import Spread, outlier_rows, score
from ._table_cells import Kind, read_cell
from ._tables import Broken, Row, RowSource

MAX_SHOWN = 50  # outliers and odd cells named a column, repeated rows a table; all of them are counted


class Visitor(Protocol):
    """Looks at every row of the second pass."""

    def visit(self, number: int, row: Row) -> None:
        """Look at one row; `number` counts from 0."""
        ...


@dataclass(frozen=True, slots=True)
class Outlier:
    """A cell far outside its column."""

    place: str
    column: str
    cell: str
    value: float
    score: float
    usual: Spread


@dataclass(frozen=True, slots=True)
class Place:
    """A cell or row worth naming: where it is and what is written there."""

    place: str
    column: str
    text: str


def revisit(source: RowSource, rows: int, visitors: Sequence[Visitor]) -> None:
    """Show the first `rows` rows to every visitor; the first pass has said where the file breaks."""
    try:
        for number, row in enumerate(islice(source, rows)):
            for visitor in visitors:
                visitor.visit(number, row)
    except Broken:
        return


class OutlierCells:
    """Finds outliers by their values, then picks up their cells."""

    def __init__(self, columns: Sequence[ColumnProfile], numbers: Sequence[array[float] | None]) -> None:
        self.columns = columns
        self.counts = dict.fromkeys(range(len(columns)), 0)
        self.found: list[Outlier] = []
        self._wanted: dict[int, list[tuple[int, float, Spread]]] = {}
        for at, (column, values) in enumerate(zip(columns, numbers, strict=True)):
            if values is not None and column.median is not None and not column.identifier:
                self._look(at, values, column.median)

    def _look(self, at: int, values: array[float], median: float) -> None:
        usual, rows = outlier_rows(values, median)
        if usual is None:
            return
        self.counts[at] = len(rows)
        for row in sorted(rows, key=lambda row: -abs(score(values[row], usual)))[:MAX_SHOWN]:
            self._wanted.setdefault(row, []).append((at, values[row], usual))

    @property
    def wanted(self) -> bool:
        """Return whether there is a cell to pick up."""
        return bool(self._wanted)

    def visit(self, number: int, row: Row) -> None:
        """Pick up the outliers of this row."""
        for at, value, usual in self._wanted.get(number, ()):
            cell = _cell(row, at)
            self.found.append(Outlier(str(row.place), self.columns[at].name, cell, value, score(value, usual), usual))


class RepeatedRows:
    """Names the rows that repeat an earlier one, by their hashes."""

    def __init__(self, repeats: Mapping[int, int]) -> None:
        self.count = sum(times - 1 for times in repeats.values())
        self.found: list[Place] = []
        self._repeats = repeats
        self._first: dict[int, int | str] = {}

    @property
    def wanted(self) -> bool:
        """Return whether a row repeats."""
        return self.count > 0

    def visit(self, number: int, row: Row) -> None:
        """Note where a row stands first, and every later place with both."""
        if len(self.found) >= MAX_SHOWN:
            return
        value = row_hash(row)
        if value not in self._repeats:
            return
        if first := self._first.get(value):
            self.found.append(Place(f"{first}, {row.place}", "", ", ".join(row.cells)))
        else:
            self._first[value] = row.place


class OddCells:
    """Picks up the cells that do not fit the type of their column."""

    def __init__(self, columns: Sequence[ColumnProfile], *, comma_decimal: bool) -> None:
        self.found: list[Place] = []
        self._columns = columns
        self._comma_decimal = comma_decimal
        self._left = {at: min(column.odd, MAX_SHOWN) for at, column in enumerate(columns) if column.odd}

    @property
    def wanted(self) -> bool:
        """Return whether any column holds such a cell."""
        return bool(self._left)

    def visit(self, number: int, row: Row) -> None:
        """Look at the cells of the columns that have an odd one left."""
        for at in list(self._left):
            cell = _cell(row, at)
            if self._columns[at].is_odd(read_cell(cell, comma_decimal=self._comma_decimal).kind):
                self.found.append(Place(str(row.place), self._columns[at].name, cell))
                self._left[at] -= 1
                if not self._left[at]:
                    del self._left[at]


class Labels:
    """Collects the category of every row."""

    def __init__(self, column: int | None) -> None:
        self.labels: list[str] = []
        self._column = column

    @property
    def wanted(self) -> bool:
        """Return whether there is a category to group by."""
        return self._column is not None

    def visit(self, number: int, row: Row) -> None:
        """Take the label of this row."""
        cell = _cell(row, self._column or 0)
        self.labels.append(NO_GROUP if read_cell(cell).kind is Kind.MISSING else cell.strip())


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def wanted(visitors: Iterable[OutlierCells | RepeatedRows | OddCells | Labels]) -> list[Visitor]:
    """Return the visitors that have something to look for."""
    return [visitor for visitor in visitors if visitor.wanted]
