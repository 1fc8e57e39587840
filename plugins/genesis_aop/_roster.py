"""What the agents at hand can do: read once from their cards, looked up for every task."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from genesis_core import AgentCard, Effect, PlanContext, ToolSpec

__all__ = ["Roster", "normal", "roster"]

_WANTS_MODEL = "needs-model"
"""Tag of a skill that a card has only with a model."""


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a skill or kind as compared: lower case, blanks for hyphens and underscores."""
    return name.lower().replace("_", " ").replace("-", " ").strip()


class Roster:
    """The cards by name, and who has which skill: now, and with a model."""

    def __init__(self, agents: Sequence[AgentCard], tools: Sequence[ToolSpec], *, models: bool) -> None:
        self.cards = {card.name: card for card in agents}
        self.models = models
        every = {card.name: _skills(card, offline=False) for card in agents}
        self.with_model: Mapping[str, frozenset[str]] = every
        """All skills of each agent."""
        self.now: Mapping[str, frozenset[str]] = {
            card.name: every[card.name] if models else _skills(card, offline=True) for card in agents
        }
        """The skills that each agent can exercise as things are."""
        self.skills = _by_skill(self.now)
        self.skills_with_model = _by_skill(every)
        sending = {tool.name for tool in tools if tool.effect is Effect.SEND}
        calls = {card.name: tuple(name for name in card.tools if name in sending) for card in agents}
        self.sends = {agent: names for agent, names in calls.items() if names}
        """The tools of each agent that reach beyond this machine."""

    def absent(self, agent: str) -> bool:
        """Return whether *agent* can do nothing without a model, and there is none."""
        return not self.models and self.cards[agent].needs_model

    def holders(self, wanted: Iterable[str]) -> list[str]:
        """Return who has all of *wanted* skills now, the likeliest to succeed first, then by name."""
        wanted = frozenset(wanted)
        found = [name for name, skills in self.now.items() if wanted <= skills and not self.absent(name)]
        return sorted(found, key=lambda name: (-self.cards[name].prior, name))


def _skills(card: AgentCard, *, offline: bool) -> frozenset[str]:
    if offline and card.needs_model:
        return frozenset()
    kept = [s for s in card.skills if not (offline and _WANTS_MODEL in s.tags)]
    return frozenset(normal(name) for skill in kept for name in (skill.id, skill.name) if name)


def _by_skill(skills: Mapping[str, frozenset[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for agent in sorted(skills):
        for skill in skills[agent]:
            found.setdefault(skill, []).append(agent)
    return {skill: tuple(agents) for skill, agents in found.items()}


_recent: deque[tuple[tuple[object, ...], Roster]] = deque(maxlen=8)
"""Rosters last asked for, by the identity of what they were read from: a plan is validated several times."""


def roster(context: PlanContext) -> Roster:
    """Return the roster of *context*'s agents; the same for the same cards, tools and models."""
    key = (*context.agents, *context.tools, bool(context.models))
    for known, found in _recent:
        if len(known) == len(key) and all(a is b for a, b in zip(known, key, strict=True)):
            return found
    found = Roster(context.agents, context.tools, models=bool(context.models))
    _recent.appendleft((key, found))
    return found
