"""Which clause of a goal a pattern answers, what the clause calls the thing, and what else it says about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from genesis_core import PlanContext

from .lexicon import ASK, lexicon
from .patterns import Key, Pattern, Words, built_in, from_file, in_force, layers, own_key
from .phrases import DETERMINERS
from .stems import stem
from .steps import spelled
from .words import MARK, QUOTED, VERSION, WORD, Token, name_words

__all__ = ["LIGHT", "Broad", "Index", "index", "library", "read"]

_MARKERS = frozenset(
    "for from to onto into with without within in on at by before after until till under over across via using through "
    "because so that which who per except excluding including as among during around about regarding concerning only "
    "not no instead unless while where if against toward towards upon between below above despite plus minus how what "
    "when why whose".split()
)
"""Words that begin something else about the thing."""
_NAMING = frozenset({"called", "named", "titled", "dubbed"})
LIGHT = frozenset(stem(w) for w in "do perform run conduct make organise manage start execute undertake carry".split())
"""Verbs that only say that the deed behind them is to be done."""
_NEW = frozenset({"a", "an", "any", "some", "one", "another"})
_NARROWS = frozenset("for about on regarding concerning against to".split())
"""What leads from something that is looked at to what is looked for there."""
_LONGEST_OBJECT = 10
_SIGNS = frozenset("$€£¥₹")
_CURRENCIES = ("euro", "euros", "eur", "dollar", "dollars", "usd", "pounds", "gbp", "francs", "chf", "yen", "jpy")


@dataclass(frozen=True, slots=True)
class Broad:
    """A clause that a pattern answers, and what is read out of it."""

    pattern: Pattern
    object: str
    """What the clause calls the thing, with "the" for "a"."""
    slots: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    """What no slot takes: numbers, dates, conditions."""
    narrowed: tuple[Token, ...] = ()
    """Words that say what is looked for, where the deed is only to look: they may be somebody's own work."""
    weight: int = 0
    """Words of the pattern that the clause says."""


@dataclass(frozen=True, slots=True)
class Index:
    """Patterns, and the places of those that answer a clause by the stem that it begins with, or holds."""

    patterns: tuple[Pattern, ...]
    by_verb: Mapping[str, Sequence[int]]
    by_noun: Mapping[str, Sequence[int]]

    def of(self, tokens: Sequence[Token]) -> list[Pattern]:
        """Return the patterns that could answer a clause of these *tokens*, each once, in the order of the patterns."""
        places = set(self.by_verb.get(stem(tokens[0].low), ()))
        for token in tokens[: _LONGEST_OBJECT + 3]:
            places.update(self.by_noun.get(stem(token.low), ()) if token.kind is WORD else ())
        return [self.patterns[place] for place in sorted(places)]


def library(context: PlanContext) -> Index:
    """Return the index over the patterns in force (raises SettingsError)."""
    if context.offers.get("pattern", {}):
        return index(in_force(layers(context)))
    return _of_files(own_key(context))


@lru_cache(maxsize=8)
def _of_files(own: Key | None) -> Index:
    return index(in_force((*built_in(), *(from_file(own) if own else ()))))


def index(patterns: Iterable[Pattern]) -> Index:
    """Return the index over *patterns*."""
    patterns = tuple(patterns)
    return Index(patterns, _by_first([p.verbs for p in patterns]), _by_first([p.nouns for p in patterns]))


def _by_first(phrases: Sequence[Sequence[Words]]) -> dict[str, list[int]]:
    """Return the places of the *phrases* that begin with each stem."""
    found: dict[str, list[int]] = {}
    for place, some in enumerate(phrases):
        for root in dict.fromkeys(stem(words[0]) for words in some):
            found.setdefault(root, []).append(place)
    return found


def read(text: str, tokens: Sequence[Token], pattern: Pattern, *, nouns: bool = True) -> Broad | None:
    """Return what *pattern* reads in a clause; None when it answers something else.

    *nouns*: whether the deed may be a noun, as in "a product launch".
    """
    words = [t for t in tokens if t.kind is not MARK]
    best: Broad | None = None
    for start, taken, weight in _verbs(words, pattern):
        found = _object(text, [t for t in words[start:] if t not in taken], pattern, pattern.objects)
        best = _better(best, found, weight)
    if pattern.nouns and nouns:
        best = _better(best, _noun(text, words, pattern), 1)
    return best


