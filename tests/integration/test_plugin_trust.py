"""Strangers' plugins, each a real installed distribution: not imported, or without effect on what is decided."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import genesis_core

Installed = Callable[..., Path]
QUIET = "\n@hookimpl\ndef genesis_event(event): ...\n"


@pytest.fixture
def witness(shell: Any, tmp_path: Path) -> Callable[[], list[str]]:
    """Return what says which strangers' modules were imported so far."""
    told = tmp_path / "witness"
    shell.environment["WITNESS"] = str(told)
    return lambda: told.read_text().split() if told.exists() else []


def on_path(shell: Any, *sites: Path) -> None:
    shell.environment["PYTHONPATH"] = os.pathsep.join([*map(str, sites), shell.environment["PYTHONPATH"]])


def copied(site: Path, to: Path) -> Path:
    return Path(shutil.copytree(site, to / site.name))


def plugin(shell: Any, name: str) -> dict[str, Any]:
    (found,) = [p for p in shell.json("plugins")["data"]["plugins"] if p["name"] == name]
    assert isinstance(found, dict)
    return found


def lock_file(shell: Any) -> Path:
    return Path(shell.environment["GENESIS_CONFIG"]).parent / "genesis-plugins.lock"


SAY: Mapping[str, Any] = {"id": "say", "agent": "echo", "inputs": {"a": {"value": 1}}}


# ---- the lock ----------------------------------------------------------------------------------------------------


