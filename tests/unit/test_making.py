"""What nobody offers is made: asked for, counted, labelled, lent and kept. The workshop here is one of these tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    Acceptance,
    Admission,
    AgentCard,
    EventKind,
    Genesis,
    Goal,
    Input,
    Label,
    LayerCheck,
    Made,
    MadeState,
    Need,
    Offer,
    Plan,
    PlanError,
    Proposal,
    RunResult,
    RunState,
    Task,
    TaskGraph,
    TaskState,
    ToolSpec,
    Trust,
    hookimpl,
    tool,
)
from genesis_core.testing import FakeAgent
from genesis_guard._policy import Asked, policy_for

DOUBLE = Need(name="double", description="twice a number", input_schema={
    "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})


class Bench:
    """A workshop that keeps what it admits in memory, and does not run what is proposed: it doubles."""

    def __init__(self, refuses: str = "", refused: str = "") -> None:
        self.why, self.refused = refuses, refused
        self.active: dict[str, ToolSpec] = {}
        self.waiting: list[Made] = []
        self.cards: dict[str, AgentCard] = {}
        self.admitted: list[tuple[Proposal, str]] = []
        self.calls: list[dict[str, Any]] = []

    def refuses(self) -> str:
        return self.why

    def tools(self) -> Sequence[ToolSpec]:
        return tuple(self.active.values())

    def agents(self) -> Sequence[AgentCard]:
        return tuple(self.cards.values())

    def made(self) -> Sequence[Made]:
        return tuple(self.waiting)

    async def find(self, need: Need) -> ToolSpec | None:
        return self.active.get(need.digest)

    async def propose(self, need: Need, proposal: Proposal) -> Any:
        self.waiting.append(Made(digest="d", kind="tool", name=need.name, state=MadeState.PROPOSED, need=need,
                                 author=proposal.author, created="2026-01-01T00:00:00Z", tool=proposal.spec,
                                 code=proposal.code, label=proposal.label))

    async def admit(self, need: Need, proposal: Proposal, *, run: str = "", approved: str = "") -> Admission:
        self.admitted.append((proposal, approved))
        await asyncio.sleep(0)
        if self.refused:
            return Admission(digest="d", checks=[LayerCheck(layer="trial", ok=False, findings=[self.refused])])
        spec = proposal.spec.replace(source="sha256:d", label=proposal.label)
        self.active[need.digest] = spec
        return Admission(digest="d", tool=spec, checks=[LayerCheck(layer="trial", ok=True)])

    async def call(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float) -> Any:
        self.calls.append(dict(arguments))
        return 2 * arguments["n"]

    def agent(self, card: AgentCard) -> Any:
        return Caller(card)

    def close(self) -> None:
        pass

    def registered(self, card: AgentCard, *, label: Label, run: str, proved: bool) -> None:
        if proved:
            self.cards[card.name] = card


class Caller:
    """Calls the one tool of its card."""

    def __init__(self, card: AgentCard) -> None:
        self.card = card

    async def invoke(self, task: Task, context: Any) -> Any:
        return {"value": await context.call(self.card.tools[0], **context.inputs)}


class Maker:
    """Proposes what it was told to, and offers the workshop."""

    def __init__(self, bench: Any, answer: Callable[[Need], Any] | None = None) -> None:
        self.bench, self.answer = bench, answer or proposal_for
        self.asked: list[Need] = []

    @hookimpl
    def genesis_provide(self) -> list[Offer]:
        return [Offer("workshop", "aatc", lambda ring, home, clock, settings: self.bench)]

    @hookimpl
    def genesis_generate(self, need: Need) -> Any:
        self.asked.append(need)
        return self.answer(need)


def proposal_for(need: Need, **changes: Any) -> Proposal | None:
    if need.kind == "agent":
        return None
    spec = ToolSpec(name=need.name, input_schema=need.input_schema)
    return Proposal(spec=spec.replace(**changes), code="def double(n: int) -> int:\n    return 2 * n\n",
                    author="examples")


class Allow:
    """The built-in policy, with nothing else of the guard."""

    @hookimpl
    def genesis_authorize(self, action: Any, identity: Any, label: Any, context: Any) -> Any:
        return policy_for(context.settings.get("guard")).decide(Asked(action, identity.subject, label, context.models))


async def invoke(task: Task, context: Any) -> Any:
    return {"value": await context.call("double", **context.inputs)}


def opened(home: Path, *plugins: object, **settings: Any) -> Genesis:
    return Genesis.open(home, extend=[FakeAgent("w", work=invoke), *plugins, Allow()], trust={"Allow": "security"},
                        settings=settings, plugins="none")


def wants(name: str = "t", need: Need = DOUBLE, **fields: Any) -> Task:
    return Task(id=name, agent="w", need=need, inputs={"n": {"value": 4}}, **fields)


async def ran(genesis: Genesis, *tasks: Task, goal: Goal | None = None) -> RunResult:
    async with genesis:
        report = await genesis.plan(goal or Goal(text="double it", workspace="."), graph=TaskGraph(tasks=tasks))
        return await (await genesis.start(report)).result()


def kinds(home: Path, *plugins: object) -> list[str]:
    async def read() -> list[str]:
        async with opened(home, *plugins) as genesis:
            return [e.kind.value for e in genesis.events("last")]

    return asyncio.run(read())


def test_a_tool_that_nobody_offers_is_made_on_record_and_called(tmp_path: Path) -> None:
    maker = Maker(bench := Bench())
    result = asyncio.run(ran(opened(tmp_path, maker), wants()))
    assert result.state is RunState.COMPLETED and result.tasks["t"].output == {"value": 8}
    assert result.usage.generated == 1 and bench.calls == [{"n": 4}]
    found = kinds(tmp_path, maker)
    order = [EventKind.PROPOSED, EventKind.ADMITTED, EventKind.TOOL_CALLED, EventKind.TOOL_RETURNED,
             EventKind.TASK_DONE]
    assert [k for k in found if k in order] == order


def test_the_next_run_uses_it_and_makes_nothing(tmp_path: Path) -> None:
    maker = Maker(bench := Bench())
    for _ in range(2):
        result = asyncio.run(ran(opened(tmp_path, maker), wants()))
    assert result.usage.generated == 0 and len(bench.admitted) == len(maker.asked) == 1
    assert result.tasks["t"].output == {"value": 8}


def test_two_tasks_with_one_need_share_one_tool(tmp_path: Path) -> None:
    maker = Maker(bench := Bench())
    result = asyncio.run(ran(opened(tmp_path, maker), wants("a"), wants("b")))
    assert result.state is RunState.COMPLETED and len(bench.admitted) == 1


def test_an_installed_tool_of_that_name_is_the_one(tmp_path: Path) -> None:
    @tool(inline=True)
    def double(n: int) -> int:
        return n + n + 100

    maker = Maker(bench := Bench())
    result = asyncio.run(ran(opened(tmp_path, maker, double), wants()))
    assert result.tasks["t"].output == {"value": 108} and not bench.admitted


def test_an_installed_tool_that_sends_is_lent_to_nobody_whose_card_does_not_list_it(tmp_path: Path) -> None:
    sent: list[int] = []

    @tool(effect="send", inline=True)
    def double(n: int) -> int:
        sent.append(n)
        return n

    allow = {"rules": [{"id": "all", "verbs": ["call"], "effects": ["send"], "decision": "allow"}]}
    result = asyncio.run(ran(opened(tmp_path, double, policy=allow), wants()))
    assert result.tasks["t"].state is TaskState.BLOCKED and sent == []


def test_a_run_makes_no_more_than_its_limit_over_all_its_life(tmp_path: Path) -> None:
    maker = Maker(bench := Bench(refused="wrong"))
    other = DOUBLE.replace(description="another one")
    result = asyncio.run(ran(opened(tmp_path, maker, limits={"max_generated": 1}), wants("a"), wants("b", other)))
    assert result.state is RunState.OUT_OF_BUDGET and result.usage.generated == 1

    async def again() -> RunResult:
        async with opened(tmp_path, maker, limits={"max_generated": 1}) as genesis:
            return await (await genesis.resume(genesis.folder("last").name)).result()

    assert asyncio.run(again()).state is RunState.OUT_OF_BUDGET
    assert len(bench.admitted) == 1


@pytest.mark.parametrize(("bench", "answer", "why"), [
    (None, None, "nobody makes tools here"),
    (Bench(refuses="no namespaces"), None, "no namespaces"),
    (Bench(), lambda need: None, "it has no examples to go by"),
    (Bench(refused="wrong on example 2"), None, "trial: wrong on example 2"),
])
def test_what_cannot_be_made_leaves_a_work_order_that_says_why(
    tmp_path: Path, bench: Bench | None, answer: Any, why: str
) -> None:
    plugins = () if bench is None else (Maker(bench, answer),)
    result = asyncio.run(ran(opened(tmp_path, *plugins), wants()))
    found = result.tasks["t"]
    assert found.state is TaskState.BLOCKED and found.work_order is not None
    assert any(tried.startswith(why) for tried in found.work_order.tried)


@pytest.mark.parametrize("changes", [{"name": "other"}, {"effect": "send"}])
def test_a_proposal_of_another_name_or_effect_is_refused(tmp_path: Path, changes: Any) -> None:
    maker = Maker(bench := Bench(), lambda need: proposal_for(need, **changes))
    result = asyncio.run(ran(opened(tmp_path, maker), wants()))
    assert result.tasks["t"].state is TaskState.FAILED and not bench.admitted


def test_a_tool_is_believed_no_further_than_whoever_asked_for_it(tmp_path: Path) -> None:
    maker = Maker(bench := Bench())
    goal = Goal(text="double it", workspace=".", label=Label(Trust.UNTRUSTED, sources=frozenset({"mail"})))
    result = asyncio.run(ran(opened(tmp_path, maker), wants(), goal=goal))
    assert result.state is RunState.COMPLETED
    assert bench.admitted[0][0].label.trust is Trust.UNTRUSTED
    (spec,) = bench.tools()
    assert spec.emits.trust is Trust.UNTRUSTED and "mail" in spec.emits.sources
    assert maker.asked[0].label.trust is Trust.UNTRUSTED


def test_what_a_need_says_of_itself_in_a_file_counts_for_nothing(tmp_path: Path) -> None:
    maker = Maker(Bench())
    asyncio.run(ran(opened(tmp_path, maker), wants(need=DOUBLE.replace(label=Label(Trust.TRUSTED)))))
    assert maker.asked[0].label.trust is Trust.USER


# -- capabilities -----------------------------------------------------------------------------------------------------


def greedy(need: Need) -> Any:
    return proposal_for(need, capabilities={"read": ["/data"]})


def test_a_capability_waits_for_a_person_and_is_granted_to_that_very_source(tmp_path: Path) -> None:
    maker = Maker(bench := Bench(), greedy)
    result = asyncio.run(ran(opened(tmp_path, maker), wants()))
    assert result.state is RunState.WAITING and not bench.admitted

    async def granted() -> RunResult:
        async with opened(tmp_path, maker) as genesis:
            (waiting,) = genesis.record("last").waiting
            assert waiting.data["arguments"]["capabilities"] == {"read": ["/data"]}
            await genesis.records.approve("last", "t", granted=True, action=waiting.data["action"])
            return await (await genesis.resume(genesis.folder("last").name)).result()

    result = asyncio.run(granted())
    assert result.state is RunState.COMPLETED and len(maker.asked) == 1
    who, _, where = bench.admitted[0][1].partition(", ")
    assert who == "user" and where.startswith("run ")


def test_untrusted_words_get_no_capability_whatever_the_operator_allows(tmp_path: Path) -> None:
    maker = Maker(bench := Bench(), greedy)
    goal = Goal(text="double it", workspace=".", label=Label(Trust.UNTRUSTED))
    allow = {"rules": [{"id": "all", "verbs": ["grant"], "effects": ["write"], "decision": "allow"}]}
    result = asyncio.run(ran(opened(tmp_path, maker, policy=allow), wants(), goal=goal))
    assert result.tasks["t"].state is TaskState.FAILED and not bench.admitted
    error = result.tasks["t"].error
    assert error is not None and "kernel.provenance" in error.cause


# -- replay -----------------------------------------------------------------------------------------------------------


def test_a_replay_makes_nothing_and_comes_to_the_same(tmp_path: Path) -> None:
    maker = Maker(bench := Bench())
    asyncio.run(ran(opened(tmp_path, maker, record=True), wants()))

    async def replayed() -> RunResult:
        async with opened(tmp_path, maker) as genesis:
            return await (await genesis.replay("last")).result()

    result = asyncio.run(replayed())
    assert result.replayed is not None and result.replayed.differences == ()
    assert result.tasks["t"].output == {"value": 8} and len(bench.calls) == 1 and len(maker.asked) == 1


# -- specialists ------------------------------------------------------------------------------------------------------


@tool(inline=True)
def shout(text: str) -> str:
    """Say it louder."""
    return text.upper()


@tool(effect="write", inline=True)
def post(text: str) -> str:
    """Write it down."""
    return text


def card_of(*tools: str) -> Callable[[Need], Any]:
    return lambda need: AgentCard(name="shouter", tools=tools, skills=[{"id": s} for s in need.requires])


LOUD = Task(id="t", description="shout it", requires=("shouting",), inputs={"text": Input(value="hey")},
            accept=Acceptance(output=("/value",)))


def test_a_task_that_nobody_can_do_gets_a_specialist_that_is_kept_when_its_check_passes(tmp_path: Path) -> None:
    maker = Maker(bench := Bench(), card_of("shout"))

    async def planned() -> tuple[Plan, RunResult]:
        async with opened(tmp_path, maker, shout) as genesis:
            report = await genesis.plan(Goal(text="shout", workspace="."), graph=TaskGraph(tasks=(LOUD,)))
            return report.plan, await (await genesis.start(report)).result()

    plan, result = asyncio.run(planned())
    assert [card.name for card in plan.made] == ["shouter"] and plan.assigned["t"].agent == "shouter"
    assert result.tasks["t"].output == {"value": "HEY"} and result.usage.generated == 1
    assert list(bench.cards) == ["shouter"]

    async def next_run() -> Sequence[str]:
        async with opened(tmp_path, maker, shout) as genesis:
            return [card.name for card in genesis.context(Goal(text="x")).agents]

    assert "shouter" in asyncio.run(next_run())


def test_a_specialist_without_an_acceptance_check_is_not_yet_offered(tmp_path: Path) -> None:
    maker = Maker(bench := Bench(), card_of("shout"))
    result = asyncio.run(ran(opened(tmp_path, maker, shout), LOUD.replace(accept=None)))
    assert result.state is RunState.COMPLETED and bench.cards == {}


def test_a_plan_with_a_specialist_runs_in_another_process(tmp_path: Path) -> None:
    async def planned() -> Plan:
        async with opened(tmp_path / "a", Maker(Bench(), card_of("shout")), shout) as genesis:
            goal = Goal(text="shout", workspace=".")
            return (await genesis.plan(goal, graph=TaskGraph(tasks=(LOUD,)))).plan

    async def run_it(plan: Plan) -> RunResult:
        async with opened(tmp_path / "b", Maker(Bench(), lambda need: None), shout) as genesis:
            return await (await genesis.start(plan)).result()

    plan = Plan.model_validate(asyncio.run(planned()).to_json())
    assert asyncio.run(run_it(plan)).tasks["t"].output == {"value": "HEY"}


@pytest.mark.parametrize("tools", [("post",), ("nothing",), ("shout", "post")])
def test_a_specialist_may_do_no_more_than_look_and_compute(tmp_path: Path, tools: tuple[str, ...]) -> None:
    maker = Maker(Bench(), card_of(*tools))
    result = asyncio.run(ran(opened(tmp_path, maker, shout, post), LOUD))
    assert result.tasks["t"].state is TaskState.BLOCKED and result.plan.made == ()


def test_a_plan_that_brings_a_specialist_with_more_is_refused(tmp_path: Path) -> None:
    async def planned() -> None:
        async with opened(tmp_path, Maker(Bench(), card_of("shout")), shout, post) as genesis:
            goal = Goal(text="shout", workspace=".")
            plan = (await genesis.plan(goal, graph=TaskGraph(tasks=(LOUD,)))).plan
            forged = plan.replace(made=(plan.made[0].replace(tools=("post",)),))
            with pytest.raises(PlanError, match="would call 'post'"):
                await genesis.start(forged)

    asyncio.run(planned())
