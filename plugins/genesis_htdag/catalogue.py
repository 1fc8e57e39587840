"""The catalogue as the planner reads it: which words speak for which ability, and how strongly.

An ability is one skill of an agent, or a tool where there are no agents. A word of the goal counts for an ability by
where the ability says it (its name most, the agent's description least), directly or through a word that stands for it,
and by how few agents say it at all: K. Sparck Jones, "A statistical interpretation of term specificity" (1972).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from genesis_core import AgentCard, Effect, Skill, ToolSpec

from .lexicon import lexicon
from .stems import stem
from .words import name_words

NAME, TAG, FIELD, DESCRIPTION, SELF = 1.0, 0.9, 0.7, 0.6, 0.25
"""What a word is worth in a skill's name, its tags, the agent's name and kinds, its description, the agent's."""
SYNONYM = 0.65
"""Share of that for a word that only stands for it."""
OUT_OF_REACH = 0.5
"""Share of its evidence that an ability keeps while nothing can exercise it: what can be done now wins near-ties."""
_KEPT = 20_000
"""Words whose evidence is kept at hand."""
WANTS_MODEL = "needs-model"


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that somebody in the catalogue can do."""

    index: int
    id: str
    owner: str
    kinds: tuple[str, ...]
    named: frozenset[str]
    """Terms of its own name."""
    said: frozenset[str]
    """Terms that it says itself: name, tags and description."""
    field: frozenset[str]
    """Terms of its agent's name and kinds: who uses one of them and none that is narrower asks for all that it does."""
    ready: bool
    gathers: bool = False
    """Whether it puts together what others found."""
    searches: bool = False
    """Whether it looks for something that its task names."""
    looks: bool = False
    """Whether its agent has tools and all of them only read: then it changes nothing, whatever the verb."""
    tool: ToolSpec | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one word says: its weight, and its worth for each ability that knows it."""

    weight: float
    known: bool
    worth: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every ability, and an index from terms to those that say them."""

    abilities: tuple[Ability, ...]
    postings: dict[str, tuple[tuple[int, float], ...]]
    weights: dict[str, float]
    rare: float
    """Weight of a word that nobody says."""
    teams: dict[str, tuple[Ability, ...]]
    """The abilities of each agent."""
    seen: dict[str, Evidence] = field(default_factory=dict)
    """Evidence by stem, filled as words turn up."""

    def evidence(self, root: str) -> Evidence:
        """Return what a word of stem *root* says about the abilities."""
        found = self.seen.get(root)
        if found is None:
            if len(self.seen) >= _KEPT:
                self.seen.clear()
            found = self.seen[root] = self._weigh(root)
        return found

    def _weigh(self, root: str) -> Evidence:
        worth: dict[int, float] = {}
        weight = self.weights.get(root)
        for term, factor in ((root, 1.0), *((c, SYNONYM) for c in lexicon().concepts.get(root, ()))):
            idf = self.weights.get(term, 0.0)
            weight = max(weight or 0.0, idf * factor)
            for index, strength in self.postings.get(term, ()):
                worth[index] = max(worth.get(index, 0.0), strength * factor * idf)
        return Evidence(weight or self.rare, bool(worth), worth)


_Draft = tuple[Ability, dict[str, float]]
"""An ability, and how strongly each term speaks for it."""


def catalogue(agents: Sequence[AgentCard], tools: Sequence[ToolSpec], *, models: bool) -> Catalogue:
    """Return the index over *agents*, or over *tools* where there are none."""
    key = (*agents, *tools, models)
    for known, found in _recent:
        if len(known) == len(key) and all(a is b for a, b in zip(known, key, strict=True)):
            return found
    readers = {t.name for t in tools if t.effect in (Effect.PURE, Effect.READ)}
    found = _of_agents(agents, models, readers) if agents or not tools else _of_tools(tools)
    _recent.appendleft((key, found))
    return found


_recent: deque[tuple[tuple[object, ...], Catalogue]] = deque(maxlen=8)
"""Indexes of the catalogues last asked for, by the identity of their members: a plan asks once for each task."""


