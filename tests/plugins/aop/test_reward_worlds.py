"""Rewards in worlds whose truth is known: a short form of ``benchmarks/rewards.py``."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import rewards as bench  # noqa: E402

from genesis_aop.rewards.facts import Try  # noqa: E402
from genesis_aop.rewards.fading import half_life_of  # noqa: E402
from genesis_aop.rewards.known import FIXED, Weights  # noqa: E402
from genesis_aop.rewards.learn import rewards_of  # noqa: E402
from genesis_aop.rewards.measures import calibration_error, fitted, pairwise  # noqa: E402
from genesis_aop.rewards.success import interval, learned  # noqa: E402
from genesis_aop.rewards.weights import shares, weights_of  # noqa: E402

WORLDS = {world.name: world for world in bench.WORLDS}


def figures(name: str, runs: int, seeds: Sequence[int]) -> Mapping[str, float]:
    rows = [bench.judged(replace(WORLDS[name], runs=runs), seed, 200) for seed in seeds]
    return {key: fmean(row[key] for row in rows) for key in rows[0]}


@pytest.mark.parametrize(("name", "runs"), [
    ("many", 150), ("difficulty drifts", 200), ("agents hang together", 150), ("unbalanced", 150),
    ("money runs out", 200),
])
def test_what_is_learned_is_calibrated_and_ranks_later_plans_better_than_the_fixed_score(name: str, runs: int) -> None:
    found = figures(name, runs, (11, 12))
    assert found["error_learned"] < 0.05 and found["error_learned"] < found["error_cards"]
    assert found["ranked as used"] > found["ranked fixed"]


def test_half_lives_are_for_agents_that_change_and_not_for_tasks_that_grow_harder() -> None:
    def half_life(**more: float) -> int | None:
        drawn = bench.Drawn(replace(WORLDS["many"], runs=200, **more), random.Random("half"))
        history = [drawn.run(n, n / 200) for n in range(200)]
        tries = bench.tries_of([o for found, _, _ in reversed(history) for o in found], drawn.cards)
        return half_life_of(tries, {name: card.prior for name, card in drawn.cards.items()})

    assert half_life() is None
    assert half_life(drift=3.0) is not None
    assert half_life(slope=-4.0) is None


def test_weights_find_the_term_that_tells_and_stay_fixed_where_none_does() -> None:
    lot = random.Random(5)
    rows = [(lot.random(), lot.random(), lot.random(), lot.random()) for _ in range(400)]
    found = weights_of(rows, [float(row[1] > 0.5) for row in rows])
    assert found[1] > 0.6 and min(found) >= 0 and sum(found) == pytest.approx(1)
    chance = weights_of(rows[:40], [float(lot.random() < 0.5) for _ in range(40)])
    assert all(abs(a - b) < 0.15 for a, b in zip(chance, FIXED, strict=True))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 90), st.sampled_from([0.0, 0.1, 0.5, 0.97, 1.0]),
       st.sampled_from([0.0, 0.5, 1.0]))
def test_any_history_teaches_something_sound_and_the_same(seed: int, count: int, good: float, card: float) -> None:
    lot = random.Random(seed)
    parts = [bench.Part(lot.choice("abc"), lot.choice([("",), ("x",), ("x", "y"), ()]), lot.random())
             for _ in range(count)]
    tries = [Try(f"r{n // lot.randint(1, 4):03}", p.agent, p.skills, lot.random() < good, False, p.difficulty)
             for n, p in enumerate(parts)]
    tries.sort(key=lambda t: t.run)
    done = [bench.Done(f"r{n:03}", tuple(parts[n : n + 2]), lot.random(), *(lot.random() for _ in range(4)))
            for n in range(count)]
    cards = dict.fromkeys("abc", card)
    found = rewards_of(tries, done, cards)
    assert found == rewards_of(tries, done, cards)
    for known in (*found.success.agents, *found.success.pairs):
        assert 0 <= known.low <= known.estimate <= known.high <= 1
    assert all(0 <= found.success.of(part, card) <= 1 for part in parts)


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=4))
def test_shares_are_none_below_0_and_1_together(factors: list[float]) -> None:
    found = shares(factors)
    assert Weights(used=True, why="", learned=found).learned == found
    assert sum(found) == pytest.approx(1, abs=1e-9) and min(found) >= 0


def test_an_agent_with_few_tries_is_drawn_to_its_other_work_and_one_with_many_hardly() -> None:
    tries = [Try(f"r{n:03}", "a", ("scan",), n % 10 < 9) for n in range(200)]
    tries += [Try(f"r{n:03}", "a", ("chart",), False) for n in range(3)]
    found = learned(sorted(tries), {"a": 0.5}).by_pair
    assert abs(found["a", "scan"].estimate - 0.9) < 0.03
    chart = found["a", "chart"]
    assert chart.toward > 0.8 and 0.1 < chart.estimate < chart.toward
    assert chart.high - chart.low > found["a", "scan"].high - found["a", "scan"].low


def test_tries_that_share_the_luck_of_their_run_count_for_fewer() -> None:
    together = [Try(f"r{n:03}", "a", ("scan",), n % 2 == 0) for n in range(40) for _ in range(5)]
    apart = [Try(f"r{n:03}", "a", ("scan",), random.Random(n).random() < 0.5) for n in range(200)]
    both = [learned(tries, {"a": 0.5}) for tries in (together, apart)]
    assert both[0].alike > 0.9 and both[1].alike == 0.0
    assert both[0].by_pair["a", "scan"].counted < 50 < both[1].by_pair["a", "scan"].counted


def test_what_foretells_nothing_is_not_used() -> None:
    """The cards were right until the last runs, in which the past is of no use at all."""
    tries = [Try(f"r{n:03}", "a", ("scan",), n < 150) for n in range(300)]
    found = rewards_of(tries, [], {"a": 0.5})
    assert not found.success.used and "worse than the cards" in found.success.why
    assert found.chance(bench.Part("a", ("scan",)), bench.AgentCard(name="a", prior=0.5), 0.5) == 0.5
    assert found.weights_in_force == FIXED and "are needed" in found.weights.why


def test_an_interval_holds_nine_tenths_of_a_beta_distribution() -> None:
    lot = random.Random(1)
    for up, down in ((0.5, 2.0), (3.0, 3.0), (40.0, 4.0), (900.0, 100.0)):
        low, high = interval(up, down)
        drawn = [lot.betavariate(up, down) for _ in range(4_000)]
        assert abs(fmean(low <= x <= high for x in drawn) - 0.9) < 0.025


def test_measures_by_hand() -> None:
    assert pairwise([1, 2, 3], [0, 0.5, 1]) == 1.0 and pairwise([1, 1], [0, 1]) == 0.5
    assert pairwise([1, 2], [1, 1]) is None
    assert calibration_error([0.8] * 100, [1.0, 0.0, 1.0, 0.0, 1.0] * 20) == pytest.approx(0.2)
    assert calibration_error([0.25] * 20, [0.25] * 20) == 0.0
    found = fitted([(1.0, x / 10) for x in range(-20, 21)], [float(x > 0) for x in range(-20, 21)],
                   centre=(0.0, 0.0), spread=(10.0, 10.0), least=(-10.0, 0.5))
    assert found[1] > 3 and abs(found[0]) < 1
