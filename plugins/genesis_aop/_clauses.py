"""The goal, clause by clause: what each asks for, what it only says of another one, and what joins it to that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ._words import EMPTY_WORDS, READER, stem

__all__ = ["Clause", "clauses", "is_said"]

_CLAUSE = re.compile(r"(,(?=\s)|\s(?:and|then)(?=\s)|\s[-=]+>(?=\s)|\s→(?=\s))")
_SENTENCE = re.compile(
    r"(?<=[^\d\s.])\.++['\"’”)]*+(?=\s|\Z)|(?<=\d)\.(?=\s[A-Z]|\s*\Z)"
    r"|(?<![;!?])[;!?]++['\"’”)]*+(?=\s|\Z)|\n+")
_MARKER = re.compile(r"\s*\d{1,2}\s*\Z")
_DENIED = re.compile(r"\b(?:not|never|no longer|no need)\b|n['’]t\b", re.I)
_ASIDES = frozenset("with which who whose where because since as due if for from in at of on under through".split())
"""What a clause begins with that says more of another one, or why it is wanted."""
_NOUNS = frozenset("a an the my his her its their our your this that these those no".split())
"""What a thing begins with, and no order to do something."""
_STATED = re.compile(
    r"\W*(?:(?:the|my|his|her|its|their|our|this|that)\s(?:[\w'’-]+\s){1,4}|it\s|there\s)(?:is|are|was|were|has|have)\b"
    r"(?! to )|\W*(?:i\s(?:live|am|have)|assume|suppose|imagine)\b", re.I)
"""What says how things are: no work, but something to know for it."""
_LATER = re.compile(r"\b(?:then|next|afterwards?|after (?:that|which|this)|finally|lastly|subsequently)\b|>|→", re.I)
_LATER_WORDS = 3
"""Words of a clause among which it may say that it comes after the one before."""
_BACK = re.compile(r"\b(?:them|everything|all|(?:the|these|those) (?:results?|answers?|findings))\b", re.I)
"""What takes up all that came before."""
_LAST = re.compile(r"\b(?:it|that (?:one|result|value))\b", re.I)
"""What takes up what came right before."""
_PROPER = re.compile(r"\W{0,2}[A-Z][a-z]{2,}\W{0,2}\Z")
_MOST_NAMES = 0.5
"""Share of words with a capital letter, above which it is the way to write and says nothing."""
_PHRASE = 2
"""Telling words in a row that no task says before the plan says so."""


@dataclass(frozen=True)
class Clause:
    """A part of a sentence of the goal."""

    raw: str
    terms: tuple[str, ...]
    sentence: int
    joined: str = ""
    """What stands between the clause before it and this one."""

    @cached_property
    def text(self) -> str:
        """The clause on one line."""
        return " ".join(self.raw.split())

    @cached_property
    def exact(self) -> list[str]:
        """Numbers, files and identifiers, as they are compared."""
        return [t for t in self.terms if t[0] == "=" and (len(t) > 2 or t[1].isdigit())]

    @cached_property
    def proper(self) -> list[str]:
        """Names of people, places and days: words with a capital letter where no sentence begins."""
        words = self.raw.split()
        if not self.joined:
            words = words[1:]
        names = [w for w in words if _PROPER.match(w)]
        found = [t for w in names for t in READER.terms(w)] if len(names) <= _MOST_NAMES * len(words) else []
        return [t for t in dict.fromkeys(found) if t in self.telling]

    @cached_property
    def telling(self) -> frozenset[str]:
        """Its words, without those that every text has."""
        return frozenset([t for t in self.terms if t[0] != "=" and not t.endswith("ly")]) - EMPTY_WORDS

    @cached_property
    def head(self) -> str:
        """What the clause begins with once courtesy is over: what is to be done, or what about."""
        return next((t for t in self.terms if t in self.telling), "")

    @cached_property
    def is_later(self) -> bool:
        """Whether it says that it comes after the clause before it."""
        return bool(_LATER.search(" ".join((self.joined, *self.raw.split()[:_LATER_WORDS]))))

    @property
    def looks_back(self) -> bool:
        """Whether it takes up all that came before it."""
        return bool(_BACK.search(self.text))

    @property
    def looks_at_last(self) -> bool:
        """Whether it takes up what came right before it."""
        return bool(_LAST.search(self.text))

    @property
    def says_more(self) -> bool:
        """Whether this only tells more of another clause: it begins with no verb, or says how things are."""
        first = self.raw.split(maxsplit=1)[0].lower().strip("(\"'") if self.raw.strip() else ""
        return first in _ASIDES or first in _NOUNS or first[:1].isdigit() or bool(_STATED.match(self.raw))

    @property
    def is_aside(self) -> bool:
        """Whether it begins as what goes on about another clause, or says why that is wanted."""
        return self.raw.split(maxsplit=1)[0].lower() in _ASIDES if self.raw.strip() else False

    def asks(self, *, whole: bool) -> bool:
        """Return whether this may ask for work of its own: it denies nothing, and does not go on about something."""
        return not _DENIED.search(self.raw) and not _STATED.match(self.raw) and (whole or not self.is_aside)

    def taken_up(self, said: frozenset[str]) -> bool:
        """Return whether any task speaks of this at all; a heading, or what introduces a list, needs none."""
        if not self.telling.isdisjoint(said) or self.text.startswith("#") or self.text.endswith(":"):
            return True
        return not self.telling or (bool(self.exact) and all(is_said(term, said) for term in self.exact))

    def phrases(self, said: frozenset[str]) -> Iterator[tuple[str, ...]]:
        """Yield telling terms that stand together and that no task says."""
        run: list[str] = []
        for term in (*self.terms, None):
            if term in self.telling and term not in said:
                run.append(term)
            elif term is None or term in self.telling or term[0] == "=":
                if len(run) >= _PHRASE:
                    yield tuple(run)
                run = []


def clauses(text: str) -> Iterator[Clause]:
    """Yield the clauses of *text* that say anything."""
    for number, sentence in enumerate(_SENTENCE.split(text)):
        parts, joined = _CLAUSE.split(sentence), ""
        for place, part in enumerate(parts):
            if place % 2:
                joined += part
                continue
            clause = Clause(part, READER.terms(part), number, joined)
            marks = len(parts) == 1 and _MARKER.match(part)
            if (clause.exact or clause.telling) and not marks:
                yield clause
                joined = ""


def is_said(term: str, said: frozenset[str]) -> bool:
    """Return whether a name or number is among what is *said*, as it stands or as a word."""
    return term in said or (plain := term[1:]) in said or stem(plain) in said
