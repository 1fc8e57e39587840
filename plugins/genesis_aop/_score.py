"""How good a plan is, whatever its size: 0.4 success + 0.3 quality + 0.2 (1 - cost) + 0.1 (1 - time).

Every term is an average over the tasks, so that a plan of fifty good tasks scores what one of them does:

- *success*: geometric mean of how often each agent succeeds, times the share of tasks that have an agent;
- *quality*: mean fit of agent and task (0 for a task without one), times the share of the goal that was understood;
- *cost* and *time*: mean over tasks of x / (x + half), where half is 0.10 US dollars or 60 seconds; an unknown cost
  counts half.
"""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

from genesis_core import Assignment, Score

from ._view import View
from ._words import EMPTY_WORDS, READER

__all__ = ["score"]

SUCCESS, QUALITY, COST, TIME = 0.4, 0.3, 0.2, 0.1
HALF_COST, HALF_SECONDS = 0.10, 60.0
UNKNOWN_PRIOR, LEAST = 0.5, 0.01
"""Success of an agent without a card, and the least that counts: one hopeless task must not hide all others."""


def score(view: View) -> Score:
    """Return the plan's score with its terms; renaming tasks, or having all of them twice, changes nothing."""
    tasks = len(view.leaves)
    given = [a for task in view.leaves if (a := view.assigned.get(task.id)) is not None]
    share = len(given) / tasks if tasks else 0.0
    success = share * _success(view, given)
    quality = math.fsum([a.score for a in given]) / tasks * _understood(view) if tasks else 0.0
    estimates = view.plan.estimates
    cost = _mean([_cost(e.cost) for e in estimates])
    time = _mean([e.seconds / (e.seconds + HALF_SECONDS) for e in estimates])
    value = SUCCESS * success + QUALITY * quality + COST * (1 - cost) + TIME * (1 - time)
    terms = [round(min(max(x, 0.0), 1.0), 6) for x in (value, success, quality, cost, time)]
    return Score(value=terms[0], success=terms[1], quality=terms[2], cost=terms[3], time=terms[4])


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _success(view: View, given: list[Assignment]) -> float:
    """Return the geometric mean of how often the agents succeed at their tasks."""
    if view.context.success:
        odds = Counter(_learned(view, assignment) for assignment in given)
    else:
        odds = Counter()
        for agent, tasks in Counter([a.agent for a in given]).items():
            odds[_prior(view, agent)] += tasks
    return math.exp(math.fsum(n * math.log(max(p, LEAST)) for p, n in odds.items()) / len(given)) if given else 0.0


def _learned(view: View, given: Assignment) -> float:
    skills, known = view.graph[given.task_id].requires, view.context.success
    found = [p for skill in skills if (p := known.get((given.agent, skill))) is not None]
    return _mean(found) if found else _prior(view, given.agent)


def _prior(view: View, agent: str) -> float:
    card = view.roster.cards.get(agent)
    return UNKNOWN_PRIOR if card is None else card.prior


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
