"""Schemas that strangers write: checks by them end in time, and what can't be checked by them is told."""

from __future__ import annotations

import time
from typing import Any

import pytest

from genesis_models._answer import mismatch
from genesis_models._patterns import found

LONG = "a" * 5000 + "!"


@pytest.mark.parametrize(("pattern", "text", "expected"), [
    ("^[a-z]+$", "abc", True), ("^[a-z]+$", "a1", False), (r"^\d{4}-\d{2}-\d{2}$", "2026-11-22", True),
    (r"^\d{4}-\d{2}-\d{2}$", "2026-11-2x", False), ("^(get|put|post)$", "put", True), ("(?:ab)+c", "ababc", True),
    ("^https?://", "http://x", True), ("^$", "", True), ("", "x", True), ("^(?!x)y", "y", True),
])
def test_plain_expressions_are_checked(pattern: str, text: str, expected: bool) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize("pattern", [
    "^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*b", "(.*)*x", r"^(\w+\s?)*$", "a*a*a*a*a*b", r"(a)\1+b",
    "((a{1,9}){1,9}){1,9}b", "(?:a?){300}a{300}", "(?:){60000}" * 40, "(", "[", "x" * 501, "(?=(a+)+b)",
    "(?:a|ab)" * 40 + "c",
])
def test_expressions_that_may_take_for_ever_are_left_out_at_once(pattern: str) -> None:
    began = time.process_time()
    assert found(pattern, LONG) is None
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("pattern", ["^a*$", "a*b", "[ab]+!c", "^(?:aa)*$", "a{3}b"])
@pytest.mark.parametrize("length", [10, 900, 100_000])
def test_no_expression_takes_long(pattern: str, length: int) -> None:
    began = time.process_time()
    found(pattern, "a" * length + "!")
    assert time.process_time() - began < 0.5


def hostile(word: str) -> dict[str, Any]:
    evil = "^(a+)+$"
    return {
        "pattern": {"type": "string", "pattern": evil},
        "patternProperties": {"type": "object", "patternProperties": {evil: {"type": "integer"}}},
        "additionalProperties": {"patternProperties": {evil: {}}, "additionalProperties": False},
        "unevaluatedProperties": {"patternProperties": {evil: {}}, "unevaluatedProperties": False},
    }[word]


@pytest.mark.parametrize("word", ["pattern", "patternProperties", "additionalProperties", "unevaluatedProperties"])
def test_no_word_of_a_schema_lets_a_hostile_expression_run(word: str) -> None:
    began = time.process_time()
    assert mismatch(LONG if word == "pattern" else {LONG: 1}, hostile(word)) == ""
    assert time.process_time() - began < 0.5


def test_plain_words_still_say_no() -> None:
    names = {"type": "object", "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}
    assert mismatch({"n_a": 1}, names) == ""
    assert "n_a" in mismatch({"n_a": "x"}, names) and mismatch({"m": 1}, names)
    assert "pattern" in mismatch("Abc", {"type": "string", "pattern": "^[a-z]+$"})
    assert mismatch({"a": 1, "b": 2}, {"properties": {"a": {}}, "unevaluatedProperties": False})


def test_references_that_lead_to_two_others_each_come_to_an_end() -> None:
    parts: dict[str, Any] = {f"p{n}": {"allOf": [{"$ref": f"#/$defs/p{n + 1}"}] * 2} for n in range(40)}
    schema = {"$ref": "#/$defs/p0", "$defs": {**parts, "p40": {}}}
    began = time.process_time()
    assert "can't be checked" in mismatch(1, schema)
    assert time.process_time() - began < 10
