"""What the command line tells of a plan that changed while it ran: who failed, who took over, the graph at any row."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genesis_core import Genesis, Goal, Skill, Task, TaskContext, TaskGraph, ToolError, agent, read_json

SCHEMA = read_json((Path(__file__).parents[2] / "docs/schemas/run.schema.json").read_text("utf-8"))
SCAN = Skill(id="thing-scan", name="Scan things")


@agent(skills=[SCAN], prior=0.9)
async def first(task: Task, context: TaskContext) -> None:
    """Scan things, and fail at it."""
    raise ToolError("the first scanner is broken")


@agent(skills=[SCAN], prior=0.5)
async def second(task: Task, context: TaskContext) -> dict[str, int]:
    """Scan things."""
    return {"things": 3}


@pytest.fixture
def changed(shell: Any) -> str:
    """A run whose first task was handed on, and its id."""
    tasks = (Task(id="scan", description="scan the things", requires=("thing-scan",)),
             Task(id="again", description="scan again", requires=("thing-scan",), depends_on=("scan",), agent="second"))

    async def run() -> str:
        async with Genesis.open(shell.home, extend=[first, second]) as genesis:
            goal = Goal(text="scan twice", workspace=str(shell.folder))
            report = await genesis.plan(goal, graph=TaskGraph(tasks=tasks))
            return (await (await genesis.start(report)).result()).run_id

    return asyncio.run(run())


def test_a_run_tells_the_changes_of_its_plan(shell: Any, changed: str) -> None:
    shown = shell("runs", "show", changed).stdout
    assert "after scan, by aop: ~scan ('first' failed at it (tool_error); 'second' can do it, too)" in shown
    data = shell.json("runs", "show", changed)["data"]
    jsonschema.validate(data, SCHEMA)
    (change,) = data["changes"]
    assert (change["after"], change["by"], change["replaced"], change["refused"]) == ("scan", "aop", ["scan"], False)


def test_the_graph_can_be_seen_as_it_stood_at_any_row(shell: Any, changed: str) -> None:
    row = shell.json("runs", "show", changed)["data"]["changes"][0]["row"]

    def stood(at: int) -> list[list[str]]:
        lines = shell("runs", "show", changed, "--at", str(at)).stdout.splitlines()
        assert f"as it stood after row {at}" in lines
        return [line.split()[1:4] for line in lines if line[2:3] in "✓✗▸·–" and line[:2] == "  " and line[2:3].strip()]

    assert stood(row - 2) == [["scan", "first", "working"], ["again", "second", "submitted"]]
    assert stood(row - 1)[0] == ["scan", "first", "failed"]
    assert stood(row)[0] == ["scan", "second", "submitted"]
    before, after = (shell.json("runs", "show", changed, "--at", str(at))["data"] for at in (row - 1, row))
    assert before["changes"] == [] and len(after["changes"]) == 1
    assert before["plan"]["assignments"][0]["agent"] == "first" and after["plan"]["assignments"] != before["plan"][
        "assignments"]


def test_a_row_that_is_not_there_is_named(shell: Any, changed: str) -> None:
    done = shell("runs", "show", changed, "--at", "4000")
    assert done.returncode == 2 and "has no row 4000" in done.stderr and "cause: its rows are 1 to" in done.stderr
    assert shell("runs", "show", changed, "--at", "0").returncode == 2


def test_explaining_a_task_tells_the_attempts_before(shell: Any, changed: str) -> None:
    told = shell("explain", changed, "scan").stdout
    assert "attempt 1 by first: failed: the first scanner is broken" in told
    assert "by aop after scan: 'first' failed at it (tool_error); 'second' can do it, too" in told
    assert "came to   completed" in told


def test_a_bug_that_somebody_else_put_right_is_told_all_the_same(shell: Any) -> None:
    kit = shell.folder / "kit"
    kit.mkdir()
    (kit / "genesis_plugin_dogs.py").write_text(DOGS, "utf-8")
    info = kit / "genesis_plugin_dogs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genesis-plugin-dogs\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[genesis.plugins]\ndogs = genesis_plugin_dogs\n", "utf-8")
    shell.environment["PYTHONPATH"] += f":{kit}"
    done = shell("run", shell.plan({"id": "herd", "description": "herd the sheep", "requires": ["herding"]}))
    assert done.returncode == 0, done.stderr
    assert "a bug: its traceback is kept in" in done.stderr and "not at the first attempt" in done.stdout
    (kept,) = (shell.home / "crashes").iterdir()
    assert "KeyError" in kept.read_text("utf-8")


DOGS = '''
from genesis_core import Skill, agent, hookimpl

genesis_api = 1
HERDING = Skill(id="herding", name="Herding")

@agent(skills=[HERDING], prior=0.9)
async def first(task, context):
    """Herd sheep, and break."""
    return {}["no such key"]

@agent(skills=[HERDING], prior=0.5)
async def second(task, context):
    """Herd sheep."""
    return {"sheep": 3}

@hookimpl
def genesis_provide():
    return [first, second]
'''
