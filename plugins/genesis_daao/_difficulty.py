"""How hard a text is for a cheap model: how much more a strong one is expected to get right, learned from outcomes.

``weights.json`` is made by ``benchmarks/fit_daao.py`` and holds one model for each of a few groups of texts, each
learned from all groups but its own. The group of a text is read from its hash, so that every text, also one that was
learned from, is judged by a model that has never seen it: a threshold that is chosen on known outcomes holds for new
ones.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from . import _meaning
from ._features import Text, read, shape, terms

__all__ = ["VARIANT", "Fields", "Line", "Trees", "difficulty", "gain", "gain_of", "group", "scale", "variant"]

VARIANT = "shape+words"
STEEPNESS, MIDDLE = 6.0, 0.13
"""From gain to difficulty: a half where a strong model gains as much as on a question of the middling kind."""
SHARPNESS = 12.0
"""How decided the field of a text is."""
CLIP = 3.0
"""How far from the mean a feature counts, in standard deviations."""
_WEIGHTS = Path(__file__).parent / "weights.json"


def group(text: str, groups: int, salt: str = "") -> int:
    """Return which of *groups* the *text* belongs to, the same on every machine."""
    digest = blake2b((salt + " ".join(text.split())).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % groups


def scale(gain: float) -> float:
    """Return the difficulty, in 0..1, of a text on which a strong model is expected to gain *gain*."""
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (gain - MIDDLE)))


def gain_of(difficulty: float) -> float:
    """Return the expected gain at *difficulty*: the inverse of :func:`scale`."""
    inside = min(max(difficulty, 1e-9), 1 - 1e-9)
    return MIDDLE + math.log(inside / (1 - inside)) / STEEPNESS


@lru_cache(maxsize=4096)
def difficulty(text: str) -> float:
    """Return how hard *text* is, in 0..1: how far a strong model is expected to do better than a cheap one."""
    return scale(gain(text))


def gain(text: str) -> float:
    """Return how much likelier a strong model is right about *text* than a cheap one, as learned."""
    lines, models = _models()
    parts = read(text)
    features = list(shape(parts).values())
    if not parts.offers_answers:
        return lines[group(text, len(lines))].value(features)
    own = group(text, len(models))
    fields, trees = models[own]
    found = trees.value([*features, *fields.values(parts)])
    return found if not _meaning.installed() else (found + _by_meaning(own, features, text)) / 2


def _by_meaning(own: int, features: Sequence[float], text: str) -> float:
    return _meaning.meanings()[own].gain(features, _meaning.embedder()(text))


def variant() -> str:
    """Return what difficulty is read from here."""
    return f"{VARIANT}+{_meaning.PACKAGE}" if _meaning.installed() else VARIANT


@dataclass(frozen=True, slots=True)
class Line:
    """A weighted sum of features, for open questions."""

    means: Sequence[float]
    scales: Sequence[float]
    weights: Sequence[float]
    start: float

    def value(self, features: Sequence[float]) -> float:
        """Return the sum; a feature far from what was learned from counts as one at the edge of it."""
        found = self.start
        for x, mean, scale, weight in zip(features, self.means, self.scales, self.weights, strict=True):
            found += weight * min(max((x - mean) * scale, -CLIP), CLIP)
        return found


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees of three questions each, for questions that offer answers; their leaves add up."""

    start: float
    trees: Sequence[tuple[Sequence[int], Sequence[float], Sequence[float]]]
    """Features asked for, thresholds, leaves; the questions after ``i`` are ``2i + 1`` (below) and ``2i + 2``."""

    def value(self, features: Sequence[float]) -> float:
        """Return the sum of the leaves that *features* lead to."""
        found = self.start
        for asked, thresholds, leaves in self.trees:
            at = 1 + (features[asked[0]] >= thresholds[0])
            at = 2 * at + 1 + (features[asked[at]] >= thresholds[at])
            found += leaves[2 * at - 6 + (features[asked[at]] >= thresholds[at])]
        return found


@dataclass(frozen=True, slots=True)
class Fields:
    """Which field of knowledge a text is from, by its terms, and how models do in each."""

    places: Mapping[str, int]
    rarity: Sequence[float]
    weights: array[int]
    """A row of whole steps for each term, a column for each field."""
    step: float
    start: Sequence[float]
    known: Sequence[Sequence[float]]
    """Each measure by field: gain, how often a strong model is right, and a cheap one."""

    def values(self, text: Text) -> list[float]:
        """Return what is expected of *text* by each measure, over the fields that it may be from."""
        chances = self.chances(text)
        return [sum(c * v for c, v in zip(chances, row, strict=True)) for row in self.known]

    def chances(self, text: Text) -> list[float]:
        """Return how likely each field is."""
        found = sorted(self.places[t] for t in terms(text.whole) if t in self.places)
        length = math.sqrt(sum(self.rarity[t] ** 2 for t in found)) or 1.0
        width = len(self.start)
        scores = list(self.start)
        for term in found:
            weight, at = self.rarity[term] / length * self.step, term * width
            for field, steps in enumerate(self.weights[at : at + width]):
                scores[field] += weight * steps
        top = max(scores)
        powers = [math.exp(SHARPNESS * (s - top)) for s in scores]
        total = sum(powers)
        return [p / total for p in powers]


@cache
def _models() -> tuple[tuple[Line, ...], tuple[tuple[Fields, Trees], ...]]:
    """Return the models of this package for open questions and for those that offer answers, one a group; read once."""
    data = json.loads(_WEIGHTS.read_bytes())
    places = {term: place for place, term in enumerate(data["terms"])}
    lines = tuple(Line(**one) for one in data["lines"])
    return lines, tuple(_model(one, places, data) for one in data["models"])


def _model(one: Mapping[str, Any], places: Mapping[str, int], data: Mapping[str, Any]) -> tuple[Fields, Trees]:
    fields = one["fields"]
    steps = array("b", zlib.decompress(base64.b64decode(fields["weights"])))
    trees = [(t[:7], t[7:14], t[14:]) for t in one["trees"]["trees"]]
    return (
        Fields(places, data["rarity"], steps, data["step"], fields["start"], fields["known"]),
        Trees(one["trees"]["start"], trees),
    )
