"""How good a forecast was, and a regression that knows what to expect: small, in plain Python, the same every time."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

__all__ = [
    "calibration_error", "chance", "error_of_mean", "fitted", "log_loss", "log_odds", "losses", "mean", "pairwise",
    "squares", "surely",
]

LEAST = 0.01
"""Nothing is so sure that an outcome could not tell otherwise."""
BINS = 10
_SWEEPS, _SETTLED = 60, 1e-7


def chance(odds: float) -> float:
    """Return the probability of some log-odds."""
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def log_odds(p: float) -> float:
    """Return the log-odds of a probability, kept away from certainty."""
    inside = min(max(p, LEAST), 1 - LEAST)
    return math.log(inside / (1 - inside))


def mean(values: Sequence[float]) -> float:
    """Return the mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0


def error_of_mean(values: Sequence[float]) -> float:
    """Return the standard error of the mean of *values*; infinite for fewer than two."""
    if len(values) < 2:
        return math.inf
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1) / len(values))


def losses(expected: Sequence[float], came: Sequence[float]) -> list[float]:
    """Return the log-loss of each forecast; what came may be a share."""
    inside = [min(max(p, LEAST), 1 - LEAST) for p in expected]
    return [-(y * math.log(p) + (1 - y) * math.log(1 - p)) for p, y in zip(inside, came, strict=True)]


def log_loss(expected: Sequence[float], came: Sequence[float]) -> float:
    """Return the mean log-loss."""
    return mean(losses(expected, came))


def squares(expected: Sequence[float], came: Sequence[float]) -> float:
    """Return the mean squared distance (Brier's score)."""
    return mean([(p - y) ** 2 for p, y in zip(expected, came, strict=True)])


def calibration_error(expected: Sequence[float], came: Sequence[float]) -> float:
    """Return how far forecasts are off on average, over ten groups of equal size in the order of the forecasts.

    Equal forecasts stay in the order in which they were made: what came of them must not sort them.
    """
    rows = sorted(zip(expected, came, strict=True), key=lambda row: row[0])
    count, total = len(rows), 0.0
    for place in range(BINS):
        group = rows[place * count // BINS : (place + 1) * count // BINS]
        total += abs(math.fsum(p - y for p, y in group))
    return total / count if count else 0.0


def pairwise(scores: Sequence[float], came: Sequence[float]) -> float | None:
    """Return the share of pairs with different outcomes that *scores* put in their order; a tie counts half.

    None: no two outcomes differ. Kendall's tau is twice this, less one.
    """
    right = pairs = 0.0
    rows = list(zip(scores, came, strict=True))
    for place, (score, y) in enumerate(rows):
        for other, z in rows[:place]:
            if y != z:
                pairs += 1
                right += 0.5 if score == other else float((score > other) == (y > z))
    return right / pairs if pairs else None


def surely(gains: Sequence[float], seed: int, *, share: float = 0.1, draws: int = 500) -> float:
    """Return what the mean of *gains* exceeds in all but *share* of samples drawn from them again (bootstrap)."""
    if not gains:
        return 0.0
    lot = random.Random(seed)  # noqa: S311  # nothing secret hangs on it  # nosec B311
    means = sorted(mean(lot.choices(gains, k=len(gains))) for _ in range(draws))
    return means[int(share * draws)]


def fitted(
    rows: Sequence[Sequence[float]], came: Sequence[float], *, centre: Sequence[float], spread: Sequence[float],
    least: Sequence[float],
) -> list[float]:
    """Return the likeliest factors of a logistic regression, taken to lie around *centre*, none of them below *least*.

    The loss is convex, and each step goes down along one factor (Newton's method, bounded), so it is found from
    anywhere; the same rows give the same factors.
    """
    found = [max(c, low) for c, low in zip(centre, least, strict=True)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    odds = [math.fsum(f * x for f, x in zip(found, row, strict=True)) for row in rows]
    for _ in range(_SWEEPS):
        moved = 0.0
        for k, column in enumerate(columns):
            chances = [chance(value) for value in odds]
            pull = (found[k] - centre[k]) / spread[k] ** 2
            slope = math.fsum((p - y) * x for p, y, x in zip(chances, came, column, strict=True)) + pull
            curve = math.fsum(p * (1 - p) * x * x for p, x in zip(chances, column, strict=True)) + spread[k] ** -2
            step = max(found[k] + min(max(-slope / curve, -1.0), 1.0), least[k]) - found[k]
            found[k] += step
            odds = [value + step * x for value, x in zip(odds, column, strict=True)]
            moved = max(moved, abs(step))
        if moved < _SETTLED:
            break
    return [round(value, 9) for value in found]
