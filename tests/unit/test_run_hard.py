"""What an agent, a plugin or a moment can do to a run at its worst: the run still ends, and its record stays true."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    AccessDenied,
    Action,
    Artifact,
    Budget,
    BudgetExceeded,
    Decision,
    EventKind,
    GraphPatch,
    JournalError,
    Label,
    RunState,
    Secrecy,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    ToolError,
    Trust,
    hookimpl,
    tool,
)
from genesis_core.testing import FakeAgent, open_genesis, run_graph


def graph(*tasks: Task) -> TaskGraph:
    return TaskGraph(tasks=tasks)


def run(home: Path, made: TaskGraph, *extend: object, **options: Any) -> Any:
    return asyncio.run(run_graph(home, made, *extend, **options))


@tool(inline=True)
def count(text: str = "") -> int:
    """Count characters."""
    return len(text)


@pytest.mark.parametrize("steps", range(30))
@pytest.mark.parametrize("journal", [True, False])
def test_a_run_can_be_cancelled_at_any_step_of_the_loop(tmp_path: Path, steps: int, journal: bool) -> None:
    async def main() -> Any:
        made = graph(*[Task(id=f"t{n}", agent="w", depends_on=(f"t{n - 1}",) if n else ()) for n in range(4)])
        async with open_genesis(tmp_path, FakeAgent("w"), settings={"journal": journal}) as genesis:
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            for _ in range(steps):
                await asyncio.sleep(0)
            await asyncio.wait_for(started.cancel(), 20)
            return await started.result()

    assert asyncio.run(main()).state in (RunState.CANCELED, RunState.COMPLETED)


def test_an_agent_that_awaits_something_cancelled_fails_alone(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> None:
        if task.id == "a":
            inner = asyncio.ensure_future(asyncio.sleep(60))
            inner.cancel()
            await inner

    result = run(tmp_path, graph(Task(id="a", agent="w"), Task(id="b", agent="w")), FakeAgent("w", work=work))
    assert {t: r.state.value for t, r in result.tasks.items()} == {"a": "failed", "b": "completed"}


@pytest.mark.parametrize("error", [JournalError("mine"), BudgetExceeded("mine"), AccessDenied("mine"), SystemExit(3)])
def test_an_error_that_an_agent_raises_itself_is_its_own(tmp_path: Path, error: Any) -> None:
    def work(task: Task, context: TaskContext) -> None:
        if task.id == "a":
            raise error

    result = run(tmp_path, graph(Task(id="a", agent="w"), Task(id="b", agent="w")), FakeAgent("w", work=work))
    assert {t: r.state.value for t, r in result.tasks.items()} == {"a": "failed", "b": "completed"}


@pytest.mark.parametrize("state", [TaskState.WAITING, TaskState.WORKING, TaskState.SKIPPED, TaskState.SUBMITTED])
def test_an_agent_cannot_end_a_task_in_a_state_that_is_not_its_to_say(tmp_path: Path, state: TaskState) -> None:
    agent = FakeAgent("w", work=lambda t, c: TaskResult(task_id=t.id, state=state))
    result = run(tmp_path, graph(Task(id="a", agent="w")), agent)
    assert result.tasks["a"].state is TaskState.FAILED
    assert result.exit_code == 1


class AskFirst:
    @hookimpl
    def genesis_authorize(self, action: Action) -> Decision | None:
        return Decision.ask("ask-first") if action.verb == "call" else None


def test_an_agent_that_swallows_a_refusal_still_waits_for_approval(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> str:
        try:
            await context.call(count)
        except AccessDenied:
            return "done all the same"
        return "approved"

    async def main() -> tuple[Any, Any]:
        async with open_genesis(tmp_path, FakeAgent("w", work=work, tools=[count]), AskFirst()) as genesis:
            made = graph(Task(id="a", agent="w"))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            first = await started.result()
            return first, await (await genesis.resume(started.id, yes=True)).result()

    first, second = asyncio.run(main())
    assert (first.state, first.exit_code) == (RunState.WAITING, 4)
    assert second.output == "approved"


def test_a_budget_counts_the_calls_of_tasks_that_never_ended(tmp_path: Path) -> None:
    calls: list[str] = []

    async def work(task: Task, context: TaskContext) -> None:
        for _ in range(2):
            await context.call(count)
            calls.append(task.id)
        await asyncio.sleep(60)

    async def main() -> list[Any]:
        async with open_genesis(tmp_path, FakeAgent("w", work=work, tools=[count])) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=graph(Task(id="a", agent="w")))
            started = await genesis.start(report, budget=Budget(max_tool_calls=3))
            states = []
            for _ in range(3):
                while len(calls) < 2:
                    await asyncio.sleep(0.001)
                await started.cancel()
                states.append((await started.result()).state)
                started = await genesis.resume(started.id)
                states.append((await started.result()).state)
                break
            return states

    assert asyncio.run(main()) == [RunState.CANCELED, RunState.OUT_OF_BUDGET]
    assert len(calls) == 3


class Revise:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def genesis_revise(self, result: Any) -> Any:
        if result is None:
            return None
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer", [RuntimeError("plugin"), ["no patch"], GraphPatch(add=[Task(id="x", agent="nobody-knows")])],
    ids=["raises", "another kind", "unknown agent"],
)
def test_a_plugin_that_revises_badly_costs_no_result(tmp_path: Path, answer: Any) -> None:
    agent = FakeAgent("w")

    async def main() -> tuple[Any, list[str]]:
        async with open_genesis(tmp_path, agent, Revise(answer)) as genesis:
            made = graph(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",)))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            kinds = [e.kind.value async for e in started]
            return await started.result(), kinds

    result, kinds = asyncio.run(main())
    assert result.state is RunState.COMPLETED
    assert agent.seen == ["a", "b"]
    assert "graph.refused" in kinds


def test_what_a_patch_adds_keeps_the_label_of_its_cause_over_a_resume(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x")
    labels: list[Label] = []

    async def work(task: Task, context: TaskContext) -> None:
        if task.id == "a":
            await context.read("in.txt")
            return
        labels.append(context.label)
        await asyncio.sleep(60 if len(labels) == 1 else 0)

    class Add:
        @hookimpl
        def genesis_revise(self, result: Any) -> GraphPatch | None:
            return GraphPatch(add=(Task(id="b", agent="w"),)) if result is not None and result.task_id == "a" else None

    async def main() -> None:
        async with open_genesis(tmp_path, FakeAgent("w", work=work), Add()) as genesis:
            made = graph(Task(id="a", agent="w"))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            while not labels:
                await asyncio.sleep(0.001)
            await started.cancel()
            await (await genesis.resume(started.id)).result()

    asyncio.run(main())
    assert len(labels) == 2
    assert labels[0] == labels[1]
    assert labels[0].trust is Trust.UNTRUSTED


class NoInternalSending:
    def __init__(self) -> None:
        self.seen: list[Label] = []

    @hookimpl
    def genesis_authorize(self, action: Action, label: Label) -> Decision | None:
        if action.verb != "call":
            return None
        self.seen.append(label)
        return Decision.deny("no-internal") if label.secrecy >= Secrecy.INTERNAL else None


def test_a_call_is_judged_with_the_label_of_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    sent: list[Path] = []

    @tool(effect="send", inline=True)
    def post(file: Path) -> None:
        """Send a file."""
        sent.append(file)

    agent = FakeAgent("w", work=lambda t, c: c.call(post, file="secret.txt"), tools=[post])
    result = run(tmp_path / "home", graph(Task(id="a", agent="w")), agent, NoInternalSending(), workspace=tmp_path)
    assert result.tasks["a"].error.code == "access_denied"
    assert not sent


def test_the_words_of_a_failing_tool_are_labelled_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("words of a stranger")

    @tool(effect="read", inline=True)
    def parse(file: Path) -> None:
        """Fail with the file's words."""
        raise ValueError(Path(tmp_path, file).read_text())

    async def work(task: Task, context: TaskContext) -> str:
        try:
            await context.call(parse, file="in.txt")
        except ToolError as error:
            return error.message
        return ""

    async def main() -> tuple[Any, list[Any]]:
        async with open_genesis(tmp_path / "home", FakeAgent("w", work=work, tools=[parse])) as genesis:
            made = graph(Task(id="a", agent="w"))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            events = [e async for e in started]
            return await started.result(), events

    result, events = asyncio.run(main())
    assert "stranger" in result.output
    assert result.tasks["a"].label.trust is Trust.UNTRUSTED
    assert [e.data["error"] for e in events if e.kind is EventKind.TOOL_RETURNED] == ["tool_error"]


