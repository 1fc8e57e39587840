"""Words of a goal: tokens with their places, and the split of a tool's name into words.

Every pass is one walk over the text with expressions that can't back up, so that time is linear on any input.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import NamedTuple

_PLAIN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "`": '"',
        "–": "-",
        "—": " - ",
        "\u00a0": " ",
        "\u200b": "",
        "\t": "    ",
        "\r": "",
    }
)
_QUOTED = re.compile(r'"([^"\n]*)"|(?<![\w"\'])\'([^\'\n"]*)\'(?!\w)')
_CHUNK = re.compile(r"\S+")
_WORD = re.compile(r"[^\W_][\w+#]*(?:'\w+)*|&")
_AMOUNT = re.compile(
    r"(?:[^\W\d_]{1,3}\$|[$€£¥₹])?\d+(?:[.,]\d+)+[km%]?[$€£¥₹]?\Z|[$€£¥₹]\d+[a-z%]{0,3}\Z|\d+[$€£¥₹]\Z",
    re.IGNORECASE,
)
"""A number with marks in it, or with that of a currency."""
VERSION = re.compile(r"v\d+(?:\.\d+)*\Z")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME = re.compile(r"(?:\.{0,2}/)?[\w.*?\[\]@~+-]+(?:/[\w.*?\[\]@~+-]*)*\Z")
_EXTENSION = re.compile(r"[\w*?\]-]\.(?:(?=[0-9]*[a-z])[a-z0-9]{1,5}|[A-Z]{2,5})\Z")
_ABOVE = re.compile(r"\.\.(?:/\.\.)*/?(?=[,;:!?)\]]*\Z)")
"""The folders above, which lie outside of any workspace."""
_ENUMERATOR = re.compile(r"\(?(?:[a-z]|\d{1,2}|[ivx]{1,4})\)\Z", re.IGNORECASE)
ARROWS = frozenset({"->", "=>", "-->", "==>", "→", "⇒", ">"})
"""Marks that say "and then"."""
_FOREIGN = ("http:", "https:", "ftp:", "mailto:")
_NO_NAMES = frozenset({"/", ".", "..", "and/or", "his/her", "he/she", "w/o", "n/a", "ci/cd"})
_OPEN, _CLOSE = "([{<*_", ")]}>*_"
_ABBREVIATIONS = frozenset({"e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "no.", "dr.", "mr.", "mrs.", "ms.", "st."})


class Kind(IntEnum):
    """What a token is."""

    WORD = 0
    NAME = 1
    """A file, folder or pattern."""
    QUOTED = 2
    MARK = 3
    """Punctuation that may end a clause: ``. ! ? ; : ,`` and `` - ``."""


# Before Python 3.12 looking a member up on its class costs ten times what looking up a name does.
WORD, NAME, QUOTED, MARK = Kind


class Token(NamedTuple):
    """A word, name, quotation or mark, and where it stands in the text."""

    text: str
    low: str
    kind: Kind
    start: int
    end: int


def normalise(text: str) -> str:
    """Return *text* in NFKC with plain quotes, dashes and blanks, so that look-alikes compare equal."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).translate(_PLAIN)


def without_marks(text: str) -> str:
    """Return *text*, which is normalised, without the quotation marks that stand around all of it."""
    bare = text.strip()
    end = bare[-1:] if bare.endswith((".", "!", "?")) else ""
    core = bare.removesuffix(end)
    mark, inner = core[:1], core[1:-1]
    if mark not in ("'", '"') or len(core) < 3 or core[-1] != mark:
        return text
    again = any(c == mark and not _in_word(inner, at) for at, c in enumerate(inner))
    return text if again else inner.strip() + end


def _in_word(text: str, at: int) -> bool:
    """Whether the mark at *at* is an apostrophe, as in "don't"."""
    return text[at] == "'" and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()


