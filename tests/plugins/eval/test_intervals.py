"""How sure a score is, and whether a difference is one: by drawing rows anew, and by Wilson's formula for shares."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from genesis_eval import cost_spread, graph_scores, graph_spread, routing, routing_scores
from genesis_eval._intervals import Figures, compared, nested, wilson
from genesis_eval._study import Made
from genesis_eval.cost_scores import score as cost_score
from genesis_eval.cost_scores import thresholds


def mean(values: Sequence[float]) -> Figures:
    def drawn(times: Sequence[int]) -> Mapping[tuple[str, ...], float | None]:
        return {("all", "mean"): sum(v * n for v, n in zip(values, times, strict=True)) / sum(times)}

    return drawn


def test_an_interval_of_a_mean_is_that_of_the_textbook() -> None:
    chance = random.Random(3)
    values = [chance.gauss(10, 2) for _ in range(400)]
    [low, high] = compared(mean(values), None, [range(400)], {}).intervals["all", "mean"]
    middle = sum(values) / 400
    error = (sum((v - middle) ** 2 for v in values) / 400 / 400) ** 0.5
    assert low == pytest.approx(middle - 1.96 * error, abs=0.03)
    assert high == pytest.approx(middle + 1.96 * error, abs=0.03)


def test_a_difference_is_taken_on_the_same_rows() -> None:
    chance = random.Random(4)
    values = [chance.gauss(10, 5) for _ in range(200)]
    spread = compared(mean([v + 0.5 for v in values]), mean(values), [range(200)], {})
    assert spread.differences["all", "mean"] == {"value": 0.5, "interval": [0.5, 0.5]}
    low, high = spread.intervals["all", "mean"]
    assert high - low > 1


def test_rows_are_drawn_within_their_part() -> None:
    values = [0.0] * 30 + [1.0] * 30
    apart = compared(mean(values), None, [range(30), range(30, 60)], {}).intervals["all", "mean"]
    mixed = compared(mean(values), None, [range(60)], {}).intervals["all", "mean"]
    assert apart == [0.5, 0.5] and mixed[0] < 0.45 and mixed[1] > 0.55


def test_few_rows_are_not_drawn_and_shares_have_their_interval_all_the_same() -> None:
    assert compared(mean([1.0] * 9), None, [range(9)], {}).intervals == {}
    found = compared(mean([1.0] * 9), mean([0.0] * 9), [range(9)], {("all", "mean"): 9})
    assert found.intervals["all", "mean"] == pytest.approx([0.7009, 1.0])
    assert found.differences["all", "mean"] == {"value": 1.0, "interval": None}


@pytest.mark.parametrize(("hits", "count", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
])  # fmt: skip
def test_intervals_of_shares_are_those_of_newcombe(hits: int, count: int, low: float, high: float) -> None:
    """The examples of R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    assert wilson(hits / count, count) == pytest.approx((low, high), abs=5e-5)


def test_what_is_found_stands_where_the_scores_stand() -> None:
    assert nested({("a", "b"): 1, ("a", "c"): 2, ("d",): 3}) == {"a": {"b": 1, "c": 2}, "d": 3}


# ---- each row counted once, the figures that are drawn are the scores -----------------------------------------------


def test_graph_figures_are_the_scores() -> None:
    chance, tools = random.Random(5), ["a", "b", "c"]

    def nodes() -> list[dict[str, Any]]:
        return [{"task": tool, "arguments": {"x": chance.choice("12")}} for tool in chance.sample(tools, 2)]

    gold: list[dict[str, Any]] = [
        {"id": str(n), "domain": chance.choice("xy"), "type": "chain", "nodes": nodes(),
         "links": [chance.sample(tools, 2)] if n % 3 else []} for n in range(40)
    ]  # fmt: skip
    made = [{"id": row["id"], "nodes": nodes(), "links": [chance.sample(tools, 2)]} for row in gold[3:]]
    scores, found = graph_scores.score(gold, made), graph_spread.figures(gold, made)([1] * 40)
    assert {path[0] for path in found} == {"x", "y", "all"}
    for (group, name), value in found.items():
        assert value is not None and round(value, 2) == scores[group][name]


def test_routing_figures_are_the_scores_of_the_rows_drawn() -> None:
    gold = [{"id": n, "agent": "ab"[n % 2]} for n in range(20)]
    made = [{"id": n, "ranked": ["a", "c"], "confidence": n / 20, "reason": "r"} for n in range(20)]
    figures = routing._figures(gold, Made(made))
    once, others = figures([1] * 20), figures([2, 0] * 10)
    scores = routing_scores.score(gold, made)
    assert once == {(name,): scores[name] for name in ("top1", "top3", "macro_top1", "coverage_at_92")}
    assert others["top1",] == 1.0


def test_cost_figures_are_the_scores() -> None:
    chance = random.Random(6)
    rows = [{"id": f"r{n}", "dataset": "xy"[n % 2], "strong_correct": str(int(chance.random() < 0.8)),
             "weak_correct": str(int(chance.random() < 0.6))} for n in range(120)]  # fmt: skip
    here, before = rows[:70], rows[70:]
    made = Made(*([{"id": row["id"], "score": round(chance.random(), 1)} for row in part] for part in (here, before)))
    chosen = thresholds(before, made.before)
    scores, found = cost_score(here, made.rows, chosen), cost_spread.figures(here, before, made)([1] * 120)
    for name, part in scores.items():
        for measure in ("cost_reduction", "accuracy_share"):
            assert round(found[name, measure] or 0.0, 4) == part["frozen"][measure]
        assert round(found[name, "router", "cost_reduction_at_95"] or 0, 4) == part["router"]["cost_reduction_at_95"]


def test_rows_of_a_data_set_are_drawn_among_each_other_and_not_with_those_before() -> None:
    rows = [{"dataset": "x"}, {"dataset": "y"}, {"dataset": "x"}]
    assert cost_spread.parts_of(rows, rows[:2]) == [[0, 2], [1], [3], [4]]
