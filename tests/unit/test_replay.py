"""Record and replay: what is kept and what is not, the same run again offline, and the first difference by name."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis_core import (
    Acceptance,
    AccessDenied,
    Action,
    Budget,
    Decision,
    DependencyDown,
    Difference,
    Effect,
    Estimate,
    EventKind,
    Grant,
    GraphPatch,
    JournalError,
    Message,
    ModelError,
    ModelReply,
    ModelRequest,
    PlanContext,
    Replayed,
    RunResult,
    RunState,
    Secrecy,
    SettingsError,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TimedOut,
    ToolError,
    Usage,
    digest,
    hookimpl,
    load_settings,
    tool,
)
from genesis_core._replay.differences import first_difference
from genesis_core._replay.recorder import Recorder
from genesis_core._replay.redact import REDACTED, Redactor
from genesis_core.testing import FakeAgent, ReplayModel, ScriptedModel, open_genesis, run_graph
from genesis_core.testing import replayed as replaying

__all__ = ["replaying"]  # a fixture

CALLS: list[str] = []
"""Each call that was really made: a replay makes none."""
RECORD = {"record": True}


@tool(inline=True)
def shout(text: str) -> str:
    """Shout."""
    CALLS.append(text)
    return text.upper()


@tool(inline=True, effect="send")
def post(text: str, key: str) -> dict[str, str]:
    """Send it away."""
    CALLS.append(f"sent {text}")
    return {"sent": text, "key": key}


@tool(inline=True)
def broken(text: str) -> str:
    """Fail."""
    CALLS.append(text)
    raise ValueError(f"no {text}")


@tool(inline=True)
def leak() -> dict[str, str]:
    """Return a secret."""
    CALLS.append("leak")
    return {"line": "use sk-abcdefghijklmnop1234 for it", "password": "hunter2", "env": "the-value-of-it"}


def question(text: str, **fields: Any) -> ModelRequest:
    return ModelRequest(messages=(Message(role="user", text=text),), **fields)


def reply(text: str, dollars: str = "0.02") -> ModelReply:
    return ModelReply(text=text, model="m-1", usage=Usage(cost=Decimal(dollars), tokens=9, model_calls=1))


Work = Callable[[Task, TaskContext], Any]


def worker(prompt: str = "say", loud: str = "", name: str = "w") -> FakeAgent:
    """An agent that reads, asks and calls; its prompt and what it adds to the tool's argument can be changed."""

    async def work(task: Task, context: TaskContext) -> Any:
        note = await context.read("note.txt")
        said = await context.ask(question(f"{prompt} {note}"))
        called = await context.call(shout, text=said.text + loud)
        sent = await context.call(post, text=called, key=context.idempotency_key)
        art = await context.write("out.txt", called)
        return context.result({"sent": sent, "files": list(context.files("*.txt")), "models": list(context.models)},
                              artifacts=[art])

    return FakeAgent(name, work=work, tools=[shout, post])


