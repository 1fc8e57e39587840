"""Check values by JSON Schemas that strangers may have written: it fetches nothing, and comes to an end in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from ._patterns import found

__all__ = ["MAX_SCHEMA", "Endless", "faults", "validator"]

MAX_SCHEMA = 200_000
"""Bytes of a schema: nobody is asked for what follows a larger one."""
MAX_REFERENCES = 20_000
"""References that one check follows: a few that lead to two others each come to any number."""
_FOLLOWED: ContextVar[list[int]] = ContextVar("_FOLLOWED")
"""How many references the check under way has followed."""
_REFERENCES = ("$ref", "$dynamicRef")
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")


class Endless(Exception):
    """A check that would follow references for ever."""


def faults(schema: bytes, value: Any) -> Iterator[Any]:
    """Yield where *value* leaves *schema* (raises Endless, and what ``validator`` raises)."""
    check = validator(schema)
    _FOLLOWED.set([0])
    yield from check.iter_errors(value)


@lru_cache(maxsize=128)
def validator(schema: bytes) -> Any:
    """Return a validator that fetches nothing, wherever a reference leads (raises SchemaError)."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    given = json.loads(schema)
    Draft202012Validator.check_schema(given)
    plain = not any(f'"{word}"'.encode() in schema for word in (*_REFERENCES, "patternProperties"))
    return _bounded(plain)(given, registry=Registry())


@cache
def _bounded(plain: bool) -> Any:
    """Return the class of validators; those of a schema that is not *plain* leave out words that know no bound."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    known = Draft202012Validator.VALIDATORS
    words = {word: _counted(known[word]) for word in _REFERENCES}
    words |= {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional}
    make: Any = extend
    return make(Draft202012Validator, words if plain else {**words, **dict.fromkeys(_UNEVALUATED, _left_out)})


def _left_out(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from ()


def _counted(follow: Any) -> Any:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        followed = _FOLLOWED.get()
        followed[0] += 1
        if followed[0] > MAX_REFERENCES:
            raise Endless
        yield from follow(validator, value, instance, schema) or ()

    return check


def _pattern(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and found(value, instance) is False:
        yield ValidationError("the text does not match")


def _pattern_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    for pattern, inner in value.items() if isinstance(instance, dict) else ():
        for name, item in instance.items():
            if found(pattern, name):
                yield from validator.descend(item, inner, path=name, schema_path=pattern)


def _additional(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Check the properties that no other word of *schema* names; one that a pattern may name is left out."""
    from jsonschema.exceptions import ValidationError

    named, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    for name, item in instance.items() if isinstance(instance, dict) else ():
        if name in named or any(found(pattern, name) is not False for pattern in patterns):
            continue
        if value is False:
            yield ValidationError("there is a property that it does not name")
        else:
            yield from validator.descend(item, value, path=name)
