"""What ordinary words add to each field of work, from ``words.json`` (made by ``benchmarks/fit_halo_words.py``)."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

__all__ = ["NOTHING", "Leans", "load_leans", "packed"]

_FILE = Path(__file__).with_name("words.json")


def packed(data: bytes) -> str:
    """Return *data* as a text that JSON holds."""
    return base64.b85encode(zlib.compress(data, 9)).decode("ascii")


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


class Leans:
    """A table of words by fields, kept as bytes: a word is unpacked when it is asked for."""

    def __init__(self, words: Sequence[str], steps: bytes, step: float, fields: Sequence[str]) -> None:
        """Take one byte for each word and field: whole steps of *step*, from -128 to 127."""
        self.fields = tuple(fields)
        self._steps, self._step, self._width = memoryview(steps).cast("b"), step, len(self.fields)
        self._row = dict(zip(words, range(0, len(steps), self._width or 1), strict=True))

    def __contains__(self, word: str) -> bool:
        return word in self._row

    def __len__(self) -> int:
        return len(self._row)

    def of(self, word: str) -> tuple[float, ...]:
        """Return what *word* adds to each field; empty for a word that is not in the table."""
        at = self._row.get(word)
        return () if at is None else tuple([self._step * n for n in self._steps[at : at + self._width]])


NOTHING = Leans((), b"", 1.0, ())


@cache
def load_leans() -> Leans:
    """Return the table of this package, read once."""
    import json

    data = json.loads(_FILE.read_bytes())
    words = _unpacked(data["words"]).decode("utf-8").split("\n")
    return Leans(words, _unpacked(data["steps"]), data["step"], data["fields"])
