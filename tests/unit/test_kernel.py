"""Planning: each task is split once, filled in by many plugins, and mended a limited number of times."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import (
    AccessDenied,
    AgentCard,
    Assignment,
    Decomposition,
    Estimate,
    EventKind,
    Finding,
    Genesis,
    GenesisError,
    Goal,
    GraphError,
    GraphPatch,
    LimitExceeded,
    Mend,
    NoAnswer,
    Offer,
    Outcome,
    Plan,
    PlanError,
    PlanRejected,
    PlanReport,
    PluginError,
    Reason,
    RunEvent,
    Score,
    Screening,
    SettingsError,
    Severity,
    Task,
    TaskGraph,
    TaskState,
    Verdict,
    hookimpl,
)
from genesis_core._kernel import TIER_SECONDS
from genesis_core.agents import Tier
from genesis_core.testing import FakeAgent, ScriptedModel, open_genesis


class Splits:
    """Decomposes what it has an entry for, by description, and counts what it is asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[str]()

    @hookimpl
    def genesis_decompose(self, task: Task) -> Any:
        self.asked.append(task.id)
        return self.answers.get(task.description)


class Routes:
    """Assigns the tasks whose ids it has an entry for."""

    def __init__(self, agents: Mapping[str, str], *, whatever: bool = False) -> None:
        self.agents, self.whatever, self.asked = agents, whatever, list[tuple[str, ...]]()

    @hookimpl
    def genesis_route(self, tasks: Sequence[Task], agents: Sequence[AgentCard]) -> list[Assignment] | None:
        self.asked.append(tuple(t.id for t in tasks))
        ids = self.agents if self.whatever else [t.id for t in tasks if t.id in self.agents]
        return [Assignment(task_id=i, agent=self.agents[i], reasons=(Reason(rule="test"),)) for i in ids] or None


