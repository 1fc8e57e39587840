"""What the facade says in other words: a goal from what was given, trust from the settings, and such."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ._settings import Settings
from .errors import PlanRejected, SettingsError
from .plans import Finding, PlanReport, Severity
from .tasks import Goal

__all__ = ["goal_of", "granted_trust", "no_files", "rejection"]


def goal_of(goal: str | Goal, workspace: Any) -> Goal:
    if isinstance(goal, Goal):
        return goal if workspace is None else goal.replace(workspace=os.fspath(workspace))
    if not goal.strip():
        raise SettingsError("the goal is empty", cause="there is nothing to do", hint='genesis run "Map this folder"')
    return Goal(text=goal, workspace=os.fspath(workspace or "."))


def no_files(pattern: str = "**/*") -> tuple[str, ...]:
    return ()


def granted_trust(settings: Settings) -> Mapping[str, str]:
    trust = settings.plugins.get("trust", {})
    return {str(k): str(v) for k, v in trust.items()} if isinstance(trust, Mapping) else {}


def rejection(report: PlanReport) -> PlanRejected:
    fatal = [f for f in report.findings if f.severity is Severity.FATAL]
    return PlanRejected(
        f"the plan is rejected: {fatal[0].message}", cause="; ".join(_words(f) for f in fatal),
        hint=fatal[0].hint or "genesis plan GOAL shows all findings",
    )


def _words(finding: Finding) -> str:
    where = f" ({', '.join(finding.task_ids[:5])})" if finding.task_ids else ""
    return f"{finding.rule}{where}"
