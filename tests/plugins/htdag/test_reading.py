"""Goals as people write them: in quotation marks, with paths without a slash, with two deeds around an exclusion."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose
from genesis_htdag.words import without_marks

HERE = ("README.md", "data/a.csv", "docs/guide.md", "src/app/main.py", "src/my-lib/x.py", "tests/test_a.py")


def files(pattern: str) -> tuple[str, ...]:
    return HERE if pattern == "**/*" else tuple(name for name in HERE if Path(name).match(pattern))


def decompose(text: str) -> Decomposition:
    answer = genesis_decompose(
        Task(id="goal", kind="goal", description=text), context_for(text, agents=cards(), files=files)
    )
    assert isinstance(answer, Decomposition)
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
    quoted = '"retry" and "wait"'
    assert without_marks(quoted) == quoted


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


def ids(text: str) -> list[str]:
    return [task.id for task in decompose(text).tasks]


AUDIT = ["audit-repository", "structure", "complexity", "security", "documents", "report"]


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (", but no security scan", {"security"}),
        (" without security", {"security"}),
        (" without a report", {"report"}),
        (", skip the report", {"report"}),
        (" except security", {"security"}),
        (". Do not write a report.", {"report"}),
        (". Don't measure the complexity.", {"complexity"}),
        (", no report and no security scan", {"report", "security"}),
        (".\n\nDo not write a report.", {"report"}),
    ],
)
def test_a_part_that_the_goal_rules_out_is_not_planned(said: str, gone: set[str]) -> None:
    answer = decompose(f"Audit the repository{said}")
    assert [task.id for task in answer.tasks] == [name for name in AUDIT if name not in gone]
    assert answer.not_understood == ()
    assert all("(" not in task.description for task in answer.tasks)
    fed = [set(task.inputs) for task in answer.tasks if task.id == "report"]
    assert all(inputs == set(AUDIT[1:-1]) - gone for inputs in fed)


def test_what_waited_for_a_part_that_is_ruled_out_waits_for_what_that_waited_for() -> None:
    tasks = {task.id: task for task in decompose("Launch an app without a landing page").tasks}
    waits = {*tasks["publish"].depends_on, *tasks["publish"].inputs}
    assert "landing" not in tasks
    assert {"requirements", "campaign", "help", "release"} <= waits


@pytest.mark.parametrize("said", ["without downtime", "without security problems", "but do not break the report"])
def test_a_condition_that_names_no_part_stays_one(said: str) -> None:
    answer = decompose(f"Audit the repository, {said}")
    assert [task.id for task in answer.tasks] == AUDIT
    assert all(said.removeprefix("but ") in task.description for task in answer.tasks[1:-1])


@pytest.mark.parametrize(
    ("goal", "task", "told"),
    [
        ("Launch an app in Japan with a $50,000 budget and no paid ads", "pricing", "(with a $50,000 budget; no"),
        ("Build a website with 3 pages for €1.500 in 10 days", "markup", "(with 3 pages; for €1.500; in 10 days)"),
        ("Build a website for 1.500 euros", "scope", "purposes, acceptance criteria (for 1.500 euros)"),
        ("Build a website for 1,500 bakers", "texts", "of the website for 1,500 bakers"),
        ("Launch the mobile app Zebra v2.0 in Japan", "make", "Make the mobile app Zebra v2.0"),
    ],
)  # fmt: skip
def test_money_and_versions_are_read_whole(goal: str, task: str, told: str) -> None:
    assert told in next(each.description for each in decompose(goal).tasks if each.id == task)


def test_the_same_broad_goal_twice_is_one() -> None:
    assert ids("Audit the repository, audit the repository") == AUDIT


@pytest.mark.parametrize(
    "unit", ["a'b/c'd/", "Audit the repository, no report and ", "'a ", "Scan except src/ and profile ", "x/y-", "$1,"]
)
def test_a_long_goal_takes_no_longer_for_each_word_than_a_short_one(unit: str) -> None:
    def cost(count: int) -> float:
        before = time.process_time()
        decompose(unit * count)
        return time.process_time() - before

    cost(1)
    assert cost(1600) < 0.2 + 16 * min(cost(200) for _ in range(2))
