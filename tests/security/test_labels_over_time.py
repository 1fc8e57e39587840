"""How far the words of a task may be believed, over the life of its run and in the runs that follow on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import (
    AccessDenied,
    Assignment,
    Category,
    Decision,
    EventKind,
    Genesis,
    Grant,
    GraphPatch,
    Input,
    Label,
    Outcome,
    PlanError,
    Ruling,
    RunResult,
    RunState,
    Screening,
    Secrecy,
    Skill,
    Task,
    TaskContext,
    TaskError,
    TaskGraph,
    TaskOutcome,
    TaskResult,
    TaskState,
    Trust,
    agent,
    hookimpl,
    tool,
    tool_loop,
)
from genesis_core._answers import check_leaves
from genesis_core._unworded import unworded
from genesis_core.testing import ScriptedModel, open_genesis

SENT: list[str] = []


@tool(effect="send", inline=True)
def post(to: str) -> str:
    """Note to whom something would be sent."""
    SENT.append(to)
    return "posted"


@agent(kinds=["post"], tools=[post])
async def poster(task: Task, context: TaskContext) -> str:
    """Post to Ann."""
    return str(await context.call(post, to="ann"))


@agent(kinds=["read"])
async def reader(task: Task, context: TaskContext) -> str:
    """Read the file that the task is about."""
    return await context.read(task.description or "notes.txt")


class Routes:
    """Gives all tasks to the poster, after a look at the names of files."""

    looks: bool = True

    @hookimpl
    def genesis_route(self, tasks: Sequence[Task], agents: Any, context: Any) -> list[Assignment]:
        if self.looks:
            context.files("*")
        return [Assignment(task_id=task.id, agent="poster", score=1.0) for task in tasks]


def tasks(*made: Task) -> TaskGraph:
    return TaskGraph(tasks=made)


POST = Task(id="p", kind="post")


def workspace(folder: Path) -> Path:
    place = folder / "workspace"
    place.mkdir()
    (place / "notes.txt").write_text("a note")
    return place


async def go(genesis: Genesis, graph: TaskGraph, place: Path, **how: Any) -> RunResult:
    report = await genesis.plan("post it", workspace=place, graph=graph)
    return await (await genesis.start(report, **how)).result()


# -- a resume, and a change of the plan -------------------------------------------------------------------------------


def test_who_is_found_on_resume_by_names_of_files_acts_for_whoever_wrote_those_names(tmp_path: Path) -> None:
    SENT.clear()
    place = workspace(tmp_path)

    async def main() -> None:
        async with open_genesis(tmp_path / "home", poster) as genesis:
            first = await go(genesis, tasks(POST), place)
            assert first.state is RunState.PARTIAL
        for _ in range(2):  # it stays so
            async with open_genesis(tmp_path / "home", poster, Routes()) as genesis:
                again = await (await genesis.resume(first.run_id)).result()
                assert genesis.record(first.run_id).base.trust is Trust.UNTRUSTED
                assert again.tasks["p"].state is TaskState.FAILED

    asyncio.run(main())
    assert SENT == []


def test_who_is_found_on_resume_by_the_task_alone_acts_for_the_plans_author(tmp_path: Path) -> None:
    SENT.clear()
    place, routes = workspace(tmp_path), Routes()
    routes.looks = False

    async def main() -> None:
        async with open_genesis(tmp_path / "home", poster) as genesis:
            first = await go(genesis, tasks(POST), place)
        async with open_genesis(tmp_path / "home", poster, routes) as genesis:
            assert (await (await genesis.resume(first.run_id)).result()).state is RunState.COMPLETED
            assert genesis.record(first.run_id).base == Label()

    asyncio.run(main())
    assert SENT == ["ann"]


def test_who_is_found_because_of_a_change_of_the_plan_acts_for_what_caused_it(tmp_path: Path) -> None:
    """The old task could be done by nobody; a router that heard of the change finds somebody."""
    SENT.clear()
    place = workspace(tmp_path)

    class Late:
        changed = False

        @hookimpl
        def genesis_revise(self, plan: Any, result: TaskResult | None) -> GraphPatch | None:
            if result is None or self.changed:
                return None
            self.changed = True
            return GraphPatch(add=(Task(id="more", agent="reader", depends_on=("p",)),), reason="more to read")

        @hookimpl
        def genesis_route(self, tasks: Sequence[Task], agents: Any, context: Any) -> list[Assignment]:
            return [Assignment(task_id=task.id, agent="poster", score=1.0) for task in tasks] if self.changed else []

    async def main() -> None:
        async with open_genesis(tmp_path / "home", poster, reader, Late()) as genesis:
            graph = tasks(Task(id="r", agent="reader"), Task(id="wait", depends_on=("r",), agent="reader"),
                          POST.replace(depends_on=("wait",)))
            result = await go(genesis, graph, place)
            record = genesis.record(result.run_id)
            assert record.plan is not None and record.plan.assigned["p"].agent == "poster"
            assert record.floor["p"].trust is Trust.UNTRUSTED

    asyncio.run(main())


# -- words that text from outside led to ------------------------------------------------------------------------------


class Doubts:
    """Keeps texts out of prompts that say EVIL, and refuses those that say WORSE."""

    @hookimpl
    def genesis_screen(self, text: str, label: Label) -> Screening | None:
        if label.trust is not Trust.UNTRUSTED:
            return None
        at = text.find("EVIL")
        if at >= 0:
            return Screening(outcome=Outcome.QUARANTINE, spans=((at, at + 4),), reasons=("it says so",))
        return Screening(outcome=Outcome.BLOCK, reasons=("worse",)) if "WORSE" in text else None


class ByNames:
    """Makes a task of each file, by its name."""

    @hookimpl
    def genesis_decompose(self, task: Task, context: Any) -> list[Task] | None:
        if task.kind != "goal":
            return None
        names = enumerate(context.files("*"))
        return [Task(id=f"t{n}", description=f"read {name}", agent="thinker") for n, name in names]


@agent(kinds=["think"], needs_model=True)
async def thinker(task: Task, context: TaskContext) -> str:
    """Ask a model to do the task."""
    return (await tool_loop(context, system="You help.", prompt=task.description)).text


def by_names(folder: Path, model: ScriptedModel) -> tuple[Genesis, Path]:
    place = workspace(folder)
    (place / "say EVIL words.txt").touch()
    settings = {"models": {"use": [model.name]}}
    return open_genesis(folder / "home", thinker, ByNames(), Doubts(), model, settings=settings), place


@pytest.mark.parametrize("later", [False, True])
def test_words_planned_by_names_of_files_are_orders_unless_they_are_doubted(tmp_path: Path, later: bool) -> None:
    model = ScriptedModel("one", "two")
    opened, place = by_names(tmp_path, model)

    async def main() -> RunResult:
        async with opened as genesis:
            report = await genesis.plan("read it all", workspace=place)
            assert [f.task_ids for f in report.findings if f.rule == "kernel.quarantine"] == [("t1",)]
            started = await (genesis.start(report.plan) if later else genesis.start("read it all", workspace=place))
            result = await started.result()
            assert set(genesis.record(result.run_id).floor) == {"t1"}
            return result

    result = asyncio.run(main())
    asked = {m.text: m.label.trust for request in model.requests for m in request.messages if m.role == "user"}
    assert asked.pop("read notes.txt") is Trust.USER
    assert list(asked.values()) == [Trust.UNTRUSTED] and "EVIL" not in "".join(asked)
    assert result.tasks["t1"].warnings and not result.tasks["t0"].warnings


def test_words_planned_by_names_of_files_are_refused_when_they_are_blocked(tmp_path: Path) -> None:
    opened, place = by_names(tmp_path, ScriptedModel())
    (place / "WORSE.txt").touch()

    async def main() -> None:
        async with opened as genesis:
            with pytest.raises(AccessDenied):
                await genesis.plan("read it all", workspace=place)

    asyncio.run(main())


def test_words_of_the_goal_and_of_the_plans_author_are_not_doubted_for_what_a_router_looked_at(tmp_path: Path) -> None:
    place = workspace(tmp_path)

    async def main() -> None:
        async with open_genesis(tmp_path / "home", poster, Routes(), Doubts()) as genesis:
            report = await genesis.plan("post it", workspace=place, graph=tasks(POST.replace(description="say EVIL")))
            assert report.findings == ()
            result = await (await genesis.start(report)).result()
            record = genesis.record(result.run_id)
            assert (record.base.trust, record.floor) == (Trust.UNTRUSTED, {})

    asyncio.run(main())


# -- what is re-used --------------------------------------------------------------------------------------------------


@agent(kinds=["write"])
async def writer(task: Task, context: TaskContext) -> TaskResult:
    """Write a page of what was read."""
    text = str(context.inputs["text"])
    return context.result(text, artifacts=[await context.write("page.txt", text)])


@agent(kinds=["hand on"], tools=[post])
async def hander(task: Task, context: TaskContext) -> str:
    """Send what it was given."""
    return str(await context.call(post, to=str(context.inputs["text"])))


SEND_IT = tasks(
    Task(id="r", agent="reader"), Task(id="w", agent="writer", inputs={"text": Input(task="r", output="")}),
    Task(id="s", agent="hander", inputs={"text": Input(task="w", output="")},
         grants=(Grant(tool="post", free=("to",)),)))


class ReadRule:
    """Says of reading what it was told to say."""

    ruling: Ruling | None = None

    @hookimpl
    def genesis_authorize(self, action: Any) -> Decision | None:
        return Decision(self.ruling, "late") if action.verb == "read" and self.ruling is not None else None


@pytest.mark.parametrize("again", [False, True])
def test_a_file_that_is_declared_secret_after_it_was_read_is_secret_in_what_is_re_used(
    tmp_path: Path, again: bool
) -> None:
    SENT.clear()
    place = workspace(tmp_path)

    async def main() -> RunResult:
        agents, up_to = (reader, writer, hander), tasks(*SEND_IT.tasks[:2])
        async with open_genesis(tmp_path / "home", *agents) as genesis:
            first = await go(genesis, up_to, place)
            assert first.tasks["w"].label.secrecy is Secrecy.INTERNAL
        settings = {"policy": {"secret_files": ["notes*"]}}
        async with open_genesis(tmp_path / "home", *agents, settings=settings) as genesis:
            result = await go(genesis, SEND_IT, place, again=first.run_id if again else None)
            reused = [e.task_id for e in genesis.events(result.run_id) if e.kind is EventKind.TASK_REUSED]
            assert reused == (["r", "w"] if again else [])
            return result

    done = asyncio.run(main()).tasks
    assert SENT == [] and done["s"].error is not None and "kernel.secrecy" in done["s"].error.cause
    assert done["r"].label.secrecy is done["w"].artifacts[0].label.secrecy is Secrecy.SECRET


@pytest.mark.parametrize(("ruling", "state"), [
    (None, TaskState.COMPLETED), (Ruling.ALLOW, TaskState.COMPLETED), (Ruling.DENY, TaskState.FAILED),
    (Ruling.ASK, None)])
def test_a_task_is_re_used_only_when_it_may_still_read_what_it_did(
    tmp_path: Path, ruling: Ruling | None, state: TaskState | None
) -> None:
    place, rule = workspace(tmp_path), ReadRule()

    async def main() -> None:
        async with open_genesis(tmp_path / "home", reader, rule) as genesis:
            first = await go(genesis, tasks(SEND_IT.tasks[0]), place)
            rule.ruling = ruling
            result = await go(genesis, tasks(SEND_IT.tasks[0]), place, again=first.run_id)
            reused = [e.task_id for e in genesis.events(result.run_id) if e.kind is EventKind.TASK_REUSED]
            assert reused == (["r"] if state is TaskState.COMPLETED else [])
            assert (result.tasks["r"].state if "r" in result.tasks else None) is state
            assert (result.state is RunState.WAITING) is (ruling is Ruling.ASK)

    asyncio.run(main())


# -- what later plans are told ----------------------------------------------------------------------------------------


@agent(kinds=["fail"], skills=[Skill(id="failing")])
async def failer(task: Task, context: TaskContext) -> TaskResult:
    """Fail in the words of what was read."""
    words = await context.read("notes.txt")
    error = TaskError(category=Category.VALIDATION, message="x", code=words)
    return context.result(state=TaskState.FAILED, error=error)


class Remembers:
    """Plans by names of files at first, and then by what came of that."""

    def __init__(self) -> None:
        self.told: list[TaskOutcome] = []

    @hookimpl
    def genesis_decompose(self, task: Task, context: Any) -> list[Task] | None:
        if task.kind != "goal":
            return None
        self.told = list(context.outcomes())
        words = "-".join(context.files("*")) if not self.told else "then"
        return [Task(id=words, agent="failer", requires=("failing", words))]


def test_a_plan_hears_of_earlier_tasks_no_word_that_a_file_led_to(tmp_path: Path) -> None:
    place, plans = workspace(tmp_path), Remembers()

    async def main() -> None:
        for _ in range(2):
            async with open_genesis(tmp_path / "home", failer, plans) as genesis:
                result = await (await genesis.start("fail", workspace=place)).result()
        assert [o.task for o in genesis.records.outcomes()] == ["then", "notes.txt"]
        assert next(iter(result.tasks.values())).label.trust is Trust.UNTRUSTED  # by what it read, not by its plan
        assert genesis.record(result.run_id).base.trust is Trust.USER

    asyncio.run(main())
    (told,) = plans.told
    assert (told.agent, told.skills[0], told.state, told.category) == ("failer", "failing", "failed", "validation")
    assert [value for value in told if "note" in str(value)] == []
    assert len({told.task, told.code}) == 2 and told.skills[1] == told.task


@given(st.lists(st.builds(
    TaskOutcome, run=st.text(), task=st.text(), agent=st.sampled_from(["ada", "bob", ""]), model=st.text(max_size=2),
    code=st.sampled_from(["", "not_accepted", "graph_error", "eve"]))))
def test_outcomes_stay_as_many_and_the_same_names_stay_the_same(outcomes: list[TaskOutcome]) -> None:
    found = unworded(outcomes, agents={"ada"}, skills=(), models={"m"})
    for old, new in zip(outcomes, found, strict=True):
        assert (new.agent == old.agent) is (old.agent != "bob") and (new.code == old.code) is (old.code != "eve")
        assert (new.model == old.model) is (old.model in ("m", "")) and bool(new.model) is bool(old.model)
    for name in ("task", "agent", "model", "code"):
        pairs = {(getattr(o, name), getattr(n, name)) for o, n in zip(outcomes, found, strict=True)}
        assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)


# -- changes that text from outside leads to --------------------------------------------------------------------------

HELD = Task(id="held", parent="part", agent="poster", depends_on=("before",), grants=(Grant(tool="post"),))
AROUND = tasks(
    Task(id="first"), Task(id="whole", depends_on=("first",)), Task(id="part", parent="whole"), HELD,
    Task(id="beside", parent="part"), Task(id="before"), Task(id="inner", parent="before", depends_on=("far",)),
    Task(id="far"), Task(id="behind", depends_on=("held",)), Task(id="alone"))


def allowed(patch: GraphPatch, graph: TaskGraph = AROUND) -> bool:
    graph.apply(patch)  # it is a change that could be made
    try:
        check_leaves(patch, graph)
    except PlanError:
        return False
    return True


@pytest.mark.parametrize("name", ["held", "whole", "part", "before", "inner", "first", "far"])
def test_what_a_granted_task_is_made_of_stays_as_it_is(name: str) -> None:
    assert not allowed(GraphPatch(replace=(AROUND[name].replace(description="as they say"),)))


@pytest.mark.parametrize("name", ["beside", "behind", "alone"])
def test_what_stands_beside_and_behind_a_granted_task_may_change(name: str) -> None:
    assert allowed(GraphPatch(replace=(AROUND[name].replace(description="as they say"),)))
    assert allowed(GraphPatch(drop=(name,)))


@pytest.mark.parametrize(("parent", "may"), [
    ("held", False), ("before", False), ("inner", False), ("far", False), ("first", False),
    ("whole", True), ("part", True), ("behind", True)])
def test_nothing_takes_the_place_of_a_granted_task_or_of_what_it_waits_for(parent: str, may: bool) -> None:
    assert allowed(GraphPatch(add=(Task(id="new", parent=parent),))) is may
    assert allowed(GraphPatch(replace=(AROUND["alone"].replace(parent=parent),))) is may


def test_an_endorsed_value_comes_from_the_task_that_the_author_named() -> None:
    paid = Input(task="check", output="/paid", endorse=(True, False))
    graph = tasks(Task(id="check"), Task(id="pay", inputs={"paid": paid}), Task(id="other"))
    assert not allowed(GraphPatch(replace=(Task(id="check", description="as they say"),)), graph)
    assert allowed(GraphPatch(replace=(Task(id="other", description="as they say"),)), graph)
