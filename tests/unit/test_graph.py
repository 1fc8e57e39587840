"""A graph is checked when it is built, and a patch applies whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import GraphError, GraphPatch, Task, TaskGraph


def graph(*tasks: Task) -> TaskGraph:
    return TaskGraph(tasks=tasks)


def test_a_duplicate_is_named() -> None:
    with pytest.raises(GraphError, match="'a' is used twice"):
        graph(Task(id="a"), Task(id="a"))


def test_a_dangling_dependency_is_named_with_the_nearest_name() -> None:
    with pytest.raises(GraphError, match=r"'draft' depends on unknown task 'outlin'; did you mean 'outline'\?"):
        graph(Task(id="outline"), Task(id="draft", depends_on=("outlin",)))


def test_an_unknown_parent_is_named() -> None:
    with pytest.raises(GraphError, match="unknown parent"):
        graph(Task(id="a", parent="p"))


def test_a_cycle_is_drawn() -> None:
    with pytest.raises(GraphError, match="'b' -> 'c' -> 'b'|'c' -> 'b' -> 'c'"):
        graph(Task(id="a"), Task(id="b", depends_on=("c",)), Task(id="c", depends_on=("b",)))


@pytest.mark.parametrize(
    "tasks",
    [
        [Task(id="p"), Task(id="c", parent="p", depends_on=("p",))],
        [Task(id="p", depends_on=("c",)), Task(id="c", parent="p")],
        [Task(id="p", parent="q"), Task(id="q", parent="p")],
        [Task(id="p", depends_on=("b",)), Task(id="a", parent="p"), Task(id="b", depends_on=("a",))],
        [Task(id="a", depends_on=("a",))],
    ],
)
def test_a_cycle_through_a_composite_is_found(tasks: list[Task]) -> None:
    with pytest.raises(GraphError, match="wait for each other"):
        graph(*tasks)


def test_an_input_from_a_task_implies_the_dependency() -> None:
    made = graph(Task(id="a"), Task(id="b", inputs={"x": {"task": "a", "output": ""}}))
    assert made["b"].needs == ("a",)
    assert [t.id for t in made.ready([])] == ["a"]
    assert [t.id for t in made.ready(["a"])] == ["b"]


def test_depending_on_a_composite_means_on_all_its_leaves() -> None:
    made = graph(Task(id="p"), Task(id="a", parent="p"), Task(id="b", parent="p"), Task(id="z", depends_on=("p",)))
    assert made.leaves_of("p") == ("a", "b")
    assert [t.id for t in made.ready(["a"])] == ["b"]
    assert [t.id for t in made.ready(["a", "b"])] == ["z"]
    assert [t.id for t in made.leaves] == ["a", "b", "z"]


def test_what_a_composite_waits_for_its_children_wait_for() -> None:
    made = graph(Task(id="a"), Task(id="p", depends_on=("a",)), Task(id="c", parent="p"))
    assert [t.id for t in made.ready([])] == ["a"]
    assert made.waits_for("c") == ("a",)


def test_depth_is_nesting_not_path_length() -> None:
    chain = graph(*[Task(id=f"t{n}", depends_on=(f"t{n - 1}",) if n else ()) for n in range(50)])
    assert set(chain.depths.values()) == {1}
    nested = graph(Task(id="a"), Task(id="b", parent="a"), Task(id="c", parent="b"))
    assert nested.depths == {"a": 1, "b": 2, "c": 3}


def test_a_patch_adds_replaces_and_drops() -> None:
    before = graph(Task(id="a"), Task(id="b", depends_on=("a",)), Task(id="c"))
    patch = GraphPatch(add=[Task(id="d", depends_on=["b"])], replace=[Task(id="b", description="new")], drop=["c"])
    after = before.apply(patch)
    assert [t.id for t in after.tasks] == ["a", "b", "d"]
    assert after["b"].description == "new"
    assert [t.id for t in before.tasks] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (GraphPatch(drop=("a",)), "unknown task 'a'"),
        (GraphPatch(drop=("x",)), "drop unknown"),
        (GraphPatch(replace=(Task(id="x"),)), "replace unknown"),
        (GraphPatch(add=(Task(id="a"),)), "used twice"),
        (GraphPatch(replace=(Task(id="a", depends_on=("b",)),)), "wait for each other"),
    ],
)
def test_a_patch_that_breaks_the_graph_is_refused_whole(patch: GraphPatch, message: str) -> None:
    before = graph(Task(id="a"), Task(id="b", depends_on=("a",)))
    with pytest.raises(GraphError, match=message):
        before.apply(patch)
    assert [t.id for t in before.tasks] == ["a", "b"]


@st.composite
def task_lists(draw: st.DrawFn) -> list[Task]:
    """Any tasks at all: forward and backward references, parents, cycles."""
    count = draw(st.integers(1, 8))
    ids = [f"t{n}" for n in range(count)]
    return [
        Task(
            id=name,
            depends_on=tuple(draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))),
            parent=draw(st.none() | st.sampled_from(ids)),
        )
        for name in ids
    ]


@given(task_lists())
def test_a_graph_that_builds_can_be_done_to_the_end(tasks: list[Task]) -> None:
    try:
        made = graph(*tasks)
    except GraphError:
        return
    done: list[str] = []
    while ready := made.ready(done):
        done += [t.id for t in ready]
    assert sorted(done) == sorted(t.id for t in made.leaves)
    place = {name: n for n, name in enumerate(made.order)}
    assert set(place) == set(made.by_id)
    assert all(place[need] < place[t.id] for t in made.tasks for need in t.needs if need not in made.children)


@given(task_lists())
def test_a_cycle_is_refused_exactly_when_nothing_could_finish(tasks: list[Task]) -> None:
    finished = _finishes(tasks)
    try:
        graph(*tasks)
    except GraphError:
        assert not finished
    else:
        assert finished


def _finishes(tasks: list[Task]) -> bool:
    """An independent reading of the rules, by simulation: open composites, end leaves, end composites."""
    by_id = {t.id: t for t in tasks}
    children = {t.id: [c.id for c in tasks if c.parent == t.id] for t in tasks}
    opened: set[str] = set()
    ended: set[str] = set()
    changed = True
    while changed:
        changed = False
        for task in tasks:
            up = by_id[task.id].parent
            if task.id not in opened and (up is None or up in opened) and all(n in ended for n in task.needs):
                opened.add(task.id)
                changed = True
            if task.id in opened and task.id not in ended and all(c in ended for c in children[task.id]):
                ended.add(task.id)
                changed = True
    return len(ended) == len(tasks)
