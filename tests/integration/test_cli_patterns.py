"""``genesis patterns`` as a process: lists, what one consists of, every fault of a file, and a plan made by one."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
[[pattern]]
id = "open-a-shop"
does = "Open a shop"
verbs = ["open", "set up"]
objects = ["shop", "store"]
parts = [
  { id = "plan", do = "Plan {object}", skills = ["planning"] },
  { id = "money", do = "Forecast what {object} earns", skills = ["forecasting"], after = ["plan"] },
]
"""


def test_patterns_are_listed_and_one_is_shown_with_who_does_its_parts(shell: Any) -> None:
    rows = shell.json("patterns")["data"]["patterns"]
    assert {"launch-product", "audit-repository", "migrate-database"} <= {row["id"] for row in rows}
    assert shell.json("patterns", "list")["data"]["patterns"] == rows
    assert "patterns in force" in shell("patterns").stdout
    done = shell("patterns", "show", "audit-repository")
    assert done.returncode == 0 and "(security: static-scan, secret-scan)" in done.stdout
    parts = shell.json("patterns", "show", "migrate-database")["data"]["consists_of"]
    assert {"id": "design", "in": "prepare", "after": ["stock"], "agent": "architect"}.items() <= next(
        part for part in parts if part["id"] == "design").items()


def test_an_unknown_pattern_ends_with_2_and_the_nearest_name(shell: Any) -> None:
    done = shell("patterns", "show", "audit-repo")
    assert done.returncode == 2 and "did you mean 'audit-repository'?" in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "cause", "hint"]


def test_every_fault_of_a_file_is_named_with_its_line_and_the_way_out(shell: Any) -> None:
    text = SHOP.replace('objects = ["shop", "store"]', 'objects = "shop"').replace('after = ["plan"]', 'after = ["x"]')
    (shell.folder / "mine.toml").write_text(text)
    done = shell("patterns", "check", "mine.toml")
    assert done.returncode == 2
    assert "mine.toml:6: pattern open-a-shop: `objects` is a list of words" in done.stdout
    assert "mine.toml:9: pattern open-a-shop: part 'money' names the unknown part 'x'" in done.stdout
    assert "hint: the parts are plan, money" in done.stdout and "0 sound patterns, 2 faults" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "cause", "hint"]
    found = shell.json("patterns", "check", "mine.toml", code=2)["data"]
    assert [fault["line"] for fault in found["faults"]] == [6, 9]


def test_a_sound_file_is_told_so_with_what_it_replaces_and_what_nobody_can(shell: Any) -> None:
    (shell.folder / "mine.toml").write_text(
        SHOP.replace("open-a-shop", "build-api").replace("forecasting", "juggling"))
    done = shell("patterns", "check", "mine.toml")
    assert done.returncode == 0 and "replaces the built-in build-api" in done.stdout
    assert "1 sound pattern, 0 faults" in done.stdout
    assert "part 'money': no agent here has juggling" in done.stdout


@pytest.mark.parametrize(("words", "said"), [
    (("patterns", "check", "broken.toml"), "broken.toml:2:"), (("patterns", "check", "gone.toml"), "gone.toml"),
    (("patterns", "check"), "plugin.htdag.patterns is not set"),
    (("plan", "Open a shop", "--workspace", "."), "broken.toml"),
])
def test_what_can_not_be_read_ends_with_2_and_three_lines(shell: Any, words: tuple[str, ...], said: str) -> None:
    (shell.folder / "broken.toml").write_text('[[pattern]]\nid = "a\n')
    env = {"GENESIS_CONFIG": str(shell.folder / "own.toml")} if words[0] == "plan" else {}
    (shell.folder / "own.toml").write_text('[plugin.htdag]\npatterns = "broken.toml"\n')
    done = shell(*words, env=env)
    assert done.returncode == 2 and said in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "cause", "hint"]


def test_a_goal_is_planned_by_a_pattern_of_ones_own(shell: Any) -> None:
    (shell.folder / "mine.toml").write_text(SHOP)
    (shell.folder / "genesis.toml").write_text('[plugin.htdag]\npatterns = "mine.toml"\n')
    plan = shell.json("plan", "Set up our store in Porto by May", "--workspace", ".")["data"]["plan"]
    told = {task["id"]: task["description"] for task in plan["graph"]["tasks"]}
    assert told["plan"] == "Plan our store (in Porto; by May)"
    assert told["money"] == "Forecast what our store earns (in Porto; by May)"


def test_where_nobody_plans_by_patterns_the_command_says_so(shell: Any) -> None:
    done = shell("-p", "no:htdag", "patterns")
    assert done.returncode == 2 and "no plugin here plans by patterns" in done.stderr
