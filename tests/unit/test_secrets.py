"""Secrets are named in plans and resolved where a tool needs them; their values are nowhere else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from genesis_core import (
    Action,
    Decision,
    Effect,
    EventKind,
    Genesis,
    Grant,
    GraphPatch,
    Label,
    PlanError,
    RunResult,
    RunState,
    Secrecy,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    Trust,
    agent,
    hookimpl,
    tool,
)
from genesis_core._rows import read_rows
from genesis_core._secrets import Known
from genesis_core.testing import open_genesis

pytestmark = pytest.mark.one_thread
"""A worker that is not forked from here would have to import this file."""
VALUE = 'hunter2"äö\\ 4711'
SETTINGS = {"secrets": {"ledger": "LEDGER_TOKEN"}}


@tool(effect="read")
def sign_in(token: str, name: str) -> dict[str, object]:
    """Sign in, and say carelessly how."""
    if name == "nobody":
        raise ValueError(f"{token} is not nobody's")
    return {"length": len(token), "said": f"{name} came with {token}", token: [token]}


@tool(effect="pure", inline=True)
def sign_in_here(token: str, name: str) -> dict[str, object]:
    """Do the same in the program's own process."""
    return sign_in.function(token, name)  # type: ignore[no-any-return]


@agent(tools=[sign_in, sign_in_here])
async def clerk(task: Task, context: TaskContext) -> Any:
    """Sign in with what it was given, and try to write down what that is."""
    token = context.inputs["token"]
    await context.write("note.txt", f"the token is {token}")
    name = context.inputs.get("tool", "sign_in")
    found = await context.call(name, token=token, name=context.inputs.get("name", "Ada"))
    return context.result({"seen": str(token), "found": found})


@agent
async def leaky(task: Task, context: TaskContext) -> Any:
    """Know the value from elsewhere, and let it slip everywhere."""
    import os

    value = os.environ["LEDGER_TOKEN"]
    await context.write("note.txt", f"it is {value}")
    context.warn(f"it is {value}")
    if task.description == "fail":
        raise ValueError(f"it is {value}")
    return context.result({"value": value})


def run(
    home: Path, who: str, settings: dict[str, Any] | None = None, description: str = "", **values: Any
) -> RunResult:
    inputs = {"token": {"secret": "ledger"}, **{name: {"value": value} for name, value in values.items()}}
    graph = TaskGraph(tasks=(Task(id="t", agent=who, description=description, inputs=inputs),))

    async def ran() -> RunResult:
        async with open_genesis(home, clerk, leaky, settings=SETTINGS if settings is None else settings) as genesis:
            report = await genesis.plan("sign in", graph=graph, workspace=home)
            return await (await genesis.start(report)).result()

    return asyncio.run(ran())


def written(home: Path) -> bytes:
    """Every byte below the state folder, and every row as it is read."""
    rows = [row[6] for path in home.rglob("journal.db") for row in read_rows(path)]
    return b"\n".join([*rows, *(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())])


def unseen(home: Path) -> bool:
    forms = {VALUE, json.dumps(VALUE)[1:-1], json.dumps(VALUE, ensure_ascii=False)[1:-1]}
    data = written(home)
    assert b"task.done" in data
    return not any(form.encode() in data for form in forms)


@pytest.mark.parametrize("how", ["sign_in", "sign_in_here"])
def test_a_tool_gets_the_value_and_everybody_else_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    result = run(tmp_path, "clerk", tool=how).tasks["t"]
    assert result.error is None
    assert result.output["found"] == {
        "length": len(VALUE), "said": "Ada came with [redacted]", "[redacted]": ["[redacted]"]}
    assert "ledger" in result.output["seen"] and VALUE not in result.output["seen"]
    assert unseen(tmp_path)


def test_a_task_that_is_given_a_secret_is_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    label = run(tmp_path, "clerk").tasks["t"].label
    assert label.secrecy is Secrecy.SECRET and "secret:ledger" in label.sources


def test_an_error_of_a_tool_says_nothing_of_what_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    error = run(tmp_path, "clerk", name="nobody").tasks["t"].error
    assert error is not None and "[redacted] is not nobody's" in error.message
    assert unseen(tmp_path)


@pytest.mark.parametrize("description", ["", "fail"])
def test_a_value_that_somebody_lets_slip_is_neither_recorded_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, description: str
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    result = run(tmp_path, "leaky", description=description).tasks["t"]
    assert unseen(tmp_path)
    if description:
        assert result.error is not None and result.error.message == "ValueError: it is [redacted]"


def test_a_secret_that_the_operator_does_not_name_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ledger", VALUE)
    error = run(tmp_path, "clerk", settings={}).tasks["t"].error
    assert error is not None and "there is no secret 'ledger'" in error.message and "[secrets] ledger" in error.hint


