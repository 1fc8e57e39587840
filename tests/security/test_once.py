"""What a person approves, or a plan grants, happens once: whatever waits, starts again, or is changed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    AccessDenied,
    Genesis,
    GenesisError,
    Goal,
    Grant,
    GraphPatch,
    Label,
    Message,
    ModelReply,
    ModelRequest,
    RunResult,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    Tool,
    Trust,
    Usage,
    agent,
    hookimpl,
    tool,
)
from genesis_core._passed import MOST_KEPT

Work = Callable[[TaskContext], Awaitable[Any]]


class Bank:
    """A workspace whose agent does *work*, and what was paid there."""

    def __init__(self, folder: Path, work: Work, *plugins: object, answer: str = "paid ", **policy: Any) -> None:
        self.folder, self.work, self.plugins, self.policy = folder, work, plugins, policy
        self.paid: list[str] = []
        self.keys: list[str] = []
        self.answer = answer
        folder.mkdir(exist_ok=True)
        (folder / "notes.txt").write_text("words from outside", "utf-8")

    def open(self) -> Genesis:
        pay = self._tool()

        @agent(skills=["x"], tools=[pay])
        async def payer(task: Task, context: TaskContext) -> Any:
            return await self.work(context)

        return Genesis.open(self.folder / "home", extend=[payer, *self.plugins], settings={"policy": self.policy},
                            block=("agents", "aop", "eval", "halo", "htdag", "daao", "models"))

    def _tool(self) -> Tool:
        @tool(effect="write", inline=True, label=Label(Trust.USER))
        def pay(to: str) -> str:
            self.paid.append(to)
            if to == "nobody":
                raise ValueError("nobody takes no money")
            return self.answer + to

        return pay

    async def run(self, *tasks: Task) -> RunResult:
        async with self.open() as genesis:
            report = await genesis.plan(Goal(text="pay", workspace=str(self.folder)), graph=TaskGraph(tasks=tasks))
            return await (await genesis.start(report)).result()

    async def approve(self, task: str = "t") -> list[str]:
        """Say yes to all that waits there, one after the other, and return to whom it would pay."""
        async with self.open() as genesis:
            waiting = [e for e in genesis.record("last").waiting if e.task_id == task]
            for event in waiting:
                await genesis.records.approve("last", task, granted=True, action=event.data["action"])
            return [event.data["arguments"].get("to", "") for event in waiting]

    async def resume(self) -> RunResult:
        async with self.open() as genesis:
            return await (await genesis.resume(genesis.folder("last").name)).result()


def one_by_one(*names: str) -> Work:
    async def work(context: TaskContext) -> Any:
        return [await context.call("pay", to=name) for name in names]

    return work


def payer(**fields: Any) -> Task:
    return Task(id="t", agent="payer", **fields)


def test_a_task_that_waits_twice_does_what_was_approved_once_and_has_its_answer_again(tmp_path: Path) -> None:
    bank = Bank(tmp_path, one_by_one("ann", "bob", "eve"))

    async def told() -> RunResult:
        result = await bank.run(payer())
        for name in ("ann", "bob", "eve"):
            assert result.state is RunState.WAITING
            assert await bank.approve() == [name]
            result = await bank.resume()
        return result

    result = asyncio.run(told())
    assert bank.paid == ["ann", "bob", "eve"]
    assert result.tasks["t"].output == ["paid ann", "paid bob", "paid eve"]


def test_the_same_call_twice_is_two_calls_in_every_attempt(tmp_path: Path) -> None:
    async def work(context: TaskContext) -> Any:
        await context.call("pay", to="ann")
        with pytest.raises(AccessDenied, match="denied"):
            await context.call("pay", to="ann")
        return await context.call("pay", to="bob")

    bank = Bank(tmp_path, work)

    async def told() -> RunResult:
        await bank.run(payer())
        await bank.approve()
        await bank.resume()
        await bank.approve()
        return await bank.resume()

    assert asyncio.run(told()).state is RunState.COMPLETED
    assert bank.paid == ["ann", "bob"]


@pytest.mark.parametrize(("first", "answer"), [("nobody", "paid "), ("ann", "x" * MOST_KEPT)])
def test_what_failed_or_gave_too_much_to_be_kept_is_not_done_again(tmp_path: Path, first: str, answer: str) -> None:
    async def work(context: TaskContext) -> Any:
        with contextlib.suppress(Exception):
            await context.call("pay", to=first)
        if context.halt is not None:
            raise context.halt
        return await context.call("pay", to="bob")

    bank = Bank(tmp_path, work, answer=answer)

    async def told() -> RunResult:
        await bank.run(payer())
        for _ in range(2):
            await bank.approve()
            result = await bank.resume()
        return result

    assert asyncio.run(told()).state is RunState.COMPLETED
    assert bank.paid == [first, "bob"]


def test_a_call_that_is_granted_once_is_made_once_over_all_attempts(tmp_path: Path) -> None:
    async def work(context: TaskContext) -> Any:
        await context.read("notes.txt")
        paid = await context.call("pay", to="ann")
        for name in ("bob", "eve"):
            with contextlib.suppress(AccessDenied):
                await context.call("pay", to=name)
        return paid

    policy = {"untrusted": "ask", "rules": [{"id": "pays", "verbs": ["call"], "decision": "allow"}]}
    bank = Bank(tmp_path, work, **policy)
    task = payer(grants=[Grant(tool="pay", arguments={}, free=["to"])])

    async def told() -> RunResult:
        result = await bank.run(task)
        assert result.state is RunState.WAITING and bank.paid == ["ann"]
        assert await bank.approve() == ["bob", "eve"]
        return await bank.resume()

    result = asyncio.run(told())
    assert bank.paid == ["ann", "bob", "eve"] and result.tasks["t"].output == "paid ann"


def test_what_policy_alone_lets_pass_is_not_done_again_by_a_task_that_waits(tmp_path: Path) -> None:
    tries: list[str] = []

    async def work(context: TaskContext) -> Any:
        tries.append("")
        with contextlib.suppress(GenesisError):
            await context.call("pay", to="nobody")  # fails, and so may be tried again
        paid = [await context.call("pay", to="ann"), await context.call("pay", to="ann")]
        await context.read("notes.txt")
        return [*paid, await context.call("pay", to="bob")]

    policy = {"untrusted": "ask", "rules": [{"id": "pays", "verbs": ["call"], "decision": "allow"}]}
    bank = Bank(tmp_path, work, **policy)

    async def told() -> RunResult:
        result = await bank.run(payer())
        assert result.state is RunState.WAITING
        assert await bank.approve() == ["bob"]
        return await bank.resume()

    result = asyncio.run(told())
    assert len(tries) == 2 and bank.paid == ["nobody", "ann", "ann", "nobody", "bob"]
    assert result.tasks["t"].output == ["paid ann", "paid ann", "paid bob"]


class Changes:
    """Adds a task whenever one is done."""

    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        if result is None or result.task_id != "u":
            return None
        return GraphPatch(add=[Task(id="new", agent="payer")])


def test_a_task_that_waits_does_not_begin_again_when_the_plan_is_changed(tmp_path: Path) -> None:
    begun: list[str] = []

    async def work(context: TaskContext) -> Any:
        begun.append(context.task.id)
        if context.task.id == "t":
            await context.call("pay", to="ann")
            await context.call("pay", to="bob")
        elif context.task.id == "u":
            while "t" not in begun[:-1] and len(begun) < 2:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        return None

    bank = Bank(tmp_path, work, Changes())

    async def told() -> RunResult:
        return await bank.run(payer(), Task(id="u", agent="payer"))

    assert asyncio.run(told()).state is RunState.WAITING
    assert sorted(begun) == ["new", "t", "u"] and bank.paid == []


class Instead:
    """Puts another task in the place of the one that waits, or takes it away, once another is done."""

    def __init__(self, patch: GraphPatch) -> None:
        self.patch = patch

    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        return self.patch if result is not None and result.task_id in ("u", "v") else None


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("patch", [
    GraphPatch(drop=["t"]), GraphPatch(replace=[Task(id="t", agent="payer", description="another one")])])
def test_a_task_that_waits_for_a_person_can_not_be_replaced_or_dropped(
    tmp_path: Path, patch: GraphPatch, later: bool
) -> None:
    """Neither while its run goes on, nor by what comes up when that is resumed."""

    async def work(context: TaskContext) -> Any:
        if context.task.id == "t":
            return await context.call("pay", to="ann")
        if context.task.id == "v":
            return context.blocked("not now") if "v" not in begun else None
        await asyncio.sleep(0.05)
        return None

    begun: list[str] = []
    bank = Bank(tmp_path, work, Instead(patch))

    async def told() -> RunResult:
        await bank.run(payer(), Task(id="v" if later else "u", agent="payer"))
        begun.append("v")
        async with bank.open() as genesis:
            kinds = [e.kind for e in genesis.events("last")]
            assert "graph.patched" not in kinds and "graph.refused" in kinds
        if later:
            await bank.resume()
        await bank.approve()
        return await bank.resume()

    result = asyncio.run(told())
    assert result.state is RunState.COMPLETED and bank.paid == ["ann"]
    assert result.plan.graph["t"].description == ""


class Dear:
    """A model that costs what it may say."""

    name = "dear"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def most(self, request: ModelRequest) -> Usage:
        return Usage(model_calls=1, tokens=10, cost=Decimal(request.max_output_tokens))

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.asked.append((request.messages[0].text, request.max_output_tokens))
        return ModelReply(text=f"answer {len(self.asked)}", model="dear", usage=self.most(request))


DEAR = [{"id": "dear", "verbs": ["ask"], "above_cost": 1, "decision": "ask"}]


def question(text: str, tokens: int = 2, seconds: float = 60) -> ModelRequest:
    return ModelRequest(role="cheap", messages=(Message(role="user", text=text),), max_output_tokens=tokens,
                        seconds=seconds)


def test_a_yes_to_one_question_is_none_to_another_or_a_dearer_one_and_is_for_one_time(tmp_path: Path) -> None:
    first = [question("how many?")]

    async def work(context: TaskContext) -> Any:
        said = [(await context.ask(first[0])).text]
        for other in (question("how much?"), question("how many?", tokens=500), question("how many?")):
            with contextlib.suppress(AccessDenied):
                said.append((await context.ask(other)).text)
        return said

    model = Dear()
    bank = Bank(tmp_path, work, model, rules=DEAR)

    async def told() -> list[Any]:
        result = await bank.run(payer())
        assert result.state is RunState.WAITING and model.asked == []
        async with bank.open() as genesis:
            (event,) = genesis.record("last").waiting
            assert event.data["arguments"]["most"]["cost"] == "2 USD"
        await bank.approve()
        first[0] = question("how many?", seconds=50)  # the same one, with less time left
        result = await bank.resume()
        assert result.state is RunState.WAITING and model.asked == [("how many?", 2)]
        async with bank.open() as genesis:
            for event in genesis.record("last").waiting:
                await genesis.records.approve("last", "t", granted=False, action=event.data["action"])
        return (await bank.resume()).tasks["t"].output

    assert asyncio.run(told()) == ["answer 1"]
    assert model.asked == [("how many?", 2)]


def test_a_yes_to_what_is_written_is_to_these_bytes(tmp_path: Path) -> None:
    texts = ["seven"]

    async def work(context: TaskContext) -> Any:
        return (await context.write("sum.txt", texts[0])).size

    bank = Bank(tmp_path, work, rules=[{"id": "pages", "verbs": ["write"], "decision": "ask"}])

    async def told() -> RunResult:
        await bank.run(payer())
        async with bank.open() as genesis:
            (event,) = genesis.record("last").waiting
            assert event.data["arguments"] == {"sha256": hashlib.sha256(b"seven").hexdigest(), "size": 5}
        await bank.approve()
        texts[0] = "eight thousand"
        assert (await bank.resume()).state is RunState.WAITING
        texts[0] = "seven"
        async with bank.open() as genesis:
            await genesis.records.approve("last", "t", granted=False)
        return await bank.resume()

    result = asyncio.run(told())
    assert result.state is RunState.COMPLETED and result.tasks["t"].output == 5


def test_an_attempt_that_a_crash_cut_off_goes_on_under_the_same_key(tmp_path: Path) -> None:
    """What it had called may be called again: a receiver tells that by the key."""
    keys: list[str] = []
    stuck = [True]

    async def work(context: TaskContext) -> Any:
        keys.append(context.idempotency_key)
        await context.call("pay", to="ann")
        if stuck:
            await asyncio.sleep(30)
        return None

    bank = Bank(tmp_path, work)

    async def told() -> RunResult:
        await bank.run(payer())
        await bank.approve()
        async with bank.open() as genesis:
            run = await genesis.resume(genesis.folder("last").name)
            while not bank.paid:
                await asyncio.sleep(0.01)
            await run.cancel()
        stuck.clear()
        return await bank.resume()

    assert asyncio.run(told()).state is RunState.COMPLETED
    assert bank.paid == ["ann", "ann"] and len(set(keys)) == 1
