"""What authors of plugins test with: fakes, pytest fixtures, and contracts that an implementation must keep.

In a test module or ``conftest.py``: ``pytest_plugins = ["genesis_core.testing"]`` for the fixtures. A contract is a
class to derive from; pytest then runs its tests against what the class names::

    from genesis_core.testing import RouteContract

    class TestMyRouter(RouteContract):
        hook = staticmethod(my_plugin.genesis_route)
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from . import (
    Action,
    Agent,
    AgentCard,
    Assignment,
    Attempt,
    Completion,
    Decomposition,
    Effect,
    Estimate,
    Finding,
    Genesis,
    Goal,
    GraphError,
    Identity,
    KeyRing,
    Label,
    Plan,
    PlanContext,
    Ruling,
    RunResult,
    Score,
    Task,
    TaskContext,
    TaskEngine,
    TaskGraph,
    TaskResult,
    TaskState,
    Tool,
)
from ._fakes import AllowAll, FakeAgent, ScriptedModel
from ._replay.model import ReplayModel, replay_run, replayed

__all__ = [
    "AgentContract", "AllowAll", "AuthorizeContract", "DecomposeContract", "EngineContract", "EstimateContract",
    "FakeAgent", "KeyRingContract", "ReplayModel", "RouteContract", "ScriptedModel", "ToolContract",
    "ValidateContract", "context_for", "open_genesis", "replay_run", "replayed", "run_agent", "run_graph",
]

def open_genesis(home: str | os.PathLike[str], *extend: object, **options: Any) -> Genesis:
    """Return a Genesis with *extend* and without any installed plugin, where every action is allowed."""
    options.setdefault("plugins", "none")
    options.setdefault("settings", {})
    trust = {"AllowAll": "security", **options.pop("trust", {})}
    return Genesis.open(home, extend=(*extend, AllowAll()), trust=trust, **options)


async def run_graph(
    home: str | os.PathLike[str], graph: TaskGraph, *extend: object, workspace: Any = None, **options: Any
) -> RunResult:
    """Run *graph* in a Genesis of its own and return what it came to."""
    async with open_genesis(home, *extend, **options) as genesis:
        report = await genesis.plan("test", workspace=workspace or home, graph=graph)
        return await (await genesis.start(report)).result()


async def run_agent(
    agent: Agent, description: str = "", *, home: str | os.PathLike[str], workspace: Any = None, **fields: Any
) -> TaskResult:
    """Run one task of *agent* for real, in *workspace*, and return its result; *fields* are those of the Task."""
    task = Task(id="task", description=description, agent=agent.card.name, **fields)
    result = await run_graph(home, TaskGraph(tasks=(task,)), agent, workspace=workspace)
    return result.tasks["task"]


def context_for(text: str = "test", **fields: Any) -> PlanContext:
    """Return a PlanContext for calling a planning hook directly."""
    return PlanContext(goal=Goal(text=text), **fields)


# -- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def genesis_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own, in force for everything in the test that looks it up."""
    home = tmp_path / "genesis-home"
    monkeypatch.setenv("GENESIS_HOME", str(home))
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "no-such-genesis.toml"))
    return home


# -- contracts --------------------------------------------------------------------------------------------------------


def answer(hook: Callable[..., Any], **arguments: Any) -> Any:
    """Call *hook* with those of *arguments* that it takes, and wait for it when it is a coroutine function."""
    taken = {name: arguments[name] for name in inspect.signature(hook).parameters if name in arguments}
    value = hook(**taken)
    return asyncio.run(_await(value)) if inspect.isawaitable(value) else value


async def _await(value: Any) -> Any:
    return await value


