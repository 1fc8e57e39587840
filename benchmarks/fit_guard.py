"""Learn the weights of the light scorer of screening, and measure them on sources that they were not learned from.

    python benchmarks/fit_guard.py DATA.jsonl [--write] [--cross-validate] [--seed 1]

DATA has rows ``id, text, label, source, kind``; texts that ``_guard_texts.py`` makes are added. With
``--cross-validate`` each source (with those that are of one make) is left out in turn and scored by what was learned
from the others. Prints JSON; with ``--write`` also writes ``plugins/genesis_guard/weights.json``. Needs numpy, scipy
and scikit-learn (one core: about one minute, and ten to cross-validate); the same seed gives the same figures.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from _guard_texts import made
from sklearn.linear_model import LogisticRegression

from genesis_guard import _features as features
from genesis_guard._families import built_in
from genesis_guard._scorer import FILE, Scorer
from genesis_guard._views import readings

APART = ("indirect-plain", "benign-document", "hard-benign-system-prompt")
"""Rows that no text alone tells apart; neither learned from nor counted."""
MAKES = ("cyberseceval", "bipia-code", "bipia-email", "notinject")
"""Sources that begin so are of one make, and left out together."""
PULL = 1.0
ROUNDS = 2
FOLDS = 4
MOST_WORDS = 4000
FAMILY_MOST = 3.0
Array = np.ndarray[Any, Any]


@dataclass
class Data:
    """Texts as the scorer sees them."""

    terms: Any
    """A row for each word of all texts."""
    begins: Array
    families: Array
    label: Array
    source: Array
    make: Array
    counted: Array
    learnable: Array
    windows: list[tuple[Array, Array, Array]]
    """For each scale: text, first word, one past the last word."""


def load(path: Path, seed: int) -> Data:
    """Return the rows of *path* and the made ones."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows += made(seed)
    families = built_in()
    names = [family.id for family in families.all]
    unweighed = Scorer(array("b", bytes(features.PLACES)), 0, 0, 0, {}, families.lexicon)
    texts, found = [], []
    for row in rows:
        # What stands encoded is learned from as it reads; the plain view is what counts for the rest.
        main = readings(row["text"], families, unweighed.look)
        best = max(main, key=lambda view: len(view.hits))
        texts.append((best.words[:MOST_WORDS], best.classes[:MOST_WORDS]))
        hit = {h.family for h in best.hits}
        found.append([float(name in hit) for name in names])
    terms, begins = _terms(texts)
    source = np.array([row["source"] for row in rows])
    make = np.array([next((m for m in ("made", *MAKES) if name.startswith(m)), name) for name in source])
    apart = np.array([row.get("kind") in APART for row in rows])
    label = np.array([row["label"] for row in rows])
    return Data(terms, begins, np.array(found), label, source, make, ~apart, ~apart | (label == 0), _windows(begins))


def _terms(texts: Sequence[tuple[Sequence[str], Sequence[int]]]) -> tuple[Any, Array]:
    place, column, value, begins = [0], list[int](), list[float](), [0]
    memo: dict[str, list[tuple[int, float]]] = {}
    for words, classes in texts:
        one, two = features.pairs([features.number(word) for word in words])
        near = dict(features.joint(classes))
        for at, word in enumerate(words):
            own = memo.get(word) or memo.setdefault(word, features.alone(word, classes[at]))
            both = [*own, (one[at], 1.0), (two[at], 1.0), *([(near[at], 1.0)] if at in near else [])]
            column += [term for term, _ in both]
            value += [share for _, share in both]
            place.append(len(column))
        begins.append(len(place) - 1)
    shape = (len(place) - 1, features.PLACES)
    matrix = sparse.csr_matrix((np.array(value, np.float32), np.array(column, np.int32), np.array(place)), shape=shape)
    return matrix, np.array(begins)


def _windows(begins: Array) -> list[tuple[Array, Array, Array]]:
    found = []
    for size in features.SCALES:
        rows = [(text, first + at, first + min(at + size, last - first))
                for text, (first, last) in enumerate(pairwise(begins))
                for at in features.windows(last - first, size)]  # fmt: skip
        found.append(tuple(np.array(part) for part in zip(*rows, strict=True)))
    return found  # type: ignore[return-value]


