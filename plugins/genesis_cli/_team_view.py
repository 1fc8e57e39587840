"""A plan as a team sees it: who has how much of the work, what that costs, and whose work everybody waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Any

from genesis_core import Plan

__all__ = ["team"]


@dataclass(slots=True)
class _Load:
    """What one agent has to do."""

    tasks: int = 0
    seconds: float = 0.0
    cost: Decimal | None = Decimal(0)
    """None: unknown for at least one of its tasks."""
    critical: int = 0
    """How many of its tasks stand on the longest chain."""


def team(plan: Plan, path: Sequence[str]) -> Mapping[str, Any]:
    """Return load, spread, cost and the longest chain *path* by agent, as JSON; linear in the tasks of the plan."""
    loads = _loads(plan, path)
    busiest = max(loads, key=lambda name: loads[name].seconds, default=None)
    return {
        "agents": [_row(name, load, len(plan.assignments)) for name, load in loads.items()],
        "spread": _spread([load.tasks for load in loads.values()]),
        "busiest": busiest,
        "cost": _money(plan.expected.cost),
        "critical_path": [_step(plan, name) for name in path],
        "critical_seconds": plan.critical_seconds,
        "work_seconds": plan.expected.seconds,
        "at_once": round(plan.expected.seconds / plan.critical_seconds, 4) if plan.critical_seconds else None,
    }


def _loads(plan: Plan, path: Sequence[str]) -> dict[str, _Load]:
    """Return the load of each agent, in the order in which the plan first names them."""
    loads: dict[str, _Load] = {}
    chain = frozenset(path)
    for assignment in plan.assignments:
        load = loads.setdefault(assignment.agent, _Load())
        load.tasks += 1
        load.critical += assignment.task_id in chain
        if (estimate := plan.estimated.get(assignment.task_id)) is not None:
            load.seconds += estimate.seconds
            load.cost = None if load.cost is None or estimate.cost is None else load.cost + estimate.cost
    return loads


def _row(name: str, load: _Load, tasks: int) -> dict[str, Any]:
    return {"agent": name, "tasks": load.tasks, "share": round(load.tasks / tasks, 4),
            "seconds": round(load.seconds, 3), "cost": _money(load.cost), "on_critical_path": load.critical}


def _spread(counts: Sequence[int]) -> dict[str, Any]:
    """Return how evenly the tasks are spread: deviation is that of tasks an agent, as a share of their mean."""
    if not counts:
        return {"agents": 0, "most": 0, "least": 0, "mean": 0.0, "deviation": 0.0}
    mean = sum(counts) / len(counts)
    deviation = sqrt(sum((count - mean) ** 2 for count in counts) / len(counts)) / mean
    return {"agents": len(counts), "most": max(counts), "least": min(counts), "mean": round(mean, 4),
            "deviation": round(deviation, 4)}


def _step(plan: Plan, name: str) -> dict[str, Any]:
    assignment, estimate = plan.assigned.get(name), plan.estimated.get(name)
    return {"task": name, "agent": None if assignment is None else assignment.agent,
            "seconds": None if estimate is None else estimate.seconds}


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)