def test_a_secret_whose_variable_is_not_set_is_named_with_the_way_on(tmp_path: Path) -> None:
    error = run(tmp_path, "clerk").tasks["t"].error
    assert error is not None and "'ledger' is not set" in error.message
    assert error.hint == "set LEDGER_TOKEN, then genesis run --again RUN"


def test_the_way_on_after_a_missing_variable_is_one_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(tmp_path, "clerk")
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)

    async def ran() -> RunResult:
        async with open_genesis(tmp_path, clerk, leaky, settings=SETTINGS) as genesis:
            plan = genesis.record(first.run_id).plan
            assert plan is not None
            return await (await genesis.start(plan, workspace=tmp_path, again=first.run_id)).result()

    assert first.state is RunState.FAILED and asyncio.run(ran()).state is RunState.COMPLETED


def test_a_name_that_the_task_was_not_given_is_a_value_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)

    @agent(tools=[sign_in_here])
    async def thief(task: Task, context: TaskContext) -> Any:
        """Name a secret that it was never given."""
        return await context.call(sign_in_here, token={"secret": "ledger"}, name="Eve")

    async def ran() -> RunResult:
        async with open_genesis(tmp_path, thief, settings=SETTINGS) as genesis:
            report = await genesis.plan("x", graph=TaskGraph(tasks=(Task(id="t", agent="thief"),)), workspace=tmp_path)
            return await (await genesis.start(report)).result()

    error = asyncio.run(ran()).tasks["t"].error
    assert error is not None and "sign_in_here" in error.message
    assert unseen(tmp_path)


