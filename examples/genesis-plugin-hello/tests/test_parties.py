"""How a sentence becomes tasks: plain functions, tested alone."""

from __future__ import annotations

import pytest

from genesis_core import Task, TaskGraph
from genesis_plugin_hello.parties import names_in, parts_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Greet Ada", ("Ada",)),
        ("please greet Ada, Grace, and Linus.", ("Ada", "Grace", "Linus")),
        ("Say hello to Jean-Luc and Åsa!", ("Jean-Luc", "Åsa")),
        ("greet Ada and Ada", ("Ada",)),
        ("greet Ada and profile the tables in data/", ()),
        ("greet everybody", ()),
        ("write a report", ()),
        ("", ()),
    ],
)
def test_only_names_can_be_greeted(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_a_greeting_of_two_is_a_task_for_each_and_a_card_that_waits_for_both() -> None:
    parts = parts_of(Task(id="goal", kind="goal", description="Greet Ada and Grace"))
    assert parts is not None
    graph = TaskGraph(tasks=tuple(parts))
    assert [task.id for task in graph.ready(())] == ["greet-1", "greet-2"]
    assert graph.waits_for("card") == ("greet-1", "greet-2")


def test_our_own_tasks_are_not_split_again() -> None:
    parts = parts_of(Task(id="goal", kind="goal", description="Greet Ada"))
    assert parts is not None
    assert [parts_of(part) for part in parts] == [None, None]


def test_a_long_text_is_read_in_linear_time() -> None:
    assert names_in("greet " + "A and " * 20_000) == ()
