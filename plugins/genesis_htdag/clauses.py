"""Clauses: segments without their politeness, each with its verb, or without one where it is a phrase of nouns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from .lexicon import ACT, ASK, Deed, lexicon
from .phrases import AFTER, AND, BEFORE, DETERMINERS, HANDS, HAVE_DONE, LEAD, PARTICLES, START, WISHES, Joint
from .segments import REPORTS, Segment
from .stems import stem
from .words import WORD, Token

_QUESTIONS = frozenset(
    "how what which where who whom whose why whether if is are was were does do did can could has have will".split()
)
_NEGATIONS = frozenset({"don't", "not", "never", "no", "without", "except", "excluding", "skip", "ignore", "omit"})
_SUBORDINATE = (AFTER, BEFORE)
_LOOK_AHEAD = 24
"""Words of a segment that may be politeness."""


class Clause(NamedTuple):
    """One action that somebody asks for, or a phrase that belongs to one."""

    tokens: tuple[Token, ...]
    """Without the politeness; the verb, if it has one, comes first."""
    joint: Joint
    sentence: int
    item: int = 0
    """Paragraph or list item that it stands in."""
    deed: Deed | None = None
    """None: a phrase of nouns, which takes the deed of the clause before it."""
    verb: str = ""
    """Stem of the verb; empty for a question."""
    subordinate: Joint | None = None
    """AFTER or BEFORE, when it belongs to such a part of its sentence."""
    asked: bool = False
    """Whether somebody says that they want it."""
    exclude: tuple[str, ...] = ()
    """Places that it leaves out."""

    @property
    def objects(self) -> tuple[Token, ...]:
        """The tokens without the verb."""
        return self.tokens[1:] if self.verb else self.tokens


def clauses(segments: Sequence[Segment], item: int) -> list[Clause]:
    """Return the clauses of one paragraph or list item."""
    found: list[Clause] = []
    scope: Joint | None = None
    sentence, wished, form = -1, -1, ""
    for segment in _without_roles(segments):
        if segment.sentence != sentence or segment.joint is START:
            scope = None
            sentence = segment.sentence
        opens = segment.joint in _SUBORDINATE
        clause, shape = _parse(segment, item, inside=scope is not None or opens)
        if clause is None:
            wished = segment.sentence if shape == "wish" else wished
            continue
        if opens:
            scope, form = segment.joint, shape
        elif scope is not None and shape != form and shape in ("base", "question"):
            scope = None
        asked = clause.asked or segment.sentence == wished
        found.append(clause._replace(subordinate=scope, asked=asked))
    return list(_shared_objects(found))


def _without_roles(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Leave out "as a security engineer and analyst, ...": who is meant to do it, not what."""
    role = -1
    for segment in segments:
        low = [t.low for t in segment.tokens[:2]]
        if segment.joint is START and low[0] == "as" and low[-1] in DETERMINERS:
            role = segment.sentence
        elif segment.sentence != role or segment.joint is not AND:
            role = -1
            yield segment


def _parse(segment: Segment, item: int, *, inside: bool) -> tuple[Clause | None, str]:
    """Return the clause of *segment* (None: only politeness, or a negation) and the form of its verb."""
    tokens, wished = _without_lead(segment, inside)
    if not tokens or _negated(tokens):
        return None, "wish" if wished and not tokens else ""
    tokens = _without_adverbs(tokens)
    deed, shape = _verb(tokens, segment, inside)
    verb = _with_particle(tokens) if deed is not None and shape != "question" else ""
    asked = wished or segment.asks
    return Clause(tokens, segment.joint, segment.sentence, item, deed, verb, None, asked), shape


def _with_particle(tokens: Sequence[Token]) -> str:
    """Return the stem of the verb that *tokens* begin with, its particle considered: "write it up" is to report."""
    root = stem(tokens[0].low)
    for token in tokens[1:6]:
        if (root, token.low) in PARTICLES:
            return stem(PARTICLES[root, token.low])
    return root


def _without_lead(segment: Segment, inside: bool) -> tuple[tuple[Token, ...], bool]:
    """Return the tokens after the politeness, and whether the politeness was a wish."""
    tokens = segment.tokens
    low = " ".join(t.low for t in _words(tokens[:_LOOK_AHEAD]))
    place, wished = 0, False
    if inside and (match := HAVE_DONE.match(low)):
        place = match.end()
    while place < len(low):
        wish = WISHES.match(low, place)
        match = wish or LEAD.match(low, place)
        if match is None:
            break
        wished = wished or wish is not None
        place = match.end()
    used = low.count(" ", 0, place) + (place == len(low) and place > 0)
    return tokens[used:], wished


def _words(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.kind is not WORD:
            return
        yield token


def _negated(tokens: Sequence[Token]) -> bool:
    first, second = tokens[0].low, tokens[1].low if len(tokens) > 1 else ""
    return tokens[0].kind is WORD and (first in _NEGATIONS or (first == "do" and second == "not"))


def _without_adverbs(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    start = 0
    while start + 1 < len(tokens) and tokens[start].low.endswith("ly") and tokens[start].low not in lexicon().verbs:
        start += 1
    return tokens[start:]


def _verb(tokens: Sequence[Token], segment: Segment, inside: bool) -> tuple[Deed | None, str]:
    """Return what the first word asks for and in which form; None and "noun" when it is no verb."""
    first, follow = tokens[0], tokens[1] if len(tokens) > 1 else None
    if first.kind is not WORD:
        return None, "noun"
    if first.low in _QUESTIONS and follow is not None and not (first.low == "do" and follow.low in ("a", "an")):
        return ASK, "question"
    root, shape = stem(first.low), _shape(first.low)
    deed = lexicon().infinitives.get(first.low) if shape == "base" else lexicon().verbs.get(root)
    if follow is not None and first.low in HANDS and follow.low in ("me", "us"):
        return ASK, shape
    if follow is not None and follow.low == "of" or shape == "plural":
        return None, "noun"
    direct = follow is not None and (follow.kind is not WORD or follow.low in DETERMINERS)
    if shape == "gerund" and not inside and not direct:
        return None, "noun"
    if shape == "participle" and not inside:
        return None, "noun"
    if deed is None and direct and follow is not None and follow.kind is WORD and first.low not in DETERMINERS:
        known = first.low in lexicon().stop or root in lexicon().generic
        deed = None if known else ACT
    return (deed, shape) if deed is not None else (None, "noun")


def _shape(word: str) -> str:
    """Return the form of a verb: gerund, participle, plural (then it is a noun) or base."""
    if word.endswith("ing") and len(word) > 4:
        return "gerund"
    if (
        word.endswith("ed")
        and len(word) > 4
        or word in ("found", "written", "built", "drawn", "done", "made", "run", "read", "known")
    ):
        return "participle" if word not in ("run", "read", "embed", "proceed", "need", "feed", "speed") else "base"
    if word.endswith("s") and not word.endswith("ss") and stem(word) == stem(word[:-1]):
        return "plural"
    return "base"


def _shared_objects(found: Sequence[Clause]) -> Iterator[Clause]:
    """Give a verb without an object that of the verb after it: "find and fix the bugs"."""
    for clause, follow in zip_longest(found, found[1:]):
        alone = clause.verb and not clause.objects and clause.tokens[0].low not in REPORTS
        if alone and follow is not None and follow.verb and follow.joint is AND and follow.item == clause.item:
            clause = clause._replace(tokens=(*clause.tokens, *follow.objects))
        yield clause
