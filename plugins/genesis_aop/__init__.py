"""Say whether a plan can be carried out, covers its goal and does nothing twice; score it, and mend what can be mended.

After "Agent-Oriented Planning in Multi-Agent Systems" (arXiv:2410.02189): solvability, completeness, non-redundancy,
and structure, budget and permissions besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from genesis_core import hookimpl

if TYPE_CHECKING:
    from genesis_core import Finding, GraphPatch, Plan, PlanContext, Score, TaskResult

genesis_api = 1


@hookimpl(trylast=True)
def genesis_validate(plan: Plan, context: PlanContext) -> list[Finding | Score]:
    """Return what is wrong with *plan*, or worth knowing, and how good it is."""
    from ._check import validate

    return validate(plan, context)


@hookimpl(trylast=True)
def genesis_revise(
    plan: Plan, findings: Sequence[Finding], result: TaskResult | None, context: PlanContext
) -> GraphPatch | None:
    """Return the patch that mends *findings*; None while a run is under way, and when nothing can be mended."""
    if result is not None or not findings:
        return None
    from ._check import revise

    return revise(plan, findings, context)
