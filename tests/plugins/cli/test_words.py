"""What people read or type: amounts, cleaned text, tables, the longest chain, suggestions, the state folder."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as some

from genesis_cli import _main
from genesis_cli._amounts import AGE, BUDGET, duration
from genesis_cli._plan_text import critical_path, table
from genesis_cli._problem import Stopped
from genesis_cli._session import Session
from genesis_cli._streams import clean, one_line
from genesis_cli._suggest import goals, look
from genesis_core import Budget, Estimate, Goal, Plan, StateFolder, Task, TaskGraph, load_settings


@pytest.mark.parametrize(("text", "budget"), [
    ("0.50", Budget(max_cost=Decimal("0.50"))), ("$2", Budget(max_cost=Decimal(2))),
    ("tokens=1000", Budget(max_tokens=1000)), ("calls=0", Budget(max_tool_calls=0)),
    ("cost=1, seconds=60 ,calls=3", Budget(max_cost=Decimal(1), max_seconds=60, max_tool_calls=3)),
])
def test_a_budget_is_money_or_names(text: str, budget: Budget) -> None:
    assert BUDGET.convert(text, None, None) == budget


@pytest.mark.parametrize("text", ["", "x", "1,2", "cost=", "cost=inf", "time=3", "tokens=1.5", "calls=-1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no budget"):
        BUDGET.convert(text, None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("30d", 2_592_000), ("4w", 2_419_200)])
def test_an_age_has_a_unit(text: str, seconds: float) -> None:
    assert AGE.convert(text, None, None) == seconds
    with pytest.raises(click.BadParameter):
        AGE.convert(text[:-1], None, None)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 1 s"),
                                                (3599.9, "1 h 0 min"), (7384, "2 h 3 min")])
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(some.text())
def test_cleaned_text_steers_no_terminal(text: str) -> None:
    assert not any(ord(c) < 32 and c not in "\n\t" or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E
                   for c in clean(text))
    assert "\n" not in one_line(text)


def test_a_table_is_aligned_whatever_the_letters() -> None:
    lines = list(table(("NAME", "WHAT"), [("量", "x"), ("abcde", "y")]))
    assert lines == ["NAME   WHAT", "量     x", "abcde  y"]


def test_the_longest_chain_is_that_of_the_expected_seconds() -> None:
    tasks = (Task(id="a"), Task(id="b"), Task(id="c", depends_on=("a",)), Task(id="d", depends_on=("b", "c")))
    seconds = {"a": 1, "b": 5, "c": 1, "d": 1}
    plan = Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=tasks),
                estimates=tuple(Estimate(task_id=name, seconds=s) for name, s in seconds.items()))
    assert critical_path(plan) == ["b", "d"]
    assert plan.critical_seconds == 6


def test_the_longest_chain_goes_through_composites() -> None:
    tasks = (Task(id="a"), Task(id="p", depends_on=("a",)), Task(id="x", parent="p"), Task(id="z", depends_on=("p",)))
    plan = Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=tasks),
                estimates=tuple(Estimate(task_id=name, seconds=1) for name in ("a", "x", "z")))
    assert critical_path(plan) == ["a", "x", "z"]


def test_suggestions_follow_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"a": 1}')
    assert goals(look(tmp_path)) == []
    (tmp_path / "rows.json").write_text(' [{"a": 1}]')
    assert goals(look(tmp_path)) == ["Profile the tables in this folder, and write a report"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# Guide\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert goals(look(tmp_path)) == [
        "Profile the tables in this folder, and write a report", "Scan this repository for security problems",
        "Find what the documents in docs/ promise about error handling"]


def test_hidden_and_foreign_folders_are_not_looked_at(tmp_path: Path) -> None:
    for name in (".git", "node_modules", "venv"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("")
    assert look(tmp_path).python == 0


@pytest.mark.parametrize("variable", [True, False])
@pytest.mark.parametrize("user", [True, False])
def test_the_light_way_to_the_state_folder_agrees_with_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: bool, user: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "user.toml"))
    monkeypatch.delenv("GENESIS_HOME", raising=False)
    if variable:
        monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "variable"))
    if user:
        (tmp_path / "user.toml").write_text(f'home = "{tmp_path / "user"}"\n')
    from genesis_core import Genesis

    assert StateFolder.find().home == Genesis.open(settings=load_settings().settings).home


def test_what_stopped_planning_had_taken_is_told_whatever_the_signal_was_turned_into(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        try:
            noted = asyncio.CancelledError()
            noted.add_note("planning had taken 1 model call")
            raise noted
        except asyncio.CancelledError:
            raise Stopped(2) from None
    except Stopped as stopped:
        assert _main._failed(stopped, Session()) == 130
    assert "before a run had begun; planning had taken 1 model call" in capsys.readouterr().err
