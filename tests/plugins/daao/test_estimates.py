"""The hook: silent without a model, difficulty from the text alone, models by price, a plan as a whole in a budget."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import genesis_daao
from genesis_core import (
    Acceptance,
    AgentCard,
    Assignment,
    Budget,
    Estimate,
    Goal,
    Plan,
    PlanContext,
    SettingsError,
    Task,
    TaskGraph,
)
from genesis_core.testing import EstimateContract, context_for
from genesis_daao import genesis_estimate
from genesis_daao._difficulty import difficulty, gain_of, group, scale
from genesis_daao._features import read, shape
from genesis_daao._optimise import optimise

EASY = "What is the capital of France?\nA. Paris\nB. Rome\nC. Oslo\nD. Bern\nAnswer:"
HARD = (
    "Scenario 1 | I told my friend that I would help him move, and then I went to the beach. Scenario 2 | I took the "
    "seat of an old man on the bus. For which of these is what I did clearly morally wrong?\nA. Wrong, Wrong\n"
    "B. Wrong, Not wrong\nC. Not wrong, Wrong\nD. Not wrong, Not wrong\nAnswer:"
)
CARD = AgentCard(name="anyone")
PRICES = {"small": Decimal("0.0000002"), "large": Decimal("0.00002")}


def price(model: str, asked: int, answered: int) -> Decimal | None:
    return PRICES[model] * (asked + answered) if model in PRICES else None


def context(*models: str, **more: Any) -> PlanContext:
    return replace(context_for(agents=(CARD,)), models=models, price=price, **more)


def plan_of(*tasks: Task) -> Plan:
    given = tuple(Assignment(task_id=t.id, agent=CARD.name) for t in tasks)
    return Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=tasks), assignments=given)


def estimate(task: Task, where: PlanContext, plan: Plan | None = None) -> Estimate:
    found = genesis_estimate(task, CARD, plan or plan_of(task), where)
    assert found is not None
    return found


class TestContract(EstimateContract):
    hook = genesis_estimate
    tasks = (Task(id="a", description=EASY), Task(id="b"))


def test_without_a_model_it_has_no_opinion() -> None:
    assert genesis_estimate(Task(id="a", description=HARD), CARD, plan_of(Task(id="a")), context()) is None


def test_without_a_model_nothing_learned_is_read() -> None:
    code = (
        "import sys, genesis_daao\nfrom genesis_core import Task\n"
        "class C: models = ()\n"
        "assert genesis_daao.genesis_estimate(Task(id='a'), None, None, C()) is None\n"
        "assert not [m for m in sys.modules if m.startswith('genesis_daao.') or m == 'numpy']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_without_a_price_gets_a_difficulty_and_no_cost() -> None:
    found = estimate(Task(id="a", description=HARD), context("unheard-of"))
    assert found.difficulty == difficulty(HARD) and found.cost is None and found.model == ""


def test_the_hard_question_gets_the_strong_model_and_the_easy_one_the_cheap() -> None:
    where = context("large", "small")
    assert difficulty(EASY) < difficulty(HARD)
    assert estimate(Task(id="a", description=EASY), where).model == "small"
    found = estimate(Task(id="a", description=HARD), where)
    assert found.model == "large" and found.cost == price("large", found.tokens, 0) and found.quality


def test_a_model_that_the_operator_mapped_to_the_roles_of_tasks_is_not_replaced() -> None:
    task, models = Task(id="a", description=EASY), ("large", "small")
    both = {"orchestrate": ("large",), "code": ("large",), "judge": models}
    assert estimate(task, context(*models, roles=both)).model == "large"
    differing = {"orchestrate": ("large",), "code": ("small",)}
    assert estimate(task, context(*models, roles=differing)).model == ""


def test_a_model_that_comes_first_is_not_passed_over_because_its_price_is_unknown() -> None:
    task = Task(id="a", description=HARD)
    assert estimate(task, context("lab", "large", "small")).model == ""
    assert estimate(task, context("lab", "large", "small", budget=Budget(max_cost=Decimal(1)))).model == "large"


def test_a_task_with_a_check_tries_the_cheap_model_first() -> None:
    task = Task(id="a", description=HARD, accept=Acceptance(output=("/total",)))
    found = estimate(task, context("large", "small"))
    assert (found.model, found.escalate) == ("small", ("large",))


def test_a_price_that_a_plugin_offers_counts() -> None:
    offered = {"price": {"gift": {"input_per_token": Decimal(0), "output_per_token": Decimal("1e-6")}}}
    found = estimate(Task(id="a", description=EASY), context("gift", offers=offered))
    assert found.model == "gift" and found.cost is not None and 0 < found.cost < Decimal("0.001")


def test_under_a_budget_the_strong_model_goes_where_it_gains_most() -> None:
    tasks = (Task(id="easy", description=EASY), Task(id="hard", description=HARD), Task(id="too", description=EASY))
    plan = plan_of(*tasks)
    free = sum((estimate(t, context("small")).cost or Decimal(0) for t in tasks), Decimal(0))
    one = estimate(tasks[1], context("large")).cost or Decimal(0)
    where = context("large", "small", budget=Budget(max_cost=free + one), settings={"daao": {"worth": 100}})
    found = [estimate(t, where, plan) for t in tasks]
    assert [e.model for e in found] == ["small", "large", "small"]
    assert sum(e.cost or 0 for e in found) <= free + one


def test_what_is_left_of_a_budget_is_shared_by_the_tasks_that_are_left() -> None:
    tasks = (Task(id="done", description=HARD), Task(id="left", description=HARD))
    plan = plan_of(*tasks).replace(estimates=(Estimate(task_id="done", model="large"),))
    cost = estimate(tasks[1], context("large")).cost
    where = context("large", "small", budget=Budget(max_cost=cost), settings={"daao": {"worth": 100}})
    assert estimate(tasks[1], where, plan).model == "large"


def test_a_worth_that_is_no_amount_is_refused() -> None:
    with pytest.raises(SettingsError, match="an amount in US dollars"):
        estimate(Task(id="a"), context("small", settings={"daao": {"worth": "much"}}))


# ---- the scorer ------------------------------------------------------------------------------------------------------


def test_every_text_has_a_difficulty_and_the_same_one_again() -> None:
    for text in ("", "\x00", "ü" * 30_000, "A.\nB.", "$" * 999, "1,2.3" * 500, EASY):
        difficulty.cache_clear()
        first = difficulty(text)
        difficulty.cache_clear()
        assert 0 < first < 1 and difficulty(text) == first


def test_difficulty_rises_with_gain_and_leads_back_to_it() -> None:
    assert [gain_of(scale(g)) for g in (-0.4, 0.0, 0.5)] == pytest.approx([-0.4, 0.0, 0.5])
    assert scale(-0.4) < scale(0.0) < scale(0.5)


def test_a_text_belongs_to_one_group_however_it_is_spaced() -> None:
    assert group("a  b\n", 5) == group("a b", 5)
    assert {group(str(n), 5) for n in range(100)} == set(range(5))


def test_a_question_without_answers_has_all_features_too() -> None:
    assert list(shape(read(EASY))) == list(shape(read("Add a button"))) and not read("A. one").offers_answers


def test_the_weights_name_their_data_and_their_script() -> None:
    data = json.loads((Path(genesis_daao.__file__).parent / "weights.json").read_text(encoding="utf-8"))
    assert data["features"] == list(shape(read(""))) and (data["seed"], data["variant"]) == (0, "shape+words")
    assert (Path(__file__).parents[3] / data["script"]).is_file() and len(data["sha256"]) == 64


def test_no_tasks_cost_nothing() -> None:
    assert optimise([], Decimal(0)).chosen == ()
