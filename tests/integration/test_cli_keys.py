"""``genesis keys``: keys change, runs stay verifiable, and nothing shows the bytes of a key."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

SAY = {"id": "say", "agent": "echo", "inputs": {"text": {"value": "hello"}}}
GOLDEN = Path(__file__).parents[1] / "data" / "golden_run_v1"


def states(shell: Any) -> list[str]:
    return [key["state"] for key in shell.json("keys")["data"]["keys"]]


def test_before_the_first_run_there_is_no_key_and_the_way_to_one_is_told(shell: Any) -> None:
    problem = shell.json("keys", code=2)["error"]
    assert "is missing" in problem["message"]
    assert problem["hint"] == "genesis keys init"
    assert not shell.home.exists()
    assert shell("keys", "init").stdout.endswith("signs\n")
    assert states(shell) == ["active"]
    assert shell.home.stat().st_mode & 0o777 == 0o700
    assert shell.json("keys", "init")["data"] == shell.json("keys", "list")["data"]


def test_runs_before_and_after_a_rotation_verify_and_resume(shell: Any) -> None:
    first = shell.run(SAY)["run_id"]
    rotated = shell.json("keys", "rotate", "--grace", "0s")["data"]
    second = shell.run(SAY)["run_id"]
    assert states(shell) == ["retired", "active"]
    macs = {run: {row["mac"][:16] for row in shell.json("runs", "export", run)["data"]["events"]}
            for run in (first, second)}
    assert macs == {first: {rotated["before"]["id"]}, second: {rotated["key"]["id"]}}
    for run in (first, second):
        assert shell.json("verify", run)["data"]["keys"] == {next(iter(macs[run])): states(shell)[run == second]}
    assert f"signed under: {rotated['before']['id']} (retired)" in shell("verify", first).stdout
    assert "signed under" not in shell("verify", second).stdout
    for run in (first, second):
        assert shell("explain", run).returncode == 0


def test_the_commands_say_what_they_did_in_words(shell: Any) -> None:
    shell("keys", "init")
    assert re.fullmatch(r"\w{16} signs from now on; \w{16} is in grace until .*\n", shell("keys", "rotate").stdout)
    lines = shell("keys").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["STATE", "grace", "active"]
    old, new = (line.split()[0] for line in lines[1:])
    assert re.fullmatch(rf"{old} is retired since .*\n", shell("keys", "retire", old[:8]).stdout)
    assert re.search(rf"2 keys as written, nobody else's; {new} signs", shell("keys", "verify").stdout)
    wrong = shell("keys", "retire", new)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert [line.split(":")[0] for line in wrong.stderr.splitlines()] == ["error", "cause", "hint"]
    assert "something must sign what comes next" in wrong.stderr


def test_nothing_shows_the_bytes_of_a_key(shell: Any) -> None:
    shell.run(SAY)
    shell("keys", "rotate")
    secrets = [key["secret"] for key in json.loads((shell.home / "keys" / "ring.json").read_text())["keys"]]
    assert len(secrets) == 2
    for words in (["keys"], ["keys", "--json"], ["keys", "verify", "--json"], ["keys", "rotate", "--json"],
                  ["--debug", "keys", "retire", "zz"], ["runs", "export", "last"], ["doctor"], ["config"]):
        done = shell(*words)
        assert not [secret for secret in secrets if secret in done.stdout + done.stderr]


@pytest.mark.skipif(os.name == "nt", reason="modes")
@pytest.mark.parametrize("words", [("keys",), ("keys", "verify"), ("keys", "rotate"), ("verify", "last"),
                                   ("explain", "last"), ("runs", "show", "last")], ids=" ".join)
def test_keys_that_others_may_use_are_refused_by_every_command(shell: Any, words: tuple[str, ...]) -> None:
    shell.run(SAY)
    (shell.home / "keys" / "ring.json").chmod(0o644)
    before = shell.state()
    problem = shell.json(*words, code=2)["error"]
    assert "is not this user's alone" in problem["message"]
    assert problem["hint"] == f"chmod 600 {shell.home / 'keys' / 'ring.json'}"
    assert shell.state() == before


def test_what_is_odd_about_the_keys_is_named(shell: Any) -> None:
    shell("keys", "init")
    (shell.home / "keys" / ".ring.json.1.ab").touch(mode=0o600)
    found = shell.json("keys", "verify", code=2)
    assert ".ring.json.1.ab is left from a write" in found["error"]["cause"]
    assert len(found["data"]["faults"]) == 1


def test_a_row_under_a_key_that_is_not_here_is_named_with_it(shell: Any) -> None:
    shell.run(SAY)
    key = shell.json("keys")["data"]["keys"][0]["id"]
    shutil.rmtree(shell.home / "keys")
    shell("keys", "init")
    problem = shell.json("verify", "last", code=2)["error"]
    assert f"signed with another key: {key}, which is not here" in problem["message"]


def test_runs_of_an_earlier_version_verify_and_their_key_becomes_the_first(shell: Any) -> None:
    shutil.copytree(GOLDEN, shell.home)
    shell.home.chmod(0o700)
    (shell.home / "journal.key").chmod(0o600)
    runs = sorted(path.name for path in (shell.home / "runs").iterdir())
    assert all(shell.json("verify", run)["ok"] for run in runs)
    assert (shell.home / "journal.key").exists(), "looking moves nothing"
    shell.run(SAY)
    assert not (shell.home / "journal.key").exists()
    (key,) = shell.json("keys")["data"]["keys"]
    assert key["inherited"]
    shell("keys", "rotate", "--grace", "0s")
    assert all(shell.json("verify", run)["ok"] for run in runs)


def test_signing_can_not_be_left_out(shell: Any) -> None:
    shell.run(SAY, options=["-p", "no:identity"])
    assert states(shell) == ["active"]
    assert shell.json("-p", "no:identity", "verify", "last")["ok"]


def test_a_ring_that_keeps_its_keys_itself_says_so(shell: Any) -> None:
    Path(shell.environment["GENESIS_CONFIG"]).write_text('keyring = "vault"\n')
    assert "keeps its keys itself" in shell.json("keys", code=2)["error"]["message"]


@pytest.mark.parametrize("text", ['keyring = "vault"\n', "[identity]\nskew_seconds = 999999\n"])
def test_a_project_chooses_neither_the_ring_nor_how_messages_are_sealed(shell: Any, text: str) -> None:
    (shell.folder / "genesis.toml").write_text(text)
    assert "which a project can't" in shell.json("keys", "init", code=2)["error"]["message"]


def test_a_wrong_setting_of_identity_is_named(shell: Any) -> None:
    Path(shell.environment["GENESIS_CONFIG"]).write_text("[identity]\nskew = 3\n")
    assert "[identity] has no 'skew'" in shell.json("agents", code=2)["error"]["message"]


@pytest.mark.parametrize("command", [["keys", "rotate", "--grace"], ["runs", "prune", "--older-than"]])
def test_an_age_that_no_calendar_holds_is_a_wrong_use(shell: Any, command: list[str]) -> None:
    shell("keys", "init")
    refused = shell(*command, "99999999999d")
    assert refused.returncode == 2 and "is too long: at most 36525d" in refused.stderr
    assert states(shell) == ["active"]


@pytest.mark.skipif(os.name == "nt", reason="modes")
def test_doctor_looks_at_the_keys(shell: Any) -> None:
    def keys(code: int) -> dict[str, Any]:
        checks = shell.json("doctor", code=code)["data"]["checks"]
        (found,) = [check for check in checks if check["name"] == "keys"]
        return dict(found)

    fresh = keys(0)
    assert fresh["ok"] and "the first run makes one" in fresh["detail"] and not shell.home.exists()
    shell.run(SAY)
    assert keys(0)["ok"]
    ring = shell.home / "keys" / "ring.json"
    ring.chmod(0o644)
    assert shell("run", shell.plan(SAY)).returncode == 2
    assert (keys(1)["ok"], keys(1)["hint"]) == (False, f"chmod 600 {ring}")
    ring.unlink()
    assert not keys(1)["ok"] and keys(1)["hint"].startswith("restore it from a copy")


def test_a_lost_ring_is_no_fresh_folder(shell: Any) -> None:
    shell.run(SAY)
    (shell.home / "keys" / "ring.json").unlink()
    problem = shell.json("keys", code=2)["error"]
    assert problem["cause"] == "it signed the run here" and problem["hint"].startswith("restore it from a copy")
    made = shell("keys", "init")
    assert made.returncode == 0 and "warning: " in made.stderr and "does not verify" in made.stderr
    assert states(shell) == ["active"] and shell("verify", "last").returncode == 2
