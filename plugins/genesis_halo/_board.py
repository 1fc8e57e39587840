"""The agents that stand for election, compiled once for a set of cards: what routing a task looks things up in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from operator import mul
from typing import TYPE_CHECKING

from genesis_core import AgentCard, Reason

from ._conditions import normal
from ._encoder import COOL, SHARE, encoder
from ._lexicon import Lexicon, load_lexicon
from ._match import Matcher, Profile, needs_model, profile
from ._rules import Matched, RuleSet
from ._words import Reader

if TYPE_CHECKING:
    from ._contest import Standing

__all__ = ["FLOOR", "FLOOR_WITH_MODEL", "HOLDS", "KIND", "Board", "Leans", "Seat", "board", "hinted"]

FLOOR, FLOOR_WITH_MODEL = 1.2, 0.4
"""Score below which a card does not fit a task: tools do what they are for, a model can stretch to what is near."""
KIND = 2.8
"""What it adds to a card's score that it claims the kind of the task."""
HANDICAP = 0.7
"""How much better one must fit who lacks a model, to say that the task is not for those who are there."""
Leans = tuple[float, ...]
HOLDS = 1e7
"""What it adds to the standing to have the required skills, and again to have them now: above every rule."""


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent as it stands for election.

    One that can't work without a model stands *absent*: it is never elected, but where it clearly fits best the task
    is its work, and is given to nobody else. One that can do a part without a model has two seats.
    """

    card: AgentCard
    skills: frozenset[str]
    absent: bool = False

    @property
    def name(self) -> str:
        """The name of its agent."""
        return self.card.name


class Board:
    """Seats, their scorer and the rules. Everything here depends on the cards and rules only, nothing on the tasks."""

    def __init__(self, cards: Sequence[AgentCard], rules: RuleSet, *, models: bool) -> None:
        self.reader, self.lexicon, self.rules = Reader(), load_lexicon(), rules
        distinct = {card.name: card for card in cards}
        self.seats = tuple(seat for name in sorted(distinct) for seat in _seats(distinct[name], models))
        views = [profile(s.card, self.lexicon, self.reader, offline=not s.absent and not models) for s in self.seats]
        self.matcher = Matcher(views, self.lexicon)
        self.floor = FLOOR_WITH_MODEL if models else FLOOR
        self.least = exp(self.lexicon.scale * FLOOR)
        self.names = tuple(seat.name for seat in self.seats)
        self.encoder = encoder() if models else None
        """Reads what a text means: it ranks who fits, and never decides whether anybody does, so it is for models."""
        self._views = views
        self.absent = frozenset(place for place, seat in enumerate(self.seats) if seat.absent)
        self.places = _places(self.names)
        self.skills = frozenset(skill for seat in self.seats for skill in seat.skills)
        self._kinds = _kinds(self.seats)
        self._holders: dict[frozenset[str], tuple[frozenset[int], tuple[float, ...]]] = {}
        self._reasons: dict[str, Reason] = {}
        self.standings: dict[tuple[int, str, frozenset[str], Matched, Leans], Standing] = {}
        """How the seats stand towards tasks that were met before."""

    def scores(self, weight: int, kind: str, matched: Matched) -> list[float]:
        """Return the score of each seat for a task of that *weight*, with what its kind and its rules add."""
        scores = self.matcher.unpacked(weight)
        if kind:
            for place in self._kinds.get(kind, ()):
                scores[place] += KIND
        for name, prior in matched.priors:
            for place in self.places.get(name, ()):
                scores[place] += prior
        for place in self.absent:
            scores[place] -= HANDICAP
        return scores

    def meaning(self, text: str) -> Leans:
        """Return how far *text* is about each field of work; empty where nothing here reads it whole."""
        return () if self.encoder is None else self.encoder.leans(text)

    def hinted(self, scores: Sequence[float], leans: Leans) -> list[float]:
        """Return *scores* with what the meaning of the text adds to each."""
        return hinted(scores, leans, self._views, self.lexicon)

    def powers(self, scores: Sequence[float], *, hinted: bool = False) -> list[float]:
        """Return the power of each of *scores*: how likely seats are, beside each other."""
        scale = self.lexicon.scale * (COOL if hinted else 1)
        return [exp(scale * score) for score in scores]

    def match(self, power: float) -> float:
        """Return a score, given as its power, as a number in 0..1; half is the least that fits without a model."""
        return int(10_000 * power / (power + self.least)) / 10_000  # four digits; round() is slow

    def holders(self, skills: frozenset[str]) -> tuple[frozenset[int], tuple[float, ...]]:
        """Return the seats that have all of *skills*, and what that adds to the standing of each (kept)."""
        found = self._holders.get(skills)
        if found is None:
            having = frozenset(place for place, seat in enumerate(self.seats) if skills <= seat.skills)
            lift = [HOLDS + HOLDS * (p not in self.absent) if p in having else 0.0 for p in range(len(self.seats))]
            if len(self._holders) > 10_000:
                self._holders.clear()
            found = self._holders[skills] = having, tuple(lift)
        return found

    def claims(self, kind: str, place: int) -> bool:
        """Return whether the seat's card claims *kind*."""
        return place in self._kinds.get(kind, ())

    def rules_reason(self, matched: Matched) -> Reason:
        """Return which rules matched and which did not, as a reason (kept: many tasks share it)."""
        found = self._reasons.get(matched.text)
        if found is None:
            if len(self._reasons) > 10_000:
                self._reasons.clear()
            found = self._reasons[matched.text] = Reason(rule="rules", text=matched.text)
        return found


def hinted(scores: Sequence[float], leans: Leans, views: Sequence[Profile], lexicon: Lexicon) -> list[float]:
    """Return *scores* with what the meaning of the text, told by field of work, adds to each of *views*."""
    share = SHARE / lexicon.scale
    return [score + share * sum(map(mul, leans, own.fields)) for score, own in zip(scores, views, strict=True)]


def _seats(card: AgentCard, models: bool) -> Iterable[Seat]:
    every = _skills(card, offline=False)
    if models:
        yield Seat(card, every)
    elif card.needs_model:
        yield Seat(card, every, absent=True)
    else:
        now = _skills(card, offline=True)
        yield Seat(card, now)
        if now != every:
            yield Seat(card, every, absent=True)


def _skills(card: AgentCard, *, offline: bool) -> frozenset[str]:
    kept = [s for s in card.skills if not (offline and needs_model(s))]
    return frozenset(normal(name) for skill in kept for name in (skill.id, skill.name) if name)


def _places(names: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(names):
        found[name] = (*found.get(name, ()), place)
    return found


def _kinds(seats: Sequence[Seat]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for place, seat in enumerate(seats):
        for kind in dict.fromkeys(map(normal, seat.card.kinds)):
            found[kind] = (*found.get(kind, ()), place)
    return found


def board(cards: Sequence[AgentCard], rules: RuleSet, models: bool) -> Board:
    """Return the board of *cards*; the same for the same cards and rules."""
    key = (*cards, rules, models)
    for known, found in _recent:
        if len(known) == len(key) and all(a is b for a, b in zip(known, key, strict=True)):
            return found
    found = Board(cards, rules, models=models)
    _recent.appendleft((key, found))
    return found


_recent: deque[tuple[tuple[object, ...], Board]] = deque(maxlen=8)
"""Boards last asked for, by the identity of their members: to compare all that cards say takes longer."""

