"""Bombs, as a user meets them: files and words given to ``genesis``. Each ends with its limit and costs hardly a thing.

What a bomb costs is held against what a plan of one task costs on the same machine: start-up is most of
it. A limit of the system on the processor's time ends what would go on for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    AgentCard,
    GraphError,
    PluginError,
    Skill,
    Task,
    TaskContext,
    TaskGraph,
    Tool,
    ToolSpec,
    hookimpl,
)
from genesis_core.agents import FunctionAgent
from genesis_core.errors import did_you_mean
from genesis_core.testing import open_genesis

CPU_SECONDS = 60
"""Where the system ends a process; nothing here comes near."""
SHARE = 3.0
"""How much more than a plan of one task a bomb may cost: start-up, and twice that."""

LEAST: list[float] = []


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def cost(shell: Any, *words: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Return the seconds of processor that ``genesis`` took, and how it ended."""
    before = os.times()
    done = subprocess.run(shell.command(*words), cwd=shell.folder, env=shell.environment, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, preexec_fn=limited, timeout=110)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, done


def tasks(*given: dict[str, Any]) -> str:
    return json.dumps({"tasks": given})


def value(text: str) -> str:
    return '{"tasks": [{"id": "a", "inputs": {"x": {"value": ' + text + "}}}]}"


def nested(count: int) -> Iterator[dict[str, Any]]:
    for n in reversed(range(count)):
        yield {"id": f"t{n}", **({"parent": f"t{n - 1}"} if n else {})}


def ladder(count: int) -> Iterator[dict[str, Any]]:
    for n in range(count):
        yield {"id": f"c{n}", "depends_on": [f"c{n - 1}"] if n else []}
        yield from ({"id": f"{side}{n}", "parent": f"c{n}", "description": "profile"} for side in "ab")