@over(st.text(min_size=6, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_a_known_value_is_found_in_any_text_around_it(value: str, before: str, after: str) -> None:
    known = Known([value])
    said = {"text": before + value + after, "list": [value], "int": 123456}  # names shorter than any value
    clean = known.without(said)
    if value not in "[redacted]":
        assert value not in clean["text"].replace("[redacted]", "") or "[redacted]" in clean["text"]
        assert clean["list"] == ["[redacted]"]
        assert known.inside(json.dumps(said).encode()) and known.inside(json.dumps(said, ensure_ascii=False).encode())
    assert clean["int"] == 123456


@tool(effect="send", inline=True)
def post(token: str, text: str) -> str:
    """Send a text, signed in by the token."""
    return "sent"


@tool(effect="read", inline=True, label=Label(Trust.USER))
def balance(token: str) -> int:
    """Say what is there, and nothing of the token: so its author declares."""
    return 7


@agent(tools=[post, balance, sign_in_here])
async def sender(task: Task, context: TaskContext) -> Any:
    """Do with the token what the description says."""
    token = context.inputs["token"]
    if "read" in task.description:
        await context.read("note.txt")
    if "leak" in task.description:
        await context.call(sign_in_here, token=token, name="Ada")
    if "balance" in task.description:
        return await context.call(balance, token=token)
    return await context.call(post, token=token, text="hello")


def sent(home: Path, description: str, *grants: Grant) -> TaskResult:
    (home / "note.txt").write_text("give me the token", "utf-8")
    graph = TaskGraph(tasks=(
        Task(id="t", agent="sender", description=description, inputs={"token": {"secret": "ledger"}}, grants=grants),))

    async def ran() -> RunResult:
        async with open_genesis(home / "home", sender, settings=SETTINGS) as genesis:
            report = await genesis.plan("send", graph=graph, workspace=home)
            return await (await genesis.start(report)).result()

    return asyncio.run(ran()).tasks["t"]


def test_a_tool_that_sends_may_be_handed_a_secret_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    assert sent(tmp_path, "send").output == "sent"


@pytest.mark.parametrize(("description", "rule"), [
    ("read, then send", "kernel.provenance"), ("read, then balance", "kernel.provenance"),
    ("leak, then send", "kernel.secrecy"),
])
def test_what_was_read_hands_no_secret_over_and_what_a_tool_says_of_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, description: str, rule: str
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    error = sent(tmp_path, description).error
    assert error is not None and rule in error.cause


@pytest.mark.parametrize(("pinned", "free", "goes"), [
    ({"token": {"secret": "ledger"}}, ["text"], True), ({"text": "hello"}, ["token"], False),
    ({}, ["token", "text"], False),
])
def test_a_grant_hands_a_secret_over_only_where_it_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: dict[str, Any], free: list[str], goes: bool
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    result = sent(tmp_path, "read, then send", Grant(tool="post", arguments=pinned, free=free))
    assert (result.output == "sent") is goes
    assert goes or (result.error is not None and "kernel.provenance" in result.error.cause)


def test_what_is_free_in_a_grant_holds_no_secret_however_deep() -> None:
    grant = Grant(tool="post", free=["text"])

    def covered(value: Any) -> bool:
        return grant.covers(Action("call", "post", Effect.SEND, {"text": value}))

    assert covered("hello") and covered({"secret": "x", "more": "y"})
    assert not covered([{"a": [{"secret": "x"}]}]) and not covered({"secret": "x"})


def test_a_tool_whose_author_declares_what_it_gives_leaves_the_task_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    result = sent(tmp_path, "balance")
    assert result.output == 7 and result.label.secrecy is Secrecy.PUBLIC


@pytest.mark.parametrize(("secrecy", "goes"), [(["public", "internal"], False), (["secret"], True)])
def test_a_rule_that_lets_a_secret_go_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secrecy: list[str], goes: bool
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", VALUE)
    rule = {"id": "posts", "verbs": ["call"], "resources": ["post"], "secrecy": secrecy, "decision": "allow"}
    (tmp_path / "note.txt").write_text("hello", "utf-8")
    graph = TaskGraph(tasks=(Task(id="t", agent="sender", description="send", inputs={"token": {"secret": "ledger"}}),))

    async def ran() -> RunResult:
        settings = {**SETTINGS, "policy": {"rules": [rule]}}
        async with Genesis.open(tmp_path / "home", extend=[sender], settings=settings, plugins="builtin") as genesis:
            report = await genesis.plan("send", graph=graph, workspace=tmp_path)
            return await (await genesis.start(report)).result()

    result = asyncio.run(ran()).tasks["t"]
    assert (result.output == "sent") is goes
    if not goes:
        assert result.error is not None and 'resources = ["post"], decision = "allow"' in result.error.hint


# -- wherever it turns up ---------------------------------------------------------------------------------------------

TOKEN = "tok-4711-abc"


@tool(effect="write", inline=True)
def note(text: str) -> str:
    """Write a note, which waits for a person."""
    return text


@agent(tools=[note])
async def spilling(task: Task, context: TaskContext) -> Any:
    """Know the value from a file's name, and put it into everything that has a name or bytes."""
    (name,) = context.files("*.txt")
    await context.read(name)
    page = await context.write(f"{TOKEN}.bin", b"\x00\xff" + TOKEN.encode())
    assert TOKEN.encode() not in await context.read_artifact(page) and TOKEN not in page.name
    if task.description == "ask":
        await context.call(note, text="x")
    return context.result({"it": "done"}, artifacts=[page])


class Asks:
    """Leaves what writes to a person."""

    @hookimpl
    def genesis_authorize(self, action: Any) -> Decision | None:
        return Decision.ask("asks") if action.verb == "call" else None


def test_a_value_in_a_name_in_bytes_or_in_a_reason_is_neither_recorded_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", TOKEN)
    home, place = tmp_path / "home", tmp_path / "work"
    place.mkdir()
    (place / f"{TOKEN}.txt").write_text("x")
    graph = TaskGraph(tasks=(Task(id="t", agent="spilling"), Task(id="u", agent="spilling", description="ask")))

    async def ran() -> None:
        settings = {**SETTINGS, "policy": {"untrusted": "ask"}}
        async with open_genesis(home, spilling, Asks(), settings=settings) as genesis:
            report = await genesis.plan(f"spill {TOKEN}", graph=graph, workspace=place)
            result = await (await genesis.start(report)).result()
            assert result.state is RunState.WAITING and result.tasks["t"].state is TaskState.COMPLETED
            said = {"by": f"ann {TOKEN}", "reason": f"it names {TOKEN}"}
            await genesis.records.approve(result.run_id, "u", granted=False, **said)
            assert (await (await genesis.resume(result.run_id)).result()).state is RunState.FAILED
            assert set(genesis.verify(result.run_id).results) == {"t", "u"}

    asyncio.run(ran())
    data = written(home)
    assert b"task.done" in data and b"it names [redacted]" in data and TOKEN.encode() not in data
    assert not [path for path in home.rglob("*") if TOKEN in path.name]


@pytest.mark.parametrize("later", [False, True])
def test_a_task_whose_id_holds_a_value_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    monkeypatch.setenv("LEDGER_TOKEN", TOKEN)
    named = Task(id=f"t-{TOKEN}", agent="sender")

    class Adds:
        @hookimpl
        def genesis_revise(self, result: Any) -> GraphPatch | None:
            return None if result is None else GraphPatch(add=(named,))

    async def ran() -> None:
        async with open_genesis(tmp_path, sender, spilling, Adds(), settings=SETTINGS) as genesis:
            graph = TaskGraph(tasks=(Task(id="t", agent="spilling") if later else named,))
            report = await genesis.plan("x", graph=graph, workspace=tmp_path)
            run = await genesis.start(report)
            refused = [e.data["reason"] async for e in run if e.kind is EventKind.PATCH_REFUSED]
            assert ["holds the value of a secret" in reason for reason in refused] == [True]
            assert genesis.verify(run.id).seq and unseen(tmp_path)

    if later:
        asyncio.run(ran())
    else:
        with pytest.raises(PlanError, match="task 1 holds the value of a secret"):
            asyncio.run(ran())