def _better(one: Broad | None, other: Broad | None, weight: int) -> Broad | None:
    if other is None or (one is not None and one.weight >= other.weight + weight):
        return one
    return Broad(other.pattern, other.object, other.slots, other.said, other.narrowed, other.weight + weight)


def _verbs(words: Sequence[Token], pattern: Pattern) -> Iterator[tuple[int, Sequence[Token], int]]:
    """Yield where the object begins behind each verb that the clause begins with, and the verb's words behind that."""
    first = stem(words[0].low) if words else ""
    for verb in pattern.verbs:
        if stem(verb[0]) != first:
            continue
        rest = verb[1:]
        if _says(words, 1, rest):
            yield len(verb), (), len(verb)
        else:
            at = next((i for i in range(2, len(words)) if _says(words, i, rest)), 0)
            if at:
                yield 1, words[at : at + len(rest)], len(verb)


def _says(words: Sequence[Token], at: int, phrase: Words) -> bool:
    said = words[at : at + len(phrase)]
    return len(said) == len(phrase) and all(stem(t.low) == stem(w) for t, w in zip(said, phrase, strict=True))


def _noun(text: str, words: Sequence[Token], pattern: Pattern) -> Broad | None:
    """Read "do a database migration" and "a migration of the database"."""
    light = bool(words) and stem(words[0].low) in LIGHT
    if words and not light and words[0].low in lexicon().infinitives:
        return None  # "plan the launch": something else is to be done about it
    start = (2 if _says(words, 1, ("out",)) else 1) if light else 0
    kept = list(words[start:])
    for noun in pattern.nouns:
        both = tuple((*thing, *noun) for thing in pattern.objects)
        found = _object(text, kept, pattern, both, tail=len(noun))
        if found is None and (at := _place(kept, noun)) is not None and kept[at : at + 1] and kept[at].low == "of":
            found = _object(text, kept[at + 1 :], pattern, pattern.objects)
            before = kept[: at - len(noun)]
            if found is not None and any(t.low not in DETERMINERS and t.low not in lexicon().stop for t in before):
                found = Broad(pattern, found.object, found.slots, found.said, (*before, *found.narrowed), found.weight)
        if found is not None:
            return found
    return None


def _place(words: Sequence[Token], noun: Words) -> int | None:
    """Return where *noun* ends among the words before the first marker."""
    for at in range(min(len(words), _LONGEST_OBJECT)):
        if _says(words, at, noun):
            return at + len(noun)
        if words[at].low in _MARKERS:
            return None
    return None


def _object(
    text: str, words: Sequence[Token], pattern: Pattern, things: Iterable[Words], *, tail: int = 0
) -> Broad | None:
    """Read the object at the head of *words*, the last *tail* words of which name the deed, and what follows it."""
    bare = [(at, t) for at, t in enumerate(words[: _LONGEST_OBJECT + 4]) if t.low not in DETERMINERS]
    plain = [t for _, t in bare]
    for at in range(len(plain)):
        ends = [thing for thing in things if _says(plain, at, thing)]
        for thing in sorted(ends, key=len, reverse=True):
            last = bare[at + len(thing) - 1][0]
            named = _name(words, last + 1)
            follow = words[named] if named < len(words) else None
            if follow is None or follow.low in _MARKERS or follow.low == "of" or _cut(words[named - 1], follow):
                head = words[: last + 1 - tail]
                return _read(text, (head, words[last + 1 : named], words[named:]), pattern, len(thing))
        if plain[at].low in _MARKERS or plain[at].low == "of" or plain[at].kind is not WORD:
            return None
    return None


def _cut(last: Token, follow: Token) -> bool:
    """Whether a mark stands between both, or the next one comes from elsewhere."""
    return not 0 <= follow.start - last.end <= 1


