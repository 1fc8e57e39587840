"""Which files an analysis works on: several folders, names that are not there, and what is left out."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from genesis_agents._report_text import one_line
from genesis_agents._where import MAX_NAME_CHARS, named_files, named_folders, unreadable, where, without_excluded
from genesis_agents.analytics import analytics
from genesis_agents.architect import architect
from genesis_agents.research import research
from genesis_agents.security import security
from genesis_core import Agent, Input, Report, Task, TaskContext, TaskGraph, TaskResult, agent
from genesis_core.testing import open_genesis, run_agent

FILES = ("README.md", "a/one.md", "a/one.csv", "a/b/two.md", "a/b/two.csv", "c/a/three.csv", "c/three.md")


def too_deep(top: Path) -> str:
    """Make a folder that nobody can open, the superuser included, as its path is too long; return its name."""
    name, handle = "n" * 250, os.open(top, os.O_RDONLY)
    depth = -(-(os.pathconf(top, "PC_PATH_MAX") - len(os.fspath(top))) // (len(name) + 1))
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    return "/".join([name] * depth)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("n,m\n1,2\n2,3\n" if name.endswith("csv") else "# Title\n\nThe kettle must whistle.\n")
    return tmp_path / "work"


@agent(name="looker", description="lists the files that it is given")
async def looker(task: Task, context: TaskContext) -> TaskResult:
    """Return what a task is about."""
    found = where(context)
    rest = without_excluded(context, context.files())
    return context.result({"files": list(found.files), "notes": list(found.notes), "rest": list(rest.files)})


def look(work: Path, **inputs: object) -> tuple[list[str], list[str]]:
    given = {name: Input(value=value) for name, value in inputs.items()}
    result = asyncio.run(run_agent(looker, "look", home=work.parent / "home", workspace=work, inputs=given))
    assert isinstance(result.output, dict)
    return list(map(str, result.output["files"])), list(map(str, result.output["notes"]))


@pytest.mark.parametrize(
    ("inputs", "files"),
    [
        ({}, FILES),
        ({"folder": "."}, FILES),
        ({"folder": "a/b"}, ("a/b/two.md", "a/b/two.csv")),
        ({"folder": ["a/b", "c/"]}, ("a/b/two.md", "a/b/two.csv", "c/a/three.csv", "c/three.md")),
        ({"folders": ["a/b"], "folder": "c/a"}, ("a/b/two.md", "a/b/two.csv", "c/a/three.csv")),
        ({"folder": "a/b", "files": ["README.md"]}, ("README.md", "a/b/two.md", "a/b/two.csv")),
        ({"folder": "a", "files": ["a/one.md"]}, ("a/one.md",)),
    ],
)
def test_every_folder_and_file_that_is_named_is_taken(
    work: Path, inputs: dict[str, object], files: tuple[str, ...]
) -> None:
    assert set(look(work, **inputs)[0]) == set(files)


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        (["a"], {"a/one.md", "a/one.csv", "a/b/two.md", "a/b/two.csv"}),
        (["b/"], {"a/b/two.md", "a/b/two.csv"}),
        (["two.csv"], {"a/b/two.csv"}),
        (["a/one.csv", "README.md"], {"a/one.csv", "README.md"}),
        (["**/*.csv"], {"a/one.csv", "a/b/two.csv", "c/a/three.csv"}),
    ],
)
def test_what_is_excluded_is_not_worked_on_and_said(work: Path, exclude: list[str], gone: set[str]) -> None:
    files, notes = look(work, exclude=exclude)
    assert set(FILES) - set(files) == gone
    assert notes == [f"{name} was left out, as the task asks." for name in exclude]


def test_a_part_of_a_named_folder_can_be_excluded(work: Path) -> None:
    assert look(work, folder="a", exclude=["a/b"])[0] == ["a/one.csv", "a/one.md"]


def test_a_name_to_leave_out_that_is_not_there_is_said(work: Path) -> None:
    files, notes = look(work, exclude=["z/"])
    assert len(files) == len(FILES) and "'z/' to leave out" in notes[0]


@pytest.mark.parametrize("name", ["z", "../..", "../../a", "/a", "~/a", "../a/"])
def test_a_folder_that_is_not_in_the_workspace_is_never_the_whole_of_it(work: Path, name: str) -> None:
    files, notes = look(work, folder=name)
    assert files == [] and name in notes[0]


def test_a_file_outside_of_the_workspace_is_none_of_it(work: Path) -> None:
    files, notes = look(work, files=["/a/one.md", "../README.md"])
    assert files == [] and len(notes) == 2


def test_names_are_read_from_one_text_or_several() -> None:
    assert named_folders({"folder": "a", "folders": ["b"]}) == ("a", "b")
    assert named_folders({"folder": ["a", "./"]}) == ()
    assert named_files({"files": "x.py"}) == ("x.py",)


def test_tables_and_documents_that_are_excluded_are_not_read(work: Path) -> None:
    given = {"exclude": Input(value=["a"]), "query": Input(value="kettle")}
    for each, wanted in ((analytics, "c/a/three.csv"), (research, "c/three.md")):
        requires = ("table-profile",) if each is analytics else ()
        result = asyncio.run(
            run_agent(each, "look", home=work.parent / "home", workspace=work, inputs=given, requires=requires)
        )
        text = str(result.output)
        assert wanted in text and "a/one" not in text and "two" not in text
        assert "a was left out, as the task asks." in text


def test_a_folder_that_cannot_be_opened_is_noted_where_the_task_is_about_it(work: Path) -> None:
    name = too_deep(work / "a")
    note = f"The folder {one_line(f'a/{name}', MAX_NAME_CHARS)}/ can't be read: file name too long."
    for inputs in ({}, {"folder": "a"}, {"folder": ["c", "a"]}, {"exclude": ["c"]}):
        assert look(work, **inputs)[1][-1:] == [note], inputs
    for inputs in ({"folder": "c"}, {"files": ["README.md"]}, {"exclude": ["a"]}):
        assert note not in look(work, **inputs)[1], inputs


@pytest.mark.parametrize("analysis", [analytics, architect, research, security], ids=lambda a: str(a.card.name))
def test_every_analysis_says_which_folders_it_could_not_open(work: Path, analysis: Agent) -> None:
    too_deep(work)
    result = asyncio.run(run_agent(analysis, "look at it all", home=work.parent / "home", workspace=work))
    notes = Report.model_validate(result.output).notes
    assert [note for note in notes if note.endswith("can't be read: file name too long.")], notes


def test_a_folder_that_can_be_opened_again_lets_a_task_run_again(work: Path) -> None:
    task = TaskGraph(tasks=(Task(id="t", agent="looker"),))
    name = too_deep(work)

    async def main() -> list[list[str]]:
        found = []
        async with open_genesis(work.parent / "home", looker) as genesis:
            for again in (None, "last", "last"):
                report = await genesis.plan("look", workspace=work, graph=task)
                run = await genesis.start(report, again=again)
                await run.result()
                found.append([e.kind.value for e in genesis.events(run.id) if e.task_id and "task." in e.kind])
                if again:
                    shutil.rmtree(work / name.partition("/")[0], ignore_errors=True)
        return found

    begun, again = ["task.started", "task.done"], ["task.reused", "task.done"]
    assert asyncio.run(main()) == [begun, again, begun]


def test_a_workspace_that_cannot_be_opened_is_called_one() -> None:
    assert unreadable(".", "permission denied") == "The workspace can't be read: permission denied."
