"""Redact: take what must stay secret out of values that are kept - keys and tokens, credentials, private keys.

What is looked for: well-known shapes of keys, authorization headers, private key blocks, passwords in addresses, what
is assigned to a name like ``password``, and the values of environment variables whose names say that they are secret.
A secret of no known shape and no telling name is not found. Every pattern is linear on any text: what it repeats
without a limit is taken whole or not at all, and never looked at again from a later start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from genesis_core._secrets import REDACTED, SHORTEST, literals

__all__ = ["REDACTED", "Redactor"]

SECRET_NAMES = ("_KEY", "_TOKEN", "_SECRET", "PASSWORD")
"""How the name of an environment variable ends whose value is a secret."""

_START = r"(?<![A-Za-z0-9])"
_SHAPES = (
    r"sk-[\w-]{16,}+", r"(?:sk|rk|pk)_(?:live|test)_\w{16,}+", r"AIza[\w-]{30,}+", r"ya29\.[\w-]{16,}+",
    r"gh[opsur]_\w{30,}+", r"github_pat_\w{22,}+", r"glpat-[\w-]{16,}+", r"xox[abeprs]-[\w-]{10,}+",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}", r"hf_\w{24,}+", r"npm_\w{30,}+", r"pypi-[\w-]{30,}+",
    r"SG\.[\w-]{16,64}+\.[\w-]{16,}+",
)
_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credentials?|"
    r"(?:api|access|private|secret|account|auth|encryption|signing|master)[_ -]?key"
)
_ASSIGNED = r"\\?[\"']?[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}"
_VALUE = r"(?:\"[^\"\n]++\"|\\\"[^\"\n\\]++\\\"|'[^'\n]++'|\\?[\"']?+[^\s\"'`\\,;&]{3,}+)"
_BLOCK = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,16}-----"
_BLOCK_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,16}-----"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{_BLOCK}(?:[^-]|-(?!----END ))*+(?:{_BLOCK_END})?"), REDACTED),
    (re.compile(_START + f"(?:{'|'.join(_SHAPES)})"), REDACTED),
    (re.compile(r"(?<![\w.-])eyJ[\w-]{8,}+\.[\w-]{4,}+\.[\w-]{4,}+"), REDACTED),  # a JSON web token
    (re.compile(rf"(?i)(\bauthorization{_ASSIGNED}[\"']?(?:basic|bearer|digest|token)[ \t]{{1,4}})[^\s\"'\\,;]{{3,}}+"),
     rf"\1{REDACTED}"),
    (re.compile(r"(?i)(\bbearer[ \t]{1,4})[\w.~+/=-]{8,}+"), rf"\1{REDACTED}"),
    (re.compile(r"(://[^/\s:@\[\]]{1,128}:)[^/\s@]{1,256}(?=@)"), rf"\1{REDACTED}"),
    (re.compile(rf"(?i)((?:{_NAMES}){_ASSIGNED})({_VALUE})"), ""),
)
_ASSIGNMENT = _PATTERNS[-1][0]
_QUOTE = re.compile(r"(?:\\?[\"'])?")
_TELLING = re.compile(rf"(?i)(?:^|[_ -])(?:{_NAMES})$|^(?:{_NAMES})$")
_HINTS = re.compile(rf"(?i)-----BEGIN|sk-|_live_|_test_|AIza|ya29|gh[opsur]_|github_pat|glpat|xox|AKIA|ASIA|hf_|npm_|"
                    rf"pypi-|SG\.|eyJ|authorization|bearer|://|{_NAMES}")
"""What each pattern has in it: most texts have nothing of it, and are done with in one pass."""


class Redactor:
    """Takes secrets out of JSON values; those of *environ* whose names say so, or are among *names*, count as such."""

    def __init__(self, environ: Mapping[str, str] | None = None, names: Iterable[str] = ()) -> None:
        environ = os.environ if environ is None else environ
        self._values = literals(_secrets(environ, frozenset(names)))

    def __call__(self, value: Any) -> Any:
        """Return *value* without the secrets that are in its texts and its names; what has none stays as it is."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self._member(name, inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self(inner) for inner in value]
        return value

    def text(self, text: str) -> str:
        """Return *text* without the secrets in it."""
        if self._values is not None:
            text = self._values.sub(REDACTED, text)
        if _HINTS.search(text) is None:
            return text
        for pattern, instead in _PATTERNS[:-1]:
            text = pattern.sub(instead, text)
        return _ASSIGNMENT.sub(_assigned, text)

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and _TELLING.search(name):
            return REDACTED
        return self(value)


def _assigned(found: re.Match[str]) -> str:
    """Return the assignment with its value gone, and its quotes as they were."""
    value = found[2]
    mark = _QUOTE.match(value)[0]  # type: ignore[index]  # it matches nothing, too
    return f"{found[1]}{mark}{REDACTED}{mark if mark and value[len(mark):].endswith(mark) else ''}"


def _secrets(environ: Mapping[str, str], names: frozenset[str]) -> set[str]:
    return {value for name, value in environ.items()
            if (name in names or name.upper().endswith(SECRET_NAMES)) and len(value) >= SHORTEST
            and value not in REDACTED}
