"""F1, and the overlap of word sequences (ROUGE-N: C.-Y. Lin, 2004)."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"[a-z0-9]+")


def f1(both: int, only_guess: int, only_gold: int) -> float:
    """Return the harmonic mean of precision and recall, in 0..1."""
    return 2 * both / (2 * both + only_guess + only_gold) if both else 0.0


def overlap(gold: str, guess: str, size: int) -> float:
    """Return the F1 of the runs of *size* words that two texts have in common."""
    one, other = _runs(gold, size), _runs(guess, size)
    shared = sum((one & other).values())
    return f1(shared, sum(other.values()) - shared, sum(one.values()) - shared)


def _runs(text: str, size: int) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
