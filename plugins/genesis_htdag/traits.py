"""What can be told of a request and each tool that may answer it, as numbers: who said what, where, and how well.

Nothing here knows a tool: every number is about words that meet words, by their stems, by what stands for them, or by
their letters. What the numbers are worth was learned (``learned.py``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .catalogue import Ability, Catalogue, properties
from .clauses import Clause
from .flow import Needs, producer
from .hearing import DEEDS, IDLE, OTHER_DEED, UNSAID, Said, said_in, states, unsaid
from .learned import Lore
from .lexicon import lexicon
from .stems import stem
from .words import WORD, name_words

LEXICAL = (
    "sum", "max", "evidence", "objects", "unsaid", "verb", "verb_named", "deed_fits", "deed_clashes", "no_deed", "deed",
    "bare", "states", "rank_in_clause", "margin", "tops", "rank", "letters_clause", "letters_text",
    "letters_rank_clause", "letters_rank", "name_said", "name_meant", "name_missing", "name_length",
    "description_said", "description_missing", "deed_said", "deed_unsaid", "by_id", "finds", "inputs_said", "prepares",
    "chosen",
)  # fmt: skip
"""Names of the numbers; the five of ``Lore.about`` follow."""
PLACE = {name: at for at, name in enumerate(LEXICAL)}
NUMBERS = len(LEXICAL) + 5
_KNOWN_DEEDS = DEEDS | {"#search", "#report"}
_GRAM = 4
_LETTERS = re.compile(r"[a-z]+")
_RANKED = 10
_HINTED = 1.0
"""Strength of learned association that makes a tool a candidate of which no word is said."""


@dataclass(slots=True)
class Candidate:
    """A tool that may be called, and what speaks for it."""

    ability: Ability
    values: list[float]
    words: dict[str, float] = field(default_factory=dict[str, float])
    """How much each word of the request that it answers counts for it."""
    clause: int = -1
    """The clause that speaks for it most; -1: none."""
    clauses: set[int] = field(default_factory=set[int])
    """The clauses of which any word speaks for it."""


class Shelf:
    """The tools of a catalogue as requests are held against them; made once a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue, self.needs = catalogue, Needs(catalogue)
        self.names = [[t for t in sorted(a.named) if t[0] != "#" and t not in IDLE] for a in catalogue.abilities]
        self.terms = sorted({t for names in self.names for t in names})
        self.described = [_described(a) for a in catalogue.abilities]
        self.inputs = [_inputs(a) for a in catalogue.abilities]
        self._first: dict[int, Ability | None] = {}
        self._letters, self._postings = _letters(catalogue)

    def first(self, ability: Ability) -> Ability | None:
        """Return the tool that has to come before *ability*, if one has to."""
        if ability.index not in self._first:
            self._first[ability.index] = producer(ability, self.needs, set())
        return self._first[ability.index]

    def alike(self, text: str) -> dict[int, float]:
        """Return how much the letters of *text* are like those of each tool's name and description."""
        counts = {k: (1 + math.log(n)) * self._letters[k] for k, n in _grams(text).items() if k in self._letters}
        length = math.sqrt(sum(v * v for v in counts.values())) or 1.0
        found: dict[int, float] = {}
        for gram, value in counts.items():
            for index, weight in self._postings[gram]:
                found[index] = found.get(index, 0.0) + value * weight / length
        return found


def _described(ability: Ability) -> frozenset[str]:
    spec = ability.tool
    words = name_words(spec.description) if spec else ()
    return frozenset(stem(w) for w in words if w not in lexicon().stop)


def _inputs(ability: Ability) -> list[frozenset[str]]:
    return [frozenset(map(stem, name_words(p))) for p in properties(ability.tool.input_schema)] if ability.tool else []


