"""Take a run up again: what its record says counts, and what is still open is planned anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._fold import RunRecord
from ._ledger import FROM_KNOWN
from ._life import lived
from .plans import Plan
from .policy import Budget
from .runs import EventKind

if TYPE_CHECKING:
    from ._kernel import Planner
    from .genesis import Genesis

__all__ = ["taken_up"]


async def taken_up(
    genesis: Genesis, record: RunRecord, folder: Path, budget: Budget | None
) -> tuple[Planner, Plan]:
    """Return who plans what is left of a run, and its plan with who does what nobody could do so far.

    *record* then counts the time that its last driver lived for, and believes the tasks no further than what they were
    planned by now: names of files that a router looked at, answers of models that it asked. Raises what planning does.
    """
    plan = record.plan
    assert plan is not None  # noqa: S101  # fold() takes it from the first row
    planner = genesis._planner(plan.goal, record.workspace, budget or record.budget)
    planner.ledger.spent, record.seconds = record.usage, lived(record, folder)
    record.stated(budget)
    planner.ledger.stands = record.stands
    planner.decided += [(EventKind.WARNING, {"text": FROM_KNOWN})] if record.from_known else []
    planner.check_agents(plan)
    plan = await planner.resumed(plan, record.settled, record.seconds)
    record.base = record.base | planner.label
    return planner, plan
