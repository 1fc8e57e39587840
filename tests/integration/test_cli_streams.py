"""Closed pipes, other encodings, no terminal, a real one: nothing is lost, and nothing shows that does not belong."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

SAY = {"id": "say", "agent": "echo", "inputs": {"text": {"value": "Größe ✓ 量"}}}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def test_a_closed_pipe_stops_nothing(shell: Any) -> None:
    tasks = [{"id": f"t{n}", "agent": "echo"} for n in range(30)]
    words = " ".join(shell.command("run", shell.plan(*tasks), "--follow"))
    done = subprocess.run(["bash", "-c", f"{words} | head -n 1; exit ${{PIPESTATUS[0]}}"], cwd=shell.folder,
                          env=shell.environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and b"BrokenPipe" not in done.stderr
    assert shell.json("runs", "show", "last")["data"]["state"] == "completed"


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_stop_nothing(shell: Any, closing: str) -> None:
    words = " ".join(shell.command("run", shell.plan(SAY)))
    done = subprocess.run(["bash", "-c", f"{words} {closing}"], cwd=shell.folder, env=shell.environment,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert shell.json("verify", "last")["ok"]


def test_json_loses_nothing_in_an_ascii_locale(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), "--json", env=ASCII)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["data"]["tasks"]["say"]["output"] == {"text": "Größe ✓ 量"}


def test_people_read_escapes_in_an_ascii_locale(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), env=ASCII)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).isascii()
    assert "Gr\\xf6\\xdfe \\u2713 \\u91cf" in done.stdout
    assert "+ say" in done.stderr


def test_a_goal_keeps_its_letters_in_an_ascii_locale(shell: Any) -> None:
    goal = "Scan this repository for security problems in Größe"
    found = shell.json("plan", goal, env=ASCII)["data"]
    assert found["plan"]["goal"]["text"] == goal


def test_bytes_that_are_no_text_are_refused(shell: Any) -> None:
    done = subprocess.run([*shell.command("run"), b"Map \xff this"], cwd=shell.folder, env=shell.environment,
                          capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"no UTF-8 text" in done.stderr


def test_a_report_is_written_as_utf8_whatever_the_locale(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO Größe\n", encoding="utf-8")
    done = shell("run", shell.plan({"id": "find", "agent": "finder"}), "-o", "out.md", env=ASCII)
    assert done.returncode == 0, done.stderr
    assert "Größe" in (shell.folder / "out.md").read_text(encoding="utf-8")


def test_without_a_terminal_there_is_no_colour_unless_it_is_forced(shell: Any) -> None:
    plan = shell.plan(SAY)
    plain, forced = shell("run", plan), shell("run", plan, env={"FORCE_COLOR": "1"})
    both = shell("run", plan, env={"FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert "\x1b" not in plain.stdout + plain.stderr
    assert "\x1b[" in forced.stdout
    assert "\x1b" not in both.stdout + both.stderr


def test_what_a_plan_says_cannot_steer_the_terminal(shell: Any) -> None:
    evil = {"id": "evil", "agent": "echo", "description": "\x1b[2J\x1b]0;owned\x07 \u202egnp", "inputs":
            {"x": {"value": "\x1b[31mred\x9b1m"}}}
    plan = shell.plan(evil, goal="\x1b[2Jclear")
    for words in (("plan", plan), ("run", plan), ("explain", "last", "evil"), ("runs",), ("runs", "show", "last")):
        done = shell(*words)
        shown = done.stdout + done.stderr
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown), words


def test_nothing_is_asked_without_a_terminal(shell: Any) -> None:
    shell.run(SAY)
    done = shell("runs", "prune", "--keep", "0")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "hint: add --yes"
    assert len(shell.json("runs")["data"]["runs"]) == 1


# ---- a real terminal ---------------------------------------------------------------------------------------------


def in_a_terminal(shell: Any, *words: str, typed: bytes = b"", env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run ``genesis`` with a pseudo-terminal as its stdin, stdout and stderr."""
    ours, theirs = pty.openpty()
    environment = {**shell.environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30", **(env or {})}
    process = subprocess.Popen(shell.command(*words), cwd=shell.folder, env=environment, stdin=theirs, stdout=theirs,
                               stderr=theirs, start_new_session=True)
    os.close(theirs)
    if typed:
        os.write(ours, typed)
    seen = b""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        ready, _, _ = select.select([ours], [], [], 0.2)
        try:
            part = os.read(ours, 65536) if ready else b""
        except OSError:
            break
        seen += part
        if not part and process.poll() is not None:
            break
    os.close(ours)
    return process.wait(timeout=10), seen.decode(errors="replace")


def test_a_terminal_shows_the_tree_alive_and_in_colour(shell: Any) -> None:
    tasks = [{"id": "all"}, {"id": "first", "agent": "sleepy", "parent": "all", "inputs": {"seconds": {"value": 1}}},
             {"id": "second", "agent": "echo", "parent": "all", "depends_on": ["first"]}]
    status, seen = in_a_terminal(shell, "run", shell.plan(*tasks))
    assert status == 0, seen
    assert "\x1b[?25l" in seen and "\x1b[?25h" in seen  # the cursor is hidden while it draws, and given back
    assert seen.count("sleepy") > 3  # redrawn
    assert "2 of 2 tasks done" in seen
    assert "done" in seen and "next:" in seen


def test_a_dumb_terminal_gets_plain_lines(shell: Any) -> None:
    status, seen = in_a_terminal(shell, "run", shell.plan(SAY), env={"TERM": "dumb"})
    assert status == 0, seen
    assert "\x1b" not in seen
    assert "started by echo" in seen


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 1), (b"\n", 1), (b"y\n", 0)])
def test_on_a_terminal_a_person_is_asked_before_anything_is_deleted(shell: Any, answer: bytes, left: int) -> None:
    shell.run(SAY)
    status, seen = in_a_terminal(shell, "runs", "prune", "--keep", "0", typed=answer)
    assert status == 0, seen
    assert "for good? [y/N]" in seen
    assert len(shell.json("runs")["data"]["runs"]) == left


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_stdout_is_three_lines_and_no_bug(shell: Any) -> None:
    with open("/dev/full", "wb") as full:
        done = shell.start("runs", stdout=full, stderr=subprocess.PIPE)
        said = done.communicate(timeout=30)[1].decode()
    assert done.returncode == 7
    assert len(said.splitlines()) == 3 and "bug" not in said
