"""Worker processes, inline tools, observers and deadlines when things go wrong: none may take the run with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import slow_tools

from genesis_core import (
    EventKind,
    Genesis,
    RunEvent,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    Tool,
    ToolError,
    hookimpl,
    tool,
)
from genesis_core.testing import FakeAgent, open_genesis, run_graph

ROOT = Path(__file__).parents[2]
TOOLS = [value for value in vars(slow_tools).values() if isinstance(value, Tool)]
Work = Callable[[Task, TaskContext], Any]
pytestmark = pytest.mark.one_thread


def run(home: Path, work: Work, *extend: object, **task: Any) -> Any:
    """Run one task of one agent that may call every tool."""
    graph = TaskGraph(tasks=(Task(id="a", agent="w", **task),))
    return asyncio.run(run_graph(home, graph, FakeAgent("w", work=work, tools=TOOLS), *extend))


def output(home: Path, work: Work) -> Any:
    result = run(home, work)
    assert result.state is RunState.COMPLETED, result.tasks["a"].error
    return result.tasks["a"].output


async def gone(pid: int) -> bool:
    """Whether the process ends soon; a kill takes a moment on a busy machine."""
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        await asyncio.sleep(0.01)
    return False


def handles(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


# -- worker processes -------------------------------------------------------------------------------------------------


def test_calls_go_on_after_the_fork_server_was_killed(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> list[int]:
        forked, server = await context.call(slow_tools.whoami), await context.call(slow_tools.server)
        assert server != os.getpid()
        os.kill(server, signal.SIGKILL)
        assert await gone(server)
        assert await gone(forked)
        return [await context.call(slow_tools.whoami) for _ in range(3)]

    assert len(set(output(tmp_path, work))) == 1


def test_a_tool_that_only_a_fork_can_carry_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    @tool
    def family() -> list[int]:
        """Return this worker, and who forked it."""
        return [os.getpid(), os.getppid()]

    async def work(task: Task, context: TaskContext) -> list[int]:
        worker, before = await context.call(family)
        os.kill(before, signal.SIGKILL)
        assert await gone(before)
        assert await gone(worker)
        return [before, (await context.call(family))[1]]

    graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
    result = asyncio.run(run_graph(tmp_path, graph, FakeAgent("w", work=work, tools=[family])))
    before, after = result.tasks["a"].output
    assert before != after


def test_a_call_under_way_when_the_server_is_killed_fails_by_name(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> int:
        server = await context.call(slow_tools.server)
        asyncio.get_running_loop().call_later(0.2, os.kill, server, signal.SIGKILL)
        return int(await context.call(slow_tools.spin, seconds=60))

    error = run(tmp_path, work).tasks["a"].error
    assert (error.code, error.message) == ("tool_error", "tool 'spin' ended its process")


def test_no_interpreter_to_start_is_a_dependency_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(task: Task, context: TaskContext) -> None:
        forked, server = await context.call(slow_tools.whoami), await context.call(slow_tools.server)
        assert server != os.getpid()
        os.kill(server, signal.SIGKILL)
        assert await gone(server)
        assert await gone(forked)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
        await context.call(slow_tools.whoami)

    error = run(tmp_path, work).tasks["a"].error
    assert error.code == "dependency_down"
    assert "'whoami'" in error.message


def test_a_worker_takes_no_module_from_the_folder_that_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "ran"
    (tmp_path / "json.py").write_text(f"open({str(marker)!r}, 'w').close()\nfrom nowhere import loads\n")

    async def work(task: Task, context: TaskContext) -> int:
        forked, server = await context.call(slow_tools.whoami), await context.call(slow_tools.server)
        monkeypatch.chdir(tmp_path)
        os.kill(server, signal.SIGKILL)
        assert await gone(server)
        assert await gone(forked)
        with ThreadPoolExecutor(1) as pool:  # beside a thread no process is forked: the next worker is a fresh one
            pool.submit(int).result()
            return int(await context.call(slow_tools.whoami))

    assert output(tmp_path, work) != os.getpid()
    assert not marker.exists()


def test_ending_does_not_wait_for_a_process_that_the_program_forked(tmp_path: Path) -> None:
    code = """
        import asyncio, os, sys, time
        from pathlib import Path
        import slow_tools
        from genesis_core import Task, TaskGraph
        from genesis_core.testing import FakeAgent, run_graph

        async def work(task, context):
            await context.call(slow_tools.whoami)
            if os.fork() == 0:
                os.close(1), os.close(2)
                time.sleep(60)
                os._exit(0)

        graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
        agent = FakeAgent("w", work=work, tools=[slow_tools.whoami])
        result = asyncio.run(run_graph(Path(sys.argv[1]), graph, agent))
        print(result.state.value)
    """
    assert _program(code, tmp_path, seconds=30) == "completed\n"


def test_what_a_tool_starts_leaves_standard_input_to_the_program(tmp_path: Path) -> None:
    code = """
        import asyncio, sys
        from pathlib import Path
        import slow_tools
        from genesis_core import Task, TaskGraph
        from genesis_core.testing import FakeAgent, run_graph

        graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
        agent = FakeAgent("w", work=lambda t, c: c.call(slow_tools.read_input), tools=[slow_tools.read_input])
        result = asyncio.run(run_graph(Path(sys.argv[1]), graph, agent))
        print(repr(result.tasks["a"].output), repr(sys.stdin.read()))
    """
    assert _program(code, tmp_path, given="mine") == "'' 'mine'\n"


def _program(code: str, home: Path, *, given: str = "", seconds: float = 60) -> str:
    """Return what a program of its own writes; it must end within *seconds*."""
    path = os.pathsep.join([*[p for p in sys.path if p], str(Path(__file__).parent)])
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(home)], input=given, capture_output=True, text=True,
        timeout=seconds, env={**os.environ, "PYTHONPATH": path}, check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_forked_worker_tells_no_other_loop_of_its_signals_and_leaves_shared_memory_alone(tmp_path: Path) -> None:
    seen = output(tmp_path, lambda t, c: c.call(slow_tools.wakeups))
    assert seen["handle"] == -1
    assert seen["frozen"] > 1000


def test_killed_workers_leave_no_descriptor_behind(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> list[int]:
        server = await context.call(slow_tools.server)
        here, there = handles(), handles(server)
        for n in range(200):
            call = asyncio.ensure_future(context.call(slow_tools.spin, seconds=60))
            await asyncio.sleep(0 if n % 2 else 0.005)  # some before they said who they are
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        await context.call(slow_tools.whoami)
        return [handles() - here, handles(server) - there]

    here, there = output(tmp_path, work)
    assert here <= 2  # the idle worker's socket, and the loop's own
    assert there <= 1


# -- inline tools -----------------------------------------------------------------------------------------------------


def kinds(path: Path, several: list[Path], count: int = 1) -> list[str]:
    """Return the kinds of the arguments."""
    return [type(path).__name__, *[type(p).__name__ for p in several], type(count).__name__]


async def later(path: Path) -> str:
    """Return the kind of the argument, after a while."""
    await asyncio.sleep(0)
    return type(path).__name__


def nothing() -> dict[str, float]:
    """Return what JSON can't say."""
    return {"mean": float("nan")}


