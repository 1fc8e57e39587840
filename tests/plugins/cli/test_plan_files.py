"""Plan files come from anywhere: what is read, what is refused, and how fast."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from genesis_core import (
    GenesisError,
    Goal,
    GraphError,
    LimitExceeded,
    Plan,
    PlanError,
    PlanFile,
    SettingsError,
    Task,
    TaskGraph,
    plan_document,
    read_any_plan,
    read_plan,
    read_plan_file,
)


def write(folder: Path, text: str | bytes, name: str = "plan.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(("fields", "said"), [
    ("grants: [{tool: t, fre: [x]}]", "task 'a': grants.0.fre: there is no such field; did you mean 'free'?"),
    ("inputs: {n: {task: b, output: '', endrose: [1]}}",
     "task 'a': inputs.n.endrose: there is no such field; did you mean 'endorse'?"),
    ("accept: {outputs: ['/x']}", "task 'a': accept.outputs: there is no such field; did you mean 'output'?"),
    ("grants: [{tool: t, times: 0}]", "task 'a': grants.0.times: it should be at least 1, not 0"),
    ("grants: [{tool: t, times: many}]", "task 'a': grants.0.times: it should be a whole number, not the text 'many'"),
    ("max_seconds: 0", "task 'a': max_seconds: it should be more than 0, not 0"),
    ("agnet: x", "task 'a': agnet: there is no such field; did you mean 'agent'?"),
])
def test_a_slip_in_a_field_at_any_depth_is_told_with_what_was_meant(tmp_path: Path, fields: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan_file(write(tmp_path, f"tasks: [{{id: a, {fields}}}]"))
    assert said in caught.value.message and "Input should" not in str(caught.value.message + caught.value.cause)


def test_a_slip_outside_of_the_tasks_is_told_with_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"budget\.max_second: there is no such field; did you mean 'max_seconds'\?"):
        read_plan_file(write(tmp_path, "tasks: [{id: a}]\nbudget: {max_second: 1}"))


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    text = {"goal": "g", "tasks": [{"id": "a", "inputs": {"n": {"value": [1, 2.5, None, True]}}}],
            "budget": {"max_seconds": 5}}
    yaml = "goal: g\ntasks:\n- id: a\n  inputs: {n: {value: [1, 2.5, null, true]}}\nbudget: {max_seconds: 5}\n"
    assert read_plan_file(write(tmp_path, yaml)) == read_plan_file(write(tmp_path, json.dumps(text), "plan.json"))


@pytest.mark.parametrize(("written", "meant"), [
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("12:30:45", "12:30:45"), ("0o17", "0o17"), ("1_000", "1_000"),
    ("2026-11-22", "2026-11-22"), (".inf", ".inf"), ("<<", "<<"), ("true", True), ("~", None), ("-3", -3),
    ("1e3", 1000.0), ("'1'", "1"),
])
def test_a_plain_word_means_what_it_means_in_json(tmp_path: Path, written: str, meant: object) -> None:
    found = read_plan_file(write(tmp_path, f"tasks: [{{id: a, inputs: {{x: {{value: {written}}}}}}}]"))
    value = found.tasks[0].inputs["x"].value
    assert (value, type(value)) == (meant, type(meant))


REFUSED = {
    "anchors": ("a: &x 1\ntasks: []", "anchors and aliases"),
    "aliases": ("tasks: [*x]", "anchors and aliases"),
    "tags": ("tasks: !!set {a}", "tags such as"),
    "depth": ("tasks: " + "[" * 65 + "]" * 65, "deeper than 64"),
    "two documents": ("tasks: []\n---\ntasks: []", "but found another document"),
    "a key twice": ("tasks: []\ntasks: []", "'tasks' stands twice"),
    "a key that is no text": ("1: x\ntasks: []", "a key must be text"),
    "a number too long": ("tasks: " + "9" * 5000, "at most 4000"),
    "nothing": ("", "is no plan"),
    "control bytes": ("tasks: \x00", "can't be understood"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_a_plan_has_no_use_for_is_refused(tmp_path: Path, case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(PlanError) as caught:
        read_plan_file(write(tmp_path, text))
    assert said in f"{caught.value.message} {caught.value.cause}"
    assert caught.value.exit_code == 2 and caught.value.hint


FAULTS = {
    "it should be a list": "tasks: [{id: x, depends_on: y}]",
    "task 'x': max_seconds": "tasks: [{id: x, max_seconds: soon}]",
    "task number 1: id: it is missing": "tasks: [{description: y}]",
    "did you mean 'depends_on'?": "tasks: [{id: x, depend_on: [y]}]",
    "did you mean 'budget'?": "tasks: [{id: x}]\nbuget: {}",
    "task 'x': inputs.n: an input is": "tasks: [{id: x, inputs: {n: {value: 1, file: y}}}]",
    "tasks: it is empty": "tasks: []",
    "budget.max_tokens": "tasks: [{id: x}]\nbudget: {max_tokens: -1}",
    "goal: it should be text, not 5": "goal: 5\ntasks: [{id: x}]",
}


@pytest.mark.parametrize("said", list(FAULTS))
def test_a_fault_is_named_by_task_field_and_reason(tmp_path: Path, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan_file(write(tmp_path, FAULTS[said]))
    assert said in caught.value.message
    assert str(tmp_path / "plan.yaml") in caught.value.message


@pytest.mark.parametrize("text", ["tasks: [{id: a}, {id: a}]", "tasks: [{id: a, depends_on: [b]}]",
                                  "tasks: [{id: a, depends_on: [a]}]", "tasks: [{id: a, parent: b}]"])
def test_tasks_that_do_not_fit_together_are_a_graph_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(GraphError, match="plan.yaml"):
        read_plan_file(write(tmp_path, text))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded):
        read_plan_file(write(tmp_path, b" " * 5_000_001))


@pytest.mark.parametrize("name", ["absent.yaml", ""])
def test_a_file_that_cannot_be_read_is_a_settings_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        read_plan_file(tmp_path / name)


@pytest.mark.parametrize(("name", "text"), [
    ("a.json", "[" * 1_000_000), ("b.json", '{"a":' * 500_000), ("c.json", '"' + '\\"' * 1_000_000),
    ("d.yaml", "[" * 1_000_000), ("e.yaml", "- " * 1_000_000), ("f.yaml", "{a: " * 500_000),
    ("g.yaml", "tasks: " + "1:" * 1_000_000), ("h.yaml", "? " * 500_000), ("i.yaml", '"' + "\\n" * 1_000_000),
    ("j.json", '["' + '","' * 500_000),
])
def test_hostile_files_are_refused_quickly(tmp_path: Path, name: str, text: str) -> None:
    path = write(tmp_path, text, name)
    began = time.process_time()
    with pytest.raises(GenesisError):
        read_any_plan(path)
    assert time.process_time() - began < 10


def approved() -> Plan:
    return Plan(goal=Goal(text="g"), graph=TaskGraph(tasks=(Task(id="a", description="b"),)))


def test_an_approved_plan_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(plan_document(approved())), "plan.json")
    assert read_plan(path) == approved()
    assert isinstance(read_any_plan(path), Plan)
    assert isinstance(read_any_plan(write(tmp_path, "tasks: [{id: a}]")), PlanFile)


@pytest.mark.parametrize("change", [{"pipeline": "v1"}, {"digest": "0" * 64}, {"digest": None},
                                    {"goal": {"text": "h"}}, {"not_understood": ["x"]}])
def test_a_plan_with_any_change_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    document = {**plan_document(approved()), **change}
    with pytest.raises(PlanError, match="not the plan that its digest names"):
        read_plan(write(tmp_path, json.dumps(document), "plan.json"))


def test_a_plan_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    document = {**plan_document(approved()), "schema": "genesis.plan/2"}
    with pytest.raises(PlanError, match="genesis.plan/2"):
        read_any_plan(write(tmp_path, json.dumps(document), "plan.json"))


@given(some.text(max_size=300))
def test_any_text_is_read_or_refused_but_never_a_surprise(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("plan.yaml", "plan.json"):
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
            try:
                read_any_plan(path)
            except GenesisError as error:
                assert error.exit_code in (2, 3)
