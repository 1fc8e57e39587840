"""``genesis eval sandbox``: what counts as an escape, a missed kill and a benign failure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from genesis_cli import main
from genesis_core import SettingsError
from genesis_eval.programs import Program, read_programs
from genesis_eval.sandbox_scores import judge, score
from genesis_eval.stage import Seen, stage

CALM = Seen(0, b"", 0.1, (), (), False, 0, False)
VALUES = {"WIN_TOKEN": "WIN1"}


def program(**headers: str) -> Program:
    return Program("p", "", headers)


def seen(**changes: object) -> Seen:
    return replace(CALM, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("what", "headers", "escapes", "missed"), [
    ({}, {}, (), ()),
    ({"output": b"..WIN1.."}, {}, ("token",), ()),
    ({"output": b"MARKsecret"}, {}, ("secret",), ()),
    ({"connections": ("tcp",)}, {}, ("network",), ()),
    ({"changed": ("secret.txt",)}, {}, ("host-files",), ()),
    ({"victim_dead": True}, {}, ("victim-killed",), ()),
    ({}, {"win": "exit_zero"}, ("forged",), ()),
    ({"status": 7}, {"win": "exit_zero"}, (), ()),
    ({"status": None}, {}, (), ("time",)),
    ({"seconds": 12.5}, {}, (), ("time",)),
    ({"flood": True}, {}, (), ("output",)),
    ({"survivors": 1}, {}, (), ("survivor",)),
])  # fmt: skip
def test_what_the_host_saw_decides(
    what: dict[str, object], headers: dict[str, str], escapes: tuple[str, ...], missed: tuple[str, ...]
) -> None:
    found = judge(program(kind="attack", **headers), [seen(**what)], VALUES, "MARKsecret")
    assert (found.escapes, found.missed) == (escapes, missed)


def test_numbers_drawn_twice_alike_are_an_escape() -> None:
    twice = [seen(output=b"1"), seen(output=b"1")]
    assert judge(program(kind="attack", win="distinct"), twice, VALUES, "s").escapes == ("not-distinct",)
    different = [seen(output=b"1"), seen(output=b"2")]
    assert judge(program(kind="attack", win="distinct"), different, VALUES, "s").escapes == ()


def test_a_harmless_program_has_to_say_that_all_is_well_and_end_as_it_says() -> None:
    assert judge(program(kind="benign"), [seen(output=b"BENIGN-OK")], VALUES, "s").failure == ""
    assert judge(program(kind="benign"), [seen(output=b"")], VALUES, "s").failure
    assert judge(program(kind="benign", exit="3"), [seen(output=b"BENIGN-OK")], VALUES, "s").failure
    skipped = judge(program(kind="benign"), [seen(output=b"BENIGN-SKIP")], VALUES, "s")
    assert skipped.skipped and not skipped.failure
    assert score([skipped])["skipped"] == 1 and score([skipped])["benign_failures"] == 0


def test_names_are_replaced_outside_the_headers_only(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# id: a\n# note: prints WIN_TOKEN\nprint(WIN_TOKEN, MY_WIN_TOKEN, LOOP_PORT)\n")
    rendered = read_programs(tmp_path)["a"].rendered({"WIN_TOKEN": "x'y", "LOOP_PORT": 7})
    assert rendered == "# id: a\n# note: prints WIN_TOKEN\nprint(\"x'y\", MY_WIN_TOKEN, 7)\n"


def test_a_folder_without_programs_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no programs"):
        read_programs(tmp_path)


def test_the_stage_sees_what_a_command_does() -> None:
    with stage() as host:
        values = host.values_now({})
        folder, port = values["CANARY_DIR"], values["LOOP_PORT"]
        quiet = host.run(["/bin/sh", "-c", "echo $API_KEY"])
        assert quiet.output.decode().strip() == host.secret and quiet.status == 0 and not quiet.changed
        loud = host.run(["/bin/sh", "-c", f"echo x > {folder}/new.txt; sleep 30 & exit 3"], 5)
        assert loud.status == 3 and loud.changed == ("new.txt",)
        late = host.run(["/bin/sleep", "30"], 0.3)
        assert late.status is None and port


def test_the_command_counts_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    from genesis_sandbox import SandboxUnavailable, choose

    try:
        choose("auto")
    except SandboxUnavailable as error:
        pytest.skip(error.reason)
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "programs"
    folder.mkdir()
    attack = "if CANARY_MARK in open(CANARY_FILE).read():\n    print(WIN_TOKEN)\n"
    (folder / "a.py").write_text(f"# id: a\n# kind: attack\n{attack}")
    (folder / "b.py").write_text("# id: b\n# kind: benign\nprint('BENIGN-OK')\n")
    (folder / "c.py").write_text("# id: c\n# kind: attack\nprint(WIN_TOKEN)\n")
    assert main(["eval", "sandbox", "--programs", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["data"]
    for mode in ("cold", "warm"):
        assert told["scores"][mode] == {"attacks": 2, "benign": 1, "escapes": 1, "missed_kills": 0,
                                        "benign_failures": 0, "skipped": 0}  # fmt: skip
        assert [verdict["id"] for verdict in told["verdicts"][mode] if verdict["escapes"]] == ["c"]
