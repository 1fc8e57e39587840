"""The values that a text names: quotations, numbers, dates, times, addresses, paths, proper names and lists of them.

Every expression is tried in one walk over the text and can't back up, so that time is linear on any input.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

__all__ = ["Shape", "Value", "values"]


class Shape(StrEnum):
    """What a value looks like."""

    QUOTED = "quoted"
    NUMBER = "number"
    COUNT = "count"
    """A number in words: of three sides it counts the sides, and is no side."""
    SHARE = "share"
    """A number of percent."""
    DATE = "date"
    TIME = "time"
    ADDRESS = "address"
    """Of electronic mail."""
    URL = "url"
    PATH = "path"
    NAME = "name"
    LIST = "list"


class Value(NamedTuple):
    """A value, what it looks like, and where it stands."""

    shape: Shape
    value: Any
    start: int
    end: int
    items: tuple[Shape, ...] = ()
    """Of a list: what its items look like."""


_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = (
    rf"\d{{4}}-\d\d?-\d\d?|\d\d?/\d\d?/\d{{2,4}}|{_MONTH} \d\d?(?:st|nd|rd|th)?(?:,? \d{{4}})?\b"
    rf"|\d\d?(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? \d{{4}})?\b|today\b|tomorrow\b|yesterday\b"
)
_TIME = r"\d\d?(?::\d\d){1,2}(?: ?[ap]\.?m\b\.?)?|\d\d? ?[ap]\.?m\b\.?"
_NUMBER = r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?(?:e-?\d+)?"
_PART = r"[A-Z][\w'&-]*"
_FOUND = re.compile("|".join((
    r"(?P<bracket>\[[^\[\]\n]*\])",
    r'"(?P<quoted>[^"\n]*)"',
    r"""(?<![\w"])'(?P<single>[^'\n]*)'(?!\w)""",
    r"(?<![\w.+-])(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    r"""(?P<url>https?://[^\s"'<>]+)""",
    rf"(?<![\w.])(?P<date>(?i:{_DATE}))",
    rf"(?<![\w.])(?P<time>(?i:{_TIME}))",
    r"(?<![\w./-])(?P<path>(?:[A-Za-z]:|\.{0,2})?/[\w.-]+(?:/[\w.-]*)*|[\w-]+(?:/[\w-]+)*\.[A-Za-z][A-Za-z0-9]{1,4}\b)",
    rf"(?<![\w.])(?P<number>[$€£]?(?:{_NUMBER}))(?P<share>\s?%|\spercent\b)?",
    rf"(?<![\w'])(?P<name>{_PART}(?:\s(?:(?:of|the|de)\s)?{_PART})*)",
)))  # fmt: skip
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_GAP = re.compile(r"\s*(?:,\s*(?:and\s|or\s)?|and\s|or\s|&\s?)\s*")
_LEAST_NUMBERS = 3
"""Numbers in a row that make a list; two are as likely two values."""
_MOST_DIGITS = 40
_WORDS = {word: n for n, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve".split())}  # fmt: skip
_COUNT = re.compile(r"(?<![\w-])(?:" + "|".join(w for w in _WORDS if w != "one") + r")(?![\w-])", re.IGNORECASE)


def values(text: str) -> list[Value]:
    """Return the values that *text* names, in order; a list of values stands before its items."""
    single = sorted((*_single(text), *_counts(text)), key=lambda v: v.start)
    lists = list(_lists(text, single))
    return sorted((*single, *lists), key=lambda v: (v.start, -v.end))


def _single(text: str) -> Iterator[Value]:
    for match in _FOUND.finditer(text):
        kind = match.lastgroup or ""
        made = _READERS["number" if kind == "share" else kind](match)
        if made is not None:
            yield made


def _counts(text: str) -> Iterator[Value]:
    for match in _COUNT.finditer(text):
        yield Value(Shape.COUNT, _WORDS[match.group().lower()], match.start(), match.end())


def _lists(text: str, single: Sequence[Value]) -> Iterator[Value]:
    """Yield the runs of values of one shape that nothing but commas and "and" stands between."""
    at = 0
    while at < len(single):
        end = at + 1
        while end < len(single) and single[end].shape is single[at].shape and _GAP.fullmatch(
                text, single[end - 1].end, single[end].start):
            end += 1
        run = single[at:end]
        least = _LEAST_NUMBERS if run[0].shape in (Shape.NUMBER, Shape.SHARE, Shape.COUNT) else 2
        if len(run) >= least and run[0].shape is not Shape.LIST:
            yield Value(Shape.LIST, [v.value for v in run], run[0].start, run[-1].end, (run[0].shape,))
        at = end


# ---- one value -------------------------------------------------------------------------------------------------------


def _plain(shape: Shape) -> Callable[[re.Match[str]], Value | None]:
    return lambda match: Value(shape, match.group(match.lastgroup or 0).rstrip(".,;"), match.start(), match.end())


def _date(match: re.Match[str]) -> Value:
    """Return a date, as ISO 8601 has it where day, month and year are said without doubt."""
    text = match.group("date")
    parts = re.findall(r"[a-z]{3,}|\d+", re.sub(r"(?<=\d)(?:st|nd|rd|th)", "", text.lower()))
    month = next((_MONTHS.index(p[:3]) + 1 for p in parts if p[:3] in _MONTHS), 0)
    numbers = [int(p) for p in parts if p.isdigit()]
    if month and len(numbers) == 2 and 1 <= numbers[0] <= 31:
        text = f"{numbers[1]:04d}-{month:02d}-{numbers[0]:02d}"
    return Value(Shape.DATE, text.rstrip(".,"), match.start(), match.end())


def _bracket(match: re.Match[str]) -> Value:
    inner = match.group("bracket")
    try:
        found = json.loads(inner.replace("'", '"'))
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError):  # no JSON, or what JSON can't say
        found = [part.strip() for part in inner[1:-1].split(",") if part.strip()]
    shape = Shape.NUMBER if all(isinstance(item, int | float) for item in found) else Shape.QUOTED
    return Value(Shape.LIST, found, match.start(), match.end(), (shape,))


