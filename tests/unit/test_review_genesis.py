"""The facade: what a Goal says stands, choices are looked up by name, and nothing is left behind."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    AccessDenied,
    Assignment,
    EventKind,
    Genesis,
    Goal,
    GraphPatch,
    JournalError,
    Offer,
    Outcome,
    Plan,
    PlanError,
    PluginError,
    RunEvent,
    RunResult,
    RunState,
    Screening,
    SettingsError,
    Severity,
    Task,
    TaskGraph,
    TaskResult,
    TaskState,
    hookimpl,
)
from genesis_core.genesis import MAX_REMEMBERED
from genesis_core.testing import FakeAgent, ScriptedModel, open_genesis

ONE = TaskGraph(tasks=(Task(id="a", agent="w"),))


def do(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


# -- goals and plans --------------------------------------------------------------------------------------------------


def test_the_workspace_of_a_goal_stands_and_an_argument_replaces_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    goal = Goal(text="x", workspace=str(tmp_path / "one"))

    async def main() -> list[str]:
        async with open_genesis(tmp_path, FakeAgent("w")) as genesis:
            own = await genesis.plan(goal, graph=ONE)
            other = await genesis.plan(goal, graph=ONE, workspace=tmp_path / "two")
            return [own.plan.goal.workspace, other.plan.goal.workspace]

    assert do(main()) == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_a_genesis_that_was_not_entered_says_so(tmp_path: Path) -> None:
    genesis = open_genesis(tmp_path, FakeAgent("w"))
    for call in (genesis.plan("x"), genesis.start("x"), genesis.resume("last")):
        with pytest.raises(SettingsError, match="not open") as caught:
            do(call)
        assert "async with" in caught.value.hint


def test_decisions_of_old_plans_are_forgotten(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_genesis(tmp_path, FakeAgent("w")) as genesis:
            for n in range(MAX_REMEMBERED + 5):
                await genesis.plan(f"goal {n}", graph=ONE, workspace=tmp_path)
            return sum(bool(decided) for decided, *_ in genesis._decided.values())

    assert do(main()) == MAX_REMEMBERED


# -- screening --------------------------------------------------------------------------------------------------------


class Screens:
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    @hookimpl
    def genesis_screen(self, text: str) -> Screening | None:
        return Screening(outcome=self.outcome, reasons=("it says evil",)) if "evil" in text else None


class Adds:
    """Adds a task after "a", while planning or while running."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        return GraphPatch(add=[self.task]) if result is not None and result.task_id == "a" else None


@pytest.mark.parametrize("task", [
    Task(id="a", agent="w", description="be evil"),
    Task.model_validate({"id": "a", "agent": "w", "inputs": {"query": {"value": ["good", {"deep": "evil"}]}}}),
])
def test_a_plan_that_is_started_passes_the_same_door_as_one_that_is_made(tmp_path: Path, task: Task) -> None:
    graph = TaskGraph(tasks=(task,))
    ready = Plan(goal=Goal(text="x", workspace=str(tmp_path)), graph=graph,
                 assignments=(Assignment(task_id="a", agent="w"),))

    async def main() -> None:
        async with open_genesis(tmp_path, FakeAgent("w"), Screens(Outcome.BLOCK)) as genesis:
            with pytest.raises(AccessDenied, match="the plan was blocked"):
                await genesis.plan("x", graph=graph, workspace=tmp_path)
            with pytest.raises(AccessDenied, match="the plan was blocked"):
                await genesis.start(ready)

    do(main())
    assert list((tmp_path / "runs").glob("*")) == []


def run_of(home: Path, *extend: object) -> tuple[RunResult, list[RunEvent]]:
    async def main() -> tuple[RunResult, list[RunEvent]]:
        async with open_genesis(home, FakeAgent("w"), *extend) as genesis:
            run = await genesis.start(await genesis.plan("x", graph=ONE, workspace=home))
            return await run.result(), [e async for e in run]

    found: tuple[RunResult, list[RunEvent]] = do(main())
    return found


