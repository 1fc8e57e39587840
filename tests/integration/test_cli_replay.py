"""``genesis run --record`` and ``genesis replay`` as a user types them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genesis_cli.replay import way_out
from genesis_core import Difference

FIND = {"id": "find", "agent": "finder", "description": "find what is left to do"}
SAY = {"id": "say", "agent": "echo", "inputs": {"text": {"value": "hello"}}}
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "run.schema.json").read_text("utf-8"))


@pytest.fixture
def recorded(shell: Any) -> dict[str, Any]:
    """A recorded run that read a file and called a tool."""
    (shell.folder / "a.txt").write_text("TODO tidy up\n")
    found: dict[str, Any] = shell.run(FIND, options=["--record"])
    return found


def test_an_equal_replay_ends_with_0_and_is_labelled(shell: Any, recorded: dict[str, Any]) -> None:
    done = shell("replay", "last")
    assert done.returncode == 0, done.stderr
    assert "replayed" in done.stdout.splitlines()[0]
    assert f"replay  of {recorded['run_id']}: equal; recorded 0 answers of models, 1 result of tools" in done.stdout
    assert f"replays {recorded['run_id']}" in done.stderr
    listed = shell("runs").stdout.splitlines()
    assert f"(replay of {recorded['run_id']})" in listed[1] and "replay" not in listed[2]
    assert f"replay    of {recorded['run_id']}: equal" in shell("runs", "show", "last").stdout
    shown = shell("runs", "show", recorded["run_id"]).stdout
    assert f"recorded  1 answer: genesis replay {recorded['run_id']}" in shown


def test_a_recorded_run_ends_with_how_to_replay_it(shell: Any) -> None:
    assert "genesis replay " in shell("run", shell.plan(SAY), "--record").stderr
    assert "genesis replay " not in shell("run", shell.plan(SAY)).stderr


def test_the_document_of_a_replay_says_what_it_repeats(shell: Any, recorded: dict[str, Any]) -> None:
    data = shell.json("replay", "last")["data"]
    jsonschema.validate(data, SCHEMA)
    assert data["replay"]["run_id"] == recorded["run_id"] and data["replay"]["equal"] is True
    assert (data["recorded"], recorded["recorded"], recorded["replay"]) == (False, True, None)
    assert {e["replay"] for e in shell.json("runs")["data"]["runs"]} == {"", recorded["run_id"]}


def test_the_first_difference_is_named_and_ends_with_1(shell: Any, recorded: dict[str, Any]) -> None:
    (shell.folder / "a.txt").write_text("TODO something else\n")
    document = shell.json("replay", "last", code=1)
    assert document["error"]["code"] == "difference"
    assert document["error"]["message"] == "the replay differs: task 'find': file 'a.txt'"
    assert document["data"]["replay"]["differences"][0]["what"] == "file"
    done = shell("replay", recorded["run_id"])
    assert done.returncode == 1
    assert "error: the replay differs: task 'find': file 'a.txt'" in done.stderr
    assert "cause: recorded: sha256 " in done.stderr and "; now: sha256 " in done.stderr
    assert f"hint: put back what changed, or genesis replay {recorded['run_id']} --workspace DIR" in done.stderr


def test_further_differences_are_counted_and_listed_on_demand_and_diff_tells_them_too(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO tidy up\n")
    then = shell.run(FIND, {**FIND, "id": "again"}, options=["--record"])
    (shell.folder / "a.txt").write_text("TODO something else\n")
    done = shell("replay", then["run_id"])
    assert "error: the replay differs: task 'find': file 'a.txt' and 1 more" in done.stderr
    assert "in 1 more: -v lists all" in done.stdout
    listed = [line for line in shell("replay", then["run_id"], "-v").stdout.splitlines() if line.startswith("differs ")]
    assert [line.split("'")[1] for line in listed] == ["find", "again"]
    data = shell.json("diff", then["run_id"], "last")["data"]
    assert [each["task_id"] for each in data["replay"]] == ["find", "again"]
    shown = shell("diff", then["run_id"], "last").stdout
    assert shown.count("\nreplay       task ") == 2 and "no difference in plan" in shown
    assert shell.json("diff", then["run_id"], then["run_id"])["data"]["replay"] is None


def test_what_to_do_depends_on_what_differs() -> None:
    def hint(what: str, comparison: str = "genesis diff a b") -> str:
        return way_out(Difference(what=what, recorded="one", now="two"), "my run", comparison)

    assert "genesis replay 'my run' --workspace DIR" in hint("file")
    assert hint("request").startswith("a prompt, a tool or the agent has changed")
    assert hint("output") == "genesis diff a b"
    assert hint("output", "") == 'genesis run --record "GOAL" records it anew'  # of another state folder


def test_a_run_that_was_not_recorded_ends_with_2_and_the_way_out(shell: Any) -> None:
    shell.run(SAY)
    error = shell.json("replay", "last", code=2)["error"]
    assert "was not recorded" in error["message"] and "genesis run --record" in error["hint"]


def test_verify_and_export_take_in_what_was_kept_and_prune_takes_it_away(shell: Any, recorded: dict[str, Any]) -> None:
    assert "1 recorded answer" in shell("verify", "last").stdout
    exported = json.loads(shell("runs", "export", "last").stdout)
    jsonschema.validate(exported, SCHEMA)
    (blob,) = exported["kept"].values()
    assert (blob["name"], blob["value"]) == ("todo_lines", [["a.txt", 1, "TODO tidy up"]])
    (file,) = Path(recorded["folder"]).glob("recorded/*.json")
    file.write_text(file.read_text().replace("tidy", "mess"))
    error = shell.json("verify", "last", code=2)["error"]
    assert file.stem[:12] in error["message"] and str(file) in error["cause"]
    assert shell("runs", "prune", recorded["run_id"], "--yes").returncode == 0
    assert not file.exists()


def test_a_replay_needs_neither_the_model_that_is_configured_nor_its_kit(shell: Any, recorded: dict[str, Any]) -> None:
    code = (
        "import sys; from genesis_cli import main; code = main(['replay', 'last']); "
        "heavy = ('pydantic_ai', 'openai', 'anthropic', 'google.genai', 'xllamacpp'); "
        "print([name for name in heavy if name in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shell.folder, text=True, capture_output=True, timeout=60,
        env={**shell.environment, "GENESIS_MODEL": "nobody:knows-it"},
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


def test_the_folder_of_a_run_replays_elsewhere_on_a_copy_of_its_files(
    shell: Any, recorded: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(recorded["folder"], tmp_path / "brought")
    shutil.copytree(shell.folder, tmp_path / "files")
    (shell.folder / "a.txt").unlink()
    elsewhere = ("--workspace", str(tmp_path / "files"), "--home", str(tmp_path / "new"))
    assert shell("replay", str(tmp_path / "brought"), *elsewhere).returncode == 0
    assert shell("replay", "last").returncode == 1


def test_a_recorded_run_that_was_killed_is_resumed_and_then_replays(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO tidy up\n")
    slow = {"id": "wait", "agent": "sleepy", "inputs": {"seconds": {"value": 1.5}}, "depends_on": ["find"]}
    again = {**FIND, "id": "again", "depends_on": ["wait"]}
    process = shell.start("run", shell.plan(FIND, slow, again), "--record", "--follow", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, start_new_session=True)
    for line in process.stdout:
        event = json.loads(line)
        if event["kind"] == "task.started" and event["task_id"] == "wait":
            break
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert "it is interrupted" in shell.json("replay", "last", code=2)["error"]["message"]
    assert shell.json("resume", "last")["data"]["recorded"] is True
    data = shell.json("replay", "last")["data"]
    assert data["replay"]["equal"] is True and data["replay"]["tools"] == 2
