"""``genesis eval``: lists what there is, ends with 0 whatever the score, and says what it can't use in three lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesis_cli import main

ROW = {"id": "1", "domain": "d", "request": "Send an email", "type": "single", "nodes": ["play_song"], "links": [],
       "tools": [{"id": "send_email", "desc": "Send email"}, {"id": "play_song", "desc": "Play a song"}]}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own, and nobody's settings."""
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    (tmp_path / "empty.toml").touch()
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "empty.toml"))
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path: Path, home: Path) -> str:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(ROW) + "\n")
    return str(path)


@pytest.mark.usefixtures("home")
def test_without_a_kind_it_lists_those_that_are_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--json"]) == 0
    assert {"decomposition", "routing"} <= set(json.loads(capsys.readouterr().out)["data"]["evaluations"])


def test_a_score_of_nothing_is_a_result(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    assert main(["eval", "decomposition", "--data", data, "--predictions", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and told["data"]["scores"]["all"]["node_f1"] == 0.0
    assert json.loads(out.read_text()) == {"id": "1", "nodes": ["send_email"], "links": []}


def test_people_get_one_line_a_group(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "decomposition", "--data", data]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("decomposition: 1 row,") and [line.split(":")[0].strip() for line in lines[1:]][-1] == "all"
    )


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["eval", "rooting", "--data", "x"], "did you mean 'routing'?"),
        (["eval", "routing"], "needs --data"),
        (["eval", "tools", "--programs", "x"], "genesis eval tools takes no --programs"),
        (["eval", "tools", "--data", "x", "--tools", "y"], "genesis eval tools takes no --tools"),
        (["eval", "sandbox", "--data", "x", "--programs", "y"], "give one"),
        (["eval", "routing", "--data", "/no/such/file"], "can't be read"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_the_way_out(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and "hint: " in error


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("given", "unseen", "said"), [
    ([{"input": "a", "output": "b"}], [{"input": ["a"]}], "an 'input' of 'given' is no list of arguments"),
    ([{"input": ["a"], "output": "b"}], [{"input": "a"}], "an 'input' of 'unseen' is no list of arguments"),
    ([{"input": ["a"]}], [{"input": ["a"]}], "an example of 'given' has no 'output'"),
    ([{"input": ["a"], "output": "b"}], [{"input": ["a", "b"]}], "another number of arguments"),
    ([], [{"input": ["a"]}], "'given' is no list of objects"), ("ab", [], "'given' is no list of objects"),
])  # fmt: skip
def test_rows_of_the_tools_evaluation_that_are_none_are_named(
    given: object, unseen: object, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": "1", "given": given, "unseen": unseen}))
    assert main(["eval", "tools", "--data", str(tmp_path / "rows.jsonl")]) == 2
    error = capsys.readouterr().err
    assert f"line 1 of {tmp_path / 'rows.jsonl'} can't be used" in error and said in error


def test_a_bound_that_is_nothing_has_no_sign() -> None:
    from genesis_cli._scores_text import told

    said = told("tools", {"rows": 2, "variant": "x", "errors": 0, "scores": {"wrong": {"low": -0.0, "high": 0.5}}})
    assert said.splitlines()[1] == "  wrong: low 0, high 0.5"