PLANS: dict[str, tuple[str, int, str]] = {
    "wide.json": (tasks(*({"id": f"t{n}"} for n in range(100_000))), 3, "more than 100000 values"),
    "tasks.json": (tasks(*({"id": f"t{n}"} for n in range(10_000))), 3, "more than 1000 tasks"),
    "wide.yaml": ("tasks:\n" + "  - {id: a}\n" * 300_000, 3, "more than 100000 values"),
    "deep.json": (tasks(*nested(1000)), 3, "1000 levels deep"),
    "deeper.json": (tasks(*nested(60_000)), 3, "more than 100000 values"),
    "brackets.json": ("[" * 100_000, 2, "deeper than 64 levels"),
    "brackets.yaml": ("[" * 100_000, 2, "deeper than 64 levels"),
    "objects.json": ('{"a":' * 100_000, 2, "deeper than 64 levels"),
    "dashes.yaml": ("- " * 100_000, 2, "deeper than 64 levels"),
    "questions.yaml": ("? " * 100_000, 2, "deeper than 64 levels"),
    "alias.yaml": ("a: &a [x]\nb: [*a, *a]\ntasks: *a", 2, "anchors and aliases are not allowed"),
    "keys.json": ("{" + ",".join(f'"k{n}": 1' for n in range(300_000)) + "}", 3, "more than 100000 values"),
    "keys.yaml": ("\n".join(f"k{n}: 1" for n in range(300_000)), 3, "more than 100000 values"),
    "twice.json": ('{"tasks": [], ' + ",".join('"a": 1' for _ in range(40_000)) + "}", 2, "'a' stands twice"),
    "infinite.json": (value("1e999"), 2, "inf is not a JSON number"),
    "digits.json": (value("9" * 4_000_000), 2, "an integer of 4000000 digits; at most 4000"),
    "digits.yaml": (f"tasks: [{{id: a, inputs: {{x: {{value: {'9' * 5000}}}}}}}]", 2, "at most 4000"),
    "words.json": (tasks({"id": "a", "description": "profile the tables " * 55_000}), 3, "at most 20000"),
    "agent.json": (tasks({"id": "a", "agent": "z" * 1_000_000}), 2, "names unknown agent"),
    "name.json": (tasks({"id": "a", "depends_on": ["z" * 1_000_000]}), 2, "depends on unknown task"),
    "field.json": (tasks({"id": "a", "z" * 1_000_000: 1}), 2, "there is no such field"),
    "id.json": (tasks({"id": "z" * 1_000_000}), 2, "is no task id"),
    "skills.json": (tasks({"id": "a", "requires": [f"s{n}" for n in range(90_000)]}), 3, "requires 90000 skills"),
    "unknown.json": (tasks({"id": "a", "depends_on": [f"x{n}" for n in range(90_000)]}), 2, "unknown task 'x0'"),
}
ENDURED = {
    "ladder.json": tasks(*ladder(330)),
    "in-degree.json": tasks(*({"id": f"t{n}", "description": "profile"} for n in range(999)),
                            {"id": "z", "depends_on": [f"t{n}" for n in range(999)]}),
    "dense.json": tasks(*({"id": f"t{n}", "depends_on": [f"t{m}" for m in range(n)]} for n in range(400))),
    "again.json": tasks({"id": "a"}, {"id": "b", "depends_on": ["a"] * 90_000}),
    "metadata.json": tasks({"id": "a", "metadata": {f"k{n}": n for n in range(40_000)}}),
    "fraction.json": value("0." + "9" * 4_000_000),
}
GOALS = {
    "clauses": "scan it, " * 555, "order": "then " * 999, "numbers": "\n".join(f"{n}. scan" for n in range(480)),
    "lists": "\n".join("  " * n + "- x" for n in range(68)), "combining": "a" + "\u0301" * 4998,
    "bidi": "\u202e" * 4999, "hostile": "(a+)+" * 999, "spaces": "a" + " " * 4990 + "b", "hyphens": "-" * 4999,
    "dots": "a." * 2499, "slashes": "a/" * 2499, "quotes": '"' * 4999, "exceptions": "all except " * 450,
}
SETTINGS = {
    "deep": "a = " + "[" * 90_000, "names": "a" + ".a" * 49_000 + " = 1", "digits": "a = " + "9" * 90_000,
    "size": "#" * 200_000, "tables": "a = " + "{a=" * 30_000,
}


@pytest.fixture
def least(shell: Any) -> float:
    """What a plan of one task costs: nearly all of it is start-up. Measured once."""
    if LEAST:
        return LEAST[0]
    (shell.folder / "one.json").write_text(tasks({"id": "say", "agent": "echo"}))
    found, done = cost(shell, "plan", "one.json")
    assert done.returncode == 0, done.stderr
    LEAST.append(found)
    return found


def refused(done: subprocess.CompletedProcess[str], code: int, said: str) -> None:
    assert done.returncode == code, done.stderr[-2000:]
    error, cause, hint = done.stderr.splitlines()
    assert error.startswith("error: ") and cause.startswith("cause: ") and hint.startswith("hint: ")
    assert said in done.stderr
    assert max(len(error), len(cause), len(hint)) < 3000, "nobody reads a bomb"


@pytest.mark.parametrize("name", list(PLANS))
def test_a_plan_that_is_a_bomb_is_refused_at_once(shell: Any, least: float, name: str) -> None:
    text, code, said = PLANS[name]
    (shell.folder / name).write_text(text, encoding="utf-8")
    took, done = cost(shell, "run", name)
    refused(done, code, said)
    assert took < SHARE * least
    assert not shell.home.exists()


@pytest.mark.parametrize("name", list(ENDURED))
def test_a_plan_within_the_limits_costs_little_however_it_is_knotted(shell: Any, least: float, name: str) -> None:
    (shell.folder / name).write_text(ENDURED[name], encoding="utf-8")
    took, done = cost(shell, "plan", name)
    assert done.returncode in (0, 3), done.stderr
    assert took < SHARE * least


