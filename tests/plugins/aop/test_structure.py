"""Does the graph hold together, and do its steps stand in their order?"""

from __future__ import annotations

from typing import Any

import pytest

from genesis_aop import genesis_revise, genesis_validate
from genesis_core import (
    AgentCard,
    Assignment,
    Finding,
    Goal,
    Mend,
    Plan,
    PlanContext,
    PlanLimits,
    Severity,
    Task,
    TaskGraph,
)

WORKER = AgentCard(name="worker")


def plan(*tasks: Task) -> Plan:
    graph = TaskGraph(tasks=tasks)
    given = tuple(Assignment(task_id=t.id, agent="worker") for t in graph.leaves)
    return Plan(goal=Goal(text="work"), graph=graph, assignments=given)


def context(plan: Plan, **limits: int) -> PlanContext:
    return PlanContext(goal=plan.goal, agents=(WORKER,), limits=PlanLimits(**limits))


def found(plan: Plan, **limits: int) -> list[Finding]:
    return [item for item in genesis_validate(plan, context(plan, **limits)) if isinstance(item, Finding)]


def task(name: str, description: str = "", **fields: Any) -> Task:
    return Task.model_validate({"id": name, "description": description or f"step {name}", **fields})


def test_a_plan_without_tasks_is_refused() -> None:
    (finding,) = found(plan())
    assert (finding.rule, finding.severity) == ("empty", Severity.FATAL)


def test_a_plan_near_its_limits_says_so_and_one_past_them_is_refused() -> None:
    made = plan(*(task(f"t{n}") for n in range(9)))
    assert found(made, max_tasks=20) == []
    (near,) = found(made, max_tasks=10)
    assert (near.rule, near.severity) == ("near-limits", Severity.NOTE) and "9 tasks" in near.message
    (past,) = found(made, max_tasks=8)
    assert (past.rule, past.severity) == ("limits", Severity.FATAL) and "limits.max_tasks" in past.hint


def test_depth_is_nesting_and_names_the_deepest_task() -> None:
    made = plan(task("a"), task("b", parent="a"), task("c", parent="b"), task("d", parent="c"))
    assert found(made) == []
    (near,) = found(made, max_depth=4)
    assert near.rule == "near-limits" and near.task_ids == ("d",)
    assert [f.rule for f in found(made, max_depth=3)] == ["limits"]


def test_an_input_that_is_no_pointer_can_never_be_given() -> None:
    (finding,) = found(plan(task("a"), task("b", inputs={"x": {"task": "a", "output": "total"}})))
    assert (finding.rule, finding.severity, finding.task_ids) == ("dangling-input", Severity.FATAL, ("b", "a"))
    assert '"/total"' in finding.hint


def test_a_section_gives_the_outputs_of_its_children_and_nothing_else() -> None:
    def reading(pointer: str) -> Plan:
        return plan(task("s"), task("s/a", parent="s"), task("b", inputs={"x": {"task": "s", "output": pointer}}))

    assert found(reading("/s~1a")) == found(reading("/s~1a/total")) == found(reading("")) == []
    (finding,) = found(reading("/total"))
    assert finding.severity is Severity.FATAL and "'s/a'" in finding.message


def test_what_a_task_does_not_promise_is_a_note() -> None:
    source = task("a", accept={"output": ["/total"], "artifacts": ["chart.svg"]})
    for item in ({"task": "a", "output": "/sum"}, {"task": "a", "artifact": "table.csv"}):
        (finding,) = found(plan(source, task("b", inputs={"x": item})))
        assert (finding.rule, finding.severity) == ("dangling-input", Severity.NOTE)
    for item in ({"task": "a", "output": "/total/0"}, {"task": "a", "artifact": "chart.svg"}):
        assert found(plan(source, task("b", inputs={"x": item}))) == []


def test_what_a_gathering_task_leaves_out_is_said() -> None:
    made = plan(task("a"), task("b"), task("c"),
                task("all", inputs={n: {"task": n, "output": ""} for n in ("a", "b")}))
    (finding,) = found(made)
    assert (finding.rule, finding.severity, finding.task_ids) == ("unused", Severity.NOTE, ("c",))
    assert "'all'" in finding.message


def test_tasks_of_their_own_are_results_where_nothing_gathers() -> None:
    assert found(plan(task("a"), task("b"), task("c", depends_on=["a"]))) == []


# ---- order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "then"), [
    ("build the shop app", "deploy the shop app to production"),
    ("implement the parser", "test the parser"),
    ("develop the billing service", "publish the billing service"),
])
def test_what_is_tested_or_deployed_waits_until_it_is_built(first: str, then: str) -> None:
    made = plan(task("late", then), task("early", first))
    (finding,) = found(made)
    assert (finding.rule, finding.severity, finding.mend) == ("order", Severity.FIXABLE, Mend.REPLAN)
    patch = genesis_revise(made, [finding], None, context(made))
    assert patch is not None
    better = made.replace(graph=made.graph.apply(patch))
    assert better.graph["late"].depends_on == ("early",) and found(better) == []


def test_a_build_that_waits_for_its_deployment_is_turned_round() -> None:
    made = plan(task("late", "deploy the shop"), task("early", "build the shop", depends_on=["late"]))
    patch = genesis_revise(made, found(made), None, context(made))
    assert patch is not None
    better = made.replace(graph=made.graph.apply(patch))
    assert better.graph.order == ("early", "late") and found(better) == []


def test_an_order_with_a_reason_of_its_own_is_only_a_note() -> None:
    flows = plan(task("late", "deploy the shop"),
                 task("early", "build the shop", inputs={"address": {"task": "late", "output": ""}}))
    around = plan(task("late", "deploy the shop"), task("mid", "look around", depends_on=["late"]),
                  task("early", "build the shop", depends_on=["late", "mid"]))
    measured = plan(task("late", "test the parser"), task("early", "implement the parser", depends_on=["late"]),
                    task("again", "test the parser", depends_on=["early"]))
    for made in (flows, around, measured):
        (finding,) = found(made)
        assert (finding.rule, finding.severity) == ("order", Severity.NOTE)


def test_a_test_before_what_it_tests_is_turned_round_when_it_is_the_only_one() -> None:
    made = plan(task("late", "test the parser"), task("early", "implement the parser", depends_on=["late"]))
    patch = genesis_revise(made, found(made), None, context(made))
    assert patch is not None
    assert made.graph.apply(patch).order == ("early", "late")


@pytest.mark.parametrize(("one", "other"), [
    ("build the shop", "deploy the blog"), ("build the shop docs", "deploy the shop"), ("deploy it", "build the shop"),
    ("describe the build of the shop", "deploy the shop"), ("test the shop", "deploy the shop"),
])
def test_steps_about_different_things_have_no_order(one: str, other: str) -> None:
    assert found(plan(task("a", one), task("b", other))) == []


def test_an_order_through_sections_counts() -> None:
    made = plan(task("make", "the making"), task("early", "build the shop", parent="make"),
                task("ship", "the shipping", depends_on=["make"]), task("late", "deploy the shop", parent="ship"))
    assert found(made) == []
