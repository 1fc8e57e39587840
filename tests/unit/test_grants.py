"""A call that no grant covers is denied with what keeps it from being covered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import Action, Effect, Grant, Input, Task, TaskContext, TaskGraph, TaskResult, agent, tool
from genesis_core.testing import open_genesis


@tool(effect="write", inline=True)
def keep(title: str, text: str = "", place: str = "") -> str:
    """Keep a note."""
    return title


@tool(effect="write", inline=True)
def drop(title: str) -> str:
    """Drop a note."""
    return title


@agent(tools=[keep, drop])
async def clerk(task: Task, context: TaskContext) -> Any:
    """Read a note, and make the calls that the task names."""
    await context.read("note.txt")
    for name, arguments in context.inputs["calls"]:
        await context.call(name, **arguments)
    return context.result("done")


def done(home: Path, calls: list[tuple[str, dict[str, str]]], *grants: Grant) -> TaskResult:
    (home / "note.txt").write_text("milk", "utf-8")
    task = Task(id="t", agent="clerk", inputs={"calls": Input(value=calls)}, grants=grants)

    async def ran() -> TaskResult:
        async with open_genesis(home / "home", clerk) as genesis:
            report = await genesis.plan("keep it", graph=TaskGraph(tasks=(task,)), workspace=home)
            return (await (await genesis.start(report)).result()).tasks["t"]

    return asyncio.run(ran())


GRANT = Grant(tool="keep", arguments={"title": "list"}, free=("text",))
DENIED: dict[str, tuple[list[tuple[str, dict[str, str]]], str]] = {
    "another value": ([("keep", {"title": "lists"})], "its grant does not cover it: argument 'title' is another one"),
    "one too many": ([("keep", {"title": "list", "place": "x"})], "argument 'place' is neither granted nor free"),
    "a second time": ([("keep", {"title": "list", "text": "a"}), ("keep", {"title": "list", "text": "b"})],
                      "its grant is used up: 1 in all"),
}


@pytest.mark.parametrize("why", list(DENIED))
def test_a_call_beside_its_grant_is_denied_with_what_differs(tmp_path: Path, why: str) -> None:
    calls, said = DENIED[why]
    error = done(tmp_path, calls, GRANT).error
    assert error is not None and "kernel.provenance" in error.cause and said in error.cause


def test_a_call_whose_tool_has_no_grant_is_denied_without_a_word_on_grants(tmp_path: Path) -> None:
    error = done(tmp_path, [("drop", {"title": "list"})], GRANT).error
    assert error is not None and "kernel.provenance" in error.cause and "grant" not in error.cause


def test_a_call_as_granted_is_made(tmp_path: Path) -> None:
    assert done(tmp_path, [("keep", {"title": "list", "text": "milk"})], GRANT).output == "done"


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from([1, 1.0, True, "x", {"secret": "s"}, [{"secret": "s"}]])


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.lists(NAMES, max_size=2))
def test_a_grant_names_a_fault_exactly_where_it_does_not_cover(
    granted: dict[str, Any], called: dict[str, Any], free: list[str]
) -> None:
    grant = Grant(tool="keep", arguments=granted, free=tuple(free))
    action = Action("call", "keep", Effect.WRITE, called)
    assert (grant.misses(action) == "") is grant.covers(action)
