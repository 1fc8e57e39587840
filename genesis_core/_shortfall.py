"""Why a plan is below the configured level: of the whole goal, or of the parts that were planned without a model."""

from __future__ import annotations

from collections.abc import Mapping

from .plans import Finding, Plan, Severity

__all__ = ["noted"]

RULE = "kernel.degraded"
WAY_OUT = " (hint: "
"""Where what an error tells goes over to the way out."""


def noted(plan: Plan, goal: str, parts: Mapping[str, str], failed: str) -> tuple[Plan, list[Finding]]:
    """Return *plan* with why it is below the level, and a finding for the goal and for each part that is.

    *parts* are the reasons by task, that of the whole under *goal*; *failed* is what a question came to nothing by.
    """
    known = {name: parts[name] for name in (goal, *plan.graph.by_id) if name in parts}
    whole = known.pop(goal, "") or ("" if failed in known.values() else failed)
    found = [_finding(f"planned without a model: {whole}")] if whole else []
    found += [_finding(f"part {name!r} was planned without a model: {why}", name) for name, why in known.items()]
    told = [whole] if whole else []
    told += [f"{name!r} was planned without a model: {why}" for name, why in known.items()]
    return (plan.replace(degraded=_together(told)) if told else plan), found


def _finding(message: str, *task_ids: str) -> Finding:
    return Finding(rule=RULE, severity=Severity.NOTE, message=message, task_ids=task_ids)


def _together(told: list[str]) -> str:
    """Return all reasons in one line, with the first way out at its end."""
    if len(told) == 1:
        return told[0]
    hints = [hint.removesuffix(")") for _, found, hint in (text.partition(WAY_OUT) for text in told) if found]
    whys = "; ".join(text.partition(WAY_OUT)[0] for text in told)
    return f"{whys}{WAY_OUT}{hints[0]})" if hints else whys
