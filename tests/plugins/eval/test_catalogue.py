"""``--catalogue``: agents and tools from descriptions in files, in the spellings in use, and what is wrong there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genesis_cli import main
from genesis_cli.schemas import made as schemas
from genesis_core import SettingsError
from genesis_eval._catalogue import Catalogue
from genesis_eval._descriptions import read_described

DOCUMENT: dict[str, Any] = {
    "agents": [
        {"name": "baker", "description": "Bakes bread and cakes.", "skills": ["bake bread"]},
        {"name": "joiner", "description": "Mends chairs and tables.", "needs_model": True,
         "skills": [{"id": "mend", "description": "mend a chair"}]},
    ],
    "tools": [
        {"name": "find_recipe", "description": "Find a recipe.", "parameters": ["dish"], "outputs": ["recipe"]},
        {"name": "order", "desc": "Order groceries.", "inputSchema": {"type": "object"}, "title": "Order"},
    ],
}  # fmt: skip
TOML = """
[[agents]]
name = "baker"
description = "Bakes bread and cakes."
skills = ["bake bread"]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    (tmp_path / "empty.toml").touch()
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "empty.toml"))


def write(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_a_file_describes_agents_and_tools(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator(schemas()["catalogue.schema.json"]).validate(DOCUMENT)
    found = read_described(write(tmp_path / "c.json", DOCUMENT))
    assert [(card.name, card.skills[0].id) for card in found.agents] == [("baker", "bake bread"), ("joiner", "mend")]
    assert [tool.name for tool in found.tools] == ["find_recipe", "order"]
    assert list(found.tools[0].input_schema["properties"]) == ["dish"] and found.tools[1].description


def test_json_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    yaml = "agents:\n- {name: baker, description: Bakes bread and cakes., skills: [bake bread]}\n"
    read = [read_described(write(tmp_path / f"c.{end}", text)).agents
            for end, text in (("json", {"agents": DOCUMENT["agents"][:1]}), ("yaml", yaml), ("toml", TOML))]
    assert read[0] == read[1] == read[2] != ()


def test_tools_are_read_as_servers_and_models_spell_them(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"to": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": "call", "description": "Call.", "parameters": schema}},
             {"name": "mail", "description": "Mail.", "inputSchema": schema, "annotations": {"readOnlyHint": True}}]
    found = read_described(write(tmp_path / "c.json", tools)).tools
    assert [(tool.name, tool.input_schema) for tool in found] == [("call", schema), ("mail", schema)]


@pytest.mark.parametrize(("value", "said"), [
    ("{", "holds no descriptions"), ("3", "holds no descriptions"), ({}, "describes nothing"),
    ({"agent": []}, "did you mean 'agents'?"), ({"agents": {}}, "'agents' is no list"),
    ({"agents": ["x"]}, "agent 1 of .* is no object"), ({"agents": [{"description": "x"}]}, "agent 1 of .*name"),
    ({"agents": [{"name": "a", "skils": []}]}, "did you mean 'skills'?"),
    ({"agents": [{"name": "a", "prior": 2}]}, "agent 1 of .*: prior: "),
    ({"tools": [{"name": "a", "descripton": ""}]}, "did you mean 'description'?"),
    ({"tools": [{"name": "a"}, {"id": "a"}]}, "tool 2 of .* another one has: 'a'"),
    ({"tools": [{"name": ""}]}, "tool 1 of .* has no name"), ({"tools": [{"name": "a", "parameters": 3}]}, "tool 1 of"),
])  # fmt: skip
def test_what_is_no_description_is_named(value: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_described(write(tmp_path / "c.json", value))
    problem = caught.value
    text = f"{problem.message} {problem.cause}"
    assert all(part in text for part in said.split(".*")) and problem.cause and problem.hint


def test_yaml_that_multiplies_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no descriptions"):
        read_described(write(tmp_path / "c.yaml", "tools: &a [1, 2]\nagents: *a\n"))


def test_a_folder_has_a_file_for_each_domain_and_all_for_rows_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    write(folder / "a.tool_desc.json", {"nodes": [{"id": "x", "desc": "X", "old_desc": ""}, {"id": "x"}]})
    write(folder / "b.yaml", "tools: [{name: y, description: Y}]\n")
    write(folder / "a.graph_desc.json", {"links": []})
    found = Catalogue(folder)
    assert [[t.name for t in found.tools(domain)] for domain in ("a", "b", "")] == [["x"], ["y"], ["x", "y"]]
    for wrong in ("c", "../a"):
        with pytest.raises(SettingsError, match="no tools for the domain"):
            found.tools(wrong)
    with pytest.raises(SettingsError, match="describes no agent"):
        found.agents()


def test_tasks_are_routed_among_the_agents_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": "1", "task": "Bake a loaf of bread.", "agent": "baker"},
            {"id": "2", "task": "Mend a broken chair.", "agent": "joiner"}]  # fmt: skip
    data, out = write(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), tmp_path / "out.jsonl"
    words = ["eval", "routing", "--data", str(data), "--catalogue", str(write(tmp_path / "c.json", DOCUMENT))]
    assert main([*words, "--predictions", str(out), "--baseline", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["data"]
    assert found["scores"]["top1"] == 1.0 == found["baseline"]["scores"]["top1"]
    assert {name for line in out.read_text().splitlines() for name in json.loads(line)["ranked"]} <= {"baker", "joiner"}


def test_rows_of_ones_own_need_neither_domain_nor_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": "1", "request": "Find a recipe for soup", "nodes": ["find_recipe"], "links": []}]
    data = write(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    catalogue = write(tmp_path / "c.json", DOCUMENT)
    assert main(["eval", "decomposition", "--data", str(data), "--catalogue", str(catalogue), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["data"]["scores"]
    assert scores["all"]["node_f1"] == 100.0 and scores["all"]["node_halluc"] == 0.0


@pytest.mark.parametrize(("words", "said"), [
    (["--catalogue", "/no/such"], "is not there"), (["--catalogue", "x", "--tools", "y"], "give one"),
    (["--freeze", "x"], "takes no --freeze"),
])  # fmt: skip
def test_options_that_cannot_be_used_are_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(tmp_path / "r.jsonl", json.dumps({"id": "1", "request": "x"}) + "\n")
    assert main(["eval", "decomposition", "--data", str(data), *words]) == 2
    error = capsys.readouterr().err
    assert said in error and "hint: " in error