def test_without_a_lock_a_stranger_is_imported_as_unlocked_and_ordinary(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    on_path(shell, installed("quiet", QUIET))
    found = plugin(shell, "quiet")
    assert (found["state"], found["lock"], found["trust"]) == ("loaded", "unlocked", "ordinary")
    assert witness() == ["genesis_plugin_quiet"]


def test_a_locked_one_is_imported_and_an_unlisted_one_is_not(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    on_path(shell, installed("quiet", QUIET))
    done = shell("plugins", "lock")
    assert done.returncode == 0, done.stderr
    on_path(shell, installed("late", QUIET))
    assert witness() == []
    assert (plugin(shell, "quiet")["state"], plugin(shell, "quiet")["lock"]) == ("loaded", "locked")
    late = plugin(shell, "late")
    assert late["state"] == "refused" and "genesis-plugin-late is not in" in late["reason"]
    ran = shell("run", shell.plan(SAY))
    assert ran.returncode == 0
    assert "plugin 'late' of genesis-plugin-late 1.0 is not imported" in ran.stderr
    assert set(witness()) == {"genesis_plugin_quiet"}


CHANGES: Mapping[str, Callable[[Path], object]] = {
    "its code": lambda site: _append(site / "genesis_plugin_victim" / "__init__.py", "x = 1\n"),
    "a file beside it": lambda site: _append(site / "genesis_plugin_victim" / "more.py", "x = 1\n"),
    "a native module in its place": lambda site: _append(
        site / "genesis_plugin_victim" / f"__init__{importlib.machinery.EXTENSION_SUFFIXES[0]}", ""),
    "a file less": lambda site: (site / "genesis_plugin_victim" / "data.txt").unlink(),
    "its entry points": lambda site: _append(
        next(site.glob("*.dist-info")) / "entry_points.txt", "victim2 = genesis_plugin_victim\n"),
    "a linked folder": lambda site: (site / "genesis_plugin_victim" / "link").symlink_to(site.parent),
}


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("forged", [False, True], ids=["as RECORD says", "with a forged RECORD"])
def test_a_changed_one_is_not_imported(
    shell: Any, installed: Installed, witness: Callable[[], list[str]], tmp_path: Path, change: str, forged: bool
) -> None:
    site = copied(installed("victim", QUIET, more={"genesis_plugin_victim/data.txt": "one"}), tmp_path)
    on_path(shell, site)
    assert shell("plugins", "lock").returncode == 0
    assert plugin(shell, "victim")["lock"] == "locked"
    before = len(witness())
    CHANGES[change](site)
    if forged:
        next(site.glob("*.dist-info/RECORD")).unlink()
    assert plugin(shell, "victim")["state"] == "refused"
    done = shell("plugins", "verify")
    assert done.returncode == 1 and "genesis-plugin-victim is changed" in done.stderr
    assert len(witness()) == before


def test_without_a_lock_what_differs_from_its_record_is_not_imported(
    shell: Any, installed: Installed, witness: Callable[[], list[str]], tmp_path: Path
) -> None:
    site = copied(installed("quiet", QUIET), tmp_path)
    _append(site / "genesis_plugin_quiet" / "__init__.py", "x = 1\n")
    on_path(shell, site)
    found = plugin(shell, "quiet")
    assert found["state"] == "refused" and "genesis_plugin_quiet/__init__.py differs" in found["reason"]
    done = shell("plugins", "lock")
    assert done.returncode == 8 and "genesis-plugin-quiet can't be locked" in done.stderr
    assert shell("doctor").returncode == 1
    assert witness() == []


def test_a_bytecode_cache_that_was_planted_beside_a_locked_module_is_left_aside(
    shell: Any, installed: Installed, witness: Callable[[], list[str]], tmp_path: Path
) -> None:
    site = copied(installed("quiet", QUIET), tmp_path)
    on_path(shell, site)
    assert shell("plugins", "lock").returncode == 0
    source = site / "genesis_plugin_quiet" / "__init__.py"
    _plant(source, f"open({str(tmp_path / 'hit')!r}, 'w').close()\n{source.read_text()}")
    assert plugin(shell, "quiet")["state"] == "loaded"
    assert not (tmp_path / "hit").exists()
    lock_file(shell).unlink()
    plugin(shell, "quiet")
    assert (tmp_path / "hit").exists(), "without the lock the cache is used: this test could not fail"


def _plant(source: Path, evil: str) -> None:
    """Write a cache for *source* that holds other code, with the time and size that Python compares."""
    import importlib._bootstrap_external as external  # what writes them

    told = source.stat()
    code = compile(evil, str(source), "exec")
    cache = Path(importlib.util.cache_from_source(str(source)))
    cache.parent.mkdir(exist_ok=True)
    cache.write_bytes(external._code_to_timestamp_pyc(code, int(told.st_mtime), told.st_size))


def test_a_module_of_that_name_in_the_current_folder_is_not_taken_for_the_locked_one(
    shell: Any, installed: Installed, tmp_path: Path
) -> None:
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock").returncode == 0
    (shell.folder / "genesis_plugin_quiet").mkdir()
    (shell.folder / "genesis_plugin_quiet" / "__init__.py").write_text(f"open({str(tmp_path / 'hit')!r}, 'w')\n")
    found = plugin(shell, "quiet")  # python -m puts the current folder first
    assert found["state"] == "refused" and "would be imported from" in found["reason"]
    assert not (tmp_path / "hit").exists()


def test_a_setting_makes_the_lock_mandatory(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    on_path(shell, installed("quiet", QUIET))
    Path(shell.environment["GENESIS_CONFIG"]).write_text('[plugins]\nlock = "required"\n')
    assert "a lock is required and there is none" in plugin(shell, "quiet")["reason"]
    assert witness() == []
    assert shell("plugins", "lock").returncode == 0
    assert plugin(shell, "quiet")["state"] == "loaded"
    Path(shell.environment["GENESIS_CONFIG"]).write_text('[plugins]\nlocked = true\n')
    done = shell("agents")
    assert done.returncode == 2 and "[plugins] can't have 'locked'; did you mean 'lock'?" in done.stderr


DAMAGE: Mapping[str, Callable[[Path], object]] = {
    "not JSON": lambda path: path.write_text("{"),
    "another schema": lambda path: path.write_text('{"schema": "x", "distributions": {}}'),
    "a digest": lambda path: path.write_text(path.read_text().replace('"digest": "', '"digest": "0')),
    "open to others": lambda path: path.chmod(0o666),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_lock_that_cannot_be_used_lets_nobody_in(
    shell: Any, installed: Installed, witness: Callable[[], list[str]], damage: str
) -> None:
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock").returncode == 0
    DAMAGE[damage](lock_file(shell))
    found = plugin(shell, "quiet")
    assert found["state"] == "refused" and "can't be used" in found["reason"]
    assert shell("plugins", "verify").returncode == 2
    assert shell("doctor").returncode == 1
    assert witness() == []


def test_the_lock_is_the_operators_alone_and_the_same_for_the_same_files(shell: Any, installed: Installed) -> None:
    on_path(shell, installed("quiet", QUIET), installed("late", QUIET))
    assert shell("plugins", "lock").returncode == 0
    first, place = lock_file(shell).read_bytes(), lock_file(shell)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert shell("plugins", "lock").returncode == 0
    assert lock_file(shell).read_bytes() == first
    locked = json.loads(first)["distributions"]
    assert list(locked) == sorted(locked) and set(locked) == {
        "genesis-plugin-late", "genesis-plugin-quiet", "genesis-plugin-testkit"}
    quiet = locked["genesis-plugin-quiet"]
    assert (quiet["version"], quiet["plugins"]) == ("1.0", {"quiet": "genesis_plugin_quiet"})
    assert "genesis_plugin_quiet/__init__.py" in quiet["files"]
    assert sorted(p.name for p in place.parent.iterdir() if "lock" in p.name) == [place.name]
    assert not list(shell.folder.iterdir())


def test_one_name_is_taken_into_the_lock_and_the_others_stay_as_they_were(shell: Any, installed: Installed) -> None:
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock", "quiet").returncode == 0
    on_path(shell, installed("late", QUIET))
    assert shell("plugins", "lock", "genesis-plugin-late").returncode == 0
    assert set(json.loads(lock_file(shell).read_text())["distributions"]) == {
        "genesis-plugin-late", "genesis-plugin-quiet"}
    wrong = shell("plugins", "lock", "genesis-plugin-lat")
    assert wrong.returncode == 2 and "did you mean 'genesis-plugin-late'?" in wrong.stderr


def test_verify_says_what_is_not_listed_and_what_is_gone(shell: Any, installed: Installed) -> None:
    assert shell("plugins", "verify").returncode == 2
    kept = shell.environment["PYTHONPATH"]
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock").returncode == 0
    assert shell.json("plugins", "verify")["ok"]
    shell.environment["PYTHONPATH"] = kept
    on_path(shell, installed("late", QUIET))
    rows = {r["name"]: r["state"] for r in shell.json("plugins", "verify", code=1)["data"]["distributions"]}
    assert rows == {"genesis-plugin-testkit": "locked", "genesis-plugin-quiet": "gone",
                    "genesis-plugin-late": "not listed"}


def test_a_command_of_an_unlisted_distribution_is_not_imported_either(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    assert shell("plugins", "lock").returncode == 0
    body = "import click\n@click.command()\ndef command():\n    click.echo('hello')\n"
    on_path(shell, installed("order", body, plugins="", commands="order = genesis_plugin_order:command"))
    done = shell("order")
    assert done.returncode == 2 and "genesis-plugin-order is not in" in done.stderr
    assert shell("doctor").returncode == 1
    assert witness() == []
    assert shell("plugins", "lock", "order").returncode == 0
    assert shell("order").stdout == "hello\n"


def test_an_editable_distribution_is_locked_by_its_source(shell: Any, installed: Installed, tmp_path: Path) -> None:
    source = tmp_path / "source"
    site = copied(installed("quiet", QUIET), tmp_path)
    (source / "src").mkdir(parents=True)
    (site / "genesis_plugin_quiet").rename(source / "src" / "genesis_plugin_quiet")
    info = next(site.glob("*.dist-info"))
    (info / "direct_url.json").write_text(json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}}))
    kept = [line for line in (info / "RECORD").read_text().splitlines() if not line.startswith("genesis_plugin_quiet/")]
    (info / "RECORD").write_text("\n".join(kept))
    on_path(shell, site, source / "src")
    assert shell("plugins", "lock").returncode == 0
    (row,) = [d for d in shell.json("plugins", "lock")["data"]["distributions"] if d["name"] == "genesis-plugin-quiet"]
    assert (row["kind"], row["faults"]) == ("editable", [])
    assert plugin(shell, "quiet")["state"] == "loaded"
    _append(source / "src" / "genesis_plugin_quiet" / "__init__.py", "x = 1\n")
    assert "__init__.py has changed" in plugin(shell, "quiet")["reason"]


# ---- what reaches further than its own package -------------------------------------------------------------------

FAULTS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "core": ({"genesis_core/__init__.py": ""}, "a module named genesis_core"),
    "guard2": ({"genesis_guard/extra.py": ""}, "a module named genesis_guard"),
    "alien": ({"genesis_plugin_alien-1.0.data/purelib/genesis_agents-99.dist-info/METADATA": "Name: genesis-agents\n"},
              "metadata of another distribution"),
}
FLAGS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "path": ({"path_of_mine.pth": "import os\n"}, "path_of_mine.pth acts at every start of Python"),
    "site": ({"sitecustomize.py": ""}, "its module sitecustomize runs at every start"),
    "queue": ({"queue.py": "from _queue import *\n"}, "its module queue has the name of one of Python's own"),
    "outer": ({"genesis_plugin_outer-1.0.data/data/etc/outer.conf": "x"}, "it has a file outside of its package"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_who_brings_what_is_somebody_elses_is_not_imported(shell: Any, installed: Installed, name: str) -> None:
    more, said = FAULTS[name]
    site = installed(name, QUIET, more=more)
    ours = Path(genesis_core.__file__).parents[1]  # before theirs, as in one site-packages
    shell.environment["PYTHONPATH"] = os.pathsep.join([str(ours), shell.environment["PYTHONPATH"], str(site)])
    found = plugin(shell, name)
    assert found["state"] == "refused" and said in found["reason"]
    assert shell("plugins", "lock").returncode == 8
    assert plugin(shell, name)["state"] == "refused"


@pytest.mark.parametrize("name", FLAGS)
def test_what_reaches_further_than_its_package_is_told(shell: Any, installed: Installed, name: str) -> None:
    more, said = FLAGS[name]
    site = installed(name, QUIET, more=more)
    shell.environment["PYTHONPATH"] += f"{os.pathsep}{site}"
    found = plugin(shell, name)
    assert found["state"] == "loaded"
    assert [flag for flag in found["flags"] if said in flag]
    checks = {c["name"]: c for c in json.loads(shell("doctor", "--json").stdout)["data"]["checks"]}
    assert not checks[f"distribution genesis-plugin-{name}"]["ok"]
    assert said in shell("plugins", "lock").stdout


# ---- who takes the name of another -------------------------------------------------------------------------------


def masked(installed: Installed, wheel: str, folder: str, name: str, *, group: str = "plugins", plugin: str = "helpful",
           module: str = "") -> Path:
    """Install a wheel that offers nothing itself and puts a second distribution beside it, which says it is *name*."""
    module = module or f"{wheel}_evil"
    inside = f"genesis_plugin_{wheel}-1.0.data/purelib"
    code = f"import os\nopen(os.environ['WITNESS'], 'a').write('{module}\\n')\n"
    return installed(wheel, plugins="", more={
        f"{inside}/{module}.py": code,
        f"{inside}/{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 99\n",
        f"{inside}/{folder}/entry_points.txt": f"[genesis.{group}]\n{plugin} = {module}\n",
    })


@pytest.mark.parametrize(("wheel", "folder", "name"), [
    ("zz", "zz-1.0.dist-info", "genesis-agents"),
    ("spelled", "spelled-1.0.dist-info", "Genesis_Agents"),
    ("shadow", "genesis_agents-99.dist-info", "genesis-agents"),
    ("capital", "Genesis_Agents-99.dist-info", "genesis-agents"),
])
@pytest.mark.parametrize("locked", [True, False])
def test_who_says_that_it_is_genesis_itself_is_not_imported(
    shell: Any, installed: Installed, witness: Callable[[], list[str]], wheel: str, folder: str, name: str, locked: bool
) -> None:
    ours = [p for p in shell.json("plugins")["data"]["plugins"] if p["builtin"]]
    if locked:
        assert shell("plugins", "lock").returncode == 0
    on_path(shell, masked(installed, wheel, folder, name))
    for way in (lambda: plugin(shell, "helpful"), lambda: shell("doctor"), lambda: shell("plugins", "lock")):
        way()
    found = plugin(shell, "helpful")
    assert (found["state"], found["builtin"]) == ("refused", False) and "says that it is" in found["reason"]
    assert [p for p in shell.json("plugins")["data"]["plugins"] if p["builtin"]] == ours, "it hides none of ours"
    assert shell("run", shell.plan(SAY)).returncode == 0
    assert f"{wheel}_evil" not in witness()


def test_a_distribution_of_a_locked_ones_name_is_not_taken_for_it(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock").returncode == 0
    on_path(shell, masked(installed, "twin", "twin-1.0.dist-info", "genesis-plugin-quiet"))
    assert (plugin(shell, "helpful")["state"], plugin(shell, "quiet")["lock"]) == ("refused", "locked")
    assert "twin_evil" not in witness()


def test_a_command_of_a_distribution_that_is_named_like_a_locked_one_is_not_imported(
    shell: Any, installed: Installed, witness: Callable[[], list[str]]
) -> None:
    assert shell("plugins", "lock").returncode == 0
    shell.environment["PYTHONPATH"] += os.pathsep + str(masked(
        installed, "orders", "genesis_plugin_quiet-99.dist-info", "genesis-plugin-quiet", group="commands",
        plugin="order"))
    on_path(shell, installed("quiet", QUIET))
    assert shell("plugins", "lock", "quiet").returncode == 0
    done = shell("order")
    assert done.returncode == 2 and "another distribution that is also named" in done.stderr
    assert "orders_evil" not in witness()


# ---- trust -------------------------------------------------------------------------------------------------------

ALLOWS = """
@hookimpl
def genesis_authorize(action):
    return Decision.allow("mine", "I say so")
"""


def test_trust_is_for_locked_files_and_ends_with_them(shell: Any, installed: Installed, tmp_path: Path) -> None:
    site = copied(installed("allows", ALLOWS), tmp_path)
    on_path(shell, site)
    early = shell("plugins", "trust", "allows", "security")
    assert early.returncode == 2 and "there is no lock of plugins" in early.stderr
    assert shell("plugins", "lock").returncode == 0
    assert shell("plugins", "trust", "allows", "king").returncode == 2
    assert shell("plugins", "trust", "guard", "ordinary").returncode == 2
    assert shell("plugins", "trust", "allows", "security").returncode == 0
    assert plugin(shell, "allows")["trust"] == "security"
    levels = {r["plugin"]: r["level"] for r in shell.json("plugins", "trust")["data"]["plugins"]}
    assert levels == {"allows": "security", "testkit": "ordinary"}
    _append(site / "genesis_plugin_allows" / "__init__.py", "x = 1\n")
    next(site.glob("*.dist-info/RECORD")).unlink()  # so that it can be locked as it is
    assert plugin(shell, "allows")["trust"] == "ordinary"
    assert "trust taken back" in shell("plugins", "lock").stdout
    assert plugin(shell, "allows")["trust"] == "ordinary"


def test_trust_is_shown_and_taken_back(shell: Any, installed: Installed) -> None:
    on_path(shell, installed("allows", ALLOWS))
    assert shell("plugins", "lock").returncode == 0
    assert shell("plugins", "trust", "allows", "security").returncode == 0
    assert "security" in shell("plugins", "trust", "allows").stdout
    assert shell("plugins", "trust", "allows", "ordinary").returncode == 0
    assert "security" not in shell("plugins", "trust").stdout
    assert plugin(shell, "allows")["trust"] == "ordinary"


def test_a_name_in_the_settings_gives_trust_to_a_locked_plugin_alone(shell: Any, installed: Installed) -> None:
    on_path(shell, installed("allows", ALLOWS))
    Path(shell.environment["GENESIS_CONFIG"]).write_text('[plugins.trust]\nallows = "security"\n')
    assert plugin(shell, "allows")["trust"] == "ordinary"
    assert shell("plugins", "lock").returncode == 0
    assert plugin(shell, "allows")["trust"] == "security"


def test_a_project_cannot_speak_for_a_plugin_that_is_trusted_in_the_lock(shell: Any, installed: Installed) -> None:
    on_path(shell, installed("allows", ALLOWS))
    (shell.folder / "genesis.toml").write_text("[plugin.allows]\nx = 1\n")
    assert shell("plugins", "lock").returncode == 0
    assert shell("agents").returncode == 0
    assert shell("plugins", "trust", "allows", "security").returncode == 0
    done = shell("agents")
    assert done.returncode == 2 and "plugin.allows" in done.stderr
