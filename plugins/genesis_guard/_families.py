"""Find the families of attacks that ``families.toml`` describes, in linear time on any text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain, compress
from operator import or_
from pathlib import Path
from typing import Any

from ._words import Lexicon

__all__ = ["FILE", "Families", "Family", "Hit", "built_in"]

FILE = Path(__file__).with_name("families.toml")
MOST_HITS = 8
"""Of one family in one text: more of them say nothing more."""
_HEAD = 4
_WORD = re.compile("[a-z]+")
Steps = tuple[tuple[int, int], ...]
"""Class bits, and how many words may stand before them."""
Event = tuple[int, int]
"""A word that has a class: its place, and the bits."""


@dataclass(frozen=True, slots=True)
class Family:
    """One way to attack: word classes in an order, and patterns for what is no order of words."""

    id: str
    says: str
    steps: tuple[Steps, ...]
    patterns: tuple[tuple[str, str, re.Pattern[str]], ...]
    """What to look for, how a word that it stands in begins, and what must match from there."""
    needs: tuple[int, ...]
    """The bits of all classes that each of *steps* has."""
    catches: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a family was found: characters, or words where ``by_word``."""

    family: str
    start: int
    end: int
    by_word: bool


class Families:
    """All families of one file, and its lexicon."""

    __slots__ = ("all", "lexicon")

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.lexicon = Lexicon(data["words"])
        self.all = tuple(_family(row, self.lexicon) for row in data["family"])

    def find(self, text: str, words: Collection[str], classes: Sequence[int]) -> list[Hit]:
        """Return where families stand in a plain *text* whose *words* are of *classes*."""
        heads = {word[:_HEAD] for word in words}
        events = [(at, classes[at]) for at in compress(range(len(classes)), classes)]
        counts = _counts(events)
        found: list[Hit] = []
        for family in self.all:
            hits = chain(_walked(family, events, counts), _matched(family, text, heads))
            found += [hit for hit, _ in zip(hits, range(MOST_HITS), strict=False)]
        return found


def _counts(events: Sequence[Event]) -> dict[int, int]:
    """Return how many words are of each class."""
    counts: dict[int, int] = {}
    for bits, count in Counter([bits for _, bits in events]).items():
        while bits:
            low = bits & -bits
            counts[low] = counts.get(low, 0) + count
            bits ^= low
    return counts


def _walked(family: Family, events: Sequence[Event], counts: Mapping[int, int]) -> Iterator[Hit]:
    there = sum(counts)
    for needs, steps in zip(family.needs, family.steps, strict=True):
        if needs & there == needs:
            for start, end in _walks(steps, events, min((bits for bits, _ in steps), key=counts.__getitem__)):
                yield Hit(family.id, start, end, True)


def _matched(family: Family, text: str, heads: Collection[str]) -> Iterator[Hit]:
    for word, head, pattern in family.patterns:
        if head and head not in heads:
            continue
        at = text.find(word)
        while at >= 0:
            m = pattern.match(text, at)
            if m:
                yield Hit(family.id, at, max(m.end(), at + len(word)), False)
            at = text.find(word, at + len(word))


def _walks(steps: Steps, events: Sequence[Event], rarest: int) -> Iterator[tuple[int, int]]:
    """Yield the words between which *steps* stand one after the other; the nearest word that fits is taken."""
    first, rest = steps[0][0], steps[1:]
    reach = sum(gap + 1 for _, gap in rest)
    last, tried = -1, 0
    for near, (place, bits) in enumerate(events):
        if not bits & rarest:
            continue
        # Only where the rarest class stands can the first one be followed by all the others.
        at = max(tried, near - reach)
        while at <= near:
            begin, bits = events[at]
            if bits & first and begin > last and begin >= place - reach:
                end = _walk(rest, events, at)
                if end >= 0:
                    last = events[end][0]
                    yield begin, last + 1
            at += 1
        tried = at


def _walk(steps: Steps, events: Sequence[Event], at: int) -> int:
    """Return the event that the last step ends on, or -1."""
    if not steps:
        return at
    (wanted, gap), rest = steps[0], steps[1:]
    limit = events[at][0] + gap + 1
    for later in range(at + 1, min(at + gap + 2, len(events))):
        place, bits = events[later]
        if place > limit:
            break
        if bits & wanted:
            end = _walk(rest, events, later)
            if end >= 0:
                return end
    return -1


def _family(row: Mapping[str, Any], lexicon: Lexicon) -> Family:
    steps = tuple(_steps(step, lexicon) for step in row.get("steps", ()))
    needs = tuple(reduce(or_, (bits for bits, _ in one)) for one in steps)
    return Family(
        row["id"], row["says"], steps, tuple(_patterns(row.get("patterns", ()))), needs,
        tuple(row.get("catches", ())), tuple(row.get("passes", ())),
    )


def _patterns(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    for row in rows:
        pattern = re.compile(row["is"], re.DOTALL)
        for word in row["at"]:
            m = _WORD.match(word)
            # A short word says how one begins only when it is whole: "act " is a word, "dan" may be part of one.
            whole = m is not None and (len(m[0]) >= _HEAD or len(word) > len(m[0]))
            yield word, m[0][:_HEAD] if m is not None and whole else "", pattern


def _steps(row: Sequence[str | int], lexicon: Lexicon) -> Steps:
    gaps = [0, *(int(gap) for gap in row[1::2])]
    return tuple((lexicon.bits[str(name)], gap) for name, gap in zip(row[::2], gaps, strict=True))


@lru_cache(maxsize=1)
def built_in() -> Families:
    """Return the families that come with Genesis."""
    import tomllib

    return Families(tomllib.loads(FILE.read_text(encoding="utf-8")))
