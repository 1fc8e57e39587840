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
from genesis_aop.rewards.fading import calibration_of, half_life_of  # noqa: E402
from genesis_aop.rewards.known import Weights  # noqa: E402
from genesis_aop.rewards.learn import rewards_of  # noqa: E402
from genesis_aop.rewards.measures import calibration_error, fitted, pairwise  # noqa: E402
from genesis_aop.rewards.success import interval, learned  # noqa: E402
from genesis_aop.rewards.terms import FIXED  # noqa: E402
from genesis_aop.rewards.weights import shares, weights_of  # noqa: E402

WORLDS = {world.name: world for world in bench.WORLDS}


def figures(name: str, runs: int, seeds: Sequence[int]) -> Mapping[str, float]:
    rows = [bench.judged(replace(WORLDS[name], runs=runs), seed, 200) for seed in seeds]
    return {key: fmean(row[key] for row in rows) for key in rows[0]}


def lucky(chances: Mapping[str, float], runs: int, tasks: int, luck: float, seed: int) -> list[Try]:
    """Return runs of so many *tasks* an agent, whose tries share the luck of their run as often as *luck* says."""
    lot, found = random.Random(seed), []
    for run in range(runs):
        for agent, chance in chances.items():
            good = lot.random()
            drawn = [good if lot.random() < luck else lot.random() for _ in range(tasks)]
            found += [Try(f"r{run:04}", agent, ("scan",), value < chance, True) for value in drawn]
    return found


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


def test_one_of_four_half_lives_is_seldom_chosen_by_chance() -> None:
    found = [half_life_of(lucky(dict.fromkeys("abcd", 0.7), 60, 1, 0.0, seed), dict.fromkeys("abcd", 0.7))
             for seed in range(40)]
    assert sum(value is not None for value in found) <= 1


@pytest.mark.parametrize("chances", [dict.fromkeys("abcd", 0.7), {"a": 0.9, "b": 0.8, "c": 0.65, "d": 0.5}])
@pytest.mark.parametrize(("runs", "tasks", "luck"), [(12, 25, 0.9), (24, 10, 0.9), (40, 25, 0.7), (60, 10, 0.9)])
def test_estimates_are_not_mapped_for_the_luck_that_runs_share(
        chances: Mapping[str, float], runs: int, tasks: int, luck: float) -> None:
    """Where tries counted as independent, a map that made it worse was let in in a third to all of such histories."""
    cards = dict.fromkeys(chances, 0.7)
    mapped = [learned(lucky(chances, runs, tasks, luck, seed), cards).calibration for seed in range(100, 104)]
    assert sum(found is not None for found in mapped) <= 1


def test_estimates_that_are_too_sure_are_mapped_and_keep_their_order() -> None:
    lot = random.Random(4)
    tries = [Try(f"r{n:03}", agent, ("scan",), lot.random() < 0.6) for n in range(150) for agent in "ab"]

    def sure(_: Sequence[Try], later: Sequence[Try]) -> list[tuple[float, float]]:
        return [(0.97 if t.agent == "a" else 0.2, 0.0) for t in later]

    found = calibration_of(tries, sure)
    assert found is not None and found(0.2, 0.0) < found(0.97, 0.0) < 0.9


def test_no_run_is_cut_in_two_between_what_teaches_and_what_is_foretold() -> None:
    lot, asked = random.Random(4), list[tuple[set[str], set[str]]]()
    tries = [Try(f"r{n:03}", "a", ("scan",), lot.random() < 0.6) for n in range(50) for _ in range(lot.randint(1, 20))]

    def noted(before: Sequence[Try], later: Sequence[Try]) -> list[tuple[float, float]]:
        asked.append(({t.run for t in before}, {t.run for t in later}))
        return [(0.6, 0.0) for _ in later]

    calibration_of(tries, noted)
    assert len(asked) == 7 and all(before and later and max(before) < min(later) for before, later in asked)


@pytest.mark.parametrize("later", [1, 5])
def test_learned_success_is_not_used_before_ten_later_runs_have_tried_it(later: int) -> None:
    tries = [Try("r000", "a", ("scan",), False)] * 40 + [Try(f"r{n:03}", "a", ("scan",), True) for n in range(1, later)]
    found = rewards_of([*tries, Try("r900", "a", ("scan",), True)], [], {"a": 0.9})
    assert not found.success.used and f"too few later runs to try it on: {later}," in found.success.why
    assert found.tasks_held_out.count == later
    cards, past = found.tasks_held_out.ways
    assert past.log_loss is not None and cards.log_loss is not None and past.log_loss > cards.log_loss


def test_one_later_run_of_many_tasks_is_one_run() -> None:
    """The cards promise too much; three hundred tasks of a single lucky run do not prove them right."""
    lot = random.Random(2)
    tries = [Try(f"r{n:03}", "a", ("scan",), lot.random() < 0.6) for n in range(149)]
    tries += [Try("r149", "a", ("scan",), True)] * 300
    found = rewards_of(tries, [], {"a": 0.9})
    cards, past = found.tasks_held_out.ways
    assert cards.log_loss is not None and past.log_loss is not None and past.log_loss > cards.log_loss + 0.1
    assert found.success.used and "as well as the cards, as far as so few can tell" in found.success.why


def test_whether_plans_are_foretold_by_learned_success_is_decided_before_they_are_seen() -> None:
    """Only the last block speaks for it; so the plans of that block are still foretold as the cards say."""
    lot, tries = random.Random(2), list[Try]()
    for n in range(60):
        good = n % 10 < (8 if n < 20 else 4) or n >= 50
        tries += [Try(f"r{n:03}", "a", ("scan",), good)] * (40 if n >= 50 else 1)
        tries += [Try(f"r{n:03}", "b", ("scan",), lot.random() < 0.5)]
    runs = [bench.Done(f"r{n:03}", (bench.Part("ab"[n % 2], ("scan",)),), 1.0, lot.random(), 0.1, 0.1, lot.random())
            for n in range(60)]
    found = rewards_of(tries, runs, {"a": 0.5, "b": 0.5})
    fixed, past, _ = found.runs_held_out.ways
    assert found.success.used and past.way == "learned success"
    assert past.replace(way="fixed") == fixed


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
    assert found.success.chance(bench.Part("a", ("scan",)), 0.5) == 0.5
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
