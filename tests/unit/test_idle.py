"""What is written while nobody drives a run is not the run's time, and asking what counts changes no record."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Budget, EventKind, RunEvent, RunState, Task, TaskGraph, Usage
from genesis_core._fold import RunRecord, fold
from genesis_core._life import lived
from genesis_core.testing import FakeAgent, open_genesis

BEGAN = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
GRAPH = TaskGraph(tasks=(Task(id="a", agent="w"),))


class Clock:
    """Goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def crashed(home: Path, clock: Clock) -> Path:
    """Leave a run whose driver died before the last row, as a crash does, and return its folder."""

    async def main() -> str:
        async with open_genesis(home, FakeAgent("w"), clock=clock) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=home, graph=GRAPH))
            await run.result()
            return run.id

    folder = home / "runs" / asyncio.run(main())
    with closing(sqlite3.connect(folder / "journal.db")) as db, db:
        db.execute("DELETE FROM rows WHERE kind = 'run.finished'")
    for path in (folder / "head", folder / "alive", home / "index.db"):
        path.unlink(missing_ok=True)
    return folder


def test_a_run_that_lay_for_hours_before_it_was_cancelled_has_its_budget_of_time_left(tmp_path: Path) -> None:
    clock = Clock()
    folder = crashed(tmp_path, clock)

    async def main() -> tuple[float, RunState]:
        async with open_genesis(tmp_path, FakeAgent("w"), clock=clock) as genesis:
            clock.now += timedelta(hours=10)
            assert await genesis.cancel(folder.name) is RunState.CANCELED
            seconds = lived(genesis.record(folder.name), folder)
            run = await genesis.resume(folder.name, budget=Budget(max_seconds=3600))
            return seconds, (await run.result()).state

    seconds, state = asyncio.run(main())
    assert 0 < seconds < 60
    assert state is RunState.COMPLETED


def test_an_answer_hours_after_a_crash_is_not_the_runs_time(tmp_path: Path) -> None:
    folder = crashed(tmp_path, Clock())
    events = open_genesis(tmp_path).events(folder.name)
    last = events[-1]
    said: dict[str, Any] = {"action": "0" * 64, "granted": True}
    answer = RunEvent(run_id=last.run_id, seq=last.seq + 1, time=last.time + timedelta(hours=10), actor="user",
                      kind=EventKind.APPROVED, task_id="a", data=said)
    later = RunEvent(run_id=last.run_id, seq=last.seq + 2, time=last.time + timedelta(hours=11),
                     kind=EventKind.RUN_RESUMED, data={})
    assert fold([*events, answer]).until == last.time
    assert fold([*events, answer, later]).seconds == (last.time - events[0].time).total_seconds()


@pytest.mark.parametrize(("budget", "counts"), [
    (None, None), (Budget(max_seconds=9), None), (Budget(max_cost=Decimal(5)), Decimal(2)),
])
def test_what_is_known_counts_once_a_sum_was_stated_and_looking_changes_nothing(
    budget: Budget | None, counts: Decimal | None
) -> None:
    record = RunRecord("r", known=Decimal(2), pending={("a", "q"): [Usage(model_calls=1, cost=None)]})
    assert record.stands is None and not record.from_known
    record.stated(budget)
    assert record.stands == counts
    assert record.money == ({} if counts is None else {"from_known": True})


def test_a_bounded_cost_is_its_most_whatever_is_stated() -> None:
    record = RunRecord("r", known=Decimal(2), pending={("a", "q"): [Usage(model_calls=1, cost=Decimal(1))]})
    record.stated(Budget(max_cost=Decimal(5)))
    assert record.stands == Decimal(3) and not record.from_known
