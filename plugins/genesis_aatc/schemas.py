"""The small part of JSON Schema that made tools speak: check a value by it, and read one off examples.

Ten or so words, each with a bound that a check can keep: whoever wrote a schema cannot make its check slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from genesis_core import Example

from ._joined import MAX_DEPTH, described, unshown

__all__ = [
    "KINDS", "MAX_DEPTH", "MAX_PROPERTIES", "WORDS", "arguments_problem", "examples_problem", "kind_of", "same",
    "schema_of", "schema_problem", "types_of", "value_problem",
]  # fmt: skip

Schema = Mapping[str, Any]

KINDS = ("string", "integer", "number", "boolean", "null", "array", "object")
NOTES = ("title", "description", "default")
WORDS = (
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minimum", "maximum",
    "minLength", "maxLength", "minItems", "maxItems", "anyOf", *NOTES,
)  # fmt: skip
"""Every keyword that is understood; a schema with another one is refused, for its check would be a wrong one."""
MAX_NODES = 256
MAX_PROPERTIES = 32
MAX_CHOICES = 256


# ---- is it a schema that we can keep? ----------------------------------------------------------------------------


def schema_problem(schema: Schema) -> str:
    """Return why *schema* is not one that a made tool may have; empty: it is closed, bounded, and understood."""
    return next(_problems(schema, "", [MAX_NODES]), "")


def _problems(schema: Any, place: str, left: list[int]) -> Iterator[str]:
    here = place or "the schema"
    left[0] -= 1
    if left[0] < 0 or place.count("/") > 2 * MAX_DEPTH:
        yield f"{here} is nested deeper than {MAX_DEPTH} levels, or has more than {MAX_NODES} parts"
    elif not isinstance(schema, Mapping):
        yield f"{here} is not an object"
    elif unknown := sorted(set(schema) - set(WORDS)):
        yield f"{here} has {unknown[0]!r}, which is not understood; there are {', '.join(WORDS)}"
    else:
        yield from _word_problems(schema, here)
        yield from _open_problems(schema, here)
        yield from _inner_problems(schema, place, left)


def _word_problems(schema: Schema, here: str) -> Iterator[str]:
    wanted = schema.get("type", ())
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, list | tuple) or any(name not in KINDS for name in names):
        yield f"{here} has a type that is none of {', '.join(KINDS)}"
    for word in ("minLength", "maxLength", "minItems", "maxItems"):
        if word in schema and (not _whole(schema[word]) or schema[word] < 0):
            yield f"{here}: {word} is not a count"
    for word in ("minimum", "maximum"):
        if word in schema and not _number(schema[word]):
            yield f"{here}: {word} is not a number"
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")):
        if low in schema and high in schema and _number(schema[low]) and _number(schema[high]) \
                and schema[low] > schema[high]:
            yield f"{here}: {low} is above {high}"
    choices = schema.get("enum", [None])
    if not isinstance(choices, list | tuple) or not 0 < len(choices) <= MAX_CHOICES:
        yield f"{here}: enum is not a list of one to {MAX_CHOICES} values"


def _open_problems(schema: Schema, here: str) -> Iterator[str]:
    """Yield what it leaves open: a value of any kind, an object with any property, an array of anything."""
    if not any(word in schema for word in ("type", "enum", "const", "anyOf")):
        yield f"{here} says nothing of what is allowed"
        return
    kinds = schema.get("type", ())
    if "object" in kinds and not isinstance(schema.get("additionalProperties"), Mapping) \
            and schema.get("additionalProperties") is not False:
        yield f"{here} is an object that is not closed: additionalProperties has to be false, or a schema"
    if "array" in kinds and "items" not in schema:
        yield f"{here} is an array that does not say of what: items is missing"


def _inner_problems(schema: Schema, place: str, left: list[int]) -> Iterator[str]:
    here = place or "the schema"
    named = schema.get("properties", {})
    if not isinstance(named, Mapping) or len(named) > MAX_PROPERTIES or any(len(name) > 100 for name in named):
        yield f"{here}: properties is not an object of at most {MAX_PROPERTIES} short names"
        return
    wanted = schema.get("required", ())
    if not isinstance(wanted, list | tuple) or any(name not in named for name in wanted):
        yield f"{here}: required is not a list of names among properties"
    choices = schema.get("anyOf", [None])
    if not isinstance(choices, list | tuple) or not 0 < len(choices) <= len(KINDS):
        yield f"{here}: anyOf is not a list of one to {len(KINDS)} schemas"
        return
    inner = [(f"{place}/properties/{name}", named[name]) for name in named]
    inner += [(f"{place}/anyOf/{i}", choice) for i, choice in enumerate(choices) if "anyOf" in schema]
    inner += [(f"{place}/{word}", schema[word]) for word in ("items", "additionalProperties")
              if word in schema and schema[word] is not False]  # fmt: skip
    for where, value in inner:
        yield from _problems(value, where, left)


# ---- does a value keep it? ---------------------------------------------------------------------------------------


def arguments_problem(schema: Schema, arguments: Any) -> str:
    """Return why a tool with this input *schema* cannot be called with *arguments*; empty: it can."""
    return next(_faults(schema, arguments, "arguments"), "")


def value_problem(schema: Schema, value: Any) -> str:
    """Return where *value* leaves *schema*; empty: it does not."""
    return next(_faults(schema, value, "the value"), "")


def _faults(schema: Schema, value: Any, place: str) -> Iterator[str]:
    kind = kind_of(value)
    allowed = types_of(schema)
    if allowed and kind not in allowed and not (kind == "integer" and "number" in allowed) \
            and not (kind == "number" and "integer" in allowed and float(value).is_integer()):
        yield f"{place} is of type {kind or type(value).__name__}, not {' or '.join(allowed)}"
        return
    if "enum" in schema and not any(same(value, choice, exact=True) for choice in schema["enum"]):
        yield f"{place} is none of the {len(schema['enum'])} values that are allowed"
    if "const" in schema and not same(value, schema["const"], exact=True):
        yield f"{place} is not the one value that is allowed"
    if "anyOf" in schema and not any(next(_faults(part, value, place), "") == "" for part in schema["anyOf"]):
        yield f"{place} is none of what anyOf allows"
    check = _CHECKS.get(kind)
    if check is not None:
        yield from check(schema, value, place)


def _number_faults(schema: Schema, value: Any, place: str) -> Iterator[str]:
    if not _number(value):
        yield f"{place} is {value}, which is not JSON"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{place} is below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{place} is above {schema['maximum']}"


def _string_faults(schema: Schema, value: Any, place: str) -> Iterator[str]:
    yield from _size_faults(schema, len(value), ("minLength", "maxLength"), f"{place} has {len(value)} characters")


def _array_faults(schema: Schema, value: Any, place: str) -> Iterator[str]:
    yield from _size_faults(schema, len(value), ("minItems", "maxItems"), f"{place} has {len(value)} items")
    items = schema.get("items")
    if isinstance(items, Mapping):
        for number, item in enumerate(value):
            yield from _faults(items, item, f"{place}[{number}]")


def _object_faults(schema: Schema, value: Any, place: str) -> Iterator[str]:
    named = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        yield f"{place} has no {missing[0]!r}"
    beyond = schema.get("additionalProperties", True)
    for name, item in value.items():
        if not isinstance(name, str):
            yield f"{place} has a name that is not text"
        elif name in named:
            yield from _faults(named[name], item, f"{place}.{name[:100]}")
        elif isinstance(beyond, Mapping):
            yield from _faults(beyond, item, f"{place}.{name[:100]}")
        elif not beyond:
            yield f"{place} has {name[:100]!r}, which is not allowed"


_CHECKS: Mapping[str, Callable[[Schema, Any, str], Iterator[str]]] = {
    "integer": _number_faults, "number": _number_faults, "string": _string_faults, "array": _array_faults,
    "object": _object_faults,
}  # fmt: skip


def _size_faults(schema: Schema, size: int, words: tuple[str, str], said: str) -> Iterator[str]:
    least, most = schema.get(words[0], 0), schema.get(words[1], size)
    if size < least:
        yield f"{said}, fewer than {least}"
    if size > most:
        yield f"{said}, more than {most}"


# ---- small words -------------------------------------------------------------------------------------------------


def types_of(schema: Schema) -> tuple[str, ...]:
    """Return the kinds that "type" names; none: it names none."""
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def kind_of(value: Any) -> str:
    """Return which of :data:`KINDS` a value is (a whole float is a number); empty: it is not JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    plain = ((str, "string"), (int, "integer"), (float, "number"), (Mapping, "object"), (list, "array"))
    return next((name for kind, name in plain if isinstance(value, kind)), "")


