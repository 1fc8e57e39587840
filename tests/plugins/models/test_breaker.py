"""What keeps failing is left alone: exactly when, for how long, and how it is trusted again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from genesis_core import DependencyDown, GenesisError, Message, ModelError, ModelRequest
from genesis_models._breaker import Breaker, RetryBudget, State

ASKED = ModelRequest(messages=(Message(role="user", text="hello"),))


def breaker_of(clock: Any, **given: Any) -> Breaker:
    return Breaker(clock=clock, **given)


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = breaker_of(clock)
    for _ in range(5):
        breaker.failed(breaker.enter())
    return breaker


def test_it_opens_after_exactly_five_failures_in_a_row() -> None:
    breaker = breaker_of(Clock())
    states = []
    for _ in range(5):
        breaker.failed(breaker.enter())
        states.append(breaker.state)
    assert states == [State.CLOSED] * 4 + [State.OPEN]
    assert breaker.enter() == 0


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = breaker_of(Clock())
    for _ in range(3):
        for _ in range(4):
            breaker.failed(breaker.enter())
        breaker.answered(breaker.enter())
    assert breaker.state is State.CLOSED


def test_what_says_nothing_is_counted_as_neither() -> None:
    breaker = breaker_of(Clock())
    for _ in range(4):
        breaker.failed(breaker.enter())
    for _ in range(10):
        breaker.dropped(breaker.enter())
    assert breaker.state is State.CLOSED
    breaker.failed(breaker.enter())
    assert breaker.state is State.OPEN


def test_it_lets_one_probe_through_after_a_minute_and_no_second_one() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 59.9
    assert breaker.enter() == 0
    clock.now = 60.0
    assert [bool(breaker.enter()) for _ in range(50)] == [True] + [False] * 49


def test_two_answers_close_it_and_one_does_not() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 60.0
    breaker.answered(breaker.enter())
    assert breaker.state is State.PROBING
    breaker.answered(breaker.enter())
    assert breaker.state is State.CLOSED


def test_a_probe_that_fails_opens_it_for_another_minute() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 60.0
    breaker.failed(breaker.enter())
    clock.now = 119.0
    assert breaker.enter() == 0
    clock.now = 120.0
    assert breaker.enter()


def test_a_probe_that_is_cancelled_makes_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 60.0
    breaker.dropped(breaker.enter())
    assert breaker.enter()


def test_an_answer_that_comes_late_does_not_close_it() -> None:
    clock = Clock()
    breaker = breaker_of(clock)
    late = breaker.enter()
    for _ in range(5):
        breaker.failed(breaker.enter())
    breaker.answered(late)
    assert breaker.state is State.OPEN
    clock.now = 60.0
    probe = breaker.enter()
    breaker.answered(late)
    assert breaker.state is State.PROBING
    assert breaker.enter() == 0
    breaker.answered(probe)
    assert breaker.enter()


def test_retries_come_back_with_time_and_never_more_than_there_were() -> None:
    clock = Clock()
    budget = RetryBudget(capacity=3, per_second=0.5, clock=clock)
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]
    clock.now = 2.0
    assert [budget.take() for _ in range(2)] == [True, False]
    clock.now = 1000.0
    assert budget.left == 3


# ---- in front of a service ---------------------------------------------------------------------------------------


async def outcomes(model: Any, times: int) -> list[Exception | str]:
    async def once() -> Exception | str:
        try:
            return str((await model.complete(ASKED)).text)
        except GenesisError as error:
            return error

    return list(await asyncio.gather(*(once() for _ in range(times))))


def test_a_service_that_is_down_gets_exactly_five_requests(lab: Any, service: str, run: Any) -> None:
    lab.tune(attempts=1)
    lab.server.fail(500, times=None)
    model = lab.model(service)
    errors = [run(outcomes(model, 1))[0] for _ in range(8)]
    assert len(lab.server.requests) == 5
    assert [type(e) for e in errors] == [ModelError] * 5 + [DependencyDown] * 3
    assert "is left alone" in errors[-1].message
    assert "60 s more" in errors[-1].message
    assert errors[-1].hint == "wait 60 s, then genesis run --again RUN asks again where no model answered"
    assert errors[-1].usage.model_calls == errors[-1].usage.cost == 0


def test_one_of_fifty_probes_at_once_goes_through(lab: Any, service: str, run: Any) -> None:
    lab.tune(attempts=1, max_concurrent=50)
    lab.server.fail(500, times=5)
    model = lab.model(service)
    for _ in range(5):
        run(outcomes(model, 1))
    lab.clock.now += 60
    lab.server.delay(0.5).reply("well again", times=None)
    found = run(outcomes(model, 50))
    assert [f for f in found if isinstance(f, str)] == ["well again"]
    assert sum("one request is trying it" in f.message for f in found if isinstance(f, DependencyDown)) == 49
    assert len(lab.server.requests) == 6
    assert run(outcomes(model, 1)) == ["well again"]
    assert lab.resilience.health()["status"] == "ok"


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_rate_limits_and_wrong_requests_leave_it_closed(lab: Any, service: str, run: Any, status: int) -> None:
    lab.tune(attempts=1)
    lab.server.fail(status, times=None, retry_after=0)
    model = lab.model(service)
    for _ in range(7):
        run(outcomes(model, 1))
    assert len(lab.server.requests) == 7
    assert lab.resilience.health()["status"] == "ok"


def test_a_cancelled_question_counts_as_neither(lab: Any, service: str, run: Any) -> None:
    lab.server.delay(0.5, times=None)
    model = lab.model(service)

    async def cancelled() -> None:
        for _ in range(6):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.complete(ASKED), 0.1)

    run(model._transport())
    run(cancelled())
    (state,) = lab.resilience.health()["models"]
    assert (state["state"], state["failures"], state["calls"]) == ("closed", 0, 6)


def test_two_names_of_one_model_share_its_breaker(lab: Any, run: Any) -> None:
    lab.tune(attempts=1)
    lab.server.fail(500, times=None)
    for name in ("a", "b", "a", "b", "a", "b"):
        run(outcomes(lab.model("openai", name), 1))
    assert len(lab.server.requests) == 5
    assert run(outcomes(lab.model("openai", model="gpt-4.1"), 1))
    assert len(lab.server.requests) == 6


def test_health_shows_who_is_left_alone(lab: Any, run: Any) -> None:
    lab.server.fail(500, times=None, provider="openai")
    run(outcomes(lab.model("anthropic"), 1))
    for _ in range(2):
        run(outcomes(lab.model("openai"), 1))
    health = lab.resilience.health()
    assert health["status"] == "degraded"
    assert {m["provider"]: m["state"] for m in health["models"]} == {"openai": "open", "anthropic": "closed"}
    assert {m["provider"]: m["seconds_left"] for m in health["models"]} == {"openai": 60.0, "anthropic": 0.0}


def test_one_provider_gets_so_many_requests_at_a_time(lab: Any, run: Any) -> None:
    lab.tune(max_concurrent=2)
    lab.server.delay(0.2, times=None)
    run(outcomes(lab.model(), 6))
    spans = [(r.started_at, r.ended_at) for r in lab.server.requests]
    assert len(spans) == 6
    assert max(sum(a < end and start < b for a, b in spans) for start, end in spans) <= 4
    assert max(sum(a <= start < b for a, b in spans) for start, _ in spans) <= 2
