"""Say whether a plan can be carried out, covers its goal and does nothing twice; score it, and mend what can be mended.

After "Agent-Oriented Planning in Multi-Agent Systems" (arXiv:2410.02189): solvability, completeness, non-redundancy,
and structure, budget and permissions besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from genesis_core import Offer, hookimpl

if TYPE_CHECKING:
    from genesis_core import Finding, GraphPatch, Plan, PlanContext, Score, TaskResult

    from .rewards.book import RewardBook

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Offer]:
    """Offer what ``genesis rewards`` asks."""
    return [Offer("rewards", "aop", _rewards, "What outcomes teach of agents and plans: learned, shown, forgotten.")]


@hookimpl(trylast=True)
def genesis_validate(plan: Plan, context: PlanContext) -> list[Finding | Score]:
    """Return what is wrong with *plan*, or worth knowing, and how good it is."""
    from ._check import validate

    return validate(plan, context)


@hookimpl(trylast=True)
def genesis_revise(
    plan: Plan, findings: Sequence[Finding], result: TaskResult | None, context: PlanContext
) -> GraphPatch | None:
    """Return the patch that mends *findings*, or that hands a task that failed to the next agent; else None."""
    if result is not None:
        if result.error is None:
            return None
        from ._recovery import recovered

        return recovered(plan, result, context)
    if not findings:
        return None
    from ._check import revise

    return revise(plan, findings, context)


def _rewards() -> RewardBook:
    from .rewards.book import RewardBook

    return RewardBook()
