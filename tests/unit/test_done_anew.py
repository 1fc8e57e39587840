"""A task that failed may be done anew by a change of the plan: by somebody else, or in parts; nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Action,
    Decision,
    EventKind,
    Genesis,
    GraphPatch,
    Label,
    Offer,
    Plan,
    RunResult,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    Tool,
    ToolError,
    Trust,
    hookimpl,
    tool,
)
from genesis_core._engine import LocalEngine
from genesis_core.engines import Completion
from genesis_core.testing import FakeAgent, open_genesis

A = Task(id="a", agent="bad")
B = Task(id="b", agent="good", depends_on=("a",))


class Anew:
    """Answers the first failure of a task with *patch*."""

    def __init__(self, patch: Callable[[Plan], GraphPatch]) -> None:
        self.patch, self.asked = patch, 0

    @hookimpl
    def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
        if result is None or result.state is TaskState.COMPLETED:
            return None
        self.asked += 1
        return self.patch(plan)


def by_other(plan: Plan) -> GraphPatch:
    return GraphPatch(replace=(plan.graph["a"].replace(agent="good"),), reason="somebody else")


async def begun(home: Path, *extend: object, tasks: tuple[Task, ...] = (A, B)) -> tuple[str, RunResult]:
    async with open_genesis(home, *extend) as genesis:
        report = await genesis.plan("x", workspace=home, graph=TaskGraph(tasks=tasks))
        run = await genesis.start(report)
        return run.id, await run.result()


def run(home: Path, *extend: object, tasks: tuple[Task, ...] = (A, B)) -> RunResult:
    return asyncio.run(begun(home, *extend, tasks=tasks))[1]


def came_to(result: RunResult) -> dict[str, tuple[str, int]]:
    return {name: (task.state.value, task.attempt) for name, task in result.tasks.items()}


def test_what_failed_is_done_by_somebody_else_and_who_waits_for_it_goes_on(tmp_path: Path) -> None:
    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)
    result = run(tmp_path, bad, good, Anew(by_other))
    assert result.state is RunState.COMPLETED and result.exit_code == 0
    assert came_to(result) == {"a": ("completed", 2), "b": ("completed", 1)}
    assert (bad.seen, good.seen) == (["a"], ["a", "b"])


def test_both_attempts_and_the_change_between_them_are_on_record(tmp_path: Path) -> None:
    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)
    run_id, _ = asyncio.run(begun(tmp_path, bad, good, Anew(by_other)))
    genesis = open_genesis(tmp_path)
    rows = [(e.kind, e.actor, e.attempt) for e in genesis.events(run_id)
            if e.task_id == "a" and e.kind in (EventKind.TASK_DONE, EventKind.PATCHED)]
    assert rows == [(EventKind.TASK_DONE, "bad", 1), (EventKind.PATCHED, "Anew", 0), (EventKind.TASK_DONE, "good", 2)]
    changed = genesis.verify(run_id).changes[0]
    between = genesis.record(run_id, changed.seq)
    assert "a" not in between.results and between.in_flight == () and between.tried == {"a": 1}


def test_what_failed_can_be_done_in_parts(tmp_path: Path) -> None:
    def parts(plan: Plan) -> GraphPatch:
        made = tuple(Task(id=f"a/{n}", parent="a", agent="good") for n in (1, 2))
        return GraphPatch(add=made, replace=(plan.graph["a"].replace(agent=None),), reason="in parts")

    result = run(tmp_path, FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7), Anew(parts))
    assert result.state is RunState.COMPLETED
    assert {name: state for name, (state, _) in came_to(result).items()} == {
        "a": "completed", "a/1": "completed", "a/2": "completed", "b": "completed"}
    assert result.tasks["a"].output == {"a/1": 7, "a/2": 7}


def test_the_rest_of_the_plan_is_not_touched_by_it(tmp_path: Path) -> None:
    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)
    apart = tuple(Task(id=f"n{n}", agent="good") for n in range(5))
    result = run(tmp_path, bad, good, Anew(by_other), tasks=(*apart, A, B))
    assert sorted(good.seen) == ["a", "b", *(t.id for t in apart)] and result.state is RunState.COMPLETED


def test_who_fails_again_may_be_replaced_again_as_often_as_the_limit_says(tmp_path: Path) -> None:
    bad, again = FakeAgent("bad", error=ToolError("no")), Anew(lambda plan: GraphPatch(replace=(plan.graph["a"],)))
    result = run(tmp_path, bad, FakeAgent("good"), again)
    assert result.state is RunState.FAILED
    assert came_to(result) == {"a": ("failed", 11), "b": ("skipped", 1)}, "ten updates, and the first attempt"


def test_a_task_that_completed_is_not_done_anew(tmp_path: Path) -> None:
    class Again:
        @hookimpl
        def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
            return None if result is None else GraphPatch(replace=(plan.graph[result.task_id],))

    good = FakeAgent("good", output=7)
    run_id, result = asyncio.run(begun(tmp_path, good, FakeAgent("bad"), Again()))
    assert came_to(result) == {"a": ("completed", 1), "b": ("completed", 1)}
    assert {e.kind for e in open_genesis(tmp_path).record(run_id).changes} == {EventKind.PATCH_REFUSED}


def test_another_task_that_failed_before_is_not_done_anew(tmp_path: Path) -> None:
    class Late:
        @hookimpl
        def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
            return GraphPatch(replace=(plan.graph["a"],)) if result is not None and result.task_id == "c" else None

    slow = FakeAgent("slow", work=lambda t, c: asyncio.sleep(0.05))
    result = run(tmp_path, FakeAgent("bad", error=ToolError("no")), slow, Late(),
                 tasks=(A, Task(id="c", agent="slow"), Task(id="d", agent="slow", depends_on=("a",))))
    assert came_to(result)["a"] == ("failed", 1)


def payer(paid: list[str], *, idempotent: bool) -> Tool:
    @tool(effect="send", inline=True, idempotent=idempotent, label=Label(Trust.USER))
    def pay(to: str) -> str:
        """Pay somebody."""
        paid.append(to)
        return to

    return pay


@pytest.mark.parametrize("idempotent", [True, False])
def test_what_changed_the_world_is_not_done_anew(tmp_path: Path, *, idempotent: bool) -> None:
    paid: list[str] = []
    pay = payer(paid, idempotent=idempotent)

    async def pays_and_fails(task: Task, context: TaskContext) -> Any:
        await context.call(pay, to="Ann")
        raise ToolError("after that")

    bad = FakeAgent("bad", work=pays_and_fails, tools=[pay])
    good = FakeAgent("good", work=lambda t, c: c.call(pay, to="Ann") if t.id == "a" else None, tools=[pay])
    run_id, result = asyncio.run(begun(tmp_path, bad, good, Anew(by_other)))
    assert paid == ["Ann"] and result.state is RunState.FAILED
    refused = open_genesis(tmp_path).record(run_id).changes[0]
    assert refused.kind is EventKind.PATCH_REFUSED and "not to be made twice" in refused.data["reason"]


def test_what_a_cut_off_attempt_had_done_is_not_done_anew_either(tmp_path: Path) -> None:
    paid: list[str] = []
    pay = payer(paid, idempotent=False)
    reached = asyncio.Event()

    async def pays_and_hangs(task: Task, context: TaskContext) -> None:
        await context.call(pay, to="Ann")
        reached.set()
        await asyncio.sleep(60)

    async def first() -> str:
        agents = FakeAgent("bad", work=pays_and_hangs, tools=[pay]), FakeAgent("good", tools=[pay])
        async with open_genesis(tmp_path, *agents) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B))))
            await reached.wait()
            await run.cancel()
            return run.id

    async def second(run_id: str) -> RunResult:
        bad = FakeAgent("bad", error=ToolError("before it pays"), tools=[pay])
        good = FakeAgent("good", work=lambda t, c: c.call(pay, to="Ann"), tools=[pay])
        async with open_genesis(tmp_path, bad, good, Anew(by_other)) as genesis:
            return await (await genesis.resume(run_id)).result()

    result = asyncio.run(second(asyncio.run(first())))
    assert paid == ["Ann"] and result.state is RunState.FAILED


def test_a_yes_to_one_agent_is_none_to_the_next(tmp_path: Path) -> None:
    paid: list[str] = []
    pay = payer(paid, idempotent=False)

    class Asks:
        @hookimpl
        def genesis_authorize(self, action: Action) -> Decision | None:
            return Decision.ask("a person decides") if action.verb == "call" else Decision.allow("test")

    async def opened(bad: FakeAgent) -> Genesis:
        good = FakeAgent("good", work=lambda t, c: c.call(pay, to="Ann") if t.id == "a" else None, tools=[pay])
        return open_genesis(tmp_path, bad, good, Anew(by_other), Asks(), trust={"Asks": "security"})

    async def main() -> tuple[RunResult, RunResult]:
        async with await opened(FakeAgent("bad", work=lambda t, c: c.call(pay, to="Ann"), tools=[pay])) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B))))
            waits = await run.result()
            await genesis.records.approve(run.id, "a", granted=True)
        async with await opened(FakeAgent("bad", error=ToolError("no"), tools=[pay])) as genesis:
            return waits, await (await genesis.resume(run.id)).result()

    waits, result = asyncio.run(main())
    assert (waits.state, result.state, paid) == (RunState.WAITING, RunState.WAITING, [])


def test_what_a_failed_task_had_read_counts_after_a_resume(tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text("words from outside", "utf-8")

    class Later(Anew):
        @hookimpl
        def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
            if result is not None and result.task_id == "c":
                return GraphPatch(add=(Task(id="d", agent="good", description="what the file says"),))
            return super().genesis_revise(plan, result)

    async def reads_and_fails(task: Task, context: TaskContext) -> None:
        raise ToolError(await context.read("evil.txt"))

    async def hangs(task: Task, context: TaskContext) -> None:
        if task.id == "c":
            reached.set()
            await asyncio.sleep(60)

    reached = asyncio.Event()
    tasks = (A, Task(id="c", agent="slow", depends_on=("apart",)), Task(id="apart", agent="good"))

    async def main() -> RunResult:
        bad = FakeAgent("bad", work=reads_and_fails)
        slow = FakeAgent("slow", work=hangs)
        async with open_genesis(tmp_path, bad, FakeAgent("good"), slow, Later(by_other)) as one:
            run = await one.start(await one.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=tasks)))
            async for event in run:
                if event.kind is EventKind.TASK_DONE and event.task_id == "a" and event.attempt == 2:
                    await reached.wait()
                    break
            await run.cancel()
        async with open_genesis(tmp_path, bad, FakeAgent("good"), FakeAgent("slow"), Later(by_other)) as two:
            return await (await two.resume(run.id)).result()

    assert asyncio.run(main()).tasks["d"].label.trust is Trust.UNTRUSTED


def test_an_engine_may_say_a_failure_twice(tmp_path: Path) -> None:
    class Twice(LocalEngine):
        said: Completion | None = None

        async def completions(self) -> Sequence[Completion]:
            found = [*([self.said] if self.said else []), *await super().completions()]
            self.said = found[-1]
            return [*found, *found]

    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)

    async def main() -> RunResult:
        settings = {"engine": "twice"}
        offer = Offer("engine", "twice", Twice)
        async with open_genesis(tmp_path, bad, good, Anew(by_other), offer, settings=settings) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B)))
            return await (await genesis.start(report)).result()

    assert came_to(asyncio.run(main())) == {"a": ("completed", 2), "b": ("completed", 1)}


def test_a_run_that_is_stopped_in_the_new_attempt_goes_on_with_it(tmp_path: Path) -> None:
    keys: list[str] = []

    def works(task: Task, context: TaskContext) -> int:
        if task.id == "a":
            keys.append(context.idempotency_key)
        return 7

    async def first() -> str:
        async with open_genesis(tmp_path, FakeAgent("bad", error=ToolError("no")), hanging, Anew(by_other)) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B))))
            await reached.wait()
            await run.cancel()
            return run.id

    async def second(run_id: str) -> RunResult:
        async with open_genesis(tmp_path, FakeAgent("bad"), FakeAgent("good", work=works)) as genesis:
            return await (await genesis.resume(run_id)).result()

    reached = asyncio.Event()

    async def hangs(task: Task, context: TaskContext) -> None:
        keys.append(context.idempotency_key)
        reached.set()
        await asyncio.sleep(60)

    hanging = FakeAgent("good", work=hangs)
    run_id = asyncio.run(first())
    result = asyncio.run(second(run_id))
    assert came_to(result) == {"a": ("completed", 2), "b": ("completed", 1)}
    assert keys == [f"{run_id}:a:2", f"{run_id}:a:2"], "the new attempt, under its own key, and not the first one"


def test_a_replay_goes_the_same_way(tmp_path: Path) -> None:
    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)

    async def both() -> RunResult:
        async with open_genesis(tmp_path, bad, good, Anew(by_other), settings={"record": True}) as genesis:
            first = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B))))
            await first.result()
            return await (await genesis.replay(first.id)).result()

    result = asyncio.run(both())
    assert result.replayed is not None and result.replayed.differences == ()
    assert came_to(result) == {"a": ("completed", 2), "b": ("completed", 1)}


@pytest.mark.parametrize("ended", [True, False], ids=["the plan that it ended with", "the plan that it began with"])
def test_running_again_uses_what_came_of_the_new_attempt(tmp_path: Path, *, ended: bool) -> None:
    bad, good = FakeAgent("bad", error=ToolError("no")), FakeAgent("good", output=7)

    async def both() -> RunResult:
        async with open_genesis(tmp_path, bad, good, Anew(by_other)) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=TaskGraph(tasks=(A, B)))
            first = await (await genesis.start(report)).result()
            plan = first.plan if ended else report.plan
            assert plan is not None
            return await (await genesis.start(plan, again=first.run_id)).result()

    second = asyncio.run(both())
    assert second.state is RunState.COMPLETED and good.seen == ["a", "b"], "what good had done was not done again"
    assert bad.seen == (["a"] if ended else ["a", "a"]), "who the plan names is tried first"
    reused = {e.task_id for e in open_genesis(tmp_path).events(second.run_id) if e.kind is EventKind.TASK_REUSED}
    assert reused == {"a", "b"}