def test_a_context_is_closed_with_its_task(tmp_path: Path) -> None:
    late: list[BaseException] = []

    async def stray(context: TaskContext) -> None:
        await asyncio.sleep(0.01)
        try:
            await context.call(count)
        except ToolError as error:
            late.append(error)

    left: list[Any] = []

    async def work(task: Task, context: TaskContext) -> None:
        if task.id == "a":
            left.append(asyncio.ensure_future(stray(context)))
        else:
            await asyncio.sleep(0.1)

    run(tmp_path, graph(Task(id="a", agent="w"), Task(id="b", agent="w")), FakeAgent("w", work=work, tools=[count]))
    assert len(late) == 1


def test_an_artefact_that_was_never_written_is_not_accepted(tmp_path: Path) -> None:
    made_up = Artifact(name="x", sha256="0" * 64, size=1)
    agent = FakeAgent("w", work=lambda t, c: c.result(artifacts=[made_up]))
    result = run(tmp_path, graph(Task(id="a", agent="w")), agent)
    assert result.tasks["a"].state is TaskState.FAILED


def test_an_artefact_that_was_overwritten_is_the_last_one(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> TaskResult:
        first = await context.write("x.txt", "1")
        second = await context.write("x.txt", "2")
        return context.result(artifacts=[first if task.id == "a" else second])

    result = run(tmp_path, graph(Task(id="a", agent="w"), Task(id="b", agent="w")), FakeAgent("w", work=work))
    assert {t: r.state.value for t, r in result.tasks.items()} == {"a": "failed", "b": "completed"}


def test_reading_many_files_does_not_make_every_row_longer(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text("")

    async def work(task: Task, context: TaskContext) -> int:
        return len([await context.read(name) for name in context.files("*.txt")])

    result = run(tmp_path / "home", graph(Task(id="a", agent="w")), FakeAgent("w", work=work), workspace=tmp_path)
    assert result.output == 100
    assert len(result.tasks["a"].label.sources) <= 33
    assert (Path(result.folder) / "journal.db").stat().st_size < 200_000


def test_a_task_that_has_begun_cannot_become_a_parent(tmp_path: Path) -> None:
    class Adopt:
        @hookimpl
        def genesis_revise(self, result: Any) -> GraphPatch | None:
            if result is None or result.task_id != "a":
                return None
            return GraphPatch(add=(Task(id="child", agent="w", parent="a"),))

    agent = FakeAgent("w")
    result = run(tmp_path, graph(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",))), agent, Adopt())
    assert agent.seen == ["a", "b"]
    assert result.state is RunState.COMPLETED


def test_an_agent_that_swallows_its_cancellation_is_late_all_the_same(tmp_path: Path) -> None:
    async def stubborn(task: Task, context: TaskContext) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
        return "done"

    result = run(tmp_path, graph(Task(id="a", agent="w", max_seconds=0.05)), FakeAgent("w", work=stubborn))
    assert result.tasks["a"].error.code == "timed_out"
