"""A task whose agent fails goes to the next one that can do it, and to nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesis_aop import genesis_revise
from genesis_core import (
    AccessDenied,
    EventKind,
    Genesis,
    Goal,
    RunResult,
    RunState,
    Task,
    TaskError,
    TaskGraph,
    TaskResult,
    TaskState,
    ToolError,
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
