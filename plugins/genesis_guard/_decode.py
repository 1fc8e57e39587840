"""Read what stands encoded in a text: base64, hexadecimal, bits, escapes, Morse, rot13, mirrored."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Iterator

from ._normalise import Edit, View

__all__ = ["decoded"]

_DEPTH = 2
"""How often something is decoded that had been decoded."""
_LEAST = 6
"""Fewer letters than these say nothing."""
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,}={0,2}")
# A text in hexadecimal begins with a byte of ASCII.
_HEX = re.compile(r"[2-7](?<![0-9A-WYZa-wyz].)[0-9A-Fa-f][ :,]?(?:[0-9A-Fa-f]{2}[ :,]?){7,}(?![0-9A-Za-z])")
_PERCENT = re.compile(r"(?:[^\s%]{0,3}(?:%[0-9A-Fa-f]{2})){3,}\w{0,20}")
_ENTITY = re.compile(r"(?:&(?:#\d{2,6}|#x[0-9A-Fa-f]{2,5}|[a-z]{2,6});[^&\s]{0,3}\s?){3,}")
_ESCAPE = re.compile(r"(?:\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})[^\\\n]{0,2}){4,}")
_BITS = re.compile(r"01(?<![01]..)[01]{6} ?(?:[01]{8} ?){3,}(?![01])")
_MORSE = re.compile(r"[.\-](?<![.\-].)[.\-]{0,5}(?:[ /]{1,3}[.\-]{1,6}){5,}")
_MORSE_LETTERS = dict(zip(
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- "
    "--..".split(), "abcdefghijklmnopqrstuvwxyz", strict=True,
))  # fmt: skip
_ROT = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_PLAIN = str.maketrans("", "", "\n\r\t")
_CUES = ("the", "and", "you", "your", "ignore", "previous", "instructions", "system", "prompt", "tell", "all", "print",
         "secret", "password", "rules", "now", "are", "reveal", "from", "with", "this", "that")  # fmt: skip
_ROTATED = frozenset(word.translate(_ROT) for word in _CUES)
_MIRRORED = frozenset(word[::-1] for word in _CUES if len(word) > 2)


def decoded(text: str, words: Collection[str]) -> Iterator[View]:
    """Return a view for each encoding that stands in *text*; *words* are those of its plain view."""
    yield from _unpacked(View(text), _DEPTH)
    low = text.lower()
    if len(low) == len(text):
        if sum(word in words for word in _ROTATED) > 1:
            yield View(low.translate(_ROT), "rot13")
        if sum(word in words for word in _MIRRORED) > 1:
            # Where a word stands in the mirror is not kept: the whole text is what reads backwards.
            yield from filter(None, [View(text).picked([(0, len(text), low[::-1])], "mirrored")])


def _unpacked(view: View, depth: int) -> Iterator[View]:
    for kind, pattern, mark, least, read in _CODES:
        if mark and view.text.count(mark) < least:
            continue
        found = view.picked(_pieces(view.text, pattern, read), kind)
        if found is not None:
            yield found
            if depth > 1:
                yield from _unpacked(found, depth - 1)


def _pieces(text: str, pattern: re.Pattern[str], read: Callable[[str], str]) -> Iterator[Edit]:
    for m in pattern.finditer(text):
        plain = read(m[0])
        if plain:
            yield m.start(), m.end(), plain


def _readable(data: bytes) -> str:
    """Return *data* as text when that is what it is, else an empty text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    letters = sum(map(str.isalpha, text))
    fine = text.translate(_PLAIN).isprintable() and letters >= _LEAST and letters + text.count(" ") >= 0.7 * len(text)
    return text if fine else ""


def _base64(run: str) -> str:
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    if body.isalpha() and (body.islower() or body.isupper()):
        return ""  # a long word
    try:
        return _readable(base64.b64decode(body[: len(body) - (len(body) % 4 == 1)] + "=" * (-len(body) % 4 % 3)))
    except (ValueError, binascii.Error):
        return ""


def _hex(run: str) -> str:
    digits = re.sub("[ :,]", "", run)
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _bits(run: str) -> str:
    digits = run.replace(" ", "")
    return _readable(bytes(int(digits[n : n + 8], 2) for n in range(0, len(digits), 8)))


def _percent(run: str) -> str:
    from urllib.parse import unquote_to_bytes

    return _readable(unquote_to_bytes(run))


def _entity(run: str) -> str:
    from html import unescape

    return _readable(unescape(run).encode("utf-8", "replace"))


def _escape(run: str) -> str:
    plain = re.sub(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))", lambda m: chr(int(m[1] or m[2], 16)), run)
    return _readable(plain.encode("utf-8", "replace"))


def _morse(run: str) -> str:
    words = (re.split(" +", word.strip()) for word in run.split("/"))
    plain = " ".join("".join(_MORSE_LETTERS.get(letter, "") for letter in word) for word in words)
    return plain if len(set(plain)) > 3 else ""


# What stands in each, and how often at least.
_CODES: tuple[tuple[str, re.Pattern[str], str, int, Callable[[str], str]], ...] = (
    ("base64", _BASE64, "", 0, _base64),
    ("hex", _HEX, "", 0, _hex),
    ("percent", _PERCENT, "%", 3, _percent),
    ("entities", _ENTITY, "&", 3, _entity),
    ("escapes", _ESCAPE, "\\", 4, _escape),
    ("bits", _BITS, "01", 1, _bits),
    ("morse", _MORSE, "-", 1, _morse),
)
