"""What becomes of a plan that validators find fault with, once nobody mends it any further."""

from __future__ import annotations

from .plans import Finding, Mend, Plan, PlanReport, Severity
from .records import digest

__all__ = ["as_it_is", "rejected", "tasks_digest"]


def tasks_digest(plan: Plan) -> str:
    """Return what is the same for plans of the same tasks, whoever does them."""
    return digest([task.to_json() for task in plan.graph.tasks])


def as_it_is(report: PlanReport) -> PlanReport:
    """Nobody can mend what is left: a plan with findings is still a plan, and its reader sees them."""
    return report.replace(findings=tuple(
        f.replace(mend=Mend.NONE) if f.severity is Severity.FIXABLE else f for f in report.findings
    ))


def rejected(report: PlanReport, why: str) -> PlanReport:
    """Return *report* with a finding that rejects the plan."""
    finding = Finding(rule="kernel.revision-loop", severity=Severity.FATAL, message=why)
    return report.replace(findings=(*report.findings, finding))
