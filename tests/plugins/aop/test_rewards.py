"""Rewards learned from real journals: what is learned, what plans make of it, and what happens when it can't be."""

from __future__ import annotations

import asyncio
import json
import random
import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import genesis_aop
from genesis_aop.rewards.book import RewardBook, done_of
from genesis_aop.rewards.file import FILE, read
from genesis_aop.rewards.terms import FIXED
from genesis_core import (
    AgentCard,
    Assignment,
    Finding,
    Genesis,
    Goal,
    GraphPatch,
    Plan,
    PlanReport,
    SettingsError,
    StateFolder,
    Task,
    TaskContext,
    TaskGraph,
    TaskOutcome,
    TaskResult,
    TaskState,
    ToolError,
    hookimpl,
)
from genesis_core.testing import FakeAgent, open_genesis

CHANCES = {"clumsy": 0.2, "deft": 0.9}


class ToClumsy:
    """A router that sends everything to the clumsy agent."""

    @hookimpl
    def genesis_route(self, tasks: Sequence[Task], agents: Sequence[AgentCard]) -> list[Assignment]:
        return [Assignment(task_id=task.id, agent="clumsy", score=0.8) for task in tasks]


def team(seed: int) -> list[FakeAgent]:
    lot = random.Random(seed)

    def work(task: Task, context: TaskContext) -> Any:
        if lot.random() < CHANCES[str(task.agent)]:
            return {"drawn": task.id}
        raise ToolError("the pen broke")

    return [FakeAgent(name, work=work, skills=["chart"], prior=0.85) for name in CHANCES]


def opened(home: Path, seed: int = 3) -> Genesis:
    return open_genesis(home / "home", *team(seed), genesis_aop, ToClumsy())


def graph() -> TaskGraph:
    return TaskGraph(tasks=tuple(
        Task(id=f"{name}-{n}", agent=name, requires=("chart",), description=f"{place} chart {n}")
        for name, place in (("clumsy", "left"), ("deft", "right")) for n in range(2)))


async def live(genesis: Genesis, home: Path, runs: int) -> None:
    for _ in range(runs):
        await (await genesis.start(await genesis.plan("draw", workspace=home, graph=graph()))).result()


def fit(genesis: Genesis) -> dict[str, Any]:
    book = genesis.provided.offers["rewards"]["aop"]()
    assert isinstance(book, RewardBook)
    records = [genesis.record(entry.id) for entry in StateFolder(genesis.home).entries(genesis.record)]
    return book.fit(genesis.context(Goal(text="rewards")), records)


async def asked(genesis: Genesis, home: Path) -> PlanReport:
    task = Task(id="a", requires=("chart",), description="Chart the sales")
    return await genesis.plan("Chart the sales", workspace=home, graph=TaskGraph(tasks=(task,)))


