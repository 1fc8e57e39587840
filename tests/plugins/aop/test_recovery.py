"""A task whose agent fails goes to the next one that can do it, and to nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesis_aop import genesis_revise
from genesis_core import (
    AccessDenied,
    Assignment,
    EventKind,
    Genesis,
    Goal,
    Reason,
    RunResult,
    RunState,
    Task,
    TaskError,
    TaskGraph,
    TaskResult,
    TaskState,
    ToolError,
    hookimpl,
)
from genesis_core.testing import AllowAll, FakeAgent

SCAN = Task(id="scan", description="scan the things", requires=("thing-scan",))
AFTER = Task(id="after", agent="after", depends_on=("scan",))


def scanner(name: str, prior: float, **how: Any) -> FakeAgent:
    return FakeAgent(name, skills=["thing-scan"], description="scans things", prior=prior, **how)


def run(home: Path, *agents: FakeAgent, tasks: tuple[Task, ...] = (SCAN, AFTER), **settings: Any) -> RunResult:
    async def main() -> RunResult:
        everything = [*agents, FakeAgent("after", output="after"), AllowAll()]
        async with Genesis.open(home, extend=everything, trust={"AllowAll": "security"}, settings=settings,
                                block=("agents",)) as genesis:
            report = await genesis.plan(Goal(text="scan", workspace=str(home)), graph=TaskGraph(tasks=tasks))
            return await (await genesis.start(report)).result()

    return asyncio.run(main())


def test_the_runner_up_does_what_the_first_agent_failed_at(tmp_path: Path) -> None:
    first, second = scanner("first", 0.9, error=ToolError("no")), scanner("second", 0.5, output="seen")
    result = run(tmp_path, first, second)
    assert result.state is RunState.COMPLETED
    assert (result.tasks["scan"].output, result.tasks["scan"].attempt, first.seen) == ("seen", 2, ["scan"])
    assert result.tasks["after"].state is TaskState.COMPLETED


def test_each_who_can_do_it_is_tried_once_and_then_it_has_failed(tmp_path: Path) -> None:
    agents = [scanner(name, prior, error=ToolError(name)) for name, prior in (("a", 0.9), ("b", 0.6), ("c", 0.3))]
    result = run(tmp_path, *agents)
    assert result.state is RunState.FAILED and result.tasks["after"].state is TaskState.SKIPPED
    assert [agent.seen for agent in agents] == [["scan"]] * 3


def test_who_lacks_the_skill_does_not_get_it(tmp_path: Path) -> None:
    other = FakeAgent("other", skills=["other-scan"], description="scans the things, all things")
    result = run(tmp_path, scanner("first", 0.9, error=ToolError("no")), other)
    assert result.state is RunState.FAILED and other.seen == []


def test_who_needs_a_model_does_not_get_it_where_there_is_none(tmp_path: Path) -> None:
    second = scanner("second", 0.5, needs_model=True)
    assert run(tmp_path, scanner("first", 0.9, error=ToolError("no")), second).state is RunState.FAILED
    assert second.seen == []


def test_the_agent_that_the_author_chose_stays(tmp_path: Path) -> None:
    second = scanner("second", 0.5)
    chosen = SCAN.replace(agent="first")
    result = run(tmp_path, scanner("first", 0.9, error=ToolError("no")), second, tasks=(chosen, AFTER))
    assert result.state is RunState.FAILED and second.seen == []


def test_what_is_forbidden_stays_forbidden(tmp_path: Path) -> None:
    second = scanner("second", 0.5)
    assert run(tmp_path, scanner("first", 0.9, error=AccessDenied("no")), second).state is RunState.FAILED
    assert second.seen == []


def test_the_journal_says_who_failed_and_who_took_over(tmp_path: Path) -> None:
    result = run(tmp_path, scanner("first", 0.9, error=ToolError("no")), scanner("second", 0.5))
    genesis = Genesis.open(tmp_path)
    changed = genesis.verify(result.run_id).changes[0]
    assert (changed.kind, changed.actor, changed.task_id) == (EventKind.PATCHED, "aop", "scan")
    plan = genesis.record(result.run_id).plan
    assert plan is not None
    why = plan.assigned["scan"].reasons
    assert [reason.rule for reason in why[:2]] == ["change", "required-skills"] and "in place of 'first'" in why[0].text
    assert "first" not in dict(plan.assigned["scan"].alternatives)
    assert changed.data["reason"] == "'first' failed at it (tool_error); 'second' can do it, too"


@pytest.mark.parametrize("state", [TaskState.COMPLETED, TaskState.BLOCKED, TaskState.REJECTED, TaskState.SKIPPED])
def test_only_a_failure_is_handed_on(tmp_path: Path, state: TaskState) -> None:
    async def report() -> Any:
        async with Genesis.open(tmp_path, extend=[scanner("first", 0.9), scanner("second", 0.5)]) as genesis:
            return await genesis.plan(Goal(text="scan", workspace=str(tmp_path)), graph=TaskGraph(tasks=(SCAN,)))

    plan = asyncio.run(report()).plan
    error = None if state is TaskState.COMPLETED else TaskError.of(ToolError("no"))
    context: Any = None  # it is not looked at
    assert genesis_revise(plan, (), TaskResult(task_id="scan", state=state, error=error), context) is None


def test_a_task_that_the_validator_told_more_keeps_its_reasons_and_its_runner_up(tmp_path: Path) -> None:
    first, second = scanner("first", 0.9, error=ToolError("no")), scanner("second", 0.5, output="seen")

    async def main() -> tuple[Any, RunResult]:
        async with Genesis.open(tmp_path, extend=[first, second, AllowAll()], trust={"AllowAll": "security"},
                                block=("agents",)) as genesis:
            goal = Goal(text="scan the things of report-42.csv", workspace=str(tmp_path))
            report = await genesis.plan(goal, graph=TaskGraph(tasks=(SCAN,)))
            return report, await (await genesis.start(report)).result()

    report, result = asyncio.run(main())
    (given,) = report.plan.assignments
    assert report.revisions == 1 and "report-42.csv" in report.plan.graph["scan"].description
    assert given.reasons[0].rule == "required-skills" and given.alternatives[0][0] == "second"
    assert result.state is RunState.COMPLETED and result.tasks["scan"].output == "seen"


def test_what_an_authors_metadata_says_of_others_hands_nothing_on(tmp_path: Path) -> None:
    second = scanner("second", 0.5)
    chosen = SCAN.replace(agent="first", metadata={"aop.handed-on": {"tried": [], "next": ["second"]}})
    result = run(tmp_path, scanner("first", 0.9, error=ToolError("no")), second, tasks=(chosen, AFTER))
    assert result.state is RunState.FAILED and second.seen == []


def test_a_runner_up_that_is_not_here_is_passed_over(tmp_path: Path) -> None:
    third = scanner("third", 0.5, output="seen")

    class Router:
        @hookimpl
        def genesis_route(self, tasks: Any) -> list[Assignment]:
            others = (("gone", 0.8), ("third", 0.7))
            return [Assignment(task_id=t.id, agent="first", reasons=(Reason(rule="r", score=0.9, alternatives=others),))
                    for t in tasks]

    async def main() -> RunResult:
        agents = [scanner("first", 0.9, error=ToolError("no")), third, Router(), AllowAll()]
        async with Genesis.open(tmp_path, extend=agents, trust={"AllowAll": "security"}, block=("agents",)) as genesis:
            graph = TaskGraph(tasks=(SCAN.replace(requires=()),))
            report = await genesis.plan(Goal(text="scan", workspace=str(tmp_path)), graph=graph)
            return await (await genesis.start(report)).result()

    assert asyncio.run(main()).state is RunState.COMPLETED and third.seen == ["scan"]