class Everybody:
    """Gives every task to the agent "w"."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    @hookimpl(trylast=True)
    def genesis_route(self, tasks: Sequence[Task]) -> list[Assignment]:
        self.asked.append(tuple(t.id for t in tasks))
        return [Assignment(task_id=t.id, agent="w") for t in tasks]


class Validates:
    def __init__(self, answer: Callable[[Plan], Any]) -> None:
        self.answer, self.seen = answer, list[Plan]()

    @hookimpl
    def genesis_validate(self, plan: Plan) -> Any:
        self.seen.append(plan)
        return self.answer(plan)


class Revises:
    def __init__(self, answer: Callable[[Plan, Sequence[Finding]], Any]) -> None:
        self.answer, self.findings = answer, list[tuple[str, ...]]()

    @hookimpl
    def genesis_revise(self, plan: Plan, findings: Sequence[Finding], result: Any) -> Any:
        if result is not None:
            return None
        self.findings.append(tuple(f.rule for f in findings))
        return self.answer(plan, findings)


def plan(home: Path, *extend: object, goal: str = "goal", graph: TaskGraph | None = None, agents: Sequence[Any] = (),
         **options: Any) -> PlanReport:
    """Plan *goal* with these plugins and an agent "w"."""

    async def main() -> PlanReport:
        async with open_genesis(home, *(agents or [FakeAgent("w")]), *extend, **options) as genesis:
            return await genesis.plan(goal, workspace=home, graph=graph)

    return asyncio.run(main())


def ids(report: PlanReport) -> list[str]:
    return [t.id for t in report.plan.graph.tasks]


def many(*names: str) -> list[Task]:
    return [Task(id=n, description=n) for n in names]


# -- decompose --------------------------------------------------------------------------------------------------------


def test_the_goal_is_asked_for_first_as_a_task_of_that_kind(tmp_path: Path) -> None:
    seen: list[Task] = []

    class Looks:
        @hookimpl
        def genesis_decompose(self, task: Task) -> list[Task] | None:
            seen.append(task)
            return many("a") if task.kind == "goal" else None

    plan(tmp_path, Looks(), goal="Do it")
    assert (seen[0].id, seen[0].kind, seen[0].description) == ("goal", "goal", "Do it")
    assert [t.id for t in seen] == ["goal", "a"]


def test_every_task_is_asked_for_once_and_children_stand_below_their_parent(tmp_path: Path) -> None:
    splits = Splits(goal=many("a", "b"), a=many("c", "d"), d=many("e"))
    report = plan(tmp_path, splits)
    assert ids(report) == ["a", "a/c", "a/d", "a/d/e", "b"]
    assert splits.asked == ["goal", "a", "b", "a/c", "a/d", "a/d/e"], "level by level"
    assert {t.id: t.parent for t in report.plan.graph.tasks} == {
        "a": None, "a/c": "a", "a/d": "a", "a/d/e": "a/d", "b": None}


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"), max_size=3), max_size=6))
@settings(max_examples=30, deadline=None)
def test_calls_are_one_and_one_a_task_below_the_deepest_level(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, set[str]]
) -> None:
    splits = Splits(goal=many("a", "b"), **{name: many(*sorted(below)) for name, below in answers.items()})
    try:
        report = plan(tmp_path_factory.mktemp("p"), splits, settings={"limits": {"max_depth": 3, "max_tasks": 200}})
    except LimitExceeded:
        return
    deepest = [i for i, depth in report.plan.graph.depths.items() if depth == 3]
    assert Counter(splits.asked) == Counter(["goal", *(i for i in ids(report) if i not in deepest)])


def test_who_can_do_it_already_is_not_asked_for(tmp_path: Path) -> None:
    tasks = [Task(id="named", agent="w"), Task(id="p"), Task(id="c", parent="p")]
    splits = Splits(goal=tasks)
    plan(tmp_path, splits)
    assert splits.asked == ["goal", "c"], "a task with an agent, or with children, needs no splitting"


def test_references_inside_an_answer_move_with_it_and_those_to_others_stay(tmp_path: Path) -> None:
    inner = [
        Task(id="x"), Task(id="y", depends_on=("x", "b"), inputs={
            "mine": {"task": "x", "output": ""}, "theirs": {"task": "b", "output": "/n"}, "plain": {"value": 1}}),
        Task(id="z", parent="y"),
    ]
    report = plan(tmp_path, Splits(goal=[*many("b"), Task(id="a", description="a")], a=inner))
    y = report.plan.graph["a/y"]
    assert y.depends_on == ("a/x", "b")
    assert {name: i.task for name, i in y.inputs.items()} == {"mine": "a/x", "theirs": "b", "plain": None}
    assert report.plan.graph["a/z"].parent == "a/y"
    assert report.plan.graph["a/x"].parent == "a"


def test_a_stranger_takes_a_branch_of_another_ones_plan(tmp_path: Path) -> None:
    class BuiltIn(Splits):
        @hookimpl(trylast=True)
        def genesis_decompose(self, task: Task) -> Any:
            return super().genesis_decompose(task)

    builtin = BuiltIn(goal=[*many("greet", "report"), Task(id="end", depends_on=("greet",))])
    stranger = Splits(greet=[Task(id="hello"), Task(id="wave", depends_on=("hello",))])
    report = plan(tmp_path, builtin, stranger)
    graph = report.plan.graph
    assert ids(report) == ["greet", "greet/hello", "greet/wave", "report", "end"]
    assert [t.id for t in graph.ready(["greet/hello", "greet/wave", "report"])] == ["end"]
    assert "greet" not in builtin.asked, "the stranger answered first"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_task_is_split_below_the_deepest_level(tmp_path: Path, depth: int) -> None:
    report = plan(tmp_path, Splits(goal=many("a"), a=many("a")), settings={"limits": {"max_depth": depth}})
    assert max(report.plan.graph.depths.values()) == depth


def test_nesting_inside_an_answer_counts(tmp_path: Path) -> None:
    nested = [Task(id="p"), Task(id="c", parent="p", description="a")]
    splits = Splits(goal=nested, a=many("a"))
    report = plan(tmp_path, splits, settings={"limits": {"max_depth": 3}})
    assert ids(report) == ["p", "c", "c/a"]
    assert splits.asked == ["goal", "c"]


def test_a_plan_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    nested = [Task(id="a"), Task(id="b", parent="a"), Task(id="c", parent="b")]
    for options in ({"graph": TaskGraph(tasks=tuple(nested))}, {}):
        with pytest.raises(LimitExceeded, match="3 levels deep; at most 2") as caught:
            plan(tmp_path, Splits(goal=nested), settings={"limits": {"max_depth": 2}}, **options)
        assert caught.value.exit_code == 3


def test_a_plan_that_is_too_large_is_refused_before_it_grows_without_end(tmp_path: Path) -> None:
    class Explodes(Splits):
        @hookimpl
        def genesis_decompose(self, task: Task) -> list[Task]:
            self.asked.append(task.id)
            return many(*(f"t{n}" for n in range(40)))

    explodes = Explodes()
    with pytest.raises(LimitExceeded, match="more than 100 tasks"):
        plan(tmp_path, explodes, settings={"limits": {"max_tasks": 100}})
    assert len(explodes.asked) <= 101
    with pytest.raises(LimitExceeded, match="more than 3 tasks"):
        plan(tmp_path, graph=TaskGraph(tasks=tuple(many("a", "b", "c", "d"))), settings={"limits": {"max_tasks": 3}})


def test_without_an_answer_there_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="no plugin decomposed the goal") as caught:
        plan(tmp_path, Splits())
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("answer", ["words", {"a": 1}, [Task(id="a"), "b"], 7, [1]])
def test_an_answer_of_another_kind_names_its_plugin(tmp_path: Path, answer: object) -> None:
    with pytest.raises(PluginError, match="'Splits' answered genesis_decompose"):
        plan(tmp_path, Splits(goal=answer))


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        (many("a", "a"), "'a' is used twice"), ([Task(id="a", depends_on=("b",))], "unknown task 'b'"),
        ([Task(id="a", parent="b"), Task(id="b", parent="a")], "wait for each other"),
        ([Task(id="a", parent="a")], "wait for each other"),
    ],
)
def test_tasks_that_build_no_graph_are_refused(tmp_path: Path, tasks: list[Task], words: str) -> None:
    with pytest.raises(GraphError, match=words):
        plan(tmp_path, Splits(goal=tasks))


def test_ids_that_grow_too_long_are_refused_in_words(tmp_path: Path) -> None:
    long = "x" * 80
    with pytest.raises(PlanError, match="can't have these children.*128") as caught:
        plan(tmp_path, Splits(goal=many(long), **{long: many(long)}))
    assert "shorter" in caught.value.hint


def test_what_was_not_understood_is_in_the_plan(tmp_path: Path) -> None:
    answer = Decomposition(tasks=tuple(many("a")), not_understood=("cook dinner",))
    assert plan(tmp_path, Splits(goal=answer), Everybody()).plan.not_understood == ("cook dinner",)


def test_the_same_goal_gives_the_same_digest(tmp_path: Path) -> None:
    one, two = (plan(tmp_path, Splits(goal=many("a", "b")), Everybody()) for _ in range(2))
    assert one.plan.digest == two.plan.digest
    assert one.plan.digest != plan(tmp_path, Splits(goal=many("b", "a")), Everybody()).plan.digest


# -- route ------------------------------------------------------------------------------------------------------------


def routed(report: PlanReport) -> dict[str, str]:
    return {a.task_id: a.agent for a in report.plan.assignments}


def test_several_plugins_fill_in_the_route_each_asked_for_what_is_left(tmp_path: Path) -> None:
    class First(Routes):
        """Asked before the other: names decide."""

    class Second(Routes):
        pass

    first, second = First({"a": "w"}), Second({"b": "v", "a": "v"})
    agents = [FakeAgent("w"), FakeAgent("v")]
    report = plan(tmp_path, first, second, Splits(goal=many("a", "b", "c")), agents=agents)
    assert first.asked == [("a", "b", "c")]
    assert second.asked == [("b", "c")]
    assert routed(report) == {"a": "w", "b": "v"}


def test_who_is_asked_later_cannot_take_a_task_away(tmp_path: Path) -> None:
    class Early(Routes):
        pass

    class Late(Routes):
        pass

    agents = [FakeAgent("w"), FakeAgent("v")]
    late = Late({"a": "v", "b": "v", "elsewhere": "v"}, whatever=True)
    report = plan(tmp_path, Early({"a": "w"}), late, Splits(goal=many("a", "b")), agents=agents)
    assert routed(report) == {"a": "w", "b": "v"}


def test_when_nothing_is_left_nobody_more_is_asked(tmp_path: Path) -> None:
    late = Everybody()
    report = plan(tmp_path, late, Routes({"a": "w"}), Splits(goal=many("a")))
    assert (routed(report), late.asked) == ({"a": "w"}, [])
    named = Routes({})
    plan(tmp_path, named, graph=TaskGraph(tasks=(Task(id="a", agent="w"),)))
    assert named.asked == []


def test_a_composite_is_never_routed(tmp_path: Path) -> None:
    routes = Routes({"p": "w", "p/c": "w"})
    report = plan(tmp_path, routes, Splits(goal=many("p"), p=many("c")))
    assert routes.asked == [("p/c",)]
    assert routed(report) == {"p/c": "w"}


def test_the_author_of_a_plan_names_agents(tmp_path: Path) -> None:
    report = plan(tmp_path, Routes({"a": "v"}), graph=TaskGraph(tasks=(Task(id="a", agent="w"),)))
    assert routed(report) == {"a": "w"}
    assert report.plan.assignments[0].reasons[0].rule == "author"


def test_an_unknown_agent_is_named_with_the_nearest(tmp_path: Path) -> None:
    agents = [FakeAgent("architect"), FakeAgent("w")]
    with pytest.raises(PlanError, match=r"'a' names unknown agent 'architct'; did you mean 'architect'\?"):
        plan(tmp_path, graph=TaskGraph(tasks=(Task(id="a", agent="architct"),)), agents=agents)
    with pytest.raises(PluginError, match="'Routes' routed 'a' to unknown agent 'nobody'"):
        plan(tmp_path, Routes({"a": "nobody"}), Splits(goal=many("a")))


@pytest.mark.parametrize("answer", [["w"], [("a", "w")], [{"task_id": "a"}]])
def test_a_route_of_another_kind_names_its_plugin(tmp_path: Path, answer: Any) -> None:
    class Odd:
        @hookimpl
        def genesis_route(self) -> Any:
            return answer

    with pytest.raises(PluginError, match="'Odd' answered genesis_route with"):
        plan(tmp_path, Odd(), Splits(goal=many("a")))


def test_a_task_that_nobody_takes_stays_in_the_plan(tmp_path: Path) -> None:
    report = plan(tmp_path, Routes({"b": "w"}), Splits(goal=many("a", "b")))
    assert ids(report) == ["a", "b"]
    assert routed(report) == {"b": "w"}


# -- estimate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", Tier)
def test_without_an_estimator_the_card_is_the_estimate_with_confidence_0(tmp_path: Path, tier: Tier) -> None:
    agent = FakeAgent("w", tier=tier, prior=0.9, price="0.25")
    report = plan(tmp_path, Everybody(), Splits(goal=many("a")), agents=[agent])
    assert report.plan.estimates == (
        Estimate(task_id="a", difficulty=0.1, cost=Decimal("0.25"), seconds=TIER_SECONDS[tier], confidence=0.0),
    )


def test_an_estimator_is_asked_for_each_task_and_may_decline(tmp_path: Path) -> None:
    class Estimates:
        @hookimpl
        async def genesis_estimate(self, task: Task, agent: AgentCard) -> Estimate | None:
            return Estimate(task_id="odd", seconds=9, confidence=0.5) if task.id == "a" and agent.name == "w" else None

    report = plan(tmp_path, Everybody(), Estimates(), Splits(goal=many("a", "b")))
    assert {e.task_id: (e.seconds, e.confidence) for e in report.plan.estimates} == {
        "a": (9, 0.5), "b": (TIER_SECONDS[Tier.MEDIUM], 0.0)}


def test_an_estimate_of_another_kind_names_its_plugin(tmp_path: Path) -> None:
    class Odd:
        @hookimpl
        def genesis_estimate(self) -> Any:
            return 5.0

    with pytest.raises(PluginError, match="'Odd' answered genesis_estimate with float"):
        plan(tmp_path, Everybody(), Odd(), Splits(goal=many("a")))


# -- validate and revise ----------------------------------------------------------------------------------------------


def finding(rule: str = "r", severity: Severity = Severity.FIXABLE, mend: Mend = Mend.REDESCRIBE) -> Finding:
    return Finding(rule=rule, severity=severity, message=f"{rule} is wrong", mend=mend)


def score(value: float) -> Score:
    return Score(value=value, success=value, quality=value, cost=0, time=0)


def test_all_validators_are_heard_and_the_lowest_score_counts(tmp_path: Path) -> None:
    class Another(Validates):
        pass

    note, high, low = finding("n", Severity.NOTE), score(0.9), score(0.2)
    one, two = Validates(lambda p: [note, high]), Another(lambda p: [low])
    report = plan(tmp_path, one, two, Everybody(), Splits(goal=many("a")))
    assert (report.findings, report.score, report.verdict) == ((note,), low, Verdict.ACCEPT)
    assert one.seen == two.seen == [report.plan]
    assert one.seen[0].estimates, "validators see estimates"


@pytest.mark.parametrize("answer", [["words"], [None], [True]])
def test_a_validation_of_another_kind_names_its_plugin(tmp_path: Path, answer: Any) -> None:
    with pytest.raises(PluginError, match="'Validates' answered genesis_validate with"):
        plan(tmp_path, Validates(lambda p: answer), Everybody(), Splits(goal=many("a")))


def test_a_validator_that_raises_stops_planning(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="'Validates'.*ZeroDivisionError"):
        plan(tmp_path, Validates(lambda p: [1 / 0]), Everybody(), Splits(goal=many("a")))


def test_a_fatal_finding_rejects_and_nothing_is_revised_or_run(tmp_path: Path) -> None:
    revises = Revises(lambda p, f: GraphPatch(add=many("new")))
    fatal = finding(severity=Severity.FATAL)

    async def main() -> PlanReport:
        extend = (FakeAgent("w"), Validates(lambda p: [fatal]), revises, Everybody(), Splits(goal=many("a")))
        async with open_genesis(tmp_path / "home", *extend) as genesis:
            report = await genesis.plan("goal", workspace=tmp_path)
            for what in (report, "goal"):
                with pytest.raises(PlanRejected, match="the plan is rejected: r is wrong") as caught:
                    await genesis.start(what, workspace=tmp_path)
                assert caught.value.exit_code == 3
            return report

    assert asyncio.run(main()).verdict is Verdict.REJECT
    assert revises.findings == []
    assert not (tmp_path / "home" / "runs").exists()


def test_a_mend_is_applied_and_the_plan_is_looked_at_again(tmp_path: Path) -> None:
    def mend(plan: Plan, findings: Sequence[Finding]) -> GraphPatch:
        return GraphPatch(replace=[plan.graph["a"].replace(description="better")], reason="said better")

    validates = Validates(lambda p: [] if p.graph["a"].description == "better" else [
        finding("fix me"), finding("just so", mend=Mend.NONE), finding("a note", Severity.NOTE)])
    revises = Revises(mend)
    report = plan(tmp_path, validates, revises, Everybody(), Splits(goal=many("a", "b")))
    assert (report.verdict, report.revisions, report.findings) == (Verdict.ACCEPT, 1, ())
    assert report.plan.graph["a"].description == "better"
    assert revises.findings == [("fix me",)], "only what can be mended is shown"
    assert len(validates.seen) == 2


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_a_plan_is_revised_a_limited_number_of_times_and_then_shown_as_it_is(tmp_path: Path, limit: int) -> None:
    validates = Validates(lambda p: [finding()])
    revises = Revises(lambda p, f: GraphPatch(add=many(f"n{len(p.graph)}")))
    report = plan(tmp_path, validates, revises, Everybody(), Splits(goal=many("a")),
                  settings={"limits": {"max_revisions": limit}})
    assert (len(revises.findings), report.revisions, len(validates.seen)) == (limit, limit, limit + 1)
    assert report.verdict is Verdict.ACCEPT
    assert [f.mend for f in report.findings] == [Mend.NONE]


def test_three_revisions_are_the_default(tmp_path: Path) -> None:
    revises = Revises(lambda p, f: GraphPatch(add=many(f"n{len(p.graph)}")))
    plan(tmp_path, Validates(lambda p: [finding()]), revises, Everybody(), Splits(goal=many("a")))
    assert len(revises.findings) == 3


@pytest.mark.parametrize("length", [1, 2])
def test_a_plan_that_comes_round_again_is_rejected(tmp_path: Path, length: int) -> None:
    def turn(plan: Plan, findings: Sequence[Finding]) -> GraphPatch:
        number = (int(plan.graph["a"].description) + 1) % length
        return GraphPatch(replace=[plan.graph["a"].replace(description=str(number))])

    revises = Revises(turn)
    report = plan(tmp_path, Validates(lambda p: [finding()]), revises, Everybody(),
                  Splits(goal=[Task(id="a", description="0")]))
    assert report.verdict is Verdict.REJECT
    assert "kernel.revision-loop" in [f.rule for f in report.findings]
    assert len(revises.findings) == length


def test_nobody_to_mend_it_leaves_the_plan_as_it_is(tmp_path: Path) -> None:
    report = plan(tmp_path, Validates(lambda p: [finding()]), Everybody(), Splits(goal=many("a")))
    assert (report.verdict, report.revisions) == (Verdict.ACCEPT, 0)
    assert [f.rule for f in report.findings] == ["r"]


def test_only_what_a_patch_touches_is_routed_and_estimated_anew(tmp_path: Path) -> None:
    counts = Everybody()
    estimated: list[str] = []

    class Estimates:
        @hookimpl
        def genesis_estimate(self, task: Task) -> None:
            estimated.append(task.id)

    patch = GraphPatch(add=many("d"), replace=[Task(id="b", description="new")], drop=["c"])
    validates = Validates(lambda p: [finding()] if "c" in p.graph else [])
    report = plan(tmp_path, counts, Estimates(), validates, Revises(lambda p, f: patch),
                  Splits(goal=many("a", "b", "c")))
    assert counts.asked == [("a", "b", "c"), ("b", "d")]
    assert estimated == ["a", "b", "c", "b", "d"]
    assert [a.task_id for a in report.plan.assignments] == [e.task_id for e in report.plan.estimates] == ["a", "b", "d"]


@pytest.mark.parametrize("patch", [GraphPatch(drop=("nobody",)), GraphPatch(add=many("a")), GraphPatch(
    replace=[Task(id="a", depends_on=("a",))]), GraphPatch(add=[Task(id="x", agent="nobody")])])
def test_a_mend_that_breaks_the_plan_is_refused_whole(tmp_path: Path, patch: GraphPatch) -> None:
    revises = Revises(lambda p, f: patch)
    report = plan(tmp_path, Validates(lambda p: [finding()]), revises, Everybody(), Splits(goal=many("a")))
    assert ids(report) == ["a"]
    assert (report.verdict, len(revises.findings)) == (Verdict.ACCEPT, 1)
    assert [(f.rule, f.mend) for f in report.findings] == [("r", Mend.NONE)]


def test_a_mend_of_another_kind_names_its_plugin(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="'Revises' answered genesis_revise with str"):
        plan(tmp_path, Validates(lambda p: [finding()]), Revises(lambda p, f: "patch"), Everybody(),
             Splits(goal=many("a")))


# -- pipelines --------------------------------------------------------------------------------------------------------


def test_v1_gives_the_goal_whole_to_the_first_agent_that_shares_a_word(tmp_path: Path) -> None:
    agents = [FakeAgent("writer", skills=["write prose"]), FakeAgent("tester", kinds=("test",))]
    splits = Splits(goal=many("a"))
    report = plan(tmp_path, splits, agents=agents, goal="Test, then write", settings={"pipeline": "v1"})
    assert splits.asked == []
    assert routed(report) == {"task": "tester"}, "agents stand in order of name"
    assert (report.plan.pipeline, ids(report)) == ("v1", ["task"])
    assert report.plan.graph["task"].description == "Test, then write"


def test_v1_without_such_an_agent_leaves_the_task_to_nobody(tmp_path: Path) -> None:
    agents = [FakeAgent("tester", kinds=("test",), needs_model=True)]
    for goal in ("Cook dinner", "Test it"):
        report = plan(tmp_path, agents=agents, goal=goal, settings={"pipeline": "v1"})
        assert routed(report) == {}
    able = plan(tmp_path, ScriptedModel(), agents=agents, goal="Test it", settings={"pipeline": "v1"})
    assert routed(able) == {"task": "tester"}


def test_a_variable_of_the_environment_sends_runs_to_v1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = Splits(goal=many("a"))
    monkeypatch.setenv("USE_V2_ORCHESTRATOR", "false")
    monkeypatch.chdir(tmp_path)
    assert plan(tmp_path, splits).plan.pipeline == "v1"
    monkeypatch.delenv("USE_V2_ORCHESTRATOR")
    assert plan(tmp_path, splits).plan.pipeline == "v2"


def test_a_pipeline_can_be_offered_and_chosen_by_name(tmp_path: Path) -> None:
    async def straight(planner: Any, goal: Goal) -> Plan:
        return Plan(goal=goal, graph=TaskGraph(tasks=(Task(id="straight"),)), pipeline="mine")

    offer = Offer("pipeline", "mine", straight)
    assert ids(plan(tmp_path, offer, settings={"pipeline": "mine"})) == ["straight"]


def test_nobody_can_put_another_pipeline_in_the_place_of_v2(tmp_path: Path) -> None:
    async def impostor(planner: Any, goal: Goal) -> Plan:
        raise AssertionError("it was run")

    report = plan(tmp_path, Offer("pipeline", "v2", impostor), Splits(goal=many("a")))
    assert ids(report) == ["a"]


def test_an_unknown_pipeline_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no pipeline 'v3'") as caught:
        plan(tmp_path, settings={"pipeline": "v3"})
    assert caught.value.cause == "known: v1, v2"


# -- the door ---------------------------------------------------------------------------------------------------------


def test_a_goal_that_is_too_long_is_refused_before_anybody_reads_it(tmp_path: Path) -> None:
    splits = Splits()
    with pytest.raises(LimitExceeded, match="5001 characters; at most 5000"):
        plan(tmp_path, splits, goal="x" * 5001)
    assert splits.asked == []
    with pytest.raises(LimitExceeded, match="at most 3"):
        plan(tmp_path, splits, goal="four", settings={"limits": {"max_goal_chars": 3}})


class Blocks:
    @hookimpl
    def genesis_screen(self, text: str) -> Screening | None:
        return Screening(outcome=Outcome.BLOCK, reasons=("evil",)) if "evil" in text else None


def test_a_goal_or_a_plan_that_screening_blocks_is_refused(tmp_path: Path) -> None:
    splits = Splits()
    with pytest.raises(AccessDenied, match="the goal was blocked") as caught:
        plan(tmp_path, Blocks(), splits, goal="do evil")
    assert (caught.value.cause, caught.value.exit_code) == ("evil", 4)
    assert splits.asked == []
    with pytest.raises(AccessDenied, match="blocked"):
        plan(tmp_path, Blocks(), graph=TaskGraph(tasks=(Task(id="a", agent="w", description="evil"),)))


@pytest.mark.parametrize("goal", ["", "  \n "])
def test_an_empty_goal_is_refused(tmp_path: Path, goal: str) -> None:
    with pytest.raises(SettingsError, match="the goal is empty"):
        plan(tmp_path, goal=goal)


def test_a_hook_may_take_its_time_and_planning_can_be_cancelled(tmp_path: Path) -> None:
    class Slow:
        @hookimpl
        async def genesis_decompose(self) -> None:
            await asyncio.sleep(60)

    async def main() -> None:
        async with open_genesis(tmp_path, Slow()) as genesis:
            async with asyncio.timeout(0.05):
                await genesis.plan("goal", workspace=tmp_path)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


# -- what is written down ---------------------------------------------------------------------------------------------


def started(home: Path, *extend: object, plan_first: bool) -> tuple[Any, list[RunEvent]]:
    async def main() -> tuple[Any, list[RunEvent]]:
        async with open_genesis(home, FakeAgent("w"), *extend) as genesis:
            what = await genesis.plan("goal", workspace=home) if plan_first else "goal"
            run = await genesis.start(what, workspace=home)
            result = await run.result()
            return result, genesis.events(run.id)

    return asyncio.run(main())


@pytest.mark.parametrize("plan_first", [False, True])
def test_decisions_of_planning_are_the_first_rows_of_the_run(tmp_path: Path, plan_first: bool) -> None:
    validates = Validates(lambda p: [] if len(p.graph) > 1 else [finding()])
    revises = Revises(lambda p, f: GraphPatch(add=many("b"), reason="one more"))
    result, events = started(tmp_path, validates, revises, Everybody(), Splits(goal=many("a")), plan_first=plan_first)
    assert result.state.value == "completed"
    assert [e.kind for e in events[:2]] == [EventKind.RUN_STARTED, EventKind.SCREENED]
    decided = [e for e in events if e.kind in (EventKind.PLANNED, EventKind.REVISED)]
    assert [e.kind for e in decided[:3]] == [EventKind.PLANNED, EventKind.REVISED, EventKind.PLANNED]
    assert max(e.seq for e in decided) < min(e.seq for e in events if e.task_id)
    rows = [e for e in events if e.kind is EventKind.PLANNED]
    assert [r.data["verdict"] for r in rows[:2]] == ["revise", "accept"]
    assert rows[1].data["digest"] == result.plan.digest
    assert decided[1].data["by"] == "Revises"
    assert decided[1].data["patch"]["reason"] == "one more"
    assert events[0].data["report"]["digest"] == result.plan.digest


def test_a_task_that_nobody_takes_is_blocked_when_the_plan_runs(tmp_path: Path) -> None:
    result, _ = started(tmp_path, Routes({"b": "w"}), Splits(goal=many("a", "b")), plan_first=False)
    assert {t: r.state for t, r in result.tasks.items()} == {"a": TaskState.BLOCKED, "b": TaskState.COMPLETED}


def test_last_is_the_newest_run(tmp_path: Path) -> None:
    tick = iter(range(1000))
    began = datetime(2026, 1, 1, tzinfo=UTC)

    async def main() -> None:
        options: dict[str, Any] = {"clock": lambda: began + timedelta(microseconds=100 * next(tick))}
        async with open_genesis(tmp_path, FakeAgent("w"), **options) as genesis:
            graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
            for _ in range(12):
                run = await genesis.start(await genesis.plan("x", workspace=tmp_path, graph=graph))
                await run.result()
                assert genesis.folder("last").name == run.id

    asyncio.run(main())


def test_a_genesis_without_any_plugin_says_what_is_missing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Genesis.open(tmp_path, settings={}, block=("htdag", "halo", "aop", "guard", "agents", "eval")) as g:
            await g.plan("goal", workspace=tmp_path)

    with pytest.raises(GenesisError) as caught:
        asyncio.run(main())
    assert isinstance(caught.value, NoAnswer)
