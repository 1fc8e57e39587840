"""Looking at plans, runs and the installation: explain, diff, verify, runs, agents, plugins, doctor, config."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SAY = {"id": "say", "agent": "echo", "inputs": {"text": {"value": "hello"}}}
FIND = {"id": "find", "agent": "finder"}
GOAL = "Scan this repository for security problems"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "schemas" / name).read_text("utf-8"))
    return found


# ---- plan and explain --------------------------------------------------------------------------------------------


def test_a_plan_is_shown_with_agent_fit_estimate_chain_and_score(shell: Any) -> None:
    (shell.folder / "a.py").write_text("x = 1\n")
    done = shell("plan", GOAL)
    assert done.returncode == 0, done.stderr
    for word in ("TASK", "AGENT", "FIT", "EXPECTED", "security", "expected", "score", "0.4 x success", "plan "):
        assert word in done.stdout
    assert not shell.home.exists()


def test_a_written_plan_is_what_the_published_schema_says(shell: Any) -> None:
    shell("plan", GOAL, "-o", "plan.json")
    written = json.loads((shell.folder / "plan.json").read_text())
    jsonschema.validate(written, schema("plan.schema.json"))
    printed = json.loads(shell("plan", GOAL, "--format", "json").stdout)
    assert printed == written
    assert shell.json("plan", GOAL)["data"]["plan"] == written


def test_explain_names_rules_scores_and_decisions_of_every_task(shell: Any) -> None:
    run = shell.json("run", GOAL)["data"]
    done = shell("explain", "last")
    assert "security" in done.stdout and "why" in done.stdout and "decided" in done.stdout
    told = shell.json("explain", run["run_id"])["data"]["tasks"]
    assert [t["task_id"] for t in told] == list(run["tasks"])
    assert all(t["reasons"] and t["decisions"] for t in told)


def test_explain_reads_a_plan_before_it_has_run(shell: Any) -> None:
    shell("plan", GOAL, "-o", "plan.json")
    told = shell.json("explain", "plan.json")["data"]["tasks"]
    assert told[0]["agent"] == "security" and told[0]["state"] is None


def test_explain_knows_the_task_that_was_meant(shell: Any) -> None:
    shell.run(SAY)
    done = shell("explain", "last", "sya")
    assert done.returncode == 2
    assert "did you mean 'say'?" in done.stderr


def test_flow_shows_what_was_read_and_how_the_label_rose(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO x\n")
    shell.run(FIND)
    done = shell("explain", "last", "find", "--flow")
    assert done.returncode == 0
    read = next(line for line in done.stdout.splitlines() if "a.txt" in line)
    assert "file.read" in read
    assert "label untrusted, internal" in done.stdout
    flow = shell.json("explain", "last", "find", "--flow")["data"]["tasks"][0]["flow"]
    assert {"row", "kind", "what", "label"} == set(flow[0])


# ---- diff --------------------------------------------------------------------------------------------------------


def two_runs(shell: Any, before: str, after: str) -> tuple[str, str]:
    (shell.folder / "a.txt").write_text(before)
    a = shell.run(FIND)["run_id"]
    (shell.folder / "a.txt").write_text(after)
    return a, shell.run(FIND)["run_id"]


@pytest.mark.parametrize(
    ("before", "after", "new", "worse", "any_"),
    [
        ("TODO one\n", "\n\n\nTODO one\n", 0, 0, 0),  # only its line has moved
        ("TODO one\n", "TODO one\nTODO two\n", 1, 1, 1),
        ("TODO one\n", "TODO two\n", 1, 0, 1),
    ],
    ids=["moved", "one more", "another"],
)
def test_a_gate_trips_exactly_when_it_should(
    shell: Any, before: str, after: str, new: int, worse: int, any_: int
) -> None:
    a, b = two_runs(shell, before, after)
    codes = [shell("diff", a, b, "--fail-on", gate).returncode for gate in ("new", "worse", "any")]
    assert codes == [new, worse, any_]
    assert shell("diff", a, b).returncode == 0


def test_a_difference_is_shown_for_people_and_for_programs(shell: Any) -> None:
    a, b = two_runs(shell, "TODO one\n", "TODO two\n")
    done = shell("diff", a, b, "--fail-on", "new")
    assert "new  medium  todo a.txt:1: left to do: two" in done.stdout
    assert "gone medium  todo a.txt:1: left to do: one" in done.stdout
    assert done.stderr.startswith("error: the gate 'new' is tripped\ncause: 1 new observation\n")
    found = shell.json("diff", a, b)["data"]
    assert [o["message"] for o in found["observations"]["new"]] == ["left to do: two"]
    assert found["plan"]["same"] is True


def test_another_plan_and_another_state_are_differences(shell: Any) -> None:
    a = shell.run(SAY)["run_id"]
    b = shell.run({**SAY, "agent": "broken"}, FIND, code=1)["run_id"]
    found = shell.json("diff", a, b, "--fail-on", "worse", code=1)["data"]
    assert found["plan"]["added"] == ["find"]
    assert found["plan"]["agents"] == {"say": ["echo", "broken"]}
    assert found["state"] == ["completed", "failed"]
    assert found["states"] == {"say": ["completed", "failed"]}


# ---- runs --------------------------------------------------------------------------------------------------------


def test_runs_lists_the_newest_first_and_the_bare_form_is_the_same(shell: Any) -> None:
    assert "no runs yet" in shell("runs").stdout
    first, second = shell.run(SAY)["run_id"], shell.run(FIND)["run_id"]
    listed = shell.json("runs", "list")["data"]["runs"]
    assert [r["id"] for r in listed] == sorted([first, second], reverse=True)
    assert shell.json("runs")["data"]["runs"] == listed
    assert shell("runs").stdout.count("completed") == 2


def test_a_lost_index_is_made_again(shell: Any) -> None:
    run_id = shell.run(SAY)["run_id"]
    before = shell.json("runs")["data"]
    (shell.home / "index.db").unlink()
    after = shell.json("runs")["data"]
    kept = ("id", "goal", "state", "tasks", "done", "workspace", "seq")
    assert [{k: r[k] for k in kept} for r in after["runs"]] == [{k: r[k] for k in kept} for r in before["runs"]]
    assert (shell.home / "index.db").exists()
    assert shell("verify", run_id).returncode == 0


def test_show_and_export_are_what_the_published_schema_says(shell: Any) -> None:
    shell.run(SAY, FIND, {"id": "all"}, {"id": "part", "parent": "all", "agent": "stuck"}, code=8)
    shown = shell.json("runs", "show", "last")["data"]
    exported = json.loads(shell("runs", "export", "last").stdout)
    for document in (shown, exported, shell.json("run", "--again", "last", code=8)["data"]):
        jsonschema.validate(document, schema("run.schema.json"))
    assert "events" not in shown
    assert [e["seq"] for e in exported["events"]] == list(range(1, len(exported["events"]) + 1))
    assert "✓ say" in shell("runs", "show", "last").stdout


def test_a_run_is_named_by_a_unique_beginning(shell: Any) -> None:
    run_id = shell.run(SAY)["run_id"]
    assert shell.json("runs", "show", run_id[:-2])["data"]["run_id"] == run_id


def test_show_names_the_skills_that_each_task_asks_for(shell: Any) -> None:
    shell.json("run", "Map the architecture of this repository, find import cycles and measure complexity")
    assert "  skills: module-map, import-cycles, code-complexity\n" in shell("runs", "show", "last").stdout
    shell.run(SAY)
    assert "skills:" not in shell("runs", "show", "last").stdout


LOOKS = [("verify", "last"), ("explain", "last"), ("diff", "last", "last"), ("runs",), ("runs", "show", "last"),
         ("runs", "export", "last"), ("runs", "cancel", "last")]


@pytest.fixture
def sealed(shell: Any) -> Any:
    """A shell whose settings choose the key ring of a plugin, with one run that the index has forgotten."""
    Path(shell.environment["GENESIS_CONFIG"]).write_text('keyring = "vault"\n')
    shell.run(SAY)
    (shell.home / "index.db").unlink()
    return shell


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_records_are_read_with_the_key_ring_that_the_settings_choose(sealed: Any, words: tuple[str, ...]) -> None:
    data = sealed.json(*words)["data"]
    assert not (sealed.home / "keys").exists()
    if words == ("runs",):
        assert [(run["state"], run["done"]) for run in data["runs"]] == [("completed", 1)]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_key_ring_that_nobody_offers_any_more_is_named(sealed: Any, words: tuple[str, ...]) -> None:
    problem = sealed.json("-p", "no:testkit", *words, code=2)["error"]
    assert "there is no key ring 'vault'" in problem["message"]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_with_the_local_key_ring_looking_loads_no_plugin(shell: Any, words: tuple[str, ...]) -> None:
    shell.run(SAY)
    (shell.home / "index.db").unlink()
    done = subprocess.run([sys.executable, "-c", LOADED, *words], cwd=shell.folder, env=shell.environment,
                          capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "none", done.stderr


LOADED = """
import sys
from genesis_cli import main
code = main(sys.argv[1:])
print(*[n for n in sys.modules if n in ("genesis_plugin_testkit", "genesis_htdag", "genesis_agents")] or ["none"],
      file=sys.stderr)
