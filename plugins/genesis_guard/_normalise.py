"""Make texts plain before anybody judges them: folded, revealed, decoded, each place still known in the original.

A text becomes a few *views*: the text itself, lower-cased and without disguise, and one view for each encoding that
stands in it. Every step is linear, and no view is longer than a few times the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_lowercase

__all__ = ["View", "fold", "reveal"]

Edit = tuple[int, int, str]
"""Start, end, and what to put there."""
MAX_GROWTH = 4
"""One character becomes at most so many: some ligatures unfold into a sentence."""
_LONGEST_WORD, _BEGINNING = 24, 3
_SHORT = 8
"""Runs of so many characters come again and again, and are kept."""
_LATIN = frozenset(ascii_lowercase)
_OTHERS = re.compile(r"[^\x00-\x7f]+")
_MARKS = re.compile("[\u0300-\u036f]+")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0100-\U000e01ef]+"
)
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}
_FLAGS = {0x1F1E6 + n: 0x61 + n for n in range(26)}
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0x2212: "-"}
_TABLE: dict[int, int | str] = {**_TAGS, **_FLAGS, **_QUOTES}
_LOOKALIKES = str.maketrans(
    "асекорхуіјѕԁһԛԝьмнтвгαβγεηικνορτυχωϲϳ", "acekopxyijsdhqwbmhtbrabyenikvoptuxwcj"
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]+")
_LEET = str.maketrans("0134578@$!|", "oieastbasii")
_LEET_MARK = re.compile(r"[0134578@$!|](?:(?<=[a-z].)|(?=[a-z]))")
_LEET_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0134578@$!|")
_SPACED = re.compile(r"(?<![a-z0-9])[a-z]([ .\-_*+~|/,])[a-z](?:\1[a-z]){2,}(?![a-z0-9])")
_SPACED_HINT = re.compile(r"[ .\-_*+~|/,][a-z][ .\-_*+~|/,][a-z][ .\-_*+~|/,]")
"""Stands in all that is spaced, and is found faster."""
_HYPHEN = re.compile(r"[-.*_](?<=[a-z].)(?=[a-z])")
_NO_HYPHENS = str.maketrans("", "", "-.*_")
_HYPHENED = re.compile(r"[a-z]{1,12}(?:[-.*_][a-z]{1,12}){1,5}(?![a-z0-9-])")


@dataclass(frozen=True, slots=True)
class View:
    """A text as it reads once a disguise is off, and where each part of it stands in what it was made from."""

    text: str
    kind: str = "text"
    parent: View | None = None
    _here: list[int] = field(default_factory=list)
    """Where each piece begins here."""
    _there: list[int] = field(default_factory=list)
    """Where it begins in the parent."""
    _kept: list[bool] = field(default_factory=list)
    """Whether it was taken over character by character."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original text that the characters from *start* to *end* come from."""
        if self.parent is None:
            return start, end
        first = bisect_right(self._here, start) - 1
        last = bisect_right(self._here, max(start, end - 1)) - 1
        begin = self._there[first] + (start - self._here[first] if self._kept[first] else 0)
        if self._kept[last]:
            stop = self._there[last] + max(start + 1, end) - self._here[last]
        else:
            stop = self._there[last + 1] if last + 1 < len(self._there) else len(self.parent.text)
        return self.parent.origin(begin, min(max(stop, begin), len(self.parent.text)))

    def edited(self, edits: Iterable[Edit]) -> View:
        """Return this view with *edits* (in order, none overlapping) made; itself when there are none."""
        parts: list[str] = []
        here, there, kept = [0], [0], [True]
        at = length = 0
        for start, end, new in edits:
            parts += [self.text[at:start], new]
            length += start - at + len(new)
            at = end
            if len(new) != end - start:  # one of the same length moves nothing
                here += [length - len(new), length]
                there += [start, end]
                kept += [False, True]
        if not parts:
            return self
        return View("".join([*parts, self.text[at:]]), self.kind, self, here, there, kept)

    def picked(self, pieces: Iterable[Edit], kind: str) -> View | None:
        """Return a view that holds *pieces* alone, a line each; None when there are none."""
        parts: list[str] = []
        here, there = list[int](), list[int]()
        length = 0
        for start, end, new in pieces:
            here += [length, length + len(new)]
            there += [start, end]
            parts.append(new)
            length += len(new) + 1
        if not parts:
            return None
        return View("\n".join(parts), kind, self, here, there, [False] * len(here))


