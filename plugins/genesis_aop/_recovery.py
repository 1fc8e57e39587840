"""What becomes of a task that failed while the plan runs: the next agent that can do it, does it.

Only that task is planned again. Who waits for it goes on waiting, and everything else runs on. A task is not handed on
when the failure was not the agent's (a permission, an input that is not there), or when the plan's author chose who
does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from genesis_core import Assignment, Category, GraphPatch, Plan, PlanContext, Task, TaskResult, TaskState

from ._roster import normal, roster

__all__ = ["recovered"]

HANDED_ON = "aop.handed-on"
"""Where the metadata of a task that was handed on says who has ``tried``, and who is ``next``."""
CLOSE = 0.5
"""Without required skills: the least fit, as a share of the first one's, of whom a task is handed on to."""
_NOBODY_ELSE = frozenset({Category.SECURITY, Category.DECOMPOSITION, Category.ROUTING})
"""Failures that are not the agent's: what was forbidden, and what the task was given, stays so whoever does it."""


def recovered(plan: Plan, result: TaskResult, context: PlanContext) -> GraphPatch | None:
    """Return the patch that hands the task of *result* to the next agent; None when there is none, or no failure."""
    task, given = plan.graph.by_id.get(result.task_id), plan.assigned.get(result.task_id)
    if result.state is not TaskState.FAILED or result.error is None or task is None or given is None:
        return None
    known = _Known.of(task, result)
    if result.error.category in _NOBODY_ELSE or (known is None and _by_author(given)):
        return None
    able = list(_able(task, given, known, context))
    if not able:
        return None
    first, *others = able
    tried = [*(known.tried if known else ()), given.agent]
    anew = task.replace(agent=first, metadata={**task.metadata, HANDED_ON: {"tried": tried, "next": others}})
    why = f"{given.agent!r} failed at it ({result.error.code or result.error.category}); {first!r} can do it, too"
    return GraphPatch(replace=(anew,), reason=why)


class _Known(NamedTuple):
    """Of a task that was handed on: who has failed at it before, and who could do it after this one."""

    tried: tuple[str, ...]
    next: tuple[str, ...]

    @classmethod
    def of(cls, task: Task, result: TaskResult) -> _Known | None:
        """Return what *task* says of that; nothing at its first attempt, whatever its author wrote there."""
        said = task.metadata.get(HANDED_ON)
        if result.attempt < 2 or not isinstance(said, Mapping):
            return None
        lists = (said.get("tried"), said.get("next"))
        tried, after = (tuple(map(str, names)) if isinstance(names, list | tuple) else () for names in lists)
        return cls(tried, after)


def _by_author(given: Assignment) -> bool:
    return bool(given.reasons) and given.reasons[0].rule == "author"


def _able(task: Task, given: Assignment, known: _Known | None, context: PlanContext) -> Iterator[str]:
    """Yield who can do *task* besides who has tried, best first."""
    now = roster(context)
    wanted = frozenset(map(normal, task.requires))
    gone = {given.agent, *(known.tried if known else ())}
    for name in known.next if known else _runners_up(task, given):
        if name in now.cards and name not in gone and wanted <= now.now[name] and (
                context.models or not now.cards[name].needs_model):
            yield name


def _runners_up(task: Task, given: Assignment) -> Iterator[str]:
    own = given.reasons[0].score if given.reasons else given.score
    for name, score in given.alternatives:
        if task.requires or score >= CLOSE * own:
            yield name