class AgentContract:
    """An agent has a complete card, gives JSON, and labels nothing itself."""

    agent: ClassVar[Agent]
    task: ClassVar[Mapping[str, Any]] = {"description": "do what you do"}
    workspace: ClassVar[str | os.PathLike[str]] = "."

    def test_its_card_says_what_it_does(self) -> None:
        card = self.agent.card
        assert card.name and card.description and (card.skills or card.kinds)

    def test_it_ends_a_task_without_a_bug(self, tmp_path: Path) -> None:
        result = asyncio.run(run_agent(self.agent, home=tmp_path, workspace=self.workspace, **self.task))
        assert result.error is None or result.error.code != "unexpected", result.error
        assert result.state.final

    def test_an_empty_workspace_is_no_bug(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        result = asyncio.run(
            run_agent(self.agent, home=tmp_path / "home", workspace=tmp_path / "empty", **self.task)
        )
        assert result.error is None or result.error.code != "unexpected", result.error


class ToolContract:
    """A tool has a schema and a description, and gives JSON."""

    tool: ClassVar[Tool]
    arguments: ClassVar[Mapping[str, Any]] = {}
    workspace: ClassVar[str | os.PathLike[str]] = "."

    def test_it_says_what_it_does(self) -> None:
        assert self.tool.spec.description and self.tool.spec.input_schema["type"] == "object"

    def test_it_gives_json_in_a_run(self, tmp_path: Path) -> None:
        async def call(task: Task, context: TaskContext) -> Any:
            return await context.call(self.tool, **self.arguments)

        result = asyncio.run(run_agent(FakeAgent(work=call, tools=[self.tool]), home=tmp_path / "home",
                                       workspace=self.workspace))
        assert result.state is TaskState.COMPLETED, result.error


class DecomposeContract:
    """``genesis_decompose`` gives tasks that build a graph, the same ones each time, or None."""

    hook: ClassVar[Callable[..., Any]]
    goal: ClassVar[str]
    context: ClassVar[Mapping[str, Any]] = {}

    def _answer(self, text: str) -> tuple[Task, ...] | None:
        task = Task(id="goal", kind="goal", description=text)
        found = answer(self.hook, task=task, context=context_for(text, **self.context))
        return found.tasks if isinstance(found, Decomposition) else None if found is None else tuple(found)

    def test_its_tasks_build_a_graph(self) -> None:
        tasks = self._answer(self.goal)
        assert tasks, "it declines its own goal"
        TaskGraph(tasks=tasks)

    def test_the_same_goal_gives_the_same_plan(self) -> None:
        assert self._answer(self.goal) == self._answer(self.goal)


class RouteContract:
    """``genesis_route`` assigns only tasks it was asked for, to agents that are there, with reasons."""

    hook: ClassVar[Callable[..., Any]]
    tasks: ClassVar[Sequence[Task]]
    agents: ClassVar[Sequence[AgentCard]]

    def _answer(self, agents: Sequence[AgentCard]) -> list[Assignment]:
        context = context_for(agents=tuple(agents))
        return list(answer(self.hook, tasks=tuple(self.tasks), agents=tuple(agents), context=context) or ())

    def test_it_assigns_known_tasks_to_known_agents_once(self) -> None:
        found = self._answer(self.agents)
        assert {a.agent for a in found} <= {card.name for card in self.agents} | {""}
        assert len({a.task_id for a in found}) == len(found)
        assert {a.task_id for a in found} <= {t.id for t in self.tasks}

    def test_every_assignment_has_its_reasons(self) -> None:
        assert all(a.reasons for a in self._answer(self.agents))

    def test_without_agents_it_assigns_nothing(self) -> None:
        assert [a for a in self._answer(()) if a.agent] == []


class EstimateContract:
    """``genesis_estimate`` gives an Estimate or None."""

    hook: ClassVar[Callable[..., Any]]
    tasks: ClassVar[Sequence[Task]]
    card: ClassVar[AgentCard] = AgentCard(name="anyone")

    def test_it_gives_estimates(self) -> None:
        for task in self.tasks:
            given = (Assignment(task_id=task.id, agent=self.card.name),)
            plan = Plan(goal=Goal(text="an example"), graph=TaskGraph(tasks=(task,)), assignments=given)
            context = context_for(agents=(self.card,))
            found = answer(self.hook, task=task, agent=self.card, plan=plan, context=context)
            assert found is None or isinstance(found, Estimate) and (found.cost is None or found.cost >= Decimal(0))


class ValidateContract:
    """``genesis_validate`` gives Findings that name tasks of the plan, and leaves the plan alone."""

    hook: ClassVar[Callable[..., Any]]
    plan: ClassVar[Plan]

    def test_its_findings_name_tasks_of_the_plan(self) -> None:
        before = self.plan.digest
        found = answer(self.hook, plan=self.plan, context=context_for()) or ()
        assert all(isinstance(item, Finding | Score) for item in found)
        named = {t for item in found if isinstance(item, Finding) for t in item.task_ids}
        assert named <= set(self.plan.graph.by_id)
        assert self.plan.digest == before


class AuthorizeContract:
    """``genesis_authorize`` denies what it does not know."""

    hook: ClassVar[Callable[..., Any]]

    def test_it_does_not_allow_what_nobody_knows(self) -> None:
        action = Action("launch", "missile", Effect.SEND)
        found = answer(self.hook, action=action, identity=Identity(), label=Label(), context=context_for())
        assert found is None or found.effect is not Ruling.ALLOW


class KeyRingContract:
    """A key ring verifies what it signed, and nothing else."""

    keys: ClassVar[KeyRing]

    def test_it_verifies_what_it_signed(self) -> None:
        assert self.keys.verify("actor", b"data", self.keys.sign("actor", b"data"))

    @pytest.mark.parametrize("data", [b"", b"Data", b"data ", b"data\0"])
    def test_it_refuses_other_data(self, data: bytes) -> None:
        assert not self.keys.verify("actor", data, self.keys.sign("actor", b"data"))

    def test_it_refuses_a_cut_mac(self) -> None:
        assert not self.keys.verify("actor", b"data", self.keys.sign("actor", b"data")[:-1])


class EngineContract:
    """An engine runs each key once, completes every attempt, and cancels."""

    engine: ClassVar[type[TaskEngine]]

    def _run(self, test: Callable[[TaskEngine], Any]) -> Any:
        async def main() -> Any:
            engine = self.engine()
            try:
                return await test(engine)
            finally:
                await engine.close()

        return asyncio.run(main())

    def test_it_completes_what_it_is_given(self) -> None:
        async def test(engine: TaskEngine) -> None:
            for n in range(20):
                engine.submit(_attempt(n))
            assert await _all(engine, 20) == {f"run:t{n}:1" for n in range(20)}

        self._run(test)

    def test_the_same_key_twice_is_one_attempt(self) -> None:
        async def test(engine: TaskEngine) -> None:
            began: list[int] = []
            engine.submit(_attempt(1, began))
            engine.submit(_attempt(1, began))
            await _all(engine, 1)
            assert began == [1]

        self._run(test)

    def test_a_cancelled_attempt_completes_as_cancelled(self) -> None:
        async def test(engine: TaskEngine) -> None:
            engine.submit(_attempt(1, seconds=60))
            await asyncio.sleep(0)
            engine.cancel(["run:t1:1"])
            (completion,) = await engine.completions()
            assert isinstance(completion.error, asyncio.CancelledError)

        self._run(test)

    def test_a_bug_is_a_completion(self) -> None:
        async def body() -> TaskResult:
            raise GraphError("a bug")

        async def test(engine: TaskEngine) -> None:
            engine.submit(Attempt("run:t:1", "t", "a", body))
            (completion,) = await engine.completions()
            assert isinstance(completion.error, GraphError)

        self._run(test)


def _attempt(number: int, began: list[int] | None = None, *, seconds: float = 0.0) -> Attempt:
    async def body() -> TaskResult:
        if began is not None:
            began.append(number)
        await asyncio.sleep(seconds)
        return TaskResult(task_id=f"t{number}", state=TaskState.COMPLETED)

    return Attempt(f"run:t{number}:1", f"t{number}", "fake", body)


async def _all(engine: TaskEngine, count: int) -> set[str]:
    found: list[Completion] = []
    while len(found) < count:
        found += await engine.completions()
    return {completion.key for completion in found}
