"""Wordings are read once for all the places that they name; each place still gets what it would get alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose

HERE = ("app/main.py", "data/a.csv", "docs/guide.md", "lib/util.py", "more/b.csv", "notes/daily.md", "sly/x.csv")
PLACES = ("app/", "data/", "docs/", "lib/", "more/", "notes/", "notes/daily.md", "lib/util.py", "nowhere/", "*.py")
WORDINGS = (
    "scan {} for secrets", "profile the tables in {}", "check {} for outliers", "search {} for passwords",
    "what does {} say about retries", "Review {}", "map the modules of {}, then report on them",
)  # fmt: skip


def files(pattern: str) -> tuple[str, ...]:
    return HERE if pattern == "**/*" else tuple(name for name in HERE if Path(name).match(pattern))


def planned(*lines: str) -> list[Task]:
    text = "\n".join(f"- {line}" for line in lines)
    answer = genesis_decompose(
        Task(id="goal", kind="goal", description=text), context_for(text, agents=cards(), files=files)
    )
    assert isinstance(answer, Decomposition)
    return list(answer.tasks)


def said(task: Task) -> tuple[object, ...]:
    inputs = {name: given.value for name, given in task.inputs.items() if given.task is None}
    return task.description, task.kind, inputs, task.requires


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("first", PLACES)
def test_a_place_is_read_after_another_one_as_it_is_read_alone(wording: str, first: str) -> None:
    for second in PLACES:
        read = [said(task) for task in planned(wording.format(first), wording.format(second))]
        alone = [said(task) for task in planned(wording.format(second)) if second in task.description]
        assert [task for task in alone if task[1] and task not in read] == [], second


def test_the_same_words_about_places_with_other_files_ask_for_other_work() -> None:
    data, docs = planned("what is in data/", "what is in docs/")
    assert [said(data)] == [said(task) for task in planned("what is in data/")]
    assert [said(docs)] == [said(task) for task in planned("what is in docs/")]
    assert data.kind != docs.kind


def test_an_exclusion_that_is_said_again_names_its_own_place() -> None:
    tasks = planned("scan app/ except app/old/ for secrets", "scan lib/ except lib/old/ for secrets")
    assert [task.inputs["exclude"].value for task in tasks] == [["app/old"], ["lib/old"]]
    assert [task.inputs["folder"].value for task in tasks] == ["app", "lib"]
