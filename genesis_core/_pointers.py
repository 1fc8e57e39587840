"""JSON pointers (RFC 6901): how a task names a part of another one's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["has_pointer", "resolve_pointer"]


def resolve_pointer(value: Any, pointer: str) -> Any:
    """Return what the JSON pointer (RFC 6901) names in *value*; raises KeyError when it is not there."""
    if pointer and not pointer.startswith("/"):
        raise KeyError(pointer)
    for part in pointer.split("/")[1:]:
        value = _step(value, part.replace("~1", "/").replace("~0", "~"), pointer)
    return value


def _step(value: Any, part: str, pointer: str) -> Any:
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, list | tuple) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    raise KeyError(pointer)


def has_pointer(value: Any, pointer: str) -> bool:
    """Return whether *value* has something at the JSON pointer."""
    try:
        resolve_pointer(value, pointer)
    except KeyError:
        return False
    return True
