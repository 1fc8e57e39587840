"""Goals as people write them: in quotation marks, with paths without a slash, with two deeds around an exclusion."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose

HERE = ("README.md", "data/a.csv", "docs/guide.md", "src/app/main.py", "src/my-lib/x.py", "tests/test_a.py")


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


def skills(text: str) -> list[tuple[str, ...]]:
    return [task.requires for task in decompose(text).tasks]


@pytest.mark.parametrize("lead", ["except src/", "without src/", "except in src/", "but not in src/", "excluding src/"])
@pytest.mark.parametrize("joint", [" and", ", and", ", and also", " and then", ", then"])
def test_a_deed_behind_an_exclusion_is_a_task_of_its_own(lead: str, joint: str) -> None:
    scan, profile = decompose(f"Scan the repository for secrets {lead}{joint} profile data/a.csv").tasks
    assert inputs(scan) == {"exclude": ["src"]}
    assert inputs(profile)["files"] == ["data/a.csv"]


def test_the_next_deed_may_work_on_what_the_one_before_left_out() -> None:
    scan, profile = decompose("Scan for secrets but not in data/, and profile data/a.csv only").tasks
    assert (inputs(scan), inputs(profile)) == ({"exclude": ["data"]}, {"files": ["data/a.csv"]})


def test_places_that_go_on_are_still_left_out() -> None:
    [scan] = decompose("Scan for secrets except in src/, tests/ and the docs folder").tasks
    assert inputs(scan) == {"exclude": ["src", "tests", "docs"]}


@pytest.mark.parametrize("marks", ['""', "“”", "''", "«»", "„“", "``"])
@pytest.mark.parametrize("goal", ["Audit the repository", "Profile the tables in data/", "Scan for secrets.\nMap src/"])
def test_marks_around_a_goal_change_nothing(goal: str, marks: str) -> None:
    assert decompose(f"{marks[0]}{goal}{marks[1]}") == decompose(goal)


def test_marks_around_each_paragraph_change_nothing() -> None:
    assert skills('"Profile the tables in data/"\n“Scan for secrets”.') == skills(
        "Profile the tables in data/\nScan for secrets."
    )


def test_marks_around_a_part_of_a_goal_still_quote_it() -> None:
    [search] = decompose('Find "retry" and "wait" in docs/').tasks
    assert "retry" in str(inputs(search)["query"])


@pytest.mark.parametrize("folder", ["src/app", "src/my-lib"])
@pytest.mark.parametrize(
    "goal", ["Measure the complexity of {}", "Scan {} for secrets", "Scan for secrets except in {}"]
)
def test_a_folder_that_is_there_needs_no_slash(folder: str, goal: str) -> None:
    [bare], [slashed] = (decompose(goal.format(name)).tasks for name in (folder, folder + "/"))
    assert inputs(bare) == inputs(slashed)
    assert folder in str(inputs(bare))


def test_a_slash_between_words_names_no_folder_that_is_not_there() -> None:
    assert inputs(decompose("Map the read/write paths of the architecture").tasks[0]) == {}
