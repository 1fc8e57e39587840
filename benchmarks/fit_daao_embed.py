"""Learn what sentence embeddings add to difficulty, for ``[embed]``, and measure by cross-validation what that saves.

    python benchmarks/fit_daao_embed.py DATA.csv [--write] [--seeds 3]

Data, groups and measures are those of ``fit_daao.py``; the embeddings are those of the package ``wordllama``. For
questions that offer answers only: the field is read from the embedding (ridge regression), and a kernel regression over
shape and field gives the gain, which is averaged with that of the trees. Prints JSON; with ``--write`` also writes
``plugins/genesis_daao/embed.json``. Needs numpy and wordllama; about one minute a seed.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import math
import sys
import zlib
from array import array
from pathlib import Path
from typing import Any

import fit_daao as base
import numpy as np
from fit_daao import GROUPS, Data, Vector

from genesis_daao import _difficulty, _meaning

LANDMARKS = 400
FIELD_PULL, SHARPNESS, STEP = 0.3, 12.0, 0.05
"""Strength of the pull towards 0, how decided a field is, and what a whole step of a weight is."""
FIELD_WEIGHT, NOISE = 0.7, 5.0
"""How much the field counts beside the shape, and the strength of the pull of the kernel regression."""
SHAPE_STEP = 0.024


def embed(path: Path) -> Vector:
    """Return the embeddings of the rows with known correctness."""
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row["prompt"] for row in csv.DictReader(file) if row["strong_correct"]]
    one = _meaning.embedder()
    return np.array([one(text) for text in texts])


class Fields:
    """Fields by embedding, and how models did in each."""

    def __init__(self, data: Data, vectors: Vector, rows: Vector) -> None:
        """Learn from *rows*."""
        x, y = vectors[rows], np.eye(data.fields)[data.field[rows]]
        middle, start, size = x.mean(0), y.mean(0), y.sum(0)
        x = x - middle
        weights = np.linalg.solve(x.T @ x + FIELD_PULL * np.eye(x.shape[1]), x.T @ (y - start))
        self.steps = np.clip(np.round(weights / STEP), -127, 127)
        self.start = np.round(start - middle @ (self.steps * STEP), 5)
        known = [(y.T @ v[rows] + base.PRIOR * v[rows].mean()) / (size + base.PRIOR)
                 for v in (data.gain, data.strong, data.weak)]
        self.known = np.round(np.array(known), 4)

    def values(self, vectors: Vector) -> Vector:
        """Return gain, strong and weak as expected of *vectors*."""
        scores = SHARPNESS * (vectors @ (self.steps * STEP) + self.start)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return (powers / powers.sum(1, keepdims=True)) @ self.known.T


def places(data: Data) -> tuple[Vector, Vector, Vector, Vector]:
    """Return means, scales, steps and places of the shapes."""
    choice = np.flatnonzero(data.choice)
    means = np.round(data.shape[choice].mean(0), 6)
    scales = np.round(1 / (data.shape[choice].std(0) + 1e-9), 6)
    scales[data.shape[choice].std(0) == 0] = 0
    clipped = np.clip((data.shape - means) * scales, -_meaning.CLIP, _meaning.CLIP)
    return means, scales, np.round(clipped / SHAPE_STEP), clipped * _meaning.SHAPE / math.sqrt(len(means))


def learn(data: Data, vectors: Vector, groups: Vector) -> tuple[dict[str, Any], Vector]:
    """Return the artefact, with a model for each group learned from the others, and the gain of each text by it."""
    choice = np.flatnonzero(data.choice)
    means, scales, steps, placed = places(data)
    marks = np.sort(np.random.default_rng(0).choice(choice, LANDMARKS, replace=False))
    near = np.clip(steps[marks], -127, 127)
    fields = {(a, b): Fields(data, vectors, choice[(groups[choice] != a) & (groups[choice] != b)])
              for a in range(GROUPS) for b in range(a, GROUPS)}
    gains, models = np.zeros(len(groups)), []
    for own in range(GROUPS):
        told = np.zeros((len(groups), 3))
        for other in range(GROUPS):  # what is learned of the field of a text comes from groups other than its own
            rows = np.flatnonzero(groups == other)
            told[rows] = fields[min(own, other), max(own, other)].values(vectors[rows])
        rows, here = choice[groups[choice] != own], choice[groups[choice] == own]
        spread = np.round(math.sqrt(FIELD_WEIGHT / 3) / told[rows].std(0), 5)
        at_marks = np.round(told[marks] * spread, 5)
        spots = np.hstack([near * SHAPE_STEP * _meaning.SHAPE / math.sqrt(len(means)), at_marks])
        points = np.hstack([placed, told * spread])
        heights, middle = _regress(points[rows], data.gain[rows], spots)
        gains[here] = _kernel(points[here], spots) @ heights + middle
        found = fields[own, own]
        models.append({"weights": _packed(found.steps.T), "start": found.start.tolist(), "known": found.known.tolist(),
                       "spread": spread.tolist(), "marks": at_marks.tolist(), "heights": heights.tolist(),
                       "middle": middle})
    return {"means": means.tolist(), "scales": scales.tolist(), "shape_step": SHAPE_STEP, "shapes": _packed(near),
            "step": STEP, "sharpness": SHARPNESS, "models": models}, gains


def _kernel(a: Vector, b: Vector) -> Vector:
    found: Vector = np.exp(-((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T))
    return found


def _regress(points: Vector, gain: Vector, spots: Vector) -> tuple[Vector, float]:
    middle, near = round(float(gain.mean()), 6), _kernel(points, spots)
    pull = NOISE * _kernel(spots, spots) + 1e-3 * np.eye(len(spots))
    return np.round(np.linalg.solve(near.T @ near + pull, near.T @ (gain - middle)), 5), middle


def _packed(steps: Vector) -> dict[str, Any]:
    data = array("b", steps.astype(int).ravel().tolist()).tobytes()
    return {"steps": base64.b64encode(zlib.compress(data, 9)).decode(), "width": steps.shape[1]}


def main() -> None:
    """Learn, measure beside the trees alone, and write when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    data, vectors = base.read(chosen.data), embed(chosen.data)
    about = {"variant": f"{_difficulty.VARIANT}+{_meaning.PACKAGE}", "script": "benchmarks/fit_daao_embed.py",
             "data": chosen.data.name, "seed": 0, "sha256": hashlib.sha256(chosen.data.read_bytes()).hexdigest(),
             "source": "lm-sys/RouteLLM (Apache-2.0)", "rows": len(data.texts)}
    result: dict[str, Any] = {**about, "seeds": []}
    for seed in range(chosen.seeds):
        groups = base.grouped(data, seed)
        artefact, gains = learn(data, vectors, groups)
        if seed == 0 and chosen.write:
            target = Path(_difficulty.__file__).parent / "embed.json"
            target.write_text(json.dumps({**about, **artefact}) + "\n", encoding="utf-8")
        trees = base.judged(data, groups, base.learn(data, groups, seed), base.learn_lines(data, groups))
        both = np.where(data.choice, (trees + gains) / 2, trees)
        result["seeds"].append({"words": base.measure(data, trees, groups, seed)["choice"],
                                "both": base.measure(data, both, groups, seed)["choice"]})
        print(json.dumps(result["seeds"][-1]), file=sys.stderr, flush=True)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
