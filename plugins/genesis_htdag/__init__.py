"""Turn a goal into a hierarchical task graph, with no model: clauses, lists, order words, names, the catalogue."""

from __future__ import annotations

from genesis_core import Decomposition, PlanContext, Task, hookimpl

__all__ = ["genesis_decompose"]

genesis_api = 1


@hookimpl(trylast=True)
def genesis_decompose(task: Task, context: PlanContext) -> Decomposition | None:
    """Return the tasks of a goal; None for a task that says already who can do it, or that is one action."""
    if task.kind != "goal" and (task.requires or task.agent or task.kind):
        return None
    from .plan import decompose

    answer = decompose(task.description, context)
    return answer if task.kind == "goal" or len(answer.tasks) > 1 else None