HERE = {"inline": True, "worker": False}


@pytest.mark.parametrize("inline", HERE.values(), ids=HERE)
def test_arguments_are_what_the_annotations_say_wherever_the_tool_runs(tmp_path: Path, inline: bool) -> None:
    (tmp_path / "a").touch()
    plain, slow = tool(inline=inline)(kinds), tool(inline=inline)(later)

    async def work(task: Task, context: TaskContext) -> Any:
        return [*await context.call(plain, path="a", several=["a"], count="3"), await context.call(slow, path="a")]

    kind = type(Path()).__name__
    assert one(tmp_path, work, plain, slow).output == [kind, kind, "int", kind]


@pytest.mark.parametrize("inline", HERE.values(), ids=HERE)
def test_an_argument_of_another_type_is_refused_wherever_the_tool_runs(tmp_path: Path, inline: bool) -> None:
    (tmp_path / "a").touch()
    plain = tool(inline=inline)(kinds)
    error = one(tmp_path, lambda t, c: c.call(plain, path="a", several=[], count="many"), plain).error
    assert error.code == "tool_error"
    assert "ValidationError" in error.message
    assert "count" in error.message


@pytest.mark.parametrize("inline", HERE.values(), ids=HERE)
def test_what_is_no_json_number_is_refused_wherever_the_tool_runs(tmp_path: Path, inline: bool) -> None:
    plain = tool(inline=inline)(nothing)
    error = one(tmp_path, lambda t, c: c.call(plain), plain).error
    assert error.code == "tool_error"
    assert error.message == "what 'nothing' returned can't be kept as JSON"


def test_a_value_that_is_no_json_fails_its_call_only(tmp_path: Path) -> None:
    plain = tool(nothing)

    async def work(task: Task, context: TaskContext) -> list[int]:
        pids = [await context.call(slow_tools.whoami)]
        with pytest.raises(ToolError, match="kept as JSON"):
            await context.call(plain)
        return [*pids, await context.call(slow_tools.whoami)]

    before, after = one(tmp_path, work, plain, slow_tools.whoami).output
    assert before == after