def _norm(first: Array, last: Array) -> Array:
    return np.asarray(1 / np.sqrt(np.maximum(last - first, features.LEAST_WORDS)))


def gains(data: Data, weights: Array) -> list[Array]:
    """Return the score of every window, by scale."""
    sums = np.concatenate([[0], np.cumsum(data.terms @ weights)])
    return [(sums[last] - sums[first]) * _norm(first, last) for _, first, last in data.windows]


def tops(data: Data, found: Sequence[Array]) -> Array:
    """Return the mean over the scales of each text's best window."""
    best = np.full((len(data.label), len(found)), -np.inf)
    for at, ((text, _, _), scores) in enumerate(zip(data.windows, found, strict=True)):
        np.maximum.at(best[:, at], text, scores)
    return np.asarray(best.mean(axis=1))


def _chosen(data: Data, found: Sequence[Array], mask: Array) -> tuple[Array, Array, Array]:
    """Return the windows to learn from: the best of an attack, the two that look worst of what is none."""
    parts = []
    for (text, first, last), scores in zip(data.windows, found, strict=True):
        order = np.lexsort((-scores, text))
        starts = np.r_[True, text[order][1:] != text[order][:-1]]
        rank = np.arange(len(order)) - np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
        keep = order[(rank < np.where(data.label[text[order]] == 1, 1, 2)) & mask[text[order]]]
        parts.append(np.stack([text[keep], first[keep], last[keep]]))
    text, first, last = np.unique(np.concatenate(parts, axis=1), axis=1)
    return text, first, last


def _matrix(data: Data, first: Array, last: Array) -> Any:
    size = last - first
    place = np.concatenate([[0], np.cumsum(size)])
    words = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    value = np.repeat(_norm(first, last), size).astype(np.float32)
    return sparse.csr_matrix((value, words, place), shape=(len(first), data.terms.shape[0])) @ data.terms


def share(data: Data, mask: Array) -> Array:
    """Return how much each text counts: sources by the root of their size, both labels alike."""
    counts = {name: np.sum(mask & (data.source == name)) for name in set(data.source)}
    weight = np.array([max(counts[name], 1) ** -0.5 for name in data.source]) * mask
    for label in (0, 1):
        weight[data.label == label] /= weight[data.label == label].sum()
    return weight * mask.sum() / 2


def learn(data: Data, mask: Array, seed: int) -> tuple[Array, float]:
    """Return weights and bias: windows are chosen by what was learned before, then learned from again."""
    rng = np.random.default_rng(seed)
    found = [rng.random(len(text)) for text, _, _ in data.windows]
    weight = share(data, mask)
    weights, bias = np.zeros(features.PLACES), 0.0
    for _ in range(ROUNDS + 1):
        text, first, last = _chosen(data, found, mask)
        matrix = _matrix(data, first, last)
        used = np.unique(matrix.indices)
        each = weight[text] / np.bincount(text, minlength=len(data.label))[text]
        model = LogisticRegression(C=PULL, max_iter=80, tol=1e-3)
        model.fit(matrix[:, used], data.label[text], sample_weight=each * len(each) / each.sum())
        weights = np.zeros(features.PLACES)
        weights[used], bias = model.coef_[0], float(model.intercept_[0])
        found = gains(data, weights)
    return weights, bias


def combine(data: Data, top: Array, mask: Array) -> tuple[float, Array, float]:
    """Return slope, weight of each family and bias of the final odds; no family speaks against an attack."""
    weight = share(data, mask)[mask]
    keep = np.ones(data.families.shape[1], bool)
    while True:
        table = np.column_stack([top, data.families * keep])[mask]
        model = LogisticRegression(C=1.0, max_iter=500).fit(table, data.label[mask], sample_weight=weight)
        against = model.coef_[0][1:] < 0
        if not np.any(against & keep):
            coefficients = np.minimum(model.coef_[0][1:] * keep, FAMILY_MOST)
            return float(model.coef_[0][0]), coefficients, float(model.intercept_[0])
        keep &= ~against


def unseen(data: Data, seed: int, groups: Array) -> Array:
    """Return each text's top under weights that were learned without its group."""
    top = np.zeros(len(data.label))
    for name in sorted(set(groups)):
        out = groups == name
        weights, bias = learn(data, data.learnable & ~out, seed)
        top[out] = tops(data, gains(data, weights))[out] + bias
    return top


