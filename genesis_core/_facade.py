"""What the facade says in other words: a goal from what was given, the end of a run for the index, and such."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ._index import Entry
from .errors import PlanRejected, SettingsError
from .plans import Finding, PlanReport, Severity
from .tasks import Goal, TaskResult

if TYPE_CHECKING:
    from ._fold import RunRecord
    from ._run import Driver

__all__ = ["entry_of", "goal_of", "no_files", "no_replay", "rejection"]


def goal_of(goal: str | Goal, workspace: Any) -> Goal:
    if isinstance(goal, Goal):
        return goal if workspace is None else goal.replace(workspace=os.fspath(workspace))
    if not goal.strip():
        raise SettingsError("the goal is empty", cause="there is nothing to do", hint='genesis run "Map this folder"')
    return Goal(text=goal, workspace=os.fspath(workspace or "."))


def no_replay(record: RunRecord) -> RunRecord:
    """Return *record*; raises SettingsError for that of a replay, as what it says was called was not."""
    if record.replay_of:
        raise SettingsError(f"run {record.run_id} is itself a replay",
                            cause=f"what it repeats is run {record.replay_of}",
                            hint=f"genesis replay {record.replay_of}")
    return record


def no_files(pattern: str = "**/*") -> tuple[str, ...]:
    return ()


def rejection(report: PlanReport) -> PlanRejected:
    fatal = [f for f in report.findings if f.severity is Severity.FATAL]
    return PlanRejected(
        f"the plan is rejected: {fatal[0].message}", cause="; ".join(_words(f) for f in fatal),
        hint=fatal[0].hint or "genesis plan GOAL shows all findings",
    )


def _words(finding: Finding) -> str:
    where = f" ({', '.join(finding.task_ids[:5])})" if finding.task_ids else ""
    return f"{finding.rule}{where}"


def entry_of(driver: Driver, state: str) -> Entry:
    """Return what the index keeps of the run that *driver* carries out."""
    journal, plan, known = driver.scope.journal, driver.plan, driver.scope.known
    results: Mapping[str, TaskResult] = driver.results
    spent = driver.scope.ledger.spent
    return Entry(
        id=driver.id, goal=known.without(plan.goal.text), workspace=known.without(str(driver.scope.workspace.root)),
        state=state,
        started=driver.began.isoformat(), ended=datetime.now(UTC).isoformat(), tasks=len(plan.graph.leaves),
        done=sum(r.state.value == "completed" for r in results.values()),
        cost="" if spent.cost is None else str(spent.cost), seconds=spent.seconds,
        seq=journal.committed[0], mac=journal.committed[1].hex(), pipeline=plan.pipeline,
        replay="" if driver.scope.replay is None else driver.scope.replay.run_id,
    )