def one(home: Path, work: Work, *tools: Tool) -> Any:
    """Return the result of the one task of a run."""
    graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
    return asyncio.run(run_graph(home, graph, FakeAgent("w", work=work, tools=list(tools)))).tasks["a"]


# -- observers --------------------------------------------------------------------------------------------------------


class Sleeper:
    """An observer that does not come back."""

    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    async def genesis_event(self, event: RunEvent) -> None:
        self.asked += 1
        await asyncio.sleep(600)


class Slow:
    """An observer that takes a moment over each event."""

    def __init__(self) -> None:
        self.seen: list[RunEvent] = []

    @hookimpl
    async def genesis_event(self, event: RunEvent) -> None:
        await asyncio.sleep(0.02)
        self.seen.append(event)


class Quitter:
    """An observer that cancels itself."""

    @hookimpl
    async def genesis_event(self, event: RunEvent) -> None:
        raise asyncio.CancelledError


async def _wait(task: Task, context: TaskContext) -> None:
    await asyncio.sleep(600)


@pytest.mark.parametrize("timeout", [0.2, None], ids=["time-out", "cancel"])
def test_a_sleeping_observer_does_not_hold_up_the_end_of_a_run(tmp_path: Path, timeout: float | None) -> None:
    async def main() -> Any:
        async with open_genesis(tmp_path, FakeAgent("w", work=_wait), Sleeper()) as genesis:
            graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
            plan = await genesis.plan("x", workspace=tmp_path, graph=graph)
            started = await genesis.start(plan, timeout=timeout)
            await asyncio.sleep(0.2)
            if timeout is None:
                await started.cancel()
            return await asyncio.wait_for(started.result(), 60), [e async for e in started], genesis.events(started.id)

    result, seen, stored = asyncio.run(main())
    assert result.state is RunState.CANCELED
    assert seen == stored
    assert seen[-1].kind is EventKind.RUN_FINISHED


@pytest.mark.parametrize(("observer", "why"), [(Sleeper, "took longer"), (Quitter, "cancelled itself")])
def test_an_observer_that_fails_is_warned_of_and_others_hear_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, observer: type, why: str
) -> None:
    monkeypatch.setattr("genesis_core._herald.CALL_SECONDS", 0.05)
    slow = Slow()

    async def work(task: Task, context: TaskContext) -> None:
        await asyncio.sleep(0.3)

    async def main() -> list[RunEvent]:
        async with open_genesis(tmp_path, FakeAgent("w", work=work), observer(), slow) as genesis:
            graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
            started = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=graph))
            assert (await started.result()).state is RunState.COMPLETED
            return list(genesis.events(started.id))

    stored = asyncio.run(main())
    warnings = [str(e.data["text"]) for e in stored if e.kind is EventKind.WARNING]
    assert len(warnings) == 1
    assert why in warnings[0]
    assert slow.seen == stored


def test_a_slow_observer_hears_all_after_the_end(tmp_path: Path) -> None:
    slow = Slow()
    result = run(tmp_path, lambda t, c: asyncio.sleep(0), slow)
    assert result.state is RunState.COMPLETED
    assert [e.seq for e in slow.seen] == list(range(1, len(slow.seen) + 1))
    assert slow.seen[-1].kind is EventKind.RUN_FINISHED


def test_an_observer_hears_only_of_rows_that_are_on_disk(tmp_path: Path) -> None:
    class Reader:
        def __init__(self) -> None:
            self.genesis: Genesis | None = None
            self.missing: list[int] = []
            self.asked = 0

        @hookimpl
        def genesis_event(self, event: RunEvent) -> None:
            assert self.genesis is not None
            self.asked += 1
            if event not in self.genesis.events(event.run_id):
                self.missing.append(event.seq)

    reader = Reader()

    async def main() -> None:
        async with open_genesis(tmp_path, FakeAgent("w"), reader) as reader.genesis:
            graph = TaskGraph(tasks=(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",))))
            plan = await reader.genesis.plan("x", workspace=tmp_path, graph=graph)
            await (await reader.genesis.start(plan)).result()

    asyncio.run(main())
    assert reader.asked > 3
    assert reader.missing == []


# -- deadlines --------------------------------------------------------------------------------------------------------


def test_an_attempt_that_swallows_its_cancellation_is_cancelled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis_core._deadlines.AGAIN_SECONDS", 0.05)
    swallowed: list[int] = []

    async def work(task: Task, context: TaskContext) -> str:
        while len(swallowed) < 2:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                swallowed.append(1)
        await asyncio.sleep(600)
        return "late"

    error = run(tmp_path, work, max_seconds=0.1).tasks["a"].error
    assert error.code == "timed_out"
    assert len(swallowed) == 2
