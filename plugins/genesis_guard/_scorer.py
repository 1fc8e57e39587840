"""The light scorer: a weight for each word, pair of words, piece of a word and class of words; the worst place counts.

The weights are in ``weights.json``, which names what they were learned from; ``benchmarks/fit_guard.py`` made it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from . import _features as features
from ._words import Lexicon

__all__ = ["FILE", "Reading", "Scorer", "learned"]

FILE = Path(__file__).with_name("weights.json")
_KEPT = 50_000
"""Words whose weights are kept at hand."""
_A, _B, _E, _MASK = features.A, features.B, features.E, features.PLACES - 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scorer makes of a text."""

    score: float
    """How likely it is an attack where half of the texts are, in 0..1."""
    start: int
    end: int
    """The words that speak for it most."""


class Scorer:
    """Scores the words of plain texts; learned weights, no randomness, linear in the number of words."""

    def __init__(self, table: array[int], step: float, bias: float, slope: float, families: Mapping[str, float],
                 lexicon: Lexicon) -> None:  # fmt: skip
        self._table, self._step, self._bias, self._slope, self._families = table, step, bias, slope, families
        self._lexicon = lexicon
        self._known: dict[str, tuple[int, float, int]] = {}

    def look(self, words: Sequence[str]) -> tuple[list[int], list[float], list[int]]:
        """Return the number, the weight alone and the classes of each word."""
        known = self._known
        if len(known) > _KEPT:
            known.clear()
        found = [known.get(word) or self._learn(word) for word in words]
        if not found:
            return [], [], []
        numbers, own, classes = zip(*found, strict=True)
        return list(numbers), list(own), list(classes)

    def _learn(self, word: str) -> tuple[int, float, int]:
        bits, table = self._lexicon.classes(word), self._table
        weight = sum(table[term] * share for term, share in features.alone(word, bits))
        self._known[word] = entry = (features.number(word), weight, bits)
        return entry

    def read(
        self, numbers: Sequence[int], own: Sequence[float], classes: Sequence[int], found: Sequence[str]
    ) -> Reading:
        """Return the score of a text from what ``look`` gave, and the families that were *found* in it."""
        if not numbers:
            return Reading(_share(self._bias), 0, 0)
        table = self._table
        weights = [
            w + table[(a * _A + b) & _MASK] + table[(z * _B + b * _E + 1) & _MASK]
            for w, z, a, b in zip(own, [0, 0, *numbers], [0, *numbers], numbers, strict=False)
        ]
        for at, term in features.joint(classes):
            weights[at] += table[term]
        sums, count = [0.0, *accumulate(weights)], len(weights)
        tops: list[tuple[float, int, int]] = []
        for size in features.SCALES:
            begins = features.windows(count, size)
            width = min(size, count)
            gains = [sums[at + width] - sums[at] for at in begins]
            best = max(gains)
            tops.append((best / math.sqrt(max(width, features.LEAST_WORDS)), begins[gains.index(best)], width))
        mean = sum(top for top, _, _ in tops) / len(tops) * self._step
        known = sum(self._families.get(name, 0.0) for name in set(found))
        _, start, width = tops[0]
        return Reading(_share(self._slope * mean + known + self._bias), start, start + width)


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


@lru_cache(maxsize=1)
def learned(lexicon: Lexicon) -> Scorer:
    """Return the scorer with the weights that come with Genesis."""
    import base64
    import json
    import zlib

    data = json.loads(FILE.read_bytes())
    table = array("b", zlib.decompress(base64.b85decode(data["weights"])))
    return Scorer(table, data["step"], data["bias"], data["slope"], data["families"], lexicon)
