"""What the hook looks up: candidates, their prices and their past, and the whole plan when money is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from genesis_core import AgentCard, Estimate, Plan, PlanContext, SettingsError, Task, TaskOutcome, Tier

from ._choice import WORTH, Candidate, Option, choose, expected_quality, options, tier_of, work_quality
from ._learned import Learned, learn
from ._optimise import optimise
from ._work import asks, hardness, steps

__all__ = ["estimated", "expected_tokens", "work_tokens"]

SECONDS: Mapping[Tier, float] = {Tier.CHEAP: 5.0, Tier.MEDIUM: 10.0, Tier.STRONG: 20.0}
"""What an answer of a model of each kind takes, roughly."""
CONFIDENCE, GUESSED = 0.5, 0.3
"""Of a question: learned, but from other work than the user's own. Of work: reasoned, until outcomes are known."""
_SAMPLE = (1000, 500)
"""Tokens that models are compared by."""
_ASKED, _ANSWERED, _HARDER = 600, 200, 800
_LOOP_ASKED, _LOOP_GROWS, _LOOP_ANSWERED, _MOST = 1000, 500, 100, 100_000
"""Of a tool loop, after the one recorded in ``examples/local-model``: four tasks, 3,700 tokens each."""
_ROLES = ("orchestrate", "code")
"""What tasks ask models for; an estimate can't know which of them an agent will ask for."""
_LETTERS = 4
"""Letters a token, roughly."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """The answer for all tasks of one plan, kept while they are asked for one after the other."""

    plan: Plan
    context: PlanContext
    ways: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class _Known:
    """What holds for all tasks of a plan: the kind of each model, and what earlier runs tell."""

    context: PlanContext
    outcomes: Sequence[TaskOutcome]
    tiers: Mapping[str, Tier]
    learned: Learned


_shared: ContextVar[_Shared | None] = ContextVar("genesis_daao_shared", default=None)
_known: ContextVar[_Known | None] = ContextVar("genesis_daao_known", default=None)


def expected_tokens(text: str, hardness: float) -> tuple[int, int]:
    """Return the tokens that go in and come out, roughly: the harder, the more is said."""
    return _ASKED + len(text) // _LETTERS, _ANSWERED + round(_HARDER * hardness)


def work_tokens(text: str, count: float) -> tuple[int, int]:
    """Return the tokens of a tool loop of *count* steps: each question carries those before it, and their answers."""
    calls = 1 + count
    asked = calls * (_LOOP_ASKED + min(len(text), _MOST) // _LETTERS) + _LOOP_GROWS * calls * count / 2
    return round(asked), round(_LOOP_ANSWERED * calls)


@dataclass(frozen=True, slots=True)
class _Case:
    """One task, who does it, and what is expected and known of that."""

    task: Task
    agent: AgentCard
    context: PlanContext

    @property
    def known(self) -> _Known:
        return _known_of(self.context)

    @property
    def hardness(self) -> float:
        return hardness(self.task, self.agent)

    @property
    def tokens(self) -> tuple[int, int]:
        text = self.task.description
        if asks(self.task):
            expected = expected_tokens(text, self.hardness)
        else:
            expected = work_tokens(text, steps(self.task))
        return self.known.learned.tokens(self.agent.name, *expected)

    def quality(self, candidate: Candidate) -> float:
        """What is known of who does it with that model, or else expected."""
        expected = expected_quality if asks(self.task) else work_quality
        prior = expected(self.hardness, candidate.tier)
        return self.known.learned.quality(self.agent.name, candidate.model, prior)

    @property
    def worth(self) -> Decimal:
        """One that asks for several skills is worth as much as a task for each: how a goal is cut changes nothing."""
        return _worth(self.context) * max(1, len(self.task.requires))

    @property
    def options(self) -> tuple[Option, ...]:
        return options(self.candidates, self.hardness, worth=self.worth, quality=self.quality,
                       checked=self.task.accept is not None)

    @property
    def best(self) -> Option | None:
        return choose(self.candidates, self.hardness, worth=self.worth, quality=self.quality,
                      checked=self.task.accept is not None)

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The models to choose from whose price is known: what is not known can't be weighed.

        None where the model that comes first has no price: it is what the operator said, unless a budget in money
        passes it over.
        """
        tiers = self.known.tiers
        if self.context.budget.max_cost is None and next(iter(_free_to_choose(self.context)), "") not in tiers:
            return []
        costs = {model: _price(model, *self.tokens, self.context) for model in tiers}
        return [Candidate(model, tiers[model], cost) for model, cost in costs.items() if cost is not None]


