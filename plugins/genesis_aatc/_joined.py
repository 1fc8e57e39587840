"""Describe values by one JSON Schema that each of them keeps, no wider than they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["MAX_DEPTH", "described", "unshown"]

MAX_DEPTH = 8
MAX_VALUES = 100_000
"""Parts of all values together: far above what examples may hold."""
SCALARS = ("string", "integer", "number", "boolean", "null")
ANY_SCALAR = {"type": ["string", "number", "boolean", "null"]}
"""What an array holds that is empty in every example."""


def unshown(values: Iterable[Any]) -> str:
    """Return why no schema is read off *values*; empty: it can be, and in time that grows with their parts alone."""
    waiting, seen = [(value, 0) for value in values], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        inner = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
        if inner and depth >= MAX_DEPTH:
            return f"a value is nested deeper than {MAX_DEPTH} levels"
        if seen + len(waiting) + len(inner) > MAX_VALUES:
            return f"the values have more than {MAX_VALUES} parts"
        waiting += [(item, depth + 1) for item in inner]
    return ""


def described(values: Sequence[Any], *, fractions: bool = False) -> dict[str, Any]:
    """Return the schema of *values*; with *fractions*, whole numbers are described as numbers."""
    arrays = [value for value in values if isinstance(value, list)]
    objects = [value for value in values if isinstance(value, Mapping)]
    parts: list[dict[str, Any]] = []
    if plain := _scalars([value for value in values if not isinstance(value, list | Mapping)], fractions):
        parts.append({"type": plain[0] if len(plain) == 1 else plain})
    if arrays:
        items = [item for array in arrays for item in array]
        parts.append({"type": "array", "items": described(items, fractions=fractions) if items else ANY_SCALAR})
    if objects:
        parts.append(_objects(objects, fractions))
    return parts[0] if len(parts) == 1 else {"anyOf": parts} if parts else dict(ANY_SCALAR)


def _scalars(values: Sequence[Any], fractions: bool) -> list[str]:
    found = {_scalar(value) for value in values}
    if "integer" in found and (fractions or "number" in found):
        found = found - {"integer"} | {"number"}
    return [kind for kind in SCALARS if kind in found]


def _scalar(value: Any) -> str:
    kinds = ((type(None), "null"), (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"))
    return next(name for kind, name in kinds if isinstance(value, kind))


def _objects(values: Sequence[Mapping[str, Any]], fractions: bool) -> dict[str, Any]:
    """Return the schema of objects: a record, or a table from names to values of one kind.

    It is a table when the names differ and the values do not: counts of words have other words each time.
    """
    given: dict[str, list[Any]] = {}
    for value in values:
        for name, item in value.items():
            given.setdefault(name, []).append(item)
    always = [name for name, items in given.items() if len(items) == len(values)]
    inner = {name: described(items, fractions=fractions) for name, items in given.items()}
    if len(always) < len(inner) or not inner:
        every = next(iter(inner.values()), ANY_SCALAR)  # where all parts are alike, this describes them together, too
        if all(part == every for part in inner.values()):
            return {"type": "object", "additionalProperties": every}
    return {"type": "object", "additionalProperties": False, "properties": inner, "required": always}
