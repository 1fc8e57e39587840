"""Describe values by one JSON Schema that each of them keeps, no wider than they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["described"]

SCALARS = ("string", "integer", "number", "boolean", "null")
ANY_SCALAR = {"type": ["string", "number", "boolean", "null"]}
"""What an array holds that is empty in every example."""


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
    names = dict.fromkeys(name for value in values for name in value)
    always = [name for name in names if all(name in value for value in values)]
    inner = {name: described([value[name] for value in values if name in value], fractions=fractions)
             for name in names}  # fmt: skip
    if len(always) < len(names) or not names:
        every = described([item for value in values for item in value.values()], fractions=fractions)
        if all(part == every for part in inner.values()):
            return {"type": "object", "additionalProperties": every}
    return {"type": "object", "additionalProperties": False, "properties": inner, "required": always}
