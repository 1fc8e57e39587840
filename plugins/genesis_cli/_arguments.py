"""Arguments of ``genesis tools call``: read from JSON, and held against what the tool takes before a run is begun."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from genesis_core import Made, SettingsError, read_json

from ._group import nearest

__all__ = ["check_arguments", "object_of"]

MOST_BYTES = 5_000_000
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, Mapping), "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str), "boolean": lambda v: isinstance(v, bool), "null": lambda v: v is None,
    "integer": lambda v: _number(v) and float(v).is_integer(), "number": lambda v: _number(v),  # noqa: PLW0108  # defined below
}  # fmt: skip
_WORDS = {"object": "an object", "array": "a list", "string": "text", "boolean": "true or false", "null": "null",
          "integer": "a whole number", "number": "a number"}  # fmt: skip


def object_of(text: str) -> dict[str, Any]:
    """Return the JSON object that *text* is, or for ``-`` what stdin says (raises SettingsError)."""
    try:
        value = read_json(_stdin() if text == "-" else text)
        why = "" if isinstance(value, dict) else "it is no JSON object"
    except (ValueError, RecursionError) as error:
        value, why = {}, f"it is no JSON: {error}"
    if why:
        raise SettingsError("the arguments can't be read", cause=why,
                            hint="genesis tools call NAME '{\"text\": \"...\"}'")
    return dict(value)


def _stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError("stdin is a terminal")
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"stdin holds more than {MOST_BYTES} bytes")
    return data.decode("utf-8")


def check_arguments(made: Made, arguments: Mapping[str, Any]) -> None:
    """Raise SettingsError, naming the argument, unless *made* can be called with *arguments*.

    A list where the tool takes one item is a call for each item, as it is for the task of a plan.
    """
    schema = {} if made.tool is None else made.tool.input_schema
    why = next(_faults(schema, arguments), "")
    if why:
        raise SettingsError(f"{made.name} can't be called like that: {why}", cause=_takes(schema),
                            hint=f"genesis tools show {made.digest[:12]}")


def _faults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in arguments:
        if name not in known and schema.get("additionalProperties") is False:
            near = nearest(name, list(known))
            yield f"it takes no {name[:80]!r}" + (f"; did you mean {near!r}?" if near else "")
    for name in schema.get("required", ()):
        if name not in arguments:
            yield f"{name!r} is missing"
    lists = [name for name, value in arguments.items() if isinstance(value, list) and not _is(value, known.get(name))]
    for name, value in arguments.items():
        items = value if lists == [name] else [value]
        if wrong := [item for item in items if not _is(item, known.get(name))]:
            yield f"{name!r} must be {_named(known[name])}, not {_shown(wrong[0])}"


def _is(value: Any, schema: Any) -> bool:
    """Tell whether *value* is of the kind that *schema* names, and what a list holds, too; the rest is the tool's."""
    if not isinstance(schema, Mapping):
        return True
    if choices := schema.get("anyOf"):
        return any(_is(value, choice) for choice in choices)
    kinds = _kinds(schema)
    if kinds and not any(_KINDS[kind](value) for kind in kinds if kind in _KINDS):
        return False
    return not isinstance(value, list) or all(_is(item, schema.get("items")) for item in value)


def _kinds(schema: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _named(schema: Mapping[str, Any]) -> str:
    """Return in words what *schema* asks for."""
    words = [_WORDS.get(kind, kind) for kind in _kinds(schema)]
    inner = schema.get("items")
    of = f" of {_named(inner)}" if isinstance(inner, Mapping) and "array" in _kinds(schema) else ""
    return (" or ".join(words) or "what its schema says") + of


def _takes(schema: Mapping[str, Any]) -> str:
    known = schema.get("properties", {})
    return "it takes " + (", ".join(f"{name}: {_named(known[name])}" for name in known) or "no arguments")


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:60]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
