"""Learn what a small encoder adds to the light scorer of screening, for ``[guard]``, and measure it on other sources.

    python benchmarks/fit_guard_encoder.py DATA.jsonl --vocabulary VOCAB.txt [--write] [--cross-validate] [--keep F.npz]

Data, made texts and ways to leave something out are those of ``fit_guard.py``, whose weights are learned anew with the
same seed. VOCAB.txt is the vocabulary of the encoder, a word a line (``vocab.txt`` of all-MiniLM-L6-v2). Prints JSON;
with ``--write`` also writes ``plugins/genesis_guard/encoder.json``. Needs the extra ``[guard]``, numpy, scipy and
scikit-learn; one core, about six minutes for the vectors (which ``--keep`` keeps in a file) and as many for the rest.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fit_guard as light
import numpy as np
from _guard_texts import made
from fit_guard import Array, Data
from sklearn.linear_model import LogisticRegression

from genesis_guard._encoder import FILE, MODEL, Encoder, clipped, windows
from genesis_guard._families import built_in
from genesis_guard._scorer import FILE as LIGHT
from genesis_guard._scorer import learned
from genesis_guard._views import readings

PULL = 1.0
SHARE = 0.3
"""How much the encoder counts beside the light scorer. Texts left out would give it less than sources left out do: it
is what a scorer knows of sources it has not seen that it is there for, so it is set and not learned."""


def texts(path: Path, seed: int) -> list[str]:
    """Return the rows of *path* and the made ones as they read once a disguise is off, in the order of ``load``."""
    families = built_in()
    look = learned(families.lexicon).look
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows = [*map(json.loads, lines), *made(seed)]
    views = [max(readings(row["text"], families, look), key=lambda view: len(view.hits)) for row in rows]
    return [clipped(view.view.text, 0) for view in views]


def vectors(model: Encoder, read: list[str], keep: Path | None) -> tuple[Array, Array]:
    """Return a row for each window of each text, and the text that it belongs to; *keep* holds those made before."""
    known: dict[bytes, Array] = {}
    if keep is not None and keep.is_file():
        held = np.load(keep)
        known = dict(zip((bytes(key) for key in held["keys"]), held["rows"], strict=True))
    rows, owner = list[Array](), list[int]()
    for at, text in enumerate(read):
        for ids in windows(model.ids(text)):
            key = hashlib.sha256(np.array(ids, np.int32).tobytes()).digest()
            if key not in known:
                known[key] = model.vectors([ids])[0].astype(np.float32)
            rows.append(known[key])
            owner.append(at)
    if keep is not None:
        keys = np.frombuffer(b"".join(known), np.uint8).reshape(-1, 32)
        np.savez(keep, keys=keys, rows=np.array(list(known.values()), np.float32))
    return np.array(rows), np.array(owner)


class Meanings:
    """Vectors of all windows and of all texts, and what is learned from them."""

    def __init__(self, data: Data, rows: Array, owner: Array) -> None:
        self._data, self._rows, self._owner = data, rows, owner
        whole = np.zeros((len(data.label), rows.shape[1]))
        np.add.at(whole, owner, rows)
        self._whole = whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-9)

    def learn(self, mask: Array) -> tuple[Array, float]:
        """Return weights and bias: a regression on what whole texts mean."""
        weight = light.share(self._data, mask)[mask]
        model = LogisticRegression(C=PULL, max_iter=300)
        model.fit(self._whole[mask], self._data.label[mask], sample_weight=weight)
        return model.coef_[0], float(model.intercept_[0])

    def weigh(self, weights: Array, bias: float) -> Array:
        """Return what ``Encoder.weigh`` would of each text."""
        local = np.full(len(self._data.label), -np.inf)
        np.maximum.at(local, self._owner, self._rows @ weights)
        return np.maximum(self._whole @ weights, local) + bias

    def unseen(self, groups: Array) -> Array:
        """Return what each text weighs by what was learned without its group."""
        found = np.zeros(len(self._data.label))
        for name in sorted(set(groups)):
            out = groups == name
            found[out] = self.weigh(*self.learn(self._data.learnable & ~out))[out]
        return found


def said_of(data: Data, seen: Array, fit: tuple[Array, float]) -> dict[str, Any]:
    """Return the figures, and which share of harmless texts is above the default threshold."""
    odds = light.odds_of(data, seen, fit)
    above = odds > np.log(9)
    use = data.counted & (data.make != "made")
    shares = {
        "benign": use & (data.label == 0), "notinject": data.make == "notinject",
        "library": data.source == "made-library", "embedded": data.source == "made-embedded",
    }  # fmt: skip
    held = {name: round(float(above[which].mean()), 4) for name, which in shares.items()}
    return {**light.reported(data, odds), "above_decision": held}


def artefact(data: Data, fit: tuple[Array, float], meanings: Meanings, vocabulary: list[str]) -> dict[str, Any]:
    """Return what the guard reads, learned from all texts."""
    weights, bias = meanings.learn(data.learnable)
    _, light_bias = light.learn(data, data.learnable)
    (slope, *families), offset = fit
    names = [family.id for family in built_in().all]
    return {
        "head": {"weights": [round(float(w), 5) for w in weights], "bias": bias},
        "fit": {
            "share": SHARE, "slope": float(slope), "bias": offset + float(slope) * light_bias,
            "families": {n: round(float(f), 4) for n, f in zip(names, families, strict=True) if f > 0},
        },
        "vocabulary": {
            "is": "vocab.txt of all-MiniLM-L6-v2, that of BERT uncased; Apache-2.0",
            "words": base64.b85encode(zlib.compress("\n".join(vocabulary).encode(), 9)).decode(),
        },
    }  # fmt: skip


def encoder_of(vocabulary: list[str]) -> tuple[Encoder, str]:
    """Return the installed encoder, and its digest."""
    spec = find_spec(MODEL)
    if spec is None or spec.origin is None:
        raise SystemExit("needs the extra [guard]")
    path = Path(spec.origin).with_name("model.onnx")
    words = base64.b85encode(zlib.compress("\n".join(vocabulary).encode())).decode()
    empty = {"vocabulary": {"words": words}, "head": {}, "fit": {}}
    return Encoder(path, empty), hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Learn, measure and print; write with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vocabulary", type=Path, required=True)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    vocabulary = chosen.vocabulary.read_text(encoding="utf-8").rstrip("\n").split("\n")
    model, digest = encoder_of(vocabulary)
    data = light.load(chosen.data, chosen.seed)
    meanings = Meanings(data, *vectors(model, texts(chosen.data, chosen.seed), chosen.keep))
    splits = light.splits(data, chosen.seed) if chosen.cross_validate else {}
    groups = {"texts_left_out": np.random.default_rng(chosen.seed).integers(0, light.FOLDS, len(data.label)), **splits}
    seen = {name: light.unseen(data, by) + SHARE * meanings.unseen(by) for name, by in groups.items()}
    fit = light.combine(data, seen["texts_left_out"], data.learnable)
    print(json.dumps({name: said_of(data, one, fit) for name, one in seen.items()}, indent=1))
    if chosen.write:
        named = {
            "made_by": "benchmarks/fit_guard_encoder.py", "seed": chosen.seed,
            "data": f"{chosen.data.parent.name}/{chosen.data.name}", "phrases": "benchmarks/guard_phrases.toml",
            "data_sha256": hashlib.sha256(chosen.data.read_bytes()).hexdigest(),
            "weights_sha256": hashlib.sha256(LIGHT.read_bytes()).hexdigest(), "encoder_sha256": digest,
        }  # fmt: skip
        FILE.write_text(json.dumps({**named, **artefact(data, fit, meanings, vocabulary)}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