sys.exit(code)
"""


def test_cancel_records_it_when_nobody_drives_the_run(shell: Any) -> None:
    run_id = shell.run({"id": "x", "agent": "signer"}, code=4)["run_id"]
    assert shell.json("runs", "cancel", run_id)["data"]["state"] == "canceled"
    assert shell.json("runs")["data"]["runs"][0]["state"] == "canceled"
    assert shell("verify", run_id).returncode == 0


def test_prune_keeps_the_newest_and_deletes_the_rest(shell: Any) -> None:
    ids = sorted(shell.run(SAY)["run_id"] for _ in range(3))
    assert shell.json("runs", "prune", "--older-than", "1h", "--yes")["data"]["pruned"] == []
    assert sorted(shell.json("runs", "prune", "--keep", "1", "--yes")["data"]["pruned"]) == ids[:2]
    assert [r["id"] for r in shell.json("runs")["data"]["runs"]] == ids[2:]
    assert shell("runs", "prune", ids[2], "--yes").returncode == 0
    assert list((shell.home / "runs").iterdir()) == []


# ---- the installation --------------------------------------------------------------------------------------------


def test_agents_are_listed_with_those_that_need_a_model_apart(shell: Any) -> None:
    done = shell("agents")
    assert done.returncode == 0
    assert "need a model, and none is configured: " in done.stdout
    assert "finder" in done.stdout and "genesis-plugin-testkit" in done.stdout
    card = shell.json("agents", "architect")["data"]
    assert card["tools"] and card["distribution"] == "genesis-agents" and card["available"]
    wrong = shell("agents", "architct")
    assert wrong.returncode == 2 and "did you mean 'architect'?" in wrong.stderr


def test_a_broken_plugin_is_shown_and_never_stops_the_one_who_looks(shell: Any, tmp_path: Path) -> None:
    folder = distribution(tmp_path, "faulty", "raise RuntimeError('half installed')", command=True)
    env = with_path(shell, folder)
    done = shell("plugins", env=env)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("faulty"))
    assert "genesis-plugin-faulty 3.1" in line and "failed" in line and "half installed" in line
    found = shell.json("plugins", env=env)["data"]
    assert {p["name"]: p["state"] for p in found["plugins"]}["guard"] == "loaded"
    assert found["hooks"]["genesis_authorize"] and found["commands"][0]["distribution"] == "genesis-plugin-faulty"
    sick = shell("doctor", env=env)
    assert sick.returncode == 1
    assert "plugin faulty" in sick.stdout and "half installed" in sick.stdout


def test_a_broken_plugin_stops_a_run_with_its_distribution_and_can_be_left_out(shell: Any, tmp_path: Path) -> None:
    env = with_path(shell, distribution(tmp_path, "faulty", "raise RuntimeError('half installed')"))
    done = shell("run", shell.plan(SAY), env=env)
    assert done.returncode == 2
    assert "genesis-plugin-faulty 3.1" in done.stderr and "-p no:faulty" in done.stderr
    assert not shell.home.exists()
    assert shell("-p", "no:faulty", "run", shell.plan(SAY), env=env).returncode == 0
    assert shell("run", shell.plan(SAY), "-p", "no:faulty", env=env).returncode == 0
    assert shell("run", shell.plan(SAY), env={**env, "GENESIS_BLOCK_PLUGINS": "faulty"}).returncode == 0


def test_a_broken_command_names_its_distribution(shell: Any, tmp_path: Path) -> None:
    env = with_path(shell, distribution(tmp_path, "faulty", "raise RuntimeError('half installed')", command=True))
    done = shell("faulty", env=env)
    assert done.returncode == 2
    assert done.stderr.startswith("error: command 'faulty' of genesis-plugin-faulty 3.1 can't be loaded\n")
    assert "by genesis-plugin-faulty 3.1" in shell("--help", env=env).stdout


def test_a_command_of_another_distribution_stands_beside_ours(shell: Any) -> None:
    assert "testkit" in shell("--help").stdout
    assert shell("testkit").stdout == "hello from the testkit\n"
    blocked = shell("-p", "no:testkit", "testkit")
    assert blocked.returncode == 2
    assert "there is no command 'testkit'" in blocked.stderr


def test_doctor_finds_nothing_wrong_here_and_changes_nothing(shell: Any) -> None:
    done = shell("doctor")
    assert done.returncode == 0, done.stdout
    checks = {c["name"]: c for c in shell.json("doctor")["data"]["checks"]}
    assert {"python", "sqlite", "full-text search", "genesis_core", "state folder", "disk", "plugins"} <= set(checks)
    assert not shell.home.exists()


def test_doctor_says_when_nobody_could_allow_anything(shell: Any) -> None:
    done = shell("-p", "no:guard", "doctor")
    assert done.returncode == 1
    assert "nobody can allow anything" in done.stdout


def test_doctor_says_when_state_has_no_place(shell: Any) -> None:
    (shell.folder / "file").write_text("")
    done = shell("doctor", env={"GENESIS_HOME": str(shell.folder / "file" / "home")})
    assert done.returncode == 7
    assert "can't be written" in done.stdout


def test_doctor_notices_a_stranger_who_took_the_name(shell: Any, tmp_path: Path) -> None:
    folder = distribution(tmp_path, "other", "")
    info = folder / "genesis_core-0.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genesis-core\nVersion: 0.9\n")
    (info / "top_level.txt").write_text("genesis_core\n")
    done = shell("doctor", env=with_path(shell, folder))
    assert done.returncode == 1
    assert "genesis-core installs a module of that name, too" in done.stdout


def test_config_says_where_each_setting_came_from(shell: Any) -> None:
    Path(shell.environment["GENESIS_CONFIG"]).write_text("[limits]\nmax_tasks = 7\n")
    (shell.folder / "genesis.toml").write_text("max_parallel = 3\n")
    found = {s["name"]: s for s in shell.json("config", env={"GENESIS_TASK_SECONDS": "9"})["data"]["settings"]}
    assert (found["limits.max_tasks"]["value"], found["limits.max_tasks"]["origin"]) == (
        7, shell.environment["GENESIS_CONFIG"])
    assert found["max_parallel"]["value"] == 3 and found["max_parallel"]["origin"].endswith("genesis.toml")
    assert (found["task_seconds"]["value"], found["task_seconds"]["origin"]) == (9.0, "environment")
    assert found["durability"]["origin"] == "default"
    assert "max_parallel" in shell("config", "--origin").stdout


def test_the_state_folder_of_the_settings_is_the_one_that_runs_reads(shell: Any, tmp_path: Path) -> None:
    env = {**shell.environment}
    del env["GENESIS_HOME"]
    shell.environment = env
    Path(shell.environment["GENESIS_CONFIG"]).write_text(f'home = "{tmp_path / "elsewhere"}"\n')
    run_id = shell.run(SAY)["run_id"]
    assert [r["id"] for r in shell.json("runs")["data"]["runs"]] == [run_id]
    assert (tmp_path / "elsewhere" / "runs" / run_id).is_dir()
    assert shell.json("--home", str(tmp_path / "other"), "runs")["data"]["runs"] == []


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(shell: Any, kind: str) -> None:
    done = shell("completion", kind)
    assert done.returncode == 0
    assert "_GENESIS_COMPLETE" in done.stdout


def test_a_shell_completes_commands_and_runs(shell: Any) -> None:
    run_id = shell.run(SAY)["run_id"]
    ask = {"_GENESIS_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    assert shell(env={**ask, "COMP_WORDS": "genesis ex"}).stdout.split() == ["plain,explain"]
    done = shell(env={**ask, "COMP_WORDS": f"genesis verify {run_id[:4]}", "COMP_CWORD": "2"})
    assert f"plain,{run_id}" in done.stdout


# ---- bare genesis ------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_said_to_be_empty(shell: Any) -> None:
    done = shell()
    assert done.returncode == 0
    assert "this folder is empty" in done.stdout


def test_three_goals_that_fit_are_suggested_and_each_can_be_planned(shell: Any) -> None:
    (shell.folder / "app.py").write_text("print(1)\n")
    (shell.folder / "data").mkdir()
    (shell.folder / "data" / "a.csv").write_text("a,b\n1,2\n")
    (shell.folder / "README.md").write_text("# Errors\nErrors are raised.\n")
    commands = shell.json()["data"]["commands"]
    assert len(commands) == 3
    for goal in shell.json()["data"]["goals"]:
        planned = shell.json("plan", goal)["data"]
        assert planned["unassigned"] == [] and planned["not_understood"] == [], goal


def test_files_that_nobody_reads_suggest_nothing(shell: Any) -> None:
    (shell.folder / "photo.jpg").write_bytes(b"\xff\xd8")
    found = shell.json()["data"]
    assert found["goals"] == []


def distribution(folder: Path, name: str, code: str, *, command: bool = False) -> Path:
    """Write an installed distribution of one module, as an installer leaves it; return the folder for the path."""
    place = folder / f"site-{name}"
    info = place / f"genesis_plugin_{name}-3.1.dist-info"
    info.mkdir(parents=True)
    (place / f"genesis_plugin_{name}.py").write_text(code + "\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: genesis-plugin-{name}\nVersion: 3.1\n")
    commands = f"[genesis.commands]\n{name} = genesis_plugin_{name}:command\n" if command else ""
    (info / "entry_points.txt").write_text(f"[genesis.plugins]\n{name} = genesis_plugin_{name}\n{commands}")
    return place


def with_path(shell: Any, folder: Path) -> dict[str, str]:
    separator = ";" if sys.platform == "win32" else ":"
    return {"PYTHONPATH": f"{folder}{separator}{shell.environment['PYTHONPATH']}"}


# ---- plugins that misbehave --------------------------------------------------------------------------------------


def stranger(shell: Any, body: str) -> None:
    """Install a plugin named ``odd`` with this module body."""
    place = shell.folder.parent / "odd"
    (place / "odd-1.0.dist-info").mkdir(parents=True)
    (place / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (place / "odd-1.0.dist-info" / "entry_points.txt").write_text("[genesis.plugins]\nodd = odd\n")
    (place / "odd.py").write_text(f"from genesis_core import hookimpl\n{body}\n")
    shell.environment["PYTHONPATH"] += f":{place}"


def test_a_plugin_that_cannot_say_what_it_offers_is_shown_as_failed(shell: Any) -> None:
    stranger(shell, "@hookimpl\ndef genesis_provide():\n    raise ValueError('out of order')")
    (info,) = [p for p in shell.json("plugins")["data"]["plugins"] if p["name"] == "odd"]
    assert info["state"] == "failed" and "out of order" in info["reason"]
    checks = json.loads(shell("doctor", "--json").stdout)["data"]["checks"]
    assert [c["ok"] for c in checks if c["name"] == "plugin odd"] == [False]


def test_what_a_plugin_prints_while_it_is_loaded_stays_out_of_the_document(shell: Any) -> None:
    stranger(shell, "print('hello from odd')\n@hookimpl\ndef genesis_provide():\n    print('here I am')\n    return []")
    for words in (("plugins",), ("agents",), ("plan", "Scan this")):
        done = shell(*words, "--json")
        assert json.loads(done.stdout)["ok"] and "hello from odd" in done.stderr


def test_a_run_that_was_killed_is_counted_from_its_journal(shell: Any) -> None:
    plan = shell.plan({"id": "quick", "agent": "echo"}, {"id": "long", "agent": "sleepy", "depends_on": ["quick"]})
    process = shell.start("run", plan, "--follow", stdout=subprocess.PIPE)
    for line in process.stdout:
        event = json.loads(line)
        if (event["kind"], event["task_id"]) == ("task.started", "long"):
            break
    busy = shell("verify", "last")
    process.kill()
    process.communicate()
    assert busy.returncode == 2 and "it is running" in busy.stderr
    (listed,) = shell.json("runs")["data"]["runs"]
    assert (listed["state"], listed["done"], listed["tasks"]) == ("interrupted", 1, 2)


def test_a_settings_file_that_is_not_there_and_a_misspelt_variable_are_named(shell: Any) -> None:
    done = shell("runs", env={"GENESIS_CONFIG": "nowhere.toml"})
    assert done.returncode == 2 and "nowhere.toml" in done.stderr
    done = shell("runs", env={"GENESIS_MAXPARALLEL": "3"})
    assert done.returncode == 0 and "did you mean GENESIS_MAX_PARALLEL?" in done.stderr
