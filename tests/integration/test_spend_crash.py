"""A crash neither forgets what a run has spent on models nor counts it twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from genesis_core import EventKind
from genesis_core.testing import open_genesis

DRIVER = Path(__file__).with_name("spend_driver.py")
MOST, PAID, LIMIT, TASKS = Decimal("0.05"), Decimal("0.02"), Decimal("1.50"), 30


def drive(home: Path, *what: object) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    command = [sys.executable, str(DRIVER), str(home), str(home.parent / "bill"), *map(str, what)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def billed(home: Path) -> Counter[str]:
    bill = home.parent / "bill"
    return Counter(bill.read_text().split()) if bill.exists() else Counter()


def spent(home: Path) -> Decimal:
    cost = open_genesis(home).record("last").usage.cost
    assert cost is not None
    return cost


@pytest.mark.parametrize("boundary", [
    f"{when}:{kind}" for when in ("append", "before", "after") for kind in ("model.asked", "model.answered")
] + ["asked"])
@pytest.mark.parametrize("count", [1, 7])
def test_a_crash_neither_forgets_nor_double_counts_what_was_spent(tmp_path: Path, boundary: str, count: int) -> None:
    home = tmp_path / "home"
    died = drive(home, "start", boundary, count)
    assert died.returncode == -9, died.stderr
    run_id = died.stdout.split()[0]
    events = open_genesis(home).events(run_id)
    answered = {e.task_id for e in events if e.kind is EventKind.MODEL_ANSWERED}
    open_calls = {e.task_id for e in events if e.kind is EventKind.MODEL_ASKED} - answered
    at_crash = spent(home)
    assert at_crash == PAID * len(answered) + MOST * len(open_calls), "what has no answer counts at its most"
    assert set(billed(home)) <= answered | open_calls, "every call that cost something was on record before"
    ended = drive(home, run_id)
    assert ended.returncode == 0 and ended.stdout.split()[1] == "completed", ended.stderr
    done = {e.task_id for e in events if e.kind is EventKind.TASK_DONE}
    again = {task for task, times in billed(home).items() if times > 1}
    assert not again & done, "no recorded task asked again"
    asked_later = Counter(e.task_id for e in open_genesis(home).events(run_id)[len(events):]
                          if e.kind is EventKind.MODEL_ANSWERED)
    assert spent(home) == at_crash + PAID * sum(asked_later.values())
    assert PAID * sum(billed(home).values()) <= spent(home) <= LIMIT
