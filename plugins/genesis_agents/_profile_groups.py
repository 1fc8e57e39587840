"""How the columns of a table hang together: measures grouped by a category, and correlations."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, isnan

from ._profile_columns import ColumnProfile
from ._profile_stats import LEAST_FOR_CORRELATION, Summary, pairs, pearson, summarise, total

MOST_GROUPS = 20
MOST_MEASURES = 3
MOST_CORRELATED = 12  # numeric columns, so that at most 66 pairs are tried
STRONGEST = 5
WEAKEST = 0.3
MOST_PRODUCTS = 5_000_000
NO_GROUP = "(missing)"


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one category and the figures of a measure in them."""

    label: str
    rows: int
    total: float | None
    summary: Summary


@dataclass(frozen=True, slots=True)
class Grouping:
    """A measure, category by category; the largest group first."""

    category: str
    measure: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two columns go together, over the rows in which both are filled."""

    left: str
    right: str
    value: float
    rows: int


def words(text: str) -> frozenset[str]:
    """Return the words of a name or a sentence, without the plural s."""
    return frozenset(word.lower().removesuffix("s") for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", text[:5000]))


def mentioned(name: str, focus: frozenset[str]) -> bool:
    """Return whether every word of a column's name occurs in the focus."""
    own = words(name)
    return bool(own) and own <= focus


def measures(columns: Sequence[ColumnProfile], focus: frozenset[str]) -> list[int]:
    """Return the columns worth adding up: those in the focus first, then those with the most different values."""
    found = [
        at
        for at, column in enumerate(columns)
        if column.numeric and not column.identifier and (not _holds_years(column) or mentioned(column.name, focus))
    ]
    many = {at: columns[at].distinct or columns[at].count for at in found}
    return sorted(found, key=lambda at: (not mentioned(columns[at].name, focus), -many[at], at))


def _holds_years(column: ColumnProfile) -> bool:
    edges = (column.minimum, column.maximum)
    return column.type == "integer" and all(isinstance(edge, int) and 1800 <= edge <= 2100 for edge in edges)


def category(columns: Sequence[ColumnProfile], focus: frozenset[str]) -> int | None:
    """Return the column of few values to group by: one in the focus first, then one of three values or more."""
    found = [at for at, column in enumerate(columns) if _is_category(column)]
    return min(
        found, key=lambda at: (not mentioned(columns[at].name, focus), columns[at].distinct == 2, at), default=None
    )


def _is_category(column: ColumnProfile) -> bool:
    few = column.distinct is not None and 2 <= column.distinct <= MOST_GROUPS
    return few and column.type in ("text", "boolean") and 2 * (column.distinct or 0) <= column.count


def group_by(labels: Sequence[str], numbers: array[float], *, category: str, measure: str) -> Grouping:
    """Summarise a measure for each label; a group without a number has no line."""
    values: dict[str, list[float]] = {}
    for label, value in zip(labels, numbers, strict=True):
        if not isnan(value):
            values.setdefault(label, []).append(value)
    rows = Counter(labels)
    groups = [
        Group(label, rows[label], total(held), summary)
        for label, held in values.items()
        if (summary := summarise(held))
    ]
    return Grouping(category, measure, tuple(sorted(groups, key=lambda group: (-group.rows, group.label))))


def correlate(
    columns: Sequence[ColumnProfile], numbers: Sequence[array[float] | None]
) -> tuple[tuple[Correlation, ...], int]:
    """Return the strongest correlations, and which every so-manieth row they were made of."""
    usable = [at for at in measures(columns, frozenset()) if numbers[at] is not None][:MOST_CORRELATED]
    tried = list(combinations(sorted(usable), 2))
    rows = max((len(column) for column in numbers if column is not None), default=0)
    step = max(1, ceil(rows * len(tried) / MOST_PRODUCTS))
    found = [_correlation(columns, numbers, pair, step) for pair in tried]
    known = [correlation for correlation in found if correlation is not None and abs(correlation.value) >= WEAKEST]
    return tuple(sorted(known, key=lambda correlation: -abs(correlation.value))[:STRONGEST]), step


def _correlation(
    columns: Sequence[ColumnProfile], numbers: Sequence[array[float] | None], pair: tuple[int, int], step: int
) -> Correlation | None:
    left, right = (numbers[at] for at in pair)
    if left is None or right is None:
        return None
    x, y = pairs(left, right, step)
    value = pearson(x, y) if len(x) >= LEAST_FOR_CORRELATION else None
    return None if value is None else Correlation(columns[pair[0]].name, columns[pair[1]].name, value, len(x))