def auc(attacks: Array, benign: Array) -> float:
    """Return how often an attack has the higher score."""
    ordered = np.sort(benign)
    below = np.searchsorted(ordered, attacks, "left") + np.searchsorted(ordered, attacks, "right")
    return float(below.mean() / 2 / len(benign))


def figures(score: Array, label: Array) -> dict[str, float]:
    """Return AUC and what is caught at 1 % and 5 % of false alarms."""
    attacks, benign = score[label == 1], np.sort(score[label == 0])[::-1]
    found = {"auc": auc(attacks, benign)}
    for percent in (1, 5):
        found[f"tpr_at_{percent}pct_fpr"] = float((attacks > benign[int(percent / 100 * len(benign))]).mean())
    return {name: round(value, 4) for name, value in found.items()}


def cross_validated(data: Data, seed: int) -> dict[str, Any]:
    """Return what is found in sources that were not learned from."""
    mine = data.make != "made"
    groups = np.where(mine, data.make, "made")
    top = unseen(data, seed, groups)
    odds = np.zeros(len(top))
    for name in sorted(set(groups)):
        out = groups == name
        slope, families, bias = combine(data, top, data.learnable & mine & ~out)
        odds[out] = slope * top[out] + data.families[out] @ families + bias
    use = mine & data.counted
    limit = np.sort(odds[use & (data.label == 0)])[::-1][int(0.01 * np.sum(use & (data.label == 0)))]
    rest = use & (data.make != "cyberseceval")
    return {
        "all": figures(odds[use], data.label[use]), "without cyberseceval": figures(odds[rest], data.label[rest]),
        "above_1pct_threshold": {
            name: [int(np.sum(data.source == name)), round(float((odds[data.source == name] > limit).mean()), 3)]
            for name in sorted(set(data.source[mine]))
        },
    }  # fmt: skip


def fitted(data: Data, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the artefact, and how it does on texts (not sources) that were left out."""
    rng = np.random.default_rng(seed)
    top = unseen(data, seed, rng.integers(0, FOLDS, len(data.label)))
    slope, families, offset = combine(data, top, data.learnable)
    odds = slope * top + data.families @ families + offset
    use = data.counted & (data.make != "made")
    weights, bias = learn(data, data.learnable, seed)
    step = float(np.abs(weights).max()) / 127
    table = np.clip(np.round(weights / step), -127, 127).astype(np.int8)
    names = [family.id for family in built_in().all]
    shares = 1 / (1 + np.exp(-odds))
    hard = shares[np.char.startswith(data.source, "notinject")]
    benign = shares[use & (data.label == 0)]
    said = {
        **figures(odds[use], data.label[use]), "hard_benign_98": round(float(np.quantile(hard, 0.98)), 3),
        "quantiles_of_benign": {str(q): round(float(np.quantile(benign, q)), 3) for q in (0.9, 0.95, 0.98, 0.99)},
    }  # fmt: skip
    return {
        "places": features.PLACES, "step": step, "slope": slope, "bias": offset + slope * bias,
        "families": {n: round(float(f), 4) for n, f in zip(names, families, strict=True) if f},
        "weights": base64.b85encode(zlib.compress(table.tobytes(), 9)).decode(),
    }, said  # fmt: skip


def main() -> None:
    """Learn, measure and print; write with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    data = load(chosen.data, chosen.seed)
    said: dict[str, Any] = {"rows": len(data.label), "made": int(np.sum(data.make == "made"))}
    if chosen.cross_validate:
        said["sources_left_out"] = cross_validated(data, chosen.seed)
    if chosen.write or not chosen.cross_validate:
        artefact, said["texts_left_out"] = fitted(data, chosen.seed)
        if chosen.write:
            named = {
                "made_by": "benchmarks/fit_guard.py", "seed": chosen.seed,
                "data": f"{chosen.data.parent.name}/{chosen.data.name}",
                "data_sha256": hashlib.sha256(chosen.data.read_bytes()).hexdigest(),
                "phrases": "benchmarks/guard_phrases.toml",
            }  # fmt: skip
            FILE.write_text(json.dumps({**named, **artefact}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