def _grams(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in _LETTERS.findall(text.lower()):
        whole = f"^{word}$"
        found.update(whole[at : at + _GRAM] for at in range(max(1, len(whole) - _GRAM + 1)))
    return found


def _letters(catalogue: Catalogue) -> tuple[dict[str, float], dict[str, list[tuple[int, float]]]]:
    told = (" ".join((*name_words(a.id), a.tool.description if a.tool else "")) for a in catalogue.abilities)
    texts = [_grams(text) for text in told]
    seen = Counter(gram for text in texts for gram in text)
    rare = {gram: math.log(1 + len(texts) / n) for gram, n in seen.items()}
    postings: dict[str, list[tuple[int, float]]] = {}
    for index, text in enumerate(texts):
        values = {gram: (1 + math.log(n)) * rare[gram] for gram, n in text.items()}
        length = math.sqrt(sum(v * v for v in values.values())) or 1.0
        for gram, value in values.items():
            postings.setdefault(gram, []).append((index, value / length))
    return rare, postings


@dataclass(slots=True)
class Reading:
    """A request as its words: what each clause says, and what is said at all."""

    clauses: list[Clause]
    said: list[list[Said]]
    roots: set[str]
    meant: set[str]
    """Concepts that the words stand for."""


def read(clauses: Sequence[Clause]) -> Reading:
    """Return the words of *clauses*."""
    said = [said_in(clause) for clause in clauses]
    roots = {word.root for words in said for word in words}
    meant = {c for root in sorted(roots) for c in lexicon().concepts.get(root, ())}
    return Reading(list(clauses), said, roots, meant)


def candidates(reading: Reading, shelf: Shelf, lore: Lore, chosen: set[int]) -> list[Candidate]:
    """Return the tools that anything speaks for, by their place in the catalogue; *chosen* are those of the rules."""
    return informed(heard(reading, shelf, chosen), reading, shelf, lore)


def heard(reading: Reading, shelf: Shelf, chosen: set[int]) -> list[Candidate]:
    """Return the tools that the words or letters of a request speak for, without anything learned."""
    found = _Found(shelf)
    for at, words in enumerate(reading.said):
        _hear(found, at, reading.clauses[at], words)
    _spell(found, reading)
    for index in sorted(chosen):
        found.get(index).values[PLACE["chosen"]] = 1.0
    for made in list(found.made.values()):
        first = shelf.first(made.ability)
        if first is not None:
            other = found.get(first.index).values
            other[PLACE["prepares"]] = max(other[PLACE["prepares"]], made.values[PLACE["max"]])
    for made in found.made.values():
        _name(made, shelf, reading)
    return [found.made[index] for index in sorted(found.made)]


def informed(found: Sequence[Candidate], reading: Reading, shelf: Shelf, lore: Lore) -> list[Candidate]:
    """Return the candidates with what *lore* says of them, and those that nothing but lore speaks for."""
    spoken = sorted(reading.roots | reading.meant)
    strengths = {t: s for t in shelf.terms if t in lore.words and (s := lore.strength(t, spoken)) > 0.0}
    made = {c.ability.index: c for c in found}
    for index, names in enumerate(shelf.names if strengths else ()):
        if index not in made and names and sum(strengths.get(t, 0.0) for t in names) >= _HINTED * len(names):
            made[index] = Candidate(shelf.catalogue.abilities[index], [0.0] * len(LEXICAL))
            _name(made[index], shelf, reading)
    weights = shelf.catalogue.weights
    return [
        Candidate(c.ability, [*c.values, *lore.about(shelf.names[i], strengths, weights)], c.words, c.clause, c.clauses)
        for i, c in sorted(made.items())
    ]


class _Found:
    """The candidates so far."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.made = shelf, dict[int, Candidate]()

    def get(self, index: int) -> Candidate:
        """Return the candidate at *index* of the catalogue, a new one when it was none."""
        known = self.made.get(index)
        if known is None:
            known = self.made[index] = Candidate(self.shelf.catalogue.abilities[index], [0.0] * len(LEXICAL))
        return known


def _hear(found: _Found, at: int, clause: Clause, words: Sequence[Said]) -> None:
    """Count what one clause says for every tool that any word of it speaks for."""
    catalogue = found.shelf.catalogue
    heard, deeds = _heard(found, words)
    scores: dict[int, float] = {}
    for index, (total, objects, terms) in heard.items():
        made = found.made[index]
        missing, theirs = unsaid(made.ability, terms, catalogue), made.ability.named & DEEDS
        clash = bool(deeds and theirs and not deeds & theirs)
        score = scores[index] = (total - UNSAID * missing) * (OTHER_DEED if clash else 1.0)
        made.values[PLACE["sum"]] += max(score, 0.0)
        made.clauses.add(at)
        if made.clause < 0 or score > made.values[PLACE["max"]]:
            made.clause = at
            verbs = [w.root for w in words if w.verb]
            _best(made, {
                "max": score, "evidence": total, "objects": objects, "unsaid": missing,
                "verb": any(index in catalogue.evidence(v).worth for v in verbs),
                "verb_named": any(v in made.ability.named for v in verbs), "deed_fits": bool(deeds & theirs),
                "deed_clashes": clash, "no_deed": not deeds, "deed": bool(theirs),
                "bare": clause.deed is None and not clause.asked, "states": states(clause),
            })  # fmt: skip
    _rank(found, scores, counts=not states(clause))


def _heard(found: _Found, words: Sequence[Said]) -> tuple[dict[int, tuple[float, float, set[str]]], set[str]]:
    """Return for each tool the evidence of all words, that of objects, and the terms heard; and the deeds of verbs."""
    catalogue, deeds = found.shelf.catalogue, set[str]()
    heard: dict[int, tuple[float, float, set[str]]] = {}
    for word in words:
        standing = lexicon().concepts.get(word.root, ())
        if word.verb:
            deeds |= DEEDS.intersection(standing)
        for index, worth in catalogue.evidence(word.root).worth.items():
            value = worth * word.share / catalogue.rare
            total, objects, terms = heard.get(index, (0.0, 0.0, set[str]()))
            heard[index] = total + value, objects + (0.0 if word.verb else value), terms
            terms.update((word.root, *standing))
            known = found.get(index).words
            known[word.root] = max(known.get(word.root, 0.0), value)
    return heard, deeds


def _best(made: Candidate, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        made.values[PLACE[name]] = float(value)


def _rank(found: _Found, scores: Mapping[int, float], *, counts: bool) -> None:
    """Note how each tool stands among those that one clause speaks for."""
    order = sorted(scores, key=lambda i: (-scores[i], i))
    for rank, index in enumerate(order[:_RANKED]):
        values = found.made[index].values
        ranked, margin = PLACE["rank_in_clause"], PLACE["margin"]
        rival = scores[order[0]] if rank else (scores[order[1]] if len(order) > 1 else 0.0)
        fresh = values[ranked] == 0.0
        values[margin] = scores[index] - rival if fresh else max(values[margin], scores[index] - rival)
        values[ranked] = max(values[ranked], 1 / (1 + rank))
        values[PLACE["tops"]] += counts and rank == 0


def _spell(found: _Found, reading: Reading) -> None:
    """Count how much the letters of the request are like those of tools, and rank tools over the whole request."""
    _ranks(found, {i: c.values[PLACE["max"]] for i, c in found.made.items()}, "rank", len(found.made))
    best: dict[int, float] = {}
    texts = [" ".join(t.low for t in clause.tokens if t.kind is WORD) for clause in reading.clauses]
    for text in texts:
        alike = found.shelf.alike(text)
        _ranks(found, alike, "letters_rank_clause", _RANKED)
        for index, value in alike.items():
            best[index] = max(best.get(index, 0.0), value)
    _ranks(found, best, "letters_rank", 2 * _RANKED)
    whole = found.shelf.alike(" ".join(texts))
    for index, made in found.made.items():
        made.values[PLACE["letters_clause"]] = best.get(index, 0.0)
        made.values[PLACE["letters_text"]] = whole.get(index, 0.0)


def _ranks(found: _Found, scores: Mapping[int, float], name: str, most: int) -> None:
    for rank, index in enumerate(sorted(scores, key=lambda i: (-scores[i], i))[:most]):
        values = found.get(index).values
        values[PLACE[name]] = max(values[PLACE[name]], 1 / (1 + rank))


def _name(made: Candidate, shelf: Shelf, reading: Reading) -> None:
    """Count how much of what the tool says of itself was said."""
    index, weights, concepts = made.ability.index, shelf.catalogue.weights, lexicon().concepts
    names, described, inputs = shelf.names[index], shelf.described[index], shelf.inputs[index]
    meant = [t for t in names if t in reading.roots or not reading.meant.isdisjoint(concepts.get(t, ()))]
    deeds, ports = made.ability.named & _KNOWN_DEEDS, shelf.needs.ports[index]
    _best(made, {
        "name_said": _share((t for t in names if t in reading.roots), names, weights),
        "name_meant": _share(meant, names, weights), "name_missing": len(names) - len(meant), "name_length": len(names),
        "description_said": _share((t for t in described if t in reading.roots), described, weights),
        "description_missing": sum(t not in reading.roots for t in described),
        "deed_said": bool(deeds & reading.meant), "deed_unsaid": bool(deeds) and not deeds & reading.meant,
        "by_id": ports.by_id or bool(ports.asks), "finds": ports.finds,
        "inputs_said": sum(not p.isdisjoint(reading.roots) for p in inputs) / len(inputs) if inputs else 0.0,
    })  # fmt: skip


def _share(part: Iterable[str], whole: Iterable[str], weights: Mapping[str, float]) -> float:
    total = math.fsum(weights.get(t, 0.0) for t in whole)
    return math.fsum(weights.get(t, 0.0) for t in part) / total if total else 0.0