def found(report: PlanReport, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home of 30 recorded runs, each of two tasks an agent, from which rewards were learned."""
    home = tmp_path_factory.mktemp("lived")

    async def scenario() -> None:
        async with opened(home) as genesis:
            await live(genesis, home, 30)
            assert fit(genesis)["fitted"]

    asyncio.run(scenario())
    return home


def test_estimates_are_what_the_journals_say_drawn_towards_the_card(lived: Path) -> None:
    learned = read(lived / "home")
    assert learned is not None and learned.origin.outcomes == 120 and learned.origin.runs == 30
    for name, true in CHANCES.items():
        known = learned.success.by_pair[name, "chart"]
        assert known.tries == 60 and known.runs == 30 and known.checked == 0
        share = known.successes / known.tries
        assert min(share, known.toward) <= known.estimate <= max(share, known.toward)
        assert known.low < true < known.high and abs(known.estimate - share) < 0.1
    assert learned.success.used and "better than the cards" in learned.success.why


def test_later_tasks_were_foretold_better_than_by_the_cards_and_the_comparison_says_so(lived: Path) -> None:
    learned = read(lived / "home")
    assert learned is not None
    cards, past = learned.tasks_held_out.ways
    assert (cards.way, past.way) == ("cards", "learned")
    for name in ("log_loss", "brier", "calibration"):
        assert getattr(past, name) < getattr(cards, name)
    assert past.ranking is not None and past.ranking > 0.6


def test_the_file_is_for_its_owner_alone_and_names_its_method_origin_and_seed(lived: Path) -> None:
    path = lived / "home" / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text("utf-8"))
    assert document["schema"] == "genesis.rewards/1" and document["method"] == 2
    assert document["origin"]["first"] < document["origin"]["last"] and len(document["origin"]["digest"]) == 64


def test_the_same_outcomes_teach_the_same(lived: Path) -> None:
    async def again() -> str:
        async with opened(lived) as genesis:
            fit(genesis)
        return (lived / "home" / FILE).read_text("utf-8")

    before = (lived / "home" / FILE).read_text("utf-8")
    assert asyncio.run(again()) == before


def test_a_plan_scores_by_what_was_learned_says_so_and_leaves_who_clearly_fails(lived: Path) -> None:
    async def scenario() -> PlanReport:
        async with opened(lived) as genesis:
            return await asked(genesis, lived)

    report, learned = asyncio.run(scenario()), read(lived / "home")
    assert learned is not None and report.score is not None
    assert report.plan.assigned["a"].agent == "deft" and report.revisions == 1 and not report.findings
    assert report.score.success == pytest.approx(learned.success.by_pair["deft", "chart"].estimate, abs=1e-5)
    assert "learned from 120 outcomes of 30 runs for deft" in report.score.reason


def test_an_agent_that_the_author_named_stays_with_a_note(lived: Path) -> None:
    async def scenario() -> PlanReport:
        async with opened(lived) as genesis:
            task = Task(id="a", agent="clumsy", requires=("chart",), description="Chart the sales")
            return await genesis.plan("Chart the sales", workspace=lived, graph=TaskGraph(tasks=(task,)))

    report = asyncio.run(scenario())
    assert report.plan.assigned["a"].agent == "clumsy"
    (told,) = found(report, "past-outcomes")
    assert "of 60 earlier tasks" in told.message and told.hint == "genesis rewards show clumsy"


def test_whole_runs_are_read_as_their_plans_were_and_as_they_ended(lived: Path) -> None:
    async def scenario() -> None:
        async with opened(lived) as genesis:
            entry = StateFolder(genesis.home).entries(genesis.record)[0]
            record = genesis.record(entry.id)
            done = done_of(record, genesis.context(Goal(text="rewards")), 4)
            assert done is not None and done.run == entry.id and len(done.parts) == 4 and done.routed == 1.0
            assert done.done == sum(r.state.value == "completed" for r in record.results.values()) / 4
            assert {part.skills for part in done.parts} == {("chart",)}
            assert done_of(record, genesis.context(Goal(text="rewards")), 3) is None  # it took a result over

    asyncio.run(scenario())


def test_plans_of_later_runs_are_ranked_better_than_by_the_fixed_score_and_the_answer_shows_it(tmp_path: Path) -> None:
    lot = random.Random(8)

    async def scenario() -> dict[str, Any]:
        async with opened(tmp_path) as genesis:
            for _ in range(60):
                who = lot.choice(("clumsy", "deft"))
                tasks = TaskGraph(tasks=tuple(Task(id=f"{n}", agent=who, requires=("chart",)) for n in range(3)))
                await (await genesis.start(await genesis.plan("draw", workspace=tmp_path, graph=tasks))).result()
            return fit(genesis)

    rewards = asyncio.run(scenario())["rewards"]
    ways = {way["way"]: way for way in rewards["runs_held_out"]["ways"]}
    assert rewards["runs_held_out"]["count"] >= 30 and next(iter(ways)) == "fixed"
    assert ways["fixed"]["ranking"] == 0.5  # both cards promise the same
    assert ways["learned success"]["ranking"] > 0.8
    assert ways["learned success"]["log_loss"] < ways["fixed"]["log_loss"]
    assert "later runs" in rewards["weights"]["why"] and sum(rewards["weights"]["learned"]) == pytest.approx(1)


def test_a_run_that_takes_over_what_another_did_counts_for_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as genesis:
            tasks = TaskGraph(tasks=(Task(id="a", agent="deft", requires=("chart",), description="Chart the sales"),))
            report = await genesis.plan("draw", workspace=tmp_path, graph=tasks)
            first = await (await genesis.start(report)).result()
            again = await (await genesis.start(report, again=first.run_id)).result()
            did = Counter(outcome.run for outcome in genesis.context(Goal(text="rewards")).outcomes())
            assert dict(did) == {first.run_id: 1}
            context = genesis.context(Goal(text="rewards"))
            assert done_of(genesis.record(first.run_id), context, did[first.run_id]) is not None
            assert done_of(genesis.record(again.run_id), context, did[again.run_id]) is None

    asyncio.run(scenario())


class InParts:
    """Has what fails done in two parts: one by who got it right, one by *second*."""

    def __init__(self, second: str) -> None:
        self._second = second

    @hookimpl
    def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
        if result is None or result.state is TaskState.COMPLETED or "/" in result.task_id:
            return None
        parts = (Task(id="a/1", parent="a", agent="deft"), Task(id="a/2", parent="a", agent=self._second))
        return GraphPatch(add=parts, replace=(plan.graph["a"].replace(agent=None),), reason="in parts")


@pytest.mark.parametrize(("second", "done"), [("deft", 1.0), ("clumsy", 0.5)])
def test_a_task_that_was_done_in_parts_is_done_when_all_of_them_are(tmp_path: Path, second: str, done: float) -> None:
    async def scenario() -> None:
        agents = FakeAgent("clumsy", error=ToolError("the pen broke")), FakeAgent("deft", output=1)
        async with open_genesis(tmp_path / "home", *agents, InParts(second)) as genesis:
            tasks = TaskGraph(tasks=(Task(id="a", agent="clumsy"), Task(id="b", agent="deft")))
            run = await genesis.start(await genesis.plan("draw", workspace=tmp_path, graph=tasks))
            await run.result()
            context, record = genesis.context(Goal(text="rewards")), genesis.record(run.id)
            did = Counter(outcome.run for outcome in context.outcomes())[run.id]
            found = done_of(record, context, did)
            assert did == 4 and found is not None and found.done == done
            assert [part.agent for part in found.parts] == ["clumsy", "deft"]  # the plan as it was before it began
            assert done_of(record, context, did - 1) is None  # one of the four was taken over

    asyncio.run(scenario())


def test_below_thirty_outcomes_nothing_is_learned_and_the_score_says_so(tmp_path: Path) -> None:
    async def scenario() -> tuple[dict[str, Any], PlanReport]:
        async with opened(tmp_path) as genesis:
            await live(genesis, tmp_path, 7)
            return fit(genesis), await asked(genesis, tmp_path)

    told, report = asyncio.run(scenario())
    assert told["fitted"] is False and told["outcomes"] == 28 and told["needed"] == 30
    assert not (tmp_path / "home" / FILE).exists()
    assert report.score is not None and report.score.weights == FIXED and report.score.success == 0.85
    assert "fixed weights" in report.score.reason and "nothing is learned" in report.score.reason
    assert report.plan.assigned["a"].agent == "clumsy"


@pytest.mark.parametrize("text", [
    "", "{", "[]", '{"schema": "other/1"}', '{"schema": "genesis.rewards/1", "method": 1}',
    '{"schema": "genesis.rewards/1", "method": 2}', "\x00\xff",
])
def test_a_damaged_file_is_named_and_planning_goes_on_without_it(tmp_path: Path, text: str) -> None:
    async def scenario() -> PlanReport:
        async with opened(tmp_path) as genesis:
            (genesis.home / FILE).parent.mkdir(exist_ok=True)
            (genesis.home / FILE).write_text(text, "latin-1")
            return await asked(genesis, tmp_path)

    report = asyncio.run(scenario())
    (told,) = found(report, "rewards")
    assert "can't be used" in told.message and "genesis rewards reset" in told.hint
    assert report.score is not None and report.score.weights == FIXED and "can't be used" in report.score.reason
    with pytest.raises(SettingsError, match="can't be used"):
        read(tmp_path / "home")


def test_a_file_that_was_replaced_is_read_anew(lived: Path, tmp_path: Path) -> None:
    document = json.loads((lived / "home" / FILE).read_text("utf-8"))
    for why in ("first", "later"):
        document["success"]["why"] = why
        draft = tmp_path / "draft"
        draft.write_text(json.dumps(document), "utf-8")
        draft.replace(tmp_path / FILE)
        found = read(tmp_path)
        assert found is not None and found.success.why == why and read(tmp_path) is found


@pytest.mark.parametrize(("path", "value"), [
    (("success", "pairs", 0, "estimate"), 1.5), (("success", "pairs", 0, "estimate"), "high"),
    (("weights", "learned"), [0.5, 0.5, 0.5, -0.5]), (("success", "shift"), 1e9), (("surprise",), 1),
])
def test_figures_that_can_not_be_are_refused(lived: Path, tmp_path: Path, path: tuple[Any, ...], value: object) -> None:
    document = json.loads((lived / "home" / FILE).read_text("utf-8"))
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / FILE).write_text(json.dumps(document), "utf-8")
    with pytest.raises(SettingsError, match="can't be used"):
        read(tmp_path)


# ---- which facts count ---------------------------------------------------------------------------------------------

CARDS = {"a": AgentCard(name="a"), "b": AgentCard(name="b")}


def outcome(**more: Any) -> TaskOutcome:
    return TaskOutcome(**{"run": "r1", "task": "t", "agent": "a", **more})


def tried(*outcomes: TaskOutcome) -> list[tuple[str, bool]]:
    from genesis_aop.rewards.facts import tries_of

    return [(t.agent, t.done) for t in tries_of(outcomes, CARDS)]


def test_what_befell_a_task_from_outside_counts_for_nobody() -> None:
    for more in ({"category": "security", "code": "access_denied"}, {"category": "network", "code": "dependency_down"},
                 {"category": "resource", "code": "budget_exceeded"}):
        assert tried(outcome(state="failed", **more)) == []
    assert tried(outcome(degraded=True)) == [] and tried(outcome(agent="nobody-here")) == []


def test_a_task_that_is_put_right_counts_once_and_for_whoever_did_it() -> None:
    wrong = outcome(state="failed", code="not_accepted", category="validation", model="small")
    assert tried(wrong, outcome(model="large")) == [("a", True)]
    assert tried(outcome(state="failed", code="tool_error", category="resource"), outcome(agent="b")) == [
        ("a", False), ("b", True)]


def test_a_success_by_words_alone_is_none() -> None:
    """Codes and names that an agent or a file made up change nothing: state and category are the kernel's."""
    assert tried(outcome(state="failed", code="completed", category="validation")) == [("a", False)]
    assert tried(outcome(state="rejected", code="everything_is_fine", category="unknown")) == [("a", False)]


def test_one_run_counts_for_no_more_than_twenty_tries() -> None:
    from genesis_aop.rewards.facts import Try
    from genesis_aop.rewards.success import learned

    flood = [Try("r9", "a", ("chart",), True)] * 500
    known = learned([*(Try(f"r{n}", "a", ("chart",), False) for n in range(9)), *flood], {"a": 0.5})
    assert known.by_pair["a", "chart"].counted <= 29.001 and known.by_pair["a", "chart"].tries == 509
