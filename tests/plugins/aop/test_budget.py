"""Will the plan cost or take more than it may?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_aop import genesis_validate
from genesis_aop._budget import HOPELESS, _longest_chain
from genesis_aop._view import View
from genesis_core import (
    AgentCard,
    Assignment,
    Budget,
    Estimate,
    Finding,
    Goal,
    Plan,
    PlanContext,
    Severity,
    Task,
    TaskGraph,
)

WORKER = AgentCard(name="worker")


def plan(*estimates: Estimate, chain: bool = False, **fields: Any) -> Plan:
    ids = [e.task_id for e in estimates]
    tasks = tuple(
        Task(id=name, description=f"step {name}", depends_on=ids[n - 1 : n] if chain and n else (), **fields)
        for n, name in enumerate(ids)
    )
    given = tuple(Assignment(task_id=name, agent="worker") for name in ids)
    return Plan(goal=Goal(text="work"), graph=TaskGraph(tasks=tasks), assignments=given, estimates=estimates)


def found(plan: Plan, **budget: Any) -> list[Finding]:
    context = PlanContext(goal=plan.goal, agents=(WORKER,), budget=Budget(**budget))
    return [item for item in genesis_validate(plan, context) if isinstance(item, Finding)]


def test_a_plan_that_costs_more_than_the_budget_is_refused_with_both_sums() -> None:
    made = plan(Estimate(task_id="a", cost=Decimal("0.30")), Estimate(task_id="b", cost=Decimal("0.25")))
    (finding,) = found(made, max_cost=Decimal("0.50"))
    assert (finding.rule, finding.severity) == ("budget", Severity.FATAL)
    assert "0.55" in finding.message and "0.50" in finding.message and finding.task_ids == ("a", "b")
    assert found(made, max_cost=Decimal("0.55")) == [] == found(made)


def test_a_plan_that_takes_more_tokens_than_the_budget_is_refused() -> None:
    made = plan(Estimate(task_id="a", tokens=900), Estimate(task_id="b", tokens=200))
    (finding,) = found(made, max_tokens=1000)
    assert finding.severity is Severity.FATAL and "1100" in finding.message
    assert found(made, max_tokens=1100) == []


def test_time_is_that_of_the_longest_chain() -> None:
    estimates = [Estimate(task_id=n, seconds=40, confidence=0.5) for n in "abc"]
    assert found(plan(*estimates), max_seconds=60) == []
    (finding,) = found(plan(*estimates, chain=True), max_seconds=60)
    assert (finding.rule, finding.severity) == ("budget", Severity.FATAL) and "120" in finding.message


def test_a_guess_of_the_time_refuses_nothing_unless_it_is_hopeless() -> None:
    made = plan(Estimate(task_id="a", seconds=60))
    (finding,) = found(made, max_seconds=50)
    assert (finding.rule, finding.severity) == ("budget", Severity.NOTE) and "guess" in finding.message
    (finding,) = found(made, max_seconds=60 / HOPELESS / 2)
    assert finding.severity is Severity.FATAL


def test_an_unknown_cost_is_a_note_and_never_zero() -> None:
    made = plan(Estimate(task_id="a", cost=None), Estimate(task_id="b", cost=Decimal(1)))
    (finding,) = found(made)
    assert (finding.rule, finding.severity, finding.task_ids) == ("unknown-cost", Severity.NOTE, ("a",))
    assert {f.rule for f in found(made, max_cost=Decimal("0.5"))} == {"unknown-cost", "budget"}


def test_a_task_that_takes_longer_than_it_may_is_a_note() -> None:
    made = plan(Estimate(task_id="a", seconds=30, confidence=0.8), max_seconds=10)
    (finding,) = found(made)
    assert finding.rule == "deadline" and finding.task_ids == ("a",)
    assert found(plan(Estimate(task_id="a", seconds=30), max_seconds=10)) == []


@pytest.mark.parametrize("budget", [{"max_cost": Decimal(0)}, {"max_tokens": 0}, {"max_seconds": 0.0}])
def test_what_takes_nothing_fits_an_empty_budget(budget: dict[str, Any]) -> None:
    assert found(plan(Estimate(task_id="a")), **budget) == []


@st.composite
def graphs(draw: st.DrawFn) -> TaskGraph:
    """Return small graphs with sections; edges point to earlier tasks and sections."""
    tasks: list[Task] = []
    sections: list[str] = []
    for n in range(draw(st.integers(1, 8))):
        parent = draw(st.sampled_from([None, *sections]))
        free = [t.id for t in tasks if t.parent == parent]
        needs = tuple(draw(st.sets(st.sampled_from(free), max_size=2))) if free else ()
        tasks.append(Task(id=f"t{n}", parent=parent, depends_on=tuple(sorted(needs))))
        if draw(st.booleans()):
            sections.append(f"t{n}")
    return TaskGraph(tasks=tuple(tasks))


@given(graphs(), st.lists(st.integers(0, 20), min_size=8, max_size=8))
def test_the_longest_chain_is_the_kernels_critical_path(graph: TaskGraph, seconds: list[int]) -> None:
    estimates = tuple(Estimate(task_id=t.id, seconds=s) for t, s in zip(graph.leaves, seconds, strict=False))
    made = Plan(goal=Goal(text="work"), graph=graph, estimates=estimates)
    view = View(made, PlanContext(goal=made.goal))
    assert _longest_chain(view, {e.task_id: e.seconds for e in estimates}) == made.critical_seconds


@given(graphs())
def test_who_waits_for_whom_is_what_the_ready_set_says(graph: TaskGraph) -> None:
    view = View(Plan(goal=Goal(text="work"), graph=graph), PlanContext(goal=Goal(text="work")))
    for earlier in graph.leaves:
        # Everything that can be done without *earlier* does not wait for it.
        done: set[str] = set()
        while more := [t.id for t in graph.ready(done) if t.id != earlier.id]:
            done.update(more)
        for later in graph.leaves:
            if later.id != earlier.id:
                assert view.waits(later.id, earlier.id) == (later.id not in done)
