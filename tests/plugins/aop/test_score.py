"""The score of a plan and its terms."""

from __future__ import annotations

import math
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis_aop import genesis_validate
from genesis_core import AgentCard, Assignment, Estimate, Goal, Plan, PlanContext, Score, Task, TaskGraph

CARDS = tuple(AgentCard(name=n, prior=p) for n, p in [("bad", 0.0), ("fair", 0.7), ("good", 0.9), ("sure", 1.0)])
WORDS = ["scan the code", "profile the tables", "write a report", "bake 2 cakes", ""]


def plan(*rows: tuple[str | None, float, str | None, float], goal: str = "work", left: tuple[str, ...] = ()) -> Plan:
    """Rows of agent, fit, cost in dollars, seconds."""
    tasks = tuple(Task(id=f"t{n}", description=f"{WORDS[n % 5]} {n}") for n in range(len(rows)))
    given = tuple(Assignment(task_id=f"t{n}", agent=r[0], score=r[1]) for n, r in enumerate(rows) if r[0])
    estimates = tuple(
        Estimate(task_id=f"t{n}", cost=None if r[2] is None else Decimal(r[2]), seconds=r[3])
        for n, r in enumerate(rows) if r[0]
    )
    return Plan(goal=Goal(text=goal), graph=TaskGraph(tasks=tasks), assignments=given, estimates=estimates,
                not_understood=left)


def score(plan: Plan) -> Score:
    context = PlanContext(goal=plan.goal, agents=CARDS)
    (found,) = [item for item in genesis_validate(plan, context) if isinstance(item, Score)]
    return found


def test_the_value_is_the_sum_of_its_terms_with_their_weights() -> None:
    found = score(plan(("good", 0.8, "0.10", 60), ("fair", 0.6, "0", 0)))
    assert math.isclose(found.success, math.sqrt(0.9 * 0.7), abs_tol=1e-6)
    assert math.isclose(found.quality, 0.7, abs_tol=1e-6)
    assert (found.cost, found.time) == (0.25, 0.25)
    value = 0.4 * found.success + 0.3 * found.quality + 0.2 * (1 - found.cost) + 0.1 * (1 - found.time)
    assert math.isclose(found.value, value, abs_tol=2e-6)


def test_a_plan_of_fifty_good_tasks_scores_what_one_does() -> None:
    row = ("good", 0.9, "0.01", 5.0)
    assert score(plan(*[row] * 50)) == score(plan(row))


def test_one_hopeless_task_does_not_hide_forty_nine_good_ones() -> None:
    rows = [("good", 0.9, "0", 1.0)] * 49
    assert 0.7 < score(plan(*rows, ("bad", 0.9, "0", 1.0))).success < 0.9
    assert 0.85 < score(plan(*rows, (None, 0, None, 0))).success < 0.9


def test_better_agents_better_fit_less_money_and_less_time_score_higher() -> None:
    base = score(plan(("fair", 0.5, "0.05", 10))).value
    for better in (("good", 0.5, "0.05", 10), ("fair", 0.6, "0.05", 10), ("fair", 0.5, "0.04", 10),
                   ("fair", 0.5, "0.05", 9)):
        assert score(plan(better)).value > base


def test_an_unknown_cost_counts_half() -> None:
    assert score(plan(("good", 1.0, None, 0))).cost == 0.5


def test_words_that_nobody_understood_lower_the_quality() -> None:
    row = ("good", 1.0, "0", 0.0)
    full = score(plan(row, goal="scan the code and frobnicate the wibble"))
    half = score(plan(row, goal="scan the code and frobnicate the wibble", left=("frobnicate the wibble",)))
    assert full.quality == 1.0 and half.quality == 0.5 and half.success == full.success


ROWS = st.lists(
    st.tuples(st.sampled_from([None, "bad", "fair", "good", "sure", "stranger"]), st.floats(0, 1),
              st.sampled_from([None, "0", "0.001", "0.5", "70"]), st.floats(0, 1e6)),
    max_size=8,
)


@given(ROWS, st.sampled_from([(), ("bake cakes",), ("work",)]))
def test_every_term_is_between_nothing_and_all(rows: list[tuple[str | None, float, str | None, float]],
                                               left: tuple[str, ...]) -> None:
    found = score(plan(*rows, goal="bake 2 cakes, then work", left=left))
    assert all(0 <= x <= 1 for x in (found.value, found.success, found.quality, found.cost, found.time))


@given(ROWS)
def test_having_every_task_twice_changes_nothing(rows: list[tuple[str | None, float, str | None, float]]) -> None:
    once, twice = score(plan(*rows)), score(plan(*rows, *rows))
    for name in ("value", "success", "quality", "cost", "time"):
        assert math.isclose(getattr(once, name), getattr(twice, name), abs_tol=3e-6)