def same(one: Any, other: Any, *, exact: bool = False) -> bool:
    """Tell whether two JSON values are the same: 3 and 3.0 are, true and 1 are not, fractions by nine digits."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return _number(one) and _number(other) and (one == other or not exact and _close(one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name], exact=exact) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b, exact=exact) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _close(one: float, other: float) -> bool:
    try:
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    except OverflowError:  # an integer that no float can hold
        return False


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


# ---- read one off examples ---------------------------------------------------------------------------------------


def examples_problem(examples: Sequence[Example]) -> str:
    """Return why *examples* are too deep or too large to be looked at; empty: they are not."""
    return unshown(value for example in examples for value in (*example.arguments.values(), example.value))


def schema_of(examples: Sequence[Example]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the input and the output schema that *examples* show, for a need that states none.

    The arguments are a closed object, and what not every example gives is optional. Numbers that come out may have
    fractions even where the examples have none: an average of three tidy examples is whole by accident.
    Raises ValueError for what is nested too deep, or has too many parts.
    """
    if problem := examples_problem(examples):
        raise ValueError(problem)
    names = dict.fromkeys(name for example in examples for name in example.arguments)
    given = {name: [example.arguments[name] for example in examples if name in example.arguments] for name in names}
    inputs: dict[str, Any] = {
        "type": "object", "additionalProperties": False,
        "properties": {name: described(values) for name, values in given.items()},
        "required": [name for name, values in given.items() if len(values) == len(examples)],
    }  # fmt: skip
    return inputs, described([example.value for example in examples], fractions=True)