def test_a_task_that_is_added_while_running_is_screened_and_refused(tmp_path: Path) -> None:
    result, events = run_of(tmp_path, Screens(Outcome.BLOCK), Adds(Task(id="n", agent="w", description="evil")))
    assert list(result.tasks) == ["a"]
    (refused,) = [e for e in events if e.kind is EventKind.PATCH_REFUSED]
    assert "blocked by screening" in refused.data["reason"]


def test_a_screening_of_what_is_added_while_running_is_a_row(tmp_path: Path) -> None:
    result, events = run_of(tmp_path, Screens(Outcome.QUARANTINE), Adds(Task(id="n", agent="w", description="evil")))
    assert list(result.tasks) == ["a", "n"]
    rows = [(e.data["what"], e.data["outcome"]) for e in events if e.kind is EventKind.SCREENED]
    assert rows == [("the goal", "allow"), ("a change of the plan", "quarantine")]


def test_quarantine_is_a_note_in_the_plan_and_stops_nothing(tmp_path: Path) -> None:
    async def main() -> Any:
        async with open_genesis(tmp_path, FakeAgent("w"), Screens(Outcome.QUARANTINE)) as genesis:
            return await genesis.plan("evil", graph=ONE, workspace=tmp_path)

    report = do(main())
    (note,) = report.findings
    assert (note.rule, note.severity) == ("kernel.quarantine", Severity.NOTE)
    assert "it says evil" in note.message


# -- choices by name --------------------------------------------------------------------------------------------------


class Ring:
    def sign(self, actor: str, data: bytes) -> bytes:
        return hmac.digest(b"its own key", data, "sha256")

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        return hmac.compare_digest(self.sign(actor, data), mac)


RING = Offer("keyring", "vault", Ring())


