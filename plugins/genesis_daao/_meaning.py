"""What a text means, when ``[embed]`` is installed: its field as read from sentence embeddings, and kernel regression.

``embed.json`` is made by ``benchmarks/fit_daao_embed.py`` and holds, like ``weights.json``, a model for each group of
texts that has never seen them. The embeddings come from the package ``wordllama``, which brings its weights: nothing
is fetched.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from operator import mul
from pathlib import Path
from typing import Any

__all__ = ["Meaning", "embedder", "installed", "meanings"]

PACKAGE = "wordllama"
CLIP = 3.0
MAX_CHARS = 20_000
_WEIGHTS = Path(__file__).parent / "embed.json"

Embed = Callable[[str], Sequence[float]]


@cache
def installed() -> bool:
    """Return whether texts can be embedded here; nothing is imported."""
    return find_spec(PACKAGE) is not None and _WEIGHTS.is_file()


@cache
def embedder() -> Embed:
    """Return the function that embeds a text, in unit length; the model is loaded once, from the installed package."""
    package: Any = import_module(PACKAGE)
    # It looks for its tokenizer in a folder that it does not have, and would fetch it: it is told where.
    model = package.WordLlama.load(cache_dir=Path(package.__file__).parent, disable_download=True)

    def embed(text: str) -> Sequence[float]:
        vector = [float(x) for x in model.embed([text[:MAX_CHARS] or " "], norm=False)[0]]
        length = math.sqrt(sum(x * x for x in vector))
        return [x / length for x in vector] if length > 0 and math.isfinite(length) else [0.0] * len(vector)

    return embed


@dataclass(frozen=True, slots=True)
class Meaning:
    """The model of one group: fields by embedding, then landmarks that a text is near to."""

    scale: tuple[Sequence[float], Sequence[float]]
    """Mean of each feature of the shape, and what a step away from it counts."""
    weights: Sequence[array[int]]
    """For each field a row of whole steps, one for each dimension."""
    step: float
    start: Sequence[float]
    known: Sequence[Sequence[float]]
    """Each measure by field."""
    sharpness: float
    spread: Sequence[float]
    """What a measure counts, of the distance to a landmark."""
    landmarks: Sequence[Sequence[float]]
    heights: Sequence[float]
    middle: float

    def gain(self, shape: Sequence[float], embedding: Sequence[float]) -> float:
        """Return the gain that is expected of a text of that *shape* and *embedding*."""
        place = [*self.placed(shape), *self.measures(embedding)]
        marks = zip(self.landmarks, self.heights, strict=True)
        return self.middle + math.fsum(h * math.exp(-(math.dist(place, mark) ** 2)) for mark, h in marks)

    def placed(self, shape: Sequence[float]) -> list[float]:
        """Return where *shape* lies; a feature far from what was learned from counts as one at the edge of it."""
        width = 1 / math.sqrt(len(shape))
        return [min(max((x - m) * s, -CLIP), CLIP) * SHAPE * width for x, m, s in zip(shape, *self.scale, strict=True)]

    def measures(self, embedding: Sequence[float]) -> list[float]:
        """Return what is expected by each measure, over the fields that the text may be from."""
        pairs = zip(self.weights, self.start, strict=True)
        scores = [self.sharpness * (self.step * sum(map(mul, row, embedding)) + s) for row, s in pairs]
        top = max(scores)
        powers = [math.exp(s - top) for s in scores]
        total = sum(powers)
        return [
            sum(p * v for p, v in zip(powers, row, strict=True)) / total * spread
            for row, spread in zip(self.known, self.spread, strict=True)
        ]  # fmt: skip


SHAPE = math.sqrt(0.7)
"""How much the shape of a text counts beside its field."""


@cache
def meanings() -> tuple[Meaning, ...]:
    """Return the models of this package, one a group; read once."""
    data = json.loads(_WEIGHTS.read_bytes())
    return tuple(_meaning(one, data) for one in data["models"])


def _meaning(one: Mapping[str, Any], data: Mapping[str, Any]) -> Meaning:
    marks = [[*shape, *measures] for shape, measures in zip(_unpacked(data["shapes"]), one["marks"], strict=True)]
    means, scales = data["means"], data["scales"]
    width = SHAPE / math.sqrt(len(means))
    placed = [[x * data["shape_step"] * width for x in m[: len(means)]] + m[len(means) :] for m in marks]
    return Meaning((means, scales), _unpacked(one["weights"]), data["step"], one["start"], one["known"],
                   data["sharpness"], one["spread"], placed, one["heights"], one["middle"])


def _unpacked(packed: Mapping[str, Any]) -> list[array[int]]:
    """Return rows of whole steps."""
    steps, width = array("b", zlib.decompress(base64.b64decode(packed["steps"]))), packed["width"]
    return [steps[at : at + width] for at in range(0, len(steps), width)]
