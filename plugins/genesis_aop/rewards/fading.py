"""Do newer runs tell more than older ones? And are estimates to be mapped, before they are believed?

Both are asked of forecasts made in the order of time. Tasks that grow harder look like agents that grow worse, so the
half-life is chosen among forecasts that the difficulty of each task has corrected. Tries of one run share its luck, so
a run is never cut in two, and what a gain must exceed goes by how many tries that share none would tell as much.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from .facts import Try
from .known import Calibration
from .measures import error_of_mean, fitted, log_odds, losses, mean
from .terms import ENOUGH

__all__ = ["PULL", "Forecast", "calibration_of", "half_life_of"]

PULL = 10.0
"""Tries that a card, or an agent's other tasks, are worth before anything is known of how much they tell."""
HALF_LIVES = (200, 100, 50, 25)
SURELY = 2.25
"""Standard errors that the best gain of four half-lives must exceed: by chance it does so in at most one history of 50.

Of a single one it would be two, of four that have nothing in common 2.5; these hang together.
"""
CALIBRATED_FROM, FACTORS = 100, 3
"""Forecasts, of ENOUGH runs, that a calibration is learned from, and the factors that it has."""
LEAST_SLOPE = 0.25
"""Of a calibration: estimates that differ never mean the same."""
_SPREAD = (0.5, 0.5, 3.0)
_WARM = 30
_BLOCKS = 8
"""Parts of the runs; those before each but the first are learned from anew."""

Forecast = tuple[float, float]
"""How likely a try was, and by how much it was harder than those that this was learned from."""


def half_life_of(tries: Sequence[Try], cards: Mapping[str, float]) -> int | None:
    """Return after how many runs a try should count half; None: where fading helps no more than by chance."""
    plain = _costs(tries, cards, None)
    if len(plain) < ENOUGH:  # the error of so few gains is little more than luck, and runs have hardly aged
        return None
    best, least = None, 0.0
    for half_life in HALF_LIVES:
        gains = [a - b for a, b in zip(plain, _costs(tries, cards, half_life), strict=True)]
        gain = mean(gains)
        if gain > least and gain > SURELY * error_of_mean(gains):
            best, least = half_life, gain
    return best


