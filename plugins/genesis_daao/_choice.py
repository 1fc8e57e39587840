"""Which model for one task: what each is expected to achieve at what cost, and which is of most use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis_core import Tier

__all__ = [
    "WORTH", "Candidate", "Option", "Quality", "choose", "expected_quality", "options", "tier_of", "work_quality",
]

WORTH = Decimal("0.25")
"""US dollars that a task done right is worth, unless ``daao.worth`` says otherwise."""
_QUALITY: Mapping[Tier, tuple[float, float]] = {Tier.STRONG: (0.662, 0.958), Tier.CHEAP: (0.865, 0.493)}
"""How often a strong and a cheap model were right at difficulty 0 and at 1: ``quality`` of ``weights.json``."""
_FAULTS: Mapping[Tier, float] = {Tier.STRONG: 0.727, Tier.MEDIUM: 1.0, Tier.CHEAP: 1.375}
"""How often a step of work goes wrong with each kind of model, as a multiple of the middling one.

Strong to cheap is 0.53, as in all 7,644 outcomes together: right in 81.3 % and 67.5 %, the ratio of the logarithms.
"""
_STRONG_FROM, _CHEAP_UP_TO = Decimal("0.5"), Decimal("0.1")
"""Shares of the dearest candidate's price."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could do the task: its kind, and what that would cost in US dollars."""

    model: str
    tier: Tier
    cost: Decimal


Quality = Callable[[Candidate], float]
"""How likely a candidate does a task right."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to do a task: a model, or several to be asked in turn until the result passes its check."""

    models: tuple[str, ...]
    cost: Decimal
    quality: float
    value: float
    """What it is worth less what it costs, in US dollars."""


def expected_quality(difficulty: float, tier: Tier) -> float:
    """Return how likely a model of *tier* does a task of *difficulty* right; a stronger one is never the worse."""
    strong, cheap = (_at(difficulty, *_QUALITY[t]) for t in (Tier.STRONG, Tier.CHEAP))
    strong = max(strong, cheap)
    return {Tier.STRONG: strong, Tier.MEDIUM: (strong + cheap) / 2, Tier.CHEAP: cheap}[tier]


def work_quality(difficulty: float, tier: Tier) -> float:
    """Return how likely a model of *tier* does work of *difficulty* right, all of its steps."""
    return math.pow(1 - min(max(difficulty, 0.0), 1.0), _FAULTS[tier])


def _at(difficulty: float, easy: float, hard: float) -> float:
    share = min(max(difficulty, 0.0), 1.0)
    return easy + share * (hard - easy)


def tier_of(price: Decimal, prices: Iterable[Decimal]) -> Tier:
    """Return what kind of model costs *price*, where the candidates cost *prices* for the same tokens."""
    top = max(prices)
    if price >= _STRONG_FROM * top and price > 0:
        return Tier.STRONG
    return Tier.CHEAP if price <= _CHEAP_UP_TO * top else Tier.MEDIUM


def options(
    candidates: Sequence[Candidate], difficulty: float, *, worth: Decimal = WORTH, checked: bool = False,
    quality: Quality | None = None,
) -> tuple[Option, ...]:
    """Return the ways to do a task of *difficulty*: each model alone; when the result is *checked*, also two in turn.

    Of two models in turn both calls are paid, the second when the first is expected to fail; what the first can't do,
    the second is taken to be able to do only as far as it is better. *quality* says how likely a
    candidate does it right, in place of what is expected of its kind.
    """
    alone = [(c, expected_quality(difficulty, c.tier) if quality is None else quality(c)) for c in candidates]
    found = [_option((c.model,), c.cost, q, worth) for c, q in alone]
    if checked:
        found += [
            _option((a.model, b.model), a.cost + _share(1 - p, b.cost), q, worth)
            for a, p in alone for b, q in alone if q > p and b.cost > a.cost
        ]  # fmt: skip
    return tuple(found)


def _option(models: tuple[str, ...], cost: Decimal, quality: float, worth: Decimal) -> Option:
    return Option(models, cost, quality, quality * float(worth) - float(cost))


def _share(chance: float, cost: Decimal) -> Decimal:
    return Decimal(f"{chance:.6f}") * cost


def choose(
    candidates: Sequence[Candidate], difficulty: float, *, worth: Decimal = WORTH, budget: Decimal | None = None,
    checked: bool = False, quality: Quality | None = None,
) -> Option | None:
    """Return the way of most use that *budget* allows, of equals the cheapest, then the first; None: none is allowed.

    A strong model is worth its price where it is expected to gain more than the difference in price buys: a threshold
    on the difficulty that the prices set.
    """
    ways = options(candidates, difficulty, worth=worth, checked=checked, quality=quality)
    allowed = [way for way in ways if budget is None or way.cost <= budget]
    return max(allowed, key=lambda way: (way.value, -way.cost), default=None)
