"""Score tasks against cards: how well does the text of one fit the text of the other?

The score of a pair is linear in the words of the task: a word counts where the card uses it (in the names of its
skills and kinds more than in its prose), and where it speaks for a field of work that the card is about. So the worth
of a word for every card is worked out once, when the word is first met. A card's score depends on its own text only:
who else stands there changes nothing.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeVar

from genesis_core import AgentCard, Skill

from ._lexicon import STRANGE_WEIGHT, Lexicon, pairs
from ._words import Reader

__all__ = ["Matcher", "Profile", "needs_model", "profile"]

NAMED, MENTIONED, FIELD = 1.0, 1.0, 7.0
"""What a word is worth: in a name of the card (two in a row there count again), in its prose, in a field of work."""
STRANGE = 6.0
"""How much more a word in a name is worth that the lexicon does not know: nothing else can speak for it."""
SMOOTHING = 3.0
"""Keeps the score of a very short text down: two words are little evidence."""
_ONE = 4096  # fixed point, so that sums do not depend on the order of words
_LANE = 32
_HALF = 1 << (_LANE - 1)
K = TypeVar("K")
V = TypeVar("V")
_SENTENCE = re.compile(r"[.,;:()\n]")


def needs_model(skill: Skill) -> bool:
    """Return whether *skill* is one that its agent only has with a model."""
    return "needs-model" in skill.tags


@dataclass(frozen=True)
class Profile:
    """What a card says, as terms: those in names, those in prose, and the fields of work that it is about."""

    named: frozenset[str]
    mentioned: frozenset[str]
    fields: tuple[float, ...]

    def worth(self, term: str, lexicon: Lexicon, says: Says | None = None) -> float:
        """Return what *term* in a task is worth to this card, before the length of the task is allowed for."""
        own = 0.0
        if term in self.named:
            own = NAMED * STRANGE if lexicon.strange(term) else NAMED
        elif term in self.mentioned and " " not in term:
            own = MENTIONED
        own *= lexicon.importance(term)
        return own + sum([value * self.fields[place] for place, value in (says or speaks(term, lexicon))])


Says = Sequence[tuple[int, float]]


def speaks(term: str, lexicon: Lexicon) -> Says:
    """Return how far *term* speaks for each field of work: what is written, what was learned, and what it means."""
    found = dict(lexicon.learned.get(term, {}))
    for place in (written := lexicon.terms.get(term, ())):
        found[place] = found.get(place, 0.0) + FIELD * lexicon.share(len(written))
    importance = lexicon.importance(term)
    for place, value in found.items():
        found[place] = value * importance
    for place, value in enumerate(lexicon.leans.of(term)):
        found[place] = found.get(place, 0.0) + value
    return list(found.items())


def profile(card: AgentCard, lexicon: Lexicon, reader: Reader, *, offline: bool = False) -> Profile:
    """Return what *card* says; with *offline*, only of the skills that it has without a model, in its own prose too."""
    skills = [s for s in card.skills if not (offline and needs_model(s))]
    names = [card.name] if offline and len(skills) < len(card.skills) else [card.name, *card.kinds]
    for skill in skills:
        names += [skill.id, skill.name, *(tag for tag in skill.tags if tag != "needs-model")]
    prose = [skill.description for skill in skills]
    if len(skills) == len(card.skills):
        prose.append(card.description)
    named = frozenset(_terms(names, reader))
    mentioned = frozenset(_terms(prose, reader)) - named
    weights = {**dict.fromkeys(mentioned, 1.0), **dict.fromkeys(named, 2.0)}
    return Profile(named, mentioned, lexicon.about(weights))


def _terms(texts: Iterable[str], reader: Reader) -> Iterable[str]:
    for text in texts:
        for part in _SENTENCE.split(text):
            words = reader.words(part)
            yield from words
            yield from pairs(words)


class Matcher:
    """Scores texts against a fixed sequence of profiles.

    The worth of a word for all profiles is packed into one integer, a lane of 32 bits for each, so that reading one
    more word costs one addition however many agents there are. The last lane gathers the length of the text.
    """

    def __init__(self, profiles: Sequence[Profile], lexicon: Lexicon) -> None:
        self._profiles, self._lexicon = tuple(profiles), lexicon
        lanes = len(self._profiles) + 1
        self._bias = sum(_HALF << (_LANE * place) for place in range(lanes))
        self._size, self._unpack = _LANE // 8 * lanes, struct.Struct(f"<{lanes}i").unpack
        self._words: _Known[str, int] = _Known(self._word)
        self._hints: _Known[str, int] = _Known(self._hint)
        self._said = frozenset(term for p in self._profiles for term in (*p.named, *p.mentioned))
        self._strange = round(STRANGE_WEIGHT * _ONE) << (_LANE * len(self._profiles))
        self._two = frozenset((first, second) for first, second in map(str.split, self._paired()))
        self._pairs: _Known[tuple[str, str], int] = _Known(lambda pair: self._pack(" ".join(pair), 0.0))
        self._told = [_Known(partial(p.worth, lexicon=lexicon)) for p in self._profiles]

    def scores(self, words: Sequence[str], vocabulary: Set[str]) -> list[float]:
        """Return the score of each profile for a text of these *words*, each of its *vocabulary* counted once."""
        return self.unpacked(self.weigh(words, vocabulary))

    def weigh(self, words: Sequence[str], vocabulary: Set[str]) -> int:
        """Return what the words of a text are worth to all profiles: texts of the same weight have the same scores."""
        total = sum(map(self._words.__getitem__, vocabulary))
        if met := self._two.intersection(pairwise(words)):
            total += sum(map(self._pairs.__getitem__, met))
        # What a strange word means is a hint beside what others say; alone it would claim any task at all.
        if total % self._strange:
            total += sum(map(self._hints.__getitem__, vocabulary))
        return total + self._bias

    def unpacked(self, total: int) -> list[float]:
        """Return the score of each profile for a text of this weight."""
        # A lane holds its sum plus half its range; flipping that bit back leaves the sum as a signed number.
        *lanes, length = self._unpack((total ^ self._bias).to_bytes(self._size, "little"))
        scale = 1 / (_ONE * math.sqrt(length / _ONE + SMOOTHING))
        return [lane * scale for lane in lanes]

    def telling(self, words: Sequence[str], place: int) -> list[str]:
        """Return the words of a text that speak most for one profile, at most four."""
        told = self._told[place]
        best = sorted(dict.fromkeys(words), key=told.__getitem__, reverse=True)[:4]
        return [word for word in best if told[word] > 0]

    def _paired(self) -> set[str]:
        own = {term for p in self._profiles for term in p.named if " " in term}
        return own | {t for t in (*self._lexicon.terms, *self._lexicon.learned) if t.count(" ") == 1}

    def _word(self, term: str) -> int:
        if self._unknown(term):
            return self._strange  # it only adds to the length
        return self._pack(term, self._lexicon.weight(term))

    def _hint(self, term: str) -> int:
        """Return what a strange word that no card uses is worth by what it means."""
        return self._pack(term, 0.0) if term in self._lexicon.leans and self._unknown(term) else 0

    def _unknown(self, term: str) -> bool:
        return term not in self._said and self._lexicon.strange(term)

    def _pack(self, term: str, length: float) -> int:
        says = speaks(term, self._lexicon)
        values = [p.worth(term, self._lexicon, says) for p in self._profiles]
        return sum(round(v * _ONE) << (_LANE * place) for place, v in enumerate((*values, length)))


class _Known(dict[K, V]):
    """The worth of each word, worked out when it is first met."""

    def __init__(self, work_out: Callable[[K], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: K) -> V:
        if len(self) >= 50_000:
            self.clear()
        found = self[key] = self._work_out(key)
        return found
