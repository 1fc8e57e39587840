"""Turn text into the words that routing compares: lower case, no stop words, inflections cut off.

One reading serves task descriptions, cards, the lexicon and the words of rules, so that all four agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["MAX_WORDS", "Reader", "stem"]

MAX_WORDS = 400
"""Words of a text that are read; a longer one has said by then what it is about."""
_MAX_KNOWN = 50_000
_MARKS = "\"'`.,;:!?()[]{}<>*"
_PART = re.compile(r"[^\W_]+")
_FILE = re.compile(r"[\w./~-]*[\w)]\.([a-z][a-z0-9]{0,4})\Z")
_STOP = frozenset(
    "a about across after all also an and any are as at be been before being between both but by can could did do "
    "does done during each eg etc find finds for from get gets give gives had has have he her here his how i ie if in "
    "include includes including into is it its let look looking looks make makes may me more most my no not of off on "
    "one or other our out over own per please put say says she should show shows so some such tell than that the "
    "their them then there these they this those through thus to too two under until up us use used uses using very "
    "via want wants was we were what when where which while who whom whose why will with within without would you "
    "your".split()
)
_ENDINGS = tuple("ation ating ated ator ate ment ing ed er or ion ive al ly e y".split())


def stem(word: str) -> str:
    """Return *word* without its inflection, the same for British and American spelling."""
    if len(word) <= 3:
        return word
    word = _singular(word).replace("iz", "is").replace("yz", "ys")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] != "s" else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes", "yses")):
        return word[:-2]
    if word.endswith("ysis"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


class Reader(dict[str, str]):
    """Reads texts, and remembers the words of every token that it has met, as one string: a look-up the second time."""

    def __missing__(self, token: str) -> str:
        if len(self) >= _MAX_KNOWN:
            self.clear()
        found = self[token] = _stems(token)
        return found

    def words(self, text: str) -> list[str]:
        """Return the words of *text*, in order; of a file's name only its type counts, not what somebody called it."""
        return self.words_of(text.lower().split())

    def words_of(self, tokens: Sequence[str]) -> list[str]:
        """Return the words of a text that is split into lower-case *tokens*."""
        found = " ".join(map(self.__getitem__, tokens)).split()
        return found if len(found) <= MAX_WORDS else found[:MAX_WORDS]

    def spelt(self, words: Iterable[str], tokens: Sequence[str]) -> list[str]:
        """Return *words* as the *tokens* of their text spell them."""
        spelling = dict(zip(map(self.__getitem__, tokens), tokens, strict=True))
        return [spelling.get(word, word).strip(_MARKS) for word in words]


def _stems(token: str) -> str:
    token = token[:200].strip(_MARKS)
    if named := _FILE.match(token):
        token = named[1]
    token = token.replace("'s", "").replace("’s", "")
    return " ".join(stem(w) for w in _PART.findall(token) if len(w) > 1 and w not in _STOP and not w.isdecimal())