def calibration_of(
    tries: Sequence[Try], forecasts: Callable[[Sequence[Try], Sequence[Try]], list[Forecast]]
) -> Calibration | None:
    """Return the calibration of forecasts, where it explains more than its three factors would by chance; else None.

    *forecasts* learns from the tries before and foretells those after. What counts as more is Schwarz's criterion
    (Estimating the Dimension of a Model, 1978); too few tries tell nothing.
    """
    runs = list(_by_run(tries).values())
    cuts = [len(runs) * k // _BLOCKS for k in range(1, _BLOCKS + 1)]
    later = _joined(runs[cuts[0]:])
    if len(later) < CALIBRATED_FROM or len(runs) - cuts[0] < ENOUGH:
        return None
    rows = [row for begin, end in pairwise(cuts) for row in forecasts(_joined(runs[:begin]), _joined(runs[begin:end]))]
    came = [float(t.done) for t in later]
    alike = _effect(rows, later, _mapped(rows, came))
    found = _mapped(rows, came, alike)
    before, after = losses([p for p, _ in rows], came), losses([found(p, harder) for p, harder in rows], came)
    gain = (math.fsum(before) - math.fsum(after)) / alike
    return found if gain > FACTORS / 2 * math.log(len(rows) / alike) else None


def _effect(rows: Sequence[Forecast], tries: Sequence[Try], found: Calibration) -> float:
    """Return how many *tries* tell what one would that shared no luck with others of its run (the design effect).

    For each factor: how far runs differ in what *found* leaves over, by how far they would if tries were independent.
    """
    centre = mean([log_odds(p) for p, _ in rows])
    left: dict[str, list[float]] = defaultdict(lambda: [0.0] * FACTORS)
    apart = [0.0] * FACTORS
    for (p, harder), one in zip(rows, tries, strict=True):
        expected = found(p, harder)
        for k, x in enumerate((1.0, log_odds(p) - centre, harder)):
            left[one.run][k] += (one.done - expected) * x
            apart[k] += expected * (1 - expected) * x * x
    effects = [math.fsum(run[k] ** 2 for run in left.values()) / apart[k] for k in range(FACTORS) if apart[k] > 0]
    return max(mean(effects) * len(left) / max(len(left) - FACTORS, 1), 1.0)


def _costs(tries: Sequence[Try], cards: Mapping[str, float], half_life: int | None) -> list[float]:
    """Return what foretelling each run from those before it has cost (log-loss), the difficulty of its tasks known."""
    rows, came = _one_by_one(tries, cards, half_life), [float(t.done) for t in tries]
    found = _mapped(rows[_WARM:], came[_WARM:])
    costs: dict[str, float] = defaultdict(float)
    for t, cost in zip(tries, losses([found(p, harder) for p, harder in rows], came), strict=True):
        costs[t.run] += cost
    return list(costs.values())


class _Past:
    """What was seen so far of an agent, or of it at one skill."""

    __slots__ = ("at", "count", "hard", "won")

    def __init__(self) -> None:
        self.won = self.count = self.hard = 0.0
        self.at = 0

    def fade(self, now: int, half_life: int | None) -> None:
        """Let what was seen count as much as it does by *now*."""
        if half_life is not None and now != self.at:
            fades = 0.5 ** ((now - self.at) / half_life)
            self.won, self.count, self.hard = self.won * fades, self.count * fades, self.hard * fades
        self.at = now

    def add(self, one: Try) -> None:
        self.won, self.count, self.hard = self.won + one.done, self.count + 1, self.hard + one.difficulty

    def drawn(self, toward: float) -> float:
        return (self.won + PULL * toward) / (self.count + PULL)

    def usual(self, otherwise: float) -> float:
        return (self.hard + otherwise) / (self.count + 1)


def _one_by_one(tries: Sequence[Try], cards: Mapping[str, float], half_life: int | None) -> list[Forecast]:
    """Return a forecast of each try from the runs before its own, drawn as strongly as where nothing is known."""
    runs = _by_run(tries)
    seen: dict[tuple[str, str | None], _Past] = defaultdict(_Past)
    found: list[Forecast] = []
    for now, together in enumerate(runs.values()):
        keys = {key for t in together for key in _keys(t)}
        for key in keys:
            seen[key].fade(now, half_life)
        for t in together:
            whole, *parts = (seen[key] for key in _keys(t))
            p, usual = whole.drawn(cards[t.agent]), whole.usual(t.difficulty)
            found.append((mean([part.drawn(p) for part in parts]) if parts else p, t.difficulty - (
                mean([part.usual(usual) for part in parts]) if parts else usual)))
        for t in together:
            for key in _keys(t):
                seen[key].add(t)
    return found


def _by_run(tries: Iterable[Try]) -> dict[str, list[Try]]:
    found: dict[str, list[Try]] = {}
    for t in tries:
        found.setdefault(t.run, []).append(t)
    return found


def _joined(runs: Iterable[Sequence[Try]]) -> list[Try]:
    return [t for run in runs for t in run]


def _keys(one: Try) -> tuple[tuple[str, str | None], ...]:
    return ((one.agent, None), *((one.agent, skill) for skill in one.skills))


def _mapped(rows: Sequence[Forecast], came: Sequence[float], alike: float = 1.0) -> Calibration:
    """Return the likeliest mapping of forecasts, taken to lie around none, when *alike* of them tell what one would."""
    if not rows:
        return Calibration(offset=0.0, slope=1.0, difficulty=0.0)
    centre = mean([log_odds(p) for p, _ in rows])  # the factors then hang together less, and are found sooner
    found = fitted([(1.0, log_odds(p) - centre, harder) for p, harder in rows], came,
                   centre=(centre, 1.0, 0.0), spread=[s / math.sqrt(alike) for s in _SPREAD],
                   least=(-10.0, LEAST_SLOPE, -20.0))
    return Calibration(offset=round(min(max(found[0] - found[1] * centre, -10.0), 10.0), 9), slope=min(found[1], 10.0),
                       difficulty=min(max(found[2], -20.0), 20.0))
