"""A project's file can't loosen what its user decided, and only runs are ever deleted."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Genesis, SettingsError, StateFolder, load_settings
from genesis_core._settings import PERSONAL_KEYS, flatten

DENY = '[[policy.rules]]\nid = "keys"\nverbs = ["read"]\nresources = ["keys/**"]\ndecision = "deny"\n'


def load(folder: Path, *, user: str = "", project: str = "", environ: dict[str, str] | None = None) -> Any:
    (folder / "user.toml").write_text(user)
    (folder / "genesis.toml").write_text(project)
    return load_settings(environ=environ or {}, folder=folder, user_file=folder / "user.toml").settings


@pytest.mark.parametrize("line", ['home = "."', "journal = false", 'durability = "full"', "[budget]\nmax_cost = 1"])
def test_a_project_cannot_say_where_state_lies_whether_it_is_kept_or_what_may_be_spent(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(SettingsError, match="which a project can't"):
        load(tmp_path, project=line)
    load(tmp_path, user=line)


def test_the_environment_can_say_so() -> None:
    given = {"GENESIS_BUDGET__MAX_TOKENS": "5", "GENESIS_JOURNAL": "no", "GENESIS_DURABILITY": "full"}
    found = load_settings(environ=given, folder=Path("/nowhere"), user_file=Path("/nowhere/user.toml")).settings
    assert (found.budget.max_tokens, found.journal, found.durability) == (5, False, "full")
    assert {"budget", "journal", "record", "durability", "home"} == PERSONAL_KEYS


OLD = DENY.replace("policy", "plugin.guard")


@pytest.mark.parametrize("section", ["[plugin.guard]\nrules = []\n", OLD, "plugin.guard = 1"])
def test_a_project_cannot_touch_the_rules_of_the_guard(tmp_path: Path, section: str) -> None:
    with pytest.raises(SettingsError, match=r"sets 'plugin\.guard', which a project can't"):
        load(tmp_path, user=DENY, project=section)
    with pytest.raises(SettingsError, match=r"sets 'policy', which a project can't"):
        load(tmp_path, user=DENY, project=DENY.replace("keys/", "x/"))


def test_the_environment_cannot_replace_the_rules_of_the_guard(tmp_path: Path) -> None:
    names = ("GENESIS_PLUGIN__GUARD__RULES", "GENESIS_PLUGIN__GUARD", "GENESIS_POLICY", "GENESIS_POLICY__RULES")
    kept = load(tmp_path, user=DENY, environ=dict.fromkeys(names, ""))
    assert kept.section("guard")["rules"][0]["id"] == kept.sections["guard"]["rules"][0]["id"] == "keys"


def test_the_rules_of_the_guard_stand_in_one_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[plugin\.guard\] is not read") as caught:
        load(tmp_path, user=OLD)
    assert "[[policy.rules]]" in caught.value.hint
    with pytest.raises(SettingsError, match="is not read"):
        Genesis.open(tmp_path, settings={"plugin": {"guard": {"rules": []}}})
    assert load(tmp_path, user="[plugin.x]\ny = 1\n").sections == {"x": {"y": 1}}


def test_the_origin_of_a_rule_is_the_file_that_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "user.toml").write_text(DENY)
    found = load_settings(environ={}, folder=tmp_path, user_file=tmp_path / "user.toml")
    assert found.origins == {"policy.rules": str(tmp_path / "user.toml")}
    assert dict(flatten(found.settings))["policy.rules"][0]["id"] == "keys"


def test_a_project_cannot_touch_the_section_of_a_plugin_that_the_user_trusts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"plugin\.mine"):
        load(tmp_path, user='[plugins.trust]\nmine = "security"\n', project="[plugin.mine]\nx = 1\n")
    assert load(tmp_path, project="[plugin.mine]\nx = 1\n").section("mine") == {"x": 1}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    for name in ("a", "b"):
        (tmp_path / "home" / "runs" / name).mkdir(parents=True)
    return StateFolder(tmp_path / "home")


@pytest.mark.parametrize("name", ["", ".", "..", "a/", "a/..", "../runs", "nobody"])
def test_only_a_run_can_be_removed(state: StateFolder, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        state.remove(name)
    assert sorted(f.name for f in (state.home / "runs").iterdir()) == ["a", "b"]


def test_no_other_folder_can_be_removed(state: StateFolder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(FileNotFoundError):
        state.remove(str(other))
    assert other.is_dir()


def test_a_run_that_somebody_drives_is_not_removed(state: StateFolder) -> None:
    with (state.home / "runs" / "a" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            state.remove("a")
    assert (state.home / "runs" / "a").is_dir()
    state.remove("a")
    assert [f.name for f in (state.home / "runs").iterdir()] == ["b"]


def test_the_home_that_a_project_names_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genesis.toml").write_text('home = "project"\n')
    found = StateFolder.find(environ={"GENESIS_CONFIG": str(tmp_path / "none.toml")})
    assert tmp_path not in found.home.parents
