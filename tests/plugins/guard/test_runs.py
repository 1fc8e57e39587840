"""The guard in a run: what an agent may do through its context, and what stops it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Genesis,
    Goal,
    RunResult,
    RunState,
    SettingsError,
    Task,
    TaskContext,
    TaskGraph,
    agent,
    tool,
)

OTHERS = ("agents", "aop", "eval", "halo", "htdag")


@tool(effect="send", inline=True)
def post(text: str) -> str:
    """Post a text."""
    return "posted"


@tool(effect="write", inline=True)
def stamp(text: str) -> str:
    """Change something."""
    return "stamped"


@tool(effect="read", inline=True)
def count(files: list[Path]) -> int:
    """Count files."""
    return len(files)


@agent(skills=["look"], tools=[count])
async def looker(task: Task, context: TaskContext) -> Any:
    text = await context.read("a.txt")
    await context.write("copy.txt", text)
    return await context.call(count, files=list(context.files()))


@agent(skills=["post"], tools=[post])
async def poster(task: Task, context: TaskContext) -> Any:
    return await context.call(post, text="secret")


@agent(skills=["stamp"], tools=[stamp])
async def stamper(task: Task, context: TaskContext) -> Any:
    return await context.call(stamp, text="x")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    return folder


def run(who: str, workspace: Path, *, yes: bool = False, settings: dict[str, Any] | None = None) -> RunResult:
    async def go() -> RunResult:
        home = workspace.parent / "home"
        genesis = Genesis.open(home, extend=[looker, poster, stamper], block=OTHERS, settings=settings)
        async with genesis:
            graph = TaskGraph(tasks=(Task(id="t", agent=who),))
            report = await genesis.plan(Goal(text="look", workspace=str(workspace)), workspace=workspace, graph=graph)
            started = await genesis.start(report, yes=yes)
            return await started.result()

    return asyncio.run(go())


def test_reading_writing_artefacts_and_harmless_tools_need_no_settings(workspace: Path) -> None:
    result = run("looker", workspace)
    assert result.state is RunState.COMPLETED and result.tasks["t"].output == 1


def test_a_tool_that_sends_is_refused_with_the_rule_that_did_it(workspace: Path) -> None:
    result = run("poster", workspace, yes=True)
    error = result.tasks["t"].error
    assert result.state is RunState.FAILED and error is not None
    assert "default-deny" in f"{error.message} {error.cause}"


def test_a_tool_that_writes_waits_for_a_person(workspace: Path) -> None:
    assert run("stamper", workspace).state is RunState.WAITING
    assert run("stamper", workspace, yes=True).state is RunState.COMPLETED


def test_a_section_of_the_settings_keeps_files_from_being_read(workspace: Path) -> None:
    rules = [{"id": "no-text", "verbs": ["read"], "resources": ["**/*.txt"], "decision": "deny"}]
    result = run("looker", workspace, settings={"policy": {"rules": rules}})
    error = result.tasks["t"].error
    assert error is not None and "no-text" in f"{error.message} {error.cause}"


def test_the_operator_may_allow_what_the_built_in_policy_leaves_to_a_person(workspace: Path) -> None:
    rules = [{"id": "stamps", "verbs": ["call"], "resources": ["stamp"], "decision": "allow"}]
    assert run("stamper", workspace, settings={"policy": {"rules": rules}}).state is RunState.COMPLETED


def test_genesis_does_not_open_with_a_section_that_says_nothing_it_knows(workspace: Path) -> None:
    with pytest.raises(SettingsError, match="holds .allow."):
        run("looker", workspace, settings={"policy": {"allow": ["stamp"]}})
