"""Statistics of plain numbers: exactly rounded sums, robust outliers, correlation.

Outliers are found by the modified z-score of Iglewicz and Hoaglin (1993), M = 0.6745 (x - median) / MAD with |M| > 3.5.
Where more than half of the values are equal the MAD is 0; then the mean absolute deviation takes its place, divided
by 1.253314, and only values that make up at most one in a hundred cells can be outliers.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from math import fsum, isfinite, isnan, sqrt
from typing import NamedTuple

THRESHOLD = 3.5
LEAST_FOR_OUTLIERS = 8
LEAST_FOR_CORRELATION = 10
MAD_TO_SIGMA = 0.6745
MEAN_DEVIATION_TO_SIGMA = 1.253314
RARE = 100  # one in so many


class Spread(NamedTuple):
    """Where the middle of a column is, how far its values usually lie from it, and how that was measured."""

    median: float
    scale: float
    method: str


class Summary(NamedTuple):
    """The usual figures of a column of numbers."""

    minimum: float
    maximum: float
    mean: float
    median: float
    stdev: float | None


def present(values: Iterable[float]) -> list[float]:
    """Return the values that are there: a gap is kept as NaN."""
    return [value for value in values if not isnan(value)]


def mean(values: Sequence[float]) -> float:
    """Return the mean, rounded once; it never overflows when the values do not."""
    try:
        return fsum(values) / len(values)
    except OverflowError:
        return fsum(value / len(values) for value in values)


def total(values: Sequence[float]) -> float | None:
    """Return the sum, rounded once; None when it is larger than a double can be."""
    try:
        return fsum(values)
    except OverflowError:
        return None


def stdev(values: Sequence[float], centre: float) -> float | None:
    """Return the sample standard deviation; None for fewer than two values."""
    if len(values) < 2:
        return None
    largest = max(abs(value - centre) for value in values)
    if not isfinite(largest):
        return None
    if largest == 0:
        return 0.0
    # Squares of very large or very small distances leave the range of a double: 1 is brought to the largest.
    unit = largest if largest > 1e150 or largest < 1e-150 else 1.0
    squares = fsum(((value - centre) / unit) ** 2 for value in values)
    return unit * sqrt(squares / (len(values) - 1))


def median_of_sorted(values: Sequence[float]) -> float:
    """Return the middle value, or the mean of the two middle ones."""
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    low, high = values[middle - 1], values[middle]
    return (low + high) / 2 if isfinite(low + high) else low / 2 + high / 2


def summarise(values: Sequence[float]) -> Summary | None:
    """Return the usual figures of some numbers; None when there are none."""
    if not values:
        return None
    ordered = sorted(values)
    centre = mean(ordered)
    return Summary(ordered[0], ordered[-1], centre, median_of_sorted(ordered), stdev(ordered, centre))


def spread(values: Sequence[float], median: float) -> Spread | None:
    """Measure how far values usually lie from their median; None when all are equal."""
    distances = sorted(abs(value - median) for value in values)
    mad = median_of_sorted(distances)
    if mad > 0:
        return Spread(median, mad / MAD_TO_SIGMA, "MAD")
    average = mean(distances)
    return Spread(median, average * MEAN_DEVIATION_TO_SIGMA, "mean deviation") if average > 0 else None


def score(value: float, usual: Spread) -> float:
    """Return the modified z-score of a value."""
    return (value - usual.median) / usual.scale


def outlier_rows(values: array[float], median: float) -> tuple[Spread | None, list[int]]:
    """Return the rows whose value is an outlier, in order; a flag (0 and 1) has none."""
    there = present(values)
    if len(there) < LEAST_FOR_OUTLIERS or _is_flag(there):
        return None, []
    usual = spread(there, median)
    if usual is None or not isfinite(usual.scale):
        return None, []
    rows = [row for row, value in enumerate(values) if abs(value - usual.median) > THRESHOLD * usual.scale]
    return usual, rows if usual.method == "MAD" else _rare_rows(values, rows, len(there))


def _is_flag(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)


def _rare_rows(values: array[float], rows: list[int], count: int) -> list[int]:
    repeats = Counter(values[row] for row in rows)
    return [row for row in rows if repeats[values[row]] <= max(1, count // RARE)]


def pearson(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return the correlation of two columns of equal length without gaps; None when one of them is constant."""
    x = _centred(left)
    y = _centred(right)
    if x is None or y is None:
        return None
    value = fsum(a * b for a, b in zip(x, y, strict=True)) / sqrt(fsum(a * a for a in x) * fsum(b * b for b in y))
    return max(-1.0, min(1.0, value))


def _centred(values: Sequence[float]) -> list[float] | None:
    centre = mean(values)
    distances = [value - centre for value in values]
    largest = max(map(abs, distances))
    return [distance / largest for distance in distances] if largest > 0 and isfinite(largest) else None


def pairs(left: array[float], right: array[float], step: int = 1) -> tuple[list[float], list[float]]:
    """Return the values of the rows where both columns have one; `step` takes every so-manieth row."""
    x, y = left[::step], right[::step]
    both = [not (isnan(a) or isnan(b)) for a, b in zip(x, y, strict=True)]
    return list(compress(x, both)), list(compress(y, both))


def bins(values: Sequence[float], count: int) -> Iterator[tuple[float, float, int]]:
    """Yield the edges of equally wide bins and how many values each holds; the last bin holds its upper edge."""
    low, high = min(values), max(values)
    width = (high - low) / count
    held = Counter(min(count - 1, int((value - low) / width)) if width else 0 for value in values)
    for at in range(count):
        yield low + at * width, low + (at + 1) * width, held[at]
