"""The light scorer: a weight for each word, pair of words, piece of a word and class of words.

A text counts as a whole, and by the one remark in it that speaks most for an attack. The weights are in
``weights.json``, which names what they were learned from; ``benchmarks/fit_guard.py`` made it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import add
from pathlib import Path

from . import _features as features
from ._words import Lexicon

__all__ = ["FILE", "Known", "Reading", "Scorer", "learned", "share"]

FILE = Path(__file__).with_name("weights.json")
_KEPT = 50_000
"""Words whose weights are kept at hand."""
_A, _B, _E, _MASK = features.A, features.B, features.E, features.PLACES - 1
_PAIRS = (2, 3)
"""Pairs that a word ends, without and with one of classes."""
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


class Scorer:
    """Scores the words of plain texts; learned weights, no randomness, linear in the number of words."""

    def __init__(
        self, table: array[int], scale: Mapping[str, float], families: Mapping[str, float], lexicon: Lexicon
    ) -> None:
        self._table, self._scale, self._families, self._lexicon = table, scale, families, lexicon
        self._known: dict[str, Known] = {}

    def look(self, words: Sequence[str]) -> list[Known]:
        """Return what is known of each word."""
        known = self._known
        if len(known) > _KEPT:
            known.clear()
        return [known.get(word) or self._learn(word) for word in words]

    def _learn(self, word: str) -> Known:
        bits, table = self._lexicon.classes(word), self._table
        number, parts = features.number(word), features.pieces(word)
        # The same as the terms of ``features.alone``, without a list of them.
        weight = float(table[number] + (table[features.kind(bits)] if bits else 0))
        if parts:
            weight += sum(map(table.__getitem__, parts)) * len(parts) ** -0.5
        self._known[word] = entry = (number, weight, bits, features.size(word, bits))
        return entry

    def read(self, words: Sequence[Known], families: Sequence[str]) -> Reading:
        """Return the score of a text from what ``look`` gave, and the *families* that were found in it."""
        scale = self._scale
        odds = scale["bias"] + sum(self._families.get(name, 0.0) for name in set(families))
        if not words:
            return Reading(0.0, 0, 0, 0.0)
        pairs = self._pairs(words)
        whole = max(
            self._whole(words[at : at + features.CHUNK], [pair[at : at + features.CHUNK] for pair in pairs])
            for at in features.windows(len(words), features.CHUNK, features.CHUNK * 3 // 4)
        )
        local, start = _local(words, pairs)
        step = scale["step"]
        weight = max(step * whole, step * local - features.REMARK)
        odds += scale["slope"] * weight
        return Reading(share(odds), start, min(start + features.LOCAL, len(words)), weight)

    def _pairs(self, words: Sequence[Known]) -> list[list[int]]:
        """Return, for each word, the two pairs that it ends and the weight of each; and that of its classes."""
        weight, numbers = self._table.__getitem__, [known[0] for known in words]
        one = [(a * _A + b) & _MASK for a, b in zip([0, *numbers], numbers, strict=False)]
        two = [(a * _B + b * _E + 1) & _MASK for a, b in zip([0, 0, *numbers], numbers, strict=False)]
        three, kinds = [0] * len(words), [0] * len(words)
        for at, term in features.joint([known[2] for known in words]):
            three[at], kinds[at] = term + 1, weight(term)
        return [one, two, three, list(map(weight, one)), list(map(weight, two)), kinds]

    def _whole(self, words: Sequence[Known], pairs: Sequence[Sequence[int]]) -> float:
        """Return the weight of a text in which each word and each pair counts once."""
        one, two, three, *weights = pairs
        _, own, _, sizes = zip(*set(words), strict=True)
        total, length = sum(own), sum(sizes)
        for terms, weight in zip((one, two, three), weights, strict=True):
            once = dict(zip(terms, weight, strict=True))
            total += sum(once.values())
            length += len(once)
        return float(total / math.sqrt(length))


def _local(words: Sequence[Known], pairs: Sequence[Sequence[int]]) -> tuple[float, int]:
    """Return the highest weight of a remark, and where it begins."""
    _, _, three, a, b, c = pairs
    _, own, _, lengths = zip(*words, strict=True)
    sums = [0.0, *accumulate(map(add, map(add, own, a), map(add, b, c)))]
    sizes = [0.0, *accumulate(map(add, lengths, map(_PAIRS.__getitem__, map(bool, three))))]
    width, root = min(features.LOCAL, len(words)), math.sqrt
    begins = features.windows(len(words), features.LOCAL, features.LOCAL // 4)
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
