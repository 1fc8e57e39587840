"""``genesis tools`` and the agents that were made, as their users call them."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from genesis_core import AgentCard, Genesis, Label, Proposal, Skill, ToolSpec, Trust, read_need

NEED = """\
name: slug
description: Return a text in lower case with dashes for blanks.
examples:
  - {arguments: {text: "Hello World"}, value: hello-world}
  - {arguments: {text: "One two three"}, value: one-two-three}
  - {arguments: {text: "Already"}, value: already}
"""
CODE = '''def slug(text: str) -> str:
    """Return the text as a slug."""
    return "-".join(text.lower().split())
'''
ERROR = ("error: ", "cause: ", "hint: ")


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    from genesis_sandbox import self_test

    found = self_test()
    if not found.ok:
        pytest.skip(f"no sandbox here: {found.reason}")


@pytest.fixture
def need(shell: Any) -> str:
    (shell.folder / "need.yaml").write_text(NEED, encoding="utf-8")
    (shell.folder / "slug.py").write_text(CODE, encoding="utf-8")
    return "need.yaml"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the tool admitted, to be copied."""
    home = tmp_path_factory.mktemp("kept")
    (home / "need.yaml").write_text(NEED, encoding="utf-8")
    need = read_need(home / "need.yaml")
    spec = ToolSpec(name="slug", version="1.0.0", description=need.description)

    async def admit() -> None:
        async with Genesis.open(home / "home", settings={}) as genesis:
            workshop = genesis.workshop()
            assert workshop is not None
            admission = await workshop.admit(need, Proposal(spec=spec, code=CODE, author="file"))
            assert admission.why == ""

    asyncio.run(admit())
    return home / "home"


