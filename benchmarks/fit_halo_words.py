"""Work out what ordinary words say about fields of work, from a small encoder of sentences and the written lexicon.

    python benchmarks/fit_halo_words.py

No task is read. The encoder of ``[guard]`` turns each whole word of its vocabulary, and each word of the lexicon, into
a vector; a softmax regression learns from the lexicon's terms, each the mean of its words, which field of work they are
about; and each word is then written down with what it adds to each field. So a word that no list holds still speaks
("disbursement" for finance), without the encoder. For where it is installed, a second regression learns from the terms
as the encoder reads them whole. Writes ``words.json`` and ``encoder.json`` in ``plugins/genesis_halo``; the same
lexicon and encoder give the same bytes. Needs numpy, and the packages of ``[guard]``; about two minutes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from genesis_guard import _encoder
from genesis_halo import _leans, _lexicon
from genesis_halo._words import Reader

SHARE = 0.4
"""How much of what was learned counts, beside the lexicon: chosen by the log-likelihood in cross-validation."""
PULL = 0.1
"""Strength of the pull towards 0 (L2)."""
ROUNDS = 1500
STEP = 0.02
"""What a whole step in the artefact is worth."""
DATA = "the terms of lexicon.toml, and the encoder all-MiniLM-L6-v2 (Apache-2.0); no task, nothing random"
HOME = Path(_lexicon.__file__).parent
Vectors = Any


def lists() -> dict[str, str]:
    """Return the fields of work, each with its list of terms as written."""
    data = tomllib.loads((HOME / "lexicon.toml").read_text(encoding="utf-8"))
    return {field: entry["terms"] for field, entry in data.items()}


def terms() -> list[tuple[str, int]]:
    """Return the lexicon's terms, each with the place of its field."""
    return [(" ".join(term.split()), place) for place, text in enumerate(lists().values())
            for term in text.split(",") if term.strip()]


def vocabulary() -> list[str]:
    """Return the whole words that the encoder knows, and those of the lexicon."""
    packed = json.loads(_encoder.FILE.read_bytes())["vocabulary"]["words"]
    known = zlib.decompress(base64.b85decode(packed)).decode("utf-8").split("\n")
    whole = [word for word in known if re.fullmatch(r"[a-z]{3,}", word)]
    own = sorted({word for term, _ in terms() for word in re.findall(r"[a-z]{3,}", term.lower())} - set(whole))
    return whole + own


def meanings(encoder: _encoder.Encoder, reader: Reader) -> dict[str, Vectors]:
    """Return the mean vector of the forms of each word, by its stem."""
    found: dict[str, list[Vectors]] = {}
    for word in vocabulary():
        if len(read := reader.words(word)) == 1:
            found.setdefault(read[0], []).append(encoder.vectors([encoder.ids(word)])[0])
    return {stem: np.mean(forms, axis=0) for stem, forms in sorted(found.items())}


def from_words(mean: dict[str, Vectors], reader: Reader, fields: int) -> tuple[Vectors, Vectors]:
    """Return the middle of all terms, and the weights of each dimension for each field."""
    known = [(place, [mean[w] for w in reader.words(term) if w in mean]) for term, place in terms()]
    x = np.array([np.mean(vectors, axis=0) for _, vectors in known if vectors])
    middle = x.mean(0)
    x = x - middle
    x /= np.linalg.norm(x, axis=1, keepdims=True) + 1e-9
    return middle, learn(x, [at for at, vectors in known if vectors], fields)


def learn(x: Vectors, place: list[int], fields: int) -> Vectors:
    """Return the weights of each dimension for each field, from rows *x* of length 1 and the places of their fields."""
    right = np.eye(fields)[place]
    weights, start, speed = np.zeros((x.shape[1], fields)), np.zeros(fields), np.zeros((x.shape[1], fields))
    rate = 4.0 / len(x)  # a softmax over unit rows bends at most half as fast as that allows
    for _ in range(ROUNDS):
        ahead = weights + 0.95 * speed
        scores = x @ ahead + start
        powers = np.exp(scores - scores.max(1, keepdims=True))
        miss = powers / powers.sum(1, keepdims=True) - right
        speed = 0.95 * speed - rate * (x.T @ miss + PULL * ahead)
        weights, start = weights + speed, start - rate * miss.sum(0)
    return weights


def whole(encoder: _encoder.Encoder, fields: tuple[str, ...]) -> dict[str, object]:
    """Return what ``encoder.json`` holds."""
    known = terms()
    x = np.array([encoder.vectors([encoder.ids(term)])[0] for term, _ in known])
    weights = learn(x, [place for _, place in known], len(fields))
    weights -= weights.mean(1, keepdims=True)
    step = float(np.ceil(abs(weights).max() / 127 * 1e4) / 1e4)
    guard = json.loads(_encoder.FILE.read_bytes())
    return {
        "about": "learned by benchmarks/fit_halo_words.py: how far each dimension speaks for each field of work",
        "data": DATA, "seed": None, "lexicon_sha256": digest(), "encoder_sha256": guard["encoder_sha256"],
        "fields": list(fields), "step": step, "vocabulary": guard["vocabulary"]["words"],
        "steps": _leans.packed(np.round(weights / step).astype(np.int8).tobytes()),
    }  # fmt: skip


def digest() -> str:
    """Return the sha256 of the lexicon."""
    return hashlib.sha256((HOME / "lexicon.toml").read_bytes()).hexdigest()


def main() -> None:
    """Learn, write the artefact, and print what it holds."""
    encoder = _encoder.encoder()
    if encoder is None:
        raise SystemExit("the packages of [guard] are not installed")
    reader, fields = Reader(), tuple(lists())
    mean = meanings(encoder, reader)
    middle, weights = from_words(mean, reader, len(fields))
    says = np.array([(vector - middle) @ weights for vector in mean.values()]) * SHARE
    says -= says.mean(0)
    steps = np.clip(np.round(says / STEP), -127, 127).astype(np.int8)
    about = {
        "about": "learned by benchmarks/fit_halo_words.py: what each word adds to each field of work",
        "data": DATA, "seed": None, "lexicon_sha256": digest(),
        "fields": list(fields), "step": STEP,
        "words": _leans.packed("\n".join(mean).encode("utf-8")), "steps": _leans.packed(steps.tobytes()),
    }  # fmt: skip
    (HOME / "words.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (HOME / "encoder.json").write_text(json.dumps(whole(encoder, fields), indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"words": len(mean), "bytes": (HOME / "words.json").stat().st_size,
                      "clipped": int((abs(says / STEP) > 127).sum())}))


if __name__ == "__main__":
    main()
