"""What ``genesis --help`` and ``genesis runs`` cost, and that every line of the table leads somewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

from genesis_cli._group import nearest
from genesis_cli._table import COMMANDS, SECTIONS
from genesis_cli._thirdparty import third_party

HEAVY = ("pydantic", "structlog", "rich", "asyncio", "opentelemetry", "importlib.metadata")
ROOT = Path(__file__).resolve().parents[3]


def imported_by(words: list[str], tmp_path: Path) -> list[str]:
    """Return the modules that a command leaves imported."""
    code = f"""
import json, sys
from genesis_cli import main
status = main({words!r})
print(json.dumps({{"status": status, "modules": sorted(sys.modules)}}))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["status"] == 0
    return list(found["modules"])


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    modules = imported_by(["--help"], tmp_path)
    assert [m for m in (*HEAVY, "sqlite3") if m in modules] == []
    assert [m for m in modules if m.startswith("genesis_core")] == []


def test_the_list_of_runs_loads_no_plugin_and_no_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    modules = imported_by(["runs"], tmp_path)
    assert [m for m in HEAVY if m in modules] == []
    assert [m for m in modules if m.startswith("genesis_") and not m.startswith(("genesis_cli", "genesis_core"))] == []


def test_every_command_of_the_table_has_a_body_that_says_what_it_does() -> None:
    for row in COMMANDS.values():
        module, _, name = row.target.partition(":")
        body = getattr(import_module(module), name)
        assert isinstance(body, click.Command), row.name
        assert body.name == row.name and body.help, row.name
        assert row.section in SECTIONS and row.help.endswith("."), row.name


def test_the_table_is_what_the_distribution_registers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["genesis.commands"] == {row.name: row.target for row in COMMANDS.values()}


def test_the_nearest_command_is_found_and_a_far_one_is_not() -> None:
    assert nearest("explian", list(COMMANDS)) == "explain"
    assert nearest("xyz", list(COMMANDS)) == ""


def entry_points(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "entry_points.txt").write_text(text)


def test_commands_of_others_are_found_without_importing_them(tmp_path: Path) -> None:
    entry_points(tmp_path, "genesis_plugin_a-1.0.dist-info",
                 "[console_scripts]\na = a:b\n[genesis.commands]\nhi = a.b:c\nho=a:d [extra]\n[other]\nno = x:y\n")
    entry_points(tmp_path, "broken-2.dist-info", "[genesis.commands]\nnonsense\n")
    found = third_party([str(tmp_path), str(tmp_path / "absent")])
    assert {n: (f.target, f.distribution, f.version) for n, f in found.items()} == {
        "hi": ("a.b:c", "genesis-plugin-a", "1.0"), "ho": ("a:d", "genesis-plugin-a", "1.0")}


def test_our_own_registrations_are_not_taken_for_those_of_others(tmp_path: Path) -> None:
    entry_points(tmp_path, "genesis_agents-0.1.0.dist-info", "[genesis.commands]\nrun = x:y\n")
    assert third_party([str(tmp_path)]) == {}


def test_the_first_of_two_on_the_path_stands(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        entry_points(tmp_path / place, f"{place}-1.dist-info", f"[genesis.commands]\nhi = {place}:x\n")
    assert third_party([str(tmp_path / "one"), str(tmp_path / "two")])["hi"].target == "one:x"


def test_autoload_off_hides_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points(tmp_path, "a-1.dist-info", "[genesis.commands]\nhi = a:b\n")
    monkeypatch.setenv("GENESIS_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert third_party([str(tmp_path)]) == {}