@pytest.fixture
def digest(shell: Any, need: str, kept: Path) -> str:
    """The digest of the one tool that is active in the shell's state folder."""
    shutil.copytree(kept, shell.home, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    with closing(sqlite3.connect(shell.home / "registry" / "registry.db")) as db:
        (data,) = db.execute("SELECT data FROM rows WHERE kind = 'active'").fetchone()
    return str(json.loads(data)["digest"])


def problem(done: Any) -> list[str]:
    """Return the three lines of an error."""
    lines = [line for line in done.stderr.splitlines() if line.startswith(ERROR)]
    assert len(lines) == 3 and done.stdout == "", done.stderr
    return lines


def test_nothing_was_made_yet_and_looking_makes_nothing(shell: Any) -> None:
    assert shell.json("tools")["data"] == {"refused": "", "tools": []}
    assert "no tools were made here" in shell("tools", "list").stdout
    assert shell.json("tools", "verify")["data"] == {"versions": 0, "faults": []}
    assert not (shell.home / "registry").exists() and not (shell.home / "keys").exists()


def test_a_tool_goes_from_its_examples_to_a_call_that_is_on_record(shell: Any, need: str) -> None:
    proposed = shell("tools", "propose", need)
    assert proposed.returncode == 0 and "nothing of it has run yet" in proposed.stdout, proposed.stderr
    assert "next: genesis tools show" in proposed.stderr
    early = shell("tools", "promote", "slug")
    assert early.returncode == 1 and "has no trial yet" in problem(early)[0]
    tried = shell("tools", "trial", "slug")
    assert tried.returncode == 0 and "trial" in tried.stdout and "3 examples" in tried.stdout
    assert "is active" in shell("tools", "promote", "slug").stdout
    assert shell("tools", "call", "slug", '{"text": "A Need Met"}').stdout == '"a-need-met"\n'
    found = shell.json("tools", "call", "slug", '{"text": "Again"}')
    assert found["schema"] == "genesis.cli.tools-call/1" and found["data"]["value"] == "again"
    record = shell.json("runs", "show", found["data"]["run_id"])["data"]
    assert record["state"] == "completed" and record["tasks"]["call"]["output"] == {"value": "again"}
    assert shell("verify", "last").returncode == 0
    (row,) = shell.json("tools")["data"]["tools"]
    assert (row["state"], row["offered"], row["author"], row["calls"]) == ("active", True, "examples", 2)
    assert shell.json("tools", "verify")["data"] == {"versions": 1, "faults": []}


def test_a_tool_is_known_by_its_name_or_the_beginning_of_its_digest(shell: Any, digest: str) -> None:
    assert shell.json("tools", "show", "slug")["data"] == shell.json("tools", "show", digest[:6])["data"]
    shown = shell("tools", "show", "slug").stdout
    assert CODE.rstrip() in shown and digest in shown and "nothing beyond computing" in shown
    for word, said in (("slgu", "did you mean 'slug'?"), (digest[:3], "was made here")):
        wrong = shell("tools", "show", word)
        assert wrong.returncode == 2 and said in problem(wrong)[0]


def test_a_newer_version_takes_the_name_and_an_older_one_comes_back(shell: Any, digest: str) -> None:
    (shell.folder / "slug.py").write_text(CODE.replace("as a slug", "with dashes"), encoding="utf-8")
    first, second = digest, shell.json("tools", "propose", "need.yaml", "--code", "slug.py")["data"]["digest"]
    assert shell.json("tools", "trial", "slug")["data"]["passed"] is True
    assert shell.json("tools", "promote", "slug")["data"]["offered"] is True
    states = {row["digest"]: row["state"] for row in shell.json("tools")["data"]["tools"]}
    assert states == {first: "deprecated", second: "active"}
    assert shell.json("tools", "promote", first[:8])["data"]["state"] == "active"
    revoked = shell.json("tools", "revoke", first[:8], "--reason", "it lies")["data"]
    assert (revoked["state"], revoked["why"]) == ("revoked", "it lies")
    gone = shell("tools", "promote", first[:8])
    assert gone.returncode == 4 and "was revoked" in problem(gone)[0]
    none = shell("tools", "call", "slug", '{"text": "x"}')
    assert none.returncode == 1 and "it is deprecated" in problem(none)[1]


def test_what_a_tool_asks_for_is_asked_of_a_person(shell: Any, need: str) -> None:
    shell.environment["SLUG_DASH"] = "-"
    code = ('import os\n\n\ndef slug(text: str) -> str:\n    """Return the text as a slug."""\n'
            '    return os.environ["SLUG_DASH"].join(text.lower().split())\n')
    (shell.folder / "slug.py").write_text(code, encoding="utf-8")
    assert shell("tools", "propose", need, "--code", "slug.py", "--env", "SLUG_DASH").returncode == 0
    asked = shell("tools", "trial", "slug")
    assert asked.returncode == 2 and "must be confirmed" in problem(asked)[0]
    assert shell("tools", "trial", "slug", "--yes").returncode == 0
    asked = shell("tools", "promote", "slug")
    assert asked.returncode == 2 and problem(asked)[2] == "hint: add --yes"
    done = shell.json("tools", "promote", "slug", "--yes")["data"]
    assert done["approved"] == "user" and done["tool"]["capabilities"] == {"env": ["SLUG_DASH"]}
    assert "asks for   env SLUG_DASH (granted by user)" in shell("tools", "show", "slug").stdout


def test_a_tool_that_is_wrong_is_refused_with_the_layer_that_says_so(shell: Any, need: str) -> None:
    (shell.folder / "slug.py").write_text(CODE.replace("lower", "upper"), encoding="utf-8")
    assert shell("tools", "propose", need, "--code", "slug.py").returncode == 0
    wrong = shell.json("tools", "trial", "slug", code=1)
    assert wrong["error"]["code"] == "refused" and wrong["data"]["passed"] is False
    assert wrong["data"]["checks"][-1]["layer"] == "trial" and "HELLO-WORLD" in wrong["error"]["cause"]
    (shell.folder / "slug.py").write_text("import socket\n" + CODE, encoding="utf-8")
    looked = shell("tools", "propose", need, "--code", "slug.py")
    assert looked.returncode == 1 and "is refused by layer" in problem(looked)[0]


@pytest.mark.parametrize(("text", "said"), [
    ("name: slug\nexamples: 3\n", "examples"), ("[1, 2]", "no need"), ("name: Not-A-Name\n", "name"),
    ("name: slug\nmore: 1\n", "no such field"), ("{", "understood"),
    ("name: Slug\n", "a lower-case letter, then up to 63 letters, digits or _"),
    ("name: slug\nexamples: 3\n", "genesis tools propose --help shows the form"),
    (f"name: slug\ndescription: {'x' * 4001}\n", "4001 characters of description; a need has at most 4000"),
    ("name: slug\nexamples:\n" + "  - {arguments: {t: a}, value: b}\n" * 65, "65 examples; a need has at most 64"),
    ("name: slug\n" + "#" * 5_000_000, "a need file has at most 5000000"),
])
def test_a_need_that_is_none_is_refused(shell: Any, text: str, said: str) -> None:
    (shell.folder / "need.yaml").write_text(text, encoding="utf-8")
    done = shell("tools", "propose", "need.yaml")
    assert done.returncode in (2, 3) and said in " ".join(problem(done)), done.stderr
    assert "plan" not in done.stderr


def test_a_source_that_is_too_large_is_refused_before_anything_else(shell: Any, need: str) -> None:
    (shell.folder / "slug.py").write_text(CODE + "#" * 65_536)
    assert "at most 65536 bytes" in problem(shell("tools", "propose", need, "--code", "slug.py"))[0]


def test_a_need_that_is_run_says_what_it_is(shell: Any, need: str) -> None:
    done = shell("run", need)
    assert done.returncode == 2 and "this is a need" in problem(done)[0]
    assert problem(done)[2] == "hint: genesis tools propose need.yaml"


def test_what_cannot_be_made_is_an_answer(shell: Any) -> None:
    (shell.folder / "need.json").write_text(json.dumps({"name": "oracle", "description": "Say what comes."}))
    done = shell("tools", "propose", "need.json")
    assert done.returncode == 1 and problem(done)[0] == "error: no tool 'oracle' could be made"
    assert "--code FILE.py" in problem(done)[2]


@pytest.mark.parametrize(("words", "said"), [
    (("call", "slug", "{"), "no JSON"), (("call", "slug", "[1]"), "no JSON object"),
    (("call", "slug", "{}"), "was made here"), (("propose", "need.yaml", "--read", "x"), "--code"),
    (("propose", "absent.yaml"), "can't be read"), (("import", "absent", "--signer", "0" * 64), "can't be read"),
    (("import", "slug.py", "--signer", "slug.py"), "no bundle"),
    (("import", "need.yaml", "--signer", "0" * 64), "it is no bundle"),
    (("import", "need.json", "--signer", "0000"), "'0000' is neither a fingerprint (64 hex digits) nor a file"),
    (("import", "need.json", "--signer", "slug.py"), "slug.py holds no fingerprint"),
    (("call", "slug", '{"text": "a", "text": "b"}'), "the key 'text' stands twice"),
    (("call", "slug", '{"text": NaN}'), "NaN is not a JSON number"),
    (("export", "slug", "-o", "no/where"), "no folder"),
])
def test_what_cannot_be_meant_is_three_lines(shell: Any, need: str, words: tuple[str, ...], said: str) -> None:
    (shell.folder / "need.json").write_text("{}")
    done = shell("tools", *words)
    assert done.returncode != 0 and said in " ".join(problem(done))


@pytest.mark.parametrize(("words", "said"), [
    ('{"txet": "A"}', "it takes no 'txet'; did you mean 'text'?"), ("{}", "'text' is missing"),
    ('{"text": 3}', "'text' must be text, not 3"), ('{"text": null}', "'text' must be text, not null"),
    ('{"text": ["A", 3]}', "'text' must be text, not 3"), ('{"text": "A", "more": 1}', "it takes no 'more'"),
])
def test_arguments_that_a_tool_does_not_take_begin_no_run(shell: Any, digest: str, words: str, said: str) -> None:
    done = shell("tools", "call", "slug", words)
    assert done.returncode == 2 and said in problem(done)[0] and "it takes text: text" in problem(done)[1]
    assert shell.json("runs")["data"]["runs"] == []


def test_arguments_are_read_from_stdin_and_each_item_of_a_list_is_a_call(shell: Any, digest: str) -> None:
    found = shell.json("tools", "call", "slug", "-", stdin='{"text": ["A B", "C D"]}')["data"]
    assert found["value"] == ["a-b", "c-d"] and found["digest"] == digest


def test_what_is_only_proposed_is_not_called_and_the_way_on_is_named(shell: Any, need: str) -> None:
    made = shell.json("tools", "propose", need, "--code", "slug.py")["data"]["digest"][:12]
    done = shell("tools", "call", "slug", '{"text": "a"}')
    assert problem(done)[2] == f"hint: genesis tools trial {made}, then genesis tools promote {made}"


def test_a_name_that_means_several_versions_lists_them_with_state_and_date(shell: Any, need: str) -> None:
    made = []
    for word in ("slug", "line", "word"):
        (shell.folder / "slug.py").write_text(CODE.replace("as a slug", f"as a {word}"), encoding="utf-8")
        made.append(shell.json("tools", "propose", need, "--code", "slug.py")["data"]["digest"][:12])
    done = shell("tools", "trial", "slug")
    assert done.returncode == 2 and all(f"{name} is proposed, 20" in problem(done)[1] for name in made)
    assert problem(done)[2].endswith(f"genesis tools show {made[-1]}")


def test_what_is_active_already_is_not_said_to_be_new(shell: Any, digest: str) -> None:
    again = shell("tools", "propose", "need.yaml", "--code", "slug.py")
    assert again.returncode == 0 and "nothing of it has run" not in again.stdout
    assert "is active" in again.stdout and "stays as it is" in again.stdout
    assert "genesis tools call slug" in again.stderr


def test_where_nothing_was_made_no_sandbox_is_attacked(shell: Any) -> None:
    kit = shell.folder.parent / "watching"
    kit.mkdir()
    (kit / "sitecustomize.py").write_text(
        "import genesis_sandbox, genesis_sandbox._launchers as found\n"
        "def choose(*_):\n    raise SystemExit('attacked')\n"
        "found.choose = choose\n")
    path = {"PYTHONPATH": f"{kit}:{shell.environment['PYTHONPATH']}"}
    assert "no tools were made here" in shell("tools", env=path).stdout
    assert "was made here" in shell("tools", "show", "slug", env=path).stderr


def test_a_bundle_goes_to_another_state_folder_and_is_tried_there(shell: Any, digest: str, tmp_path: Path) -> None:
    sent = shell.json("tools", "export", "slug", "-o", "slug.bundle")["data"]
    there = {"GENESIS_HOME": str(tmp_path / "there")}
    stranger = shell("tools", "import", "slug.bundle", "--signer", "0" * 64, env=there)
    assert stranger.returncode == 4 and sent["signer"] in problem(stranger)[1]
    (shell.folder / "signer.txt").write_text(sent["signer"].upper() + "\n")
    found = shell.json("tools", "import", "slug.bundle", "--signer", "signer.txt", env=there)["data"]
    assert found["state"] == "proposed" and found["digest"] == sent["digest"] and found["calls"] == 0
    again = shell("tools", "import", "slug.bundle", "--signer", sent["signer"], env=there)
    assert again.returncode == 4 and "taken in before" in problem(again)[1]
    assert shell("tools", "trial", "slug", env=there).returncode == 0
    assert shell("tools", "promote", "slug", env=there).returncode == 0
    assert shell("tools", "call", "slug", '{"text": "A B"}', env=there).stdout == '"a-b"\n'
    bundle = shell.folder / "slug.bundle"
    bundle.write_bytes(bundle.read_bytes().replace(b"lower", b"upper"))
    changed = shell("tools", "import", "slug.bundle", "--signer", sent["signer"])
    assert changed.returncode == 4 and "its signature is not of what it holds" in problem(changed)[1]


def test_a_registry_that_was_edited_offers_nothing_and_says_why(shell: Any, digest: str) -> None:
    with closing(sqlite3.connect(shell.home / "registry" / "registry.db", isolation_level=None)) as db:
        db.execute("UPDATE rows SET data = CAST(replace(data, 'dashes', 'crimes') AS BLOB) WHERE kind = 'active'")
    for words in ((), ("show", "slug"), ("call", "slug", '{"text": "x"}'), ("promote", "slug")):
        done = shell("tools", *words)
        assert done.returncode == 2 and "row 1 is not as it was signed" in problem(done)[0], done.stderr
    found = shell.json("tools", "verify", code=2)
    assert found["data"]["faults"] == ["row 1 is not as it was signed"]
    assert found["error"]["code"] == "registry_damaged"
    assert shell("agents").returncode == 0


def test_a_tampered_source_is_named_and_not_called(shell: Any, digest: str) -> None:
    with closing(sqlite3.connect(shell.home / "registry" / "registry.db", isolation_level=None)) as db:
        db.execute("UPDATE sources SET code = CAST(replace(code, 'lower', 'upper') AS BLOB)")
    done = shell("tools", "call", "slug", '{"text": "x"}')
    assert done.returncode == 4 and f"the source of slug ({digest[:12]})" in problem(done)[1]
    assert "active, not offered" in shell("tools").stdout
    found = shell.json("tools", "verify", code=2)["data"]
    assert found["faults"] == [f"the source of slug ({digest[:12]}) is not the one that was kept"]


def test_after_a_rotation_a_person_signs_again_what_is_not_called_meanwhile(shell: Any, digest: str) -> None:
    assert shell("keys", "rotate", "--grace", "0s").returncode == 0
    assert "active, not offered" in shell("tools").stdout
    found = shell.json("tools", "verify", code=2)["data"]
    assert "signed by a key that has retired; genesis tools promote signs it again" in found["faults"][0]
    assert shell.json("tools", "promote", "slug")["data"]["offered"] is True
    assert shell("tools", "verify").returncode == 0


def test_where_the_sandbox_does_not_hold_nothing_is_offered_and_the_list_says_why(shell: Any, digest: str) -> None:
    kit = shell.folder.parent / "broken"
    kit.mkdir()
    (kit / "sitecustomize.py").write_text(
        "import genesis_sandbox, genesis_sandbox._launchers as found\n"
        "def choose(*_):\n    raise genesis_sandbox.SandboxUnavailable('no namespaces here', 'use another machine')\n"
        "found.choose = choose\n")
    path = f"{kit}:{shell.environment['PYTHONPATH']}"
    done = shell("tools", env={"PYTHONPATH": path})
    assert done.returncode == 0 and "nothing generated is offered here" in done.stdout, done.stderr
    assert "no namespaces here" in done.stdout
    assert shell.json("tools", env={"PYTHONPATH": path})["data"]["tools"][0]["offered"] is False
    done = shell("tools", "call", "slug", '{"text": "x"}', env={"PYTHONPATH": path})
    assert done.returncode == 4 and "no namespaces here" in problem(done)[1]


def test_commands_and_their_help_say_what_they_do(shell: Any) -> None:
    shown = shell("tools", "--help").stdout
    for word in ("list", "show", "propose", "trial", "call", "promote", "revoke", "export", "import", "verify"):
        assert f"\n  {word} " in shown
    assert 'genesis tools call slug' in shown and "examples:" in shell("tools", "propose", "--help").stdout


def test_names_are_completed(shell: Any, digest: str) -> None:
    ask = {"_GENESIS_COMPLETE": "bash_complete", "COMP_CWORD": "3", "COMP_WORDS": "genesis tools show s"}
    assert shell(env=ask).stdout == "plain,slug\n"


# ---- agents ----------------------------------------------------------------------------------------------------------


def test_an_agent_that_was_made_is_shown_and_retired(shell: Any) -> None:
    card = AgentCard(name="finder-1a2b3c", description="Finds what others leave", skills=(Skill(id="leave"),))
    label = Label(Trust.UNTRUSTED, sources=frozenset({"file:page.html"}))

    async def keep() -> None:
        async with Genesis.open(shell.home, settings={}) as genesis:
            workshop = genesis.workshop()
            assert workshop is not None
            workshop.registered(card, label=label, run="r1", proved=True)

    asyncio.run(keep())
    assert "finder-1a2b3c" in shell("agents").stdout
    found = shell.json("agents", "show", "finder-1a2b3c")["data"]
    assert found["name"] == "finder-1a2b3c" and found["made"]["run"] == "r1"
    assert found["made"]["label"]["trust"] == "UNTRUSTED"
    shown = shell("agents", "finder-1a2b3c").stdout
    assert "was made here" in shown and "untrusted, from file:page.html" in shown
    assert shell.json("agents", "retire", "finder-1a2b3c", "--reason", "no use")["data"]["state"] == "revoked"
    assert "finder-1a2b3c" not in shell("agents").stdout
    assert shell.json("agents", "show", "finder-1a2b3c")["data"]["why"] == "no use"
    ours = shell("agents", "retire", "architect")
    assert ours.returncode == 2 and "was not made here" in problem(ours)[0]
    assert shell("agents", "retire", "nobody").returncode == 2
