"""Outcomes of earlier runs move what is expected of an agent with a model; few of them move nothing, and say so."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Acceptance,
    AgentCard,
    Assignment,
    Budget,
    Estimate,
    Goal,
    Input,
    Level,
    Message,
    ModelReply,
    ModelRequest,
    Plan,
    PlanContext,
    Task,
    TaskContext,
    TaskGraph,
    TaskOutcome,
    Tier,
    Usage,
)
from genesis_core.testing import FakeAgent, ScriptedModel, context_for, open_genesis
from genesis_daao import genesis_estimate
from genesis_daao._choice import work_quality
from genesis_daao._difficulty import difficulty
from genesis_daao._learned import ENOUGH, Learned, learn
from genesis_daao._work import asks, hardness, steps

TIERS = {"small": Tier.CHEAP, "large": Tier.STRONG}
CARD = AgentCard(name="coder", prior=0.85)
PRICES = {"small": Decimal("0.00000005"), "large": Decimal("0.000005")}
WORK = Task(id="a", description="Read the three tables, join them on the key of the customer, and chart what each paid",
            requires=("chart",))


def outcome(number: int = 0, **more: Any) -> TaskOutcome:
    given = {"agent": "coder", "model": "small", "skills": ("chart",), "checked": True, "tokens": 1000,
             "output_tokens": 100, "seconds": 2.0}
    return TaskOutcome(run=f"r{number}", task="t", **{**given, **more})


def wrong(**more: Any) -> TaskOutcome:
    return outcome(state="failed", code="not_accepted", category="validation", **more)


def history(count: int, shift: float, seed: int = 1, **more: Any) -> list[TaskOutcome]:
    """Outcomes of a model that is better or worse by *shift* in log-odds than its kind."""
    chance, found = random.Random(seed), []
    tier = TIERS[more.get("model", "small")]
    for _ in range(count):
        hard = 0.05 + 0.7 * chance.random()
        p = work_quality(hard, tier)
        right = chance.random() < 1 / (1 + math.exp(-math.log(p / (1 - p)) - shift))
        found.append((outcome if right else wrong)(difficulty=hard, **more))
    return found


def context(outcomes: list[TaskOutcome], **more: Any) -> PlanContext:
    kept = tuple(outcomes)

    def price(model: str, asked: int, answered: int) -> Decimal:
        return PRICES[model] * (asked + answered)

    return replace(context_for(agents=(CARD,)), models=("large", "small"), price=price, outcomes=lambda: kept, **more)


def estimate(where: PlanContext, task: Task = WORK) -> Estimate:
    plan = Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=(task,)),
                assignments=(Assignment(task_id=task.id, agent=CARD.name),))
    found = genesis_estimate(task, CARD, plan, where)
    assert found is not None
    return found


# ---- what is learned ---------------------------------------------------------------------------------------------


def test_below_thirty_outcomes_everything_is_the_prior_and_the_estimate_says_so() -> None:
    few = [wrong(model=m) for m in TIERS for _ in range(ENOUGH - 1)]
    before, after = estimate(context([])), estimate(context(few))
    assert after.replace(reason="") == before.replace(reason="")
    assert "29 checked outcomes" in after.reason and "30 are needed" in after.reason
    assert "0 checked outcomes" in before.reason and before.confidence < 0.5


def test_enough_outcomes_move_quality_confidence_and_reason() -> None:
    many = [*history(200, -1.5, model="large"), *history(200, 1.5, model="small")]
    before, after = estimate(context([])), estimate(context(many))
    assert (before.model, after.model) == ("large", "small")
    assert after.confidence > 0.85 and after.reason == "learned (v1) from 200 checked outcomes of coder with small"
    assert after.quality is not None and after.quality > work_quality(after.difficulty, Tier.CHEAP)


@pytest.mark.parametrize("shift", [-2.0, -0.7, 0.0, 0.7])
def test_the_truth_behind_many_outcomes_is_found(shift: float) -> None:
    found = learn(history(2000, shift), TIERS).right["coder", "small"]
    assert found == pytest.approx(shift, abs=0.2)


def test_what_is_expected_after_learning_is_what_happens() -> None:
    """Calibration on outcomes that were not learned from, over tenths of difficulty together: below 0.05."""
    for shift in (-1.5, 0.8):
        known, fresh = learn(history(300, shift), TIERS), history(4000, shift, seed=2)
        expected = [known.quality("coder", "small", work_quality(o.difficulty, Tier.CHEAP)) for o in fresh]
        bins: dict[int, list[tuple[float, bool]]] = {}
        for p, o in zip(expected, fresh, strict=True):
            bins.setdefault(int(o.difficulty * 10), []).append((p, o.done))
        error = sum(abs(sum(p - done for p, done in found)) for found in bins.values()) / len(fresh)
        prior = abs(sum(work_quality(o.difficulty, Tier.CHEAP) - o.done for o in fresh)) / len(fresh)
        assert error < 0.05 < prior


def test_the_order_of_outcomes_changes_nothing() -> None:
    found = history(120, -1.0) + history(120, 0.5, model="large")
    mixed = list(found)
    random.Random(3).shuffle(mixed)
    assert learn(found, TIERS) == learn(mixed, TIERS)


def test_an_agent_with_few_outcomes_takes_what_is_known_of_the_model() -> None:
    known = learn(history(100, -2.0, agent="other"), TIERS)
    assert known.quality("other", "small", 0.7) < known.quality("coder", "small", 0.7) < 0.5
    assert "whoever asked it" in known.reason("coder", "small")


def test_an_agent_is_drawn_to_its_model_and_further_with_more_outcomes() -> None:
    others = history(300, 0.0, agent="other")
    shifts = [learn(others + history(n, -2.0), TIERS).right["coder", "small"] for n in (40, 400)]
    assert -2.2 < shifts[1] < shifts[0] < 0


def test_unchecked_completions_do_not_make_a_model_right() -> None:
    assert not learn([outcome(checked=False)] * 200, TIERS).right
    assert learn([outcome(checked=False)] * 200, TIERS).quality("coder", "small", 0.7) == 0.7


def test_what_does_not_come_to_an_end_lowers_what_is_expected() -> None:
    failing = [outcome(checked=False)] * 50 + [outcome(checked=False, degraded=True)] * 50
    assert learn(failing, TIERS).quality("coder", "small", 0.7) == pytest.approx(0.7 * 60 / 110)
    denied = [outcome(checked=False)] * 50 + [outcome(state="failed", category="security", checked=False)] * 50
    assert learn(denied, TIERS).quality("coder", "small", 0.7) == 0.7


def test_tokens_and_seconds_are_those_that_the_agent_took() -> None:
    known = learn([outcome(tokens=9000, output_tokens=1000, seconds=40.0)] * 90, TIERS)
    assert known.tokens("coder", 1000, 500) == (round((10 * 1000 + 90 * 8000) / 100), round((10 * 500 + 90000) / 100))
    assert known.seconds("coder", "small", 5.0) == pytest.approx((50 + 90 * 40) / 100)
    assert known.seconds("coder", "large", 20.0) == pytest.approx((200 + 90 * 40) / 100)  # of the agent, whatever model
    assert (known.tokens("other", 1, 2), known.seconds("other", "small", 5.0)) == ((1, 2), 5.0)


def test_learned_tokens_count_in_the_cost_and_within_a_budget() -> None:
    long = [outcome(tokens=50_000, output_tokens=5_000, model=m) for m in TIERS for _ in range(50)]
    dear = estimate(context(long))
    assert dear.tokens > 10 * estimate(context([])).tokens
    within = estimate(context(long, budget=Budget(max_cost=Decimal("0.05"))))
    assert within.model == "small" and within.cost is not None and within.cost <= Decimal("0.05")


def test_nothing_known_is_nothing_learned() -> None:
    assert learn([], TIERS) == Learned() and learn([outcome(model="")] * 99, TIERS) == Learned()


def test_a_certain_outcome_keeps_the_shift_finite() -> None:
    for found in ([outcome(difficulty=0.9)] * 500, [wrong(difficulty=0.0)] * 500):
        assert abs(learn(found, TIERS).right["coder", "small"]) < 10


def test_real_runs_teach_the_next_plan(tmp_path: Path) -> None:
    """Thirty runs in which the cheap model's results did not pass; the next plan begins with the strong one."""
    question = ModelRequest(messages=(Message(role="user", text="q"),))
    task = WORK.replace(agent="coder", accept=Acceptance(output=("/total",)))

    async def work(task: Task, context: TaskContext) -> Any:
        said = (await context.ask(question)).text
        return context.result({"total": 1} if said == "right" else {}, level=Level.MODEL)

    class Priced(ScriptedModel):
        def price(self, asked: int, answered: int) -> Decimal:
            return {"small": Decimal("0.0000016"), "large": Decimal("0.000004")}[self.name] * (asked + answered)

    def reply(text: str) -> ModelReply:
        return ModelReply(text=text, usage=Usage(tokens=900, output_tokens=90, cost=Decimal(0), model_calls=1))

    async def scenario() -> list[Estimate]:
        import genesis_daao

        small = Priced(*[reply("wrong")] * ENOUGH, name="small")
        large = Priced(*[reply("right")] * ENOUGH, name="large")
        given = (FakeAgent("coder", work=work), large, small, genesis_daao)
        found = []
        async with open_genesis(tmp_path, *given) as genesis:
            for _ in range(ENOUGH + 1):
                report = await genesis.plan("g", workspace=tmp_path, graph=TaskGraph(tasks=(task,)))
                found.append(report.plan.estimates[0])
                if len(found) <= ENOUGH:
                    result = await (await genesis.start(report)).result()
                    assert result.exit_code == 0, (len(found), found[-1].escalate, result.tasks["a"].error)
        return found

    found = asyncio.run(scenario())
    assert {(e.model, e.escalate) for e in found[:-1]} == {("small", ("large",))}
    assert (found[-1].model, found[-1].escalate) == ("large", ()) and "learned (v1) from 30" in found[-1].reason


