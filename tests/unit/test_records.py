"""Records do not change, all the way down, and survive JSON."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genesis_core import Goal, Input, Label, Plan, Secrecy, Task, TaskGraph, Trust, canonical_json
from genesis_core.records import MAX_JSON_DEPTH, FrozenDict, FrozenList, freeze

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_a_container_inside_a_record_refuses_to_change() -> None:
    task = Task(id="a", metadata={"deep": {"list": [1]}})
    with pytest.raises(TypeError):
        task.metadata["deep"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        task.metadata["deep"]["list"].append(2)
    with pytest.raises(TypeError):
        task.inputs["x"] = Input(value=1)  # type: ignore[index]
    with pytest.raises(ValidationError):
        task.id = "b"


def test_what_is_passed_in_is_not_what_is_kept() -> None:
    given = {"list": [1]}
    task = Task(id="a", metadata=given)
    given["list"].append(2)
    assert task.metadata == {"list": [1]}


def test_replace_validates() -> None:
    with pytest.raises(ValidationError):
        Task(id="a").replace(max_seconds=-1)
    with pytest.raises(ValidationError):
        Task(id="a").replace(unknown=1)


@given(json_values)
def test_freezing_changes_no_value(value: object) -> None:
    frozen = freeze(value)
    assert frozen == value
    assert canonical_json(frozen) == canonical_json(value)
    assert freeze(frozen) == frozen


@given(json_values)
def test_frozen_values_copy_and_pickle_as_themselves(value: object) -> None:
    frozen = freeze(value)
    assert copy.deepcopy(frozen) == frozen
    again = pickle.loads(pickle.dumps(frozen))
    assert again == frozen
    assert type(again) is type(frozen)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {1: 2}, {"a": {3}}, {"a": object()}])
def test_what_json_cannot_say_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"JSON"):
        freeze(bad)


def test_deep_nesting_is_refused_before_it_hurts() -> None:
    value: object = 1
    for _ in range(MAX_JSON_DEPTH + 2):
        value = [value]
    with pytest.raises(ValueError, match="nested deeper"):
        freeze(value)


@pytest.mark.parametrize("name", ["append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"])
def test_a_frozen_list_has_no_way_to_change(name: str) -> None:
    with pytest.raises(TypeError, match="does not change"):
        getattr(FrozenList([1]), name)(0)


@pytest.mark.parametrize("name", ["clear", "pop", "popitem", "setdefault", "update"])
def test_a_frozen_dict_has_no_way_to_change(name: str) -> None:
    with pytest.raises(TypeError, match="does not change"):
        getattr(FrozenDict(a=1), name)("a")


labels = st.builds(
    Label, st.sampled_from(Trust), st.sampled_from(Secrecy), st.frozensets(st.sampled_from(["a", "b", "c"]))
)


@given(labels, labels, labels)
def test_labels_join_as_a_lattice(a: Label, b: Label, c: Label) -> None:
    assert a | a == a
    assert a | b == b | a
    assert (a | b) | c == a | (b | c)
    joined = a | b
    assert joined.trust <= min(a.trust, b.trust)
    assert joined.secrecy >= max(a.secrecy, b.secrecy)
    assert joined.sources == a.sources | b.sources


@given(labels)
def test_a_label_survives_json(label: Label) -> None:
    assert Label.from_json(label.to_json()) == label
    assert Goal.model_validate(Goal(text="x", label=label).to_json()).label == label


def test_a_plan_has_the_same_digest_after_json() -> None:
    graph = TaskGraph(tasks=(Task(id="a", inputs={"x": {"value": None}}), Task(id="b", depends_on=("a",))))
    plan = Plan(goal=Goal(text="do", label=Label(sources=frozenset("abcdefgh"))), graph=graph)
    again = Plan.model_validate(plan.to_json())
    assert again == plan
    assert again.digest == plan.digest
    assert plan.replace(not_understood=("x",)).digest != plan.digest


@pytest.mark.parametrize("form", [{}, {"value": 1, "file": "x"}, {"task": "a"}, {"output": ""}])
def test_an_input_has_exactly_one_form(form: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Input(**form)  # type: ignore[arg-type]


@pytest.mark.parametrize("task_id", ["", "a b", "../x", "a..b", "-a", "x" * 200, "ä", "a\n"])
def test_a_task_id_is_plain(task_id: str) -> None:
    with pytest.raises(ValidationError):
        Task(id=task_id)


def test_the_published_form_of_a_label_is_the_one_that_is_written() -> None:
    from pydantic import TypeAdapter

    schema = TypeAdapter(Label).json_schema()
    assert schema == {
        "type": "object",
        "additionalProperties": False,
        "required": ["trust", "secrecy", "sources"],
        "properties": {
            "trust": {"enum": ["UNTRUSTED", "USER", "TRUSTED"]},
            "secrecy": {"enum": ["PUBLIC", "INTERNAL", "SECRET"]},
            "sources": {"type": "array", "items": {"type": "string"}},
        },
    }
    assert set(Label().to_json()) == set(schema["required"])


@pytest.mark.parametrize("bad", [None, 1, "USER", {}, {"trust": "KING", "secrecy": "PUBLIC", "sources": []}])
def test_what_is_no_label_is_refused_by_name(bad: object) -> None:
    with pytest.raises(ValidationError, match="no label|label"):
        Goal.model_validate({"text": "x", "label": bad})
