"""Will it cost or take more than it may? Asked before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

from genesis_core import Estimate

from ._diagnosis import Diagnosis, fatal, named, note
from ._view import View

__all__ = ["HOPELESS", "check"]

_T = TypeVar("_T", Decimal, float)
HOPELESS = 20.0
"""How many times a limit on time must be exceeded by a mere guess (confidence 0) to say that it can't be met."""
_RAISE = "raise the budget (--budget), ask for less, or choose cheaper agents"


def check(view: View) -> Iterator[Diagnosis]:
    """Yield what the budget does not cover, and what is not known of the cost."""
    yield from _money(view)
    yield from _tokens(view)
    yield from _seconds(view)
    yield from _deadlines(view)


def _money(view: View) -> Iterator[Diagnosis]:
    estimates = view.plan.estimates
    limit = _least(view.context.budget.max_cost, view.context.limits.max_cost)
    unknown = [e.task_id for e in estimates if e.cost is None]
    if unknown:
        yield note("unknown-cost", f"nobody knows what {named(unknown)} will cost", unknown, _RAISE if limit else "")
    if limit is None:
        return
    known = sum((e.cost for e in estimates if e.cost), start=limit * 0)
    if known > limit:
        yield fatal("budget", f"the plan is expected to cost {known} US dollars; at most {limit} are allowed",
                    _largest({e.task_id: float(e.cost or 0) for e in estimates}), _RAISE)


def _least(budget: _T | None, limit: _T | None) -> _T | None:
    """Return the nearer of two ends: what this run may spend, and what any run may over its life."""
    return min((end for end in (budget, limit) if end is not None), default=None)


def _tokens(view: View) -> Iterator[Diagnosis]:
    limit = view.context.budget.max_tokens
    if limit is None:
        return
    tokens = sum(e.tokens for e in view.plan.estimates)
    if tokens > limit:
        yield fatal("budget", f"the plan is expected to take {tokens} tokens; at most {limit} are allowed",
                    _largest({e.task_id: float(e.tokens) for e in view.plan.estimates}), _RAISE)


def _seconds(view: View) -> Iterator[Diagnosis]:
    limit = _least(view.context.budget.max_seconds, view.context.limits.max_seconds)
    if limit is None:
        return
    estimated = view.plan.estimated
    every = {task_id: e.seconds for task_id, e in estimated.items()}
    sure = {task_id: e.seconds for task_id, e in estimated.items() if e.confidence > 0}
    longest = _longest_chain(view, every)
    if longest <= limit:
        return
    text = f"the longest chain of tasks is expected to take {longest:g} s; at most {limit:g} s are allowed"
    if _longest_chain(view, sure) > limit or longest > HOPELESS * limit:
        yield fatal("budget", text, _largest(every), _RAISE)
    else:
        yield note("budget", f"{text}, but that is a guess: no such task was measured yet", _largest(every), _RAISE)


def _longest_chain(view: View, seconds: Mapping[str, float]) -> float:
    """Return the seconds of the longest chain of waiting tasks, in one pass over the graph."""
    graph = view.graph
    opens: dict[str, float] = {}
    ends: dict[str, float] = {}
    for task_id in graph.order:  # a composite stands in it before its children
        task = graph[task_id]
        start = max([ends.get(need, 0.0) for need in task.needs], default=0.0)
        start = max(start, opens.get(task.parent, 0.0)) if task.parent is not None else start
        opens[task_id] = start
        end = ends[task_id] = max(ends.get(task_id, 0.0), start + seconds.get(task_id, 0.0))
        parent = task.parent
        while parent is not None and ends.get(parent, 0.0) < end:
            ends[parent] = end
            parent = graph[parent].parent
    return max(ends.values(), default=0.0)


def _deadlines(view: View) -> Iterator[Diagnosis]:
    estimated: Mapping[str, Estimate] = view.plan.estimated
    for task in view.leaves:
        if task.max_seconds is None or (found := estimated.get(task.id)) is None or found.confidence == 0:
            continue
        if found.seconds > task.max_seconds:
            yield note("deadline", f"{task.id!r} is expected to take {found.seconds:g} s; "
                       f"it may take {task.max_seconds:g} s", [task.id], "raise its max_seconds, or split it")


def _largest(amounts: Mapping[str, float]) -> list[str]:
    """Return the tasks that weigh most, first those that weigh more."""
    heavy = sorted((a for a in amounts if amounts[a] > 0), key=lambda a: -amounts[a])
    return heavy[:3]
