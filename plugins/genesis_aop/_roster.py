"""What the agents at hand can do: read once from their cards, looked up for every task."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property, lru_cache

from genesis_core import AgentCard, Effect, PlanContext, ToolSpec

from ._words import EMPTY_WORDS, READER

__all__ = ["Roster", "normal", "root", "roster"]

_WANTS_MODEL = "needs-model"
"""Tag of a skill that a card has only with a model."""
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z])\.(?=[A-Z])")
"""Where words join in a name such as SearchMovie."""
_ROOT = 6
"""Letters that words of one family have in common."""
_LEAST_CHARS, _MOST_CHARS = 6, 60
"""Length of the names of skills in which a misspelling is looked for."""


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a skill or kind as compared: lower case, blanks for hyphens and underscores."""
    return name.lower().replace("_", " ").replace("-", " ").strip()


class Roster:
    """The cards by name, and who has which skill: now, and with a model."""

    def __init__(self, agents: Sequence[AgentCard], tools: Sequence[ToolSpec], *, models: bool) -> None:
        self.cards = {card.name: card for card in agents}
        self._skill_labels: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
        self.models = models
        every = {card.name: _skills(card, offline=False) for card in agents}
        self.with_model: Mapping[str, frozenset[str]] = every
        """All skills of each agent."""
        self.now: Mapping[str, frozenset[str]] = {
            card.name: every[card.name] if models else _skills(card, offline=True) for card in agents
        }
        """The skills that each agent can exercise as things are."""
        self.skills = _index(self.now)
        self.skills_with_model = _index(every)
        sending = {tool.name for tool in tools if tool.effect is Effect.SEND}
        calls = {card.name: tuple(name for name in card.tools if name in sending) for card in agents}
        self.sends = {agent: names for agent, names in calls.items() if names}
        """The tools of each agent that reach beyond this machine."""

    @cached_property
    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        """Who claims each kind of task."""
        return _index({name: frozenset(map(normal, card.kinds)) for name, card in self.cards.items()})

    @cached_property
    def sayers(self) -> Mapping[str, tuple[str, ...]]:
        """Whose card says each telling word."""
        return _index({name: _words(card) for name, card in self.cards.items()})

    def fitness(self, terms: Iterable[str]) -> Mapping[str, tuple[int, float]]:
        """Return for each agent whose card says any of *terms* how many, and what they weigh: rare words count more."""
        found: dict[str, tuple[int, float]] = {}
        for term in sorted(terms):
            for name in (names := self.sayers.get(term, ())):
                count, weight = found.get(name, (0, 0.0))
                found[name] = count + 1, weight + math.log(1 + len(self.cards) / len(names))
        return found

    def said_by(self, term: str) -> tuple[str, ...]:
        """Return the agents whose card says *term*, by name."""
        return self.sayers.get(term, ())

    def share_of_name(self, agent: str, terms: Set[str]) -> float:
        """Return how much of what *agent* is called *terms* say: its own name, or that of one of its skills."""
        return max((len(label & terms) / len(label) for label in self.labels[agent]), default=0.0)

    @cached_property
    def labels(self) -> Mapping[str, tuple[frozenset[str], ...]]:
        """The words of the name of each agent, and of the names of its skills."""
        return {
            card.name: tuple(dict.fromkeys(words for text in _names(card) if (words := _read(text))))
            for card in self.cards.values()
        }  # fmt: skip

    def skill_labels(self, agent: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return the skills that *agent* can exercise now, with the roots of the words of their names, in order."""
        if agent not in self._skill_labels:
            card = self.cards[agent]
            found = {(s.id, words): None for s in card.skills if normal(s.id) in self.now[agent]
                     for text in (s.id, s.name) if (words := _in_order(text))}
            if len(card.skills) == 1 and (words := _in_order(card.name)) and found:
                found[card.skills[0].id, words] = None
            self._skill_labels[agent] = tuple(found)
        return self._skill_labels[agent]

    @cached_property
    def label_sayers(self) -> Mapping[str, tuple[str, ...]]:
        """Who has a skill in whose name each root stands."""
        names = {name: frozenset(w for _, words in self.skill_labels(name) for w in words) for name in self.cards}
        return _index(names)

    def skill_for(self, agent: str, terms: Set[str]) -> str:
        """Return the skill of *agent* that speaks most of *terms*, the first of equals; empty: it has none now."""
        able = [s for s in self.cards[agent].skills if normal(s.id) in self.now[agent]]
        best = max(able, key=lambda s: len(terms & _read(s.id, s.name, s.description, *s.tags)), default=None)
        return "" if best is None else best.id

    def near(self, skill: str) -> str | None:
        """Return the skill that *skill*, as compared, misspells by one letter or two swapped; None: it is like none.

        Two names that differ so little have a name in common once a letter of each is left out.
        """
        if len(skill) < _LEAST_CHARS:
            return None
        return next((self._shortened[s] for s in _shortened(skill) if s in self._shortened), None)

    @cached_property
    def _shortened(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for skill in sorted(self.skills_with_model):
            for name in _shortened(skill) if len(skill) >= _LEAST_CHARS else ():
                found.setdefault(name, skill)
        return found

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


def _shortened(name: str) -> Iterator[str]:
    """Yield *name*, and what is left of it without each of its letters."""
    yield name
    for place in range(min(len(name), _MOST_CHARS)):
        yield name[:place] + name[place + 1 :]


def root(term: str) -> str:
    """Return what words of one family begin with: translate and translation, reserve and reservation."""
    return term[:_ROOT]


def _in_order(name: str) -> tuple[str, ...]:
    """Return the roots of the telling words of *name*, as they stand."""
    known = _read(name)
    spaced = _HUMPS.sub(" ", name.replace("_", " ").replace("-", " "))
    return tuple(dict.fromkeys(root(term) for term in READER.terms(spaced) if term in known))


def _names(card: AgentCard) -> Iterator[str]:
    yield card.name
    for skill in card.skills:
        yield from (skill.id, skill.name)


def _words(card: AgentCard) -> frozenset[str]:
    texts = [card.name, card.description, *card.kinds, *card.tools]
    texts += [t for s in card.skills for t in (s.id, s.name, s.description, *s.tags)]
    return _read(*texts)


def _read(*texts: str) -> frozenset[str]:
    return frozenset(READER.terms(_HUMPS.sub(" ", " ".join(texts).replace("_", " ").replace("-", " ")))) - EMPTY_WORDS


def _index(sayings: Mapping[str, frozenset[str]]) -> Mapping[str, tuple[str, ...]]:
    """Return for each thing said the agents that say it, by name."""
    found: dict[str, list[str]] = {}
    for agent in sorted(sayings):
        for said in sayings[agent]:
            found.setdefault(said, []).append(agent)
    return {said: tuple(agents) for said, agents in found.items()}


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
