"""Can what an author hands to a task be used: its grants, its secrets?"""

from __future__ import annotations

from typing import Any

import pytest

from genesis_aop import genesis_validate
from genesis_core import (
    AgentCard,
    Assignment,
    Effect,
    Finding,
    Goal,
    Grant,
    Plan,
    PlanContext,
    PlanReport,
    Severity,
    Skill,
    Task,
    TaskGraph,
    ToolSpec,
    Verdict,
)

KEEP = ToolSpec(name="notes.keep", effect=Effect.WRITE, input_schema={
    "type": "object", "additionalProperties": False, "required": ["title"],
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}}})
OPEN = ToolSpec(name="anything", input_schema={"type": "object"})
OTHER = ToolSpec(name="notes.drop", effect=Effect.WRITE)
KEEPER = AgentCard(name="keeper", skills=(Skill(id="notes", name="notes"),), tools=("notes.keep", "anything"))


def found(task: Task, *more: Task, **fields: Any) -> list[Finding]:
    graph = TaskGraph(tasks=(task, *more))
    given = tuple(Assignment(task_id=leaf.id, agent="keeper", score=0.9) for leaf in graph.leaves)
    plan = Plan(goal=Goal(text="keep notes"), graph=graph, assignments=given)
    context = PlanContext(goal=plan.goal, agents=(KEEPER,), tools=(KEEP, OPEN, OTHER), **fields)
    about = {"dead-grant", "unknown-secret"}
    return [f for f in genesis_validate(plan, context) if isinstance(f, Finding) and f.rule in about]


def task(**fields: Any) -> Task:
    return Task(id="note", description="keep notes", **fields)


DEAD = {
    "no such tool": (Grant(tool="notes.kep"), "there is no tool 'notes.kep'; did you mean 'notes.keep'?"),
    "another agent's tool": (Grant(tool="notes.drop", free=("title",)), "'keeper' does not have the tool 'notes.drop'"),
    "an argument that it lacks": (Grant(tool="notes.keep", arguments={"titel": "x"}, free=("title", "text")),
                                  "no argument 'titel'; did you mean 'title'?"),
    "a free name that it lacks": (Grant(tool="notes.keep", arguments={"title": "x"}, free=("txt",)),
                                  "no argument 'txt'; did you mean 'text'?"),
    "one that it needs": (Grant(tool="notes.keep", free=("text",)), "always has 'title', which the grant leaves out"),
}


@pytest.mark.parametrize("why", list(DEAD))
def test_a_grant_that_no_call_can_match_is_told_with_what_was_meant(why: str) -> None:
    grant, words = DEAD[why]
    (finding,) = found(task(grants=(grant,)))
    assert (finding.rule, finding.severity, finding.task_ids) == ("dead-grant", Severity.FIXABLE, ("note",))
    assert words in finding.message


@pytest.mark.parametrize("grant", [
    Grant(tool="notes.keep", arguments={"title": "x"}), Grant(tool="notes.keep", free=("title", "text")),
    Grant(tool="anything", arguments={"whatever": 1}),
])
def test_a_grant_that_a_call_can_match_is_no_finding(grant: Grant) -> None:
    assert found(task(grants=(grant,))) == []


def test_a_grant_of_a_task_that_others_do_is_told() -> None:
    (finding,) = found(task(grants=(Grant(tool="notes.keep", free=("title",)),)), Task(id="part", parent="note"))
    assert finding.rule == "dead-grant" and "the tasks below it run" in finding.message


def test_a_secret_that_the_settings_do_not_name_is_told() -> None:
    given = task(inputs={"token": {"secret": "leger"}})
    (finding,) = found(given, secrets=("ledger",))
    assert finding.rule == "unknown-secret" and "did you mean 'ledger'?" in finding.message
    assert "[secrets] leger" in finding.hint
    assert found(given, secrets=("leger",)) == []


def test_what_only_its_author_can_mend_does_not_send_a_plan_back() -> None:
    findings = found(task(inputs={"token": {"secret": "leger"}}))
    plan = Plan(goal=Goal(text="x"), graph=TaskGraph(tasks=(task(),)))
    assert PlanReport(plan=plan, findings=tuple(findings)).verdict is Verdict.ACCEPT
