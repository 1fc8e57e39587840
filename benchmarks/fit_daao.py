"""Learn from outcomes how hard texts are for a cheap model, and measure by cross-validation what that saves.

    python benchmarks/fit_daao.py DATA.csv [--write] [--seeds 3]
    python benchmarks/fit_daao.py REQUESTS.jsonl --steps

DATA has the columns ``id, dataset, subject, prompt, strong_correct, weak_correct``. Each text falls into one of a few
groups by its hash; the model of a group is learned from the others, and that is what is shipped and measured: no
text is ever judged by a model that has seen it. The threshold for a group is chosen on the other groups, as
``genesis eval cost --freeze`` chooses it. Prints JSON; with ``--write`` also writes
``plugins/genesis_daao/weights.json``. Needs numpy (2 cores: about two minutes a seed); the same seed gives the same
bytes on one machine, and the same figures on another.
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
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genesis_daao import _difficulty, _features, _work

GROUPS, LINE_GROUPS = 5, 20
"""Of questions that offer answers, and of open ones: those are few, and a line is quickly learned."""
RARE = 12
"""A term that stands in fewer texts is not looked at."""
FIELD_PULL, LINE_PULL = 1.0, 1500.0
"""Strength of the pull towards 0 (L2), of the fields and of the line for open questions."""
PRIOR = 10.0
"""How many middling outcomes a field is taken to have had."""
TREES, RATE, LEAST, LEAF_PULL, BINS = 300, 0.03, 40, 10.0, 24
ROWS, COLUMNS = 0.7, 0.4
"""Share of texts and of features that a tree sees."""
STEP = 0.01
WEAK_COST = 0.24 / 24.7
KEEP = 0.95
Vector = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Data:
    """What is learned from."""

    texts: list[_features.Text]
    choice: Vector
    shape: Vector
    words: Vector
    terms: list[str]
    rarity: Vector
    strong: Vector
    weak: Vector
    field: Vector
    fields: int

    @property
    def gain(self) -> Vector:
        """What a strong model gained: -1, 0 or 1."""
        return self.strong - self.weak


def read(path: Path) -> Data:
    """Return what the rows with known correctness hold."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["strong_correct"]]
    texts = [_features.read(row["prompt"]) for row in rows]
    known = [_features.terms(text.whole) for text in texts]
    count = Counter(term for found in known for term in found)
    terms = sorted(term for term, n in count.items() if n >= RARE)
    rarity = np.array([round(math.log(len(rows) / count[t]), 3) for t in terms])
    names = sorted({row["subject"] for row in rows})
    return Data(
        texts, np.array([t.offers_answers for t in texts]),
        np.array([list(_features.shape(t).values()) for t in texts]), _words(known, terms, rarity), terms, rarity,
        np.array([float(row["strong_correct"]) for row in rows]), np.array([float(r["weak_correct"]) for r in rows]),
        np.array([names.index(row["subject"]) for row in rows]), len(names),
    )  # fmt: skip


def _words(known: Sequence[frozenset[str]], terms: Sequence[str], rarity: Vector) -> Vector:
    place = {term: at for at, term in enumerate(terms)}
    found = np.zeros((len(known), len(terms)))
    for row, words in enumerate(known):
        at = [place[w] for w in words if w in place]
        found[row, at] = rarity[at] / (np.sqrt((rarity[at] ** 2).sum()) or 1.0)
    return found


# ---- fields: which subject a text is from ------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldModel:
    """Weights of terms for fields in whole steps, and how models did in each field."""

    steps: Vector
    start: Vector
    known: Vector

    def values(self, data: Data, rows: Vector) -> Vector:
        """Return gain, strong and weak as expected of *rows*."""
        scores = np.exp(_difficulty.SHARPNESS * (data.words[rows] @ (self.steps * STEP) + self.start))
        return (scores / scores.sum(1, keepdims=True)) @ self.known.T


