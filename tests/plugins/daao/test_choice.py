"""Models are chosen by what they are expected to be worth, one by one and over a whole plan."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import Tier
from genesis_daao._choice import Candidate, Option, choose, expected_quality, options, tier_of
from genesis_daao._optimise import optimise

CHEAP = Candidate("small", Tier.CHEAP, Decimal("0.0002"))
STRONG = Candidate("large", Tier.STRONG, Decimal("0.02"))
WAYS = st.lists(
    st.builds(
        lambda cost, value: Option(("m",), Decimal(cost) / 1000, 0.5, value / 64),
        st.integers(0, 400), st.integers(-32, 64),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@pytest.mark.parametrize("difficulty", [0.0, 0.3, 0.7, 1.0])
def test_a_stronger_model_is_never_expected_to_be_worse(difficulty: float) -> None:
    cheap, medium, strong = (expected_quality(difficulty, t) for t in (Tier.CHEAP, Tier.MEDIUM, Tier.STRONG))
    assert 0 <= cheap <= medium <= strong <= 1


def test_prices_are_compared_with_the_dearest() -> None:
    prices = [Decimal(15), Decimal(3), Decimal("0.6")]
    assert [tier_of(p, prices) for p in prices] == [Tier.STRONG, Tier.MEDIUM, Tier.CHEAP]
    assert tier_of(Decimal(0), [Decimal(0)]) is Tier.CHEAP


def test_only_a_hard_task_is_worth_the_strong_model() -> None:
    easy, hard = choose([CHEAP, STRONG], 0.2), choose([CHEAP, STRONG], 0.9)
    assert easy is not None and easy.models == ("small",)
    assert hard is not None and hard.models == ("large",)


def test_a_budget_that_allows_nothing_gives_nothing() -> None:
    assert choose([STRONG], 0.9, budget=Decimal("0.01")) is None


def test_with_a_check_the_cheap_model_is_tried_first_and_both_are_paid() -> None:
    found = choose([CHEAP, STRONG], 0.9, checked=True)
    assert found is not None and found.models == ("small", "large")
    assert CHEAP.cost < found.cost < CHEAP.cost + STRONG.cost
    assert found.quality == expected_quality(0.9, Tier.STRONG)


def best_of_all(tasks: Sequence[Sequence[Option]], budget: Decimal) -> float | None:
    """Try everything."""
    worth = [
        sum(o.value for o in taken) for taken in itertools.product(*tasks)
        if sum((o.cost for o in taken), Decimal(0)) <= budget
    ]  # fmt: skip
    return max(worth, default=None)


@settings(max_examples=300, deadline=None)
@given(st.lists(WAYS, min_size=1, max_size=6), st.integers(0, 1500))
def test_no_choice_within_the_budget_is_worth_more(tasks: list[list[Option]], cents: int) -> None:
    budget = Decimal(cents) / 1000
    found, best = optimise(tasks, budget), best_of_all(tasks, budget)
    if best is None:
        assert not found.within and found.cost == sum(min(o.cost for o in ways) for ways in tasks)
        return
    assert found.within and found.exact and found.gap == 0 and found.cost <= budget
    assert found.value == pytest.approx(best, abs=1e-8)
    assert found.value == sum(ways[at].value for ways, at in zip(tasks, found.chosen, strict=True))


def many(count: int) -> list[tuple[Option, ...]]:
    """Tasks of all lengths and difficulties, four models each."""
    prices = {"a": Decimal("0.15"), "b": Decimal("0.6"), "c": Decimal(3), "d": Decimal(15)}
    found = []
    for number in range(count):
        tokens, difficulty = 300 + number * 7919 % 7000, number * 31 % 100 / 100
        found.append(options(
            [Candidate(n, tier_of(p, prices.values()), p * tokens / 10**6) for n, p in prices.items()], difficulty
        ))  # fmt: skip
    return found


def test_two_hundred_tasks_are_solved_exactly_and_at_once() -> None:
    tasks = many(200)
    began = time.process_time()
    found = optimise(tasks, sum((min(o.cost for o in ways) for ways in tasks), Decimal(0)) * 20)
    assert found.exact and found.within and found.gap == 0
    assert time.process_time() - began < 2  # 5 ms; this only catches an explosion


def test_more_money_is_never_worth_less() -> None:
    tasks = many(60)
    least = sum((min(o.cost for o in ways) for ways in tasks), Decimal(0))
    worth = [optimise(tasks, least * factor).value for factor in range(1, 40, 4)]
    assert worth == sorted(worth) and worth[0] < worth[-1]


def test_what_is_as_hard_as_packing_a_box_comes_with_its_gap() -> None:
    tasks = [
        [Option((str(j),), Decimal(c := (i * 7919 + j * 104729 + i * i * j * 31) % 10**6) / 10**6, 0.5, c / 1e6)
         for j in range(4)]
        for i in range(300)
    ]  # fmt: skip
    found = optimise(tasks, Decimal("150.1234567"))
    assert found.within and found.cost <= Decimal("150.1234567")
    assert found.value <= found.bound <= found.value + 0.01
    assert found.exact or found.gap > 0


def test_a_task_without_options_is_refused() -> None:
    with pytest.raises(ValueError, match="every task needs an option"):
        optimise([[]], Decimal(1))
