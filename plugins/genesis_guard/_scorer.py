"""The light scorer: a weight for each word, pair of words, piece of a word and class of words.

A text counts as a whole, and by the one remark in it that speaks most for an attack. The weights are in
``weights.json``, which names what they were learned from; ``benchmarks/fit_guard.py`` made it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress
from operator import add
from pathlib import Path

from . import _features as features
from ._words import Lexicon

__all__ = ["FILE", "Known", "Reading", "Scorer", "learned", "share"]

FILE = Path(__file__).with_name("weights.json")
_KEPT = 50_000
"""Words whose weights are kept at hand."""
_A, _B, _E, _MASK = features.A, features.B, features.E, features.PLACES - 1
Known = tuple[int, float, int, float]
"""Number, weight alone, classes and squared length of a word."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scorer makes of a text."""

    score: float
    """How likely it is an attack where half of the texts are, in 0..1."""
    start: int
    end: int
    """The words that speak for it most."""
    weight: float
    """What its words weigh, before anything else counts."""


class _Memo(dict[str, Known]):
    """What *learn* says of each word; asked once."""

    def __init__(self, learn: Callable[[str], Known]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, word: str) -> Known:
        self[word] = known = self._learn(word)
        return known


class Scorer:
    """Scores the words of plain texts; learned weights, no randomness, linear in the number of words."""

    def __init__(
        self, table: array[int], scale: Mapping[str, float], families: Mapping[str, float], lexicon: Lexicon
    ) -> None:
        self._table, self._scale, self._families, self._lexicon = table, scale, families, lexicon
        self._known = _Memo(self._learn)
        self._same: dict[Known, Known] = {}

    def look(self, words: Sequence[str]) -> list[Known]:
        """Return what is known of each word."""
        if len(self._known) > _KEPT:
            self._known.clear()
            self._same.clear()
        return list(map(self._known.__getitem__, words))

    def _learn(self, word: str) -> Known:
        bits, table = self._lexicon.classes(word), self._table
        number, parts = features.number(word), features.pieces(word)
        # The same as the terms of ``features.alone``, without a list of them.
        weight = float(table[number] + (table[features.kind(bits)] if bits else 0))
        if parts:
            weight += sum(map(table.__getitem__, parts)) * len(parts) ** -0.5
        entry = (number, weight, bits, features.size(word, bits))
        # What is equal is one object, so that words can be told apart by what they are, which is faster.
        return self._same.setdefault(entry, entry)

    def read(self, words: Sequence[Known], families: Sequence[str]) -> Reading:
        """Return the score of a text from what ``look`` gave, and the *families* that were found in it."""
        scale = self._scale
        odds = scale["bias"] + sum(self._families.get(name, 0.0) for name in set(families))
        if not words:
            return Reading(0.0, 0, 0, 0.0)
        columns = list(zip(*words, strict=True))
        one, two, three = terms = self._terms(columns[0], columns[2])
        whole = max(
            self._whole(words[at : at + features.CHUNK], [part[at : at + features.CHUNK] for part in terms])
            for at in features.windows(len(words), features.CHUNK, features.CHUNK * 3 // 4)
        )
        local, start = self._local(columns[1], columns[3], one, two, three)
        step = scale["step"]
        weight = max(step * whole, step * local - features.REMARK)
        odds += scale["slope"] * weight
        return Reading(share(odds), start, min(start + features.LOCAL, len(words)), weight)

    def _terms(self, numbers: Sequence[int], classes: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """Return, for each word, the two pairs that it ends, and 1 more than that of its classes, or 0."""
        one = [(a * _A + b) & _MASK for a, b in zip([0, *numbers], numbers, strict=False)]
        two = [(a * _B + b * _E + 1) & _MASK for a, b in zip([0, 0, *numbers], numbers, strict=False)]
        three = [0] * len(numbers)
        for at, term in features.joint(classes):
            three[at] = term + 1
        return one, two, three

    def _whole(self, words: Sequence[Known], terms: Sequence[Sequence[int]]) -> float:
        """Return the weight of a text in which each word and each pair counts once."""
        one, two, three = map(set, terms)
        _, own, _, sizes = zip(*dict(zip(map(id, words), words, strict=True)).values(), strict=True)
        weight = self._table.__getitem__
        total = sum(own) + sum(map(weight, one)) + sum(map(weight, two)) + sum(weight(at - 1) for at in three if at)
        return float(total / math.sqrt(sum(sizes) + len(one) + len(two) + len(three)))

    def _local(
        self, own: Sequence[float], lengths: Sequence[float],
        one: Sequence[int], two: Sequence[int], three: Sequence[int],
    ) -> tuple[float, int]:  # fmt: skip
        """Return the highest weight of a remark, and where it begins."""
        weight = self._table.__getitem__
        pairs = list(map(add, map(weight, one), map(weight, two)))
        ends = [2] * len(own)
        for at in compress(range(len(own)), three):
            pairs[at] += weight(three[at] - 1)
            ends[at] = 3
        sums = list(accumulate(map(add, own, pairs), initial=0.0))
        sizes = list(accumulate(map(add, lengths, ends), initial=0.0))
        width, root = min(features.LOCAL, len(own)), math.sqrt
        begins = features.windows(len(own), features.LOCAL, features.LOCAL // 4)
        gains = [(sums[at + width] - sums[at]) / root(sizes[at + width] - sizes[at]) for at in begins]
        best = max(gains)
        return best, begins[gains.index(best)]


def share(odds: float) -> float:
    """Return the probability that has these log-odds."""
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


@lru_cache(maxsize=1)
def learned(lexicon: Lexicon) -> Scorer:
    """Return the scorer with the weights that come with Genesis."""
    import base64
    import json
    import zlib

    data = json.loads(FILE.read_bytes())
    table = array("b", zlib.decompress(base64.b85decode(data["weights"])))
    return Scorer(table, data["scale"], data["families"], lexicon)
