"""Layer 5: parameters and annotations agree with the schemas, and no annotation is ever evaluated."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.layers import contract, judged
from genesis_core import LayerCheck

TEXT: dict[str, Any] = {"type": "string"}


def looked_at(head: str, given: dict[str, Any] | None = None, gives: dict[str, Any] | None = None,
              required: list[str] | None = None, code: str = "") -> LayerCheck:  # fmt: skip
    named = {"text": TEXT} if given is None else given
    takes = {"type": "object", "additionalProperties": False, "properties": named,
             "required": list(named) if required is None else required}  # fmt: skip
    whole = f'{code}\ndef tool{head}:\n    """Do it."""\n    return text\n'
    return judged(contract, candidate(whole, (), takes=takes, gives=TEXT if gives is None else gives))


@pytest.mark.parametrize("head", [
    "(text: str) -> str", "(*, text: str) -> str", "(text: str = '') -> str", "(text: str | None) -> str",
    "(text: object) -> str", "(text: 'str') -> 'str'", "(text: Any) -> str", "(text: Optional[str]) -> str",
    "(text: Union[str, int]) -> str", "(text: typing.Annotated[str, 1]) -> str", "(text: str) -> Literal['a', 'b']",
])  # fmt: skip
def test_a_function_that_takes_what_the_schema_says_passes(head: str) -> None:
    head_code = "import typing\nfrom typing import Any, Literal, Optional, Union"
    assert looked_at(head, code=head_code).findings == ()


@pytest.mark.parametrize("head", [
    "(text) -> str", "(text: str)", "() -> str", "(text: str, more: str) -> str", "(other: str) -> str",
    "(*text: str) -> str", "(text: str, **rest: str) -> str", "(text: str, /) -> str", "(text: int) -> str",
    "(text: list[str]) -> str", "(text: Unknown) -> str", "(text: print('evaluated')) -> str", "(text: str) -> int",
    "(text: str) -> str | None", "(text: str) -> list[str]", "(text: str) -> set[str]", "(text: '(') -> str",
    "(text: 3) -> str", "(text: str) -> __import__('os')", "(text: Literal[1]) -> str",
])  # fmt: skip
def test_a_function_that_takes_or_gives_something_else_is_refused(head: str) -> None:
    found = looked_at(head, code="from typing import Literal")
    assert not found.ok and found.findings


@pytest.mark.parametrize(("annotation", "schema", "ok"), [
    ("int", {"type": "integer"}, True), ("float", {"type": "integer"}, True), ("int", {"type": "number"}, False),
    ("bool", {"type": "boolean"}, True), ("int", {"type": "boolean"}, False), ("None", {"type": "null"}, True),
    ("list[int]", {"type": "array", "items": {"type": "integer"}}, True),
    ("list[str]", {"type": "array", "items": {"type": "integer"}}, False),
    ("list", {"type": "array", "items": {"type": "integer"}}, True),
    ("Sequence[float]", {"type": "array", "items": {"type": "number"}}, True),
    ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}, True),
    ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "string"}}, False),
    ("dict[int, int]", {"type": "object", "additionalProperties": {"type": "integer"}}, False),
    ("dict[str, str | int]", {"type": "object", "additionalProperties": False, "required": [],
                              "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}, True),
    ("dict[str, str]", {"type": "object", "additionalProperties": False, "required": [],
                        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}, False),
    ("str", {"enum": ["a", "b"]}, True), ("str", {"enum": ["a", 1]}, False), ("str", {"const": "a"}, True),
    ("str | int", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, True),
    ("str", {"type": ["string", "null"]}, False), ("str | None", {"type": ["string", "null"]}, True),
    ("list[dict[str, object]]", {"type": "array", "items": {"type": "object", "additionalProperties": False}}, True),
])  # fmt: skip
def test_annotations_are_compared_with_the_schema(annotation: str, schema: dict[str, Any], ok: bool) -> None:
    code = "from collections.abc import Sequence"
    assert looked_at(f"(text: {annotation}) -> str", {"text": schema}, code=code).ok is ok


def test_what_may_be_left_out_has_a_default() -> None:
    assert not looked_at("(text: str) -> str", required=[]).ok
    assert looked_at("(text: str = '') -> str", required=[]).ok
    assert not looked_at("(*, text: str) -> str", required=[]).ok


def test_what_it_promises_is_within_the_output_schema() -> None:
    assert looked_at("(text: str) -> int", gives={"type": "number"}).ok
    assert not looked_at("(text: str) -> float", gives={"type": "integer"}).ok
    assert not looked_at("(text: str) -> list[str]", gives={"type": "array", "items": {"type": "integer"}}).ok
    assert looked_at("(text: str) -> list", gives={"type": "array", "items": {"type": "integer"}}).ok
    assert looked_at("(text: str) -> tuple[int, ...]", gives={"type": "array", "items": {"type": "integer"}}).ok
    assert "leaves open" in looked_at("(text: str) -> object").findings[0]
    assert "output schema" in looked_at("(text: str) -> str", gives={}).findings[0]


def test_a_wrapped_or_yielding_function_is_refused() -> None:
    wrapped = "from functools import cache\n@cache"
    assert not looked_at("(text: str) -> str", code=wrapped).ok
    made = candidate("def tool() -> str:\n    yield 'a'\n", (), gives=TEXT)
    assert not judged(contract, made).ok
    inner = "def tool() -> str:\n    def _g():\n        yield 'a'\n    return next(_g())\n"
    assert judged(contract, candidate(inner, (), gives=TEXT)).ok


def test_no_annotation_is_evaluated(tmp_path: Path) -> None:
    mark = tmp_path / "evaluated"
    made = looked_at(f"(text: open({str(mark)!r}, 'w')) -> str")
    assert not made.ok and not mark.exists()
    assert eval(f"(lambda text: open({str(mark)!r}, 'w').close())('x')") is None and mark.exists()
