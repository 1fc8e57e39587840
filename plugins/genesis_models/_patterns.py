"""Check texts against the regular expressions of schemas, which strangers write: never for longer than is bounded.

Python's engine backtracks, so a hostile expression can take for ever. What one can take is bounded beforehand, by how
many ways there are to match it; one above the bound is left out, as a schema's annotations are: whoever takes the value
checks it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

__all__ = ["found"]

MAX_PATTERN = 500
MAX_WAYS = 1_000_000
_FIXED = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY", "AT", "RANGE", "CATEGORY", "NEGATE"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


class _Unbounded(Exception):
    """There is no bound on the ways to match."""


def found(pattern: str, text: str) -> bool | None:
    """Return whether *pattern* occurs in *text*; None: it can't be told within the bound, or it is no expression."""
    try:
        parsed, compiled = _parsed(pattern)
        if _ways(parsed, len(text) + 1) * (len(text) + 1) > MAX_WAYS:
            return None
    except (_Unbounded, re.error, RecursionError, OverflowError):
        return None
    return compiled.search(text) is not None


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> tuple[Any, re.Pattern[str]]:
    if len(pattern) > MAX_PATTERN:
        raise _Unbounded
    return import_module("re._parser").parse(pattern), re.compile(pattern)


def _ways(parts: Iterable[Any], length: int) -> int:
    """Return the most ways there are to match *parts*, one after another, in a text of *length*."""
    ways = 1
    for kind, value in parts:
        ways *= _of(str(kind), value, length)
        if ways > MAX_WAYS:
            raise _Unbounded
    return ways


def _of(kind: str, value: Any, length: int) -> int:
    if kind in _FIXED:
        return 1
    if kind == "BRANCH":
        return sum(_ways(branch, length) for branch in value[1])
    if kind == "SUBPATTERN":
        return _ways(value[3], length)
    if kind in ("ASSERT", "ASSERT_NOT"):
        return _ways(value[1], length)
    if kind == "ATOMIC_GROUP":
        return _ways(value, length)
    if kind in _REPEATS:
        least, most, body = value
        return _repeated(int(least), int(most), body, length)
    raise _Unbounded  # a reference back, a condition: what they match depends on what was matched


def _repeated(least: int, most: int, body: Any, length: int) -> int:
    """Return the ways to match *body* again and again; none is bounded that may be empty, and repeats for nothing."""
    most, ways = min(most, length), _ways(body, length)
    if body.getwidth()[0] == 0 or (ways > 1 and most > 20):
        raise _Unbounded
    power: int = ways**most
    return power * max(1, most - least + 1)
