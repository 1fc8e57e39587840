"""What the hook looks up: candidates and their prices, and the plan as a whole when money is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from genesis_core import AgentCard, Estimate, Plan, PlanContext, SettingsError, Task, Tier

from ._choice import WORTH, Candidate, Option, choose, options, tier_of
from ._difficulty import difficulty
from ._optimise import optimise

__all__ = ["estimated", "expected_tokens"]

SECONDS: Mapping[Tier, float] = {Tier.CHEAP: 5.0, Tier.MEDIUM: 10.0, Tier.STRONG: 20.0}
"""What an answer of a model of each kind takes, roughly."""
CONFIDENCE = 0.5
"""Learned, but from other work than the user's own."""
_SAMPLE = (1000, 500)
"""Tokens that models are compared by."""
_ASKED, _ANSWERED, _HARDER = 600, 200, 800
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


_shared: ContextVar[_Shared | None] = ContextVar("genesis_daao_shared", default=None)


def expected_tokens(text: str, hardness: float) -> tuple[int, int]:
    """Return the tokens that go in and come out, roughly: the harder, the more is said."""
    return _ASKED + len(text) // _LETTERS, _ANSWERED + round(_HARDER * hardness)


def estimated(task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> Estimate:
    """Return difficulty, model and cost of *task*: of most use by itself, or within the budget for the whole plan."""
    hardness = difficulty(task.description)
    asked, answered = expected_tokens(task.description, hardness)
    way = _way(task, plan, context)
    if way is None:
        return Estimate(task_id=task.id, difficulty=hardness, cost=None, tokens=asked + answered,
                        seconds=SECONDS[agent.tier], confidence=CONFIDENCE)
    tiers = {c.model: c.tier for c in _candidates(task, context)}
    return Estimate(
        task_id=task.id, difficulty=hardness, cost=way.cost, tokens=asked + answered,
        seconds=SECONDS[tiers[way.models[0]]],
        model=way.models[0], escalate=way.models[1:], quality=round(way.quality, 6), confidence=CONFIDENCE,
    )  # fmt: skip


def _way(task: Task, plan: Plan, context: PlanContext) -> Option | None:
    if context.budget.max_cost is None:
        return choose(_candidates(task, context), difficulty(task.description), worth=_worth(context),
                      checked=task.accept is not None)
    shared = _shared.get()
    if shared is None or shared.plan is not plan or shared.context is not context:
        shared = _Shared(plan, context, _within(plan, context, context.budget.max_cost))
        _shared.set(shared)
    return shared.ways.get(task.id)


def _within(plan: Plan, context: PlanContext, budget: Decimal) -> dict[str, Option]:
    """Return the ways, for all tasks that are still to be done, of most use together within *budget*."""
    todo = [t for t in plan.graph.leaves if t.id in plan.assigned and t.id not in plan.estimated]
    ways = {t.id: _options(t, context) for t in todo}
    named = [name for name, found in ways.items() if found]
    best = optimise([ways[name] for name in named], budget)
    return {name: ways[name][place] for name, place in zip(named, best.chosen, strict=True)}


def _options(task: Task, context: PlanContext) -> tuple[Option, ...]:
    return options(_candidates(task, context), difficulty(task.description), worth=_worth(context),
                   checked=task.accept is not None)


def _candidates(task: Task, context: PlanContext) -> Sequence[Candidate]:
    """Return the models to choose from whose price is known: what is not known can't be weighed.

    None where the model that comes first has no price: it is what the operator said, unless a budget in money passes it
    over.
    """
    asked, answered = expected_tokens(task.description, difficulty(task.description))
    sample = {m: _price(m, *_SAMPLE, context) for m in _free_to_choose(context)}
    known = {m: price for m, price in sample.items() if price is not None}
    if context.budget.max_cost is None and next(iter(sample), "") not in known:
        return []
    found = []
    for model, price in known.items():
        cost = _price(model, asked, answered, context)
        if cost is not None:
            found.append(Candidate(model, tier_of(price, known.values()), cost))
    return found


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