# ---- how hard work is --------------------------------------------------------------------------------------------


def test_a_bare_question_is_judged_by_its_words_and_work_by_its_steps() -> None:
    question = Task(id="a", description="What is 2 + 2?")
    assert asks(question) and hardness(question, CARD) == difficulty(question.description)
    assert asks(Task(id="a", description="The capital of France is\nA. Paris\nB. Rome"))
    assert not asks(question.replace(requires=("count",))) and not asks(Task(id="a", description="Chart the sales"))


def test_more_steps_inputs_tools_and_a_worse_agent_make_work_harder() -> None:
    one = Task(id="a", description="Chart the sales", requires=("chart",))
    base = hardness(one, CARD)
    assert base < hardness(WORK, CARD)
    assert base < hardness(one.replace(inputs={"x": Input(task="b", output="")}), CARD)
    assert base < hardness(one.replace(requires=("chart", "sum", "sort")), CARD)
    assert base < hardness(one, CARD.replace(tools=("one", "two", "three")))
    assert base < hardness(one, CARD.replace(prior=0.6)) and base < hardness(one, CARD.replace(tier=Tier.STRONG))
    assert hardness(one, CARD.replace(tier=Tier.CHEAP)) < base


def test_any_task_has_a_difficulty() -> None:
    for text in ("", "\x00", "word " * 10_000, "ü"):
        for prior in (0.0, 0.5, 1.0):
            task = Task(id="a", description=text, requires=("x",))
            assert 0 < hardness(task, CARD.replace(prior=prior)) < 1 and steps(task) >= 1
