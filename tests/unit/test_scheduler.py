"""The scheduler held against a simulation that is too simple to be wrong: order, limits, failures, changes, cost."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import Artifact, GraphError, GraphPatch, Label, Task, TaskGraph, TaskResult, TaskState, Trust
from genesis_core._scheduler import Scheduler, composite_result

DONE, FAILED, SKIPPED = TaskState.COMPLETED, TaskState.FAILED, TaskState.SKIPPED
AGENTS = ("a", "b", "c")


def result(task_id: str, state: TaskState = DONE, **fields: Any) -> TaskResult:
    return TaskResult(task_id=task_id, state=state, **fields)


def scheduler(graph: TaskGraph, *, parallel: int = 99, limits: Mapping[str, int] | None = None) -> Scheduler:
    agents = {t.id: t.agent or "" for t in graph.leaves}
    return Scheduler(graph, agents=agents, max_parallel=parallel, max_per_agent=limits or {})


def chain(*ids: str) -> TaskGraph:
    before = (None, *ids)
    return TaskGraph(tasks=tuple(Task(id=i, depends_on=(b,) if b else ()) for i, b in zip(ids, before, strict=False)))


# -- the simulation ---------------------------------------------------------------------------------------------------


def needed(graph: TaskGraph, leaf: str) -> set[str]:
    """The leaves that *leaf* waits for: its needs and those of all that enclose it, each down to its leaves."""
    found: set[str] = set()
    name: str | None = leaf
    while name is not None:
        for need in graph[name].needs:
            found |= {t.id for t in graph.leaves if need in enclosing(graph, t.id)}
        name = graph[name].parent
    return found


def enclosing(graph: TaskGraph, name: str | None) -> list[str]:
    found = []
    while name is not None:
        found.append(name)
        name = graph[name].parent
    return found


def expected(graph: TaskGraph, fails: set[str]) -> dict[str, TaskState]:
    """What becomes of every leaf, found by looking again until nothing changes."""
    waits = {t.id: needed(graph, t.id) for t in graph.leaves}
    states: dict[str, TaskState] = {}
    while len(states) < len(waits):
        for name, needs in waits.items():
            if name not in states and needs <= states.keys():
                whole = all(states[n] is DONE for n in needs)
                states[name] = (FAILED if name in fails else DONE) if whole else SKIPPED
    return states


class Drive:
    """Runs a scheduler as a driver would, in a random order of endings, and looks at every step."""

    def __init__(self, graph: TaskGraph, fails: set[str], seed: int, *, parallel: int, limits: Mapping[str, int]):
        self.scheduler = scheduler(graph, parallel=parallel, limits=limits)
        self.fails, self.random, self.parallel, self.limits = fails, random.Random(seed), parallel, limits
        self.ended: dict[str, TaskState] = {}

    def run(self, between: Callable[[], None] = lambda: None) -> dict[str, TaskState]:
        while True:
            self.start()
            between()
            if not self.scheduler.working:
                break
            self.end(self.random.choice(sorted(self.scheduler.working)))
        assert not self.scheduler.take_ready()
        return self.ended

    def start(self) -> None:
        more = True
        while more:
            before = dict(self.scheduler.working)
            taken = [t.id for t in self.scheduler.take_ready()]
            self.look_at_start(taken, before)
            skips = dict(self.scheduler.take_skipped())
            for name, cause in skips.items():
                assert cause in self.scheduler.graph[name].needs or any(
                    cause in self.scheduler.graph[p].needs for p in enclosing(self.scheduler.graph, name))
                self.finish(name, SKIPPED)
            more = bool(skips)

    def look_at_start(self, taken: Sequence[str], before: Mapping[str, str]) -> None:
        graph, working = self.scheduler.graph, self.scheduler.working
        startable = [t.id for t in graph.leaves if t.id not in self.ended and t.id not in before
                     and all(self.ended.get(n) is DONE for n in needed(graph, t.id))]
        assert set(taken) <= set(startable), "it started before what it needs was done"
        load = Counter(working.values())
        assert len(working) <= self.parallel
        assert all(load[agent] <= limit for agent, limit in self.limits.items())
        for name in startable:
            agent = graph[name].agent or ""
            full = len(working) >= self.parallel or load[agent] >= self.limits.get(agent, self.parallel)
            assert name in taken or full, "a task waits although it could start"
        order = [t.id for t in graph.tasks]
        assert list(taken) == sorted(taken, key=order.index)

    def end(self, name: str) -> None:
        self.finish(name, FAILED if name in self.fails else DONE)

    def finish(self, name: str, state: TaskState) -> None:
        assert name not in self.ended, "it ended twice"
        self.ended[name] = state
        self.scheduler.finish(result(name, state))


# -- random graphs ----------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn, most: int = 12) -> TaskGraph:
    """Graphs of leaves and composites, nested up to three deep, with dependencies on both."""
    tasks: list[Task] = []
    depth: dict[str, int] = {}
    for number in range(draw(st.integers(1, most))):
        earlier = [t.id for t in tasks]
        parents = [None, *[p for p in earlier if depth[p] < 3 and draw(st.booleans())]]
        parent = draw(st.sampled_from(parents))
        depth[f"t{number}"] = 1 if parent is None else depth[parent] + 1
        others = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
        task = Task(id=f"t{number}", parent=parent, depends_on=tuple(others), agent=draw(st.sampled_from(AGENTS)))
        try:
            TaskGraph(tasks=(*tasks, task))
        except GraphError:
            task = task.replace(depends_on=())
        tasks.append(task)
    return _valid(tasks)


def _valid(tasks: Iterable[Task]) -> TaskGraph:
    """Return the graph; where a dependency made a cycle through a composite, without any."""
    try:
        return TaskGraph(tasks=tuple(tasks))
    except GraphError:
        return TaskGraph(tasks=tuple(t.replace(depends_on=()) for t in tasks))


LIMITS = st.dictionaries(st.sampled_from(AGENTS), st.integers(1, 3), max_size=3)
FAILS = st.sets(st.integers(0, 20).map("t{}".format), max_size=4)


@given(graphs(), FAILS, st.integers(0, 10**6), st.integers(1, 5), LIMITS)
@settings(max_examples=300, deadline=None)
def test_every_leaf_ends_once_in_order_within_the_limits(
    graph: TaskGraph, fails: set[str], seed: int, parallel: int, limits: dict[str, int]
) -> None:
    drive = Drive(graph, fails, seed, parallel=parallel, limits=limits)
    assert drive.run() == expected(graph, fails)
    states = {name: r.state for name, r in drive.scheduler.results.items()}
    assert states.keys() == set(graph.by_id)
    for composite in graph.children:
        whole = all(drive.ended[leaf] is DONE for leaf in graph.leaves_of(composite))
        assert (states[composite] is DONE) == whole


@st.composite
def patches(draw: st.DrawFn) -> Callable[[TaskGraph, set[str]], GraphPatch]:
    """Changes to be made of a graph when the time comes; they leave alone what has begun."""
    seed = draw(st.integers(0, 10**6))

    def make(graph: TaskGraph, begun: set[str]) -> GraphPatch:
        chance = random.Random(seed)
        free = [t for t in graph.leaves if t.id not in begun]
        parents = [None, *[c for c in graph.children if graph.depths[c] < 3], *[t.id for t in free[:1]]]
        names = [t.id for t in graph.tasks]
        count = len(names)
        new = [Task(id=f"n{count}x{n}", agent=chance.choice(AGENTS), parent=chance.choice(parents),
                    depends_on=tuple(chance.sample(names, min(2, len(names))))) for n in range(chance.randint(0, 3))]
        changed = [t.replace(depends_on=tuple(chance.sample(names, 1))) for t in free if chance.random() < 0.3]
        dropped = [t.id for t in free if chance.random() < 0.2 and t not in changed]
        return GraphPatch(add=new, replace=changed, drop=dropped)

    return make


@given(graphs(), FAILS, st.integers(0, 10**6), st.integers(1, 4), LIMITS, st.lists(patches(), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_change_in_the_middle_of_a_run_is_as_if_it_had_always_been_so(
    graph: TaskGraph, fails: set[str], seed: int, parallel: int, limits: dict[str, int], changes: list[Any]
) -> None:
    drive = Drive(graph, fails, seed, parallel=parallel, limits=limits)

    def change() -> None:
        if not changes or drive.random.random() < 0.5:
            return
        begun = {*drive.ended, *drive.scheduler.working}
        try:
            after = drive.scheduler.graph.apply(changes.pop()(drive.scheduler.graph, begun))
        except GraphError:
            return
        drive.scheduler.replace_graph(after, {t.id: t.agent or "" for t in after.leaves})
        assert drive.scheduler.graph is after
        drive.start()

    drive.run(change)
    final = drive.scheduler.graph
    kept = {name: state for name, state in drive.ended.items() if name in final}
    assert kept.keys() == {t.id for t in final.leaves}
    for name, state in kept.items():
        if state is not SKIPPED:
            assert state is (FAILED if name in fails else DONE)
    assert {name for name in drive.scheduler.results} == set(final.by_id)


@given(graphs(), FAILS, st.integers(0, 10**6), st.data())
@settings(max_examples=150, deadline=None)
def test_what_ended_before_does_not_start_again(
    graph: TaskGraph, fails: set[str], seed: int, data: st.DataObject
) -> None:
    whole = Drive(graph, fails, seed, parallel=3, limits={})
    whole.run()
    order = list(whole.ended)
    cut = data.draw(st.integers(0, len(order)))
    kept = {name: result(name, whole.ended[name]) for name in order[:cut]}
    again = Scheduler(graph, agents={t.id: t.agent or "" for t in graph.leaves}, max_parallel=3, max_per_agent={},
                      results=kept)
    rest = Drive(graph, fails, seed, parallel=3, limits={})
    rest.scheduler, rest.ended = again, {name: r.state for name, r in kept.items()}
    assert rest.run() == expected(graph, fails)


# -- single cases -----------------------------------------------------------------------------------------------------


def test_ties_break_by_declaration_order() -> None:
    graph = TaskGraph(tasks=tuple(Task(id=i) for i in "dacb"))
    assert [t.id for t in scheduler(graph, parallel=3).take_ready()] == ["d", "a", "c"]


def test_a_released_task_has_its_place_given_away_and_no_result() -> None:
    made = scheduler(TaskGraph(tasks=(Task(id="x", agent="a"), Task(id="y", agent="a"))), limits={"a": 1})
    assert [t.id for t in made.take_ready()] == ["x"]
    made.release("x")
    assert [t.id for t in made.take_ready()] == ["y"]
    assert made.results == {}
    made.release("nobody")
    made.finish(result("y"))
    assert not made.working
    assert not made.take_ready()


def test_a_second_result_of_a_task_changes_nothing() -> None:
    made = scheduler(chain("a", "b"))
    made.take_ready()
    made.finish(result("a", output=1))
    made.finish(result("a", FAILED))
    assert made.results["a"].output == 1
    assert made.take_skipped() == []
    assert [t.id for t in made.take_ready()] == ["b"]


def test_what_follows_a_skipped_task_is_skipped_because_of_it() -> None:
    made = scheduler(chain("a", "b", "c"))
    made.take_ready()
    made.finish(result("a", FAILED))
    assert made.take_skipped() == [("b", "a")]
    assert made.take_skipped() == []
    made.finish(result("b", SKIPPED))
    assert made.take_skipped() == [("c", "b")]


def test_a_task_that_is_skipped_for_two_reasons_is_told_of_once() -> None:
    made = scheduler(TaskGraph(tasks=(
        Task(id="a"), Task(id="y", depends_on=("a",)), Task(id="p", depends_on=("a",)),
        Task(id="x", parent="p", depends_on=("y",)),
    )))
    made.take_ready()
    made.finish(result("a", FAILED))
    assert made.take_skipped() == [("y", "a"), ("x", "a")]
    made.finish(result("y", SKIPPED))
    assert made.take_skipped() == []


def test_a_dropped_task_is_not_skipped_any_more() -> None:
    graph = chain("a", "b", "c")
    made = scheduler(graph)
    made.take_ready()
    made.finish(result("a", FAILED))
    made.replace_graph(graph.apply(GraphPatch(drop=("c",), replace=(Task(id="b"),))), {})
    assert made.take_skipped() == []
    assert [t.id for t in made.take_ready()] == ["b"]


def test_a_composite_that_gains_a_child_has_no_result_until_that_ends() -> None:
    graph = TaskGraph(tasks=(Task(id="p"), Task(id="x", parent="p"), Task(id="end", depends_on=("p",))))
    made = scheduler(graph)
    made.take_ready()
    made.finish(result("x", output=1))
    assert made.results["p"].output == {"x": 1}
    made.replace_graph(graph.apply(GraphPatch(add=(Task(id="y", parent="p"),))), {})
    assert "p" not in made.results
    assert [t.id for t in made.take_ready()] == ["y"]
    made.finish(result("y", output=2))
    assert made.results["p"].output == {"x": 1, "y": 2}
    assert [t.id for t in made.take_ready()] == ["end"]


def test_new_agents_and_their_limits_hold_after_a_change() -> None:
    graph = TaskGraph(tasks=(Task(id="x", agent="a"), Task(id="y", agent="b"), Task(id="z", agent="b")))
    made = scheduler(graph, limits={"a": 1})
    assert [t.id for t in made.take_ready()] == ["x", "y", "z"]
    made.release("y")
    made.release("z")
    made.replace_graph(graph, {"x": "a", "y": "a", "z": "b"})
    assert [t.id for t in made.take_ready()] == ["z"], "y is the busy agent's now"
    made.finish(result("x"))
    assert [t.id for t in made.take_ready()] == ["y"]


def test_a_composites_result_holds_outputs_artefacts_and_the_join_of_labels() -> None:
    graph = TaskGraph(tasks=(Task(id="p"), Task(id="x", parent="p"), Task(id="y", parent="p")))
    note = Artifact(name="n", sha256="0" * 64, size=1)
    low = Label(Trust.UNTRUSTED, sources=frozenset({"f"}))
    results = {"x": result("x", output=1, artifacts=(note,)), "y": result("y", output=[2], label=low)}
    made = composite_result(graph, "p", results)
    assert (made.state, made.output, made.artifacts, made.error) == (DONE, {"x": 1, "y": [2]}, (note,), None)
    assert made.label == low


@pytest.mark.parametrize(("one", "two"), [(FAILED, SKIPPED), (SKIPPED, FAILED), (DONE, TaskState.BLOCKED)])
def test_a_composite_ends_as_its_first_child_that_did_not_complete(one: TaskState, two: TaskState) -> None:
    graph = TaskGraph(tasks=(Task(id="p"), Task(id="x", parent="p"), Task(id="y", parent="p")))
    made = composite_result(graph, "p", {"x": result("x", one), "y": result("y", two)})
    assert made.state is (two if one is DONE else one)


# -- cost -------------------------------------------------------------------------------------------------------------


def shapes(n: int) -> dict[str, TaskGraph]:
    """Graphs of about *n* tasks and at most 3 n edges."""
    leaf, many = Task(id="x0"), [Task(id=f"t{k}") for k in range(n)]
    inside = [Task(id=f"i{k}", parent="p") for k in range(n)]
    return {
        "chain": chain(*(f"t{k}" for k in range(n))),
        "star": TaskGraph(tasks=(leaf, *[t.replace(depends_on=("x0",)) for t in many],
                                 Task(id="last", depends_on=tuple(t.id for t in many)))),
        "layers": TaskGraph(tasks=tuple(Task(id=f"t{k}", depends_on=tuple(
            f"t{k - 20 + d}" for d in range(3)) if k >= 20 else ()) for k in range(n))),
        "composite": TaskGraph(tasks=(Task(id="p"), *inside, *[t.replace(depends_on=("p",)) for t in many])),
        "gate": TaskGraph(tasks=(*many, Task(id="p", depends_on=tuple(t.id for t in many)), *inside)),
        "one agent": TaskGraph(tasks=tuple(t.replace(agent="a") for t in many)),
    }


def lines_run(work: Callable[[], object]) -> int:
    """Count the lines that *work* runs in the scheduler and in the graph: operations, not time."""
    count = 0

    def look(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.endswith(("_scheduler.py", "tasks.py")):
            return None
        count += 1
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def drain(graph: TaskGraph, state: TaskState) -> None:
    made = scheduler(graph, parallel=8, limits={"a": 2})
    while True:
        tasks = made.take_ready()
        skips = dict(made.take_skipped())
        for name in skips:
            made.finish(result(name, SKIPPED))
        if not made.working and not skips:
            return
        for task in tasks:
            made.finish(result(task.id, state))


@pytest.mark.parametrize("state", [DONE, FAILED])
@pytest.mark.parametrize("shape", sorted(shapes(2)))
def test_the_cost_of_a_task_does_not_grow_with_their_number(shape: str, state: TaskState) -> None:
    few, many = (lines_run(lambda n=n: drain(shapes(n)[shape], state)) for n in (100, 800))
    assert many <= 8 * few * 1.15, f"{many / few:.1f} times the steps for 8 times the tasks"


def test_a_change_costs_one_pass_over_the_graph() -> None:
    def change(n: int) -> int:
        graph = shapes(n)["layers"]
        made = scheduler(graph)
        made.take_ready()
        after = graph.apply(GraphPatch(add=(Task(id="new"),)))
        return lines_run(lambda: made.replace_graph(after, {}))

    assert change(800) <= 8 * change(100) * 1.15
