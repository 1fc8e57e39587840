"""kill -9 at every boundary of the journal: nothing is lost, nothing recorded runs again, one effect a key.

The short form runs in CI; ``GENESIS_CRASHES=100`` (tox environment ``crash``) kills at that many random moments.
"""

from __future__ import annotations

import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_core import EventKind, RunState
from genesis_core.testing import open_genesis

DRIVER = Path(__file__).with_name("crash_driver.py")
ALL = 201  # tasks of the driver's graph and the one that grows
RANDOM_KILLS = int(os.environ.get("GENESIS_CRASHES", "4"))
SOME = [1, 77]  # which occurrence of a boundary


class Ledger(socketserver.ThreadingTCPServer):
    """Somebody else's service: counts the posts of each idempotency key."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.posts: Counter[str] = Counter()


class Post(socketserver.StreamRequestHandler):
    server: Ledger

    def handle(self) -> None:
        key = self.rfile.readline().decode().strip()
        if key:  # a driver that dies between connecting and sending has posted nothing
            self.server.posts[key] += 1
            self.wfile.write(b"ok\n")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def drive(home: Path, ledger: Ledger, what: str, *how: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DRIVER), str(home), str(ledger.server_address[1]), what, *map(str, how)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def recorded(home: Path, run_id: str) -> set[str]:
    """The keys whose result is in the journal as a crash left it."""
    events = open_genesis(home).events(run_id)
    return {f"{run_id}:{e.task_id}:{e.attempt}" for e in events if e.kind is EventKind.TASK_DONE}


def finish(home: Path, ledger: Ledger, run_id: str, before: Counter[str], done: set[str]) -> None:
    """Resume to the end, and hold the record against the ledger."""
    ended = drive(home, ledger, run_id)
    assert ended.stdout.split() == [run_id, "completed", str(ALL)], ended.stderr
    assert len(ledger.posts) == ALL + 1, "one key an attempt: one task failed and was done anew, no other had two"
    assert not {key for key in done if ledger.posts[key] != before[key]}, "a recorded task ran again"
    record = open_genesis(home).verify(run_id)
    assert record.state is RunState.COMPLETED
    assert {r.state.value for r in record.results.values()} == {"completed"}
    assert len(record.results) == ALL


def crash(home: Path, ledger: Ledger, what: str, *how: object) -> tuple[str, Counter[str], set[str]]:
    """Run until it dies, and return the run's id, the posts so far, and what was recorded."""
    died = drive(home, ledger, what, *how)
    assert died.returncode == -signal.SIGKILL, (died.returncode, died.stdout, died.stderr)
    runs = sorted((home / "runs").iterdir()) if (home / "runs").exists() else []
    run_id = runs[0].name if runs else ""
    return run_id, Counter(ledger.posts), recorded(home, run_id) if has_rows(home, run_id) else set()


def has_rows(home: Path, run_id: str) -> bool:
    try:
        return bool(run_id and open_genesis(home).events(run_id))
    except Exception as error:
        assert "never" in str(error) or "no journal" in str(error) or "no such table" in str(error), error
        return False


KINDS = ["task.started", "action.decided", "tool.called", "tool.returned", "artifact.written", "task.done"]
PLACES = [
    *[(f"{when}:{kind}", count) for when in ("append", "before", "after") for kind in KINDS for count in SOME],
    *[(f"{when}:graph.patched", count) for when in ("append", "before", "after") for count in (1, 2)],
    *[(f"{when}:run.finished", 1) for when in ("append", "before", "after")],
]


@pytest.mark.parametrize(("boundary", "count"), PLACES)
def test_a_crash_at_a_boundary_loses_nothing(tmp_path: Path, ledger: Ledger, boundary: str, count: int) -> None:
    run_id, posts, done = crash(tmp_path, ledger, "start", boundary, count)
    if not has_rows(tmp_path, run_id):
        pytest.skip("it died before the first commit: there is no run yet")
    finish(tmp_path, ledger, run_id, posts, done)


@pytest.mark.parametrize("boundary", ["append:run.started", "before:run.started"])
def test_a_crash_before_the_first_commit_leaves_no_effect(tmp_path: Path, ledger: Ledger, boundary: str) -> None:
    run_id, posts, _ = crash(tmp_path, ledger, "start", boundary, 1)
    assert not has_rows(tmp_path, run_id)
    assert not posts


@pytest.mark.parametrize("boundary", ["append:run.resumed", "before:run.resumed", "after:run.resumed",
                                      "before:task.done", "after:task.done"])
def test_a_crash_during_resume_loses_nothing(tmp_path: Path, ledger: Ledger, boundary: str) -> None:
    run_id, _, _ = crash(tmp_path, ledger, "start", "after:task.done", 60)
    _, posts, done = crash(tmp_path, ledger, run_id, boundary, 1)
    finish(tmp_path, ledger, run_id, posts, done)


@pytest.mark.parametrize("seed", range(RANDOM_KILLS))
def test_a_crash_at_any_moment_loses_nothing(tmp_path: Path, ledger: Ledger, seed: int) -> None:
    died = drive(tmp_path, ledger, "start", "random", seed)
    runs = sorted((tmp_path / "runs").iterdir()) if (tmp_path / "runs").exists() else []
    if not runs or not has_rows(tmp_path, runs[0].name):
        assert not ledger.posts
        return
    run_id = runs[0].name
    if died.returncode == 0:
        assert len(ledger.posts) == ALL + 1
        return
    finish(tmp_path, ledger, run_id, Counter(ledger.posts), recorded(tmp_path, run_id))


def test_a_second_driver_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    from genesis_core._journal import RunLock

    run_id, _, _ = crash(tmp_path, ledger, "start", "after:task.done", 20)
    lock = RunLock(tmp_path / "runs" / run_id)
    refused = drive(tmp_path, ledger, run_id)
    lock.release()
    assert "driven by another process" in refused.stderr
    finish(tmp_path, ledger, run_id, Counter(ledger.posts), recorded(tmp_path, run_id))
