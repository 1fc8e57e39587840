"""Ctrl-C once, twice, and SIGTERM: what is recorded stays, and ``resume`` goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import Any

import pytest

QUICK = {"id": "quick", "agent": "echo", "inputs": {"x": {"value": 1}}}


def begin(shell: Any, *tasks: Any) -> tuple[subprocess.Popen[bytes], str]:
    """Start a run, wait until a task is under way, and return the process and the run's id."""
    process = shell.start("run", shell.plan(*tasks), "--follow", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    waiting = {task["id"] for task in tasks if task["agent"] != "echo"}
    done = {task["id"] for task in tasks if task["agent"] == "echo"}
    run_id = ""
    while waiting or done:
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        event = json.loads(line)
        run_id = event["run_id"]
        waiting -= {event["task_id"]} if event["kind"] == "task.started" else set()
        done -= {event["task_id"]} if event["kind"] == "task.done" else set()
    return process, run_id


def read_until(process: subprocess.Popen[bytes], words: bytes) -> None:
    """Read stderr until a line has *words*."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"{words!r} never came; it ended with {process.wait()}")


def end(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_first_signal_cancels_cleanly_and_prints_the_way_on(shell: Any, number: int, code: int) -> None:
    process, run_id = begin(shell, QUICK, {"id": "long", "agent": "sleepy", "inputs": {"seconds": {"value": 3}}})
    process.send_signal(number)
    status, errors = end(process)
    assert status == code, errors
    assert "Traceback" not in errors
    listed = shell.json("runs")["data"]["runs"]
    assert [(r["id"], r["state"], r["done"]) for r in listed] == [(run_id, "canceled", 1)]
    resumed = shell.json("resume", run_id)["data"]
    assert resumed["state"] == "completed"
    started = [e["task_id"] for e in json.loads(shell("runs", "export", run_id).stdout)["events"]
               if e["kind"] == "task.started"]
    assert (started.count("quick"), started.count("long")) == (1, 2)


def test_a_person_reads_the_resume_line(shell: Any) -> None:
    process = shell.start("run", shell.plan({"id": "long", "agent": "sleepy"}), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    read_until(process, b"started by sleepy")
    process.send_signal(signal.SIGINT)
    status, errors = end(process)
    run_id = shell.json("runs")["data"]["runs"][0]["id"]
    assert status == 130
    assert "stopping; press Ctrl-C again" in errors
    assert f"hint: genesis resume {run_id}" in errors


@pytest.mark.parametrize("agent", ["sleepy", "holder"])
def test_the_second_signal_ends_it_at_once_and_the_run_can_be_resumed(shell: Any, agent: str) -> None:
    tasks = [QUICK, {"id": "long", "agent": agent, "depends_on": ["quick"]}]
    process = shell.start("run", shell.plan(*tasks), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    read_until(process, b"completed in")
    time.sleep(0.5)  # the second task is under way now; its start may not be told while an agent holds the loop
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    status, errors = end(process)
    assert status == 130, errors
    assert time.monotonic() - began < 10
    run_id = shell.json("runs")["data"]["runs"][0]["id"]
    shown = shell.json("runs", "show", run_id)["data"]
    assert shown["state"] in ("interrupted", "canceled")
    assert shown["tasks"]["quick"]["state"] == "completed"
    assert shell("verify", run_id).returncode == 0
    assert shell("resume", run_id, "--timeout", "0.3").returncode in (6, 0) if agent == "sleepy" else True


def test_a_killed_run_is_listed_as_interrupted_and_resumed(shell: Any) -> None:
    process, run_id = begin(shell, QUICK, {"id": "long", "agent": "sleepy", "inputs": {"seconds": {"value": 2}}})
    process.kill()
    end(process)
    assert [r["state"] for r in shell.json("runs")["data"]["runs"]] == ["interrupted"]
    assert shell.json("resume", "last")["data"]["state"] == "completed"
    assert shell.json("runs")["data"]["runs"][0]["id"] == run_id


def test_a_run_under_way_is_canceled_from_another_shell(shell: Any) -> None:
    process, run_id = begin(shell, {"id": "long", "agent": "sleepy"})
    assert shell.json("runs")["data"]["runs"][0]["state"] == "running"
    assert shell.json("runs", "show", "last")["data"]["state"] == "running"
    refused = shell("resume", run_id)
    assert refused.returncode == 2
    assert "being driven by another process" in refused.stderr
    assert shell("runs", "prune", run_id, "--yes").returncode == 2
    assert shell.json("runs", "cancel", run_id)["data"]["state"] == "running"
    assert end(process)[0] == 130
    assert shell.json("runs")["data"]["runs"][0]["state"] == "canceled"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_planning_leaves_nothing_behind(shell: Any, number: int, code: int) -> None:
    process = shell.start("run", "Dawdle", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    read_until(process, b"dawdling")
    process.send_signal(number)
    status, errors = end(process)
    assert status == code, errors
    assert len(errors.splitlines()) == 3 and errors.startswith("error: stopped")
    assert not shell.home.exists()
