"""``genesis sandbox``: a program's output, errors and status are its own; the doctor says which tier there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genesis_sandbox import SandboxUnavailable, choose

try:
    choose("auto")
    WHY_NOT = ""
except SandboxUnavailable as error:
    WHY_NOT = error.reason
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")


def genesis(*words: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    command = [sys.executable, "-m", "genesis_cli", "sandbox", *words]
    return subprocess.run(command, capture_output=True, text=True, env=ours)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


def test_output_errors_and_status_are_the_programs_own(program: Path) -> None:
    program.write_text("import sys\nprint('out')\nsys.stderr.write('err')\nraise SystemExit(7)")
    done = genesis("run", str(program))
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err", 7)


def test_json_tells_how_it_ended(program: Path) -> None:
    program.write_text("print('out')\nraise SystemExit(7)")
    done = genesis("run", "--json", str(program))
    told = json.loads(done.stdout)
    ended = told["data"]
    assert told["ok"] and (ended["ended"], ended["exit_code"], ended["stdout"]) == ("failed", 7, "out\n")
    assert done.returncode == 7 and ended["tier"] == "strong"


def test_a_limit_is_125_and_is_named(program: Path) -> None:
    program.write_text("x = [bytearray(1 << 24) for _ in range(200)]")
    assert genesis("run", str(program)).returncode == 125
    done = genesis("run", "--json", str(program))
    assert done.returncode == 125 and json.loads(done.stdout)["data"]["limit"] == "memory"


def test_a_package_is_shown_when_it_is_named(program: Path) -> None:
    program.write_text("import click\nprint('seen')")
    assert genesis("run", str(program)).returncode == 1
    assert genesis("run", "--module", "click", str(program)).stdout == "seen\n"


def test_what_is_not_installed_is_a_refusal(program: Path) -> None:
    program.write_text("print('ran')")
    done = genesis("run", "--json", "--module", "no_such_package", str(program))
    assert done.returncode == 126 and json.loads(done.stdout)["error"]["code"] == "refused" and "ran" not in done.stdout


def test_the_doctor_attacks_what_it_finds_and_names_the_tier() -> None:
    done = genesis("doctor", "--json")
    told = json.loads(done.stdout)["data"]
    assert done.returncode == 0 and told["tier"] == "strong"
    assert len(told["attacks"]) >= 12 and all(attack["contained"] for attack in told["attacks"])
    assert {"Landlock", "user namespaces", "purejail", "bubblewrap"} <= {fact["name"] for fact in told["facts"]}
