"""What kinds of values examples hold, and how a signature says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["annotation", "kind"]


def kind(values: Sequence[Any]) -> str:
    """Return the kind that all *values* share: text, truth, whole, number, list, table, record, or mixed."""
    if all(isinstance(value, bool) for value in values):
        return "truth"
    if any(isinstance(value, bool) or value is None for value in values):
        return "mixed"
    if all(isinstance(value, str) for value in values):
        return "text"
    if all(isinstance(value, int) for value in values):
        return "whole"
    if all(isinstance(value, int | float) for value in values):
        return "number"
    if all(isinstance(value, dict) for value in values):
        return "record"
    if all(isinstance(value, list) for value in values):
        items = [item for value in values for item in value]
        return "table" if items and all(isinstance(item, dict) for item in items) else "list"
    return "mixed"


def annotation(values: Sequence[Any]) -> str:
    """Return the annotation that fits all *values*, made of built-in types alone."""
    return " | ".join(dict.fromkeys(_name(value) for value in _alike(values))) or "object"


def _alike(values: Sequence[Any]) -> list[Any]:
    """Put lists together and records together, so that each kind is named once."""
    lists = [value for value in values if isinstance(value, list)]
    records = [value for value in values if isinstance(value, dict)]
    others = [value for value in values if not isinstance(value, list | dict)]
    if any(isinstance(value, float) for value in others):
        others = [float(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in others]
    joined_lists = [[item for value in lists for item in value]] if lists else []
    joined_records = [[item for value in records for item in value.values()]] if records else []
    return [*others, *joined_lists, *({"": one} for one in joined_records)]


def _name(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, list):
        return f"list[{annotation(value)}]"
    if isinstance(value, dict):
        return f"dict[str, {annotation(value[''])}]"
    return type(value).__name__