def tokens(text: str) -> list[Token]:
    """Return the tokens of *text*, in order; *text* is normalised and holds one paragraph."""
    found: list[Token] = []
    place = 0
    for match in _QUOTED.finditer(text) if '"' in text or "'" in text else ():
        _chunks(text, place, match.start(), found)
        _quotation(match, found)
        place = match.end()
    _chunks(text, place, len(text), found)
    return found


def _quotation(match: re.Match[str], found: list[Token]) -> None:
    group = 1 if match.group(1) is not None else 2
    inner = match.group(group)
    kind = NAME if is_name(inner) or _EXTENSION.search(inner) else QUOTED
    found.append(Token(inner, inner.lower(), kind, match.start(), match.end()))


def _chunks(text: str, start: int, stop: int, found: list[Token]) -> None:
    for match in _CHUNK.finditer(text, start, stop):
        chunk = match.group()
        at, end = match.span()
        if chunk.isalpha():
            found.append(Token(chunk, chunk.lower(), WORD, at, end))
        else:
            _chunk(chunk, at, found)


def _chunk(chunk: str, at: int, found: list[Token]) -> None:
    """Add the tokens of one run of visible characters: its marks apart, the rest a name or words."""
    body = chunk.lstrip(_OPEN)
    at += len(chunk) - len(body)
    if body.startswith("..") and (above := _ABOVE.match(body)):
        found.append(Token(above.group(), above.group(), NAME, at, at + above.end()))
        return
    if chunk in ("-", "+", "|") or chunk in ARROWS or (chunk[-1] == ")" and _ENUMERATOR.match(chunk)):
        mark = "," if chunk == "|" or chunk[-1] == ")" else chunk
        found.append(Token(mark, mark, MARK, at, at + len(chunk)))
        return
    if "." in body and body.rstrip(",").lower() in _ABBREVIATIONS:
        return
    core = body.rstrip(".,;:!?" + _CLOSE)
    if (name := is_name(core)) or core.lower().startswith(_FOREIGN):
        found.append(Token(core, core.lower(), NAME if name else QUOTED, at, at + len(core)))
    else:
        _words(core, at, found)
    for i in range(len(core), len(body)):
        if body[i] in ".,;:!?":
            found.append(Token(body[i], body[i], MARK, at + i, at + i + 1))


def _words(core: str, at: int, found: list[Token]) -> None:
    """Add the words of *core*: ``and/or``, ``a,b`` and ``hard-coded`` are two each."""
    if _AMOUNT.match(core) or VERSION.match(core.lower()):
        found.append(Token(core, core.lower(), WORD, at, at + len(core)))
        return
    for match in _WORD.finditer(core):
        word = match.group()
        low = word.lower().removesuffix("'s")
        found.append(Token(word, low, WORD, at + match.start(), at + match.end()))


def is_name(text: str) -> bool:
    """Return whether *text* looks like a file, folder or pattern of files."""
    if "/" not in text and "." not in text and "*" not in text:
        return False
    if not _NAME.match(text) or text.lower() in _NO_NAMES:
        return False
    if text.endswith("/") or "*" in text:
        return "*" in text or any(map(str.isalnum, text))
    return bool(_EXTENSION.search(text)) or ("/" in text and not text.replace("/", "").isdigit() and _is_path(text))


def _is_path(text: str) -> bool:
    """Tell ``src/core`` from ``read/write``: a path has a dot, a digit, an underscore or more than one slash."""
    return text.count("/") > 1 or text[0] in "./~" or any(c in "._0123456789" for c in text)


def name_words(name: str) -> list[str]:
    """Return the lower-case words of an identifier: ``GetMovieCredit`` and ``get_movie_credit`` alike."""
    return [m.group().lower() for m in _CAMEL.finditer(name)]


def slug(words: list[str], *, limit: int = 48) -> str:
    """Return a short task id made of *words*."""
    plain = (w.lower() if w.isascii() and w.isalnum() else _ascii(w) for w in words)
    return "-".join(w for w in plain if w)[:limit].rstrip("-") or "task"


def _ascii(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word).lower() if c.isascii() and c.isalnum())
