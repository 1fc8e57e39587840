"""All checks of a plan in their order, its score, and the patch that mends what they found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from genesis_core import Finding, GraphError, GraphPatch, Plan, PlanContext, Score, TaskGraph

from . import _budget, _completeness, _redundancy, _solvability, _structure
from ._diagnosis import Diagnosis
from ._mend import Draft
from ._score import score
from ._view import View

__all__ = ["diagnose", "revise", "validate"]

_CHECKS = (_structure, _solvability, _completeness, _redundancy, _budget)


def diagnose(view: View) -> Iterator[Diagnosis]:
    """Yield everything that the checks find, in a fixed order."""
    return chain.from_iterable(part.check(view) for part in _CHECKS)


def validate(plan: Plan, context: PlanContext) -> list[Finding | Score]:
    """Return the findings about *plan* and its score."""
    view = View(plan, context)
    return [*(found.finding for found in diagnose(view)), score(view)]


def revise(plan: Plan, findings: Sequence[Finding], context: PlanContext) -> GraphPatch | None:
    """Return one patch that removes those of *findings* that can be mended here; None when none can."""
    asked = {(f.rule, f.task_ids) for f in findings}
    mendable = [d for d in diagnose(View(plan, context)) if d.mend is not None and _key(d) in asked]
    whole = _patch(plan.graph, mendable)
    if whole is None or _builds(plan.graph, whole):
        return whole
    # Two mends that are right by themselves can contradict each other; then the first that holds is made alone, and
    # the next revision sees to the rest.
    single = (_patch(plan.graph, [one]) for one in mendable)
    return next((patch for patch in single if patch is not None and _builds(plan.graph, patch)), None)


def _key(diagnosis: Diagnosis) -> tuple[str, tuple[str, ...]]:
    return diagnosis.finding.rule, diagnosis.finding.task_ids


def _patch(graph: TaskGraph, mendable: Sequence[Diagnosis]) -> GraphPatch | None:
    draft = Draft(graph)
    for found in mendable:
        if found.mend is not None:
            found.mend(draft)
    return draft.patch("; ".join(dict.fromkeys(found.finding.message for found in mendable)))


def _builds(graph: TaskGraph, patch: GraphPatch) -> bool:
    try:
        graph.apply(patch)
    except GraphError:
        return False
    return True
