"""kill -9 while a run makes a tool: resumed, it has one tool and its result; two runs that need the same make one.

With the real search, layers, sandbox and registry, through the command line.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from genesis_aatc.registry import Registry
from genesis_aatc.sandboxes import Bench
from genesis_core import RunState
from genesis_core.testing import open_genesis

if TYPE_CHECKING:
    from conftest import Shell

DRIVER = Path(__file__).with_name("making_driver.py")
EXAMPLES = {"12 Oak St, Paris, TX": "12 Oak St", "7 Elm Rd NE, Omaha, NE": "7 Elm Rd NE",
            "301 First Ave, Berlin, NH": "301 First Ave"}
NEED: dict[str, Any] = {
    "name": "street_of", "description": "the street of an address",
    "examples": [{"arguments": {"text": text}, "value": value} for text, value in EXAMPLES.items()]}
TASK: dict[str, Any] = {"id": "streets", "description": "Take the street out of an address", "need": NEED,
                        "inputs": {"text": {"value": "88 Maple Blvd SW, Athens, OH"}}}
SEEN = {"value": "88 Maple Blvd SW"}


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    if why := Bench().refuses():
        pytest.skip(f"no sandbox here: {why}")


def start(shell: Shell, where: str, *words: str) -> subprocess.Popen[bytes]:
    """Start ``genesis`` so that it dies *where* that says."""
    return subprocess.Popen([sys.executable, str(DRIVER), where, *words], cwd=shell.folder, env=shell.environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def crash(shell: Shell, where: str, *words: str) -> None:
    with start(shell, where, *words) as dying:
        assert dying.wait(timeout=100) == -signal.SIGKILL, dying.stderr.read() if dying.stderr else ""


def the_run(shell: Shell) -> str:
    (folder,) = (shell.home / "runs").iterdir()
    return folder.name


def rows(shell: Shell, run: str = "last") -> Counter[str]:
    return Counter(event.kind.value for event in open_genesis(shell.home).events(run))


def whole(shell: Shell, run: str) -> None:
    """Hold what came of it against what has to be there: one tool, one result, a true record."""
    genesis = open_genesis(shell.home)
    record = genesis.verify(run)
    assert record.state is RunState.COMPLETED and record.results["streets"].output == SEEN
    registry = Registry(shell.home / "registry", lambda: genesis.keys(create=False))
    assert registry.verify() == ()
    view = registry.view()
    registry.close()
    assert [(v.name, v.state.value) for v in view.versions.values()] == [("street_of", "active")] and view.rows == 1


QUICK = ["within:5", "registry:done"]
SLOW = ["append:need.begun", "before:need.begun", "after:need.begun", "search", "trial:1", "registry:begun",
        "registry:source", "registry:row", "append:tool.admitted", "before:tool.admitted", "after:tool.admitted"]
AGAIN = {"after:need.begun", "search", "trial:1", "within:5", "registry:begun", "registry:source", "registry:row"}
"""Where it had said that it makes one, and there is none yet: so it says so, and is counted, once more."""


@pytest.mark.parametrize("where", [*QUICK, *(pytest.param(where, marks=pytest.mark.slow) for where in SLOW)])
def test_a_run_that_dies_while_it_makes_a_tool_ends_with_one(shell: Shell, where: str) -> None:
    crash(shell, where, "run", shell.plan(TASK))
    run = the_run(shell)
    at_crash = rows(shell, run)
    shell.json("resume", run)
    whole(shell, run)
    assert at_crash["need.begun"] <= 1 and rows(shell, run)["need.begun"] == 1 + (where in AGAIN)
    assert open_genesis(shell.home).record(run).usage.generated == 1 + (where in AGAIN)
    assert rows(shell, run)["tool.admitted"] <= 1 + (where == "after:tool.admitted")


@pytest.mark.slow
def test_a_run_that_dies_twice_on_the_way_ends_with_one_tool(shell: Shell) -> None:
    crash(shell, "within:5", "run", shell.plan(TASK))
    run = the_run(shell)
    crash(shell, "registry:row", "resume", run)
    shell.json("resume", run)
    whole(shell, run)
    assert rows(shell, run)["need.begun"] == 3, "each of three drivers said that it makes one, and was counted"
    assert rows(shell, run)["tool.admitted"] == 1


@pytest.mark.slow
def test_two_runs_that_need_the_same_tool_at_the_same_time_make_one(shell: Shell) -> None:
    plan = shell.plan(TASK)
    both = [start(shell, "nowhere", "run", plan) for _ in range(2)]
    for running in both:
        with running:
            assert running.wait(timeout=100) == 0, running.stderr.read() if running.stderr else ""
    for folder in (shell.home / "runs").iterdir():
        whole(shell, folder.name)
