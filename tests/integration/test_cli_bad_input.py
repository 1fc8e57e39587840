"""Bad input: three lines, the exact exit code, and a state folder whose bytes are what they were."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SAY = {"id": "say", "agent": "echo"}


def plan(tasks: str, name: str = "bad.yaml") -> Callable[[Any], list[str]]:
    """Return what writes *tasks* into a file and runs it."""

    def write(shell: Any) -> list[str]:
        (shell.folder / name).write_text(tasks, encoding="utf-8")
        return ["run", name]

    return write


def words(*given: str) -> Callable[[Any], list[str]]:
    return lambda shell: list(given)


def unreadable(shell: Any) -> list[str]:
    (shell.folder / "goal.txt").write_bytes(b"\xff\xfe\x00 no text")
    return ["run", "-f", "goal.txt"]


def deep_plan(levels: int) -> str:
    tasks = [{"id": f"t{n}", **({"parent": f"t{n - 1}"} if n else {})} for n in range(levels)]
    return json.dumps({"tasks": tasks})


def large_plan(tasks: int) -> str:
    return json.dumps({"tasks": [{"id": f"t{n}", "agent": "echo"} for n in range(tasks)]})


def bomb() -> str:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    return "\n".join([*rows, "tasks: *a39"])


BAD: dict[str, tuple[int, Callable[[Any], list[str]], str]] = {
    "empty goal": (2, words("run", ""), "the goal is empty"),
    "blank goal": (2, words("run", "  \n "), "the goal is empty"),
    "no goal": (2, words("run"), "give one GOAL"),
    "two goals": (2, words("run", "x", "-f", "y"), "give one GOAL"),
    "over 5,000 characters": (3, words("run", "Map " + "x" * 5000), "5004 characters"),
    "missing file": (2, words("run", "-f", "nothing.txt"), "nothing.txt can't be read"),
    "a folder as file": (2, words("run", "-f", "."), "can't be read"),
    "unreadable file": (2, unreadable, "goal.txt can't be read"),
    "missing plan file": (2, words("run", "nothing.yaml"), "nothing.yaml can't be read"),
    "missing workspace": (2, words("run", "Map this", "--workspace", "nowhere"), "there is no folder 'nowhere'"),
    "unknown command": (2, words("rnu", "x"), "there is no command 'rnu'; did you mean 'run'?"),
    "unknown option": (2, words("run", "x", "--colour"), "--colour"),
    "unknown run": (2, words("explain", "20200101-000000-00000000"), "there is no run"),
    "unknown run to resume": (2, words("resume", "nothing"), "there is no run 'nothing'"),
    "unknown run again": (2, words("run", "--again", "nothing"), "there is no run 'nothing'"),
    "unknown run again, with a goal": (2, words("run", "Scan this code", "--again", "no"), "there is no run 'no'"),
    "not a plugin to leave out": (2, words("-p", "hello", "runs"), "is not no:NAME"),
    "unknown plugin to leave out": (2, words("-p", "no:gaurd", "runs"), "no plugin 'gaurd'; did you mean 'guard'?"),
    "cycle": (2, plan("tasks: [{id: a, depends_on: [b]}, {id: b, depends_on: [a]}]"), "'a' -> 'b' -> 'a'"),
    "unknown agent": (2, plan("tasks: [{id: a, agent: ecko}]"), "unknown agent 'ecko'; did you mean 'echo'?"),
    "dangling dependency": (2, plan("tasks: [{id: a, depends_on: [c]}]"), "depends on unknown task 'c'"),
    "dangling input": (2, plan("tasks: [{id: a, inputs: {x: {task: c, output: ''}}}]"), "'c'"),
    "duplicate id": (2, plan("tasks: [{id: a}, {id: a}]"), "'a' is used twice"),
    "too deep": (3, plan(deep_plan(6), "deep.json"), "6 levels deep"),
    "too many tasks": (3, plan(large_plan(1001), "large.json"), "more than 1000 tasks"),
    "file too large": (3, plan(" " * 5_000_001, "huge.json"), "5000001 bytes"),
    "wrong type": (2, plan("tasks: [{id: a, depends_on: b}]"), "task 'a': depends_on: it should be a list"),
    "unknown field": (2, plan("tasks: [{id: a, agnet: echo}]"), "did you mean 'agent'?"),
    "no tasks": (2, plan("goal: x"), "tasks: it is missing"),
    "not a plan": (2, plan("- 1\n- 2"), "is no plan"),
    "broken JSON": (2, plan('{"tasks": [', "bad.json"), "bad.json can't be understood"),
    "a key twice": (2, plan('{"tasks": [], "tasks": []}', "bad.json"), "'tasks' stands twice"),
    "alias bomb": (2, plan(bomb()), "anchors and aliases are not allowed"),
    "code in a tag": (2, plan("tasks: !!python/object/apply:os.system ['true']"), "tags such as"),
    "100,000 brackets in JSON": (2, plan("[" * 100_000, "bad.json"), "deeper than 64 levels"),
    "100,000 brackets in YAML": (2, plan("[" * 100_000), "deeper than 64 levels"),
    "100,000 dashes in YAML": (2, plan("- " * 100_000), "deeper than 64 levels"),
}


def refused(shell: Any, case: str) -> None:
    code, prepare, said = BAD[case]
    arguments = prepare(shell)
    before = shell.state()
    done = shell(*arguments, timeout=20)
    assert done.returncode == code, done.stderr
    error, cause, hint = done.stderr.splitlines()
    assert error.startswith("error: ") and cause.startswith("cause: ") and hint.startswith("hint: ")
    assert said in done.stderr
    assert done.stdout == ""
    assert shell.state() == before


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_named_in_three_lines_and_makes_no_state_folder(shell: Any, case: str) -> None:
    refused(shell, case)
    assert not shell.home.exists()


def test_bad_input_leaves_a_state_folder_in_use_as_it_was(shell: Any) -> None:
    shell.run(SAY)
    for case in ("empty goal", "unknown run again, with a goal", "unknown agent", "cycle", "too deep", "alias bomb"):
        refused(shell, case)


@pytest.mark.parametrize("case", ["cycle", "unknown command", "over 5,000 characters"])
def test_programs_get_the_same_as_one_document(shell: Any, case: str) -> None:
    code, prepare, said = BAD[case]
    found = shell.json(*prepare(shell), code=code)
    assert (found["ok"], found["data"]) == (False, None)
    assert said in found["error"]["message"]
    assert found["error"]["code"] and found["error"]["hint"]


# ---- a record that is not as it was written ----------------------------------------------------------------------


def journal(shell: Any, run_id: str) -> Path:
    return Path(shell.home) / "runs" / run_id / "journal.db"


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 512] = b"\xaa" * 512
    path.write_bytes(bytes(data))


def edited(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE rows SET body = replace(CAST(body AS TEXT), 'echo', 'ecko') WHERE kind = 'task.done'")
    db.close()


def cut(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM rows WHERE seq = (SELECT max(seq) FROM rows)")
    db.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "corrupt": (corrupt, "damaged"), "edited": (edited, "was edited"), "torn": (torn, "damaged"),
    "newer": (newer, "has schema 99"),
}


@pytest.mark.parametrize("command", ["verify", "resume", "explain"])
@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_record_is_named_and_left_untouched(shell: Any, damage: str, command: str) -> None:
    harm, said = DAMAGE[damage]
    run_id = shell.run(SAY)["run_id"]
    harm(journal(shell, run_id))
    before = shell.state()
    done = shell(command, run_id)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 3
    assert said in done.stderr and run_id in done.stderr
    assert shell.state() == before


def test_a_record_that_was_cut_short_is_named_by_verify(shell: Any) -> None:
    run_id = shell.run(SAY)["run_id"]
    cut(journal(shell, run_id))
    done = shell("verify", run_id)
    assert done.returncode == 2
    assert "cut short" in done.stderr


def test_a_report_that_was_changed_is_named_by_verify(shell: Any) -> None:
    run_id = shell.run({"id": "find", "agent": "finder"})["run_id"]
    report = next((shell.home / "runs" / run_id).rglob("report.md"))
    report.write_text("changed")
    done = shell("verify", run_id)
    assert done.returncode == 2
    assert "report.md" in done.stderr


# ---- places that can't be written --------------------------------------------------------------------------------


def small_disk(folder: Path, size: str) -> bool:
    """Mount a file system of *size* on *folder*; False where that is not allowed."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return shutil.which("mount") is not None and subprocess.run(mount, capture_output=True).returncode == 0


