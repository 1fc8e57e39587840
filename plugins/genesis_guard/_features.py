"""What the light scorer sees of a text: words, pairs of words, pieces of words and word classes, each as a number.

A word with its pieces and its classes, and each two words that stand beside each other or one apart, are *terms*:
places in one table of weights. What stands here is what the weights were learned for; a change needs them learned
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from zlib import crc32

__all__ = [
    "CHUNK", "LOCAL", "PLACES", "REMARK", "A", "B", "E",
    "alone", "joint", "kind", "number", "pairs", "pieces", "size", "windows",
]  # fmt: skip

PLACES = 1 << 18
CHUNK, LOCAL = 2048, 40
"""Words that are read as one text, and that are read as one remark in it."""
REMARK = 1.0
"""How much more than a whole text one remark in it must weigh: of many remarks the worst always weighs something."""
_NEAR = 5
"""Words between two that are still taken together for their classes."""
_MASK = PLACES - 1
A, B, E = 2477, 3251, 1597
"""Small, so that products of them and numbers of words stay small, too."""
_C, _D = 0xC2B2AE35, 0x27D4EB2F
_PIECE = 4


def number(word: str) -> int:
    """Return the number of *word*, below PLACES: the same on every machine."""
    return crc32(word.encode("utf-8", "surrogatepass")) & _MASK


def pieces(word: str) -> list[int]:
    """Return the terms of the pieces of *word*, each four letters long."""
    if len(word) < _PIECE - 1 or not word[0].isalpha():
        return []
    framed = f"^{word}$"
    if word.isascii():
        plain = framed.encode()
        return [(crc32(plain[at : at + _PIECE]) * _C >> 7) & _MASK for at in range(len(plain) - _PIECE + 1)]
    return [(crc32(framed[at : at + _PIECE].encode("utf-8", "surrogatepass")) * _C >> 7) & _MASK
            for at in range(len(framed) - _PIECE + 1)]  # fmt: skip


def kind(bits: int) -> int:
    """Return the term of the classes *bits*."""
    return (bits * _D + (bits >> 16) * E) & _MASK


def alone(word: str, bits: int) -> list[tuple[int, float]]:
    """Return the terms that *word* of the classes *bits* brings on its own, and how much each counts."""
    terms = [(number(word), 1.0)]
    if bits:
        terms.append((kind(bits), 1.0))
    parts = pieces(word)
    share = len(parts) ** -0.5 if parts else 0.0
    return terms + [(part, share) for part in parts]


def size(word: str, bits: int) -> float:
    """Return the squared length of ``alone(word, bits)``."""
    return 1.0 + (bits > 0) + (len(word) >= _PIECE - 1 and word[0].isalpha())


def pairs(numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return, for each word, the terms that it makes with the word before and with the one before that."""
    one = [0, *numbers]
    two = [0, 0, *numbers]
    return (
        [(a * A + b) & _MASK for a, b in zip(one, numbers, strict=False)],
        [(a * B + b * E + 1) & _MASK for a, b in zip(two, numbers, strict=False)],
    )


def joint(classes: Sequence[int]) -> list[tuple[int, int]]:
    """Return (word, term) for each two neighbours among the words that have a class."""
    found: list[tuple[int, int]] = []
    before, last = -_NEAR - 1, 0
    for at in compress(range(len(classes)), classes):
        bits = classes[at]
        if at - before <= _NEAR:
            found.append((at, ((last * _D + bits * _C) >> 7) & _MASK))
        before, last = at, bits
    return found


def windows(count: int, width: int, step: int) -> list[int]:
    """Return where windows of *width* words begin in a text of *count* words: *step* apart, the last at the end."""
    if count <= width:
        return [0]
    return [*range(0, count - width, step), count - width]
