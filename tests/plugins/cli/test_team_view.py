"""A plan as a team sees it: load, spread, cost and the chain that everybody waits for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from types import FrameType

from genesis_cli._plan_text import critical_path, plan_data
from genesis_cli._team_view import team
from genesis_core import Assignment, Estimate, Goal, Plan, PlanReport, Task, TaskGraph


def plan(tasks: int, *, unknown: bool = False) -> Plan:
    """Return a chain of *tasks*, each second task done by anna, every fourth by carl, the rest by berta."""
    made = tuple(Task(id=f"t{n}", depends_on=(f"t{n - 1}",) if n else ()) for n in range(tasks))
    who = [("anna", "berta", "anna", "carl")[n % 4] for n in range(tasks)]
    return Plan(
        goal=Goal(text="go"), graph=TaskGraph(tasks=made),
        assignments=tuple(Assignment(task_id=f"t{n}", agent=name) for n, name in enumerate(who)),
        estimates=tuple(Estimate(task_id=f"t{n}", seconds=2, cost=None if unknown and n == 1 else Decimal("0.5"))
                        for n in range(tasks)),
    )  # fmt: skip


def test_the_load_of_each_agent_is_told_with_its_share_cost_and_place_on_the_longest_chain() -> None:
    made = plan(8)
    found = team(made, critical_path(made))
    assert found["agents"][0] == {"agent": "anna", "tasks": 4, "share": 0.5, "seconds": 8.0, "cost": "2.0",
                                  "on_critical_path": 4}
    assert [row["agent"] for row in found["agents"]] == ["anna", "berta", "carl"]
    assert found["spread"] == {"agents": 3, "most": 4, "least": 2, "mean": 2.6667, "deviation": 0.3536}
    assert found["busiest"] == "anna" and found["cost"] == "4.0"
    assert found["critical_path"][3] == {"task": "t3", "agent": "carl", "seconds": 2.0}
    assert found["critical_seconds"] == found["work_seconds"] == 16 and found["at_once"] == 1


def test_a_cost_that_is_unknown_for_one_task_is_unknown_for_its_agent_and_for_all() -> None:
    found = team(plan(4, unknown=True), [])
    assert [row["cost"] for row in found["agents"]] == ["1.0", None, "0.5"] and found["cost"] is None


def test_a_plan_without_tasks_has_a_team_of_nobody() -> None:
    found = team(Plan(goal=Goal(text="go"), graph=TaskGraph()), [])
    assert found["agents"] == [] and found["spread"]["agents"] == 0 and found["at_once"] is None


def test_the_team_is_part_of_the_json_of_a_plan() -> None:
    data = json.loads(json.dumps(dict(plan_data(PlanReport(plan=plan(4))))))
    assert data["team"]["spread"]["most"] == 2


def calls(work: Callable[[], object]) -> int:
    """Return how many functions, Python's and built-in ones, are called by *work*."""
    seen = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return seen


def test_the_view_of_1000_tasks_takes_four_times_the_steps_of_250() -> None:
    small, large = plan(250), plan(1000)
    steps = [calls(lambda made=made: team(made, critical_path(made))) for made in (small, large)]  # type: ignore[misc]
    assert steps[1] < 4.4 * steps[0]