def fold(text: str) -> str:
    """Return *text* in lower case, by compatibility forms, without accents and invisible characters."""
    text = text.lower()
    if text.isascii():
        return text
    return _OTHERS.sub(lambda m: _fold(m[0]), text)


def _fold(run: str) -> str:
    """Return a run of characters beyond ASCII, folded, at most MAX_GROWTH times as long."""
    return _fold_short(run) if len(run) <= _SHORT else _fold_any(run)


@lru_cache(maxsize=4096)
def _fold_short(run: str) -> str:
    return _fold_any(run)


def _fold_any(run: str) -> str:
    plain = _INVISIBLE.sub("", run.translate(_TABLE))
    plain = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", plain))).lower()
    return plain[: MAX_GROWTH * len(run)]


def reveal(text: str | View, words: Collection[str] = ()) -> View:
    """Return *text* plain: folded, look-alikes and leet read as letters, split words joined.

    Digits become letters, and hyphens go, only where that makes one of *words*.
    """
    view = text if isinstance(text, View) else View(text)
    low = view.text.lower()
    if len(low) != len(view.text):  # a few capitals have no small letter of one character
        low = "".join(c if len(c) == 1 else c[0] for c in map(str.lower, view.text))
    view = View(low, view.kind, view, [0], [0], [True])
    if not low.isascii():
        view = view.edited((m.start(), m.end(), _fold(m[0])) for m in _OTHERS.finditer(low))
        view = view.edited(_latin(view.text))
    view = view.edited(_unspaced(view.text, words))
    if words:
        view = view.edited(_unhyphened(view.text, words))
        view = view.edited(_unleet(view.text, words))
    return view


def _latin(text: str) -> Iterable[Edit]:
    """Read Greek and Cyrillic letters that touch a Latin one as the Latin ones that they look like."""
    for m in _FOREIGN.finditer(text):
        beside = text[m.start() - 1 : m.start()] + text[m.end() : m.end() + 1]
        if not _LATIN.isdisjoint(beside):
            yield m.start(), m.end(), m[0].translate(_LOOKALIKES)


def _unspaced(text: str, words: Collection[str]) -> Iterable[Edit]:
    if not _SPACED_HINT.search(text):
        return
    for m in _SPACED.finditer(text):
        yield m.start(), m.end(), _segmented(m[0].replace(m[1], ""), words)


def _segmented(letters: str, words: Collection[str]) -> str:
    """Return *letters* with a space after each of *words* that it begins with, and so on."""
    parts: list[str] = []
    at = loose = 0
    begins = _beginnings(frozenset(words))
    while at < len(letters):
        most = min(_LONGEST_WORD, len(letters) - at) if letters[at : at + _BEGINNING] in begins else 0
        size = next((n for n in range(most, _BEGINNING - 1, -1) if letters[at : at + n] in words), 0)
        if size:
            parts += [letters[loose:at], letters[at : at + size]]
            loose = at + size
        at += size or 1
    return " ".join(filter(None, [*parts, letters[loose:]]))


@lru_cache(maxsize=4)
def _beginnings(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word[:_BEGINNING] for word in words)


def _unhyphened(text: str, words: Collection[str]) -> Iterable[Edit]:
    done = 0
    for mark in _HYPHEN.finditer(text):
        if mark.start() < done:
            continue
        before = max(done, mark.start() - _LONGEST_WORD)
        start = before + len(text[before : mark.start()].rstrip(ascii_lowercase))
        m = _HYPHENED.match(text, start)
        if m is None:
            continue
        done = m.end()
        joined = m[0].translate(_NO_HYPHENS)
        if joined in words:
            yield start, done, joined


def _unleet(text: str, words: Collection[str]) -> Iterable[Edit]:
    done = 0
    for m in _LEET_MARK.finditer(text):
        if m.start() < done:
            continue
        start, end = _around(text, m.start(), max(done, m.start() - _LONGEST_WORD))
        done = end
        letters = text[start:end]
        plain = letters.strip("!|").translate(_LEET)
        found = plain if plain in words else plain.replace("i", "l") if plain.replace("i", "l") in words else ""
        if found:
            yield start, end, found


def _around(text: str, at: int, least: int) -> tuple[int, int]:
    start, end = at, at + 1
    while start > least and text[start - 1] in _LEET_ALPHABET:
        start -= 1
    most = min(len(text), at + _LONGEST_WORD)
    while end < most and text[end] in _LEET_ALPHABET:
        end += 1
    return start, end


