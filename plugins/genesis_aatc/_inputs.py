"""Arguments that nobody chose: what a schema allows at its edges, and what is nearly an example. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any

from genesis_core import canonical_json

from .schemas import arguments_problem, types_of

__all__ = ["inputs_of"]

Schema = Mapping[str, Any]

TEXTS = ("", " ", "a", "Zoë ☃, 東京", "0", "one\ntwo\tthree", "-1.5e3", "A-b_C.d/e@f", "  padded  ", "x" * 1000)
NUMBERS = (0, 1, -1, 2, 255, 1000, -1000)
FRACTIONS = (0.5, -1.5, 0.1, 1e9)
LETTERS = "abcdefgh XYZ 0123456789 .,;:-_/@#'\"()äß\n"
MANY, LONGEST, DEEPEST = 20, 2_000, 8
TRIES = 40
"""Draws for each random input that is wanted: some are like another."""


def inputs_of(schema: Schema, examples: Sequence[Mapping[str, Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Return up to *count* arguments that *schema* allows and no example has: edges, near misses, and random ones."""
    rng = random.Random(seed)  # noqa: S311  # nosec B311 - inputs of a test, not secrets
    base = _thawed(examples[0]) if examples else sample(schema, rng)
    edges, near = edge_arguments(schema, base), (_mutated(example, rng) for example in _around(examples))
    drawn = (sample(schema, rng) for _ in range(TRIES * count))
    mixed = chain(islice(edges, count // 2 + 1), _turns(islice(near, TRIES * count), drawn), edges)
    return _distinct(schema, mixed, examples, count)


def _distinct(schema: Schema, mixed: Iterator[Any], examples: Sequence[Mapping[str, Any]], count: int) -> list[Any]:
    seen, kept = {canonical_json(example) for example in examples}, list[dict[str, Any]]()
    for arguments in mixed:
        if len(kept) == count:
            break
        key = canonical_json(arguments)
        if key not in seen and not arguments_problem(schema, arguments):
            seen.add(key)
            kept.append(arguments)
    return kept


def _turns(*sources: Iterator[Any]) -> Iterator[Any]:
    missing = object()
    return (value for row in zip_longest(*sources, fillvalue=missing) for value in row if value is not missing)


def _around(examples: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    while examples:
        yield from examples


# ---- edges -------------------------------------------------------------------------------------------------------


def edge_arguments(schema: Schema, base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield *base* with one argument at an edge, each argument in turn; and without what may be left out."""
    named, required = schema.get("properties", {}), schema.get("required", ())
    optional = [name for name in named if name not in required]
    if optional:
        yield {name: value for name, value in base.items() if name not in optional}
    rows = [[{**base, name: value} for value in edges(part)] for name, part in named.items()]
    yield from _turns(*map(iter, rows))


def edges(schema: Schema, depth: int = 0) -> list[Any]:
    """Return the values at the edges of a schema, the likeliest to be forgotten first."""
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return [_thawed(schema["enum"][0]), _thawed(schema["enum"][-1])]
    parts = [edges(part, depth) for part in schema.get("anyOf", ())]
    parts += [_EDGES[kind](schema, depth) for kind in types_of(schema)]
    return list(_turns(*map(iter, parts)))


def _text_edges(schema: Schema, depth: int) -> list[Any]:
    least, most = schema.get("minLength", 0), min(schema.get("maxLength", LONGEST), LONGEST)
    return [text.ljust(least, "x")[:max(most, least)] for text in TEXTS]


def _whole_edges(schema: Schema, depth: int) -> list[Any]:
    bounds = [int(schema[word]) for word in ("minimum", "maximum") if word in schema]
    return [value for value in [*bounds, *NUMBERS] if _within(schema, value)]


def _number_edges(schema: Schema, depth: int) -> list[Any]:
    bounds = [schema[word] for word in ("minimum", "maximum") if word in schema]
    return [value for value in [*bounds, *_turns(iter(NUMBERS), iter(FRACTIONS))] if _within(schema, value)]


def _within(schema: Schema, value: float) -> bool:
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _array_edges(schema: Schema, depth: int) -> list[Any]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", MANY)
    inner = edges(schema["items"], depth + 1) if depth < DEEPEST else []
    sizes = [least, 1, min(most, MANY)]
    found = [[inner[at % len(inner)] for at in range(size)] if inner else [] for size in sizes if least <= size <= most]
    return [*found, *[[value] * max(1, least) for value in inner[1:4]]]


def _object_edges(schema: Schema, depth: int) -> list[Any]:
    named, beyond = schema.get("properties", {}), schema.get("additionalProperties")
    if depth >= DEEPEST:
        return [{}]
    inner = {name: edges(part, depth + 1) for name, part in named.items()}
    full = {name: values[0] for name, values in inner.items() if values}
    found = [{name: value for name, value in full.items() if name in schema.get("required", ())}, full]
    found += [{**full, name: value} for name, values in inner.items() for value in values[1:3]]
    if isinstance(beyond, Mapping):
        found += [{**full, "key": value} for value in edges(beyond, depth + 1)[:3]]
    return found


_EDGES: Mapping[str, Callable[[Schema, int], list[Any]]] = {
    "string": _text_edges, "integer": _whole_edges, "number": _number_edges, "array": _array_edges,
    "object": _object_edges, "boolean": lambda _, __: [False, True], "null": lambda _, __: [None],
}  # fmt: skip


# ---- near an example ---------------------------------------------------------------------------------------------


def _mutated(arguments: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return arguments with one of them changed a little, somewhere inside."""
    changed = _thawed(arguments)
    if changed:
        name = rng.choice(sorted(changed))
        changed[name] = _changed(changed[name], rng)
    return dict(changed)


def _changed(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return not value if value is not None else None
    if isinstance(value, str):
        return _changed_text(value, rng)
    if isinstance(value, int | float):
        return rng.choice([value + 1, value - 1, -value, value * 10, value // 2])
    if isinstance(value, list):
        return _changed_list(value, rng)
    name = rng.choice(sorted(value)) if value else ""
    return {**value, name: _changed(value[name], rng)} if value else {}


def _changed_text(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return rng.choice([
        text[:at] + text[at + 1:], text[:at] + rng.choice(LETTERS) + text[at:], text[:at], text[at:], text + text,
        text.swapcase(), text[::-1], f" {text} ",
    ])  # fmt: skip


def _changed_list(items: list[Any], rng: random.Random) -> list[Any]:
    at = rng.randrange(len(items) + 1)
    other = [_changed(items[at], rng)] if at < len(items) else items[:1]
    return rng.choice([items[:at] + items[at + 1:], items + items, items[::-1], items[:at] + other + items[at + 1:]])


# ---- at random ---------------------------------------------------------------------------------------------------


def sample(schema: Schema, rng: random.Random, depth: int = 0) -> Any:
    """Return a value that *schema* allows, small more often than large."""
    if "const" in schema or "enum" in schema:
        return _thawed(rng.choice(list(schema.get("enum", [schema.get("const")]))))
    if "anyOf" in schema:
        return sample(rng.choice(list(schema["anyOf"])), rng, depth)
    kind = rng.choice(types_of(schema) or ("null",))
    if kind == "object":
        return _sample_object(schema, rng, depth)
    if kind == "array":
        least = schema.get("minItems", 0)
        size = rng.randint(least, max(least, min(schema.get("maxItems", 6), least + 6))) if depth < DEEPEST else least
        return [sample(schema["items"], rng, depth + 1) for _ in range(size)]
    return _SAMPLES[kind](schema, rng)


def _sample_object(schema: Schema, rng: random.Random, depth: int) -> dict[str, Any]:
    required, beyond = schema.get("required", ()), schema.get("additionalProperties")
    found = {name: sample(part, rng, depth + 1) for name, part in schema.get("properties", {}).items()
             if name in required or rng.random() < 0.7}  # fmt: skip
    if isinstance(beyond, Mapping) and depth < DEEPEST:
        found |= {_sample_text({}, rng)[:12]: sample(beyond, rng, depth + 1) for _ in range(rng.randint(0, 4))}
    return found


def _sample_text(schema: Schema, rng: random.Random) -> str:
    least = schema.get("minLength", 0)
    size = rng.randint(least, max(least, min(schema.get("maxLength", 30), least + 30)))
    return "".join(rng.choice(LETTERS) for _ in range(size))


def _sample_whole(schema: Schema, rng: random.Random) -> int:
    low, high = _range(schema)
    return rng.randint(int(low), int(high))


def _sample_number(schema: Schema, rng: random.Random) -> float:
    low, high = _range(schema)
    return round(rng.uniform(low, high), rng.randint(0, 6))


def _range(schema: Schema) -> tuple[float, float]:
    low = schema.get("minimum", min(-1000, schema.get("maximum", 0) - 1000))
    return low, schema.get("maximum", max(1000, low + 1000))


_SAMPLES: Mapping[str, Callable[[Schema, random.Random], Any]] = {
    "string": _sample_text, "integer": _sample_whole, "number": _sample_number,
    "boolean": lambda _, rng: rng.random() < 0.5, "null": lambda _, __: None,
}  # fmt: skip


def _thawed(value: Any) -> Any:
    """Return JSON as plain dicts and lists, which may be changed."""
    if isinstance(value, Mapping):
        return {name: _thawed(item) for name, item in value.items()}
    return [_thawed(item) for item in value] if isinstance(value, list | tuple) else value
