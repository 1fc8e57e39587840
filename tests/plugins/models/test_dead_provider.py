"""Ten runs against a provider that is dead: few calls, and every run ends with the heuristic plan and says so."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from genesis_core import EventKind, Genesis, RunResult, RunState
from genesis_models._options import Tuning
from genesis_models._resilience import of_this_process

GOAL = "Map the architecture of this repository and write a report"
QUICK = {"backoff_seconds": 0.02, "attempts": 3}


@dataclass
class Dead:
    """A port where each connection ends before it is answered."""

    listener: socket.socket
    calls: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.calls.append(len(connection.recv(1 << 20)))
            connection.close()


@pytest.fixture
def dead() -> Iterator[Dead]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        found = Dead(listener)
        thread = threading.Thread(target=found.serve, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def refused() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "main.py").write_text("import json\n\n\ndef main() -> None:\n    print(json.dumps({}))\n")
    return folder


def settings(url: str) -> dict[str, Any]:
    endpoint = {"provider": "openai", "model": "m", "url": url, "free": True}
    return {"models": {"use": ["lab"], "endpoint": {"lab": endpoint}}, "plugin": {"models": QUICK}}


async def one_run(home: Path, workspace: Path, chosen: dict[str, Any]) -> tuple[RunResult, list[str]]:
    """Run as ``genesis run`` does, with all that is installed; return the result and what was said of each answer."""
    said = []
    async with Genesis.open(home, settings=chosen) as genesis:
        run = await genesis.start(GOAL, workspace=workspace)
        async for event in run:
            if event.kind is EventKind.MODEL_ANSWERED:
                said.append(str(event.data.get("error")))
        return await run.result(), said


def ten_runs(tmp_path: Path, workspace: Path, url: str) -> list[tuple[RunResult, list[str]]]:
    async def all_of_them() -> list[tuple[RunResult, list[str]]]:
        return [await one_run(tmp_path / f"home{n}", workspace, settings(url)) for n in range(10)]

    return asyncio.run(all_of_them())


def calls_to(url: str) -> int:
    models = of_this_process(Tuning(**QUICK)).health()["models"]
    return next(m["calls"] for m in models if m["url"] == url)


def assert_each_run_ended_without_a_model(runs: list[tuple[RunResult, list[str]]]) -> None:
    assert [result.state for result, _ in runs] == [RunState.COMPLETED] * 10
    for result, said in runs:
        assert result.plan is not None
        assert len(result.plan.graph.tasks) >= 2
        assert result.plan.degraded
        assert "'lab'" in result.plan.degraded
        assert said
        assert "None" not in said
        assert result.exit_code == 8
        assert result.usage.cost == 0


def test_a_provider_that_hangs_up_is_left_alone_after_five_calls(dead: Dead, tmp_path: Path, workspace: Path) -> None:
    runs = ten_runs(tmp_path, workspace, dead.url)
    assert len(dead.calls) == calls_to(dead.url) == 5
    assert_each_run_ended_without_a_model(runs)


@pytest.mark.slow
def test_a_port_where_nobody_listens_is_left_alone_after_five_calls(
    refused: str, tmp_path: Path, workspace: Path
) -> None:
    runs = ten_runs(tmp_path, workspace, refused)
    assert calls_to(refused) == 5
    assert_each_run_ended_without_a_model(runs)
    assert all(result.usage.tokens == 0 for result, _ in runs)
