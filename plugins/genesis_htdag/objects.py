"""Whether what a clause speaks of is of the kind that an ability works on, however many of its other words fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .catalogue import Ability, Catalogue
from .clauses import Clause
from .lexicon import ACT, lexicon
from .stems import stem
from .topics import LEADS_TO_TOPIC
from .words import QUOTED, WORD, Token

PRODUCTS = frozenset(
    stem(w)
    for w in (
        "map overview diagram picture chart graph list inventory breakdown outline summary analysis profile statistics "
        "scan audit review assessment evaluation inspection description explanation index search report survey study"
    ).split()
)
"""What asking for amounts to asking a question: "make a list of the modules"."""
PREPOSITIONS = frozenset("of for with in on about from that which to by under below at into as how what using".split())
_TELLS = LEADS_TO_TOPIC | {"what"}
"""Lead to what a document says: then it is read, whatever it is asked for."""
_SEEKS = frozenset({"search", "grep", "look", "query"})
"""Ask for the words themselves, whatever these mean."""
_CLAIM = frozenset("that whether if".split())
"""Lead from "verify" to what is to be so."""
_ADJECTIVE = ("ed", "en", "ing", "al", "ous", "ble", "ive", "ic", "ful", "less", "ly")
_CONTENT = frozenset("of for about on".split())
"""Lead from a product, or a general word, to what it is about: "a map of Norway", "the code for leaks"."""


def narrower(clause: Clause, ability: Ability, team: Sequence[Ability], marks: frozenset[int]) -> Ability | None:
    """Return another ability of the *team* that says the whole main noun, where *ability* itself says none of it.

    "A penetration test" is what the agent's field calls its work, and yet no static scan.
    """
    roots = {stem(t.low) for t in _main(clause, marks)} if clause.verb else set[str]()
    said = {term for root in roots for term in (root, *lexicon().concepts.get(root, ()))} & ability.said
    if len(roots) < 2 or said:
        return None
    return next((other for other in team if roots <= other.said and not other.ready), None)


def knows(ability: Ability, root: str) -> bool:
    """Whether an ability says a word of that stem, or one that stands for it."""
    return any(t in ability.said or t in ability.field for t in (root, *lexicon().concepts.get(root, ())))


def other_kind(
    clause: Clause, ability: Ability, catalogue: Catalogue, marks: frozenset[int], query: range, verb: str
) -> bool:
    """Whether *clause* is about something of another kind than *ability* works on; a search takes any topic."""
    if catalogue.abilities[0].tool is not None or ability.gathers:
        return False
    if ability.searches:
        quotes = any(t.kind is QUOTED or t.low in _TELLS or _speaks(t) for t in clause.tokens)
        return not quotes and (_relates(clause, ability, verb) or _judges(clause, query))
    if _relates(clause, ability, verb) or _rates(clause, ability, marks) or _claims(clause, ability, marks):
        return True
    main = _main(clause, marks) if clause.verb and clause.deed is not ACT else ()
    if not main:
        return False
    roots = [stem(t.low) for t in main]
    return not any(ability.index in catalogue.evidence(root).worth or knows(ability, root) for root in roots)


def _relates(clause: Clause, ability: Ability, verb: str) -> bool:
    """Whether one thing is to be held against another, and the ability says nothing of that."""
    roots = [verb, *(stem(t.low) for t in clause.objects if t.kind is WORD)]
    return any(root in lexicon().relation and not knows(ability, root) for root in roots)


def _rates(clause: Clause, ability: Ability, marks: frozenset[int]) -> bool:
    """Whether something is to be found bad, or good, in a way that the ability can't tell: "outdated dependencies".

    The same goes for what happens to a thing that it says nothing of: "memory leaks".
    """
    words = [t for t in clause.objects if t.kind is WORD and t.start not in marks]
    quality, event = lexicon().quality, lexicon().event
    if any((root := stem(t.low)) in quality and not knows(ability, root) for t in words):
        return True
    for first, second in pairwise(words):
        one, two = stem(first.low), stem(second.low)
        if second.start - first.end != 1 or not _says(second):
            continue
        if one in quality and not knows(ability, two):
            return True  # "duplicate code": duplicates are its work, code is not
        if two in event and not _describes(first) and not knows(ability, one):
            return True
    return False


def _describes(token: Token) -> bool:
    """Whether a word before a noun is no noun itself, or says little."""
    return not _says(token) or _is_general(token) or token.low.endswith(_ADJECTIVE)


def _claims(clause: Clause, ability: Ability, marks: frozenset[int]) -> bool:
    """Whether it is to be verified that something is so, of which the ability itself says nothing."""
    if not clause.verb or len(clause.objects) < 2 or clause.objects[0].low not in _CLAIM:
        return False
    words = [t for t in clause.objects[1:] if t.start not in marks and _says(t) and not _is_general(t)]
    said = {term for t in words for term in (stem(t.low), *lexicon().concepts.get(stem(t.low), ()))}
    return bool(words) and said.isdisjoint(ability.said)


def _judges(clause: Clause, query: range) -> bool:
    """Whether something is wrong with what is looked for: no search for the words finds a broken link."""
    if clause.tokens[0].low in _SEEKS:
        return False
    bad = lexicon().quality | lexicon().judgement
    return any(stem(clause.tokens[i].low) in bad for i in query or range(len(clause.tokens)))


def _speaks(token: Token) -> bool:
    return "#quote" in lexicon().concepts.get(stem(token.low), ())


def _main(clause: Clause, marks: frozenset[int]) -> Sequence[Token]:
    """Return the noun that says what a clause is about, behind its modifiers; none when it is a place or general."""
    for phrase in _phrases(clause.objects):
        if any(t.start in marks for t in phrase):
            continue
        words = [t for t in phrase if _says(t)]
        if words and stem(words[-1].low) not in PRODUCTS:
            return () if _is_general(words[-1]) else words
    return ()


def _phrases(objects: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the object, and each phrase that tells what it is about, as far as they are plain nouns."""
    start = 0
    for at, token in enumerate(objects):
        if token.kind is not WORD or token.low in PREPOSITIONS:
            yield objects[start:at]
            start = at + 1
            if token.kind is not WORD or token.low not in _CONTENT:
                return
    yield objects[start:]


def _says(token: Token) -> bool:
    return token.kind is WORD and token.low not in lexicon().stop


def _is_general(token: Token) -> bool:
    root = stem(token.low)
    return root in lexicon().generic or root in lexicon().local or token.low.isdigit()
