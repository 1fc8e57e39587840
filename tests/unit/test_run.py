"""What a run does: order, limits, failures, time, labels, permissions, patches. Everything through the public door."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import slow_tools

from genesis_core import (
    Acceptance,
    Action,
    Budget,
    Decision,
    EventKind,
    Genesis,
    GraphPatch,
    JournalError,
    Label,
    Plan,
    PluginError,
    RunEvent,
    RunState,
    Secrecy,
    SettingsError,
    Task,
    TaskContext,
    TaskGraph,
    TaskState,
    Trust,
    hookimpl,
    tool,
)
from genesis_core.testing import AllowAll, FakeAgent, ScriptedModel, open_genesis, run_agent, run_graph


def graph(*tasks: Task) -> TaskGraph:
    return TaskGraph(tasks=tasks)


def run(home: Path, made: TaskGraph, *extend: object, **options: Any) -> Any:
    return asyncio.run(run_graph(home, made, *extend, **options))


def states(result: Any) -> dict[str, str]:
    return {name: r.state.value for name, r in result.tasks.items()}


async def sleeper(task: Task, context: TaskContext) -> None:
    await asyncio.sleep(float(task.metadata.get("seconds", 0)))


# -- order and limits -------------------------------------------------------------------------------------------------


def test_a_task_starts_when_its_own_dependencies_are_done_not_when_a_layer_is(tmp_path: Path) -> None:
    order: list[str] = []

    async def work(task: Task, context: TaskContext) -> None:
        await sleeper(task, context)
        order.append(task.id)

    made = graph(
        Task(id="slow", agent="w", metadata={"seconds": 0.3}), Task(id="quick", agent="w"),
        Task(id="after-quick", agent="w", depends_on=("quick",)),
        Task(id="after-slow", agent="w", depends_on=("slow",)),
    )
    run(tmp_path, made, FakeAgent("w", work=work))
    assert order == ["quick", "after-quick", "slow", "after-slow"]


def test_an_agents_limit_holds_and_leaves_no_task_behind(tmp_path: Path) -> None:
    now, peak = 0, 0

    async def work(task: Task, context: TaskContext) -> None:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0.005)
        now -= 1

    made = graph(*[Task(id=f"t{n}", agent="w") for n in range(12)])
    result = run(tmp_path, made, FakeAgent("w", work=work, max_concurrent=3))
    assert peak == 3
    assert set(states(result).values()) == {"completed"}


def test_the_global_limit_holds(tmp_path: Path) -> None:
    now, peak = 0, 0

    async def work(task: Task, context: TaskContext) -> None:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0.005)
        now -= 1

    made = graph(*[Task(id=f"t{n}", agent="w") for n in range(12)])
    run(tmp_path, made, FakeAgent("w", work=work, max_concurrent=50), settings={"max_parallel": 2})
    assert peak == 2


def test_a_saturated_agent_does_not_hold_up_another(tmp_path: Path) -> None:
    seen: list[str] = []

    async def work(task: Task, context: TaskContext) -> None:
        await asyncio.sleep(0.02 if task.agent == "one" else 0)
        seen.append(task.agent or "")

    made = graph(*[Task(id=f"a{n}", agent="one") for n in range(4)], *[Task(id=f"b{n}", agent="two") for n in range(4)])
    run(tmp_path, made, FakeAgent("one", work=work, max_concurrent=1), FakeAgent("two", work=work))
    assert seen[:4] == ["two"] * 4


def test_outputs_reach_those_who_ask_for_them(tmp_path: Path) -> None:
    async def add(task: Task, context: TaskContext) -> dict[str, Any]:
        return {"sum": sum(context.inputs.values())}

    made = graph(
        Task(id="a", agent="add", inputs={"x": {"value": 1}, "y": {"value": 2}}),
        Task(id="b", agent="add", inputs={"x": {"task": "a", "output": "/sum"}, "y": {"value": 10}}),
    )
    result = run(tmp_path, made, FakeAgent("add", work=add))
    assert result.output == {"sum": 13}


def test_a_composite_gives_child_ids_and_outputs(tmp_path: Path) -> None:
    made = graph(
        Task(id="p"), Task(id="a", parent="p", agent="f"), Task(id="b", parent="p", agent="f"),
        Task(id="z", agent="echo", inputs={"all": {"task": "p", "output": ""}}),
    )
    result = run(tmp_path, made, FakeAgent("f", output=7), FakeAgent("echo", work=lambda t, c: c.inputs["all"]))
    assert result.tasks["z"].output == {"a": 7, "b": 7}
    assert result.tasks["p"].state is TaskState.COMPLETED


# -- failure ----------------------------------------------------------------------------------------------------------


def test_dependants_of_a_failed_task_are_skipped_with_the_cause_and_others_go_on(tmp_path: Path) -> None:
    given: list[Any] = []
    made = graph(
        Task(id="bad", agent="bad"), Task(id="next", agent="ok", inputs={"x": {"task": "bad", "output": ""}}),
        Task(id="last", agent="ok", depends_on=("next",)), Task(id="other", agent="ok"),
    )
    ok = FakeAgent("ok", work=lambda t, c: given.append(dict(c.inputs)))
    result = run(tmp_path, made, FakeAgent("bad", error=ValueError("secret words")), ok)
    assert states(result) == {"bad": "failed", "next": "skipped", "last": "skipped", "other": "completed"}
    assert "'bad'" in result.tasks["next"].error.message
    assert given == [{}], "an error text was passed on as an input"
    assert result.state is RunState.FAILED
    assert result.exit_code == 1


def test_a_task_that_nobody_can_do_is_blocked_with_a_work_order(tmp_path: Path) -> None:
    made = graph(Task(id="a", description="Translate a novel"), Task(id="b", agent="f"))
    result = run(tmp_path, made, FakeAgent("f"))
    assert states(result) == {"a": "blocked", "b": "completed"}
    assert result.tasks["a"].work_order.goal == "Translate a novel"
    assert (result.state, result.exit_code) == (RunState.PARTIAL, 8)


def test_a_value_that_is_no_json_fails_its_task_by_name(tmp_path: Path) -> None:
    result = run(tmp_path, graph(Task(id="a", agent="f")), FakeAgent("f", work=lambda t, c: object()))
    assert result.tasks["a"].state is TaskState.FAILED
    assert "JSON" in result.tasks["a"].error.message


@pytest.mark.parametrize(("value", "kept"), [({1, 2}, [1, 2]), (("a",), ["a"]), ({"d": Path("x")}, {"d": "x"})])
def test_ordinary_values_survive_the_journal(tmp_path: Path, value: Any, kept: Any) -> None:
    result = run(tmp_path, graph(Task(id="a", agent="f")), FakeAgent("f", work=lambda t, c: value))
    assert result.tasks["a"].output == kept


def test_a_result_that_lacks_what_was_asked_for_is_not_accepted(tmp_path: Path) -> None:
    accept = Acceptance(output=("/total",), min_evidence=1, artifacts=("out.txt",))
    result = run(tmp_path, graph(Task(id="a", agent="f", accept=accept)), FakeAgent("f", output={"sum": 1}))
    message = result.tasks["a"].error.message
    assert "/total" in message
    assert "out.txt" in message
    assert "evidence" in message


# -- time -------------------------------------------------------------------------------------------------------------


def test_an_agent_that_takes_too_long_is_timed_out(tmp_path: Path) -> None:
    made = graph(Task(id="a", agent="s", max_seconds=0.05, metadata={"seconds": 30}), Task(id="b", agent="s"))
    result = run(tmp_path, made, FakeAgent("s", work=sleeper))
    assert states(result) == {"a": "failed", "b": "completed"}
    assert result.tasks["a"].error.code == "timed_out"
    assert result.exit_code == 6


@pytest.mark.parametrize("threads", [False, True], ids=["fork server", "fresh interpreter"])
def test_a_blocking_tool_is_really_killed_at_its_deadline(tmp_path: Path, threads: bool) -> None:
    pids: list[int] = []

    async def work(task: Task, context: TaskContext) -> Any:
        pids.append(await context.call(slow_tools.whoami))
        return await context.call(slow_tools.spin, seconds=60)

    async def main() -> Any:
        if threads:  # with threads about, a process must not be forked
            await asyncio.to_thread(lambda: None)
        tools = [slow_tools.spin, slow_tools.whoami]
        made = graph(Task(id="a", agent="s", max_seconds=3.0))
        began = time.monotonic()
        result = await run_graph(tmp_path, made, FakeAgent("s", work=work, tools=tools))
        return result, time.monotonic() - began

    result, took = asyncio.run(main())
    assert result.tasks["a"].error.code == "timed_out"
    assert took < 30
    assert pids
    assert _ends(pids[0]), "the worker outlived its deadline"


def _ends(pid: int) -> bool:
    """Whether the process is gone; a kill takes a moment on a busy machine."""
    for _ in range(500):
        if not _alive(pid):
            return True
        time.sleep(0.01)
    return False


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_tool_that_ends_its_process_fails_its_task_only(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return await context.call(slow_tools.die if task.id == "a" else slow_tools.talk)

    agent = FakeAgent("s", work=work, tools=[slow_tools.die, slow_tools.talk])
    result = run(tmp_path, graph(Task(id="a", agent="s"), Task(id="b", agent="s", depends_on=())), agent)
    assert states(result) == {"a": "failed", "b": "completed"}
    assert "ended its process" in result.tasks["a"].error.message
    assert result.tasks["b"].output == "result"


def test_what_a_tool_prints_does_not_reach_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    agent = FakeAgent("s", work=lambda t, c: c.call(slow_tools.talk), tools=[slow_tools.talk])
    run(tmp_path, graph(Task(id="a", agent="s")), agent)
    assert capfd.readouterr().out == ""


def test_an_error_of_a_tool_names_the_tool(tmp_path: Path) -> None:
    agent = FakeAgent("s", work=lambda t, c: c.call("fail", message="no such table"), tools=[slow_tools.fail])
    result = run(tmp_path, graph(Task(id="a", agent="s")), agent)
    assert result.tasks["a"].error.message == "tool 'fail' failed: ValueError: no such table"


def test_workers_stay_warm(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> list[int]:
        return [await context.call(slow_tools.whoami) for _ in range(3)]

    result = run(tmp_path, graph(Task(id="a", agent="s")), FakeAgent("s", work=work, tools=[slow_tools.whoami]))
    assert len(set(result.output)) == 1
    assert result.output[0] != os.getpid()


def test_a_tool_of_the_script_itself_needs_no_module(tmp_path: Path) -> None:
    @tool
    def local(text: str) -> str:
        """Shout."""
        return text.upper()

    result = run(tmp_path, graph(Task(id="a", agent="s")),
                 FakeAgent("s", work=lambda t, c: c.call(local, text="hi"), tools=[local]))
    assert result.output == "HI"


def test_an_agent_that_holds_the_loop_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_core._attempt.HELD_SECONDS", 0.02)

    async def main() -> list[RunEvent]:
        async with open_genesis(tmp_path, FakeAgent("hog", work=lambda t, c: time.sleep(0.05))) as genesis:
            made = graph(Task(id="a", agent="hog"))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            return [e async for e in started]

    warnings = [e for e in asyncio.run(main()) if e.kind is EventKind.WARNING]
    assert [e.actor for e in warnings] == ["hog"]


def test_cancelling_keeps_what_is_done_and_resume_goes_on(tmp_path: Path) -> None:
    ran: list[str] = []

    async def work(task: Task, context: TaskContext) -> None:
        ran.append(context.idempotency_key.split(":", 1)[1])
        await asyncio.sleep(0 if task.id == "a" or len(ran) > 2 else 60)

    async def main() -> tuple[Any, Any]:
        made = graph(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",)))
        async with open_genesis(tmp_path, FakeAgent("w", work=work)) as genesis:
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            async for event in started:
                if event.kind is EventKind.TASK_STARTED and event.task_id == "b":
                    asyncio.get_running_loop().create_task(started.cancel())
            first = await started.result()
            second = await (await genesis.resume(started.id)).result()
            return first, second

    first, second = asyncio.run(main())
    assert (first.state, first.exit_code) == (RunState.CANCELED, 130)
    assert second.state is RunState.COMPLETED
    assert ran == ["a:1", "b:1", "b:1"], "the recorded task ran again, or the key changed"


def test_a_timeout_of_the_run_ends_it_with_6(tmp_path: Path) -> None:
    async def main() -> Any:
        made = graph(Task(id="a", agent="s", metadata={"seconds": 60}))
        async with open_genesis(tmp_path, FakeAgent("s", work=sleeper)) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=made)
            return await (await genesis.start(report, timeout=0.05)).result()

    result = asyncio.run(main())
    assert (result.state, result.exit_code) == (RunState.CANCELED, 6)


def test_a_request_to_cancel_from_outside_stops_the_run(tmp_path: Path) -> None:
    async def main() -> Any:
        made = graph(Task(id="a", agent="s", metadata={"seconds": 60}))
        async with open_genesis(tmp_path, FakeAgent("s", work=sleeper)) as genesis:
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            assert await genesis.cancel(started.id) is RunState.RUNNING
            return await started.result()

    assert asyncio.run(main()).state is RunState.CANCELED


# -- money ------------------------------------------------------------------------------------------------------------


def test_a_spent_budget_stops_cleanly_and_more_of_it_goes_on(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return await context.call(slow_tools.whoami)

    async def main() -> tuple[Any, Any]:
        made = graph(*[Task(id=f"t{n}", agent="w", depends_on=(f"t{n - 1}",) if n else ()) for n in range(4)])
        async with open_genesis(tmp_path, FakeAgent("w", work=work, tools=[slow_tools.whoami])) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=made)
            started = await genesis.start(report, budget=Budget(max_tool_calls=2))
            first = await started.result()
            return first, await (await genesis.resume(started.id, budget=Budget(max_tool_calls=4))).result()

    first, second = asyncio.run(main())
    assert (first.state, first.exit_code) == (RunState.OUT_OF_BUDGET, 5)
    assert [s for s in states(first).values()] == ["completed", "completed"]
    assert second.state is RunState.COMPLETED
    assert second.usage.tool_calls == 4


def test_concurrent_tasks_cannot_overspend_together(tmp_path: Path) -> None:
    calls: list[int] = []

    @tool(inline=True)
    async def count() -> None:
        """Count a call."""
        await asyncio.sleep(0.01)
        calls.append(1)

    async def main() -> Any:
        agent = FakeAgent("w", work=lambda t, c: c.call(count), tools=[count], max_concurrent=9)
        async with open_genesis(tmp_path, agent) as genesis:
            made = graph(*[Task(id=f"t{n}", agent="w") for n in range(9)])
            report = await genesis.plan("x", workspace=tmp_path, graph=made)
            return await (await genesis.start(report, budget=Budget(max_tool_calls=3))).result()

    assert asyncio.run(main()).state is RunState.OUT_OF_BUDGET
    assert len(calls) <= 3


# -- permission and labels --------------------------------------------------------------------------------------------


class DenySending:
    @hookimpl
    def genesis_authorize(self, action: Action) -> Decision | None:
        return Decision.deny("no-sending", "tests") if action.effect == "send" else None


@tool(effect="send", inline=True)
def post(text: str) -> str:
    """Send."""
    return text


def test_a_denied_tool_is_not_run_and_the_run_says_4(tmp_path: Path) -> None:
    agent = FakeAgent("w", work=lambda t, c: c.call(post, text="x"), tools=[post])
    result = run(tmp_path, graph(Task(id="a", agent="w")), agent, DenySending())
    assert result.tasks["a"].error.code == "access_denied"
    assert "no-sending" in result.tasks["a"].error.cause
    assert result.exit_code == 4


def test_silence_denies(tmp_path: Path) -> None:
    async def main() -> Any:
        async with Genesis.open(tmp_path, extend=[FakeAgent("w")], settings={}, block=["guard", *NOBODY]) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=graph(Task(id="a", agent="w")))
            return await (await genesis.start(report)).result()

    assert asyncio.run(main()).tasks["a"].error.code == "access_denied"


NOBODY = ("htdag", "halo", "aop", "agents", "eval", "cli")


def test_an_allow_of_an_ordinary_plugin_counts_for_nothing(tmp_path: Path) -> None:
    async def main() -> Any:
        options: dict[str, Any] = {"settings": {}, "block": ["guard", *NOBODY]}
        async with Genesis.open(tmp_path, extend=[FakeAgent("w"), AllowAll()], **options) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=graph(Task(id="a", agent="w")))
            return await (await genesis.start(report)).result()

    assert "untrusted allow" in asyncio.run(main()).tasks["a"].error.cause


def test_an_agent_may_call_only_the_tools_of_its_card(tmp_path: Path) -> None:
    agent = FakeAgent("w", work=lambda t, c: c.call("post", text="x"))
    result = run(tmp_path, graph(Task(id="a", agent="w")), agent, post)
    assert result.tasks["a"].error.code == "access_denied"


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", "link.txt", "sub/../../outside.txt"])
def test_no_path_leads_out_of_the_workspace(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.txt").write_text("secret")
    (inside / "link.txt").symlink_to(tmp_path / "outside.txt")
    for agent in (
        FakeAgent("w", work=lambda t, c: c.read(name)),
        FakeAgent("w", work=lambda t, c: c.call(slow_tools.sizes, files=[name]), tools=[slow_tools.sizes]),
    ):
        result = asyncio.run(run_agent(agent, home=tmp_path / "home", workspace=inside))
        assert result.error is not None
        assert result.error.code == "access_denied", result.error


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "", "a/../../x", "a\0b"])
def test_no_artefact_leads_out_of_the_runs_folder(tmp_path: Path, name: str) -> None:
    agent = FakeAgent("w", work=lambda t, c: c.write(name, "x"))
    result = asyncio.run(run_agent(agent, home=tmp_path))
    assert result.error is not None
    assert result.error.code == "access_denied"


def test_a_label_rises_with_what_is_read_and_reaches_those_behind(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello")

    async def lie(task: Task, context: TaskContext) -> Any:
        if task.id == "reads":
            await context.read("README.md")
        return context.result("x").replace(label=Label(Trust.TRUSTED))

    behind = Task(id="behind", agent="w", depends_on=("reads",))
    made = graph(Task(id="reads", agent="w"), behind, Task(id="apart", agent="w"))
    result = run(tmp_path, made, FakeAgent("w", work=lie))
    assert result.tasks["reads"].label == Label(Trust.UNTRUSTED, Secrecy.INTERNAL, frozenset({"README.md"}))
    assert result.tasks["behind"].label.trust is Trust.UNTRUSTED
    assert result.tasks["apart"].label.trust is Trust.USER, "an agent labelled its own output"


def test_a_model_answer_is_untrusted_and_counted(tmp_path: Path) -> None:
    from genesis_core import ModelRequest

    model = ScriptedModel("hello")
    agent = FakeAgent("w", work=lambda t, c: _ask(c, ModelRequest()))
    result = run(tmp_path, graph(Task(id="a", agent="w")), agent, model)
    assert result.output == "hello"
    assert result.tasks["a"].label.trust is Trust.UNTRUSTED
    assert result.usage.model_calls == 1


async def _ask(context: TaskContext, request: Any) -> str:
    return (await context.ask(request)).text


def test_without_a_model_asking_says_so(tmp_path: Path) -> None:
    from genesis_core import ModelRequest

    result = run(tmp_path, graph(Task(id="a", agent="w")), FakeAgent("w", work=lambda t, c: c.ask(ModelRequest())))
    assert result.tasks["a"].error.code == "dependency_down"
    assert result.exit_code == 7


# -- changes while running --------------------------------------------------------------------------------------------


class Patch:
    def __init__(self, after: str, *patches: GraphPatch) -> None:
        self.after, self.patches = after, list(patches)

    @hookimpl
    def genesis_revise(self, result: Any) -> GraphPatch | None:
        if result is None or result.task_id != self.after or not self.patches:
            return None
        return self.patches.pop(0)


def test_a_finished_task_can_add_replace_and_drop(tmp_path: Path) -> None:
    made = graph(Task(id="a", agent="w"), *[Task(id=name, agent="w", depends_on=("a",)) for name in "bc"])
    new = Task(id="b", agent="w", depends_on=["a"], description="new")
    patch = GraphPatch(add=[Task(id="d", agent="w", depends_on=["b"])], replace=[new], drop=["c"], reason="test")
    agent = FakeAgent("w", output=1)
    result = run(tmp_path, made, agent, Patch("a", patch))
    assert agent.seen == ["a", "b", "d"]
    assert states(result) == {"a": "completed", "b": "completed", "d": "completed"}


@pytest.mark.parametrize(
    "patch",
    [
        GraphPatch(add=[Task(id="x", agent="w", depends_on=["nowhere"])]),
        GraphPatch(replace=[Task(id="b", agent="w", depends_on=["b"])]),
        GraphPatch(drop=["a"]),
        GraphPatch(add=[Task(id=f"n{n}", agent="w") for n in range(21)]),
    ],
    ids=["dangling", "cycle", "begun", "too many"],
)
def test_a_change_that_breaks_the_graph_is_refused_whole(tmp_path: Path, patch: GraphPatch) -> None:
    made = graph(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",)))
    agent = FakeAgent("w")

    async def main() -> tuple[Any, list[str]]:
        async with open_genesis(tmp_path, agent, Patch("a", patch)) as genesis:
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            kinds = [e.kind.value async for e in started]
            return await started.result(), kinds

    result, kinds = asyncio.run(main())
    assert states(result) == {"a": "completed", "b": "completed"}
    assert "graph.refused" in kinds
    assert "graph.patched" not in kinds


def test_what_a_patch_adds_inherits_the_label_of_its_cause(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x")

    async def work(task: Task, context: TaskContext) -> None:
        if task.id == "a":
            await context.read("in.txt")

    result = run(tmp_path, graph(Task(id="a", agent="w")), FakeAgent("w", work=work),
                 Patch("a", GraphPatch(add=[Task(id="b", agent="w")])))
    assert result.tasks["b"].label.trust is Trust.UNTRUSTED


# -- events -----------------------------------------------------------------------------------------------------------


class Observer:
    def __init__(self, fail: bool = False) -> None:
        self.seen: list[RunEvent] = []
        self.fail = fail

    @hookimpl
    def genesis_event(self, event: RunEvent) -> None:
        self.seen.append(event)
        if self.fail:
            raise RuntimeError("observer")


def test_events_are_gapless_and_the_same_for_all_who_listen(tmp_path: Path) -> None:
    observer = Observer()

    async def main() -> tuple[list[RunEvent], Sequence[RunEvent]]:
        async with open_genesis(tmp_path, FakeAgent("w"), observer) as genesis:
            made = graph(Task(id="a", agent="w"))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            await started.result()
            return [e async for e in started], genesis.events(started.id)

    seen, stored = asyncio.run(main())
    assert [e.seq for e in seen] == list(range(1, len(seen) + 1))
    assert seen == stored == observer.seen


def test_an_observer_that_raises_is_told_no_more_and_harms_nobody(tmp_path: Path) -> None:
    observer = Observer(fail=True)
    result = run(tmp_path, graph(Task(id="a", agent="w")), FakeAgent("w"), observer)
    assert result.state is RunState.COMPLETED
    assert len(observer.seen) == 1


# -- the door ---------------------------------------------------------------------------------------------------------


def test_a_plan_runs_exactly_as_approved(tmp_path: Path) -> None:
    async def main() -> tuple[str, Any]:
        async with open_genesis(tmp_path, FakeAgent("w")) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=graph(Task(id="a", agent="w")))
            approved = Plan.model_validate(report.plan.to_json())
            started = await genesis.start(approved)
            return approved.digest, await started.result()

    digest, result = asyncio.run(main())
    assert result.plan.digest == digest


def test_a_plan_for_an_agent_that_is_gone_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_genesis(tmp_path / "home", FakeAgent("w")) as genesis:
            report = await genesis.plan("x", workspace=tmp_path, graph=graph(Task(id="a", agent="w")))
        async with open_genesis(tmp_path / "home", FakeAgent("v")) as genesis:
            with pytest.raises(SettingsError, match="not installed"):
                await genesis.start(report.plan)

    asyncio.run(main())
    assert not (tmp_path / "home").exists()


def test_two_agents_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="two agents are named 'w'"):
        run(tmp_path, graph(Task(id="a", agent="w")), FakeAgent("w"), FakeAgent("w"))


def test_no_journal_means_no_file(tmp_path: Path) -> None:
    result = run(tmp_path / "home", graph(Task(id="a", agent="w")), FakeAgent("w"), settings={"journal": False},
                 workspace=tmp_path)
    assert result.state is RunState.COMPLETED
    assert not (tmp_path / "home").exists()


def test_a_journal_that_cannot_be_written_ends_the_run_and_leaves_it_resumable(tmp_path: Path) -> None:
    import sqlite3

    full = False

    def disk(boundary: str) -> None:
        nonlocal full
        full = full or boundary == "append:task.done"
        if full and boundary.startswith("before:"):
            raise sqlite3.OperationalError("database or disk is full")

    async def main() -> Any:
        made = graph(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",)))
        agent = FakeAgent("w")
        async with open_genesis(tmp_path, agent, probe=disk) as genesis:
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=made))
            with pytest.raises(JournalError, match="can't be written"):
                await started.result()
        assert agent.seen == ["a"], "a dependant ran although what it stands on is not recorded"
        async with open_genesis(tmp_path, agent) as genesis:
            return await (await genesis.resume(started.id)).result()

    assert asyncio.run(main()).state is RunState.COMPLETED
