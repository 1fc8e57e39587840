"""``genesis eval`` writes over nothing that it did not write, ends when it is told to, and takes nothing senseless."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_cli import main

TASKS = [{"id": "1", "task": "Write code.", "agent": "a"}, {"id": "2", "task": "Review code.", "agent": "b"}]
GRAPH: dict[str, Any] = {"id": "1", "request": "Send an email", "nodes": ["send_email"], "links": [],
                         "tools": [{"id": "send_email", "desc": "Send an email"}]}  # fmt: skip
MADE = {"ranked": ["a"], "confidence": 1.0, "reason": "x"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of its own, nobody's settings, and a working folder to write to."""
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    (tmp_path / "empty.toml").touch()
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "empty.toml"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the three lines with which a call ends."""
    assert main(["eval", *words]) == 2
    said = capsys.readouterr().err.splitlines()[-3:]
    assert [line.partition(":")[0] for line in said] == ["error", "cause", "hint"]
    return "\n".join(said)


# ---- files that are there ------------------------------------------------------------------------------------------


def test_what_is_read_in_the_same_call_is_not_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    data = write("tasks.jsonl", TASKS)
    Path("catalogue.json").write_text('{"agents": [{"name": "a", "description": "Writes code.", "skills": ["code"]}]}')
    Path("link.jsonl").symlink_to(data)
    before = {path: path.read_bytes() for path in Path().iterdir()}
    for target in before:
        said = refused(capsys, "routing", "--data", data, "--catalogue", "catalogue.json", "--predictions", str(target))
        assert "is read in the same call" in said
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


@pytest.mark.parametrize("content", [
    b"keep me\n", bytes(range(256)), b"{}\n", b"[1]", b"[" * 5000, json.dumps(TASKS[0]).encode(),
    json.dumps({"id": "1", "score": 0.5}).encode() + b"\n", json.dumps({"id": "other", **MADE}).encode() + b"\n",
])  # fmt: skip
def test_a_file_that_holds_no_predictions_of_these_rows_is_left_as_it_is(
    content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there").write_bytes(content)
    assert "left as it was" in refused(capsys, "routing", "--data", write("t.jsonl", TASKS), "--predictions", "there")
    assert Path("there").read_bytes() == content
    assert {path.name for path in Path().iterdir()} == {"there", "t.jsonl"}


def test_a_folder_is_neither_written_over_nor_made(capsys: pytest.CaptureFixture[str]) -> None:
    data = write("t.jsonl", TASKS)
    Path("folder").mkdir()
    assert "it is a folder" in refused(capsys, "routing", "--data", data, "--predictions", "folder")
    assert "there is no folder 'no'" in refused(capsys, "routing", "--data", data, "--predictions", "no/made.jsonl")
    assert {path.name for path in Path().iterdir()} == {"folder", "t.jsonl"}


@pytest.mark.parametrize(("content", "resumed"), [
    ("", 0), ('{"id": "1", "ranked": ["a"', 0), (json.dumps({"id": "1", **MADE}) + "\n", 1),
    (json.dumps({"id": "1", **MADE}) + '\n{"id": "2", "ran', 1), (json.dumps({"id": "2", **MADE}) + "\n", 0),
])  # fmt: skip
def test_predictions_of_the_same_rows_are_gone_on_with(
    content: str, resumed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("made").write_text(content)
    assert main(["eval", "routing", "--data", write("t.jsonl", TASKS), "--predictions", "made", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["resumed"] == resumed
    rows = [json.loads(line) for line in Path("made").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"] and (rows[0] == {"id": "1", **MADE}) == bool(resumed)


# ---- signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_it_scores_ends_it_with_one_document(number: int, code: int) -> None:
    count = 20_000
    rows = "".join(f'{n},"why {n}",{n % 3 > 0:d},{n % 2}\n' for n in range(count))
    Path("rows.csv").write_text("id,prompt,strong_correct,weak_correct\n" + rows)
    write("made", [{"id": str(n), "score": n % 7 / 7} for n in range(count - 1)])
    words = ["eval", "cost", "--data", "rows.csv", "--predictions", "made", "--json"]
    running = subprocess.Popen([sys.executable, "-m", "genesis_cli", *words], stdout=-1, stderr=-1)
    while running.poll() is None and Path("made").read_bytes().count(b"\n") < count:
        time.sleep(0.02)
    running.send_signal(number)
    out, error = running.communicate(timeout=60)
    told = json.loads(out)
    assert (running.returncode, told["ok"], told["error"]["code"]) == (code, False, "interrupted"), error
    assert "kept in made" in told["error"]["cause"]


# ---- rows that make no sense -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "row", "said"), [
    ("decomposition", {**GRAPH, "nodes": 5}, "'nodes' is 5"),
    ("decomposition", {**GRAPH, "nodes": [5]}, "'nodes' is 5"),
    ("decomposition", {**GRAPH, "nodes": [{"task": "a", "arguments": 4}]}, "'nodes arguments' is 4"),
    ("decomposition", {**GRAPH, "links": [["x"]]}, "'links' is ['x']"),
    ("decomposition", {**GRAPH, "links": [{"source": "x"}]}, "'links' is {'source': 'x'}"),
    ("decomposition", {**GRAPH, "steps": [4]}, "'steps' is 4"),
    ("decomposition", {**GRAPH, "result": 4}, "'result' is 4"),
    ("decomposition", {**GRAPH, "tools": [3]}, "'tools' is 3"),
    ("decomposition", {**GRAPH, "tools": [{"id": "a", "parameters": 5}]}, "'tools': the tool 'a'"),
    ("decomposition", {**GRAPH, "domain": ["x"]}, "'domain' is ['x']"),
    ("decomposition", {**GRAPH, "type": 5}, "'type' is 5"),
    ("decomposition", {**GRAPH, "request": {"a": 1}}, "'request' is {'a': 1}"),
    ("routing", {**TASKS[0], "id": [1]}, "'id' is [1]"),
    ("routing", {**TASKS[0], "id": True}, "'id' is True"),
    ("routing", {**TASKS[0], "agent": 5}, "'agent' is 5"),
    ("guard", {"id": "1", "text": "x", "label": "maybe"}, "'label' is 'maybe'"),
    ("guard", {"id": "1", "text": "x", "label": 7}, "'label' is 7"),
    ("guard", {"id": "1", "text": "x", "label": 1, "kind": ["x"]}, "'kind' is ['x']"),
    ("tools", {"id": "1", "given": [], "unseen": [], "features": 5}, "'features' is 5"),
])  # fmt: skip
def test_a_field_that_makes_no_sense_is_named_with_its_line(
    kind: str, row: Mapping[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.jsonl").write_text("\n" + json.dumps(row))
    assert f"line 2 of rows.jsonl: {said}" in refused(capsys, kind, "--data", "rows.jsonl")


@pytest.mark.parametrize("line", [
    "[" * 5000, "[" * 5000 + "]" * 5000, '{"id": "1", "task": ' + "[" * 900 + "]" * 900 + "}",
])  # fmt: skip
def test_deep_nesting_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.jsonl").write_text(line)
    said = refused(capsys, "routing", "--data", "rows.jsonl")
    assert "line 1 of rows.jsonl can't be read as JSON" in said and "nested deeper" in said


@pytest.mark.parametrize(("line", "said"), [
    ('1,"a\nb",x,0', "line 3 of rows.csv: 'strong_correct' is 'x'"), ("1,a,nan,0", "'strong_correct' is 'nan'"),
    ("1", "'prompt' is None"), ("1,a,1,0\n1,b,1,0", "line 3 of rows.csv has the id '1' of line 2"),
])  # fmt: skip
def test_a_cell_that_makes_no_sense_is_named_with_its_line(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.csv").write_text(f"id,prompt,strong_correct,weak_correct\n{line}\n")
    assert said in refused(capsys, "cost", "--data", "rows.csv")


def test_two_rows_of_one_id_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    data = write("t.jsonl", [TASKS[0], TASKS[1], {**TASKS[1], "id": "1"}])
    assert "line 3 of t.jsonl has the id '1' of line 1" in refused(capsys, "routing", "--data", data)


def test_rows_with_whole_numbers_as_ids_are_scored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "decomposition", "--data", write("d.jsonl", [{**GRAPH, "id": 1}]), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["data"]["scores"]["all"]
    assert (scores["missing"], scores["node_f1"]) == (0, 100.0)


@pytest.mark.parametrize(("text", "said"), [("[" * 5000, "can't be read"), ('{"links": [5]}', "has no 'links'")])
def test_a_file_of_links_that_is_none_is_refused(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tools").mkdir()
    Path("tools/d.tool_desc.json").write_text('{"tools": [{"name": "send_email"}]}')
    Path("tools/d.graph_desc.json").write_text(text)
    row = {**GRAPH, "domain": "d", "tools": []}
    assert said in refused(capsys, "decomposition", "--data", write("d.jsonl", [row]), "--tools", "tools")


# ---- options, and what is said ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "said"), [
    (["--programs", "x"], "genesis eval routing takes no --programs"),
    (["--freeze", "x"], "it is for cost\nhint: genesis eval routing --data FILE [--catalogue ...] [--baseline]"),
    (["--tools", "x"], "it is for decomposition\n"), (["--catalogue", "no"], "there is no file or folder of that name"),
])  # fmt: skip
def test_an_option_of_another_evaluation_is_named_as_such(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, "routing", "--data", write("t.jsonl", TASKS), *words)


def test_people_read_the_figures_that_one_compares_by_and_nothing_for_what_was_never_said(
    capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [{"task": "send_email", "arguments": [{"name": "to", "value": "Ann"}]}]
    data = write("d.jsonl", [{**GRAPH, "id": str(n), "nodes": nodes, "steps": ["Write to Ann"]} for n in range(3)])
    made = write("made", [{"id": str(n), "nodes": nodes, "links": []} for n in range(3)])
    assert main(["eval", "decomposition", "--data", data, "--baseline", made]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "  all: n 3, node_f1 100 [baseline 100], edge_f1 -, arg_value_f1 - [baseline 100]" in said
    assert main(["eval", "decomposition", "--data", data, "--baseline", made, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["data"]
    assert found["scores"]["all"]["arg_value_f1"] == found["scores"]["all"]["rouge1"] == 0
    assert {"arg_value_f1", "rouge1"} <= set(found["silent"]["scores"]) and "rouge2" in found["silent"]["baseline"]
