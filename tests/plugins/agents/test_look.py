"""What a task names and that is not there, is empty or can't be read: the summary says so, not that all is clean."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_agents._look import look_into
from genesis_agents.analytics import analytics
from genesis_agents.architect import architect
from genesis_agents.research import research
from genesis_agents.security import security
from genesis_core import Agent, Report
from genesis_core.testing import run_agent

AGENTS = {"architect": architect, "security": security, "analytics": analytics, "research": research}
needs_a_plain_user = pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")


def report_of(agent: Agent, tmp_path: Path, **inputs: object) -> Report:
    given = {name: {"value": value} for name, value in inputs.items()}
    workspace = tmp_path / "work"
    workspace.mkdir(exist_ok=True)
    made = run_agent(agent, "look at it", home=tmp_path / "home", workspace=workspace, inputs=given)
    return Report.model_validate(asyncio.run(made).output)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file, which nobody may open."""
    folder = tmp_path / "work" / "closed"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("a,b\n1,2\n")
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("name", AGENTS)
def test_a_folder_that_is_not_there_is_what_the_summary_says(tmp_path: Path, name: str) -> None:
    report = report_of(AGENTS[name], tmp_path, folder="nosuch")
    assert report.summary == "There is no folder nosuch/ in the workspace."
    assert report.notes[0] == report.summary


@pytest.mark.parametrize("name", AGENTS)
def test_a_file_that_is_not_there_is_what_the_summary_says(tmp_path: Path, name: str) -> None:
    report = report_of(AGENTS[name], tmp_path, files=["gone.py"])
    assert report.summary == "There is no file 'gone.py' in the workspace."


@pytest.mark.parametrize("name", AGENTS)
def test_what_is_there_is_told_beside_what_is_not(tmp_path: Path, name: str) -> None:
    (tmp_path / "work").mkdir()
    for file in ("a.py", "a.md", "a.csv"):
        (tmp_path / "work" / file).write_text("a,b\n1,2\n")
    report = report_of(AGENTS[name], tmp_path, files=["a.py", "a.md", "a.csv", "gone.py"])
    before, found, after = report.summary.partition("There is no file 'gone.py' in the workspace.")
    assert len(before) > 20 and found and not after


@pytest.mark.parametrize("name", AGENTS)
def test_an_empty_folder_is_told_from_one_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "work" / "empty").mkdir(parents=True)
    assert report_of(AGENTS[name], tmp_path, folder="empty").summary == "The folder empty/ holds no files to look at."


@pytest.mark.parametrize(("name", "words"), [("analytics", "binary: closed.csv."), ("research", "binary file")])
def test_where_nothing_could_be_read_the_summary_says_why(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "work").mkdir()
    for file in ("closed.csv", "closed.md"):
        (tmp_path / "work" / file).write_bytes(b"\0\1\2")
    report = report_of(AGENTS[name], tmp_path)
    assert words in report.summary and not any("were found" in note for note in report.notes)


@needs_a_plain_user
@pytest.mark.parametrize("name", AGENTS)
def test_files_that_cannot_be_read_are_named_in_the_summary(tmp_path: Path, name: str) -> None:
    (tmp_path / "work").mkdir()
    for file in ("a.py", "a.md", "a.csv"):
        (tmp_path / "work" / file).write_text("a,b\n1,2\n")
        (tmp_path / "work" / file).chmod(0)
    report = report_of(AGENTS[name], tmp_path)
    assert "permission denied" in report.summary.lower()


@needs_a_plain_user
@pytest.mark.parametrize("name", AGENTS)
def test_a_folder_that_cannot_be_read_is_not_called_empty(tmp_path: Path, closed: Path, name: str) -> None:
    report = report_of(AGENTS[name], tmp_path, folder="closed")
    assert report.summary == "The folder closed/ can't be read: permission denied."


def test_a_file_in_the_place_of_a_folder_is_called_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").write_text("x")
    assert look_into([Path("data")]) == ["data is a file, not a folder."]


@pytest.mark.parametrize("folder", ["..", "../..", "../other/", "/etc", "out", "x/../../y"])
@pytest.mark.parametrize("name", AGENTS)
def test_a_folder_outside_the_workspace_is_told_and_what_lies_inside_is_looked_at(
    tmp_path: Path, name: str, folder: str
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "out").symlink_to(tmp_path)
    told = f"The folder {folder.rstrip('/')}/ was not looked into: {folder!r} is outside the workspace."
    alone = report_of(AGENTS[name], tmp_path, folder=folder)
    assert (alone.summary, alone.notes[0]) == (told, told)
    for file in ("a.py", "a.md", "a.csv"):
        (tmp_path / "work" / "in").mkdir(exist_ok=True)
        (tmp_path / "work" / "in" / file).write_text("a,b\n1,2\n")
    both = report_of(AGENTS[name], tmp_path, folder=["in", folder])
    assert len(both.summary) > len(told) + 20 and both.summary.endswith(told)


@pytest.mark.parametrize("name", AGENTS)
def test_the_root_of_the_machine_is_not_the_workspace(tmp_path: Path, name: str) -> None:
    assert "'/' is outside the workspace" in report_of(AGENTS[name], tmp_path, folder="/").summary
