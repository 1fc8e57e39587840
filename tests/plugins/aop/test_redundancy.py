"""Is the same work planned twice?"""

from __future__ import annotations

from typing import Any

import pytest

from genesis_aop import genesis_revise, genesis_validate
from genesis_core import AgentCard, Assignment, Finding, Goal, Mend, Plan, PlanContext, Severity, Task, TaskGraph

WORKER = AgentCard(name="worker", description="profile tables, write reports, scan code, run tests")


def plan(*tasks: Task) -> Plan:
    graph = TaskGraph(tasks=tasks)
    given = tuple(Assignment(task_id=t.id, agent="worker") for t in graph.leaves)
    return Plan(goal=Goal(text="work"), graph=graph, assignments=given)


def context(plan: Plan) -> PlanContext:
    return PlanContext(goal=plan.goal, agents=(WORKER,), files=lambda pattern: ("data/a.csv", "a", "b"))


def found(plan: Plan) -> list[Finding]:
    return [item for item in genesis_validate(plan, context(plan)) if isinstance(item, Finding)]


def task(name: str, description: str = "profile the tables", **fields: Any) -> Task:
    return Task.model_validate({"id": name, "description": description, **fields})


def mended(made: Plan) -> TaskGraph:
    patch = genesis_revise(made, found(made), None, context(made))
    assert patch is not None
    return made.graph.apply(patch)


def test_a_copy_is_dropped_and_who_waited_for_it_waits_for_the_first() -> None:
    made = plan(
        task("start", "scan the code"), task("a", depends_on=["start"]), task("b", depends_on=["start"]),
        task("c", "write it all down", inputs={"a": {"task": "a", "output": ""}, "b": {"task": "b", "output": ""}}),
        task("d", "scan it again", depends_on=["a", "b"]),
    )
    (finding,) = [f for f in found(made) if f.rule == "duplicate"]
    assert (finding.severity, finding.mend) == (Severity.FIXABLE, Mend.MERGE)
    assert finding.task_ids == ("a", "b")
    graph = mended(made)
    assert "b" not in graph and graph["d"].depends_on == ("a",)
    assert dict(graph["c"].inputs) == {"a": made.graph["c"].inputs["a"]}


@pytest.mark.parametrize("wording", [
    "Profile the tables.", "profiling tables", "Please profile these tables", "PROFILE THE TABLE",
    "profiled the tables!",
])
def test_near_identical_wordings_are_copies(wording: str) -> None:
    assert [f.rule for f in found(plan(task("a"), task("b", wording)))] == ["duplicate"]


@pytest.mark.parametrize(("one", "other"), [
    ("profile table 1", "profile table 2"),
    ("review module A today", "review module B today"),
    ("copy the rows from staging to production", "copy the rows to staging from production"),
    ("convert the csv to json", "convert the json to csv"),
    ("run the tests with network", "run the tests without network"),
    ("deploy the service", "do not deploy the service"),
    ("profile orders.csv first", "profile parts.csv first"),
    ("scan src/core for secrets", "scan src/web for secrets"),
    ("check release 1.2 for faults", "check release 1.3 for faults"),
    ("call the function get_user", "call the function get_users"),
])
def test_what_tells_two_tasks_apart_is_never_merged(one: str, other: str) -> None:
    assert "duplicate" not in {f.rule for f in found(plan(task("a", one), task("b", other)))}


@pytest.mark.parametrize("fields", [
    {"kind": "analytics"}, {"requires": ["tables"]}, {"inputs": {"folder": {"value": "data"}}},
    {"metadata": {"round": 2}}, {"max_seconds": 3}, {"accept": {"min_evidence": 1}},
])
def test_tasks_that_differ_in_anything_but_their_name_are_no_copies(fields: dict[str, Any]) -> None:
    assert "duplicate" not in {f.rule for f in found(plan(task("a"), task("b", **fields)))}


def test_the_same_again_later_is_meant() -> None:
    tests = "run all tests of the parser"
    made = plan(task("before", tests), task("change", "edit it", depends_on=["before"]),
                task("after", tests, depends_on=["change"]))
    assert found(made) == []


def test_the_same_at_any_time_is_said_and_left_to_people() -> None:
    made = plan(task("x", "scan code"), task("a"), task("b", depends_on=["x"]))
    (finding,) = found(made)
    assert (finding.rule, finding.severity, finding.task_ids) == ("repeated", Severity.NOTE, ("a", "b"))


def test_many_equal_tasks_are_meant_and_stay() -> None:
    made = plan(*(task(f"t{n}") for n in range(20)))
    (finding,) = found(made)
    assert (finding.rule, finding.severity) == ("repeated", Severity.NOTE) and len(finding.task_ids) == 20


def test_copies_whose_agent_the_author_named_stay() -> None:
    (finding,) = found(plan(task("a", agent="worker"), task("b", agent="worker")))
    assert (finding.rule, finding.severity) == ("repeated", Severity.NOTE)


def test_tasks_without_a_description_are_no_copies() -> None:
    assert found(plan(task("a", ""), task("b", ""), task("c", "go"), task("d", "go"))) == []


def test_one_word_is_enough_where_the_same_skill_is_required() -> None:
    made = plan(task("a", "security", requires=["scan"]), task("b", "Security", requires=["scan"]))
    assert "duplicate" in {f.rule for f in found(made)}


def test_the_same_words_in_two_sections_are_two_tasks() -> None:
    made = plan(task("front", "the front"), task("back", "the back"),
                task("a", parent="front"), task("b", parent="back"))
    assert "duplicate" not in {f.rule for f in found(made)}


def test_a_copy_within_a_section_is_dropped_and_the_section_stays() -> None:
    made = plan(task("s", "the section"), task("a", parent="s"), task("b", parent="s"),
                task("end", "write it down", depends_on=["s"]))
    graph = mended(made)
    assert graph.children["s"] == ("a",) and graph["end"].depends_on == ("s",)


def test_a_task_that_says_all_that_another_says_is_a_note() -> None:
    made = plan(task("short", "profile the order tables"), task("long", "profile the order tables of every customer"),
                task("other", "scan the code for secrets"))
    (finding,) = found(made)
    assert (finding.rule, finding.severity, finding.task_ids) == ("overlap", Severity.NOTE, ("short", "long"))


def test_the_same_words_in_another_order_are_a_note() -> None:
    made = plan(task("a", "convert csv rows to json"), task("b", "convert json rows to csv"))
    assert [f.rule for f in found(made)] == ["overlap"]


def test_overlaps_that_follow_each_other_are_steps() -> None:
    made = plan(task("short", "profile the order tables"),
                task("long", "profile the order tables of every customer", depends_on=["short"]))
    assert found(made) == []


def test_three_copies_become_one() -> None:
    made = plan(task("a"), task("b"), task("c"), task("d", "write it down", depends_on=["b", "c"]))
    graph = mended(made)
    assert [t.id for t in graph.tasks] == ["a", "d"] and graph["d"].depends_on == ("a",)
