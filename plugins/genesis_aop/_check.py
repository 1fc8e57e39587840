"""All checks of a plan in their order, its score, and the patch that mends what they found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from genesis_core import Finding, GraphError, GraphPatch, Plan, PlanContext, Score, TaskGraph

from . import _budget, _completeness, _handed, _redundancy, _solvability, _structure
from ._diagnosis import Diagnosis
from ._mend import Draft
from ._score import score
from ._view import View

__all__ = ["diagnose", "revise", "validate"]

_TRIED = 50
_CHECKS = (_structure, _solvability, _handed, _completeness, _redundancy, _budget)


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
    return whole if whole is None or _builds(plan.graph, whole) else _without_contradictions(plan.graph, mendable)


def _without_contradictions(graph: TaskGraph, mendable: Sequence[Diagnosis]) -> GraphPatch | None:
    """Return the patch of the mends that hold together: each joins when the graph still builds with it.

    Two that are right by themselves can close a circle between them; the next revision sees to what is left out.
    """
    chosen: list[Diagnosis] = []
    for one in mendable[:_TRIED]:
        patch = _patch(graph, [*chosen, one])
        if patch is not None and _builds(graph, patch):
            chosen.append(one)
    return _patch(graph, chosen)


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
