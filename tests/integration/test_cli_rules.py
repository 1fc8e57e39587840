"""``genesis rules`` as a process: lists, faults, examples and explanations, for people and for programs."""

from __future__ import annotations

from typing import Any

MINE = '[[rule]]\nid = "mine"\npriority = 30\nwhen = { words = "zebra" }\nthen = "security"\n'


def test_rules_are_listed_and_the_bare_form_is_the_same(shell: Any) -> None:
    done = shell("rules")
    assert done.returncode == 0 and "import_cycles" in done.stdout and "rules in force" in done.stdout
    rows = shell.json("rules", "list")["data"]["rules"]
    assert shell.json("rules")["data"]["rules"] == rows
    only = shell.json("rules", "list", "--agent", "qa")["data"]["rules"]
    assert {row["then"] for row in only} == {"qa"}


def test_a_faulty_file_ends_with_2_three_lines_and_every_fault(shell: Any) -> None:
    (shell.folder / "own.toml").write_text(MINE + "priorty = 1\nextra = 2\n")
    done = shell("rules", "check", "own.toml")
    assert done.returncode == 2
    assert "own.toml:6: rule mine: unknown key 'priorty'" in done.stdout and "own.toml:7:" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "cause", "hint"]
    found = shell.json("rules", "check", "own.toml", code=2)
    assert [fault["line"] for fault in found["data"]["faults"]] == [6, 7] and found["error"]["code"] == "settings"


def test_examples_that_fail_end_with_1(shell: Any) -> None:
    (shell.folder / "own.toml").write_text(MINE + '[[example]]\ntask = "Feed the zebra"\nthen = "security"\n')
    assert shell("rules", "test", "own.toml").returncode == 0
    (shell.folder / "own.toml").write_text(MINE + '[[example]]\ntask = "Feed the zebra"\nthen = "qa"\n')
    done = shell("rules", "test", "own.toml")
    assert done.returncode == 1 and "goes to security, not qa" in done.stdout
    assert shell.json("rules", "test", "own.toml", code=1)["data"]["failed"] == 1


def test_an_explanation_reads_kind_and_metadata(shell: Any) -> None:
    asked = ("rules", "explain", "Bring it up", "--kind", "deploy", "--meta")
    found = shell.json(*asked, "platform=cloud")["data"]
    assert "cloud_deploy" in [row["id"] for row in found["tried"] if row["matched"]]
    other = shell.json(*asked, "platform=home")["data"]
    assert {"id": "cloud_deploy", "lacks": "metadata.platform"}.items() <= next(
        row for row in other["tried"] if row["id"] == "cloud_deploy").items()
    assert shell(*asked, "platform").returncode == 2


def test_without_a_router_of_rules_the_command_says_so(shell: Any) -> None:
    done = shell("-p", "no:halo", "rules")
    assert done.returncode == 2 and "no plugin here routes by rules" in done.stderr
