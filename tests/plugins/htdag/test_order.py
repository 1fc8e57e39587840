"""What waits for what: order words, what flows from one task to another, and the life of a product."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_agents._cards import cards
from genesis_core import AgentCard, Skill, Task, TaskGraph
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose

CREW = (
    AgentCard(name="maker", skills=(Skill(id="build", name="build", description="build and compile the app"),)),
    AgentCard(name="tester", skills=(Skill(id="test", name="test", description="test the app"),)),
    AgentCard(name="shipper", skills=(Skill(id="deploy", name="deploy", description="deploy and release the app"),)),
    AgentCard(name="mailer", skills=(Skill(id="email", name="email", description="email somebody the report"),)),
)


def graph(text: str, agents: tuple[AgentCard, ...] = CREW) -> TaskGraph:
    answer = genesis_decompose(Task(id="goal", kind="goal", description=text), context_for(text, agents=agents))
    assert answer is not None
    return TaskGraph(tasks=answer.tasks)


def doer(found: TaskGraph, skill: str) -> Task:
    [task] = [t for t in found.leaves if skill in t.requires]
    return task


def waits(found: TaskGraph, later: str, earlier: str) -> bool:
    """Whether the task for *later* waits for that for *earlier*, directly or through others."""
    waiting = [doer(found, later).id]
    for name in waiting:
        waiting += found.waits_for(name)
    return doer(found, earlier).id in waiting


@given(
    st.permutations(["build the app", "test the app", "deploy the app"]), st.sampled_from([", ", " and ", ". ", "; "])
)
def test_a_deploy_never_precedes_its_test_nor_a_test_its_build(actions: list[str], joint: str) -> None:
    found = graph(joint.join(actions))
    assert waits(found, "deploy", "test") and waits(found, "test", "build")


@pytest.mark.parametrize(
    "text",
    [
        "Deploy the app, then email the team.",
        "After you have deployed the app, email the team.",
        "Before emailing the team, deploy the app.",
        "Email the team after deploying the app.",
        "Once the app is deployed, email the team.",
        "1. Deploy the app\n2. Email the team",
        "First deploy the app, finally email the team.",
    ],
)
def test_an_order_word_between_two_deeds_is_kept(text: str) -> None:
    found = graph(text)
    assert waits(found, "email", "deploy") and not waits(found, "deploy", "email")


@pytest.mark.parametrize("text", ["Deploy the app and email the team.", "- Email the team\n- Deploy the app"])
def test_deeds_that_are_only_listed_are_free(text: str) -> None:
    found = graph(text)
    assert not waits(found, "email", "deploy") and not waits(found, "deploy", "email")


def test_looking_in_any_order_is_looking_side_by_side() -> None:
    found = graph("Map the architecture, then scan it for vulnerabilities, then profile data/sales.csv.", cards())
    assert [t.depends_on for t in found.leaves] == [(), (), ()]


def test_after_binds_even_those_that_only_look() -> None:
    found = graph("After scanning the code for vulnerabilities, map the architecture.", cards())
    assert waits(found, "module-map", "static-scan")


def test_looking_is_not_held_up_by_what_nobody_can_do() -> None:
    found = graph("Water the plants, then map the architecture.", cards())
    assert doer(found, "module-map").needs == ()


def test_a_report_takes_what_all_others_found() -> None:
    found = graph("Write me a report once you have mapped the architecture and profiled data/sales.csv.", cards())
    report = doer(found, "report")
    assert {i.task for i in report.inputs.values()} == {doer(found, "module-map").id, doer(found, "table-profile").id}
    assert all(i.output == "" for i in report.inputs.values())


def test_a_report_does_not_wait_for_what_nobody_can_do() -> None:
    found = graph("Map the architecture, order a pizza and write a report.", cards())
    assert doer(found, "report").needs == (doer(found, "module-map").id,)


def test_a_report_on_what_nobody_can_find_out_is_not_written() -> None:
    found = graph("Write a report on the weather in Paris.", cards())
    [unknown] = [t.id for t in found.leaves if t.requires != ("report",)]
    assert doer(found, "report").needs == (unknown,)


def test_what_is_done_with_a_report_comes_after_it() -> None:
    found = graph("Map the architecture, write a report and email the report to Bob.", (*CREW, *cards()))
    assert waits(found, "email", "report") and not waits(found, "report", "email")
    assert doer(found, "email").inputs[doer(found, "report").id].output == ""
