"""A goal from words to results with a model of 1.5B on this machine, and the recording of such a run.

The first part is for ``tox run -e local-model``: it takes minutes to an hour. The second replays what is shipped.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "local-model"
GOAL = (EXAMPLE / "goal.txt").read_text("utf-8").strip()
AGAIN = "GENESIS_KEEP_RECORDING=examples/local-model/run tox run -e local-model"
"""What records the example anew, once prompts or tools have changed."""
LIVE = pytest.mark.skipif(not os.environ.get("GENESIS_LOCAL_MODEL"), reason="opt-in: tox run -e local-model")
NAME = "local:qwen2.5-coder-1.5b"


@pytest.fixture
def offline(shell: Any, tmp_path: Path) -> Any:
    """A shell with the example's workspace, and without any weights."""
    shutil.copytree(EXAMPLE / "workspace", shell.folder / "workspace")
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "none")
    return shell


@LIVE
@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_goal_of_four_tasks_is_planned_routed_and_done_by_the_model_and_its_recording_replays(offline: Any) -> None:
    offline.environment["GENESIS_TASK_SECONDS"] = "14400"
    weights = {"GENESIS_MODELS_DIR": os.environ["GENESIS_MODELS_DIR"]}
    run = offline.json("run", GOAL, "--workspace", "workspace", "--model", NAME, "--record", "--max-parallel", "1",
                       env=weights, timeout=None)["data"]
    check(run, offline.json("runs", "export", run["run_id"])["data"]["events"])
    replayed = offline.json("replay", run["run_id"])["data"]  # without weights
    assert replayed["state"] == "completed" and replayed["replay"]["models"] > 4
    if kept := os.environ.get("GENESIS_KEEP_RECORDING"):
        keep(offline.home / "runs" / run["run_id"], Path(kept))


def keep(recording: Path, folder: Path) -> None:
    """Copy *recording* to *folder*, in place of the recording that is there."""
    if (folder / "journal.db").is_file():
        shutil.rmtree(folder)
    shutil.copytree(recording, folder, ignore=shutil.ignore_patterns("lock"))


def check(run: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Look into a run: who planned, who did what, with which calls, and what the model took."""
    answered = [e["data"] for e in events if e["kind"] == "model.answered" and not e["data"].get("error")]
    assert any(e["kind"] == "model.answered" and not e["task_id"] for e in events), "the model did not plan"
    tasks = {task["id"] for task in run["plan"]["graph"]["tasks"]}
    assert len(tasks) == 4
    assert {a["task_id"] for a in run["plan"]["assignments"]} == tasks == set(run["tasks"])
    assert {t["state"] for t in run["tasks"].values()} == {"completed"}
    by_model = [name for name, task in run["tasks"].items() if task["model"] == NAME.removeprefix("local:")]
    assert len(by_model) >= 3, json.dumps({name: task["degraded"] for name, task in run["tasks"].items()})
    assert len({e["task_id"] for e in events if e["kind"] == "tool.called"}) >= 3
    assert all(said["usage"]["tokens"] > 0 for said in answered)
    assert run["usage"]["cost"] in ("0", 0) and run["usage"]["model_calls"] >= len(answered)


def test_the_recording_that_is_shipped_replays_without_model_and_network(offline: Any) -> None:
    offline.environment["GENESIS_MODELS_DIR"] = str(offline.folder / "nowhere")
    shutil.copytree(EXAMPLE / "run", offline.folder / "run")
    done = offline("replay", "run", "--workspace", "workspace", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, f"prompts or tools have changed: {document['error']}\nto record it anew: {AGAIN}"
    assert document["data"]["state"] == "completed" and document["data"]["replay"]["models"] >= 4


def test_the_command_that_records_the_example_anew_is_told_where_one_looks_for_it() -> None:
    assert AGAIN in (EXAMPLE / "README.md").read_text("utf-8")
    section = (EXAMPLE.parents[1] / "tox.ini").read_text("utf-8").split("[testenv:local-model]")[1].split("[testenv")[0]
    assert "GENESIS_KEEP_RECORDING" in section  # or tox would keep it from the test
