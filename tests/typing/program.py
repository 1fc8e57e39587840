"""A program as somebody who builds on Genesis would write it, under strict types; nothing here is run."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from genesis_core import (
    Budget,
    Genesis,
    GenesisError,
    Label,
    Plan,
    PlanReport,
    Run,
    RunEvent,
    RunResult,
    RunState,
    Task,
    TaskGraph,
    Trust,
    Verdict,
)


async def plan_and_apply(text: str) -> RunState:
    async with Genesis.open("state") as genesis:
        report = await genesis.plan(text, workspace=".")
        assert_type(report, PlanReport)
        assert_type(report.plan, Plan)
        assert_type(report.verdict, Verdict)
        run = await genesis.start(report.plan, budget=Budget(max_cost=Decimal("0.50"), max_seconds=60))
        async for event in run:
            assert_type(event, RunEvent)
        result = await run.result()
        assert_type(result, RunResult)
        return result.state


async def resume(run_id: str) -> int:
    async with Genesis.open("state") as genesis:
        try:
            run: Run = await genesis.resume(run_id)
        except GenesisError as error:
            assert_type(error.hint, str)
            return error.exit_code
        return (await run.result()).exit_code


def values() -> None:
    task = Task(id="a", description="first").replace(description="changed")
    assert_type(task, Task)
    graph = TaskGraph(tasks=(task,))
    assert_type(graph.leaves, tuple[Task, ...])
    assert_type(Label() | Label(Trust.UNTRUSTED), Label)
