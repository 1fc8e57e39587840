"""Cut a paragraph into segments: stretches of text between marks and joining words, each with the joint before it.

Nothing is cut inside a quotation or a path: those are single tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .lexicon import ASK, lexicon
from .phrases import (
    AFTER,
    AND,
    BEFORE,
    COLON,
    COMMA,
    CONTAINING,
    CONTENT,
    COVERS,
    DASH,
    DETERMINERS,
    INTO,
    JOINERS,
    MODALS,
    ONLY_AT_START,
    START,
    STARTERS,
    THEN,
    Joint,
)
from .stems import stem
from .words import ARROWS, MARK, NAME, WORD, Token

_SUBJECTS = frozenset({"you", "we", "i", "they", "it", "everything", "all", "that", "this", "both", "these"})
_DONE = frozenset({"done", "finished", "complete", "completed", "ready", "have", "has", "you've", "over"})
_JOINING = frozenset({",", "and", "&"})
_STRONGER = (THEN, AFTER, BEFORE, CONTENT, INTO)
REPORTS = frozenset({"report", "reports", "writeup", "dossier", "briefing"})
"""Words for a report, as nouns."""
PAPERS = REPORTS | frozenset(
    {"document", "paper", "memo", "page", "summary", "overview", "text", "file", "note", "brief"}
)
"""Words for what may hold several results: with them only "that describes", "which lists" leads to the content."""


class Segment(NamedTuple):
    """Tokens between two joints."""

    tokens: tuple[Token, ...]
    joint: Joint
    sentence: int
    asks: bool = False
    """Whether its sentence ends with a question mark."""


class _Cutter:
    """Collects segments; a joint waits until words follow it."""

    def __init__(self) -> None:
        self.done: list[Segment] = []
        self.words: list[Token] = []
        self.joint = START
        self.sentence = 0

    def cut(self, joint: Joint) -> None:
        """End the segment here; the next one hangs on *joint*, unless a stronger one is waiting already."""
        if self.words:
            self.done.append(Segment(tuple(self.words), self.joint, self.sentence))
            self.words = []
            self.joint = joint
        elif joint in _STRONGER or self.joint not in (*_STRONGER, START, COLON):
            self.joint = joint

    def end(self, mark: str) -> None:
        """End the sentence."""
        if self.words:
            self.cut(START)
        if mark == "?":
            self.done = (
                [
                    s if s.sentence != self.sentence else Segment(s.tokens, s.joint, s.sentence, asks=True)
                    for s in self.done
                ]
                if self.done and self.done[-1].sentence == self.sentence
                else self.done
            )
        self.joint = START
        self.sentence += mark != ";"


def segments(tokens: Sequence[Token]) -> list[Segment]:
    """Return the segments of one paragraph's *tokens*."""
    cutter, at = _Cutter(), 0
    while at < len(tokens):
        at = _step(cutter, tokens, at)
    cutter.cut(START)
    return cutter.done


def _step(cutter: _Cutter, tokens: Sequence[Token], at: int) -> int:
    """Take the token at *at* and return where to go on."""
    token = tokens[at]
    if _lists_places(tokens, at):
        return at + 1
    if token.kind is MARK:
        _mark(cutter, token.text)
        return at + 1
    if token.kind is WORD:
        taken = _joiner(cutter, tokens, at) or _into(cutter, tokens, at)
        if taken:
            return at + taken
        if token.low in PAPERS and (skip := _content(tokens, at)):
            cutter.words.append(token)
            cutter.cut(CONTENT)
            return at + 1 + skip
    cutter.words.append(token)
    return at + 1


def _lists_places(tokens: Sequence[Token], at: int) -> bool:
    """Whether what stands at *at* only joins one place to the next: "src/, docs/ and README.md"."""
    before, last = at - 1, min(at + 3, len(tokens) - 1)
    while before > 0 and tokens[before].low in _JOINING and at - before < 3:
        before -= 1
    after = at + 1
    while after < last and (tokens[after].low in _JOINING or tokens[after].low == "the"):
        after += 1
    joins = tokens[at].low in _JOINING and before >= 0 and after <= last
    return joins and tokens[before].kind is NAME and tokens[after].kind is NAME


def _mark(cutter: _Cutter, mark: str) -> None:
    if mark == ",":
        cutter.cut(COMMA)
    elif mark == "-":
        cutter.cut(DASH)
    elif mark in ARROWS:
        cutter.cut(THEN)
    elif mark == "+":
        cutter.cut(AND)
    elif mark == ":":
        cutter.cut(COLON)
    else:
        cutter.end(mark)


def _joiner(cutter: _Cutter, tokens: Sequence[Token], at: int) -> int:
    """Cut at a joining word and return how many tokens it takes; 0 for an ordinary word."""
    if tokens[at].low not in STARTERS:
        return 0
    for size in (4, 3, 2, 1):
        joint = JOINERS.get(tuple(t.low for t in tokens[at : at + size]))
        if joint is None or (size == 1 and not _joins(cutter, tokens, at, joint)):
            continue
        if joint in (AFTER, BEFORE) and size > 1 and not _subordinate(tokens, at + size, fronted=True):
            continue
        cutter.cut(joint)
        return size
    return 0


def _joins(cutter: _Cutter, tokens: Sequence[Token], at: int, joint: Joint) -> bool:
    word = tokens[at].low
    if word in ONLY_AT_START:
        return not cutter.words
    if joint in (AFTER, BEFORE):
        return _subordinate(tokens, at + 1, fronted=not cutter.words)
    return True


def _subordinate(tokens: Sequence[Token], at: int, *, fronted: bool) -> bool:
    """Tell "after mapping it" and "once the scan is done" from "the day after tomorrow" and "when errors happen"."""
    follow = [t.low for t in tokens[at : at + 7] if t.kind is WORD]
    if not follow:
        return False
    word = follow[0]
    if tokens[at - 1].low == "when" and _DONE.isdisjoint(follow):
        return False
    if word in _SUBJECTS or (word.endswith("ing") and stem(word) in lexicon().verbs):
        return True
    if not {"is", "are", "has", "have"}.isdisjoint(follow[1:]) and word in DETERMINERS:
        return True
    verbs = lexicon().verbs
    return word in DETERMINERS and (fronted or any(stem(w) in verbs for w in follow[1:3]))


def _into(cutter: _Cutter, tokens: Sequence[Token], at: int) -> int:
    """Cut before "in one final report", and return how many tokens lead up to the report."""
    if tokens[at].low not in ("in", "into", "as", "to") or not cutter.words:
        return 0
    follow = tokens[at + 1 : at + 5]
    if not follow or (follow[0].low not in DETERMINERS and follow[0].low not in ("one", "single")):
        return 0
    if any(t.low in REPORTS for t in follow) and all(t.kind is WORD for t in follow[:2]):
        cutter.cut(INTO)
        return 1
    return 0


def _content(tokens: Sequence[Token], at: int) -> int:
    """Return how many tokens stand between the report at *at* and what it is to contain; 0 when nothing follows."""
    follow = [t.low for t in tokens[at + 1 : at + 4]]
    if len(follow) < 2:
        return 0
    if follow[0] in ("that", "which"):
        if follow[1] in COVERS:
            return 2
        third = follow[1].endswith("s") and lexicon().infinitives.get(follow[1].removesuffix("s")) is ASK
        return 1 if third else 0
    if tokens[at].low not in REPORTS:
        return 0
    if follow[0] in MODALS:
        return 2 if follow[1] in ("to", "also") or follow[1] in COVERS else 1
    return 1 if follow[0] in CONTAINING else 0
