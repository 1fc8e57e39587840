"""Every attack program works without the sandbox, where that is safe to show, and comes to nothing in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from genesis_eval.programs import Program, read_programs
from genesis_eval.sandbox import COMMANDS, MODULE, verdict
from genesis_eval.sandbox_scores import Verdict
from genesis_eval.stage import FULL, Stage, stage
from genesis_sandbox import self_test

PROGRAMS = read_programs(Path(__file__).parent / "attacks")
ATTACKS = [p for p in PROGRAMS.values() if p.headers["kind"] == "attack"]
BENIGN = [p for p in PROGRAMS.values() if p.benign]
SMALL = {"MEM_MB": 48, "DISK_MB": 2, "PROC_MAX": 20, "OUT_MB": 1, "INODES": 200}
"""Sizes for showing that an attack works where nothing holds it back."""
TIGHT = ("--limit", "seconds=2.5", "--limit", "cpu_seconds=0.5")
"""Programs that never end are ended sooner than by default."""
ENDLESS = ("hang",)
AVAILABLE = self_test()
BARE = (sys.executable, "-I", "-B")

pytestmark = [
    pytest.mark.skipif(not AVAILABLE.ok, reason=f"no sandbox here: {AVAILABLE.reason}"),
    pytest.mark.alone,  # what is left of other tests in this process would be taken for what an attack left
]


@pytest.fixture(scope="module")
def host() -> Iterator[Stage]:
    with stage() as made:
        yield made


def provable(program: Program) -> str:
    """Return why an attack is not shown to work here, or nothing."""
    bare = program.headers.get("bare", "")
    if bare.startswith("root") and os.geteuid() == 0:
        bare = ""
    if program.headers.get("machine", os.uname().machine) != os.uname().machine:
        return "the program is written for another machine"
    return bare


@cache
def works(launcher: str) -> str:
    """Return why a launcher does not isolate here, or nothing."""
    found = self_test(launcher)
    return "" if found.ok else found.reason or "it does not hold"


def fresh(host: Stage) -> None:
    """Put back what an attack that worked has changed."""
    secret = Path(str(host.values["CANARY_FILE"]))
    for path in host.folder.iterdir():
        if path != secret and path.suffix != ".sock" and path.name != "home":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in Path(str(host.values["FAKE_HOME"])).iterdir():
        path.unlink()
    secret.write_text(host.secret + "\n")


def test_there_are_enough_of_them_and_of_every_kind() -> None:
    kinds = {program.headers["category"] for program in ATTACKS}
    assert len(ATTACKS) >= 60
    assert kinds >= {
        "host-file-read", "host-file-write", "links", "secrets", "network", "process-spawn", "kernel-surface",
        "signals", "memory", "cpu-time", "wall-time", "processes", "disk", "files", "output", "dunder-walk",
        "result-forging", "cross-call",
    }  # fmt: skip
    assert sum(not provable(program) for program in ATTACKS) >= 60


@pytest.mark.parametrize("program", ATTACKS, ids=lambda p: p.id)
def test_an_attack_works_in_the_open_and_not_in_the_sandbox(program: Program, host: Stage) -> None:
    why_not = provable(program)
    if not why_not:
        open_air = verdict(program, BARE, host, PROGRAMS, SMALL, seconds=1.5 if program.win in ENDLESS else 10.0)
        assert open_air.escapes or open_air.missed, f"{program.id} does nothing: it shows nothing about the sandbox"
        fresh(host)
    extra = TIGHT if program.win in ENDLESS else ()
    assert verdict(program, (*MODULE, *extra), host, PROGRAMS, FULL) == Verdict(program.id, False)


@pytest.mark.slow
@pytest.mark.parametrize("program", ATTACKS, ids=lambda p: p.id)
def test_it_works_in_no_warm_worker_either(program: Program, host: Stage) -> None:
    extra = TIGHT if program.win in ENDLESS else ()
    assert verdict(program, (*COMMANDS["warm"], *extra), host, PROGRAMS, FULL) == Verdict(program.id, False)


@pytest.mark.parametrize("mode", sorted(COMMANDS))
@pytest.mark.parametrize("program", BENIGN, ids=lambda p: p.id)
def test_a_harmless_program_works(program: Program, mode: str, host: Stage) -> None:
    found = verdict(program, COMMANDS[mode], host, PROGRAMS)
    assert (found.failure, found.escapes, found.missed) == ("", (), ())


@pytest.mark.parametrize("launcher", ["bubblewrap"])
@pytest.mark.parametrize("program", [p for p in ATTACKS if p.win not in ENDLESS], ids=lambda p: p.id)
@pytest.mark.slow
def test_it_works_no_better_against_another_launcher(program: Program, launcher: str, host: Stage) -> None:
    if why := works(launcher):
        pytest.skip(f"{launcher}: {why}")
    assert verdict(program, (*MODULE, "--launcher", launcher), host, PROGRAMS) == Verdict(program.id, False)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("GENESIS_EVAL_DATA"), reason="GENESIS_EVAL_DATA names no folder of data")
def test_the_sample_programs_come_to_nothing(host: Stage) -> None:
    samples = read_programs(Path(os.environ["GENESIS_EVAL_DATA"]) / "sandbox_attacks")
    for command in COMMANDS.values():
        found = [verdict(program, command, host, samples) for program in samples.values()]
        assert [v for v in found if v.escapes or v.missed or v.failure] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_the_same_sandbox(tmp_path: Path) -> None:
    python = next((p for p in ("/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.11")
                   if os.access(p, os.X_OK)), "")  # fmt: skip
    if not python:
        pytest.skip("no Python that every user may run")
    import genesis_sandbox

    place = Path("/var/tmp") / f"genesis-user-{os.getpid()}"
    shutil.copytree(Path(genesis_sandbox.__file__).parent, place / "genesis_sandbox")
    code = "from genesis_sandbox import self_test; t = self_test(); print(t); raise SystemExit(not t.ok)"
    try:
        done = subprocess.run([python, "-c", code], cwd="/", env={"PYTHONPATH": str(place)}, capture_output=True,
                              text=True, user=65534, group=65534, extra_groups=[])  # fmt: skip
    finally:
        shutil.rmtree(place)
    assert done.returncode == 0 and "tier='strong'" in done.stdout, done.stdout + done.stderr
