"""Profile one table: what its columns hold, what lies far outside, what repeats, and how columns hang together.

Two passes over the file: the first collects (`_profile_scan`), the second picks up the exact cells behind the figures
(`_profile_visits`) and is left out when there is nothing to look for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf, log2
from pathlib import Path

from ._profile_columns import Column, ColumnProfile
from ._profile_groups import (
    MOST_MEASURES,
    Correlation,
    Grouping,
    category,
    correlate,
    group_by,
    measures,
    words,
)
from ._profile_scan import Scan, repeated, scan_columns
from ._profile_stats import THRESHOLD, bins, present, score, spread
from ._profile_visits import Labels, OddCells, Outlier, OutlierCells, Place, RepeatedRows, revisit, wanted
from ._report_text import counted
from ._tables import open_table

MOST_BINS = 30


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the values of a column are distributed; `beyond` of them lie too far out to be drawn."""

    column: str
    bins: tuple[tuple[float, float, int], ...]
    beyond: int


@dataclass(frozen=True, slots=True)
class TableProfile:
    """What one table holds."""

    source: str
    form: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int
    duplicates: tuple[Place, ...]
    outlier_count: int
    outliers: tuple[Outlier, ...]
    odd_cells: tuple[Place, ...]
    groupings: tuple[Grouping, ...]
    correlations: tuple[Correlation, ...]
    histogram: Histogram | None
    notes: tuple[str, ...]

    @property
    def missing_cells(self) -> int:
        """Return how many cells hold nothing."""
        return sum(column.missing for column in self.columns)


def profile_table(path: Path, focus: str = "") -> TableProfile:
    """Profile the table in a file; the words of `focus` choose what is grouped by what. Raise NotATable."""
    source = open_table(path)
    scan = scan_columns(source)
    columns = [column.profile() for column in scan.columns]
    numbers = [column.numbers for column in scan.columns]
    outliers = OutlierCells(columns, numbers)
    repeats = RepeatedRows(repeated(scan.hashes))
    odd = OddCells(columns, comma_decimal=source.comma_decimal)
    chosen = measures(columns, words(focus))
    group = category(columns, words(focus)) if chosen else None
    labels = Labels(group)
    if visitors := wanted((outliers, repeats, odd, labels)):
        revisit(source, scan.kept, visitors)
    correlations, step = correlate(columns, numbers)
    return TableProfile(
        source=path.as_posix(),
        form=source.form,
        rows=scan.rows,
        columns=tuple(columns),
        duplicate_rows=repeats.count,
        duplicates=tuple(repeats.found),
        outlier_count=sum(outliers.counts.values()),
        outliers=tuple(outliers.found),
        odd_cells=tuple(odd.found),
        groupings=tuple(_groupings(scan.columns, chosen, group, labels.labels)),
        correlations=correlations,
        histogram=_histogram(scan.columns, columns, chosen),
        notes=(*source.remarks, *_scan_notes(scan, step), *_column_notes(columns)),
    )


def _groupings(
    columns: Sequence[Column], chosen: Sequence[int], group: int | None, labels: Sequence[str]
) -> Iterator[Grouping]:
    for at in chosen[:MOST_MEASURES] if group is not None else ():
        numbers = columns[at].numbers
        if group is not None and numbers is not None:
            yield group_by(labels, numbers, category=columns[group].name, measure=columns[at].name)


def _histogram(columns: Sequence[Column], profiles: Sequence[ColumnProfile], chosen: Sequence[int]) -> Histogram | None:
    """Distribute the first measure over bins (Sturges' rule); far outliers would squeeze the rest into one."""
    if not chosen:
        return None
    values = present(columns[chosen[0]].numbers or array("d"))
    usual = spread(values, profiles[chosen[0]].median or 0.0) if values else None
    drawn = [value for value in values if usual is None or abs(score(value, usual)) <= THRESHOLD]
    if not drawn or not 0 < max(drawn) - min(drawn) < inf:
        return None
    count = min(MOST_BINS, 1 + ceil(log2(len(drawn))))
    return Histogram(profiles[chosen[0]].name, tuple(bins(drawn, count)), len(values) - len(drawn))


def _scan_notes(scan: Scan, step: int) -> Iterator[str]:
    if not scan.rows:
        yield "holds a header and no rows"
    if scan.broken:
        yield f"{scan.broken}; the rows before it were read"
    if scan.ragged:
        yield f"has {counted(scan.ragged, 'row')} of another width than the header, the first at {scan.first_ragged}"
    if scan.rows > scan.kept:
        yield f"is large: the figures are those of its first {scan.kept} rows of {scan.rows}"
    if step > 1:
        yield f"is large: its correlations were calculated from one row in {step}"


def _column_notes(columns: Sequence[ColumnProfile]) -> Iterator[str]:
    for column in columns:
        if column.infinite:
            yield f"column {column.name}: {column.infinite} infinite values were left out of the figures"
        if column.undated:
            yield f"column {column.name}: day and month can't be told apart, so there is no earliest and latest date"


