"""Two runs side by side: what counts as the same, and what each gate says."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_cli._compare import compare
from genesis_core import Assignment, Goal, Plan, RunRecord, RunState, Task, TaskGraph, TaskResult, TaskState


def seen(message: str = "m", *, rule: str = "r", source: str = "s", severity: str = "low", line: str = "1") -> Any:
    return {"rule": rule, "source": source, "message": message, "severity": severity, "location": line}


def run(**outputs: Any) -> RunRecord:
    """A run of one task for each output; an output is a list of observations, a dict, or a state."""
    tasks = tuple(Task(id=name) for name in outputs)
    record = RunRecord("run", plan=Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=tasks), assignments=tuple(
        Assignment(task_id=name, agent="someone") for name in outputs)), state=RunState.COMPLETED)
    for name, output in outputs.items():
        state = output if isinstance(output, TaskState) else TaskState.COMPLETED
        value = {"observations": output} if isinstance(output, list) else output if isinstance(output, dict) else None
        record.results[name] = TaskResult(task_id=name, state=state, output=value)
    return record


def trips(a: RunRecord, b: RunRecord) -> tuple[bool, bool, bool]:
    found = compare(a, b)
    return found.trips("new"), found.trips("worse"), found.trips("any")


def test_the_same_run_twice_trips_nothing() -> None:
    assert trips(run(a=[seen()]), run(a=[seen()])) == (False, False, False)


def test_a_line_that_moved_is_the_same_observation() -> None:
    assert trips(run(a=[seen(line="1")]), run(a=[seen(line="9")])) == (False, False, False)


@pytest.mark.parametrize("other", [seen("n"), seen(rule="q"), seen(source="t")])
def test_rule_file_and_message_make_it_another(other: Any) -> None:
    found = compare(run(a=[seen()]), run(a=[other]))
    assert (len(found.new), len(found.gone)) == (1, 1)


def test_one_more_of_the_same_is_new() -> None:
    found = compare(run(a=[seen()]), run(a=[seen(), seen(line="2")]))
    assert [(s.times, s.location) for s in found.new] == [(1, "2")]


def test_a_report_that_repeats_what_it_was_given_counts_it_once() -> None:
    found = compare(run(a=[], report=[]), run(a=[seen()], report=[seen()]))
    assert [s.times for s in found.new] == [1]


def test_a_swap_of_equal_weight_is_new_but_not_worse() -> None:
    assert trips(run(a=[seen("x")]), run(a=[seen("y")])) == (True, False, True)


def test_a_heavier_one_for_many_lighter_ones_is_worse() -> None:
    light = [seen(str(n)) for n in range(5)]
    assert compare(run(a=light), run(a=[seen(severity="high")])).worse != ()
    assert compare(run(a=[seen(severity="high")]), run(a=light)).worse == ()


def test_more_that_is_only_information_is_not_worse() -> None:
    assert trips(run(a=[]), run(a=[seen(severity="info")])) == (True, False, True)


def test_a_task_that_no_longer_completes_is_worse() -> None:
    assert trips(run(a={}), run(a=TaskState.FAILED)) == (False, True, True)


def test_a_figure_that_changed_trips_any_alone() -> None:
    a, b = run(a={"figures": {"n": 1, "gone": 2}}), run(a={"figures": {"n": 3, "came": 4}})
    assert trips(a, b) == (False, False, True)
    assert compare(a, b).figures == {("a", "n"): (1, 3), ("a", "gone"): (2, None), ("a", "came"): (None, 4)}


def test_tasks_are_added_removed_and_changed() -> None:
    found = compare(run(a={}, b={}), run(b={}, c={}))
    assert (found.added, found.removed, found.changed) == (("c",), ("a",), ())


def test_outputs_of_any_shape_are_compared_without_a_surprise() -> None:
    odd: list[Any] = [{"observations": "none"}, {"observations": [1, {"x": 2}]}, {"figures": [1]}, {}]
    for one in odd:
        for other in odd:
            compare(run(a=one), run(a=other))
