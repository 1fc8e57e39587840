"""What a word says about a field of work: the written lexicon, and what was learned on top of it.

``lexicon.toml`` holds fields of work and their words. ``words.json`` says of ordinary words what they add to each
field, because they mean what those words mean (``benchmarks/fit_halo_words.py``). ``weights.json`` is learned by
``benchmarks/fit_halo.py``: how common each word is, and how far it speaks for or against a field. All three speak of
words and fields, never of agents.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from ._leans import NOTHING, Leans, load_leans
from ._words import Reader

__all__ = ["STRANGE_WEIGHT", "Lexicon", "load_lexicon", "pairs"]

STRANGE_WEIGHT = 3.0
"""What a word that no field of work and no document knows adds to the length of a text."""
_HERE = Path(__file__).parent


def pairs(words: Sequence[str]) -> Iterable[str]:
    """Return each two words that follow each other, as one term."""
    return map(" ".join, pairwise(words))


@dataclass(frozen=True)
class Lexicon:
    """Fields of work, the terms that speak for each, and how much a term says at all."""

    fields: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    """Term to the fields whose list holds it, by position."""
    documents: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """In how many of the learned-from documents a term stands."""
    learned: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """Term to what it adds to a field, or takes away."""
    leans: Leans = NOTHING
    """What a word adds to each field by what it means."""
    scale: float = 1.0
    """How far scores can be believed: their powers at this scale are as likely as they say (learned)."""

    def importance(self, term: str) -> float:
        """Return how much *term* says, in 0..1: little when every task has it."""
        size = self.documents or 400
        return math.log(1 + size / (1 + self.counts.get(term, 0))) / math.log(1 + size)

    def weight(self, term: str) -> float:
        """Return what *term* adds to the length of a text: most when it is about something no field knows."""
        return STRANGE_WEIGHT if self.strange(term) else self.importance(term) ** 2

    def strange(self, term: str) -> bool:
        """Return whether neither a field of work nor a document knows the word *term*."""
        return " " not in term and term not in self.counts and term not in self.terms

    def share(self, claims: int) -> float:
        """Return how much a term says about each of the fields that claim it, in 0..1: less when many do."""
        return math.log(1 + len(self.fields) / claims) / math.log(1 + len(self.fields))

    def about(self, terms: Mapping[str, float]) -> tuple[float, ...]:
        """Return how far a text with these weighted *terms* is about each field; the strongest is 1."""
        found = [0.0] * len(self.fields)
        for term, weight in terms.items():
            for place in (claims := self.terms.get(term, ())):
                found[place] += weight * self.share(len(claims))
        top = max(found, default=0.0)
        return tuple((value / top) ** 2 for value in found) if top else tuple(found)


@cache
def load_lexicon() -> Lexicon:
    """Return the lexicon of this package, read once."""
    import json

    written = written_lexicon()
    data = json.loads((_HERE / "weights.json").read_bytes())
    place = {name: index for index, name in enumerate(written.fields)}
    learned = {
        term: {place[name]: value for name, value in row[1].items() if name in place}
        for term, row in data["terms"].items()
    }
    counts = {term: row[0] for term, row in data["terms"].items()}
    return replace(written, documents=data["documents"], counts=counts, learned=learned, scale=data.get("scale", 1.0))


def written_lexicon() -> Lexicon:
    """Return the lexicon as written, with what words mean; nothing learned from tasks."""
    import tomllib

    data = tomllib.loads((_HERE / "lexicon.toml").read_text(encoding="utf-8"))
    terms: dict[str, tuple[int, ...]] = {}
    reader = Reader()
    for place, entry in enumerate(data.values()):
        for written in entry["terms"].split(","):
            term = " ".join(reader.words(written))
            if term and place not in terms.get(term, ()):
                terms[term] = (*terms.get(term, ()), place)
    return Lexicon(tuple(data), terms, leans=load_leans())
