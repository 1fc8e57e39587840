"""What becomes of a task that failed while the plan runs: the next agent that can do it, does it.

Only that task is planned again. Who waits for it goes on waiting, and everything else runs on. A task is not handed on
when the failure was not the agent's (a permission, an input that is not there), or when the plan's author chose who
does it.
"""

from __future__ import annotations

from collections.abc import Iterator

from genesis_core import Assignment, Category, GraphPatch, Plan, PlanContext, Task, TaskResult, TaskState

from ._roster import normal, roster

__all__ = ["recovered"]

AUTHOR = "author"
"""The rule of an assignment that a plan's author made."""
CLOSE = 0.5
"""Without required skills: the least fit, as a share of the first one's, of whom a task is handed on to."""
_NOBODY_ELSE = frozenset({Category.SECURITY, Category.DECOMPOSITION, Category.ROUTING})
"""Failures that are not the agent's: what was forbidden, and what the task was given, stays so whoever does it."""


def recovered(plan: Plan, result: TaskResult, context: PlanContext) -> GraphPatch | None:
    """Return the patch that hands the task of *result* to the next agent; None when there is none, or no failure."""
    task, given = plan.graph.by_id.get(result.task_id), plan.assigned.get(result.task_id)
    if result.state is not TaskState.FAILED or result.error is None or task is None or given is None:
        return None
    if result.error.category in _NOBODY_ELSE or (given.reasons and given.reasons[0].rule == AUTHOR):
        return None
    first = next(_able(task, given, context), None)
    if first is None:
        return None
    why = f"{given.agent!r} failed at it ({result.error.code or result.error.category}); {first!r} can do it, too"
    return GraphPatch(replace=(task.replace(agent=first),), reason=why)


def _able(task: Task, given: Assignment, context: PlanContext) -> Iterator[str]:
    """Yield who can do *task* besides who has tried, best first: an assignment's alternatives are without those."""
    now, wanted = roster(context), frozenset(map(normal, task.requires))
    own = given.reasons[0].score if given.reasons else given.score
    for name, score in given.alternatives:
        fits = wanted <= now.now.get(name, frozenset()) if wanted else score >= CLOSE * own
        if name in now.cards and name != given.agent and fits and (context.models or not now.cards[name].needs_model):
            yield name
