"""Redact: take what must stay secret out of values that are kept - keys and tokens, credentials, private keys.

What they look like is said in :mod:`genesis_core.redaction`; here it is taken out of whole JSON values.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from genesis_core.redaction import REDACTED, secret_values, tells, without_shapes

__all__ = ["REDACTED", "Redactor"]


class Redactor:
    """Takes secrets out of JSON values; those of *environ* whose names say so, or are among *names*, count as such."""

    def __init__(self, environ: Mapping[str, str] | None = None, names: Iterable[str] = ()) -> None:
        self._values = secret_values(os.environ if environ is None else environ, names)

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
        return without_shapes(text if self._values is None else self._values.sub(REDACTED, text))

    def _member(self, name: str, value: Any) -> Any:
        return REDACTED if isinstance(value, str) and value and tells(name) else self(value)
