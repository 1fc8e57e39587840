"""Does the plan cover its goal, and is there what its tasks are to read?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genesis_aop import genesis_revise, genesis_validate
from genesis_core import (
    AgentCard,
    Assignment,
    Finding,
    Goal,
    Mend,
    Plan,
    PlanContext,
    Severity,
    Task,
    TaskGraph,
)

WORKER = AgentCard(name="worker")


def plan(goal: str, *tasks: Task, left: tuple[str, ...] = ()) -> Plan:
    given = tuple(Assignment(task_id=t.id, agent="worker") for t in tasks)
    return Plan(goal=Goal(text=goal), graph=TaskGraph(tasks=tasks), assignments=given, not_understood=left)


def context(plan: Plan, *files: str) -> PlanContext:
    return PlanContext(goal=plan.goal, agents=(WORKER,), files=lambda pattern: files)


def found(plan: Plan, *files: str) -> list[Finding]:
    return [item for item in genesis_validate(plan, context(plan, *files)) if isinstance(item, Finding)]


def task(name: str, description: str, **inputs: Any) -> Task:
    return Task.model_validate({"id": name, "description": description, "inputs": inputs})


PROFILE = task("profile", "profile the tables")
REPORT = task("report", "write a report")


def test_words_that_nobody_understood_are_a_note() -> None:
    (finding,) = found(plan("profile the tables and frobnicate", PROFILE, left=("frobnicate",)))
    assert (finding.rule, finding.severity) == ("not-understood", Severity.NOTE) and "'frobnicate'" in finding.message


def test_a_task_that_stands_for_those_words_says_it_already() -> None:
    assert found(plan("profile the tables", PROFILE, left=("profile the  tables",))) == []


def test_a_clause_that_no_task_takes_up_is_quoted() -> None:
    (finding,) = found(plan("Profile the tables, translate the French letters and write a report.", PROFILE, REPORT))
    assert (finding.rule, finding.severity) == ("uncovered", Severity.NOTE)
    assert "translate the French letters" in finding.message


def test_politeness_asks_for_nothing() -> None:
    goal = "Hello, could you please help me with this? Profile the tables. Thank you so much!"
    assert found(plan(goal, PROFILE)) == []


def test_headings_and_lead_ins_ask_for_nothing() -> None:
    goal = "# Numbers\nProfile the tables\n# Paper\nPlease deliver:\n- write a report"
    assert found(plan(goal, PROFILE, REPORT)) == []


def test_one_word_is_enough_to_ask_for_something() -> None:
    (finding,) = found(plan("profile the tables, report", PROFILE))
    assert finding.rule == "uncovered" and "'report'" in finding.message


def test_a_number_that_no_task_repeats_is_given_to_the_task_that_comes_nearest() -> None:
    wanting = plan("Profile the 12 largest tables, then write a report.", PROFILE, REPORT)
    (finding,) = found(wanting)
    assert (finding.rule, finding.severity, finding.mend) == ("left-out", Severity.FIXABLE, Mend.REDESCRIBE)
    assert finding.task_ids == ("profile",) and "'12'" in finding.message
    patch = genesis_revise(wanting, [finding], None, context(wanting))
    assert patch is not None and [t.id for t in patch.replacements] == ["profile"]
    better = wanting.replace(graph=wanting.graph.apply(patch))
    assert "12" in better.graph["profile"].description and found(better) == []


def test_a_number_that_belongs_to_no_task_is_a_note() -> None:
    (finding,) = found(plan("Profile the tables. 250!", PROFILE))
    assert (finding.rule, finding.severity, finding.mend) == ("left-out", Severity.NOTE, Mend.NONE)


def test_numbers_are_compared_without_units_and_separators() -> None:
    said = task("profile", "profile 10000 tables in 30 percent of the time for 500 dollars")
    assert found(plan("Profile 10,000 tables in 30% of the time for $500.", said)) == []


def test_enumerators_are_no_numbers() -> None:
    goal = "1. Profile the tables\n2. Write a report\n"
    assert found(plan(goal, PROFILE, REPORT)) == []
    assert found(plan("1) profile the tables 2) write a report", PROFILE, REPORT)) == []


def test_a_file_of_the_goal_counts_as_said_when_an_input_names_it() -> None:
    goal = "Profile the tables in data/orders.csv."
    (finding,) = found(plan(goal, PROFILE))
    assert finding.rule == "left-out" and "'data/orders.csv'" in finding.message
    by_value = task("profile", "profile the tables", files={"value": ["data/orders.csv"]})
    by_file = task("profile", "profile the tables", text={"file": "./data/orders.csv"})
    assert found(plan(goal, by_value), "data/orders.csv") == []
    assert found(plan(goal, by_file), "data/orders.csv") == []


def test_a_folder_of_the_goal_counts_as_said_when_an_input_names_it() -> None:
    named = task("profile", "profile the tables", folder={"value": "data"})
    assert found(plan("Profile the tables in `data/`.", named), "data/a.csv") == []


def test_a_file_that_is_not_there_is_named_with_its_tasks() -> None:
    one = task("one", "read it", text={"file": "data/gone.csv"})
    two = task("two", "look at it", files={"value": ["data/gone.csv", "data/here.csv"]})
    (finding,) = found(plan("work", one, two), "data/here.csv")
    assert (finding.rule, finding.severity, finding.task_ids) == ("missing-file", Severity.NOTE, ("one", "two"))
    assert "'data/gone.csv'" in finding.message


def test_folders_of_files_that_are_there_are_there() -> None:
    for folder in ("data", "data/", "./data/deep", "."):
        assert found(plan("work", task("t", "look", folder={"value": folder})), "data/deep/a.csv") == []
    (finding,) = found(plan("work", task("t", "look", folder={"value": "docs"})), "data/deep/a.csv")
    assert "'docs'" in finding.message


@pytest.mark.parametrize("name", ["folder", "folders", "files"])
def test_every_name_in_a_list_is_looked_for(name: str) -> None:
    (finding,) = found(plan("work", task("t", "look", **{name: {"value": ["data", "docs/"]}})), "data/a.csv")
    assert (finding.rule, finding.task_ids) == ("missing-file", ("t",)) and "'docs/'" in finding.message


def test_folders_outside_the_workspace_are_not_in_it() -> None:
    for name in ("..", "../..", "/etc", "a/../.."):
        (finding,) = found(plan("work", task("t", "look", folder={"value": name})), "a.py")
        assert (finding.rule, repr(name) in finding.message) == ("missing-file", True)
    assert found(plan("work", task("t", "look", folder={"value": "data/../src"})), "src/a.py") == []


def test_hidden_files_and_patterns_are_not_judged() -> None:
    hidden = task("t", "look", text={"file": ".env"}, files={"value": ["src/**/*.py", ".git/config"]})
    assert found(plan("work", hidden), "a.py") == []


def test_files_are_looked_for_in_the_real_workspace(tmp_path: Path) -> None:
    from genesis_core._workspace import Workspace

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n")
    made = plan("work", task("t", "look", files={"value": ["data/a.csv", "data/b.csv"]}))
    there = PlanContext(goal=made.goal, agents=(WORKER,), files=Workspace(tmp_path).files)
    (finding, *_) = [f for f in genesis_validate(made, there) if isinstance(f, Finding)]
    assert "'data/b.csv'" in finding.message and "a.csv" not in finding.message
