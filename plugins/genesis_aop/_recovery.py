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

TRIED = "tried"
"""Where the metadata of a task that is handed on names those who have failed at it."""
NEXT = "next"
"""Where it names those who could do it after this one."""
CLOSE = 0.5
"""Without required skills: the least fit, as a share of the first one's, of whom a task is handed on to."""
_NOBODY_ELSE = frozenset({Category.SECURITY, Category.DECOMPOSITION, Category.ROUTING})
"""Failures that are not the agent's: what was forbidden, and what the task was given, stays so whoever does it."""


def recovered(plan: Plan, result: TaskResult, context: PlanContext) -> GraphPatch | None:
    """Return the patch that hands the task of *result* to the next agent; None when there is none, or no failure."""
    task, given = plan.graph.by_id.get(result.task_id), plan.assigned.get(result.task_id)
    if result.state is not TaskState.FAILED or result.error is None or task is None or given is None:
        return None
    if result.error.category in _NOBODY_ELSE or (task.agent and TRIED not in task.metadata):
        return None
    able = list(_able(task, given, context))
    if not able:
        return None
    first, *others = able
    tried = [*_names(task, TRIED), given.agent]
    anew = task.replace(agent=first, metadata={**task.metadata, TRIED: tried, NEXT: others})
    why = f"{given.agent!r} failed at it ({result.error.code or result.error.category}); {first!r} can do it, too"
    return GraphPatch(replace=(anew,), reason=why)


def _able(task: Task, given: Assignment, context: PlanContext) -> Iterator[str]:
    """Yield who can do *task* besides who has tried, best first."""
    can = roster(context).now
    wanted = frozenset(map(normal, task.requires))
    gone = {given.agent, *_names(task, TRIED)}
    for name in _runners_up(task, given):
        if name not in gone and wanted <= can.get(name, frozenset()) and not _lacks_model(name, context):
            yield name


def _runners_up(task: Task, given: Assignment) -> Iterator[str]:
    if TRIED in task.metadata:
        yield from _names(task, NEXT)
        return
    own = given.reasons[0].score if given.reasons else given.score
    for name, score in given.alternatives:
        if task.requires or score >= CLOSE * own:
            yield name


def _names(task: Task, where: str) -> list[str]:
    said = task.metadata.get(where)
    return [str(name) for name in said] if isinstance(said, list | tuple) else []


def _lacks_model(name: str, context: PlanContext) -> bool:
    return not context.models and roster(context).cards[name].needs_model
