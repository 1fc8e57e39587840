"""How much each term of a plan's score tells of what comes of its run.

A logistic regression of the share of tasks that were done on the four terms, none of which may count against a plan,
taken to lie around the fixed weights (SPREAD); what is left of it are the proportions. What cost and time are worth to
somebody is in no outcome: where plans end for want of money or time, these terms foretell that, and count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .measures import chance, fitted, log_odds, mean
from .terms import FIXED, Four, weighed

__all__ = ["Scale", "likely", "scale_of", "shares", "weights_of"]

SPREAD = 0.15
"""How far weights are taken to lie from the fixed ones."""
_STEEP, _STEEP_SPREAD, _LEAST_STEEP = 6.0, 6.0, 1.0
_CENTRE_SPREAD = 3.0
_PARTS = 10_000

Scale = tuple[float, float]
"""What maps a score to a probability: log-odds = first + second x score."""


def scale_of(scores: Sequence[float], came: Sequence[float]) -> Scale:
    """Return how scores map to the share of tasks that is done."""
    middle = mean(scores)
    first, steep = fitted([(1.0, s - middle) for s in scores], came, centre=(log_odds(mean(came)), _STEEP),
                          spread=(_CENTRE_SPREAD, _STEEP_SPREAD), least=(-30.0, _LEAST_STEEP))
    return first - steep * middle, steep


def weights_of(rows: Sequence[Four], came: Sequence[float]) -> Four:
    """Return the weights, none below 0 and 1 together; the fixed ones where nothing tells otherwise."""
    _, steep = scale_of([weighed(row, FIXED) for row in rows], came)
    middle = [mean(column) for column in zip(*rows, strict=True)]
    centred = [(1.0, *(x - m for x, m in zip(row, middle, strict=True))) for row in rows]
    found = fitted(
        centred, came, centre=(log_odds(mean(came)), *(steep * w for w in FIXED)),
        spread=(_CENTRE_SPREAD, *(steep * SPREAD for _ in FIXED)), least=(-30.0, 0.0, 0.0, 0.0, 0.0),
    )[1:]
    return shares(found)


def shares(factors: Sequence[float]) -> Four:
    """Return what each of four *factors* is of their sum, in ten-thousandths that are 1 together."""
    total = math.fsum(factors)
    if total <= 0:
        return FIXED
    parts = [round(f / total * _PARTS) for f in factors]
    parts[parts.index(max(parts))] += _PARTS - sum(parts)  # what rounding has left over
    first, second, third, fourth = (part / _PARTS for part in parts)
    return first, second, third, fourth


def likely(score: float, scale: Scale) -> float:
    """Return the share of its tasks that a plan of that *score* is expected to get done."""
    return chance(scale[0] + scale[1] * score)
