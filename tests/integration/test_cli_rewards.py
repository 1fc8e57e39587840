"""``genesis rewards`` as a process: learned from real runs, shown, forgotten, and refused when the file is damaged."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

GOAL = "Scan this repository for security problems"


def runs(shell: Any, count: int) -> None:
    tasks = [{"id": f"{agent}-{n}", "agent": agent, "description": f"{agent} part {n}"}
             for agent in ("echo", "broken") for n in range(8)]
    for _ in range(count):
        shell.run(*tasks, code=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the state folder is kept in which rewards were learned: runs are made once for all tests."""
    return tmp_path_factory.mktemp("kept") / "home"


@pytest.fixture
def learned(shell: Any, kept: Path) -> Any:
    if not kept.exists():
        runs(shell, 12)
        assert shell.json("rewards", "fit")["data"]["fitted"] is True
        shutil.copytree(shell.home, kept)
    else:
        shutil.copytree(kept, shell.home)
    return shell


def test_without_outcomes_it_says_so_and_so_does_the_plan(shell: Any) -> None:
    assert "fixed weights" in shell("rewards").stdout
    found = shell.json("rewards")["data"]
    assert found["learned"] is False and found["rewards"] is None
    assert [(row["term"], row["used"]) for row in found["weights"]] == [
        ("success", 0.4), ("quality", 0.3), ("cost", 0.2), ("time", 0.1)]
    (shell.folder / "a.py").write_text("x = 1\n")
    assert "fixed weights, and success as agents' cards say: nothing is learned" in shell("plan", GOAL).stdout


def test_below_thirty_outcomes_fit_learns_nothing_and_says_how_many_there_are(shell: Any) -> None:
    runs(shell, 1)
    done = shell("rewards", "fit")
    assert done.returncode == 0 and "16 outcomes" in done.stdout and "30 are needed" in done.stdout
    assert shell.json("rewards", "fit")["data"]["fitted"] is False and not (shell.home / "rewards.json").exists()


def test_what_was_learned_is_shown_with_its_grounds(learned: Any) -> None:
    done = learned("rewards")
    for said in ("learned from 192 outcomes of 12 runs", "AGENT", "96 of 96", "0 of 96", "later tasks", "FORETOLD BY",
                 "fixed     success 0.4", "30 are needed"):
        assert said in done.stdout
    rows = learned.json("rewards", "show", "broken")["data"]["rewards"]["success"]
    assert {row["agent"] for row in (*rows["agents"], *rows["pairs"])} == {"broken"}
    (whole,) = rows["agents"]
    assert whole["successes"] == 0 and whole["tries"] == 96 and whole["low"] <= whole["estimate"] <= whole["high"] < 0.6
    assert stat.S_IMODE((learned.home / "rewards.json").stat().st_mode) == 0o600


def test_a_plan_is_scored_by_it_until_it_is_forgotten(learned: Any) -> None:
    name = learned.plan({"id": "a", "agent": "broken", "description": "break it"})
    before = learned.json("plan", name)["data"]["score"]
    assert before["success"] < 0.5 and "learned from 192 outcomes of 12 runs for broken" in before["reason"]
    done = learned("rewards", "reset")
    assert done.returncode == 0 and "deleted" in done.stdout and not (learned.home / "rewards.json").exists()
    after = learned.json("plan", name)["data"]["score"]
    assert after["success"] > before["success"] and "nothing is learned" in after["reason"]
    assert learned.json("rewards", "reset")["data"]["forgotten"] is False


def test_a_damaged_file_is_three_lines_for_the_command_and_a_note_for_the_plan(learned: Any) -> None:
    path = learned.home / "rewards.json"
    path.write_text(path.read_text("utf-8").replace("estimate", "guess", 1), "utf-8")
    done = learned("rewards")
    assert done.returncode == 2 and not done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "cause", "hint"]
    assert "rewards.json can't be used" in done.stderr and "genesis rewards reset" in done.stderr
    name = learned.plan({"id": "a", "agent": "echo", "description": "say it"})
    found = learned.json("plan", name)["data"]
    assert [f["rule"] for f in found["findings"]].count("rewards") == 1
    assert found["score"]["weights"] == [0.4, 0.3, 0.2, 0.1]
    assert learned("run", name).returncode == 0
    assert learned("rewards", "reset").returncode == 0 and not path.exists()


def test_fit_replaces_a_damaged_file(learned: Any) -> None:
    path = learned.home / "rewards.json"
    before = path.read_text("utf-8")
    path.write_text("{", "utf-8")
    assert learned("rewards", "fit").returncode == 0
    assert path.read_text("utf-8") == before and json.loads(before)["origin"]["outcomes"] == 192


def test_an_unknown_agent_and_a_missing_plugin_are_named(shell: Any) -> None:
    done = shell("rewards", "show", "nobody")
    assert done.returncode == 2 and "no agent here is called 'nobody'" in done.stderr
    done = shell("-p", "no:aop", "rewards")
    assert done.returncode == 2 and "no plugin here learns from outcomes" in done.stderr