def _number(match: re.Match[str]) -> Value | None:
    text = match.group("number").lstrip("$€£").replace(",", "")
    if len(text) > _MOST_DIGITS:
        return None
    number = float(text) if any(c in text for c in ".e") else int(text)
    if not math.isfinite(number):
        return None
    return Value(Shape.SHARE if match.group("share") else Shape.NUMBER, number, match.start(), match.end())


def _name(match: re.Match[str]) -> Value | None:
    """Return a proper name; None for a word that is capitalised only because a sentence begins with it."""
    text, start = match.group("name"), match.start("name")
    before = match.string[:start].rstrip()[-1:]
    if before in ("", ".", "!", "?", ":", '"'):
        first, _, rest = text.partition(" ")
        if not rest or not rest[0].isupper():
            return None
        if first.lower() in _OPENERS:
            text, start = rest, start + len(first) + 1
    if text.lower() in _OPENERS:
        return None
    return Value(Shape.NAME, text.removesuffix("'s"), start, match.end("name"))


_OPENERS = frozenset(
    "i i'm i'd i've the a an what how can could would please find get who where when which is are calculate for in my "
    "give show compute determine search book create send add convert also then after if on to from let's tell".split()
)
"""Words that begin a sentence and are no part of a name."""
_READERS: dict[str, Callable[[re.Match[str]], Value | None]] = {
    "bracket": _bracket, "quoted": _plain(Shape.QUOTED), "single": _plain(Shape.QUOTED), "number": _number,
    "address": _plain(Shape.ADDRESS), "url": _plain(Shape.URL), "date": _date, "time": _plain(Shape.TIME),
    "path": _plain(Shape.PATH), "name": _name,
}  # fmt: skip
