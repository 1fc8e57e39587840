"""What the light scorer sees of a text: words, pairs of words, pieces of words and word classes, each as a number.

A word alone, the two words before it and the class of word before it are *terms*: places in one table of weights.
What stands here is what the weights were learned for; a change needs them learned again.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

__all__ = ["LEAST_WORDS", "PLACES", "SCALES", "A", "B", "E", "alone", "joint", "number", "pairs", "pieces", "windows"]

PLACES = 1 << 18
SCALES = (16, 64, 256)
"""Words that are looked at together."""
LEAST_WORDS = 6
"""So few words, or fewer, say no more than so many would."""
_NEAR = 5
"""Words between two that are still taken together for their classes."""
_MASK = PLACES - 1
A, B, C, D, E = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1
_PIECE = 4


def number(word: str) -> int:
    """Return the number of *word*: the same on every machine."""
    return crc32(word.encode("utf-8", "surrogatepass"))


def pieces(word: str) -> list[int]:
    """Return the terms of the pieces of *word*, each four letters long."""
    if len(word) < _PIECE - 1 or not word[0].isalpha():
        return []
    framed = f"^{word}$"
    return [(crc32(framed[at : at + _PIECE].encode("utf-8", "surrogatepass")) * C >> 7) & _MASK
            for at in range(len(framed) - _PIECE + 1)]  # fmt: skip


def alone(word: str, bits: int) -> list[tuple[int, float]]:
    """Return the terms that *word* of the classes *bits* brings on its own, and how much each counts."""
    terms = [(number(word) & _MASK, 1.0)]
    if bits:
        terms.append((bits * D + (bits >> 16) * E & _MASK, 1.0))
    parts = pieces(word)
    share = len(parts) ** -0.5 if parts else 0.0
    return terms + [(part, share) for part in parts]


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
    for at, bits in enumerate(classes):
        if bits:
            if at - before <= _NEAR:
                found.append((at, (last * D + bits * A + (last >> 16) * B + (bits >> 16) * C) >> 3 & _MASK))
            before, last = at, bits
    return found


def windows(count: int, size: int) -> list[int]:
    """Return where windows of *size* words begin in a text of *count* words: a quarter apart, the last at the end."""
    if count <= size:
        return [0]
    return [*range(0, count - size, size // 4), count - size]
