"""What a run may take over its life is counted over its life: kill -9 and resume neither forget nor start again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from genesis_core import EventKind, GenesisError, LimitExceeded, RunState, Task, TaskContext, TaskGraph, agent, tool
from genesis_core.testing import open_genesis

DRIVER = Path(__file__).with_name("limits_driver.py")
CRASHES = 3


def command(home: Path, limits: dict[str, Any], *what: object) -> list[str]:
    home.mkdir(exist_ok=True)
    return [sys.executable, str(DRIVER), str(home), json.dumps(limits), *map(str, what)]


def drive(home: Path, limits: dict[str, Any], *what: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(home, limits, *what), capture_output=True, text=True, timeout=120, check=False)


def crashed_and_resumed(home: Path, limits: dict[str, Any], boundary: str) -> tuple[str, Counter[EventKind]]:
    """Crash a run again and again at *boundary*, let it end, and return what it said and how many rows of each kind."""
    run_id = "start"
    for _ in range(CRASHES):
        died = drive(home, limits, run_id, boundary, 1)
        assert died.returncode == -signal.SIGKILL, died.stderr
        run_id = died.stdout.split()[0]
    ended = drive(home, limits, run_id)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[1], Counter(e.kind for e in open_genesis(home).events(run_id))


def test_updates_are_counted_over_the_life_of_a_run(tmp_path: Path) -> None:
    _, rows = crashed_and_resumed(tmp_path, {"max_updates": 5}, "after:graph.patched")
    assert rows[EventKind.PATCHED] == 5
    assert rows[EventKind.PATCH_REFUSED] > 0


def test_tasks_count_that_changes_have_added_and_dropped_again(tmp_path: Path) -> None:
    _, rows = crashed_and_resumed(tmp_path, {"max_tasks": 13 + 4, "max_updates": 100}, "after:graph.patched")
    assert rows[EventKind.PATCHED] == 4
    (refused, *_) = [e for e in open_genesis(tmp_path).events("last") if e.kind is EventKind.PATCH_REFUSED]
    assert "max_tasks = 17" in refused.data["reason"]


@pytest.mark.parametrize(("limit", "kind", "boundary"), [
    ("max_tool_calls", EventKind.TOOL_CALLED, "after:tool.called"),
    ("max_model_calls", EventKind.MODEL_ASKED, "after:model.answered"),
])
def test_calls_are_counted_over_the_life_of_a_run(
    tmp_path: Path, limit: str, kind: EventKind, boundary: str
) -> None:
    said, rows = crashed_and_resumed(tmp_path, {limit: 8}, boundary)
    assert said == f"out_of_budget the run has used up {limit} = 8"
    assert CRASHES < rows[kind] <= 8


def test_money_is_counted_over_the_life_of_a_run(tmp_path: Path) -> None:
    said, rows = crashed_and_resumed(tmp_path, {"max_cost": "0.08"}, "after:model.answered")
    assert said == "out_of_budget the run has used up max_cost = 0.08"
    assert rows[EventKind.MODEL_ASKED] <= 8
    cost = open_genesis(tmp_path).record("last").usage.cost
    assert cost is not None and float(cost) <= 0.08


def alive(home: Path) -> float:
    """Return for how many seconds the driver has said that it lives since the run began."""
    (folder,) = (home / "runs").iterdir()
    rows = open_genesis(home).events("last")  # none yet, where it has only just said which run it is
    try:
        return (datetime.fromisoformat((folder / "alive").read_text()) - rows[0].time).total_seconds()
    except (OSError, ValueError, IndexError):
        return 0.0


def test_time_counts_that_a_killed_driver_spent_after_its_last_row(tmp_path: Path) -> None:
    limits = {"max_seconds": 600}
    with subprocess.Popen(command(tmp_path, limits, "start"), stdout=subprocess.PIPE) as driver:
        assert driver.stdout is not None
        run_id = driver.stdout.readline().decode().strip()
        while alive(tmp_path) < 1.0:
            time.sleep(0.05)
        os.kill(driver.pid, signal.SIGKILL)
    rows = open_genesis(tmp_path).events(run_id)
    written, lived = (rows[-1].time - rows[0].time).total_seconds(), alive(tmp_path)
    assert lived > written
    ended = drive(tmp_path, {"max_seconds": lived * 0.99}, run_id)
    assert ended.stdout.splitlines()[1].startswith("out_of_budget the run has used up max_seconds"), ended.stderr
    assert open_genesis(tmp_path).record(run_id).seconds >= lived


@pytest.mark.parametrize("text", ["", "yesterday", "2999-01-01T00:00:00+00:00", "2001-01-01T00:00:00"])
def test_a_sign_of_life_that_cannot_be_counts_no_more_than_the_clock(tmp_path: Path, text: str) -> None:
    died = drive(tmp_path, {}, "start", "after:task.done", 2)
    run_id = died.stdout.split()[0]
    rows = open_genesis(tmp_path).events(run_id)
    (tmp_path / "runs" / run_id / "alive").write_text(text)
    before = datetime.now(rows[0].time.tzinfo)
    assert drive(tmp_path, {}, run_id).returncode == 0
    resumed = next(e for e in open_genesis(tmp_path).events(run_id) if e.kind is EventKind.RUN_RESUMED)
    written = (rows[-1].time - rows[0].time).total_seconds()
    most = (resumed.time - rows[0].time).total_seconds()
    assert written <= resumed.data["seconds"] <= most
    if "2999" not in text:
        assert resumed.data["seconds"] == written
    assert before < resumed.time


@agent
async def nester(task: Task, context: TaskContext) -> str:
    """Begin a run of its own, as deep as it goes."""
    async with open_genesis(Path(context.workspace) / "inner", nester) as inner:
        try:
            await inner.start(await inner.plan("again", graph=TaskGraph(tasks=(Task(id="n", agent="nester"),))))
        except GenesisError as error:
            return f"{type(error).__name__}: {error.message}"
    return "a run inside a run"


def test_a_task_begins_no_run_whose_counters_would_be_its_own(tmp_path: Path) -> None:
    async def outcome() -> Any:
        async with open_genesis(tmp_path / "home", nester) as genesis:
            graph = TaskGraph(tasks=(Task(id="n", agent="nester"),))
            run = await genesis.start(await genesis.plan("nest", graph=graph, workspace=tmp_path))
            result = await run.result()
            assert result.state is RunState.COMPLETED
            return result.tasks["n"].output

    said = asyncio.run(outcome())
    assert said.startswith(f"{LimitExceeded.__name__}: a task of run ")
    assert not (tmp_path / "inner" / "runs").exists()


@tool(effect="read")
def how_deep(home: str) -> str:
    """Try to begin a run from a tool."""
    async def begin() -> str:
        async with open_genesis(home, nester, settings={"limits": {"max_depth": 1}}) as genesis:
            try:
                await genesis.start(await genesis.plan("x", graph=TaskGraph(tasks=(Task(id="n", agent="nester"),))))
            except LimitExceeded as error:
                return error.message
        return "it began"

    return asyncio.run(begin())


@agent(tools=[how_deep])
async def deep(task: Task, context: TaskContext) -> str:
    """Let a tool begin a run."""
    said: str = await context.call(how_deep, home=f"{context.workspace}/inner")
    return said


def test_runs_stand_below_the_tools_of_each_other_only_so_deep(tmp_path: Path) -> None:
    async def outcome() -> Any:
        async with open_genesis(tmp_path / "home", deep) as genesis:
            graph = TaskGraph(tasks=(Task(id="d", agent="deep"),))
            run = await genesis.start(await genesis.plan("nest", graph=graph, workspace=tmp_path))
            return (await run.result()).tasks["d"]

    result = asyncio.run(outcome())
    assert result.output == "1 runs stand inside each other; at most 1 may", result.error
