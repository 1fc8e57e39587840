"""What three examples are enough for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from genesis_aatc.synthesis import Example, Found, synthesise

sys.path.insert(0, str(Path(__file__).parent))
from own_tasks import TASKS, Row


def names_of(rows: list[Row]) -> tuple[str, ...]:
    return ("one", "two", "three")[: len(rows[0][0])]


def made(rows: list[Row]) -> Found:
    answer = synthesise([Example(*row) for row in rows], name="tool", parameters=names_of(rows), seconds=60)
    assert isinstance(answer, Found), answer
    return answer


def call(found: Found, inputs: tuple[Any, ...]) -> Any:
    names: dict[str, Any] = {}
    exec(compile(found.code, "tool", "exec"), names)
    return names[found.entry](*inputs)


@pytest.mark.parametrize("task", TASKS)
def test_a_program_from_three_examples_is_right_on_inputs_that_it_has_not_seen(task: str) -> None:
    examples, unseen = TASKS[task]
    found = made(examples)
    assert [call(found, inputs) for inputs, _ in (*examples, *unseen)] == [output for _, output in (*examples, *unseen)]


def test_the_same_question_has_the_same_answer() -> None:
    for task in ("slug", "total by key", "email or none"):
        first, second = made(TASKS[task][0]), made(TASKS[task][0])
        assert (first.code, first.describe, first.tried) == (second.code, second.describe, second.tried)


def test_an_answer_says_in_words_what_it_does() -> None:
    found = made(TASKS["file ending"][0])
    assert found.describe == "Return part -1 between '.' of one."
    assert found.entry == "tool" and found.tried > 0
