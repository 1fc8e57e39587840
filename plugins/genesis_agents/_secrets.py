"""Find secrets in text: tokens by their shape, and values that look random assigned to names that say "secret"."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from genesis_core import secret_shapes

from ._secret_rules import (
    BARE,
    BARE_NAMES,
    BARE_SUFFIXES,
    NOT_A_SECRET_NAME,
    PASSWORD_WORDS,
    PLACEHOLDERS,
    PRIVATE_KEY,
    QUOTED,
)

_STAND_INS = frozenset({*PASSWORD_WORDS, "pass", "secret", "token", "user", "port", "pw", "test", "123"})
"""Words that stand for the password of an address: user:password@host."""
SHOWN = 4  # characters of a secret that a quote shows, fewer of a short one


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret: what kind, where its characters stand, and words about it that don't give it away."""

    rule: str
    severity: str
    message: str
    start: int
    end: int
    quote: str


def secrets_in(text: str, file: str = "") -> list[Secret]:
    """Return the secrets of a text in its order; in time linear in its length."""
    found: list[Secret] = []
    for secret in sorted(_candidates(text, file), key=lambda one: one.start):
        if not found or secret.start >= found[-1].end:
            found.append(secret)
    return found


def _candidates(text: str, file: str) -> Iterator[Secret]:
    # A token's own shape says more than the name that it is assigned to, so it is looked for first.
    yield from _tokens(text)
    yield from _private_keys(text)
    yield from _assigned(QUOTED, text)
    if _is_settings(file):
        yield from _assigned(BARE, text)


def _tokens(text: str) -> Iterator[Secret]:
    for kind, start, end in secret_shapes(text):
        value = text[start:end]
        if not (_is_placeholder(value) or value.lower() in _STAND_INS):
            yield Secret(f"secret: {kind.rule}", "high", f"{kind.words} in plain text.", start, end, redacted(value))


def _private_keys(text: str) -> Iterator[Secret]:
    for match in PRIVATE_KEY.finditer(text):
        kind = f" ({match['kind'].strip()})" if match["kind"] else ""
        yield Secret("secret: private-key", "high", f"Private key{kind} in plain text.", *match.span("secret"),
                     match["secret"] + "…")


def _assigned(pattern: re.Pattern[str], text: str) -> Iterator[Secret]:
    for match in pattern.finditer(text):
        word, value = match["word"].lower(), match["secret"]
        if NOT_A_SECRET_NAME.search(match["rest"]) or not _looks_random(value, word):
            continue
        before = _name_before(text, match.start("word"))
        what = "Password" if word in PASSWORD_WORDS else "Secret"
        message = f"{what} assigned to {before + match['word'] + match['rest']} in plain text."
        quote = text[match.start("word") - len(before) : match.start("secret")] + redacted(value)
        yield Secret(f"secret: hardcoded-{what.lower()}", "medium", message, *match.span("secret"), quote)


_NAME_END = re.compile(r"[\w-]*\Z")


def _name_before(text: str, end: int) -> str:
    """Return the part of a name that stands before the word that gave it away."""
    found = _NAME_END.search(text[max(0, end - 40) : end])
    return found[0] if found else ""


def _is_settings(file: str) -> bool:
    name = PurePosixPath(file).name.lower()
    return name.endswith(BARE_SUFFIXES) or name.startswith((".env", *BARE_NAMES))


def _is_placeholder(value: str) -> bool:
    return bool(PLACEHOLDERS.search(value)) or len(value) > 15 and len(set(value[4:])) < 5


def _looks_random(value: str, word: str) -> bool:
    """Tell whether a value is a secret rather than a word about one: mixed characters, and not repetitive."""
    if PLACEHOLDERS.search(value) or word in value.lower() and not _mixed(value):
        return False
    is_password = word in PASSWORD_WORDS
    least, bits = (6, 2.3) if is_password else (12, 3.0)
    if len(value) < least or not (is_password or value.isascii()):
        return False
    return _mixed(value) and entropy(value) >= bits and not _is_code_or_place(value)


def _mixed(value: str) -> bool:
    """Tell whether letters and something else than letters are mixed, as names and words do not."""
    plain = re.sub(r"[_.:/\-]", "", value)
    kinds = (any(map(str.isalpha, plain)), any(map(str.isdigit, plain)), any(not c.isalnum() for c in plain))
    return sum(kinds) > 1


_CODE = re.compile(r"[\w.]+\([^)]*\)?|[A-Za-z]+://[^@]*|\.{0,2}/[\w./-]*|[\w-]+(?:\.[A-Za-z_]\w*)+|[\w-]*\{[^}]*\}.*")


def _is_code_or_place(value: str) -> bool:
    return _CODE.fullmatch(value) is not None


def entropy(value: str) -> float:
    """Return Shannon's entropy of a text in bits for each character."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def redacted(value: str) -> str:
    """Return the first characters of a secret and an ellipsis: enough to find it, too few to use it."""
    return value[: min(SHOWN, len(value) // 3)] + "…"


def without_secrets(line: str, file: str = "") -> str:
    """Return a line with every secret in it redacted."""
    parts, last = list[str](), 0
    for secret in secrets_in(line, file):
        parts += [line[last : secret.start], redacted(line[secret.start : secret.end])]
        last = secret.end
    return "".join([*parts, line[last:]])


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def number(self, offset: int) -> int:
        """Return the line that holds an offset, counted from 1."""
        return bisect_right(self._starts, offset)


def numbered(text: str, secrets: Iterable[Secret]) -> Iterator[tuple[int, Secret]]:
    """Yield each secret with its line."""
    lines = Lines(text)
    for secret in secrets:
        yield lines.number(secret.start), secret
