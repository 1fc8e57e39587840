"""Where two JSON values first differ, in words short enough for a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Place", "excerpt", "first_difference"]

SHOWN = 160
"""Characters of a value that are shown."""
BEFORE = 40
"""Characters shown before the first one that differs."""


class Place(NamedTuple):
    """The first place where two values differ."""

    pointer: str
    """JSON pointer; empty: the whole value."""
    recorded: str
    now: str


def first_difference(recorded: Any, now: Any, pointer: str = "") -> Place | None:
    """Return the first place where *now* is not what was *recorded*, or None when they are equal."""
    if isinstance(recorded, Mapping) and isinstance(now, Mapping):
        return _in_objects(recorded, now, pointer)
    if isinstance(recorded, list | tuple) and isinstance(now, list | tuple):
        return _in_lists(recorded, now, pointer)
    if isinstance(recorded, str) and isinstance(now, str) and recorded != now:
        at = max(0, _first(recorded, now) - BEFORE)
        return Place(pointer, excerpt(recorded, at), excerpt(now, at))
    if type(recorded) is type(now) and recorded == now:
        return None
    if isinstance(recorded, int | float) and isinstance(now, int | float) and recorded == now and not (
        isinstance(recorded, bool) or isinstance(now, bool)
    ):
        return None  # 1 and 1.0 are one number in JSON
    return Place(pointer, excerpt(recorded), excerpt(now))


def _in_objects(recorded: Mapping[str, Any], now: Mapping[str, Any], pointer: str) -> Place | None:
    for name in dict.fromkeys((*recorded, *now)):
        below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in now:
            return Place(below, excerpt(recorded[name]), "nothing")
        if name not in recorded:
            return Place(below, "nothing", excerpt(now[name]))
        if (found := first_difference(recorded[name], now[name], below)) is not None:
            return found
    return None


def _in_lists(recorded: Any, now: Any, pointer: str) -> Place | None:
    for number, (one, other) in enumerate(zip(recorded, now, strict=False)):
        if (found := first_difference(one, other, f"{pointer}/{number}")) is not None:
            return found
    common = min(len(recorded), len(now))
    if len(recorded) == len(now):
        return None
    return Place(f"{pointer}/{common}", excerpt(recorded[common]) if len(recorded) > common else "nothing",
                 excerpt(now[common]) if len(now) > common else "nothing")


def _first(one: str, other: str) -> int:
    """Return the number of the first character that differs."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def excerpt(value: Any, start: int = 0) -> str:
    """Return *value* on one line, from *start* on, with its left-out parts marked."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    part = text[start : start + SHOWN]
    head, tail = "…" if start else "", "…" if start + SHOWN < len(text) else ""
    words = json.dumps(part, ensure_ascii=False) if isinstance(value, str) else part
    return f"{head}{words}{tail}"
