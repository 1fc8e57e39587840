"""What earlier runs say of agents and models: how often they were right, and what their tasks took.

Each figure is the prior, moved by what was seen as far as there is much of it. Below ENOUGH outcomes it is the prior.

- *right*: of outcomes with an acceptance check, the shift in log-odds against what is expected of the model's kind at
  that difficulty (a Bayesian logistic regression on one offset): of the model first, of each agent with it around that;
- *completed*: of all outcomes with a model, the share that came to an end at that level, shrunk towards 1. What was
  denied, out of budget or unreachable counts for neither: it says nothing of who did it;
- *tokens* and *seconds* of a task: their mean, with the prior as PULL outcomes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genesis_core import TaskOutcome, Tier

from ._choice import expected_quality, work_quality

__all__ = ["ENOUGH", "VERSION", "Learned", "learn"]

VERSION = 1
"""Of the way to learn; it stands in the reason of every estimate."""
ENOUGH = 30
PULL = 10.0
MODEL_SPREAD, AGENT_SPREAD = 1.0, 0.5
"""How far models are taken to differ from their kind, and agents from their model, in log-odds."""
ELSEWHERE = frozenset({"security", "resource", "network", "routing"})
"""Categories of errors that tell nothing of who did the task."""
_STEPS = 50
"""Of the iteration for an offset; it has long settled by then."""

Pair = tuple[str, str]
"""An agent and a model; an empty agent: all of them."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known; empty where nothing is."""

    right: Mapping[Pair, float] = field(default_factory=dict)
    """Shift of the log-odds; only where there are ENOUGH outcomes."""
    completed: Mapping[Pair, float] = field(default_factory=dict)
    seen: Mapping[Pair, int] = field(default_factory=dict)
    """Checked outcomes, few ones too."""
    taken: Mapping[str, tuple[int, float, float]] = field(default_factory=dict)
    """By agent: tasks, and the sums of the tokens that they read and wrote."""
    lasted: Mapping[Pair, tuple[int, float]] = field(default_factory=dict)
    """Tasks, and the sum of their seconds."""

    def quality(self, agent: str, model: str, prior: float) -> float:
        """Return how likely *agent* with *model* does a task right of which *prior* is expected."""
        pairs = ((agent, model), ("", model))
        shift = next((self.right[p] for p in pairs if p in self.right), 0.0)
        ends = next((self.completed[p] for p in pairs if p in self.completed), 1.0)
        return ends * (prior if shift == 0.0 else _chance(_log_odds(prior) + shift))

    def tokens(self, agent: str, asked: int, answered: int) -> tuple[int, int]:
        """Return the tokens that go in and come out of a task of *agent*, of which so many were expected."""
        count, read, wrote = self.taken.get(agent, (0, 0.0, 0.0))
        if count < ENOUGH:
            return asked, answered
        return round((PULL * asked + read) / (PULL + count)), round((PULL * answered + wrote) / (PULL + count))

    def seconds(self, agent: str, model: str, prior: float) -> float:
        """Return how long *agent* takes with *model*."""
        for pair in ((agent, model), (agent, "")):
            count, total = self.lasted.get(pair, (0, 0.0))
            if count >= ENOUGH:
                return round((PULL * prior + total) / (PULL + count), 3)
        return prior

    def confidence(self, agent: str, model: str, prior: float) -> float:
        """Return how far an estimate is to be believed: *prior* until there are ENOUGH outcomes, then towards 1."""
        pair = next((p for p in ((agent, model), ("", model)) if p in self.right), None)
        if pair is None:
            return prior
        return round(1 - (1 - prior) * ENOUGH / (ENOUGH + self.seen[pair]), 4)

    def reason(self, agent: str, model: str) -> str:
        """Return in words what the quality of *agent* with *model* rests on."""
        for pair in ((agent, model), ("", model)):
            if pair in self.right:
                who = f"{agent} with {model}" if pair[0] else f"{model}, whoever asked it"
                return f"learned (v{VERSION}) from {self.seen[pair]} checked outcomes of {who}"
        known = self.seen.get((agent, model), 0)
        return f"not learned: {known} checked outcomes of {agent} with {model}, {ENOUGH} are needed"


def learn(outcomes: Sequence[TaskOutcome], tiers: Mapping[str, Tier]) -> Learned:
    """Return what *outcomes* tell of the models in *tiers* and of agents; the same for the same, in any order."""
    tried = [o for o in outcomes if o.model and o.category not in ELSEWHERE]
    ends: dict[Pair, list[bool]] = defaultdict(list)
    checked: dict[Pair, list[tuple[float, bool]]] = defaultdict(list)
    for o in tried:
        answered = o.done or o.code == "not_accepted"
        for pair in ((o.agent, o.model), ("", o.model)):
            ends[pair].append(answered)
            if o.checked and answered and o.model in tiers:
                expected = work_quality if o.skills else expected_quality
                checked[pair].append((_log_odds(expected(o.difficulty, tiers[o.model])), o.done))
    completed = {p: (PULL + sum(e)) / (PULL + len(e)) for p, e in sorted(ends.items()) if len(e) >= ENOUGH}
    seen = {pair: len(found) for pair, found in sorted(checked.items())}
    return Learned(_shifts(checked), completed, seen, _taken(tried), _lasted(tried))


def _shifts(checked: Mapping[Pair, Sequence[tuple[float, bool]]]) -> dict[Pair, float]:
    """Return the shifts of models, and of agents around that of their model."""
    found: dict[Pair, float] = {}
    for pair, seen in sorted(checked.items()):  # an empty agent stands before all others
        if len(seen) >= ENOUGH:
            agent, model = pair
            centre = found.get(("", model), 0.0) if agent else 0.0
            found[pair] = _shift(sorted(seen), centre, AGENT_SPREAD if agent else MODEL_SPREAD)
    return found


def _shift(seen: Sequence[tuple[float, bool]], centre: float, spread: float) -> float:
    """Return the likeliest shift of the log-odds of what was *seen*, taken to lie around *centre* (Newton's method).

    The sum that it makes 0 falls steadily, and steps are bounded, so that it is found from anywhere.
    """
    shift = centre
    for _ in range(_STEPS):
        chances = [_chance(odds + shift) for odds, _ in seen]
        slope = math.fsum(p * (1 - p) for p in chances) + 1 / spread**2
        miss = math.fsum(right - p for (_, right), p in zip(seen, chances, strict=True)) - (shift - centre) / spread**2
        step = min(max(miss / slope, -1.0), 1.0)
        shift += step
        if abs(step) < 1e-12:
            break
    return round(shift, 9)


def _taken(tried: Sequence[TaskOutcome]) -> dict[str, tuple[int, float, float]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for o in tried:
        if o.done and o.tokens:
            found[o.agent].append((o.tokens - o.output_tokens, o.output_tokens))
    return {a: (len(t), float(sum(r for r, _ in t)), float(sum(w for _, w in t))) for a, t in sorted(found.items())}


def _lasted(tried: Sequence[TaskOutcome]) -> dict[Pair, tuple[int, float]]:
    found: dict[Pair, list[float]] = defaultdict(list)
    for o in tried:
        if o.done:
            found[o.agent, o.model].append(o.seconds)
            found[o.agent, ""].append(o.seconds)
    return {pair: (len(times), math.fsum(times)) for pair, times in sorted(found.items())}


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def _log_odds(chance: float) -> float:
    inside = min(max(chance, 0.01), 0.99)  # nothing is so sure that an outcome could not tell otherwise
    return math.log(inside / (1 - inside))
