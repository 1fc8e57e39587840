"""Which ability a clause asks for: every word's evidence, and whether the deed is one that the ability does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .catalogue import Ability, Catalogue
from .clauses import Clause
from .lexicon import ACT, ASK, MAKE, Deed, lexicon
from .objects import PREPOSITIONS, PRODUCTS, knows, narrower, other_kind
from .stems import stem
from .topics import Named, Places, Wording, named, naming, topic
from .words import WORD, Token

COVERED = 0.3
"""Share of a clause's meaning that an ability has to cover to be asked for it."""
GENERIC = 0.3
"""Share of its weight that a word keeps which almost any goal uses."""
BORNE = 0.5
"""Share of its weight that a name keeps which nobody here knows: "Ada", "Lisbon"."""
VERB = 0.5
"""Share of its evidence that a verb of asking or making keeps: its object says more."""
IN_REACH = 0.6
"""Share of the best evidence that an ability needs to be preferred when nothing can exercise the best one."""


class Match(NamedTuple):
    """What was found for one clause."""

    ability: Ability | None
    """None: nothing here does it."""
    also: tuple[Ability, ...]
    """Further abilities of the same agent that the clause asks for, in the order of its card."""
    score: float
    residue: tuple[str, ...]
    """Stems of words with a meaning that the ability does not know."""
    empty: bool
    """Whether the clause says nothing of its own: only general words, or words for what was said before."""
    named: Named
    query: range
    """Positions, among the clause's tokens, of what is to be searched for."""
    depicts: bool = False
    """Whether something is to be made that only shows what is there: "draw up a list of the modules"."""

    @property
    def wanted(self) -> tuple[Ability, ...]:
        """The abilities asked for, best first."""
        return (self.ability, *self.also) if self.ability else ()


class _Word(NamedTuple):
    """One meaning-bearing word of a clause."""

    root: str
    weight: float
    worth: Mapping[int, float]
    position: int
    generic: bool


class Matcher:
    """Finds what clauses ask of a catalogue: once for all that say the same about different places."""

    def __init__(self, catalogue: Catalogue, places: Places) -> None:
        self._catalogue, self._places = catalogue, places
        self._known: dict[tuple[Wording, str, Deed | None, str, Deed | None], tuple[list[int], Match]] = {}

    def match(self, clause: Clause, *, deed: Deed | None, verb: str) -> Match:
        """Return what *clause* asks for, done as *deed* and *verb* (its own, or those of the clause before)."""
        tokens = clause.tokens
        key = (self._places.wording(tokens), clause.verb, clause.deed, verb, deed)
        known = self._known.get(key)
        if known is not None:
            positions, found = known
            return found._replace(named=named(tokens, positions, self._places)) if positions else found
        positions = naming(tokens, self._places)
        found = _match(clause, self._catalogue, self._places, named(tokens, positions, self._places), deed, verb)
        self._known[key] = positions, found
        return found


def _match(
    clause: Clause, catalogue: Catalogue, places: Places, spots: Named, deed: Deed | None, verb: str
) -> Match:  # fmt: skip
    query = topic(clause.tokens, spots.marks)
    words = _words(clause, catalogue, places, spots)
    if query and _anchored(w for w in words if w.position in query):
        query = range(0)  # "the guarantees that the documentation makes": what follows says where to look
    empty = all(w.generic for w in words)
    telling = words
    if query and deed in (ASK, None) and _anchored(w for w in words if w.position not in query):
        telling = [w for w in words if w.position not in query]
    totals = _totals(clause, telling, catalogue, verb, deed)
    best, score = _best(clause, words, totals, catalogue, query, deed, verb)
    if best is None:
        return Match(None, (), 0.0, tuple(w.root for w in words if not w.generic), empty, spots, query)
    if other_kind(clause, best, catalogue, spots.marks, query, verb):
        return Match(None, (), 0.0, tuple(w.root for w in words if not w.generic), empty, spots, query)
    if (other := narrower(clause, best, catalogue.teams[best.owner], spots.marks)) is not None:
        best = other
    exempt = query if best.searches else range(0)
    residue = tuple(w.root for w in words if not w.generic and w.position not in exempt and not knows(best, w.root))
    depicts = deed is MAKE and _made(clause) in PRODUCTS
    return Match(best, _also(best, words, totals, catalogue), score, residue, empty, spots, exempt, depicts)


def _anchored(words: Iterable[_Word]) -> bool:
    """Whether *words* speak of documents: then what follows "about" is looked for in them, and is no work itself."""
    return any("#document" in lexicon().concepts.get(w.root, ()) for w in words)


def _words(clause: Clause, catalogue: Catalogue, places: Places, spots: Named) -> list[_Word]:
    found: list[_Word] = []
    language, start = lexicon(), 1 if clause.verb else 0
    before = ""
    for position, token in enumerate(clause.tokens[start:], start):
        idiom = language.idioms.get((before, token.low))
        before = token.low
        if token.start in spots.marks:
            found += _place_words(token, position, catalogue, places)
        elif idiom is not None:
            found.append(_word(idiom, catalogue, position, generic=False))
        elif token.kind is WORD and token.low not in language.stop:
            root = stem(token.low)
            word = _word(root, catalogue, position, generic=root in language.generic or token.low.isdigit())
            found.append(word._replace(weight=word.weight * BORNE) if _is_borne(token, position, word) else word)
    return found


def _is_borne(token: Token, position: int, word: _Word) -> bool:
    """Whether a word is the name of somebody or something: capitalised in mid-clause, and nobody's word."""
    return position > 0 and not word.worth and token.text[0].isupper() and not token.text.isupper()