def test_a_key_ring_that_nobody_offers_is_refused_with_the_nearest(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_genesis(tmp_path, RING, settings={"keyring": "vaullt"}):
            raise AssertionError("it opened")

    with pytest.raises(SettingsError, match="no key ring 'vaullt'; did you mean 'vault'?"):
        do(main())


def test_the_chosen_key_ring_signs_and_verifies(tmp_path: Path) -> None:
    async def main(settings: dict[str, str]) -> str:
        async with open_genesis(tmp_path, FakeAgent("w"), RING, settings=settings) as genesis:
            if settings:
                run = await genesis.start(await genesis.plan("x", graph=ONE, workspace=tmp_path))
                await run.result()
            return genesis.verify("last").state.value

    assert do(main({"keyring": "vault"})) == "completed"
    assert not (tmp_path / "keys").exists()
    with pytest.raises(JournalError):
        do(main({}))
    with pytest.raises(SettingsError, match="not open"):
        open_genesis(tmp_path, RING, settings={"keyring": "vault"}).verify("last")


class Models:
    @hookimpl
    def genesis_provide(self) -> list[object]:
        return [ScriptedModel("from one", name="one"), ScriptedModel("from two", name="two")]


def models_of(home: Path, *extend: object, **models: Any) -> tuple[str, ...]:
    async def main() -> tuple[str, ...]:
        settings = {"models": models} if models else {}
        async with open_genesis(home, Models(), *extend, settings=settings) as genesis:
            assert tuple(sorted(genesis.provided.models)) == genesis.context(Goal(text="x")).models
            return tuple(genesis.provided.models)

    found: tuple[str, ...] = do(main())
    return found


def test_only_models_that_were_chosen_are_there_in_the_order_of_the_choice(tmp_path: Path) -> None:
    assert models_of(tmp_path) == ()
    assert models_of(tmp_path, use=["two"]) == ("two",)
    assert models_of(tmp_path, use=["two", "one"]) == ("two", "one")
    assert models_of(tmp_path, ScriptedModel(name="own")) == ("own",)
    assert models_of(tmp_path, ScriptedModel(name="own"), use=["one"]) == ("one", "own")


@pytest.mark.parametrize(("models", "words"), [
    ({"use": ["oen"]}, "no model 'oen'; did you mean 'one'?"), ({"use": "oen"}, "no model 'oen'"),
    ({"use": 1}, "can't have 1"), ({"used": ["one"]}, "can't have 'used'; did you mean 'use'?"),
    ({"use": [1]}, "can't have"), ({"roles": {"cheep": "one"}}, "the role 'cheep'; did you mean 'cheap'?"),
    ({"roles": ["one"]}, "it is a table"), ({"endpoint": {"lab": {"provider": "nope"}}, "use": "lab"}, "no provider"),
])
def test_a_choice_of_models_that_cannot_be_met_is_refused(tmp_path: Path, models: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        models_of(tmp_path, **models)
    assert words in caught.value.message


class Routes:
    @hookimpl
    def genesis_route(self, tasks: Any) -> list[Assignment]:
        return [Assignment(task_id=t.id, agent="thinker") for t in tasks]


@pytest.mark.parametrize(("task", "error"), [(Task(id="a", agent="thinker"), PlanError), (Task(id="a"), PluginError)])
def test_an_agent_that_needs_a_model_gets_no_task_without_one(
    tmp_path: Path, task: Task, error: type[Exception]
) -> None:
    async def main(*extend: object) -> list[str]:
        async with open_genesis(tmp_path, FakeAgent("thinker", needs_model=True), Routes(), *extend) as genesis:
            report = await genesis.plan("x", graph=TaskGraph(tasks=(task,)), workspace=tmp_path)
            return [a.agent for a in report.plan.assignments]

    with pytest.raises(error, match="needs a model"):
        do(main())
    assert do(main(ScriptedModel())) == ["thinker"]


def test_a_plan_that_was_made_with_a_model_waits_for_one_where_there_is_none(tmp_path: Path) -> None:
    graph = TaskGraph(tasks=(Task(id="a", agent="thinker", description="write a poem"), Task(id="b", agent="w")))
    agents = FakeAgent("thinker", needs_model=True), FakeAgent("w")

    async def planned() -> Plan:
        async with open_genesis(tmp_path, *agents, ScriptedModel()) as genesis:
            return (await genesis.plan("x", graph=graph, workspace=tmp_path)).plan

    async def started(plan: Plan) -> list[Any]:
        async with open_genesis(tmp_path, *agents) as genesis:
            run = await genesis.start(plan)
            return [await run.result(), await (await genesis.resume(run.id)).result()]

    async def resumed() -> Any:
        async with open_genesis(tmp_path, *agents, ScriptedModel()) as genesis:
            return await (await genesis.resume("last")).result()

    for result in do(started(do(planned()))):
        assert (result.state, result.exit_code, result.tasks["b"].state) == (RunState.PARTIAL, 8, TaskState.COMPLETED)
        blocked = result.tasks["a"]
        assert (blocked.state, blocked.error.code, blocked.work_order.goal) == (
            TaskState.BLOCKED, "no_model", "write a poem")
        assert "needs a model" in blocked.error.message
        assert blocked.error.hint == "genesis resume RUN --model NAME"
    assert agents[0].seen == []
    done = do(resumed())
    assert (done.state, done.tasks["a"].state) == (RunState.COMPLETED, TaskState.COMPLETED)


# -- which plugins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "states"), [("none", set()), ("builtin", {"loaded"}), ("all", {"loaded"})])
def test_a_program_says_which_installed_plugins_are_loaded(tmp_path: Path, which: Any, states: set[str]) -> None:
    async def main() -> Any:
        async with Genesis.open(tmp_path, settings={}, plugins=which) as genesis:
            return genesis.plugins

    found = do(main())
    assert {p.state for p in found if p.builtin} == states
    if which == "builtin":
        assert {p.state for p in found if not p.builtin} <= {"blocked"}


@pytest.mark.parametrize(("settings", "trust", "level"), [
    ({"Quiet": "security"}, None, "ordinary"), ({}, {"Quiet": "security"}, "security"),
    ({"Quiet": "ordinary"}, {"Quiet": "security"}, "security"),
])
def test_the_program_alone_says_how_far_its_own_plugins_are_trusted(
    tmp_path: Path, settings: dict[str, str], trust: dict[str, str] | None, level: str
) -> None:
    class Quiet:
        @hookimpl
        def genesis_event(self, event: RunEvent) -> None: ...

    async def main() -> Any:
        opened = Genesis.open(tmp_path, extend=[Quiet()], trust=trust, plugins="none",
                              settings={"plugins": {"trust": settings}})
        async with opened as genesis:
            return next(p.trust for p in genesis.plugins if p.name == "Quiet")

    assert do(main()) == level, "settings trust what is locked, and nothing of a program is"


def test_another_word_for_plugins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="plugins can't be 'some'"):
        do(open_genesis(tmp_path, plugins="some").__aenter__())


def test_genesis_for_tests_loads_nothing_that_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "stranger-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[genesis.plugins]\nstranger = stranger_that_is_broken\n")
    (tmp_path / "site" / "stranger_that_is_broken.py").write_text("raise RuntimeError('it was imported')\n")
    monkeypatch.syspath_prepend(tmp_path / "site")

    async def main(**options: Any) -> list[str]:
        async with open_genesis(tmp_path / "home", **options) as genesis:
            return [p.name for p in genesis.plugins]

    assert do(main()) == ["AllowAll"]
    with pytest.raises(PluginError, match="stranger"):
        do(main(plugins="all"))


