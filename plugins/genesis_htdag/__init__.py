"""Turn a goal into a hierarchical task graph: clauses, lists, order words, names, the catalogue; or by a model."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from genesis_core import Decomposition, Finding, Offer, Plan, PlanContext, Severity, Task, hookimpl

if TYPE_CHECKING:
    from .patternbook import PatternBook

__all__ = ["genesis_decompose", "genesis_provide", "genesis_validate"]

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Offer]:
    """Offer what makes the book that ``genesis patterns`` asks."""
    return [Offer("patternbook", "htdag", _book, "The patterns in force, their parts, and faults of files.")]


@hookimpl(trylast=True)
def genesis_decompose(task: Task, context: PlanContext) -> Decomposition | Awaitable[Decomposition | None] | None:
    """Return the tasks of a goal; None for a task that says already who can do it, or that is one action."""
    if task.kind != "goal" and (task.requires or task.agent or task.kind):
        return None
    if context.models:
        from .ask import asked

        return asked(task, context)
    from .plan import decompose

    depth = 0 if task.kind == "goal" else task.id.count("/") + 1
    answer = decompose(task.description, context, depth=depth)
    return answer if task.kind == "goal" or len(answer.tasks) > 1 else None


@hookimpl(trylast=True)
def genesis_validate(plan: Plan, context: PlanContext) -> list[Finding]:
    """Say which patterns of plugins have a fault, and so plan nothing."""
    if not context.offers.get("pattern", {}):
        return []
    from .patterns import faulty

    return [
        Finding(rule="faulty-pattern", severity=Severity.NOTE, hint=error.hint or "",
                message=f"{error.message}: it plans nothing" + (f" ({error.cause})" if error.cause else ""))
        for error in faulty(context)
    ]


def _book() -> PatternBook:
    from .patternbook import PatternBook

    return PatternBook()
