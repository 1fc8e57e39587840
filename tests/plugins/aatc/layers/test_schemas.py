"""The part of JSON Schema that made tools speak, next to a full implementation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from genesis_aatc._inputs import inputs_of
from genesis_aatc.schemas import arguments_problem, same, schema_of, schema_problem, value_problem
from genesis_core import Example

scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | st.text(max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4)
                      | st.dictionaries(st.text(max_size=4), inner, max_size=4), max_leaves=12)  # fmt: skip


def sized(kind: str, least: str, most: str, high: int) -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.tuples(st.integers(0, high), st.integers(0, high)).map(sorted)
    return bounds.map(lambda pair: {"type": kind, least: pair[0], most: pair[1]})


plain = (
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")])
    | sized("string", "minLength", "maxLength", 8) | sized("integer", "minimum", "maximum", 2_000)
    | st.lists(st.sampled_from(["string", "integer", "null", "boolean"]), min_size=1, max_size=3, unique=True)
    .map(lambda kinds: {"type": kinds})
    | st.lists(scalars, min_size=1, max_size=4).map(lambda choices: {"enum": choices})
    | scalars.map(lambda value: {"const": value})
)  # fmt: skip


def grown(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    return (
        st.tuples(inner, st.integers(0, 2)).map(lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]})
        | names.map(lambda named: {"type": "object", "properties": named, "required": sorted(named)[:1],
                                   "additionalProperties": False})
        | inner.map(lambda part: {"type": "object", "additionalProperties": part})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
    )  # fmt: skip


schemas = st.recursive(plain, grown, max_leaves=6)


@given(schemas, values)
@settings(max_examples=150, deadline=None)
def test_a_value_keeps_a_schema_exactly_when_the_full_checker_says_so(schema: dict[str, Any], value: Any) -> None:
    assert schema_problem(schema) == ""
    assert (value_problem(schema, value) == "") == jsonschema.Draft202012Validator(schema).is_valid(value)


@given(st.lists(st.tuples(st.dictionaries(st.sampled_from(["a", "b"]), values, min_size=1), values), min_size=1,
                max_size=3))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_examples_keep_the_schemas_that_they_show(pairs: list[tuple[dict[str, Any], Any]]) -> None:
    examples = [Example(arguments=arguments, value=value) for arguments, value in pairs]
    takes, gives = schema_of(examples)
    assert schema_problem(takes) == "" or "nested deeper" in schema_problem(takes)
    for example in examples:
        assert arguments_problem(takes, example.arguments) == "" and value_problem(gives, example.value) == ""


def shown(*given: Any) -> dict[str, Any]:
    return schema_of([Example(arguments={}, value=value) for value in given])[1]


def test_what_examples_show_is_no_wider_than_they_are() -> None:
    assert shown("a", "b") == {"type": "string"}
    assert shown(1, 2) == shown(1, 2.5) == {"type": "number"}, "a mean of tidy examples is whole by accident"
    assert shown("a", None) == {"type": ["string", "null"]}
    assert shown([1], []) == {"type": "array", "items": {"type": "number"}}
    assert shown({"a": 1, "b": "x"}, {"a": 2, "b": "y"})["required"] == ["a", "b"]
    assert shown({"x": 1}, {"y": 2}) == {"type": "object", "additionalProperties": {"type": "number"}}
    assert shown({"a": 1}, {"a": 2, "b": "x"})["additionalProperties"] is False
    assert schema_of([Example(arguments={"n": 1}, value="")])[0]["properties"] == {"n": {"type": "integer"}}


def test_an_argument_that_some_examples_leave_out_is_optional() -> None:
    takes, _ = schema_of([Example(arguments={"a": 1, "b": 2}, value=0), Example(arguments={"a": 1}, value=0)])
    assert takes["required"] == ["a"] and set(takes["properties"]) == {"a", "b"}


@pytest.mark.parametrize(("one", "other", "equal"), [
    (3, 3.0, True), (True, 1, False), (0.1 + 0.2, 0.3, True), (1.0, 1.001, False), ("1", 1, False),
    (None, False, False), ([1, [2]], [1, [2.0]], True),
    ([1], [1, 2], False), ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"b": 1}, False),
    (10**400, 1e300, False), (10**400, 10**400, True), ({}, [], False),
])  # fmt: skip
def test_values_are_compared_as_json_has_them(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal and same(other, one) is equal


def test_what_json_cannot_say_keeps_no_schema() -> None:
    assert value_problem({"type": "number"}, float("nan")) and value_problem({"type": "number"}, float("inf"))
    assert value_problem({"type": "array", "items": {"type": "string"}}, {"a"})
    assert value_problem({"type": "object", "additionalProperties": {"type": "string"}}, {1: "a"})


def test_a_hostile_schema_is_refused_and_not_followed() -> None:
    deep: Any = {"type": "string"}
    for _ in range(5_000):
        deep = {"anyOf": [deep]}
    assert schema_problem(deep) and schema_problem({"anyOf": [{"type": "string"}] * 500})
    assert schema_problem({"type": "string", "minLength": True}) and schema_problem({"enum": "abc"})
    assert schema_problem({"properties": [], "type": "object", "additionalProperties": False})
    assert schema_problem([]) and schema_problem({"type": {"a": 1}})  # type: ignore[arg-type]


# ---- arguments that nobody chose ---------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), schemas, min_size=1), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_made_arguments_keep_the_schema_and_are_each_another(named: dict[str, Any], seed: int) -> None:
    takes = {"type": "object", "additionalProperties": False, "properties": named, "required": sorted(named)[:1]}
    made = inputs_of(takes, [], 12, seed)
    assert all(arguments_problem(takes, arguments) == "" for arguments in made)
    assert len({repr(arguments) for arguments in made}) == len(made) <= 12
    assert inputs_of(takes, [], 12, seed) == made


def test_made_arguments_are_edges_near_misses_and_random_ones() -> None:
    takes, _ = schema_of([Example(arguments={"text": "one,two", "count": 2}, value="")])
    example = {"text": "one,two", "count": 2}
    made = inputs_of(takes, [example], 12, seed=1)
    assert len(made) == 12 and example not in made
    assert {"text": "", "count": 2} in made and {"text": "one,two", "count": 0} in made
    near = [arguments for arguments in made if arguments["text"] not in ("", "one,two") and "one" in arguments["text"]]
    assert near and inputs_of(takes, [example], 12, seed=2) != made


def test_bounds_are_edges() -> None:
    part = {"type": "integer", "minimum": 5, "maximum": 70_000}
    takes = {"type": "object", "additionalProperties": False, "properties": {"n": part}, "required": ["n"]}
    made = [arguments["n"] for arguments in inputs_of(takes, [], 12, seed=0)]
    assert 5 in made and 70_000 in made and len(made) == 12


def test_a_schema_with_few_values_gives_few_arguments() -> None:
    takes = {"type": "object", "additionalProperties": False, "properties": {"n": {"type": "boolean"}},
             "required": ["n"]}  # fmt: skip
    assert sorted(arguments["n"] for arguments in inputs_of(takes, [], 12, seed=0)) == [False, True]
    assert inputs_of({"type": "object", "additionalProperties": False}, [], 12, seed=0) == [{}]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_what_names_that_differ_hold_is_described_once(levels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis_aatc import _joined

    value: Any = 1
    for _ in range(levels):
        value = [{"a": value}, {"b": 1}]
    asked, described = list[Any](), _joined.described

    def counted(items: Any, *, fractions: bool = False) -> dict[str, Any]:
        asked.append(items)
        return described(items, fractions=fractions)

    monkeypatch.setattr(_joined, "described", counted)
    _joined.described([value])
    assert len(asked) == 1 + 3 * levels  # the array's items, then what a holds and what b holds


def test_values_without_a_bound_are_described_by_no_schema() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = [{"a": deep}, {"b": 1}]
    with pytest.raises(ValueError, match="nested deeper than 8 levels"):
        schema_of([Example(arguments={"x": deep}, value=1)])
    with pytest.raises(ValueError, match="more than 100000 parts"):
        schema_of([Example(arguments={"x": [0] * 100_001}, value=1)])


def test_a_table_is_told_from_a_record_by_what_its_names_hold() -> None:
    _, table = schema_of([Example(arguments={}, value={"a": 1}), Example(arguments={}, value={"b": 2})])
    _, record = schema_of([Example(arguments={}, value={"a": 1}), Example(arguments={}, value={"b": "x"})])
    assert table == {"type": "object", "additionalProperties": {"type": "number"}}
    assert record["additionalProperties"] is False and sorted(record["properties"]) == ["a", "b"]