def _of_agents(cards: Sequence[AgentCard], models: bool, readers: set[str]) -> Catalogue:
    """Return the index over the skills of *cards*; *readers* are the tools that change nothing."""
    drafts: list[_Draft] = []
    for card in cards:
        own = _bag(((card.name, FIELD), *((k, FIELD) for k in card.kinds), (card.description, SELF)))
        scope = _terms(" ".join((card.name, *card.kinds))) - lexicon().generic
        for skill in card.skills or (Skill(id=card.name, name=card.name, description=card.description),):
            ability = _ability(len(drafts), card, skill, scope=scope, models=models)
            looks = bool(card.tools) and readers.issuperset(card.tools)
            drafts.append((replace(ability, looks=looks), _strengths(ability, skill, own)))
    return _index(drafts, len(cards))


def _ability(index: int, card: AgentCard, skill: Skill, *, scope: frozenset[str], models: bool) -> Ability:
    named = _terms(f"{skill.id} {skill.name}")
    return Ability(
        index=index, id=skill.id, owner=card.name, kinds=card.kinds, named=named, field=scope,
        said=named.union(*(_terms(text) for text in (*skill.tags, skill.description))),
        ready=models or not (card.needs_model or WANTS_MODEL in skill.tags),
        gathers="#report" in named, searches="#search" in named,
    )  # fmt: skip


def _strengths(ability: Ability, skill: Skill, own: Mapping[str, float]) -> dict[str, float]:
    """Return how strongly each term speaks for the ability; *own* are the terms of its agent."""
    texts = ((f"{skill.id} {skill.name}", NAME), *((tag, TAG) for tag in skill.tags), (skill.description, DESCRIPTION))
    said, share = _bag(texts), 1.0 if ability.ready else OUT_OF_REACH
    return {term: share * max(own.get(term, 0.0), said.get(term, 0.0)) for term in {**own, **said}}


def _of_tools(specs: Sequence[ToolSpec]) -> Catalogue:
    drafts: list[_Draft] = []
    for spec in specs:
        parameters = ((name, SELF) for name in properties(spec.input_schema))
        bag = _bag(((spec.name, NAME), (spec.description, DESCRIPTION), *parameters))
        named = _terms(spec.name)
        ability = Ability(len(drafts), spec.name, spec.name, (), named, frozenset(bag), named, ready=True, tool=spec)
        drafts.append((ability, bag))
    return _index(drafts, len(specs))


def properties(schema: object) -> tuple[str, ...]:
    """Return the names of the properties that a JSON Schema object declares."""
    found = schema.get("properties") if isinstance(schema, dict) else None
    return tuple(found) if isinstance(found, dict) else ()


def _index(drafts: Sequence[_Draft], owners: int) -> Catalogue:
    postings: dict[str, list[tuple[int, float]]] = {}
    sayers: dict[str, dict[str, float]] = {}
    for ability, bag in drafts:
        for term, strength in bag.items():
            postings.setdefault(term, []).append((ability.index, strength))
            who = sayers.setdefault(term, {})
            who[ability.owner] = max(who.get(ability.owner, 0.0), strength)
    weights = {term: math.log(1 + owners / max(sum(who.values()), 1.0)) for term, who in sayers.items()}
    teams: dict[str, list[Ability]] = {}
    for ability, _ in drafts:
        teams.setdefault(ability.owner, []).append(ability)
    return Catalogue(
        abilities=tuple(ability for ability, _ in drafts),
        teams={owner: tuple(team) for owner, team in teams.items()},
        postings={term: tuple(found) for term, found in postings.items()},
        weights=weights,
        rare=math.log(1 + max(owners, 1)),
    )


def _bag(texts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return each term of *texts* with the largest strength that it has there; a concept weighs what its word does."""
    bag: dict[str, float] = {}
    for text, strength in texts:
        for term in _terms(text):
            bag[term] = max(strength, bag.get(term, 0.0))
    return bag


def _terms(text: str) -> frozenset[str]:
    words = lexicon()
    roots = {stem(w) for w in name_words(text) if w not in words.stop}
    return frozenset(roots | {c for r in roots for c in words.concepts.get(r, ())})
