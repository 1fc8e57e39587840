"""Turn words into a query: what must be found, what else would do for it, and what only helps to rank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MAX_WORDS = 32

# After one of these the topic begins: "what the manual promises about X".
_TOPIC_MARK = re.compile(
    r"\b(?:about|regarding|concerning|with (?:regard|respect) to|when it comes to|on the (?:subject|topic) of)\b",
    re.IGNORECASE,
)

_WORD = re.compile(r"\w+(?:[-'.’]\w+)*")
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”')
_PATH = re.compile(r"\S*/\S*|\S+\.(?:md|rst|txt|py|csv|json|html|toml|ya?ml)\b")


@dataclass(frozen=True)
class Term:
    """One thing to find: a word or a quoted phrase, and the words that mean the same."""

    word: str
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """What must be found, and what only helps to rank."""

    terms: tuple[Term, ...] = ()
    helpers: tuple[Term, ...] = ()
    phrase: str = ""
    left_out: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The words as they were asked for."""
        return tuple(term.word for term in (*self.terms, *self.helpers))


@dataclass(frozen=True)
class _Words:
    """The word lists of ``search_words.toml``."""

    function: frozenset[str]
    asking: frozenset[str]
    general: frozenset[str]
    same: dict[str, tuple[str, ...]]


@cache
def _words() -> _Words:
    import tomllib

    lists = tomllib.loads((Path(__file__).parent / "search_words.toml").read_text(encoding="utf-8"))
    lines = [[forms.split("/") for forms in line.split()] for line in lists["same"]]
    same = {
        word: tuple(other[0] for other in line if other is not forms)
        for line in lines
        for forms in line
        for word in forms
    }
    function, asking, general = (frozenset(lists[name].split()) for name in ("function", "asking", "general"))
    return _Words(function, asking, general, same)


def topic(sentence: str) -> str:
    """Return what a sentence asks about: its quoted phrases, or its words without those that only ask."""
    quoted = [first or second for first, second in _QUOTED.findall(sentence)]
    if quoted:
        return " ".join(f'"{phrase}"' for phrase in quoted)
    sentence = _PATH.sub(" ", sentence)
    tail = _TOPIC_MARK.split(sentence)[-1]
    return " ".join(_content(tail) or _content(sentence))


def _content(text: str) -> list[str]:
    idle = _words().function | _words().asking
    return [word for word in _split(text) if word.lower() not in idle]


def parse(text: str) -> Query:
    """Return the query of a text: every word must be found, a quoted phrase as it stands."""
    text = text.replace("\0", " ").encode("utf-8", "ignore").decode()
    phrases = [" ".join((first or second).split()) for first, second in _QUOTED.findall(text)]
    found = _split(_QUOTED.sub(" ", text))
    words = [word for word in found if word.lower() not in _words().function] or found
    asked = _unique([*(phrase for phrase in phrases if _WORD.search(phrase)), *words])
    kept = asked[:MAX_WORDS]
    idle = _words().asking | _words().general
    helpers = [word for word in kept if word.lower() in idle]
    if len(helpers) == len(kept):
        helpers = []
    return Query(
        terms=tuple(_term(word) for word in kept if word not in helpers),
        helpers=tuple(_term(word) for word in helpers),
        phrase=" ".join(kept) if len(kept) > 1 else "",
        left_out=len(asked) - len(kept),
    )


def _split(text: str) -> list[str]:
    """Return the words of a text; of "error-handling" both, because each of them has a meaning of its own here."""
    return [part for word in _WORD.findall(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    parts = word.split("-")
    known = any(part.lower() in _words().same or part.lower() in _words().general for part in parts)
    return parts if len(parts) > 1 and known and word.lower() not in _words().same else [word]


def _unique(words: list[str]) -> list[str]:
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.lower(), word)
    return list(first.values())


def _term(word: str) -> Term:
    return Term(word, _words().same.get(word.lower(), ()))


def literal(words: str) -> str:
    """Return words as an FTS5 string: whatever they hold is looked for, never obeyed."""
    return '"' + words.replace('"', '""') + '"'


def either(words: tuple[str, ...]) -> str:
    """Return an FTS5 expression that any of the words satisfies."""
    return " OR ".join(literal(word) for word in words)