def learn_fields(data: Data, rows: Vector) -> FieldModel:
    """Return what *rows* tell of terms and fields (ridge regression of each field on the terms)."""
    x, y = data.words[rows], np.eye(data.fields)[data.field[rows]]
    start = y.mean(0)
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += FIELD_PULL
    steps = np.clip(np.round(np.linalg.solve(gram, x.T @ (y - start)) / STEP), -127, 127)
    size = y.sum(0)
    known = [(y.T @ v[rows] + PRIOR * v[rows].mean()) / (size + PRIOR) for v in (data.gain, data.strong, data.weak)]
    return FieldModel(steps, np.round(start, 5), np.round(np.array(known), 4))


# ---- trees: questions that offer answers -------------------------------------------------------------------------


def learn_trees(x: Vector, y: Vector, seed: int) -> tuple[float, list[list[float]]]:
    """Return the mean and small trees that add up to *y* (gradient boosting on squares, histograms of BINS)."""
    chance = np.random.default_rng(seed)
    edges = [np.unique(np.round(np.quantile(c, np.linspace(0, 1, BINS + 1)[1:-1]), 5)) for c in x.T]
    binned = np.stack([np.searchsorted(e, c, side="right") for e, c in zip(edges, x.T, strict=True)], 1)
    start = round(float(y.mean()), 5)
    left, trees = y - start, []
    for _ in range(TREES):
        rows = chance.random(len(y)) < ROWS
        columns = np.sort(chance.choice(x.shape[1], max(1, round(COLUMNS * x.shape[1])), replace=False))
        tree, leaf_of = _tree(binned, left, rows, columns, edges)
        trees.append(tree)
        left = left - np.array(tree[14:])[leaf_of]
    return start, trees


def _tree(
    binned: Vector, left: Vector, rows: Vector, columns: Vector, edges: Sequence[Vector]
) -> tuple[list[float], Vector]:
    """Return one tree of three levels, and the leaf of each row."""
    node = np.zeros(len(left), int)
    asked, thresholds = [], []
    for place in range(7):
        here = node == place
        column, cut = _split(binned, left, here & rows, columns)
        asked.append(column)
        thresholds.append(float(edges[column][cut - 1]) if cut else 1e12)
        node = np.where(here, 2 * place + 1 + (binned[:, column] >= cut if cut else np.zeros(len(left), bool)), node)
    leaf = node - 7
    total = np.bincount(leaf[rows], left[rows], 8)
    count = np.bincount(leaf[rows], minlength=8)
    return [*asked, *thresholds, *np.round(RATE * total / (count + LEAF_PULL), 6).tolist()], leaf