def _name(words: Sequence[Token], at: int) -> int:
    """Return where the name behind an object ends: "called Tidepool", "2.0", "for X" is none."""
    if at < len(words) and words[at].low in _NAMING:
        at += 1
        while at < len(words) and words[at].low not in _MARKERS:
            at += 1
        return at
    while at < len(words) and _is_name(words[at]):
        at += 1
    return at


def _is_name(token: Token) -> bool:
    if token.kind is QUOTED or token.text[0].isdigit():
        return True
    if VERSION.match(token.low):
        return True
    return token.kind is WORD and token.text[0].isupper() and token.low not in _MARKERS


def _read(
    text: str, cut: tuple[Sequence[Token], Sequence[Token], Sequence[Token]], pattern: Pattern, weight: int
) -> Broad | None:
    head, name, rest = cut
    slots: dict[str, str] = {}
    said: list[str] = []
    narrowed: list[Token] = []
    looks = bool(pattern.verbs) and lexicon().verbs.get(stem(pattern.verbs[0][0])) is ASK
    for phrase in _phrases(rest, name[-1:] or head[-1:]):
        slot, marker = _slot(phrase, pattern)
        if slot and slot not in slots:
            slots[slot] = spelled(text, phrase[marker:])
        else:
            said.append(spelled(text, phrase))
            narrowed += phrase if looks and phrase[0].low in _NARROWS else ()
    if any(not _holds(slots.get(slot, ""), among) for slot, among in pattern.only):
        return None
    return Broad(pattern, _called(text, head, name), slots, tuple(said), tuple(narrowed), weight)


def _holds(value: str, among: Sequence[Words]) -> bool:
    """Whether *value* says one of the words that its slot must say."""
    said = [stem(word) for word in name_words(value)]
    wanted = [[stem(word) for word in words] for words in among]
    return any(said[at : at + len(words)] == words for words in wanted for at in range(len(said)))


def _phrases(rest: Sequence[Token], before: Sequence[Token]) -> list[list[Token]]:
    """Return what follows the object, cut before each marker and at each mark."""
    found: list[list[Token]] = []
    last = before[-1] if before else None
    for token in rest:
        lone = bool(found) and len(found[-1]) == 1 and found[-1][0].low in _MARKERS
        begins = token.low in _MARKERS or not found or (last is not None and _cut(last, token))
        if begins and not lone:
            found.append([token])
        else:
            found[-1].append(token)
        last = token
    return found


def _slot(phrase: Sequence[Token], pattern: Pattern) -> tuple[str, int]:
    """Return the slot that *phrase* fills, and how many words lead to it; "" for none."""
    for slot, leads in pattern.slots:
        for lead in sorted(leads, key=len, reverse=True):
            if len(phrase) > len(lead) and _says(phrase, 0, lead) and not _is_money(phrase[len(lead) :]):
                return slot, len(lead)
    return "", 0


def _is_money(words: Sequence[Token]) -> bool:
    """Whether *words* begin with a sum of money: "for $500" says no one whom a thing is for."""
    first = words[0].low
    unit = words[1].low if len(words) > 1 else ""
    marks = not _SIGNS.isdisjoint(first)
    return any(map(str.isdigit, first)) and (marks or first.startswith(_CURRENCIES) or unit in _CURRENCIES)


def _called(text: str, head: Sequence[Token], name: Sequence[Token]) -> str:
    """Return what the clause calls the thing: "the SaaS product Tidepool" for "a SaaS product called Tidepool"."""
    words = [t for t in head if t.low != "of"]
    first = words[0].low
    if first in _NEW:
        words, lead = words[1:], "the "
    else:
        plural = words[-1].low.endswith("s") and not words[-1].low.endswith(("ss", "us", "is", "as"))
        lead = "" if first in DETERMINERS or plural or words[0].text[:1].isupper() else "the "
    own = [t for t in name if t.low not in _NAMING]
    if own and own[0].text[0].isdigit() and first not in DETERMINERS:
        lead = ""  # "version 2.0"
    return lead + " ".join(filter(None, (spelled(text, words), spelled(text, own).strip("\"'"))))
