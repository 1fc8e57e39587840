"""What the plugin promises, shown on what is installed: run by ``tox run -e thirdparty`` beside the built wheel."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Genesis, RunResult, RunState

BIN = Path(sys.executable).parent


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "sales.csv").write_text("month,cents\n1,100\n2,250\n3,175\n", encoding="utf-8")
    return folder


def genesis(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GENESIS_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [str(BIN / "genesis"), *arguments]
    return subprocess.run(command, env=environment, cwd=home.parent, capture_output=True, text=True, timeout=60)


def run(goal: str, workspace: Path, *, block: tuple[str, ...] = ()) -> RunResult:
    async def body() -> RunResult:
        async with Genesis.open(workspace.parent / "state", block=block) as opened:
            return await (await opened.start(goal, workspace=workspace)).result()

    return asyncio.run(body())


def agents_of(result: RunResult) -> dict[str, str]:
    assert result.plan is not None
    return {assignment.task_id: assignment.agent for assignment in result.plan.assignments}


def test_it_is_an_ordinary_distribution_beside_genesis() -> None:
    groups = {entry.group: entry.value for entry in distribution("genesis-plugin-hello").entry_points}
    assert groups["genesis.plugins"] == "genesis_plugin_hello"
    assert groups["genesis.commands"] == "genesis_plugin_hello.command:hello"


def test_plugins_lists_it_with_its_distribution_and_hooks(tmp_path: Path) -> None:
    done = genesis("plugins", "--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    text = json.dumps(json.loads(done.stdout))
    assert "genesis-plugin-hello" in text
    assert genesis("plugins", home=tmp_path / "home").stdout.count("hello") >= 1


def test_its_agent_and_tool_are_offered_like_built_in_ones(tmp_path: Path) -> None:
    async def body() -> tuple[Any, Any]:
        async with Genesis.open(tmp_path) as opened:
            return opened.provided.agents["greeter"].card, opened.provided.tools["greeting"].spec

    card, spec = asyncio.run(body())
    assert card.tools == ("greeting",)
    assert spec.input_schema["required"] == ["name"]


def test_it_decomposes_its_own_goal_and_wins_every_task_of_it(workspace: Path) -> None:
    result = run("Greet Ada, Grace and Linus", workspace)
    assert result.state is RunState.COMPLETED
    assert agents_of(result) == dict.fromkeys(("greet-1", "greet-2", "greet-3", "card"), "greeter")
    assert result.tasks["greet-3"].output == {"greeting": "Hello, Linus!"}
    (card,) = result.tasks["card"].artifacts
    assert (card.name, card.media_type) == ("card.md", "text/markdown")


def test_it_decomposes_its_part_of_a_larger_goal(workspace: Path) -> None:
    result = run("Profile the tables in data/, and greet Ada and Grace", workspace)
    assert result.state is RunState.COMPLETED
    agents = agents_of(result)
    greeted = {task_id: agent for task_id, agent in agents.items() if agent == "greeter"}
    assert [task_id.rsplit("/", 1)[-1] for task_id in greeted] == ["greet-1", "greet-2", "card"]
    assert len({task_id.rsplit("/", 1)[0] for task_id in greeted}) == 1, "they stand below one part of the goal"
    assert "analytics" in agents.values()


def test_without_the_plugin_nobody_greets_and_nobody_pretends_to(workspace: Path) -> None:
    done = genesis("-p", "no:hello", "run", "Greet Ada and Grace", "--workspace", str(workspace),
                   home=workspace.parent / "home")  # fmt: skip
    assert done.returncode in (3, 8), done.stdout + done.stderr
    assert "Hello" not in done.stdout


def test_its_command_joins_the_others_and_greets(tmp_path: Path) -> None:
    done = genesis("hello", "Ada", "Grace", home=tmp_path / "home")
    assert (done.returncode, done.stdout.splitlines()) == (0, ["Hello, Ada!", "Hello, Grace!"]), done.stderr
    assert "hello" in genesis("--help", home=tmp_path / "home").stdout


def test_its_command_says_what_it_takes(tmp_path: Path) -> None:
    done = genesis("hello", home=tmp_path / "home")
    assert done.returncode == 2
    assert "NAMES" in done.stderr