def test_a_state_folder_that_cannot_be_made_is_named(shell: Any) -> None:
    blocker = shell.folder / "file"
    blocker.write_text("")
    done = shell("run", shell.plan(SAY), env={"GENESIS_HOME": str(blocker / "home")})
    assert done.returncode == 2, done.stderr
    assert "can't be written" in done.stderr and "GENESIS_HOME" in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_a_read_only_state_folder_is_named(shell: Any) -> None:
    if not small_disk(shell.home, "4m"):
        pytest.skip("this user may not mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro", str(shell.home)], check=True)
        before = shell.state()
        done = shell("run", shell.plan(SAY))
        assert done.returncode == 2, done.stderr
        assert "can't be written" in done.stderr
        assert len(done.stderr.splitlines()) == 3
        assert shell.state() == before
        assert shell("runs").returncode == 0
    finally:
        subprocess.run(["umount", str(shell.home)], check=True)


def test_a_full_disk_stops_the_run_with_the_way_on(shell: Any) -> None:
    if not small_disk(shell.home, "256k"):
        pytest.skip("this user may not mount")
    try:
        tasks = [{"id": f"t{n}", "agent": "echo", "inputs": {"x": {"value": "y" * 2000}}} for n in range(200)]
        done = shell("run", shell.plan(*tasks))
        assert done.returncode == 2, done.stdout + done.stderr
        *_, error, cause, hint = done.stderr.splitlines()
        assert error.startswith("error: ") and cause.startswith("cause: ") and "genesis resume 2" in hint
    finally:
        subprocess.run(["umount", str(shell.home)], check=True)


def test_missing_parents_of_the_state_folder_are_made(shell: Any) -> None:
    deep = shell.home / "a" / "b" / "c"
    done = shell("run", shell.plan(SAY), env={"GENESIS_HOME": str(deep)})
    assert done.returncode == 0, done.stderr
    assert (deep / "runs").is_dir()
    assert os.stat(deep).st_mode & 0o077 == 0
