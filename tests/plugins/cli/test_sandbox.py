"""``genesis sandbox``: a program's output, errors and status are its own; the doctor says which tier there is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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


def test_a_limit_can_be_named_and_one_that_is_none_is_a_usage_error(program: Path) -> None:
    program.write_text("import time; time.sleep(60)")
    assert genesis("run", str(program), "--limit", "seconds=0.5").returncode == 125
    done = genesis("run", "--json", "--limit", "seconds=0.5", str(program))
    assert done.returncode == 125 and json.loads(done.stdout)["data"]["limit"] == "time"
    for word, said in (("hours=1", "no limit 'hours'"), ("seconds=1000", "at most 120"), ("seconds", "seconds=2")):
        wrong = genesis("run", "--limit", word, str(program))
        assert wrong.returncode == 2 and said in wrong.stderr


def test_a_module_that_is_not_installed_is_refused_and_not_left_out(program: Path) -> None:
    program.write_text("print('ran')")
    done = genesis("run", str(program), "--module", "nosuch")
    assert (done.returncode, done.stdout) == (126, "") and "nosuch" in done.stderr


def begun(*words: str) -> subprocess.Popen[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    return subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=ours, start_new_session=True)


def mentioning(word: str) -> list[str]:
    """Return the processes whose command line holds *word*."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.parametrize("words", [
    ("genesis_sandbox",), ("genesis_sandbox", "--warm"), ("genesis_cli", "sandbox", "run"),
])  # fmt: skip
def test_ctrl_c_is_three_lines_and_130_and_nothing_is_left(words: tuple[str, ...], program: Path) -> None:
    program.write_text("import sys, time\nprint('begun', flush=True)\ntime.sleep(60)")
    with begun(*words, str(program)) as call:
        assert call.stdout is not None
        if "--warm" in words:  # what it prints is handed on when it has ended
            time.sleep(1.5)
        else:
            assert call.stdout.readline() == "begun\n"
        os.killpg(call.pid, signal.SIGINT)
        _, said = call.communicate(timeout=20)
    assert call.returncode == 130
    assert [line.partition(":")[0] for line in said.splitlines()] == ["error", "cause", "hint"], said
    assert mentioning(str(program)) == []


def test_the_doctor_attacks_what_it_finds_and_names_the_tier() -> None:
    done = genesis("doctor", "--json")
    told = json.loads(done.stdout)["data"]
    assert done.returncode == 0 and told["tier"] == "strong"
    assert len(told["attacks"]) >= 12 and all(attack["contained"] for attack in told["attacks"])
    assert {"Landlock", "user namespaces", "purejail", "bubblewrap"} <= {fact["name"] for fact in told["facts"]}
