"""Split plain texts into words, and know the words that attacks are made of, in many languages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ._normalise import fold

__all__ = ["Lexicon", "spans", "split"]

# Letters of scripts without spaces stand alone; of the others, marks that belong to a letter stay with it.
_SOLID = "\u0e01-\u0eff\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_LETTERS = (
    "0-9a-z\u00aa\u00b5\u00ba\u00c0-\u060b\u0610-\u061a\u0620-\u0963\u0966-\u0e00\u0f00-\u177f\u1800-\u1fff\u2c00-\u2dff"
    "\ua4d0-\uabff\ufb00-\ufdff\ufe70-\ufefc\U00010000-\U0001efff"
)
_WORDS = re.compile(rf"[{_LETTERS}]{{1,40}}|[{_SOLID}]|[^\s{_LETTERS}{_SOLID}]{{1,3}}")
_HEAD = 3
"""Letters that every stem with an open end has at least."""
_PLAIN = re.compile(r"[0-9a-z]{1,40}|[^\s0-9a-z]{1,3}")


def split(text: str) -> list[str]:
    """Return the words and marks of a folded *text*."""
    return (_PLAIN if text.isascii() else _WORDS).findall(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each of ``split(text)`` stands."""
    return [m.span() for m in (_PLAIN if text.isascii() else _WORDS).finditer(text)]


class Lexicon:
    """Classes of words: each known word has a number, in which every class that it belongs to is one bit."""

    __slots__ = ("_begins", "_known", "_sizes", "bits", "words")

    def __init__(self, classes: Mapping[str, str]) -> None:
        self.bits: dict[str, int] = {name: 1 << at for at, name in enumerate(classes)}
        self._known: dict[str, int] = {}
        self._begins: dict[str, int] = {}
        for name, listed in classes.items():
            for word in split(fold(listed).replace("*", "\u00b5")):
                table = self._begins if word.endswith("\u00b5") else self._known
                key = word.rstrip("\u00b5")
                table[key] = table.get(key, 0) | self.bits[name]
        self._sizes: dict[str, tuple[int, ...]] = {}
        for stem in self._begins:
            self._sizes[stem[:_HEAD]] = tuple(sorted({*self._sizes.get(stem[:_HEAD], ()), len(stem)}))
        self.words = frozenset({*self._known, *self._begins, *_FREQUENT})
        """What split words and leet may be read as."""

    def classes(self, word: str) -> int:
        """Return the classes of *word* as bits; 0: in none."""
        found = self._known.get(word, 0)
        begins = self._begins
        for size in self._sizes.get(word[:_HEAD], ()):
            found |= begins.get(word[:size], 0)
        return found


_FREQUENT = (
    "and", "for", "from", "the", "this", "that", "with", "into", "instruction", "instructions", "please", "user",
    "following", "hello", "answer", "say", "bomb", "make", "hack", "kill", "how",
)  # fmt: skip
