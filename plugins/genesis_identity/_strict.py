"""JSON that has one spelling: what is not written exactly as it would be written here is refused.

No duplicate key, no float, no NaN, no key that another spelling could be taken for, no more depth than allowed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Never

from genesis_core import EnvelopeRefused, Refusal

__all__ = ["NAME", "check_name", "dump", "load"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}", re.ASCII)
"""The names of senders, audiences and scopes: nothing that looks like something else in another script."""
MAX_DIGITS = 100

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def check_name(name: object, what: str) -> str:
    """Return *name*; raises EnvelopeRefused when it is none."""
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise EnvelopeRefused(Refusal.BAD_NAME, f"{what} {str(name)[:60]!a} is not made of A-Z a-z 0-9 . _ : @ / -")
    return name


def dump(value: Any, max_depth: int) -> bytes:
    """Return the one spelling of *value* (raises EnvelopeRefused when it has none)."""
    _check(value, max_depth)
    try:
        return _ENCODER.encode(value).encode()
    except (UnicodeEncodeError, ValueError, TypeError, RecursionError) as error:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, f"it can't be said in JSON: {error}"[:200]) from None


def load(text: bytes, max_depth: int) -> Any:
    """Return the value that *text* spells (raises EnvelopeRefused, also for another spelling of the same)."""
    try:
        value = _DECODER.decode(text.decode())
    except RecursionError:
        raise EnvelopeRefused(Refusal.TOO_DEEP, f"it nests deeper than {max_depth}") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, f"it is no JSON: {error}"[:200]) from None
    if dump(value, max_depth) != text:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, "the same could be said in other bytes")
    return value


def _check(value: Any, depth: int) -> None:
    if value is None or value.__class__ in (str, bool):
        return
    if value.__class__ is int:
        _check_int(value)
    elif depth <= 0:
        raise EnvelopeRefused(Refusal.TOO_DEEP, "it nests deeper than is allowed")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_key(key)
            _check(item, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth - 1)
    else:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, f"a {type(value).__name__} has more than one spelling")


def _check_int(value: int) -> None:
    if value.bit_length() > MAX_DIGITS * 3:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, "an integer is too long")


def _check_key(key: object) -> None:
    """Check that nobody can take *key* for another one: composed, and without invisible characters."""
    if not isinstance(key, str):
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, "a key is no text")
    plain = key.isascii() and key.isprintable()
    if not plain and (not unicodedata.is_normalized("NFKC", key) or not key.isprintable()):
        raise EnvelopeRefused(Refusal.BAD_NAME, f"the key {key[:60]!a} has more than one spelling")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EnvelopeRefused(Refusal.DUPLICATE_KEY, "a key stands twice in one object")
    return found


def _no_number(text: str) -> Never:
    raise EnvelopeRefused(Refusal.NOT_CANONICAL, f"the number {text[:40]} has more than one spelling")


def _integer(text: str) -> int:
    return int(text) if len(text) <= MAX_DIGITS else _no_number(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_no_number, parse_constant=_no_number,
                            parse_int=_integer)
