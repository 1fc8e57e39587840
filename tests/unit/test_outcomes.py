"""What came of tasks: read from journals once, the same after the index is lost; and budgets of runs that go on."""

from __future__ import annotations

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Acceptance,
    AgentCard,
    Budget,
    DependencyDown,
    Estimate,
    Level,
    Message,
    ModelReply,
    ModelRequest,
    Plan,
    PlanContext,
    Task,
    TaskContext,
    TaskGraph,
    TaskOutcome,
    Usage,
    hookimpl,
)
from genesis_core.testing import FakeAgent, ScriptedModel, open_genesis

QUESTION = ModelRequest(messages=(Message(role="user", text="how many?"),))
CHECK = Acceptance(output=("/total",))


def asker(**output: Any) -> FakeAgent:
    async def work(task: Task, context: TaskContext) -> Any:
        reply = await context.ask(QUESTION)
        return context.result({"said": reply.text, **({"total": 1} if reply.text == "right" else {}), **output},
                              level=Level.MODEL)

    return FakeAgent("asker", work=work)


def reply(text: str, tokens: int = 100) -> ModelReply:
    return ModelReply(text=text, usage=Usage(tokens=tokens, output_tokens=10, cost=Decimal("0.01"), model_calls=1))


class Estimates:
    """Names models as it was told, and notes the budgets that it saw."""

    def __init__(self, model: str = "", *escalate: str) -> None:
        self.model, self.escalate = model, escalate
        self.budgets: list[tuple[str, Budget]] = []

    @hookimpl
    def genesis_estimate(self, task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> Estimate:
        self.budgets.append((task.id, context.budget))
        return Estimate(difficulty=0.25, model=self.model, escalate=self.escalate)


def ran(home: Path, graph: TaskGraph, *extend: object, again: bool = False, **options: Any) -> None:
    async def scenario() -> None:
        home.mkdir(exist_ok=True)
        async with open_genesis(home, *extend, **options) as genesis:
            report = await genesis.plan("g", workspace=home, graph=graph)
            await (await genesis.start(report, again="last" if again else None)).result()

    asyncio.run(scenario())


def outcomes(home: Path) -> tuple[TaskOutcome, ...]:
    return open_genesis(home).records.outcomes()


ONE = TaskGraph(tasks=(Task(id="t", agent="asker"),))


def test_an_outcome_says_who_did_what_with_which_model_at_what_price(tmp_path: Path) -> None:
    graph = TaskGraph(tasks=(Task(id="t", agent="asker", requires=("count",), accept=CHECK),))
    ran(tmp_path, graph, asker(), ScriptedModel(reply("right"), name="m"), Estimates())
    (found,) = outcomes(tmp_path)
    assert (found.task, found.agent, found.skills, found.model) == ("t", "asker", ("count",), "m")
    assert found.done and found.checked and found.difficulty == 0.25 and found.seconds > 0
    assert (found.tokens, found.output_tokens, found.cost) == (100, 10, Decimal("0.01"))


def test_a_task_that_went_on_to_another_model_is_an_outcome_of_each(tmp_path: Path) -> None:
    models = ScriptedModel(reply("wrong", 70), name="small"), ScriptedModel(reply("right", 90), name="large")
    graph = TaskGraph(tasks=(Task(id="t", agent="asker", accept=CHECK),))
    ran(tmp_path, graph, asker(), *models, Estimates("small", "large"))
    small, large = outcomes(tmp_path)
    assert (small.model, small.code, small.done, small.tokens) == ("small", "not_accepted", False, 70)
    assert (large.model, large.code, large.done, large.tokens) == ("large", "", True, 90)
    assert small.agent == large.agent == "asker"


def test_a_degraded_result_is_the_outcome_of_the_model_that_was_asked(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        try:
            await context.ask(QUESTION)
        except DependencyDown:
            return context.result("by hand")

    ran(tmp_path, ONE, FakeAgent("asker", work=work), ScriptedModel(DependencyDown("away"), name="m"))
    (found,) = outcomes(tmp_path)
    assert found.degraded and not found.done and (found.model, found.state) == ("m", "completed")


def test_what_is_used_again_is_no_second_outcome(tmp_path: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return "counted"

    for again in (False, True):
        ran(tmp_path, ONE, FakeAgent("asker", work=work), again=again)
    assert [o.task for o in outcomes(tmp_path)] == ["t"]


def test_a_lost_index_gives_the_same_outcomes_again_and_a_deleted_run_none(tmp_path: Path) -> None:
    for number in range(3):
        ran(tmp_path, ONE, asker(), ScriptedModel(reply(str(number), 100 + number), name="m"))
    before = outcomes(tmp_path)
    assert [o.tokens for o in before] == [102, 101, 100] and outcomes(tmp_path) == before
    (tmp_path / "index.db").unlink()
    assert outcomes(tmp_path) == before
    shutil.rmtree(tmp_path / "runs" / before[0].run)
    assert outcomes(tmp_path) == before[1:]


def test_a_journal_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(tmp_path, ONE, asker(), ScriptedModel(reply("x"), name="m"))
    before = outcomes(tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    records = open_genesis(tmp_path).records
    monkeypatch.setattr(records, "events", lambda run: pytest.fail(f"{run} is read again"))
    assert records.outcomes() == before
    journal = folder / "journal.db"
    journal.write_bytes(journal.read_bytes()[:-100])  # changed, so it is read, and can't be
    assert outcomes(tmp_path) == before


def test_an_index_that_is_no_database_gives_none(tmp_path: Path) -> None:
    ran(tmp_path, ONE, asker(), ScriptedModel(reply("x"), name="m"))
    (tmp_path / "index.db").write_bytes(b"no database" * 100)
    assert outcomes(tmp_path) == ()


def test_no_state_folder_is_made_by_asking(tmp_path: Path) -> None:
    assert outcomes(tmp_path / "none") == () and not (tmp_path / "none").exists()


def test_a_planning_hook_sees_the_same_outcomes_throughout_a_plan(tmp_path: Path) -> None:
    seen: list[int] = []

    class Learner:
        @hookimpl
        def genesis_estimate(self, task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> None:
            assert context.outcomes() is context.outcomes()
            seen.append(len(context.outcomes()))

    for _ in range(2):
        ran(tmp_path, ONE, asker(), ScriptedModel(reply("x"), name="m"), Learner())
    assert seen == [0, 1]


# ---- estimates of a run that goes on -----------------------------------------------------------------------------


def test_a_task_that_is_estimated_on_resume_sees_what_is_left_of_the_budget(tmp_path: Path) -> None:
    """The first task spends a cent; the second one found no agent, and does when the run goes on."""
    graph = TaskGraph(tasks=(Task(id="a", agent="asker"), Task(id="b", depends_on=("a",), requires=("paint",))))
    estimates = Estimates()
    budget = {"max_cost": "1", "max_tokens": 100_000, "max_tool_calls": 9, "max_seconds": 3600}

    async def scenario() -> None:
        given = [asker(), ScriptedModel(*[reply("x")] * 3, name="m", bound=Usage(cost=Decimal("0.02"), tokens=200)),
                 estimates]
        async with open_genesis(tmp_path, *given, settings={"budget": budget}) as genesis:
            report = await genesis.plan("g", workspace=tmp_path, graph=graph)
            run = await genesis.start(report)
            await run.result()
        estimates.budgets.clear()
        given.append(FakeAgent("painter", skills=("paint",)))
        async with open_genesis(tmp_path, *given, Routes(), settings={"budget": budget}) as genesis:
            await (await genesis.resume(run.id)).result()
            assert genesis.record(run.id).results["b"].state.value == "completed"

    asyncio.run(scenario())
    name, left = estimates.budgets[0]
    assert name == "b" and left.max_cost == Decimal("0.99") and left.max_tokens == 99_900 and left.max_tool_calls == 9
    assert left.max_seconds is not None and 0 < left.max_seconds < 3600
    assert all(name != "a" for name, _ in estimates.budgets)  # what is done is done


class Routes:
    """Gives every task to the painter."""

    @hookimpl
    def genesis_route(self, tasks: Any) -> Any:
        from genesis_core import Assignment

        return [Assignment(task_id=t.id, agent="painter") for t in tasks]


def test_more_money_on_resume_is_weighed_anew(tmp_path: Path) -> None:
    """The budget ends before the second task; with more of it, that one is estimated within the new rest."""
    graph = TaskGraph(tasks=(Task(id="a", agent="asker"), Task(id="b", agent="asker", depends_on=("a",))))
    estimates = Estimates()
    model = ScriptedModel(*[reply("x")] * 3, name="m", bound=Usage(cost=Decimal("0.02"), tokens=200))

    async def scenario() -> None:
        async with open_genesis(tmp_path, asker(), model, estimates, settings={"budget": {"max_cost": "0.025"}}) as g:
            report = await g.plan("g", workspace=tmp_path, graph=graph)
            run = await g.start(report)
            assert (await run.result()).state.value == "out_of_budget"
            estimates.budgets.clear()
            again = await g.resume(run.id, budget=Budget(max_cost=Decimal(1)))
            assert (await again.result()).state.value == "completed"

    asyncio.run(scenario())
    assert [(name, budget.max_cost) for name, budget in estimates.budgets[:1]] == [("b", Decimal("0.99"))]