def _word(root: str, catalogue: Catalogue, position: int, *, generic: bool) -> _Word:
    evidence = catalogue.evidence(root)
    if not generic:
        return _Word(root, evidence.weight, evidence.worth, position, generic)
    return _Word(
        root, evidence.weight * GENERIC, {i: v * GENERIC for i, v in evidence.worth.items()}, position, generic
    )


def _place_words(token: Token, position: int, catalogue: Catalogue, places: Places) -> list[_Word]:
    """Return what a named place says: little, and only through what lies there."""
    found: list[_Word] = []
    for concept in sorted(places.concepts(token.text)):
        share = catalogue.weights.get(concept, 0.0) * GENERIC
        worth = {i: v * share for i, v in catalogue.postings.get(concept, ())}
        found.append(_Word(concept, 0.0, worth, position, generic=True))
    return found


def _totals(
    clause: Clause, words: Sequence[_Word], catalogue: Catalogue, verb: str, deed: Deed | None
) -> dict[int, float]:
    """Return the evidence for each ability, the verb's included."""
    totals: dict[int, float] = {}
    for word in words:
        for index, value in word.worth.items():
            totals[index] = totals.get(index, 0.0) + value
    if clause.verb:
        share = 1.0 if deed is ACT else VERB
        for index, value in catalogue.evidence(verb).worth.items():
            totals[index] = totals.get(index, 0.0) + value * share
    return totals


def _best(
    clause: Clause, words: Sequence[_Word], totals: dict[int, float], catalogue: Catalogue, query: range,
    deed: Deed | None, verb: str,
) -> tuple[Ability | None, float]:  # fmt: skip
    elsewhere = _not_documents(words, verb)
    outside = [w for w in words if w.position not in query]
    best, score = None, 0.0
    for index in sorted(totals, key=lambda i: (-totals[i], i)):
        ability = catalogue.abilities[index]
        if (elsewhere and ability.searches) or not _does(ability, clause, words, deed, verb):
            continue
        if totals[index] < IN_REACH * score:
            break
        counted = _beside_topic(outside, query, ability) if ability.searches else words
        if (best is None or ability.ready) and _covers(index, counted, ability, verb, deed):
            best, score = ability, totals[index]
            if ability.ready:
                break
    return best, score


def _covers(index: int, words: Sequence[_Word], ability: Ability, verb: str, deed: Deed | None) -> bool:
    """Whether enough of what the words say is the ability's: with no object at all, its verb has to be."""
    weight = sum(w.weight for w in words if not w.generic)
    if weight == 0.0:
        if ability.searches and "#quote" not in lexicon().concepts.get(verb, ()):
            return any(index in w.worth for w in words)
        general = any(index in w.worth for w in words) and deed is not MAKE
        named = bool(verb) and verb in ability.named
        return general and knows(ability, verb) if verb and deed is not ASK and not named else general or named
    if deed is ACT and verb in ability.named:
        return True
    found = sum(w.worth.get(index, 0.0) for w in words if not w.generic)
    return found >= COVERED * weight


def _not_documents(words: Sequence[_Word], verb: str) -> bool:
    """Whether the place that is named holds other things than documents, and nobody speaks of searching there."""
    held = {w.root for w in words if w.root.startswith("#")}
    spoken = {c for w in words for c in lexicon().concepts.get(w.root, ())} | set(lexicon().concepts.get(verb, ()))
    return bool(held) and "#document" not in held and spoken.isdisjoint({"#document", "#search"})


def _beside_topic(outside: Sequence[_Word], query: range, ability: Ability) -> Sequence[_Word]:
    """Return the words that say where to search; where no word leads to a topic, the unknown ones are the topic."""
    if query or not _anchored(outside):
        return outside
    return [w for w in outside if knows(ability, w.root)]


def _does(ability: Ability, clause: Clause, words: Sequence[_Word], deed: Deed | None, verb: str) -> bool:
    """Whether the ability does such deeds: asking is free, an act has to be named, what is made to be its product."""
    if deed is ACT:
        return knows(ability, verb)
    if deed is MAKE and clause.verb:
        made = _made(clause)
        return made in PRODUCTS or not made or made == ability.id or verb in ability.said or _head(ability) == made
    return True


def _head(ability: Ability) -> str:
    return stem(ability.id.replace("_", "-").rpartition("-")[2].lower())


def _made(clause: Clause) -> str:
    """Return the stem of the thing that is made: the last word before the first preposition; "" for nothing special."""
    head = ""
    for token in clause.objects:
        if token.kind is not WORD or token.low in PREPOSITIONS:
            break
        if token.low not in lexicon().stop:
            head = stem(token.low)
    return "" if head in lexicon().generic else head


def _also(best: Ability, words: Sequence[_Word], totals: dict[int, float], catalogue: Catalogue) -> tuple[Ability, ...]:
    """Return the other abilities of the same agent that are asked for.

    A word for the agent's whole field asks for all that is at hand; else those that the clause names as clearly.
    """
    if best.gathers or not best.ready:
        return ()
    mine = [a for a in catalogue.teams[best.owner] if a.ready and a is not best and not a.gathers]
    if any(not w.generic and _in_field(best, w.root) for w in words):
        return tuple(mine)
    bar = 0.8 * totals[best.index]
    return tuple(a for a in mine if totals.get(a.index, 0.0) >= bar)


def _in_field(ability: Ability, root: str) -> bool:
    return root in ability.field or any(c in ability.field for c in lexicon().concepts.get(root, ()))
