"""How good a plan is, whatever its size: 0.4 success + 0.3 quality + 0.2 (1 - cost) + 0.1 (1 - time).

Every term is an average over the tasks, so that a plan of fifty good tasks scores what one of them does:

- *success*: geometric mean of how often each agent succeeds, times the share of tasks that have an agent;
- *quality*: mean fit of agent and task (0 for a task without one), times the share of the goal that was understood;
- *cost* and *time*: mean over tasks of x / (x + half), where half is 0.10 US dollars or 60 seconds; an unknown cost
  counts half.

How often an agent succeeds is what its card says, and the weights are those above, unless ``genesis rewards fit`` has
learned better ones (``rewards``); the score says which.
"""

from __future__ import annotations

import math
from decimal import Decimal

from genesis_core import Assignment, Score

from ._view import View
from ._words import EMPTY_WORDS, READER
from .rewards.facts import Done, Part, named
from .rewards.terms import FIXED, UNKNOWN, success_of, terms_of, weighed

__all__ = ["planned", "score"]

HALF_COST, HALF_SECONDS = 0.10, 60.0


def score(view: View) -> Score:
    """Return the plan's score with its terms; renaming tasks, or having all of them twice, changes nothing."""
    made, learned = planned(view), view.rewards
    success = success_of(made, lambda part: _chance(view, part))
    weights = FIXED if learned is None else learned.weights_in_force
    value = weighed(terms_of(made, success), weights)
    terms = [round(min(max(x, 0.0), 1.0), 6) for x in (value, success, made.quality, made.cost, made.time)]
    return Score(value=terms[0], success=terms[1], quality=terms[2], cost=terms[3], time=terms[4], weights=weights,
                 reason=_reason(view, made.parts))


def planned(view: View, *, run: str = "", done: float = 0.0) -> Done:
    """Return what is known of a plan before it runs, but for the odds of its tasks; *done* is what came of it."""
    tasks = len(view.leaves)
    given = [a for task in view.leaves if (a := view.assigned.get(task.id)) is not None]
    estimates = view.plan.estimates
    return Done(
        run=run, parts=tuple(_part(view, a) for a in given), routed=len(given) / tasks if tasks else 0.0,
        quality=math.fsum([a.score for a in given]) / tasks * _understood(view) if tasks else 0.0,
        cost=_mean([_cost(e.cost) for e in estimates]),
        time=_mean([e.seconds / (e.seconds + HALF_SECONDS) for e in estimates]), done=done,
    )


def _part(view: View, given: Assignment) -> Part:
    expected = view.plan.estimated.get(given.task_id)
    difficulty = 0.5 if expected is None else expected.difficulty
    return Part(given.agent, named(view.graph[given.task_id].requires), difficulty)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _chance(view: View, part: Part) -> float:
    card, learned = view.roster.cards.get(part.agent), view.rewards
    prior = None if card is None else card.prior
    if learned is not None:
        return learned.success.chance(part, prior)
    return UNKNOWN if prior is None else prior


def _reason(view: View, parts: tuple[Part, ...]) -> str:
    """Say where success and weights come from."""
    learned = view.rewards
    if learned is None:
        return f"fixed weights, and success as agents' cards say: {view.no_rewards}"
    return learned.reason(sorted({part.agent for part in parts}))


def _cost(cost: Decimal | None) -> float:
    if not cost:
        return 0.5 if cost is None else 0.0
    return float(cost) / (float(cost) + HALF_COST)


def _understood(view: View) -> float:
    """Return the share of the goal's telling words that the planner did not give up on, or made a task of after all."""
    left = view.plan.not_understood
    if not left:
        return 1.0
    said = _telling(view.plan.goal.text)
    return 1 - len((said & _telling(" ".join(left))) - view.said) / len(said) if said else 1.0


def _telling(text: str) -> frozenset[str]:
    return frozenset(READER.terms(text)) - EMPTY_WORDS