@pytest.mark.parametrize("name", list(GOALS))
def test_a_goal_of_5000_characters_costs_little_whatever_it_says(shell: Any, least: float, name: str) -> None:
    (shell.folder / "goal.txt").write_text(GOALS[name][:4999], encoding="utf-8")
    took, done = cost(shell, "plan", "-f", "goal.txt")
    assert done.returncode in (0, 3, 4), done.stderr
    assert took < SHARE * least


@pytest.mark.parametrize("name", list(SETTINGS))
def test_settings_of_a_strange_repository_are_refused_at_once(shell: Any, least: float, name: str) -> None:
    (shell.folder / "genesis.toml").write_text(SETTINGS[name])
    took, done = cost(shell, "plan", "Map this")
    refused(done, 2, "genesis.toml can't be read")
    assert took < SHARE * least


def measured(*works: Callable[[], object]) -> list[float]:
    """Return the least processor time of each in five turns; what other tests have left is not collected meanwhile."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(5):
        for times, work in zip(found, works, strict=True):
            gc.collect()
            gc.disable()
            try:
                began = time.thread_time()
                work()
                times.append(time.thread_time() - began)
            finally:
                gc.enable()
    return [max(min(times), 1e-4) for times in found]


@pytest.mark.parametrize("shape", [nested, ladder])
def test_a_graph_of_twice_the_size_takes_about_twice_the_time(shape: Callable[[int], Any]) -> None:
    def build(count: int) -> Callable[[], object]:
        given = tuple(Task(**row) for row in shape(count))
        return lambda: (graph := TaskGraph(tasks=given), graph.depths, graph.order)

    small, large = measured(build(3_000), build(6_000))
    assert large < 5 * small


def test_a_name_that_nobody_has_is_compared_only_while_it_is_a_name() -> None:
    assert did_you_mean("z" * 1_000_000, ["z" * 999_999]) == ""
    assert did_you_mean("outlin", ["outline", "z" * 1_000_000]) == "; did you mean 'outline'?"
    message = GraphError("x" * 5_000_000).message
    assert len(message) < 2_100 and "characters left out" in message


LONG = "talk " * 20_000


def said(**card: Any) -> FunctionAgent:
    async def work(task: Task, context: TaskContext) -> None: ...

    return FunctionAgent(AgentCard(**{"name": "a", **card}), work)


TALKATIVE: dict[str, Callable[[], object]] = {
    "a description": lambda: Tool(ToolSpec(name="t", description=LONG), len),
    "a schema": lambda: Tool(ToolSpec(name="t", input_schema={"properties": {f"p{n}": {} for n in range(5_000)}}), len),
    "a value to choose": lambda: Tool(ToolSpec(name="t", output_schema={"enum": [LONG]}), len),
    "capabilities": lambda: Tool(ToolSpec(name="t", capabilities={"x": LONG}), len),
    "the name of a tool": lambda: Tool(ToolSpec(name=LONG), len),
    "a skill": lambda: said(skills=[Skill(id="s", name=LONG)]),
    "a skill's id": lambda: said(skills=[Skill(id=LONG)]),
    "a kind": lambda: said(kinds=[LONG]),
    "a version": lambda: said(version=LONG),
    "many skills": lambda: said(skills=[Skill(id=f"s{n}") for n in range(201)]),
}


@pytest.mark.parametrize("what", [*TALKATIVE, "nothing"])
def test_a_card_or_a_tool_that_is_described_by_a_document_is_refused(tmp_path: Path, what: str) -> None:
    class Talkative:
        """A plugin that says too much somewhere."""

        @hookimpl
        def genesis_provide(self) -> list[object]:
            """Offer it."""
            return [TALKATIVE.get(what, lambda: said(skills=[Skill(id="s", description="talk")]))()]

    async def opened() -> None:
        async with open_genesis(tmp_path, Talkative()):
            pass

    with pytest.raises(PluginError, match=r"describes itself with .* and \d+ skills") if what != "nothing" else (
            contextlib.nullcontext()):
        asyncio.run(opened())
