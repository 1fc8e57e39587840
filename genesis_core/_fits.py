"""Say why a value does not fit a JSON Schema: the words that annotations of tools come to, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import did_you_mean

__all__ = ["misfit"]

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, Mapping),
    "array": lambda v: isinstance(v, list | tuple),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}
MAX_SHOWN = 60
MAX_PARTS = 200_000
"""Parts of a schema that one check looks at, each as often as it is come to."""


def misfit(value: Any, schema: Mapping[str, Any]) -> str:
    """Return in words the first place where *value* breaks *schema*; empty when it fits.

    Words of a schema that are not known here are not looked at: whoever takes the value checks it again.
    """
    try:
        return next(_faults(value, schema, _Root(schema), "it"), "")
    except (_Endless, RecursionError):
        return "it can't be checked: the schema is nested too deeply, or leads round in circles"


class _Endless(Exception):
    """A check that would follow a schema for ever."""


class _Root(dict[str, Any]):
    """A whole schema, and how many parts of it may still be looked at: parts may lead to others, and back."""

    left = MAX_PARTS


def _faults(value: Any, schema: Mapping[str, Any], root: _Root, at: str) -> Iterator[str]:
    schema = _meant(schema, root)
    if choices := schema.get("anyOf"):
        found = [next(_faults(value, choice, root, at), "") for choice in choices]
        if all(found):
            yield found[0]
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {_shown(value)}, none of {', '.join(map(str, schema['enum']))}"
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if kinds and not any(_TYPES.get(kind, _anything)(value) for kind in kinds):
        yield f"{at} must be {' or '.join(kinds)}, not {_shown(value)}"
    elif isinstance(value, Mapping):
        yield from _in_object(value, schema, root, at)
    elif isinstance(value, list | tuple) and isinstance(schema.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from _faults(item, schema["items"], root, f"{at}[{number}]")


def _in_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: _Root, at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at} lacks {name!r}"
    extra = schema.get("additionalProperties")
    for name, item in value.items():
        if name in known:
            yield from _faults(item, known[name], root, name if at == "it" else f"{at}.{name}")
        elif extra is False:
            yield f"{at} has no {name!r}{did_you_mean(name, known)}"
        elif isinstance(extra, Mapping):
            yield from _faults(item, extra, root, f"{at}.{name}")


def _meant(schema: Mapping[str, Any] | bool, root: _Root) -> Mapping[str, Any]:
    """Return what a ``$ref`` into the schema's own definitions, or a plain true or false, stands for."""
    root.left -= 1
    if root.left < 0:
        raise _Endless
    for _ in range(8):
        meant = ({} if schema else {"enum": ()}) if isinstance(schema, bool) else schema
        name = meant.get("$ref")
        if not isinstance(name, str):
            return meant
        schema = root.get("$defs", {}).get(name.rpartition("/")[2], {})
    return {}


def _anything(value: Any) -> bool:
    return True


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
