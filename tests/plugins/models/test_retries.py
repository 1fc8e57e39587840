"""Trying again: only what cost nothing, as often as allowed, and no sooner than asked."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pydantic_ai.exceptions as ai
import pytest

from genesis_core import Category, DependencyDown, Message, ModelError, ModelRequest, TimedOut
from genesis_models._failures import TABLE, failure_of
from genesis_models._provider import RemoteModel

ASKED = ModelRequest(messages=(Message(role="user", text="one two three"),))


def failing(run: Any, model: Any, asked: ModelRequest = ASKED) -> Any:
    with pytest.raises((ModelError, TimedOut, DependencyDown)) as caught:
        run(model.complete(asked))
    return caught.value


def test_three_tries_and_no_more(lab: Any, service: str, run: Any) -> None:
    lab.server.fail(500, times=None)
    error = failing(run, lab.model(service))
    assert len(lab.server.requests) == error.usage.model_calls == 3
    assert error.usage.cost == 0
    assert "after 3 tries" in error.message


def test_the_usage_of_an_answer_counts_the_tries_before_it(lab: Any, service: str, run: Any) -> None:
    lab.server.fail(500, times=2)
    assert run(lab.model(service).complete(ASKED)).usage.model_calls == 3


@pytest.mark.parametrize(
    ("status", "error", "category"),
    [(400, ModelError, Category.VALIDATION), (401, ModelError, Category.SECURITY), (402, ModelError, Category.RESOURCE),
     (403, ModelError, Category.SECURITY), (404, ModelError, Category.VALIDATION),
     (422, ModelError, Category.VALIDATION)],
)  # fmt: skip
def test_what_cannot_pass_is_tried_once(
    lab: Any, service: str, run: Any, status: int, error: type[Exception], category: Category
) -> None:
    lab.server.fail(status, times=None)
    found = failing(run, lab.model(service))
    assert (type(found), found.category) == (error, category)
    assert len(lab.server.requests) == 1
    assert found.usage.cost == found.usage.tokens == 0
    assert found.message
    assert found.cause
    assert found.hint
    if found.category is Category.SECURITY:
        assert "LAB_KEY" in found.hint
    if status == 404:
        assert "[models.endpoint.lab]" in found.hint


def test_the_next_try_waits_as_long_as_it_is_asked_to(lab: Any, service: str, run: Any) -> None:
    lab.server.rate_limit(retry_after=0.7)
    run(lab.model(service).complete(ASKED))
    first, second = lab.server.requests
    assert second.started_at - first.ended_at >= 0.7


def test_whoever_asks_the_same_model_meanwhile_waits_too(lab: Any, run: Any) -> None:
    lab.tune(attempts=1)
    lab.server.rate_limit(retry_after=0.7)
    failing(run, lab.model("openai", "a"))
    run(lab.model("openai", "b").complete(ASKED))
    first, second = lab.server.requests
    assert second.started_at - first.ended_at >= 0.7


@pytest.mark.parametrize("wait", [30, 61])
def test_a_wait_that_is_too_long_is_not_waited(lab: Any, service: str, run: Any, wait: int) -> None:
    lab.server.rate_limit(retry_after=wait, times=None)
    model = lab.model(service)
    began = time.monotonic()
    seconds = 10 if wait == 30 else 600
    assert "limits the rate" in failing(run, model, ASKED.replace(seconds=seconds)).message
    assert "asked to be left alone" in failing(run, model, ASKED.replace(seconds=seconds)).message
    assert len(lab.server.requests) == 1
    assert time.monotonic() - began < 10


def test_all_questions_share_one_bucket_of_retries(lab: Any, run: Any) -> None:
    lab.tune(retry_budget=3, failures=1000)
    lab.server.fail(500, times=None)
    for _ in range(5):
        failing(run, lab.model())
    assert len(lab.server.requests) == 5 + 3


def test_a_cut_answer_is_not_asked_for_again_here_and_counts_at_its_most(lab: Any, service: str, run: Any) -> None:
    lab.server.truncate(after_chunks=4)
    model = lab.model(service)
    error = failing(run, model)
    assert "cut off" in error.message
    assert len(lab.server.requests) == 1
    assert error.usage == model.most(ASKED).replace(model_calls=1)


def test_a_delay_past_the_limit_is_told_as_a_time_out(lab: Any, service: str, run: Any) -> None:
    lab.server.delay(2)
    model = lab.model(service)
    run(model._transport())
    error = failing(run, model, ASKED.replace(seconds=0.5))
    assert (type(error), error.category) == (TimedOut, Category.NETWORK)
    assert error.usage == model.most(ASKED).replace(model_calls=1)


def test_a_port_where_nobody_listens_is_tried_again_and_costs_nothing(lab: Any, service: str, run: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = failing(run, lab.model(service, url=url))
    assert (type(error), error.category) == (DependencyDown, Category.NETWORK)
    assert "can't be reached" in error.message
    assert (error.usage.model_calls, error.usage.cost) == (3, 0)


def test_cancelling_closes_the_connection(lab: Any, service: str, run: Any) -> None:
    lab.server.stall(after_chunks=4, seconds=20)
    model = lab.model(service)

    async def gave_up() -> None:
        parts = model.stream(ASKED)
        assert await anext(parts)
        await parts.aclose()

    lab.server.reply("one two three four five six")
    run(gave_up())
    began = time.monotonic()
    assert lab.server.requests[0].completed is False
    assert time.monotonic() - began < 10


def test_a_question_that_is_cancelled_stops_being_sent(lab: Any, service: str, run: Any) -> None:
    lab.server.stall(after_chunks=4, seconds=20).reply("one two three four five six")

    async def cancelled() -> None:
        task = asyncio.ensure_future(lab.model(service).complete(ASKED))
        while not lab.resilience.breakers:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert len(lab.server.requests) == 1
    assert lab.server.requests[0].completed is False


# ---- the table ---------------------------------------------------------------------------------------------------


def test_a_class_stands_above_those_that_it_derives_from() -> None:
    for at, (known, _) in enumerate(TABLE):
        hidden = [other.__name__ for other, _ in TABLE[:at] if issubclass(known, other)]
        assert hidden == [], f"{known.__name__} is never reached"


def test_every_failure_that_the_client_library_knows_has_a_row() -> None:
    classes = (found for name in ai.__all__ if isinstance(found := getattr(ai, name), type))
    failures = [found for found in classes if issubclass(found, ai.ModelAPIError)]
    assert len(failures) > 10
    assert [e.__name__ for e in failures if not any(issubclass(e, known) for known, _ in TABLE)] == []


def test_no_row_says_unknown_and_each_way_to_fail_has_its_category() -> None:
    used = {kind.category for _, kind in TABLE}
    assert Category.UNKNOWN not in used
    assert {Category.LLM, Category.NETWORK, Category.RESOURCE, Category.SECURITY, Category.VALIDATION} <= used


def test_what_is_tried_again_cost_nothing() -> None:
    assert [known.__name__ for known, kind in TABLE if kind.again and not kind.unbilled] == []


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError(), AttributeError("x")])
def test_what_nobody_expects_is_no_failure_of_a_model(error: Exception) -> None:
    assert failure_of(error, began=False) is None


def test_a_bug_is_raised_as_it_is(lab: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = lab.model()
    transport = run(model._transport())

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a bug")
        yield

    monkeypatch.setattr(transport, "read", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run(model.complete(ASKED))
    assert lab.resilience.health()["models"][0]["failures"] == 0


def test_an_answer_that_had_begun_is_never_unbilled() -> None:
    error = ai.ModelHTTPError.for_category(ai.ModelOverloadedError, status_code=529, model_name="m")
    assert failure_of(error, began=False).unbilled
    assert not failure_of(error, began=True).unbilled
    assert not failure_of(json.JSONDecodeError("x", "", 0), began=False).unbilled


def test_each_wait_is_longer_than_the_one_before_and_no_two_clients_wait_alike(lab: Any) -> None:
    waits = [[lab.resilience.backoff(n) for n in (1, 2, 3)] for _ in range(200)]
    assert all(a * 1.2 < b and b * 1.2 < c for a, b, c in waits)
    assert len({first for first, *_ in waits}) == 200
    assert all(0 < first <= lab.tuning.backoff_seconds for first, *_ in waits)


def test_a_client_that_is_not_loaded_in_time_has_sent_nothing(
    lab: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(self: RemoteModel) -> Any:
        time.sleep(0.5)
        return None

    monkeypatch.setattr(RemoteModel, "_load", slow)
    error = failing(run, lab.model(), ASKED.replace(seconds=0.1))
    assert (type(error), error.usage.model_calls, error.usage.cost) == (TimedOut, 0, 0)
    assert lab.server.requests == []
