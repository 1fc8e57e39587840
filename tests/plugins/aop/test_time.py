"""Validation takes time that grows with the plan, not with its square: each of these would take minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genesis_aop import genesis_validate
from genesis_core import (
    AgentCard,
    Assignment,
    Budget,
    Estimate,
    Goal,
    Plan,
    PlanContext,
    PlanLimits,
    Skill,
    Task,
    TaskGraph,
)

SIZE = 10_000
SKILLS = tuple(Skill(id=f"skill-number-{n}") for n in range(200))
CARDS = (AgentCard(name="worker", skills=SKILLS), AgentCard(name="other", description="sweep the floor of hall"))
SHAPES: dict[str, Callable[[int], Task]] = {
    "equal": lambda n: Task(id=f"t{n}", description="scan the code for secrets"),
    "in a chain": lambda n: Task(id=f"t{n}", description="scan the code for secrets",
                                 depends_on=(f"t{n - 1}",) if n else ()),
    "overlapping": lambda n: Task(id=f"t{n}", description=f"scan code secrets {'very ' * (n % 7)}{'deep ' * (n % 11)}",
                                  depends_on=(f"t{n - 1}",) if n else ()),
    "out of order": lambda n: Task(id=f"t{n}", description=("deploy shop", "build shop")[n % 2],
                                   depends_on=(f"t{n - 2}",) if n > 1 else ()),
    "misspelt": lambda n: Task(id=f"t{n}", description="do it", requires=(f"skil-number-{n}",)),
    "oddly given": lambda n: Task(id=f"t{n}", description=f"sweep floor of hall {n}", agent="worker"),
    "gathering": lambda n: Task(id=f"t{n}", description=f"part {n}",
                                depends_on=tuple(f"t{m}" for m in range(n)) if n == SIZE - 1 else ()),
    "nested": lambda n: Task(id=f"t{n}", description=f"scan part {n}", parent=f"t{n - n % 100}" if n % 100 else None,
                             depends_on=(f"t{n - 100}",) if n % 100 == 0 and n else ()),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_of_ten_thousand_tasks_is_validated(shape: str) -> None:
    graph = TaskGraph(tasks=tuple(SHAPES[shape](n) for n in range(SIZE)))
    given = tuple(Assignment(task_id=t.id, agent="worker") for t in graph.leaves if not t.requires)
    plan = Plan(goal=Goal(text="scan 7 files, " * 300), graph=graph, assignments=given,
                estimates=tuple(Estimate(task_id=a.task_id, seconds=1) for a in given))
    limits, budget = PlanLimits(max_tasks=20_000), Budget(max_seconds=1)
    assert genesis_validate(plan, PlanContext(goal=plan.goal, agents=CARDS, limits=limits, budget=budget))


@pytest.mark.timeout(60)
def test_a_description_of_a_million_characters_is_read_once() -> None:
    for text in ("a" * 1_000_000, "a " * 500_000, "1." * 500_000, "(((" * 300_000, "a/" * 500_000, "x@" * 500_000):
        graph = TaskGraph(tasks=(Task(id="a", description=text), Task(id="b", description=text + " b")))
        goal = Goal(text=text[:5000] or "x")
        assert genesis_validate(Plan(goal=goal, graph=graph), PlanContext(goal=goal, agents=CARDS))