def estimated(task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> Estimate:
    """Return difficulty, model and cost of *task*: of most use by itself, or within the budget for the whole plan."""
    case = _Case(task, agent, context)
    found = Estimate(task_id=task.id, difficulty=case.hardness, tokens=sum(case.tokens),
                     confidence=CONFIDENCE if asks(task) else GUESSED)
    way = _way(case, plan)
    if way is None:
        return found.replace(cost=None, seconds=SECONDS[agent.tier])
    known, model = case.known.learned, way.models[0]
    return found.replace(
        cost=way.cost, model=model, escalate=way.models[1:], quality=round(way.quality, 6),
        seconds=known.seconds(agent.name, model, SECONDS[case.known.tiers[model]]),
        confidence=known.confidence(agent.name, model, found.confidence), reason=known.reason(agent.name, model),
    )


def _way(case: _Case, plan: Plan) -> Option | None:
    context = case.context
    if context.budget.max_cost is None:
        return case.best
    shared = _shared.get()
    if shared is None or shared.plan is not plan or shared.context is not context:
        shared = _Shared(plan, context, _within(plan, context, context.budget.max_cost))
        _shared.set(shared)
    return shared.ways.get(case.task.id)


def _within(plan: Plan, context: PlanContext, budget: Decimal) -> dict[str, Option]:
    """Return the ways, for all tasks that are still to be done, of most use together within *budget*."""
    todo = [t for t in plan.graph.leaves if t.id in plan.assigned and t.id not in plan.estimated]
    cards = {card.name: card for card in context.agents}
    ways = {t.id: _Case(t, cards[plan.assigned[t.id].agent], context).options for t in todo}
    named = [name for name, found in ways.items() if found]
    best = optimise([ways[name] for name in named], budget)
    return {name: ways[name][place] for name, place in zip(named, best.chosen, strict=True)}


def _known_of(context: PlanContext) -> _Known:
    """Return what is known for a plan; looked up once for it, and learned anew only from other outcomes."""
    before = _known.get()
    if before is not None and before.context is context:
        return before
    outcomes, tiers = context.outcomes(), _tiers(context)
    same = before is not None and before.outcomes is outcomes and before.tiers == tiers
    known = _Known(context, outcomes, tiers, before.learned if before is not None and same else learn(outcomes, tiers))
    _known.set(known)
    return known


def _tiers(context: PlanContext) -> Mapping[str, Tier]:
    """Return the kind of each model that is free to choose and has a price, in the operator's order."""
    sample = {m: _price(m, *_SAMPLE, context) for m in _free_to_choose(context)}
    known = {m: price for m, price in sample.items() if price is not None}
    return {m: tier_of(price, known.values()) for m, price in known.items()}


def _free_to_choose(context: PlanContext) -> Sequence[str]:
    """Return the models that any task may begin with, in the operator's order: no role is given another model."""
    allowed = [context.roles.get(role, context.models) for role in _ROLES]
    return [name for name in allowed[0] if all(name in names for names in allowed)]


def _price(model: str, asked: int, answered: int, context: PlanContext) -> Decimal | None:
    """Return the US dollars that so many tokens cost: as a plugin offers it by name, else as its provider says."""
    offered = context.offers.get("price", {}).get(model)
    if offered is None:
        return context.price(model, asked, answered)
    if isinstance(offered, Mapping):
        return Decimal(offered["input_per_token"]) * asked + Decimal(offered["output_per_token"]) * answered
    cost = offered(asked, answered)
    return cost if isinstance(cost, Decimal) else None


def _worth(context: PlanContext) -> Decimal:
    section = context.settings.get("daao", {})
    named = section.get("worth", WORTH) if isinstance(section, Mapping) else WORTH
    try:
        worth = Decimal(str(named))
    except InvalidOperation:
        worth = Decimal(-1)
    if worth.is_finite() and worth >= 0:
        return worth
    raise SettingsError(f"the setting daao.worth is an amount in US dollars, not {named!r}",
                        hint="what a task done right is worth to you, such as 0.25")
