"""Layer 1: names, versions, authors, schemas, examples, and what is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.candidate import Candidate
from genesis_aatc.layers import judged, spec
from genesis_core import Effect, Example, LayerCheck, Need, Proposal

CODE = "def tool(text):\n    return text\n"
SHOWN = str(Path(__file__).resolve())
PAIRS = [({"text": "a"}, "A")]


def looked_at(found: Candidate) -> LayerCheck:
    return judged(spec, found)


def said(found: Candidate) -> str:
    check = looked_at(found)
    assert not check.ok
    return " ".join(check.findings)


def takes(**schema: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {"text": schema}, "required": ["text"]}


def test_a_plain_spec_passes_and_says_nothing() -> None:
    assert looked_at(candidate(CODE, PAIRS)).findings == ()
    assert looked_at(candidate(CODE, PAIRS, version="1.2.3-rc.1", author="model:lab/qwen-3:8b")).ok


@pytest.mark.parametrize("name", ["", "Tool", "1st", "a-b", "a.b", "x" * 65, "lambda", "tööl", "a b", "../x", "tool\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    made = candidate(CODE, PAIRS).proposal
    odd = Candidate(candidate(CODE, PAIRS).need, made.replace(spec=made.spec.replace(name=name)))
    assert "no name" in said(odd)


def test_a_tool_has_the_name_that_is_needed() -> None:
    made = candidate(CODE, PAIRS, name="other").proposal
    assert "is what is needed" in said(Candidate(Need(name="tool"), made))


@pytest.mark.parametrize("version", ["", "v1", "1.", "1.2.3.4", "latest", "1.0.0-", "9" * 9, "1\n"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    assert "no version" in said(candidate(CODE, PAIRS, version=version))


@pytest.mark.parametrize("author", ["", "model", "model:", "somebody", "model:a b", "model:" + "x" * 200, "examples\n"])
def test_an_author_that_is_none_is_refused(author: str) -> None:
    assert "no author" in said(candidate(CODE, PAIRS, author=author))


def test_a_tool_never_runs_inside_this_program_and_does_only_what_it_asks_for() -> None:
    assert "inside this program" in said(candidate(CODE, PAIRS, inline=True))
    for effect in (Effect.READ, Effect.WRITE, Effect.SEND):
        assert "by what it asks for it is pure" in said(candidate(CODE, PAIRS, effect=effect))
    reading = {"read": [SHOWN]}
    assert "it is read" in said(candidate(CODE, PAIRS, asks=reading, effect=Effect.PURE))
    assert looked_at(candidate(CODE, PAIRS, asks=reading)).ok


def test_a_description_is_short_and_all_of_it_is_seen() -> None:
    assert "4000" in said(candidate(CODE, PAIRS, description="x" * 4_001))
    assert "nobody sees" in said(candidate(CODE, PAIRS, description="a\u200bb"))
    assert "nobody sees" in said(candidate(CODE, PAIRS, description="a\x1b[2Jb"))
    assert looked_at(candidate(CODE, PAIRS, description="Übung\nmacht den Meister.")).ok


OPEN: Mapping[str, Mapping[str, Any]] = {
    "anything": {},
    "an open object": {"type": "object"},
    "an object with anything beside": {"type": "object", "properties": {}, "additionalProperties": True},
    "an array of anything": {"type": "array"},
    "an array of what is open": {"type": "array", "items": {"type": "object"}},
    "a word that is not understood": {"type": "string", "pattern": "^(a+)+$"},
    "a reference": {"$ref": "#/$defs/x"},
    "a format": {"type": "string", "format": "date"},
    "a type that is none": {"type": "text"},
    "bounds in the wrong order": {"type": "integer", "minimum": 5, "maximum": 1},
    "a bound that is none": {"type": "string", "maxLength": -1},
    "no choice": {"enum": []},
    "no alternative": {"anyOf": []},
    "a requirement of nothing": {"type": "object", "additionalProperties": False, "required": ["x"]},
}


@pytest.mark.parametrize("schema", OPEN.values(), ids=OPEN)
def test_a_schema_that_is_open_or_not_understood_is_refused(schema: Mapping[str, Any]) -> None:
    assert "input schema" in said(candidate(CODE, (), takes=takes(**schema), gives={"type": "string"}))
    assert "output schema" in said(candidate(CODE, (), takes=takes(type="string"), gives=schema))


def test_a_schema_is_bounded() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(20):
        deep = {"type": "array", "items": deep}
    assert "nested deeper" in said(candidate(CODE, (), takes=takes(**deep), gives={"type": "string"}))
    wide = {"enum": [f"{at}" * 80 for at in range(200)]}
    assert "16384" in said(candidate(CODE, (), takes=takes(type="string"), gives=wide))


@pytest.mark.parametrize("name", ["", "a b", "class", "_x", "__class__", "größe", "x-y"])
def test_a_property_that_no_parameter_can_be_is_refused(name: str) -> None:
    odd = {"type": "object", "additionalProperties": False, "properties": {name: {"type": "string"}}}
    assert "name of a parameter" in said(candidate(CODE, (), takes=odd, gives={"type": "string"}))


@pytest.mark.parametrize(("name", "why"), [
    ("self", "a method"), ("cls", "a method"), ("lambda", "is a reserved word of Python"), ("None", "reserved word"),
    ("open", "is built into Python"), ("eval", "is built into Python"),
])  # fmt: skip
def test_a_name_that_python_wants_itself_is_refused_with_that_reason(name: str, why: str) -> None:
    odd = {"type": "object", "additionalProperties": False, "properties": {name: {"type": "string"}}}
    assert why in said(candidate(CODE, (), takes=odd, gives={"type": "string"}))
    if name.islower():
        assert why in said(candidate(CODE, PAIRS, name=name))


@pytest.mark.parametrize("name", ["id", "input", "max", "list", "format"])
def test_a_parameter_may_have_the_name_of_a_function_that_no_harm_is_behind(name: str) -> None:
    takes = {"type": "object", "additionalProperties": False, "properties": {name: {"type": "string"}}}
    assert looked_at(candidate(CODE, (), takes=takes, gives={"type": "string"})).ok


def test_what_is_taken_is_one_closed_object() -> None:
    assert "closed object" in said(candidate(CODE, (), takes={"type": "string"}, gives={"type": "string"}))
    table = {"type": "object", "additionalProperties": {"type": "string"}}
    assert "closed object" in said(candidate(CODE, (), takes=table, gives={"type": "string"}))


ASKED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "a host": ({"hosts": ["example.org:443"]}, "network"),
    "a folder to write": ({"write": ["/data"]}, "write"),
    "a relative path": ({"read": ["data"]}, "absolute"),
    "a path that climbs": ({"read": ["/data/../etc"]}, "absolute"),
    "a path with a null": ({"read": ["/data\0x"]}, "absolute"),
    "too many paths": ({"read": [f"/data/{at}" for at in range(9)]}, "more than 8"),
    "a folder that no tool is shown": ({"read": ["/etc"]}, "/etc is never granted"),
    "what is not there": ({"read": ["/no/such/file"]}, "/no/such/file is not there"),
    "the same twice": ({"env": ["X", "X"]}, "twice"),
    "a variable that is none": ({"env": ["A=B"]}, "variable"),
    "a package that is none": ({"modules": ["os; import sys"]}, "package"),
    "a submodule": ({"modules": ["numpy.linalg"]}, "package"),
    "a limit that is none": ({"limits": {"patience": 3}}, "patience"),
    "a limit above its ceiling": ({"limits": {"seconds": 9_999}}, "seconds"),
    "no time at all": ({"limits": {"seconds": 0}}, "seconds"),
    "a field that is none": ({"subprocess": True}, "subprocess"),
    "a field of another kind": ({"read": {"/data": True}}, "read"),
}


@pytest.mark.parametrize(("asks", "word"), ASKED.values(), ids=ASKED)
def test_what_nobody_could_grant_is_refused(asks: Mapping[str, Any], word: str) -> None:
    why = said(candidate(CODE, PAIRS, asks=asks))
    assert word in why and "doctor" not in why


def test_what_somebody_could_grant_is_told() -> None:
    asks = {"read": [SHOWN], "modules": ["numpy"], "limits": {"seconds": 30}}
    assert looked_at(candidate(CODE, PAIRS, asks=asks)).findings == (
        "it asks for read, modules, limits; granted by nobody yet",)
    assert "granted by ada" in looked_at(candidate(CODE, PAIRS, asks=asks, approved="ada")).findings[0]


def test_examples_keep_the_schemas_and_do_not_contradict() -> None:
    made = candidate(CODE, PAIRS)
    for pair, word in (({"text": 1}, "input"), ({}, "input"), ({"text": "a", "more": 1}, "input")):
        assert f"{word} schema" in said(_with(made, Example(arguments=pair, value="A")))
    assert "output schema" in said(_with(made, Example(arguments={"text": "b"}, value=1)))
    assert "two values" in said(_with(made, Example(arguments={"text": "a"}, value="B")))
    assert looked_at(_with(made, Example(arguments={"text": "a"}, value="A"))).ok


def _with(made: Candidate, example: Example) -> Candidate:
    return Candidate(made.need.replace(examples=(*made.need.examples, example)), made.proposal)


def test_examples_are_few_and_small() -> None:
    many = [({"text": str(at)}, "A") for at in range(65)]
    assert "at most 64" in said(candidate(CODE, many))
    assert "65536" in said(candidate(CODE, [({"text": "x" * 70_000}, "A")]))


def test_a_need_without_examples_is_told() -> None:
    found = looked_at(candidate(CODE, (), takes=takes(type="string"), gives={"type": "string"}))
    assert found.ok and "no example" in found.findings[0]


def test_whoever_wrote_it_can_only_be_told_apart_by_the_proposal() -> None:
    made = candidate(CODE, PAIRS)
    assert isinstance(made.proposal, Proposal) and looked_at(made).policy


def test_examples_that_are_nested_without_end_are_refused_and_nothing_is_read_off_them() -> None:
    from genesis_aatc._versions import candidate_of

    deep: Any = 1
    for _ in range(20):
        deep = [{"a": deep}, {"b": 1}]
    need = Need(name="tool", examples=(Example(arguments={"text": deep}, value="A"),))
    bare = candidate(CODE).proposal
    found = candidate_of(need, bare.replace(spec=bare.spec.replace(input_schema={}, output_schema={})))
    assert said(found) == "its examples can't be looked at: a value is nested deeper than 8 levels"