GRANTED = (Grant(tool="post", free=("text", "key")),)
ONE = TaskGraph(tasks=(Task(id="t", agent="w", grants=GRANTED),))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a workspace; the state folder is made beside it."""
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "note.txt").write_text("a note", "utf-8")
    CALLS.clear()
    return tmp_path


def recorded(place: Path, *extend: object, graph: TaskGraph = ONE, **options: Any) -> RunResult:
    """Run *graph* and record it; what was called is forgotten then."""
    options.setdefault("settings", RECORD)
    result = asyncio.run(run_graph(place / "home", graph, *extend, workspace=place / "ws", **options))
    CALLS.clear()
    return result


def replay(place: Path, *extend: object, run: Any = "last", workspace: Path | None = None, **options: Any) -> RunResult:
    async def main() -> RunResult:
        async with open_genesis(place / "home", *extend, **options) as genesis:
            return await (await genesis.replay(run, workspace=workspace)).result()

    return asyncio.run(main())


def compared(result: RunResult) -> Replayed:
    assert result.replayed is not None
    return result.replayed


def first(result: RunResult) -> Difference:
    found = compared(result).difference
    assert found is not None, "it is equal"
    return found


def rows(place: Path, kind: EventKind, run: str = "last") -> list[dict[str, Any]]:
    return [dict(e.data) for e in open_genesis(place / "home").events(run) if e.kind is kind]


def blobs(place: Path) -> list[Path]:
    return sorted((place / "home").glob("runs/*/recorded/*.json"))


# -- an equal replay --------------------------------------------------------------------------------------------------


def test_a_replay_without_model_or_worker_is_equal_and_calls_nothing(place: Path) -> None:
    before = recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    after = replay(place, worker())
    assert compared(after) == Replayed(run_id=before.run_id, usage=before.usage, models=1, tools=2)
    assert CALLS == []
    assert (after.state, after.output) == (RunState.COMPLETED, before.output)
    assert after.tasks["t"].artifacts[0].sha256 == before.tasks["t"].artifacts[0].sha256
    assert after.run_id != before.run_id


def test_a_replay_costs_nothing_and_says_what_the_run_had_cost(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi", "0.25"), name="m"))
    after = replay(place, worker())
    assert (after.usage.cost, after.usage.tokens) == (Decimal(0), 0)
    assert (compared(after).usage.cost, compared(after).usage.tokens) == (Decimal("0.25"), 9)


def test_a_replay_is_labelled_in_its_first_row_its_record_and_the_index(place: Path) -> None:
    before = recorded(place, worker(), ScriptedModel("hi"))
    after = replay(place, worker())
    home = open_genesis(place / "home")
    record = home.record(after.run_id)
    assert rows(place, EventKind.RUN_STARTED)[0]["replay"]["of"] == before.run_id
    assert (record.replay_of, record.recorded) == (before.run_id, False)
    assert record.replayed == after.replayed
    assert [e.replay for e in home.records.index.entries().values()] == ["", before.run_id]
    assert all(row["replayed"] for row in rows(place, EventKind.TOOL_RETURNED) + rows(place, EventKind.MODEL_ANSWERED))


def test_configured_models_are_not_asked_in_a_replay(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    other = ScriptedModel(name="other")
    assert compared(replay(place, worker(), other)).difference is None
    assert other.requests == []


@tool(effect="write")
def leave_a_mark(path: Path) -> str:
    """Write a file, in a worker process."""
    path.write_text("was here", "utf-8")
    return "written"


@pytest.mark.one_thread
def test_a_tool_of_a_worker_process_is_not_run_and_no_process_is_started(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return await context.call(leave_a_mark, path="mark.txt")

    agent = FakeAgent("w", work=work, tools=[leave_a_mark])
    assert recorded(place, agent).output == "written"
    (place / "ws" / "mark.txt").unlink()

    async def main() -> tuple[RunResult, object]:
        async with open_genesis(place / "home", agent) as genesis:
            return await (await genesis.replay("last")).result(), genesis._workers._server

    after, server = asyncio.run(main())
    assert (after.output, compared(after).difference, server) == ("written", None, None)
    assert not (place / "ws" / "mark.txt").exists()


def test_failures_of_models_and_tools_are_replayed_with_their_words(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        try:
            await context.ask(question("a"))
        except DependencyDown as error:
            down = [error.message, error.cause, error.hint]
        try:
            await context.call(broken, text="x")
        except ToolError as error:
            return [*down, error.message]

    agent = FakeAgent("w", work=work, tools=[broken])
    models = ScriptedModel(ModelError("overloaded", hint="wait"), name="m"), ScriptedModel(TimedOut("late"), name="n")
    before = recorded(place, agent, *models)
    after = replay(place, agent)
    assert compared(after).differences == ()
    assert after.output == before.output and "no x" in after.output[-1] and "overloaded" in after.output[1]
    assert after.usage.cost == 0


def test_a_model_that_breaks_its_contract_fails_its_task_in_the_same_way(place: Path) -> None:
    before = recorded(place, worker(), ScriptedModel(ValueError("what?"), name="m"))
    after = replay(place, worker())
    assert compared(after).differences == ()
    assert before.tasks["t"].error is not None and after.tasks["t"].error is not None
    assert after.tasks["t"].error.message == before.tasks["t"].error.message == "ValueError: what?"


def test_the_next_model_of_a_chain_and_a_repair_are_replayed(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        answer = await context.ask(question("n", answer_schema={"type": "integer"}))
        return [answer.data, answer.model]

    models = (ScriptedModel(ModelError("down"), name="first"),
              ScriptedModel(ModelReply(text="x", wrong="no integer"), ModelReply(data=3, model="s"), name="second"))
    recorded(place, FakeAgent("w", work=work), *models)
    after = replay(place, FakeAgent("w", work=work))
    assert (compared(after).differences, compared(after).models, after.output) == ((), 3, [3, "s"])


def test_a_model_that_was_passed_over_for_its_unknown_price_is_so_in_a_replay(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return (await context.ask(question("n"))).text

    agent = FakeAgent("w", work=work)
    unpriced = ScriptedModel("never said", name="unpriced", bound=Usage(model_calls=1, cost=None))
    money = {**RECORD, "budget": {"max_cost": "1"}}
    recorded(place, agent, unpriced, ScriptedModel("said", name="known"), settings=money)
    after = replay(place, agent)
    assert (compared(after).differences, after.output, unpriced.requests) == ((), "said", [])


def test_a_result_has_its_names_in_the_order_in_which_the_tool_gave_them(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        found = await context.call(post, text="x", key="k")
        return ", ".join(found)

    agent = FakeAgent("w", work=work, tools=[post])
    recorded(place, agent)
    assert replay(place, agent).output == "sent, key"


def test_the_same_request_twice_gets_the_first_answer_and_then_the_second(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        return [(await context.ask(question("again"))).text for _ in range(3)]

    agent = FakeAgent("w", work=work)
    recorded(place, agent, ScriptedModel("one", "two", "three"))
    assert replay(place, agent).output == ["one", "two", "three"]


def test_equal_requests_under_way_together_keep_their_order_of_asking(place: Path) -> None:
    class Slow:
        """Answers its first request last."""

        name = "slow"

        def __init__(self) -> None:
            self.asked = 0

        async def complete(self, request: ModelRequest) -> ModelReply:
            self.asked += 1
            number = self.asked
            await asyncio.sleep(0.03 * (4 - number))
            return ModelReply(text=str(number))

    async def work(task: Task, context: TaskContext) -> Any:
        return [r.text for r in await asyncio.gather(*(context.ask(question("same")) for _ in range(3)))]

    agent = FakeAgent("w", work=work)
    before = recorded(place, agent, Slow())
    after = replay(place, agent)
    assert before.output == after.output == ["1", "2", "3"] and compared(after).difference is None


def test_where_a_question_was_cut_off_the_agent_waits_no_longer_either(place: Path) -> None:
    class Never:
        name = "never"

        async def complete(self, request: ModelRequest) -> ModelReply:
            await asyncio.sleep(60)
            raise AssertionError

    async def work(task: Task, context: TaskContext) -> Any:
        try:
            async with asyncio.timeout(0.2):
                await context.ask(question("hello?"))
        except TimeoutError:
            return "went on alone"

    agent = FakeAgent("w", work=work)
    recorded(place, agent, Never())
    after = replay(place, agent)
    assert (after.output, compared(after).difference) == ("went on alone", None)


def test_an_answer_that_came_while_nobody_waited_any_more_was_cut_off(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        asked = asyncio.ensure_future(context.ask(question("hello?")))
        waits.append(lambda: loop.call_soon_threadsafe(asked.cancel))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(0.5):
                return (await asked).text
        except (TimeoutError, asyncio.CancelledError):
            return "went on alone"

    def put(recorder: Recorder, body: bytes) -> str:
        if b'"value"' in body:  # the answer is there and on its way to the disk
            waits.pop()()
            time.sleep(0.2)
        return kept(recorder, body)

    waits: list[Callable[[], object]] = []
    kept = Recorder._put
    monkeypatch.setattr(Recorder, "_put", put)
    agent = FakeAgent("w", work=work)
    before = recorded(place, agent, ScriptedModel(reply("hi"), name="m"))
    assert before.output == "went on alone"
    after = replay(place, agent)
    assert (after.output, compared(after).difference) == ("went on alone", None)


def test_many_tasks_replay_equal_whatever_their_order_in_time(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        await asyncio.sleep(int(task.id[1:]) % 5 / 500)
        return [await context.call(shout, text=task.id), (await context.ask(question("a"))).text]

    graph = TaskGraph(tasks=tuple(Task(id=f"t{n}", agent="w") for n in range(30)))
    agent = FakeAgent("w", work=work, tools=[shout], max_concurrent=7)
    recorded(place, agent, ScriptedModel(*(f"answer {n}" for n in range(30))), graph=graph)
    after = replay(place, agent, settings={"max_parallel": 3})
    assert compared(after).differences == () and compared(after).tools == 30


# -- the first difference, by name ------------------------------------------------------------------------------------


def test_a_changed_prompt_is_the_first_difference(place: Path) -> None:
    recorded(place, worker("say"), ScriptedModel(reply("hi"), name="m"))
    after = replay(place, worker("shout"))
    found = first(after)
    assert (found.task_id, found.what, found.name) == ("t", "request", "to 'm', /messages/0/text")
    assert (found.recorded, found.now) == ('"say a note"', '"shout a note"')
    assert CALLS == []


def test_a_changed_argument_of_a_tool_is_the_first_difference(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    found = first(replay(place, worker(loud="!")))
    assert (found.task_id, found.what, found.name) == ("t", "call", "of 'shout', /text")
    assert (found.recorded, found.now, CALLS) == ('"hi"', '"hi!"', [])


def test_a_changed_file_is_the_first_difference(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    (place / "ws" / "note.txt").write_text("another", "utf-8")
    found = first(replay(place, worker()))
    assert (found.what, found.name) == ("file", "'note.txt'")
    assert found.recorded != found.now and found.now.startswith("sha256 ")


def test_another_list_of_files_is_named(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    (place / "ws" / "more.txt").write_text("more", "utf-8")
    found = first(replay(place, worker()))
    assert (found.what, found.name, found.recorded, found.now) == ("files", "'*.txt'", "1 files", "2 files")


def test_a_changed_output_is_named_by_its_place(place: Path) -> None:
    said = {"deep": [1, {"x": "as it was"}]}
    recorded(place, FakeAgent("w", work=lambda *_: said))
    after = replay(place, FakeAgent("w", output={"deep": [1, {"x": "as it is"}]}))
    found = first(after)
    assert (found.what, found.name) == ("output", "/output/deep/1/x")
    assert (found.recorded, found.now) == ('"as it was"', '"as it is"')


def test_a_changed_artefact_is_named(place: Path) -> None:
    def writes(text: str) -> FakeAgent:
        async def work(task: Task, context: TaskContext) -> Any:
            return context.result("done", artifacts=[await context.write("a.txt", text)])

        return FakeAgent("w", work=work)

    recorded(place, writes("one"))
    found = first(replay(place, writes("two")))
    assert (found.name, found.recorded, found.now) == ("/artifacts/a.txt", '"one"', '"two"')


def test_an_artefact_that_differs_by_a_secret_alone_is_equal_and_what_stands_beside_it_still_counts(
    place: Path
) -> None:
    def writes(output: str) -> FakeAgent:
        async def work(task: Task, context: TaskContext) -> Any:
            found = await context.call(leak)
            art = await context.write("a.txt", f"{found['line']}, password={found['password']}")
            return context.result(output, artifacts=[art], evidence=[{"source": "a.txt", "quote": output}])

        return FakeAgent("w", work=work, tools=[leak])

    before = recorded(place, writes("x"))
    assert "hunter2" in (Path(before.folder) / "artifacts" / "t" / "a.txt").read_text("utf-8")
    assert compared(replay(place, writes("x"))).differences == ()
    assert first(replay(place, writes("y"), run=_first_run(place))).name == "/output"


def test_a_call_that_is_not_made_any_more_is_a_difference(place: Path) -> None:
    def calls(times: int) -> FakeAgent:
        async def work(task: Task, context: TaskContext) -> Any:
            for _ in range(times):
                await context.call(shout, text="x")
            return "the same"

        return FakeAgent("w", work=work, tools=[shout])

    recorded(place, calls(2))
    run = _first_run(place)
    fewer, more = first(replay(place, calls(1), run=run)), first(replay(place, calls(3), run=run))
    assert (fewer.what, fewer.name, fewer.now) == ("call", "of 'shout'", "not made")
    assert (more.what, more.recorded) == ("call", "no further call")


def _first_run(place: Path) -> str:
    return min(f.name for f in (place / "home" / "runs").iterdir())


def test_the_first_difference_is_that_of_the_task_that_stands_before(place: Path) -> None:
    graph = TaskGraph(tasks=(Task(id="late", agent="w", depends_on=("early",)), Task(id="early", agent="w")))

    def says(words: str) -> FakeAgent:
        async def work(task: Task, context: TaskContext) -> Any:
            return f"{task.id} {words}"

        return FakeAgent("w", work=work)

    recorded(place, says("then"), graph=graph)
    after = replay(place, says("now"))
    assert [d.task_id for d in compared(after).differences] == ["early", "late"]


def test_a_difference_goes_into_the_journal_and_can_be_read_back(place: Path) -> None:
    recorded(place, worker("say"), ScriptedModel(reply("hi"), name="m"))
    after = replay(place, worker("shout"))
    found = open_genesis(place / "home").record(after.run_id)
    assert found.replayed == after.replayed and len(rows(place, EventKind.DIFFERED)) == len(found.differences)


def test_a_replay_elsewhere_reads_the_files_that_are_there(place: Path) -> None:
    recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    shutil.copytree(place / "ws", place / "copy")
    shutil.rmtree(place / "ws")
    after = replay(place, worker(), workspace=place / "copy")
    assert compared(after).difference is None
    with pytest.raises(SettingsError, match="there is no folder"):
        replay(place, worker(), run=_first_run(place))


def test_a_changed_patch_of_the_graph_shows_as_tasks_that_are_not_the_same(place: Path) -> None:
    class Grow:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
            if result is None or result.task_id != "t":
                return None
            return GraphPatch(add=(Task(id=self.name, agent="w", depends_on=("t",)),), reason="more")

    agent = FakeAgent("w", output=1)
    recorded(place, agent, Grow("one"))
    assert compared(replay(place, agent, Grow("one"))).differences == ()
    found = compared(replay(place, agent, Grow("two"), run=_first_run(place))).differences
    assert {(d.task_id, d.recorded, d.now) for d in found} == {
        ("two", "not done", "completed"), ("one", "completed", "not done")}


# -- policy -----------------------------------------------------------------------------------------------------------


def test_a_file_that_the_operator_declared_secret_is_secret_in_a_replay_too(place: Path) -> None:
    async def tries(task: Task, context: TaskContext) -> Any:
        note = await context.read("note.txt")
        try:
            return await context.call(post, text=note, key="k")
        except AccessDenied as error:
            return context.result(error.cause)

    policy, agent = {"policy": {"secret_files": ["note*"]}}, FakeAgent("w", work=tries, tools=[post])
    before = recorded(place, agent, settings={**RECORD, **policy})
    assert "kernel.secrecy" in str(before.output)
    after = replay(place, agent, settings=policy)
    assert compared(after).difference is None and after.output == before.output and CALLS == []
    assert after.tasks["t"].label == before.tasks["t"].label and after.tasks["t"].label.secrecy is Secrecy.SECRET
    assert first(replay(place, agent, run=before.run_id)).what == "decision", "without that word it may be sent"


class Judge:
    """Says *word* of calls of tools and allows everything else."""

    def __init__(self, word: str) -> None:
        self.word = word

    @hookimpl
    def genesis_authorize(self, action: Action) -> Decision | None:
        if action.verb == "call" and action.effect is Effect.SEND:
            return Decision(self.word, "judge")  # type: ignore[arg-type]
        return None


def judged(place: Path, word: str) -> RunResult:
    return replay(place, worker(), Judge(word), trust={"Judge": "security"}, run=_first_run(place))


def model() -> ScriptedModel:
    return ScriptedModel(reply("hi"), name="m")


async def _with_model(place: Path, word: str, yes: bool) -> RunResult:
    extend = (worker(), Judge(word), model())
    async with open_genesis(place / "home", *extend, trust={"Judge": "security"}, settings=RECORD) as genesis:
        report = await genesis.plan("test", workspace=place / "ws", graph=ONE)
        return await (await genesis.start(report, yes=yes)).result()


def test_an_approval_that_was_given_is_given_again(place: Path) -> None:
    assert asyncio.run(_with_model(place, "ask", True)).state is RunState.COMPLETED
    after = judged(place, "ask")
    assert (after.state, compared(after).difference) == (RunState.COMPLETED, None)


def test_an_approval_that_was_not_given_is_not_given_either(place: Path) -> None:
    assert asyncio.run(_with_model(place, "ask", False)).state is RunState.WAITING
    after = judged(place, "ask")
    assert (after.state, compared(after).difference) == (RunState.WAITING, None)


@pytest.mark.parametrize("word", ["deny", "ask"])
def test_a_policy_that_is_tighter_now_holds_and_is_the_first_difference(place: Path, word: str) -> None:
    asyncio.run(_with_model(place, "allow", False))
    after = judged(place, word)
    found = first(after)
    assert (found.what, found.name, found.recorded) == ("decision", "on call 'post'", "allow")
    assert found.now.startswith(word) and after.state is not RunState.COMPLETED


@pytest.mark.parametrize("now", ["allow", "ask", "deny"])
@pytest.mark.parametrize("then", ["allow", "ask"])
def test_a_read_needs_the_approval_that_it_needs_now(place: Path, then: str, now: str) -> None:
    class Reads:
        def __init__(self, word: str) -> None:
            self.word = word

        @hookimpl
        def genesis_authorize(self, action: Action) -> Decision:
            return Decision(self.word if action.verb == "read" else "allow", "test")  # type: ignore[arg-type]

    async def work(task: Task, context: TaskContext) -> str:
        return await context.read("note.txt")

    async def main() -> RunResult:
        async with open_genesis(place / "home", agent, Reads(then), trust=trust, settings=RECORD) as genesis:
            report = await genesis.plan("test", workspace=place / "ws", graph=ONE)
            return await (await genesis.start(report, yes=True)).result()

    agent, trust = FakeAgent("w", work=work), {"Reads": "security"}
    assert asyncio.run(main()).state is RunState.COMPLETED
    after = replay(place, agent, Reads(now), trust=trust)
    assert (after.state is RunState.COMPLETED) is (now == "allow" or (then, now) == ("ask", "ask"))
    if now == then:
        assert compared(after).difference is None
    else:
        assert (first(after).what, first(after).name) == ("decision", "on read 'note.txt'")


# -- what can be replayed ---------------------------------------------------------------------------------------------


def test_a_run_that_was_not_recorded_is_refused_with_the_way_out(place: Path) -> None:
    recorded(place, worker(), ScriptedModel("hi"), settings={})
    with pytest.raises(SettingsError, match="was not recorded") as error:
        replay(place, worker())
    assert "--record" in error.value.hint and error.value.exit_code == 2
    assert blobs(place) == []
    assert not any("kept" in row for row in rows(place, EventKind.TOOL_RETURNED))


def test_journals_of_before_are_refused_politely(place: Path) -> None:
    golden = Path(__file__).parents[1] / "data" / "golden_run_v1"
    shutil.copytree(golden, place / "home")
    for path in (place / "home").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    for folder in sorted((place / "home" / "runs").iterdir()):
        with pytest.raises(SettingsError, match="was not recorded"):
            replay(place, worker(), run=folder.name)


def test_a_replay_is_neither_resumed_nor_taken_over(place: Path) -> None:
    async def main() -> None:
        async with open_genesis(place / "home", worker()) as genesis:
            run = await genesis.replay("last")
            await run.cancel()
            for goes_on in (genesis.resume(run.id), genesis.start(plan, again=run.id)):
                with pytest.raises(SettingsError, match="is itself a replay") as error:
                    await goes_on
                assert error.value.hint == f"genesis replay {before.run_id}"

    before = recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    plan = before.plan
    assert plan is not None
    asyncio.run(main())
    assert not CALLS, "it would have been called for real, and without the budget"


def test_a_replay_can_not_be_replayed(place: Path) -> None:
    before = recorded(place, worker(), ScriptedModel("hi"))
    replay(place, worker())
    with pytest.raises(SettingsError, match="is itself a replay") as error:
        replay(place, worker())
    assert error.value.hint == f"genesis replay {before.run_id}"


def test_recording_needs_a_journal(place: Path) -> None:
    with pytest.raises(SettingsError, match="without a journal"):
        recorded(place, worker(), ScriptedModel("hi"), settings={"record": True, "journal": False})


def test_a_project_can_not_set_it_and_the_environment_can(tmp_path: Path) -> None:
    user = tmp_path / "user.toml"
    assert load_settings(environ={"GENESIS_RECORD": "true"}, folder=tmp_path, user_file=user).settings.record
    (tmp_path / "genesis.toml").write_text("record = true\n", "utf-8")
    with pytest.raises(SettingsError, match="'record', which a project can't"):
        load_settings(environ={}, folder=tmp_path, user_file=user)


# -- the record -------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_named_by_its_content_and_for_its_owner_alone(place: Path) -> None:
    recorded(place, worker(), ScriptedModel("hi", name="m"))
    named = {r["kept"] for k in (EventKind.TOOL_RETURNED, EventKind.MODEL_ANSWERED) for r in rows(place, k)}
    assert {path.stem for path in blobs(place)} == named and len(named) == 3
    for path in blobs(place):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(blobs(place)[0].parent.stat().st_mode) == 0o700
    open_genesis(place / "home").verify("last")


def test_an_answer_that_there_is_no_room_for_is_given_all_the_same_and_the_recording_says_what_it_lacks(
    place: Path
) -> None:
    def probe(name: str) -> None:
        if name == "append:task.started":
            (run,) = (place / "home" / "runs").iterdir()
            (run / "recorded").touch()  # no folder: nothing can be written there

    result = recorded(place, worker(), ScriptedModel("hi", name="m"), probe=probe)
    assert result.state is RunState.COMPLETED
    assert all("unkept" in row and "kept" not in row for row in rows(place, EventKind.TOOL_RETURNED))
    with pytest.raises(SettingsError, match="recording of run .* is not complete"):
        replay(place, worker())


@pytest.mark.parametrize("damage", ["edit", "remove"])
def test_verify_and_replay_name_an_answer_that_is_not_what_was_kept(place: Path, damage: str) -> None:
    result = recorded(place, worker(), ScriptedModel("hi", name="m"))
    row = rows(place, EventKind.MODEL_ANSWERED)[0]["kept"]
    path = place / "home" / "runs" / result.run_id / "recorded" / f"{row}.json"
    path.write_text(path.read_text("utf-8").replace('"hi"', '"ho"'), "utf-8") if damage == "edit" else path.unlink()
    with pytest.raises(JournalError, match=f"recorded answer {row[:12]} is not what was recorded") as error:
        open_genesis(place / "home").verify(result.run_id)
    assert str(path) in error.value.cause and "(row " in error.value.message
    with pytest.raises(JournalError, match=row[:12]):
        replay(place, worker())


@pytest.mark.parametrize("boundary", ["append:tool.returned", "append:model.answered", "before:task.done"])
def test_a_crash_while_recording_leaves_a_run_that_is_resumed_and_then_complete(place: Path, boundary: str) -> None:
    graph = TaskGraph(tasks=(
        Task(id="a", agent="w", grants=GRANTED), Task(id="t", agent="w", depends_on=("a",), grants=GRANTED)))
    seen: list[str] = []

    def probe(name: str) -> None:
        seen.append(name)
        if seen.count(boundary) == 2 and name == boundary:
            raise KeyboardInterrupt

    async def crash() -> None:
        extend = worker(), ScriptedModel("one", "two", name="m")
        async with open_genesis(place / "home", *extend, settings=RECORD, probe=probe) as genesis:
            report = await genesis.plan("test", workspace=place / "ws", graph=graph)
            await (await genesis.start(report)).result()

    with pytest.raises((KeyboardInterrupt, JournalError)):
        asyncio.run(crash())

    async def go_on() -> RunResult:
        async with open_genesis(place / "home", worker(), ScriptedModel("three", "four", name="m")) as genesis:
            return await (await genesis.resume("last")).result()

    with pytest.raises(SettingsError, match="can't be replayed: it is interrupted"):
        replay(place, worker())
    before = asyncio.run(go_on())
    assert before.state is RunState.COMPLETED
    open_genesis(place / "home").verify("last")
    after = replay(place, worker())
    assert compared(after).difference is None and after.tasks == _without_cost(before, after)


def _without_cost(before: RunResult, after: RunResult) -> dict[str, TaskResult]:
    return {n: t.replace(usage=after.tasks[n].usage, attempt=after.tasks[n].attempt) for n, t in before.tasks.items()}


def test_a_task_that_found_a_model_later_is_replayed_with_it_and_the_others_without(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        if not context.models and task.id == "needs":
            return context.blocked("there is no model")
        return [task.id, list(context.models), (await context.ask(question("q"))).text if context.models else ""]

    agent = FakeAgent("w", work=work)
    graph = TaskGraph(tasks=(Task(id="plain", agent="w"), Task(id="needs", agent="w", depends_on=("plain",))))
    assert recorded(place, agent, graph=graph).state is RunState.PARTIAL

    async def go_on() -> RunResult:
        async with open_genesis(place / "home", agent, ScriptedModel("now", name="m")) as genesis:
            return await (await genesis.resume("last")).result()

    assert asyncio.run(go_on()).tasks["needs"].output == ["needs", ["m"], "now"]
    after = replay(place, agent)
    assert compared(after).difference is None
    assert [t.output for t in after.tasks.values()] == [["plain", [], ""], ["needs", ["m"], "now"]]


def test_what_was_done_before_recording_began_is_taken_as_it_is(place: Path) -> None:
    async def work(task: Task, context: TaskContext) -> Any:
        text = await context.call(shout, text=task.id)
        return context.blocked("later") if task.id == "b" and len(CALLS) < 3 else text

    agent = FakeAgent("w", work=work, tools=[shout])
    graph = TaskGraph(tasks=(Task(id="a", agent="w"), Task(id="b", agent="w", depends_on=("a",))))
    asyncio.run(run_graph(place / "home", graph, agent, workspace=place / "ws"))

    async def go_on() -> RunResult:
        async with open_genesis(place / "home", agent, settings=RECORD) as genesis:
            return await (await genesis.resume("last")).result()

    assert asyncio.run(go_on()).state is RunState.COMPLETED
    CALLS[:] = ["x", "x", "x"]
    after = replay(place, agent)
    assert (compared(after).differences, compared(after).tools) == ((), 1)
    assert after.tasks["a"].output == "A"


def test_results_that_were_taken_over_with_again_are_taken_over(place: Path) -> None:
    asyncio.run(run_graph(place / "home", ONE, worker(), ScriptedModel(reply("hi"), name="m"), workspace=place / "ws"))

    async def again() -> RunResult:
        async with open_genesis(place / "home", worker(), ScriptedModel(name="m"), settings=RECORD) as genesis:
            plan = genesis.record("last").plan
            assert plan is not None
            return await (await genesis.start(plan, again="last")).result()

    assert asyncio.run(again()).state is RunState.COMPLETED
    after = replay(place, worker())
    assert (compared(after).differences, compared(after).tools) == ((), 0)
    assert (Path(after.folder) / "artifacts" / "t" / "out.txt").read_text("utf-8") == "HI"
    (place / "ws" / "note.txt").write_text("another", "utf-8")
    again_run = sorted(f.name for f in (place / "home" / "runs").iterdir())[1]
    assert first(replay(place, worker(), run=again_run)).what == "file"


def test_what_plugins_ask_while_the_run_goes_on_is_replayed_and_planning_is_kept(place: Path) -> None:
    class Plans:
        @hookimpl
        async def genesis_decompose(self, task: Task, context: Any) -> list[Task] | None:
            if task.id != "goal":
                return None
            said = await context.ask(question("which tasks?"))
            return [Task(id=said.text, agent="w")]

        @hookimpl
        async def genesis_revise(self, result: TaskResult | None, context: Any) -> GraphPatch | None:
            if result is None or result.task_id != "t":
                return None
            said = await context.ask(question("what next?"))
            return GraphPatch(add=(Task(id=said.text, agent="w", depends_on=("t",)),))

    agent = FakeAgent("w", output=1)

    async def main() -> RunResult:
        extend = agent, Plans(), ScriptedModel("t", "next", name="m")
        async with open_genesis(place / "home", *extend, settings=RECORD) as genesis:
            report = await genesis.plan("do it", workspace=place / "ws")
            return await (await genesis.start(report)).result()

    before = asyncio.run(main())
    assert list(before.tasks) == ["t", "next"] and len(blobs(place)) == 2
    open_genesis(place / "home").verify("last")
    after = replay(place, agent, Plans())
    assert (compared(after).difference, compared(after).models, list(after.tasks)) == (None, 1, ["t", "next"])
    planner = ReplayModel(before.folder)
    assert asyncio.run(planner.complete(question("which tasks?"))).text == "t"


def test_a_model_that_was_chosen_again_for_what_was_left_and_escalated_is_replayed(place: Path) -> None:
    class Chooses:
        """Chooses the dear model as long as there is money, and the other one where the answer is not accepted."""

        @hookimpl
        def genesis_estimate(self, task: Task, context: PlanContext) -> Estimate:
            dear = (context.budget.max_cost or 0) > Decimal("0.8")
            return Estimate(model="dear" if dear else "cheap", escalate=("dear",), difficulty=0.5)

    async def work(task: Task, context: TaskContext) -> Any:
        said = await context.ask(question(task.id))
        return context.result({"by": said.model} if said.text == "good" else {})

    dear = ModelReply(text="good", model="dear", usage=Usage(cost=Decimal("0.3"), model_calls=1))
    cheap = ModelReply(text="bad", model="cheap")
    models = (ScriptedModel(dear, dear, name="dear"), ScriptedModel(cheap, name="cheap"))
    accept = Acceptance(output=("/by",))
    graph = TaskGraph(tasks=(Task(id="a", agent="w", accept=accept),
                             Task(id="b", agent="w", accept=accept, depends_on=("a",))))
    agent = FakeAgent("w", work=work)

    async def main() -> RunResult:
        async with open_genesis(place / "home", agent, Chooses(), *models, settings=RECORD) as genesis:
            report = await genesis.plan("test", workspace=place / "ws", graph=graph, budget=Budget(max_cost=Decimal(1)))
            return await (await genesis.start(report, budget=Budget(max_cost=Decimal(1)))).result()

    before = asyncio.run(main())
    assert [r["model"] for r in rows(place, EventKind.MODEL_ASKED)] == ["dear", "cheap", "dear"], before.tasks
    after = replay(place, agent, Chooses())
    assert (compared(after).differences, compared(after).models) == ((), 3)
    assert [r["model"] for r in rows(place, EventKind.MODEL_ASKED)] == ["dear", "cheap", "dear"]


def test_the_key_of_an_endpoint_is_redacted_whatever_its_variable_is_called(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_ENTRY", "a-strange-key")
    chosen = {"record": True, "models": {"endpoint": {"lab": {"key_env": "LAB_ENTRY"}}}}
    recorded(place, worker(), ScriptedModel("this is a-strange-key", name="m"), settings=chosen)
    assert blobs(place) and not any("a-strange-key" in path.read_text("utf-8") for path in blobs(place))


def test_a_key_that_was_changed_since_makes_no_difference_and_is_shown_in_none(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks(prompt: str) -> FakeAgent:
        async def work(task: Task, context: TaskContext) -> str:
            return (await context.ask(question(f"{prompt} {os.environ['LAB_ENTRY']}"))).text

        return FakeAgent("w", work=work)

    chosen = {"record": True, "models": {"endpoint": {"lab": {"key_env": "LAB_ENTRY"}}}}
    monkeypatch.setenv("LAB_ENTRY", "a-strange-key")
    before = recorded(place, asks("enter with"), ScriptedModel("in", name="m"), settings=chosen)
    monkeypatch.setenv("LAB_ENTRY", "another-word")
    again = replay(place, asks("enter with"), run=before.run_id, settings=chosen)
    assert compared(again).difference is None
    other = replay(place, asks("go out with"), run=before.run_id, settings=chosen)
    assert compared(other).difference is not None and "another-word" not in str(compared(other).to_json())


def test_a_budget_in_money_does_not_stop_a_replay(place: Path) -> None:
    async def main() -> RunResult:
        async with open_genesis(place / "home", worker(), ScriptedModel(reply("hi", "0.9"), name="m"),
                                settings=RECORD) as genesis:
            report = await genesis.plan("test", workspace=place / "ws", graph=ONE)
            return await (await genesis.start(report, budget=Budget(max_cost=Decimal(1)))).result()

    assert asyncio.run(main()).state is RunState.COMPLETED
    assert compared(replay(place, worker())).difference is None


# -- for tests of pipelines -------------------------------------------------------------------------------------------


def test_a_run_folder_replays_in_another_home_without_the_key(
    place: Path, tmp_path: Path, replaying: Callable[..., RunResult]
) -> None:
    before = recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    shutil.copytree(before.folder, tmp_path / "review")
    result = replaying(tmp_path / "review", worker(), workspace=place / "ws", plugins="none")
    assert result.output == before.output
    with pytest.raises(pytest.fail.Exception, match="the replay differs: task 't': request to 'm'"):
        replaying(tmp_path / "review", worker("shout"), workspace=place / "ws", plugins="none")
    assert first(replaying(tmp_path / "review", worker("shout"), workspace=place / "ws", plugins="none",
                          equal=False)).what == "request"


def test_a_replay_model_answers_a_pipeline_and_says_what_it_has_no_answer_to(place: Path, tmp_path: Path) -> None:
    before = recorded(place, worker(), ScriptedModel(reply("hi"), name="m"))
    answers = ReplayModel(before)
    assert answers.name == "m"
    after = asyncio.run(run_graph(tmp_path / "other", ONE, worker(), answers, workspace=place / "ws"))
    assert after.tasks["t"].output["sent"]["sent"] == "HI" and after.usage.cost == 0
    with pytest.raises(AssertionError, match='no answer to.*/messages/0/text was "say a note", is "other"'):
        asyncio.run(ReplayModel(before.folder).complete(question("other")))
    with pytest.raises(AssertionError, match="asked more often"):
        asyncio.run(answers.complete(question("say a note")))


# -- redaction --------------------------------------------------------------------------------------------------------


def test_secrets_are_not_kept_and_the_replay_is_equal_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "the-value-of-it")

    async def work(task: Task, context: TaskContext) -> Any:
        found = await context.call(leak)
        said = await context.ask(question(f"{found['line']} / {found['env']}"))
        return [found, said.text]

    agent = FakeAgent("w", work=work, tools=[leak])
    recorded(place, agent, ScriptedModel("password=hunter2 is weak", name="m"))
    kept = "".join(path.read_text("utf-8") for path in blobs(place))
    for secret in ("sk-abcdef", "hunter2", "the-value-of-it"):
        assert secret not in kept
    after = replay(place, agent)
    assert compared(after).differences == ()
    assert after.output[0]["password"] == REDACTED


SECRETS = [
    "sk-abcdefghijklmnop1234", "sk-ant-api03-abcdefghijklmnop", "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAABCDEFGHIJKLMNOP", "AIzaSyabcdefghijklmnopqrstuvwxyz01234", "xoxb-1234567890-abcdefghij",
    "glpat-abcdefghijklmnop1234", "hf_abcdefghijklmnopqrstuvwxyz", "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK",
    "github_pat_abcdefghijklmnopqrstuv", "sk_live_abcdefghijklmnop1234",
]
ASSIGNED = [
    "password={}", "PASSWORD: {}", '"api_key": "{}"', "client_secret = '{}'", "Authorization: Bearer {}",
    "authorization: Basic {}", "https://user:{}@example.org/x", '{{\\"token\\": \\"{}\\"}}', "export DB_PASSWD={};",
    "access-key => {}", "pwd:={}",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "use {} now", '{{"k":"{}"}}', "x={}&y", "({})"])
def test_keys_of_known_shape_are_taken_out(secret: str, around: str) -> None:
    text = Redactor({})(around.format(secret))
    assert secret not in text and REDACTED in text


@pytest.mark.parametrize("form", ASSIGNED)
def test_what_is_assigned_to_a_telling_name_is_taken_out(form: str) -> None:
    text = Redactor({})(form.format("correct-horse9"))
    assert "horse" not in text and REDACTED in text


def test_private_keys_are_taken_out_whole_also_without_an_end() -> None:
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----"
    redact = Redactor({})
    assert redact(f"a {block} b {block} c") == f"a {REDACTED} b {REDACTED} c"
    assert "MIIabc" not in redact("-----BEGIN PRIVATE KEY-----\nMIIabc\n" * 3)


def test_values_of_secret_variables_are_taken_out_wherever_they_stand() -> None:
    redact = Redactor({"A_KEY": "abcdef-1", "db_password": "geheim99", "OTHER": "plain-value", "X_TOKEN": "true"})
    assert redact({"abcdef-1": ["x geheim99 plain-value true", 3, None]}) == {
        REDACTED: [f"x {REDACTED} plain-value true", 3, None]}


@pytest.mark.parametrize("text", [
    "the token count is 3", "max_output_tokens", "ask-the-sales-team-about-it", "a key value store",
    "task-management-of-many", "secretary: Ann", "https://example.org:8080/a@b", "keyboard",
])
def test_plain_words_are_left_alone(text: str) -> None:
    assert Redactor({})(text) == text


PIECES = st.sampled_from([
    "password=", "token: ", "sk-", "Bearer ", "authorization: basic ", "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----", "://", ":", "@", '"', "'", "\\", "\n", " ", "eyJ", ".", "=", "abcdefgh12345678", "-",
    "ghp_", "é", REDACTED, "secret", "=>", ",", "[", "]", "S3CRETVALUE",
])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.lists(PIECES, max_size=12).map("".join),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.lists(PIECES, max_size=3).map("".join), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
@example('password="\'"')
@settings(max_examples=400, deadline=None)
def test_redacting_twice_changes_nothing_more_and_keeps_the_shape(value: Any) -> None:
    redact = Redactor({"MY_SECRET": "S3CRETVALUE"})
    once = redact(value)
    assert redact(once) == once
    assert "S3CRETVALUE" not in json.dumps(once)
    assert type(once) is type(value)
    assert not isinstance(value, list) or len(once) == len(value)


@given(st.text(max_size=200), st.sampled_from(SECRETS), st.text(max_size=50))
@settings(max_examples=200, deadline=None)
def test_a_key_is_found_whatever_stands_round_it(before: str, secret: str, after: str) -> None:
    text = Redactor({})(f"{before} {secret} {after}")
    assert secret not in text


@pytest.mark.parametrize("piece", [
    "password=", 'password="', "token\\\"", "-----BEGIN PRIVATE KEY-----", "-----END", "-", "eyJaaaaaaaa.", "eyJ",
    "://a:", "sk-", "bearer ", "authorization: basic ", "authorization:        ", "SG.aaaaaaaaaaaaaaaaaaa.",
    "secret =>", " \t",
    "a-", "api key ", "'\"", "[redacted]",
])
def test_redaction_takes_linear_time(piece: str) -> None:
    redact = Redactor({"A_KEY": "aaaaaaaaab"})

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = 9.9
        for _ in range(3):
            began = time.process_time()
            redact.text(text)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(160_000) < 16 * max(seconds(20_000), 0.001)


# -- comparing --------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=10,
)


@given(JSON, JSON)
@settings(max_examples=300, deadline=None)
def test_values_differ_somewhere_exactly_when_their_digests_do(one: Any, other: Any) -> None:
    assert first_difference(one, one) is None
    if digest(one) == digest(other):
        assert first_difference(one, other) is None
    elif first_difference(one, other) is None:
        assert one == other  # 1 and 1.0


def test_a_long_text_is_shown_where_it_differs() -> None:
    place = first_difference({"a": "x" * 500 + "then" + "y" * 500}, {"a": "x" * 500 + "now" + "y" * 500})
    assert place is not None and place.pointer == "/a"
    assert "then" in place.recorded and "now" in place.now and len(place.now) < 200
