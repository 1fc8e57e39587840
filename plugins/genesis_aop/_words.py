"""Read a text as terms: stems of its words, and exact tokens (numbers, files, identifiers) as they stand.

What tells two tasks apart must survive the reading: "to" and "from", "not", "1" and "2", "A" and "B" are terms; only
articles and politeness are dropped. A token met before is a look-up.
"""

from __future__ import annotations

import re
from itertools import chain

__all__ = ["EMPTY_WORDS", "READER", "Reader", "stem"]

_MAX_KNOWN = 50_000
_MAX_TOKEN_CHARS = 200
_DROPPED = frozenset(
    "the a an of this that these those please kindly also just our my your its their and is are be".split()
)
_EMPTY = (
    "about across after all also any as at back be been before being between both but by can could day did do does "
    "done each else etc everything few find first finally for from get give go good had has have he help here how i "
    "if in including into it item job kind know last let like list look make many may me more most much must need "
    "new next no not now on once one only or other out over own part per point put same say see she should show so "
    "some step such sure take task tell than thank thanks them then there they thing through to too under until up "
    "us use very want was we well were what when where whether which while who why will with within without work "
    "would you yours hello hi hey dear regards cheers yes okay ok hope wish following follow way kindly"
)
_MARKS = "\"'`.,;:!?()[]{}<>*“”‘’«»_"
_MARKER = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\Z")
_NUMBER = re.compile(r"[^\w]?(\d[\d.,:/-]*)(?:[^\W\d]{1,3}|%|[^\w\s])?\Z")
_COUNTED = re.compile(r"(\d[\d.,]*)-([a-z]+(?:-[a-z]+)*)\Z", re.I)
"""A number that is said of something: 3-day, 30-year-old."""
_NAME = re.compile(r"[\w.~-]*/[\w./~*-]*\Z|[\w-]+\.[a-z]\w{0,4}\Z|\S+@\S+\Z|\w+://\S+\Z")
_SHORT = re.compile(r"['’](?:s|m|d|ve|ll|re)\b", re.I)
"""What is left of is, am, would, have, will and are."""
_PART = re.compile(r"[^\W_]+(?:[+#]+(?!\w))?")
_ENDINGS = ("ing", "ed", "es", "s", "e")


def stem(word: str) -> str:
    """Return the lower-case *word* without its inflection."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl" else word


EMPTY_WORDS = frozenset(map(stem, _EMPTY.split()))
"""Terms of a goal that ask for nothing by themselves."""


class Reader(dict[str, tuple[str, ...]]):
    """Gives the terms of a token, and remembers them. An exact term begins with "="."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        if len(self) >= _MAX_KNOWN:
            self.clear()
        found = self[token] = _terms(token[:_MAX_TOKEN_CHARS])
        return found

    def terms(self, text: str) -> tuple[str, ...]:
        """Return the terms of *text*, in order."""
        tokens = text.split()
        if len(tokens) > 1 and tokens[-1][-1] == ".":
            tokens[-1] = tokens[-1].rstrip(".")  # what ends a text is no marker of a list: "25 and 36."
        return tuple(chain.from_iterable(map(self.__getitem__, tokens)))


READER = Reader()
"""Shared by all checks: what it remembers depends on nothing but the token."""


def _terms(token: str) -> tuple[str, ...]:
    if _MARKER.match(token):
        return ()
    token = token.strip(_MARKS)
    if number := _NUMBER.match(token):
        return ("=" + number[1].rstrip(".,:/-").replace(",", ""),)
    if counted := _COUNTED.match(token):
        return (f"={counted[1]}", *_terms(counted[2]))
    if _NAME.match(token):
        name = token.removeprefix("./").rstrip("/").lower()
        return (f"={name}",) if name.strip("/.*") else ()
    if len(token) == 1 and token.isupper() and token not in ("A", "I"):
        return (f"={token}",)
    words = [m.group().lower() for m in _PART.finditer(_SHORT.sub("", token).replace("n't", " not"))]
    exact = any(c.isdigit() for c in token) or "_" in token
    return (f"={token.lower()}",) if exact else tuple([stem(w) for w in words if w not in _DROPPED])
