"""A place that is named to be left out is left out, and is never the place that is worked on."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose

HERE = ("README.md", "data/a.csv", "data/b.csv", "docs/guide.md", "src/app/main.py", "src/gen/x.py", "tests/test_a.py")


def files(pattern: str) -> tuple[str, ...]:
    return HERE if pattern == "**/*" else tuple(name for name in HERE if Path(name).match(pattern))


def decompose(text: str) -> Decomposition:
    answer = genesis_decompose(
        Task(id="goal", kind="goal", description=text), context_for(text, agents=cards(), files=files)
    )
    assert answer is not None
    return answer


def inputs(task: Task) -> dict[str, object]:
    return {name: given.value for name, given in task.inputs.items()}


@pytest.mark.parametrize(
    ("text", "exclude"),
    [
        ("Scan everything except src/ for security problems", ["src"]),
        ("Scan everything (except src/) for security problems", ["src"]),
        ("Scan everything without src/ for security problems", ["src"]),
        ("Scan everything outside src/ for security problems", ["src"]),
        ("Scan everything outside of the src folder for security problems", ["src"]),
        ("Scan everything excluding src/gen/ for security problems", ["src/gen"]),
        ("Scan everything but src/ for security problems", ["src"]),
        ("Scan all files other than src/ and tests/ for security problems", ["src", "tests"]),
        ("Scan all files apart from src for security problems", ["src"]),
        ("Scan for security problems, but not tests/", ["tests"]),
        ("Scan for security problems but do not look at tests/", ["tests"]),
        ("Scan for security problems, leave out src/ and data/", ["src", "data"]),
        ("Scan for security problems and skip src/, tests/", ["src", "tests"]),
        ("Scan for security problems; leave the src folder alone", ["src"]),
        ("Scan for security problems with src/ excluded", ["src"]),
        ("Scan for security problems in everything that is not in src/", ["src"]),
        ("Scan for security problems without looking at src/gen/", ["src/gen"]),
        ("With the exception of src/, scan for security problems", ["src"]),
        ("Do not touch src/. Scan for security problems.", ["src"]),
        ("Scan for security problems, exclude: src/", ["src"]),
        ("Scan for security problems; src/ is out of scope", ["src"]),
        ("Scan for security problems but nothing in src/", ["src"]),
        ("Profile all tables except the ones in data/", ["data"]),
        ("Profile all tables except data/a.csv", ["data/a.csv"]),
        ("Profile all tables not in data/", ["data"]),
        ("Find passages about retries except in docs/guide.md", ["docs/guide.md"]),
    ],
)
def test_what_is_left_out_becomes_an_input_and_no_place_of_work(text: str, exclude: list[str]) -> None:
    answer = decompose(text)
    [task] = answer.tasks
    assert inputs(task)["exclude"] == exclude
    assert "folder" not in inputs(task) and "files" not in inputs(task)
    assert answer.not_understood == ()
    assert all(name in task.description for name in exclude)


def test_a_part_of_a_named_folder_is_left_out() -> None:
    [task] = decompose("Scan src/ except src/gen/ for security problems").tasks
    assert inputs(task) == {"folder": "src", "exclude": ["src/gen"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Map the architecture except the generated code in src/", "except the generated code in src/"),
        ("Scan everything except the fixtures for security problems", "except the fixtures"),
    ],
)
def test_what_can_not_be_left_out_is_said_and_is_no_place_of_work(text: str, told: str) -> None:
    answer = decompose(text)
    assert answer.not_understood == (told,)
    assert [inputs(task) for task in answer.tasks] == [{}]


def test_an_exclusion_inside_one_clause_holds_for_that_one_and_one_apart_for_all() -> None:
    own = decompose("Profile all tables except data/a.csv and scan for security problems").tasks
    assert [inputs(t).get("exclude") for t in own] == [["data/a.csv"], None]
    apart = decompose("Map the architecture and scan for security problems, but leave out tests/").tasks
    assert [inputs(t).get("exclude") for t in apart] == [["tests"], ["tests"]]
    alone = decompose("Skip tests/. Map the architecture and scan for security problems. Write a report.").tasks
    assert [inputs(t).get("exclude") for t in alone] == [["tests"], ["tests"], None]


@pytest.mark.parametrize(
    "text", ["Find modules without tests", "Find passages that do not mention retries in docs/guide.md"]
)
def test_other_negations_leave_nothing_out(text: str) -> None:
    assert "exclude" not in inputs(decompose(text).tasks[0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Scan src/ and tests/ for security problems", {"folder": ["src", "tests"]}),
        ("Scan src/, docs/, and README.md for secrets", {"folder": ["src", "docs"], "files": ["README.md"]}),
        ("Scan the src and tests folders for secrets", {"folder": ["src", "tests"]}),
        ("Scan for secrets in src and docs", {"folder": ["src", "docs"]}),
        ("Scan src and tests for secrets", {"folder": ["src", "tests"]}),
        ("Scan src for secrets", {"folder": "src"}),
        ("Scan for secrets in src/, and tests/ too", {"folder": ["src", "tests"]}),
        ("Scan ../../ for secrets", {"folder": "../.."}),
        ("Scan ../.. for secrets", {"folder": "../.."}),
        ("Scan /etc/ for secrets", {"folder": "/etc"}),
        ("Scan lib/ for secrets", {"folder": "lib"}),
    ],
)
def test_every_place_that_is_named_is_passed_on(text: str, wanted: dict[str, object]) -> None:
    [task] = decompose(text).tasks
    assert inputs(task) == wanted
