"""What a plan's score is made of, and what holds of it before anything is learned.

The one place for the terms, the fixed weights (those of ``genesis_core.Score``), and the chance of an agent without a
card; light enough to be read whenever a plan is scored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from genesis_core import Score

from .facts import Done, Part
from .measures import LEAST

__all__ = ["ENOUGH", "FIXED", "TERMS", "UNKNOWN", "Four", "success_of", "terms_of", "weighed"]

Four = tuple[float, float, float, float]

TERMS = ("success", "quality", "cost", "time")
FIXED: Four = Score.model_fields["weights"].default
UNKNOWN = 0.5
"""Success of an agent without a card."""
ENOUGH = 30
"""Outcomes, and runs for the weights, below which nothing is learned."""


def success_of(done: Done, chance: Callable[[Part], float]) -> float:
    """Return the success term: geometric mean of the *chance* of each task, times the share that somebody was given.

    No chance counts for less than LEAST: one hopeless task must not hide all others.
    """
    odds = [(chance(part), tasks) for part, tasks in Counter(done.parts).items()]
    if not odds:
        return 0.0
    return done.routed * math.exp(math.fsum(n * math.log(max(p, LEAST)) for p, n in odds) / len(done.parts))


def terms_of(done: Done, success: float) -> Four:
    """Return the four terms, each so that more is better."""
    return success, done.quality, 1 - done.cost, 1 - done.time


def weighed(terms: Sequence[float], weights: Sequence[float]) -> float:
    """Return the score."""
    return math.fsum(w * x for w, x in zip(weights, terms, strict=True))
