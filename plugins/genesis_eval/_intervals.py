"""How sure scores are: 95 % intervals of each, and of its difference to that of another predictor on the same rows.

Rows are drawn again with replacement, always in the same way (the bootstrap: B. Efron, Annals of Statistics 7, 1979).
A difference is taken within each drawing, so that what is hard for both does not blur it. A share has the interval of
E. B. Wilson (JASA 22, 1927), which holds for few rows, and for a share of nothing or all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

__all__ = ["Figures", "Path", "Spread", "compared", "comparing", "nested", "wilson"]

Path = tuple[str, ...]
"""Where a score stands: the names that lead to it."""
Figures = Callable[[Sequence[int]], Mapping[Path, float | None]]
"""Gives the scores when each row counts as often as it was drawn."""
Interval = tuple[float, float]
Z = 1.959964
"""Of the normal distribution, for 95 %."""
SEED = 0
FEWEST_DRAWS, MOST_DRAWS, ROWS_DRAWN = 200, 1000, 1_000_000
FEWEST_ROWS = 10
"""With fewer rows a bootstrap says too little; shares have their interval all the same."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The interval of each score; and each difference to another predictor, with its interval."""

    intervals: Mapping[Path, Sequence[float]]
    differences: Mapping[Path, Mapping[str, Any]]


def compared(
    ours: Figures, theirs: Figures | None, parts: Sequence[Sequence[int]], shares: Mapping[Path, int]
) -> Spread:
    """Return how sure the scores are whose rows are drawn within each of *parts*, and the differences to *theirs*."""
    steps = comparing(ours, theirs, parts, shares)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            spread: Spread = done.value
            return spread


def comparing(
    ours: Figures, theirs: Figures | None, parts: Sequence[Sequence[int]], shares: Mapping[Path, int]
) -> Generator[None, None, Spread]:
    """Do what :func:`compared` does, and let the caller have a turn after each drawing: together they take minutes."""
    count = sum(len(part) for part in parts)
    whole = [1] * count
    point, drawn = ours(whole), []
    other, others = None if theirs is None else theirs(whole), []
    for draw in _draws(parts, count):
        drawn.append(ours(draw))
        if theirs is not None:
            others.append(theirs(draw))
        yield
    found: dict[Path, Interval] = {}
    for path, value in point.items():
        if value is not None:
            between = wilson(value, shares[path]) if path in shares else _middle([one.get(path) for one in drawn])
            found.update({path: between} if between else {})
    apart = {} if other is None else _differences(point, drawn, other, others)
    return Spread({path: _rounded(between) for path, between in found.items()}, apart)


def _draws(parts: Sequence[Sequence[int]], count: int) -> Iterator[list[int]]:
    """Yield how often each row is drawn, many times over; nothing for too few rows."""
    if count < FEWEST_ROWS:
        return
    chance = random.Random(SEED)  # noqa: S311 - drawing rows, no secret  # nosec B311
    for _ in range(max(FEWEST_DRAWS, min(MOST_DRAWS, ROWS_DRAWN // count))):
        times = Counter(n for part in parts if part for n in chance.choices(part, k=len(part)))
        yield [times[n] for n in range(count)]


def _middle(values: Sequence[float | None]) -> Interval | None:
    """Return what 95 % of *values* lie between; None where there are none, or too many are not known."""
    known = sorted(value for value in values if value is not None)
    if not known or len(known) < 0.9 * len(values):
        return None
    return known[round(0.025 * (len(known) - 1))], known[round(0.975 * (len(known) - 1))]


def _differences(
    point: Mapping[Path, float | None], drawn: Sequence[Mapping[Path, float | None]],
    other: Mapping[Path, float | None], others: Sequence[Mapping[Path, float | None]],
) -> dict[Path, Mapping[str, Any]]:  # fmt: skip
    found: dict[Path, Mapping[str, Any]] = {}
    for path in point:
        value = _less(point.get(path), other.get(path))
        if value is not None:
            between = _middle([_less(a.get(path), b.get(path)) for a, b in zip(drawn, others, strict=True)])
            found[path] = {"value": round(value, 4), "interval": None if between is None else _rounded(between)}
    return found


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _rounded(between: Interval) -> list[float]:
    return [round(value, 4) + 0.0 for value in between]


def wilson(share: float, count: int) -> Interval:
    """Return the interval of a *share* of *count* rows; of no rows it is all there is."""
    if not count:
        return 0.0, 1.0
    z = Z * Z / count
    middle, half = (share + z / 2) / (1 + z), Z * sqrt(share * (1 - share) / count + z / 4 / count) / (1 + z)
    return middle - half, middle + half


def nested(found: Mapping[Path, Any]) -> dict[str, Any]:
    """Return *found* as objects within objects, as scores stand."""
    whole: dict[str, Any] = {}
    for path, value in found.items():
        place = whole
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return whole
