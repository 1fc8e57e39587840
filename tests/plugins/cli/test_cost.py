"""``genesis cost``: the sums of a run's model calls, and what the strong model would have cost for the same tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from genesis_cli._spending import PLANNING, spending
from genesis_cli.cost import _lines
from genesis_core import EventKind, RunEvent


def answered(seq: int, task: str, model: str, cost: str | None, tokens: int, out: int, **more: Any) -> RunEvent:
    usage = {"tokens": tokens, "output_tokens": out, "model_calls": 1, "cost": cost}
    return RunEvent(run_id="r", seq=seq, time=datetime.now(UTC), kind=EventKind.MODEL_ANSWERED, actor=f"of-{task}",
                    task_id=task, attempt=1, data={"model": model, "usage": usage, "seconds": 0.5, **more})


def test_calls_are_summed_by_task_agent_and_model() -> None:
    found = spending([
        answered(1, "", "big", "0.10", 100, 20), answered(2, "a", "small", "0.01", 50, 10),
        answered(3, "a", "big", "0.20", 200, 40, error="timed_out"), answered(4, "b", "small", "0.02", 60, 5),
    ])
    assert {name: (p.calls, p.cost) for name, p in found.tasks.items()} == {
        PLANNING: (1, Decimal("0.10")), "a": (2, Decimal("0.21")), "b": (1, Decimal("0.02"))}
    assert {name: p.cost for name, p in found.models.items()} == {"big": Decimal("0.30"), "small": Decimal("0.03")}
    assert set(found.agents) == {PLANNING, "of-a", "of-b"}
    assert (found.total.input_tokens, found.total.output_tokens, found.total.failed) == (335, 75, 1)


def test_a_saving_is_on_the_same_tokens_and_unknown_where_a_price_is() -> None:
    found = spending([answered(1, "a", "small", "0.10", 300, 100)])
    assert found.saving(lambda i, o: Decimal(i) / 1000 + Decimal(o) * 2 / 1000) == (Decimal("0.4"), pytest.approx(0.75))
    assert found.saving(lambda i, o: None) is None
    assert spending([answered(1, "a", "m", None, 300, 100)]).saving(lambda i, o: Decimal(1)) is None
    assert spending([answered(1, "a", "m", None, 3, 1), answered(2, "a", "m", "1", 3, 1)]).total.cost is None


@pytest.mark.parametrize(("paid", "against", "free", "why"), [
    ("0.1", "lab", True, "lab is free; name one that is not: --strong NAME"),
    ("0.1", "lab", False, "the price of lab is not known"),
    ("0.1", None, False, "no configured model has a known price; name one: --strong NAME"),
    (None, "big", False, "what the run cost is not known"),
])
def test_a_saving_that_is_not_known_says_what_is_missing(
    paid: str | None, against: str | None, free: bool, why: str
) -> None:
    lines = list(_lines(spending([answered(1, "a", "m", paid, 300, 100)]), against, None, free))
    assert lines[-1] == f"saved  unknown: {why}"
