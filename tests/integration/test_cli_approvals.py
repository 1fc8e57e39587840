"""``genesis approvals``: every action by itself, shown as it is, in every run that can go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from genesis_core import (
    Genesis,
    GenesisError,
    Goal,
    Label,
    Run,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    Trust,
    agent,
    tool,
)

PAID: list[str] = []
ODD = "ann\u200b  and\u00adbob\U000e0041\u3164 \u2800"


@tool(effect="write", inline=True, label=Label(Trust.USER))
def pay(to: str) -> str:
    """Pay somebody."""
    PAID.append(to)
    return "paid"


@agent(skills=["x"], tools=[pay])
async def payer(task: Task, context: TaskContext) -> str:
    """Pay all that its words name, at the same time."""
    names = task.inputs["names"].value
    await asyncio.gather(*(context.call(pay, to=name) for name in names), return_exceptions=True)
    return "done"


@agent(skills=["y"], tools=[pay])
async def patient(task: Task, context: TaskContext) -> None:
    """Pay, and go on for long."""
    await context.call(pay, to="eve")
    await asyncio.sleep(60)


def opened(shell: Any) -> Genesis:
    blocked = ("agents", "aop", "eval", "halo", "htdag", "daao", "models")
    return Genesis.open(shell.home, extend=[payer, patient], block=blocked)


async def started(genesis: Genesis, shell: Any, *tasks: Task, **options: Any) -> Run:
    report = await genesis.plan(Goal(text="pay", workspace=str(shell.folder)), graph=TaskGraph(tasks=tasks))
    return await genesis.start(report, **options)


def waiting(shell: Any, names: Sequence[str]) -> str:
    """Return the run in which a task waits to pay all of them."""

    async def told() -> str:
        async with opened(shell) as genesis:
            task = Task(id="t", agent="payer", inputs={"names": {"value": list(names)}})
            result = await (await started(genesis, shell, task)).result()
            assert result.state is RunState.WAITING
            return result.run_id

    return asyncio.run(told())


def commands(said: str, word: str = "grant") -> list[list[str]]:
    return [line.split()[2:] for line in said.splitlines() if f"genesis approvals {word} " in line]


def test_each_action_has_a_yes_of_its_own(shell: Any) -> None:
    waiting(shell, ["ann", "bob"])
    first, second = commands(shell("approvals").stdout)
    assert first != second and first[-2] == "--action"
    assert shell(*first).returncode == 0
    assert [a["arguments"] for a in shell.json("approvals")["data"]["approvals"]] == [{"to": "bob"}]


def test_a_yes_to_more_than_one_action_is_refused_and_a_no_is_not(shell: Any) -> None:
    run = waiting(shell, ["ann", "bob"])
    refused = shell("approvals", "grant", run, "t")
    assert refused.returncode == 2 and "2 actions of task 't' wait" in refused.stderr
    assert len(shell.json("approvals")["data"]["approvals"]) == 2
    assert shell("approvals", "deny", run, "t").returncode == 0
    assert shell.json("approvals")["data"]["approvals"] == []


def test_what_is_not_seen_is_shown_and_nothing_collapses(shell: Any) -> None:
    waiting(shell, [ODD])
    shown = next(line for line in shell("approvals").stdout.splitlines() if line.strip().startswith("to = "))
    assert shown.strip() == r'to = "ann\u200b  and\xadbob\U000e0041\u3164 \u2800"'


def test_a_run_that_ended_otherwise_is_listed_too_and_what_yes_covered_is_not(shell: Any) -> None:
    async def told(task: Task, **options: Any) -> str:
        async with opened(shell) as genesis:
            run = await started(genesis, shell, task, Task(id="u", agent="patient"), **options)
            async for event in run:
                if event.kind == "action.decided" and event.task_id == "t":
                    break
            await run.cancel()
            return run.id

    names = {"names": {"value": ["ann"]}}
    canceled = asyncio.run(told(Task(id="t", agent="payer", inputs=names)))
    covered = asyncio.run(told(Task(id="t", agent="patient"), yes=True))
    shown = shell.json("approvals")["data"]["approvals"]
    assert ("t", canceled) in {(a["task_id"], a["run_id"]) for a in shown}
    assert covered not in {a["run_id"] for a in shown}


def test_a_damaged_run_hides_no_other_one(shell: Any) -> None:
    broken, good = waiting(shell, ["ann"]), waiting(shell, ["bob"])
    (shell.home / "runs" / broken / "journal.db").write_bytes(b"")
    done = shell("approvals")
    assert done.returncode == 0 and good in done.stdout and broken in done.stderr


def test_a_program_says_yes_to_one_action_at_a_time_too(shell: Any) -> None:
    run = waiting(shell, ["ann", "bob"])

    async def told() -> None:
        async with opened(shell) as genesis:
            with pytest.raises(GenesisError, match="a yes is to one of them"):
                await genesis.records.approve(run, "t", granted=True)

    asyncio.run(told())
