"""A process that dies while it admits a tool leaves one tool or none; two that admit the same make one."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_kit import NEED, proposal, workshop

from genesis_aatc.sandboxes import Bench

HERE = Path(__file__).parent
ADMIT = """
import asyncio, os, signal, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from made_kit import NEED, Bench, LocalWorkshop, proposal, registry

where, calls = sys.argv[2], 0

def die(at):
    if at == where:
        os.kill(os.getpid(), signal.SIGKILL)

class Counting(Bench):
    def run(self, *given, **more):
        global calls
        calls += 1
        die(f"trial {{calls}}")
        return super().run(*given, **more)

home = Path(sys.argv[1])
shop = LocalWorkshop(registry(home, probe=die), Counting(), home / "keys")
admission = asyncio.run(shop.admit(NEED, proposal()))
assert admission.tool is not None, admission.why
shop.close()
"""


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    if why := Bench().refuses():
        pytest.skip(f"no sandbox here: {why}")


def started(home: Path, where: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", ADMIT.format(here=str(HERE)), str(home), where])


@pytest.mark.parametrize("where", ["trial 1", "trial 5", "begun", "source", "row", "done"])
def test_a_kill_at_any_boundary_leaves_one_tool_or_none(tmp_path: Path, where: str) -> None:
    assert started(tmp_path, where).wait(timeout=100) == -signal.SIGKILL
    shop = workshop(tmp_path)
    assert shop.verify() == () and len(shop.tools()) == len(shop.made()) == (where == "done")
    admission = asyncio.run(shop.admit(NEED, proposal()))
    assert shop.tools() == (admission.tool,) and shop._registry.view().rows == 1
    shop.close()


def test_two_processes_that_admit_the_same_tool_at_once_make_one(tmp_path: Path) -> None:
    running = [started(tmp_path) for _ in range(2)]
    assert [process.wait(timeout=100) for process in running] == [0, 0]
    shop = workshop(tmp_path)
    assert shop.verify() == () and len(shop.tools()) == 1 and shop._registry.view().rows == 1
    shop.close()