def _split(binned: Vector, left: Vector, here: Vector, columns: Vector) -> tuple[int, int]:
    """Return the column and the lowest bin of the upper part that part *here* best; bin 0: not at all."""
    index = np.flatnonzero(here)
    width = len(columns)
    places = binned[np.ix_(index, columns)] + np.arange(width) * (BINS + 1)
    size = width * (BINS + 1)
    count = np.bincount(places.ravel(), minlength=size).reshape(width, -1).cumsum(1)
    total = np.bincount(places.ravel(), np.repeat(left[index], width), size).reshape(width, -1).cumsum(1)
    n, g = count[:, -1:], total[:, -1:]
    value = total**2 / (count + LEAF_PULL) + (g - total) ** 2 / (n - count + LEAF_PULL) - g**2 / (n + LEAF_PULL)
    value[(count < LEAST) | (n - count < LEAST)] = 0
    best = int(value.argmax())
    if value.ravel()[best] <= 1e-9:
        return 0, 0
    return int(columns[best // (BINS + 1)]), best % (BINS + 1) + 1


# ---- line: open questions ----------------------------------------------------------------------------------------


def learn_line(x: Vector, y: Vector) -> _difficulty.Line:
    """Return the weighted sum of features nearest to *y* (ridge regression)."""
    means, scales = np.round(x.mean(0), 6), np.round(np.where(x.std(0) > 0, 1 / (x.std(0) + 1e-9), 0), 6)
    z = np.clip((x - means) * scales, -_difficulty.CLIP, _difficulty.CLIP)
    middle = z.mean(0)
    c = z - middle
    weights = np.round(np.linalg.solve(c.T @ c + LINE_PULL * np.eye(c.shape[1]), c.T @ (y - y.mean())), 6)
    start = round(float(y.mean() - weights @ middle), 6)
    return _difficulty.Line(means.tolist(), scales.tolist(), weights.tolist(), start)


# ---- all together, group by group --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learned:
    """The model of one group."""

    fields: FieldModel
    start: float
    trees: list[list[float]]

    def gains(self, data: Data, rows: Vector) -> Vector:
        """Return the expected gain of *rows*."""
        trees = _difficulty.Trees(self.start, [(t[:7], t[7:14], t[14:]) for t in self.trees])  # type: ignore[misc]
        x = np.hstack([data.shape[rows], self.fields.values(data, rows)])
        return np.array([trees.value(list(one)) for one in x])


def learn(data: Data, groups: Vector, seed: int) -> list[Learned]:
    """Return a model for each group, learned from the others.

    What the trees learn of the fields of a text comes, again, from groups other than its own.
    """
    choice = np.flatnonzero(data.choice)
    without = {
        (a, b): learn_fields(data, choice[(groups[choice] != a) & (groups[choice] != b)])
        for a in range(GROUPS) for b in range(a, GROUPS)
    }  # fmt: skip
    found = []
    for own in range(GROUPS):
        told = np.zeros((len(groups), 3))
        for other in range(GROUPS):
            rows = np.flatnonzero(groups == other)
            told[rows] = without[min(own, other), max(own, other)].values(data, rows)
        rows = choice[groups[choice] != own]
        start, trees = learn_trees(np.hstack([data.shape[rows], told[rows]]), data.gain[rows], seed)
        found.append(Learned(without[own, own], start, trees))
    return found


def learn_lines(data: Data, groups: Vector) -> list[_difficulty.Line]:
    """Return a line for each group of open questions, learned from the others."""
    others = [np.flatnonzero(~data.choice & (groups != own)) for own in range(LINE_GROUPS)]
    return [learn_line(data.shape[rows], data.gain[rows]) for rows in others]


def grouped(data: Data, seed: int) -> Vector:
    """Return the group of each text; with seed 0 as when it is asked for."""
    salt = str(seed) if seed else ""
    return np.array([
        _difficulty.group(text.whole, GROUPS if choice else LINE_GROUPS, salt)
        for text, choice in zip(data.texts, data.choice, strict=True)
    ])  # fmt: skip


def judged(data: Data, groups: Vector, models: Sequence[Learned], lines: Sequence[_difficulty.Line]) -> Vector:
    """Return the expected gain of each text, by the model of its group."""
    gains = np.zeros(len(groups))
    for own, model in enumerate(models):
        rows = np.flatnonzero(data.choice & (groups == own))
        gains[rows] = model.gains(data, rows)
    for own, line in enumerate(lines):
        for row in np.flatnonzero(~data.choice & (groups == own)):
            gains[row] = line.value(list(data.shape[row]))
    return gains


# ---- what it saves -----------------------------------------------------------------------------------------------


def threshold(score: Vector, strong: Vector, weak: Vector) -> float:
    """Return the highest threshold at which the strong model's accuracy is kept to KEEP."""
    order = np.argsort(-score, kind="stable")
    kept = weak.sum() + np.concatenate([[0.0], np.cumsum((strong - weak)[order])]) >= KEEP * strong.sum() - 1e-9
    first = int(kept.argmax())
    return math.inf if first == 0 else float(score[order[first - 1]])


def saving(score: Vector, strong: Vector, weak: Vector, groups: Vector) -> tuple[float, float]:
    """Return money saved and share of accuracy kept, each group at the threshold of the others."""
    up = np.zeros(len(score), bool)
    for own in np.unique(groups % GROUPS):
        here = groups % GROUPS == own
        up[here] = score[here] >= threshold(score[~here], strong[~here], weak[~here])
    return (1 - WEAK_COST) * float(1 - up.mean()), float(np.where(up, strong, weak).sum() / strong.sum())


def measure(data: Data, score: Vector, groups: Vector, seed: int) -> dict[str, Any]:
    """Return, for each kind of question, saving and accuracy kept with 95 % intervals (bootstrap over texts)."""
    found: dict[str, Any] = {}
    for name, rows in (("choice", np.flatnonzero(data.choice)), ("open", np.flatnonzero(~data.choice))):
        part = [v[rows] for v in (score, data.strong, data.weak, groups)]
        chance = np.random.default_rng(seed)
        drawn = [saving(*(v[pick] for v in part)) for pick in chance.integers(0, len(rows), (200, len(rows)))]
        low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
        saved, kept = saving(*part)
        found[name] = {"rows": len(rows), "saved": round(saved, 4), "saved_95": [round(low[0], 4), round(high[0], 4)],
                       "kept": round(kept, 4), "kept_95": [round(low[1], 4), round(high[1], 4)]}  # fmt: skip
    return found


def packed(
    data: Data, models: Sequence[Learned], lines: Sequence[_difficulty.Line], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the artefact."""
    return {
        **about, "features": list(_features.shape(data.texts[0])), "terms": data.terms, "rarity": data.rarity.tolist(),
        "step": STEP, "lines": [asdict(line) for line in lines], "models": [
            {
                "fields": {
                    "weights": base64.b64encode(zlib.compress(
                        array("b", m.fields.steps.astype(int).ravel().tolist()).tobytes(), 9)).decode(),
                    "start": m.fields.start.tolist(), "known": m.fields.known.tolist(),
                },
                "trees": {"start": m.start, "trees": m.trees},
            }
            for m in models
        ],
    }  # fmt: skip


def quality(data: Data, gains: Vector) -> dict[str, list[float]]:
    """Return the lines (at difficulty 0, at 1) of how often each model was right, by difficulty."""
    x = np.array([_difficulty.scale(g) for g in gains])
    lines = {name: np.polyfit(x, y, 1) for name, y in (("strong", data.strong), ("weak", data.weak))}
    return {name: [round(float(b), 3), round(float(a + b), 3)] for name, (a, b) in lines.items()}


def steps(path: Path) -> dict[str, float]:
    """Return how the steps of requests grow with their words (least squares of the logarithms).

    *path* holds a JSON object a line, with ``request`` and ``nodes``; the figures stand in ``genesis_daao/_work.py``.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    words = np.log([max(1, len(_work.WORD.findall(row["request"]))) for row in rows])
    power, start = np.polyfit(words, np.log([len(row["nodes"]) for row in rows]), 1)
    return {"rows": len(rows), "words": round(math.exp(-start / power), 1), "power": round(float(power), 3)}


def main() -> None:
    """Learn, measure, and write when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", action="store_true", help="DATA holds requests whose steps are known, as JSON lines")
    chosen = parser.parse_args()
    if chosen.steps:
        print(json.dumps(steps(chosen.data)))
        return
    data = read(chosen.data)
    about = {"variant": _difficulty.VARIANT, "script": "benchmarks/fit_daao.py", "data": chosen.data.name, "seed": 0,
             "sha256": hashlib.sha256(chosen.data.read_bytes()).hexdigest(), "source": "lm-sys/RouteLLM (Apache-2.0)",
             "rows": len(data.texts)}  # fmt: skip
    result: dict[str, Any] = {**about, "seeds": []}
    for seed in range(chosen.seeds):
        groups = grouped(data, seed)
        models, lines = learn(data, groups, seed), learn_lines(data, groups)
        gains = judged(data, groups, models, lines)
        result["seeds"].append(measure(data, gains, groups, seed))
        if seed == 0:
            result["quality"] = about["quality"] = quality(data, gains)
            if chosen.write:
                target = Path(_difficulty.__file__).parent / "weights.json"
                text = json.dumps(packed(data, models, lines, about), ensure_ascii=False)
                target.write_text(text + "\n", encoding="utf-8")
        print(json.dumps(result["seeds"][-1]), file=sys.stderr, flush=True)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