# -- values -----------------------------------------------------------------------------------------------------------


def test_a_patch_can_be_changed_as_other_values_can() -> None:
    patch = GraphPatch(add=[Task(id="n")], replace=[Task(id="a")], reason="x")
    assert patch.replace(reason="y") == GraphPatch(add=[Task(id="n")], replace=[Task(id="a")], reason="y")
    for name in ("replace", "replacements"):
        assert patch.replace(**{name: (Task(id="b"),)}).replacements == (Task(id="b"),)


def test_the_tasks_of_a_result_do_not_change() -> None:
    done = TaskResult(task_id="a", state=TaskState.COMPLETED)
    result = RunResult(run_id="r", state=RunState.COMPLETED, tasks={"a": done})
    with pytest.raises(TypeError, match="does not change"):
        result.tasks["b"] = done  # type: ignore[index]
    assert result.tasks == {"a": done}


# -- the end, and what never began ------------------------------------------------------------------------------------


def test_a_run_that_cannot_be_cancelled_keeps_no_other_from_ending(tmp_path: Path) -> None:
    async def main() -> tuple[list[str], bool]:
        cancelled: list[str] = []

        class Ends:
            def __init__(self, name: str) -> None:
                self.name = name

            async def cancel(self) -> None:
                cancelled.append(self.name)
                raise OSError(self.name)

        genesis = open_genesis(tmp_path)
        await genesis.__aenter__()
        closed: list[bool] = []
        close = genesis._workers.close
        genesis._workers.close = lambda: (closed.append(True), close())  # type: ignore[method-assign,func-returns-value]
        genesis._running = {Ends("one"), Ends("two")}  # type: ignore[arg-type]
        with pytest.raises(OSError, match="one|two"):
            await genesis.__aexit__()
        return cancelled, bool(closed)

    cancelled, closed = do(main())
    assert sorted(cancelled) == ["one", "two"]
    assert closed


@pytest.mark.parametrize("when", ["append:run.started", "append:plan.decided"])
def test_a_start_that_fails_leaves_no_lock_and_no_open_file(tmp_path: Path, when: str) -> None:
    def probe(place: str) -> None:
        if place == when and armed:
            raise RuntimeError("now")

    armed: list[bool] = []

    async def main() -> None:
        async with open_genesis(tmp_path, FakeAgent("w"), probe=probe) as genesis:
            report = await genesis.plan("x", graph=ONE, workspace=tmp_path)
            await (await genesis.start(report)).result()
            before = handles()
            armed.append(True)
            with pytest.raises(RuntimeError, match="now"):
                await genesis.start(report)
            assert handles() == before

    do(main())


def handles() -> list[str]:
    """What this process has open below a folder of runs."""
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))
    return sorted(os.readlink(link) for link in links if link.is_symlink() and "/runs/" in os.readlink(link))
