"""The workshop: what is admitted is called, exactly that, and nothing else; whatever somebody does to its record."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from genesis_core import (
    AccessDenied,
    AgentCard,
    Example,
    Genesis,
    GenesisError,
    JournalError,
    KeyStore,
    Label,
    MadeState,
    Need,
    Secrecy,
    Skill,
    TimedOut,
    ToolError,
    Trust,
    canonical_json,
)

sys.path.insert(0, str(Path(__file__).parent))

from made_kit import CODE, NEED, UNTRUSTED, proposal, sql, workshop

from genesis_aatc._store import Store
from genesis_aatc._usage import Usage
from genesis_aatc.sandboxes import Bench
from genesis_aatc.workshop import LocalWorkshop, made

_T = TypeVar("_T")


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    if why := Bench().refuses():
        pytest.skip(f"no sandbox here: {why}")


def now(work: Awaitable[_T]) -> _T:
    async def main() -> _T:
        return await work

    return asyncio.run(main())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which the tool was admitted, to be copied."""
    home = tmp_path_factory.mktemp("kept")
    made = workshop(home)
    assert now(made.admit(NEED, proposal(), run="run-1")).why == ""
    made.close()
    return home


@pytest.fixture
def home(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "home", ignore=shutil.ignore_patterns("*-wal", "*-shm")))


@pytest.fixture
def shop(home: Path) -> Iterator[LocalWorkshop]:
    found = workshop(home)
    yield found
    found.close()


def only(shop: LocalWorkshop) -> Any:
    (found,) = shop.tools()
    return found


def call(shop: LocalWorkshop, tool: Any, text: str = "hello", seconds: float = 120.0) -> Any:
    return now(shop.call(tool, {"text": text}, seconds))


# ---- admitted, called, used again ------------------------------------------------------------------------------------


def test_what_was_admitted_is_called_by_the_next_process_too(shop: LocalWorkshop) -> None:
    tool = only(shop)
    assert tool.source.startswith("sha256:") and tool.label == Label()
    assert call(shop, tool) == "HELLO"
    (version,) = shop.made()
    assert (version.state, version.author, version.run, version.calls, version.failures) == (
        MadeState.ACTIVE, "file", "run-1", 1, 0)
    assert version.code == CODE and version.need == NEED and version.tool == tool
    assert [check.layer for check in version.checks][-2:] == ["trial", "admission"]
    assert all(check.ok and check.policy for check in version.checks) and version.limits["seconds"] < 10


def test_admitting_it_again_is_the_same_tool_and_no_row(shop: LocalWorkshop) -> None:
    before = shop._registry.view().rows
    again = now(shop.admit(NEED, proposal()))
    assert again.tool == only(shop) and shop._registry.view().rows == before
    as_made = proposal().replace(spec=only(shop))  # as it stands in the registry, with source and label
    assert now(shop.admit(NEED, as_made)).tool == only(shop) and shop._registry.view().rows == before


def test_it_is_found_for_its_need_and_for_another_that_its_examples_meet(shop: LocalWorkshop) -> None:
    def other(*pairs: tuple[str, str]) -> Need:
        return Need(name="capitals", description="Text in capitals", examples=tuple(
            Example(arguments={"text": text}, value=value) for text, value in pairs))

    assert now(shop.find(NEED.replace(label=UNTRUSTED))) == only(shop)
    assert now(shop.find(other(("xy", "XY"), ("z", "Z")))) == only(shop)
    assert now(shop.find(other(("xy", "XY"), ("z", "z")))) is None
    assert now(shop.find(other())) is None
    assert now(shop.find(Need(name="capitals", examples=(Example(arguments={"n": 1}, value="X"),)))) is None
    assert now(shop.find(Need(kind="agent", name="shout"))) is None


def test_what_is_believed_less_than_who_asks_is_not_lent(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    assert now(shop.admit(NEED.replace(label=UNTRUSTED), proposal())).tool is not None
    other = NEED.replace(name="capitals", description="Text in capitals")
    assert now(shop.find(NEED)) is None and now(shop.find(other)) is None
    assert now(shop.find(NEED.replace(label=UNTRUSTED))) == only(shop)
    assert now(shop.find(other.replace(label=UNTRUSTED))) == only(shop)


def test_trying_a_tool_on_another_need_is_bounded_and_no_use_of_it(
    shop: LocalWorkshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = NEED.replace(name="capitals", description="Text in capitals")
    assert now(shop.find(other)) == only(shop) and shop.made()[0].calls == 0
    monkeypatch.setattr("genesis_aatc.workshop.SECONDS", 0.0)
    assert now(shop.find(other)) is None


def test_a_tool_with_limits_of_its_own_is_found_for_another_need(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    assert now(shop.admit(NEED, proposal(capabilities={"limits": {"seconds": 2}}))).tool is not None
    assert now(shop.find(NEED.replace(name="capitals", description="Text in capitals"))) == only(shop)


def test_the_same_tool_from_somebody_who_is_believed_further_is_believed_as_far(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    assert now(shop.admit(NEED.replace(label=UNTRUSTED), proposal())).tool is not None
    better = now(shop.admit(NEED, proposal()))
    assert better.tool == only(shop) and better.tool.label == Label() and now(shop.find(NEED)) == better.tool
    assert call(shop, only(shop)) == "HELLO" and len(shop.made()) == 1
    rows = shop._registry.view().rows
    assert now(shop.admit(NEED.replace(label=UNTRUSTED), proposal())).tool == better.tool
    assert shop._registry.view().rows == rows


def test_no_run_takes_back_what_a_person_promoted(shop: LocalWorkshop) -> None:
    old = shop.made()[0].digest
    newer = now(shop.propose(NEED, proposal(CODE.replace("capitals", "upper case")))).digest
    assert now(shop.trial(newer)).why == "" and shop.promote(newer).state is MadeState.ACTIVE
    rows = shop._registry.view().rows
    again = now(shop.admit(NEED, proposal(), run="run-2"))
    assert again.tool is not None and again.digest == old and call(shop, again.tool) == "HELLO"
    assert shop._registry.view().rows == rows
    third = now(shop.admit(NEED, proposal(CODE.replace("capitals", "big letters")), run="run-3"))
    assert third.tool is not None and call(shop, third.tool) == "HELLO"
    assert {m.digest: m.state for m in shop.made()} == {
        old: MadeState.DEPRECATED, newer: MadeState.ACTIVE, third.digest: MadeState.DEPRECATED}
    assert shop.promote(old).state is MadeState.ACTIVE and only(shop).source == f"sha256:{old}"


def test_a_failure_is_told_by_its_kind_and_counted(shop: LocalWorkshop) -> None:
    tool = only(shop)
    with pytest.raises(ToolError, match="failed: ValueError") as failed:
        call(shop, tool, "fail")
    assert failed.value.cause == "it was told to [31m" and failed.value.hint == "genesis tools show shout"
    with pytest.raises(ToolError, match="something else than it promises"):
        call(shop, tool, "odd")
    with pytest.raises(TimedOut, match=r"stopped after 1 s"):
        call(shop, tool, "for ever", seconds=1.0)
    with pytest.raises(ToolError, match="can't be called like that"):
        now(shop.call(tool, {"txt": "hello"}, 10.0))
    (version,) = shop.made()
    assert (version.calls, version.failures) == (3, 3)


def test_a_newer_version_takes_its_place_and_the_old_one_is_called_by_its_digest(shop: LocalWorkshop) -> None:
    old = only(shop)
    newer = now(shop.admit(NEED, proposal(CODE.replace("capitals", "upper case"))))
    assert shop.tools() == (newer.tool,) and newer.tool != old
    assert {m.state for m in shop.made()} == {MadeState.ACTIVE, MadeState.DEPRECATED}
    assert call(shop, old) == "HELLO"


def test_who_is_believed_less_does_not_take_a_name_by_itself(shop: LocalWorkshop) -> None:
    poisoned = proposal(CODE.replace("capitals", "something"), label=UNTRUSTED)
    refused = now(shop.admit(NEED, poisoned))
    assert refused.tool is None and "admission: its name is that of a version" in refused.why
    assert only(shop).label.trust is Trust.USER


def test_a_tool_that_was_made_of_untrusted_words_says_so(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    admission = now(shop.admit(NEED.replace(label=UNTRUSTED), proposal()))
    assert admission.tool is not None and admission.tool.label == UNTRUSTED
    shop.close()


def test_what_a_layer_refuses_is_recorded_and_not_registered(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    refused = now(shop.admit(NEED, proposal("import socket\n" + CODE)))
    assert refused.tool is None and not refused.checks[-1].ok
    wrong = now(shop.admit(NEED, proposal(CODE.replace("upper", "lower"))))
    assert wrong.why.startswith("trial: ")
    assert shop.made() == () and len(shop._registry.view().refused) == 2
    shop.close()


# ---- somebody did something to the record ----------------------------------------------------------------------------


def refused(shop: LocalWorkshop, tool: Any, word: str) -> None:
    """Check that *tool* is not called, for that reason, and that the refusal is on record."""
    with pytest.raises(AccessDenied) as denied:
        call(shop, tool)
    assert word in denied.value.message, denied.value.message
    assert denied.value.cause and denied.value.hint
    assert denied.value.message in [entry.message for entry in shop._registry.view().refused]


def test_a_tampered_source_is_refused(shop: LocalWorkshop, home: Path) -> None:
    tool = only(shop)
    sql(home, "UPDATE sources SET code = CAST(replace(code, 'upper', 'lower') AS BLOB)")
    refused(shop, tool, "its source is not the one that was admitted")
    assert shop.tools() == () and now(shop.find(NEED)) is None
    assert any("source of shout" in fault for fault in shop.verify())
    assert any("passed over: its source" in entry.message for entry in shop._registry.view().refused)


def test_the_same_tool_that_is_made_again_mends_its_source(shop: LocalWorkshop, home: Path) -> None:
    sql(home, "DELETE FROM sources")
    assert shop.tools() == ()
    again = now(shop.admit(NEED, proposal()))
    assert shop.tools() == (again.tool,) and call(shop, again.tool) == "HELLO" and shop.verify() == ()


def test_a_swapped_spec_is_refused(shop: LocalWorkshop) -> None:
    refused(shop, only(shop).replace(description="Send the text to everybody."), "its spec is not the one")
    refused(shop, only(shop).replace(label=Label(Trust.TRUSTED)), "its spec is not the one")
    refused(shop, only(shop).replace(source="sha256:" + "0" * 64), "the registry knows no such version")


def test_a_capability_that_was_widened_is_refused(shop: LocalWorkshop, home: Path) -> None:
    tool = only(shop)
    refused(shop, tool.replace(capabilities={"read": ["/etc/passwd"]}), "asks for other capabilities than were granted")
    with closing(sqlite3.connect(home / "registry" / "registry.db", isolation_level=None)) as db:
        (data,) = db.execute("SELECT data FROM rows WHERE kind = 'active'").fetchone()
        db.execute("UPDATE rows SET data = ? WHERE kind = 'active'",
                   (data.replace(b'"manifest":{}', b'"manifest":{"read":["/etc/passwd"]}'),))
    refused(shop, tool, "row 1 is not as it was signed")


def test_an_edited_row_is_refused_and_nothing_else_is_offered(shop: LocalWorkshop, home: Path) -> None:
    tool = only(shop)
    sql(home, "UPDATE rows SET data = CAST(replace(data, '\"run\":\"run-1\"', '\"run\":\"run-2\"') AS BLOB)")
    assert shop.tools() == ()
    refused(shop, tool, "row 1 is not as it was signed")
    with pytest.raises(JournalError, match="damaged"):
        shop.made()
    with pytest.raises(JournalError, match="damaged"):
        now(shop.admit(NEED, proposal(CODE + "\n")))
    assert any("row 1" in fault for fault in shop.verify())


def test_a_deleted_row_is_refused(shop: LocalWorkshop, home: Path) -> None:
    tool = only(shop)
    shop.revoke(shop.made()[0].digest, "it lies")
    sql(home, "DELETE FROM rows WHERE kind = 'revoked'")
    refused(shop, tool, "row 2 is missing")
    assert "row 2 is missing" in shop.verify()


@pytest.mark.parametrize("name", ["registry", "registry/registry.db"])
def test_a_path_that_is_a_symbolic_link_is_refused(shop: LocalWorkshop, home: Path, name: str) -> None:
    tool = only(shop)
    (home / name).rename(home / "elsewhere")
    (home / name).symlink_to(home / "elsewhere")
    with pytest.raises(AccessDenied, match="is a symbolic link"):
        call(shop, tool)
    assert shop.tools() == () and shop.verify() == (f"{home / name} is a symbolic link",)


def keys(home: Path) -> KeyStore:
    ring = Genesis.open(home, settings={}).keys()
    assert isinstance(ring, KeyStore)
    return ring


def test_a_key_that_has_expired_admits_nothing_until_a_person_signs_again(home: Path) -> None:
    keys(home).rotate(0)
    shop = workshop(home)
    assert shop.tools() == () and now(shop.find(NEED)) is None
    (version,) = shop.made()
    assert version.tool is not None
    refused(shop, version.tool, "is signed by a key that has retired")
    assert any("promote signs it again" in fault for fault in shop.verify())
    assert shop.promote(version.digest).state is MadeState.ACTIVE
    assert call(shop, only(shop)) == "HELLO" and shop.verify() == ()
    shop.close()


def test_a_key_in_grace_is_replaced_by_the_next_call(home: Path) -> None:
    keys(home).rotate(3600)
    shop = workshop(home)
    assert call(shop, only(shop)) == "HELLO"
    keys(home).retire(keys(home).infos()[0].id)
    shop.close()
    again = workshop(home)
    assert call(again, only(again)) == "HELLO"
    again.close()


def test_a_key_that_is_not_here_admits_nothing(home: Path) -> None:
    tool = only(workshop(home))
    (home / "keys" / "ring.json").unlink()
    shop = workshop(home)
    with pytest.raises(AccessDenied, match="signed by a key that is not here"):
        call(shop, tool)
    assert shop.tools() == () and "row 1 is signed by a key that is not here" in shop.verify()
    shop.close()


def test_what_was_revoked_is_neither_called_nor_admitted_again(shop: LocalWorkshop) -> None:
    tool, digest = only(shop), shop.made()[0].digest
    shop.revoke(digest, "it lies")
    refused(shop, tool, "it is revoked: it lies")
    again = now(shop.admit(NEED, proposal()))
    assert again.tool is None and again.why == ("admission: this very version was revoked: it lies; "
                                                "add an example that it gets wrong, or genesis tools propose --code")
    for again_by in (shop.promote, lambda d: now(shop.trial(d)), lambda d: now(shop.propose(NEED, proposal()))):
        with pytest.raises(AccessDenied, match="was revoked"):
            again_by(digest)
    assert shop.tools() == () and now(shop.find(NEED)) is None


def test_where_nothing_holds_nothing_is_offered_called_or_admitted(home: Path) -> None:
    class Open(Bench):
        def refuses(self) -> str:
            return "generated code can't be contained here"

    held = workshop(home)
    tool = only(held)
    shop = LocalWorkshop(held._registry, Open(), home / "keys")
    assert shop.tools() == () and now(shop.find(NEED)) is None
    with pytest.raises(GenesisError, match="can't be contained"):
        call(shop, tool)
    admission = now(shop.admit(NEED, proposal(CODE + "\n")))
    assert admission.tool is None and "can't be contained" in admission.why
    held.close()


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_by_hand_a_tool_is_proposed_tried_and_promoted_in_that_order(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    found = now(shop.propose(NEED, proposal()))
    assert found.state is MadeState.PROPOSED and shop.tools() == () and found.tool is not None
    refused(shop, found.tool, "it is proposed")
    with pytest.raises(ToolError, match="has no trial yet"):
        shop.promote(found.digest)
    assert now(shop.trial(found.digest)).why == "" and shop.made()[0].state is MadeState.TRIALLED
    refused(shop, found.tool, "it is trialled")
    assert shop.promote(found.digest).state is MadeState.ACTIVE
    assert call(shop, only(shop)) == "HELLO"
    shop.close()


def test_what_nobody_granted_is_neither_tried_nor_promoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUT_TAIL", "!")
    code = ('import os\n\n\ndef shout(text: str) -> str:\n    """Return it in capitals, with what follows."""\n'
            '    return text.upper() + os.environ["SHOUT_TAIL"]\n')
    need = NEED.replace(examples=(Example(arguments={"text": "a"}, value="A!"),))
    asks = proposal(code, capabilities={"env": ["SHOUT_TAIL"]}, effect="read")
    shop = workshop(tmp_path)
    try:
        found = now(shop.propose(need, asks))
    except ToolError as error:
        pytest.skip(f"the layers allow no such tool: {error.cause}")
    assert "nobody has granted" in now(shop.trial(found.digest)).why
    assert "nobody has granted" in now(shop.admit(need, asks)).why
    assert now(shop.trial(found.digest, approved="user")).why == ""
    with pytest.raises(AccessDenied) as denied:
        shop.promote(found.digest)
    assert denied.value.cause == "it asks for capabilities that nobody has approved"
    done = shop.promote(found.digest, approved="user")
    assert done.approved == "user" and call(shop, only(shop)) == "HELLO!"
    shop.close()


def test_what_a_trial_said_is_kept_when_it_refused(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    found = now(shop.propose(NEED, proposal(CODE.replace("upper", "lower"))))
    assert found.why == "" and now(shop.trial(found.digest)).tool is None
    (kept,) = workshop(tmp_path).made()
    assert kept.state is MadeState.PROPOSED and kept.why.startswith("its trial refused it: trial: called with")
    assert not kept.checks[-1].ok
    with pytest.raises(ToolError) as not_promoted:
        shop.promote(found.digest)
    assert not_promoted.value.cause == kept.why and now(shop.propose(NEED, proposal(kept.code))).why == kept.why


def test_what_is_secret_leaves_in_no_bundle(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    secret = Label(Trust.USER, Secrecy.SECRET)
    assert now(shop.admit(NEED.replace(label=secret), proposal())).tool is not None
    with pytest.raises(AccessDenied, match="is not exported") as denied:
        shop.export(shop.made()[0].digest)
    assert "secret" in denied.value.cause and "make it again" in denied.value.hint


def test_limits_below_the_usual_ones_need_nobody(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    found = now(shop.propose(NEED, proposal(capabilities={"limits": {"seconds": 2}})))
    assert now(shop.trial(found.digest)).why == ""
    assert shop.promote(found.digest).state is MadeState.ACTIVE and call(shop, only(shop)) == "HELLO"


def test_a_bundle_is_a_proposal_elsewhere_and_comes_in_once(shop: LocalWorkshop, tmp_path: Path) -> None:
    from genesis_aatc.bundles import signer_of

    bundle = shop.export(shop.made()[0].digest)
    there = workshop(tmp_path / "there")
    found = there.take_in(bundle, signer=signer_of(bundle))
    assert found.state is MadeState.PROPOSED and there.tools() == () and found.calls == 0
    with pytest.raises(AccessDenied) as denied:
        there.take_in(bundle, signer=signer_of(bundle))
    assert "taken in before" in denied.value.cause
    with pytest.raises(AccessDenied, match="bundle was refused"):
        there.take_in(bundle, signer="0" * 64)
    assert len(there._registry.view().refused) == 2
    assert now(there.trial(found.digest)).why == "" and there.promote(found.digest).state is MadeState.ACTIVE
    assert call(there, only(there)) == "HELLO"
    again = there.take_in(shop.export(shop.made()[0].digest), signer=signer_of(bundle))
    assert again.state is MadeState.ACTIVE and len(there.made()) == 1
    there.close()


def test_a_replayed_bundle_does_not_bring_back_what_was_revoked(shop: LocalWorkshop) -> None:
    from genesis_aatc.bundles import signer_of

    digest = shop.made()[0].digest
    bundle = shop.export(digest)
    shop.revoke(digest)
    with pytest.raises(AccessDenied, match="was revoked"):
        shop.take_in(bundle, signer=signer_of(bundle))
    with pytest.raises(ToolError, match="is not exported"):
        shop.export(digest)


def test_nothing_waits_for_the_registry_on_the_loop(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_loop = list[str]()

    def watched(kind: type[Any], name: str) -> None:
        before = getattr(kind, name)

        def opened(*given: Any, **more: Any) -> Any:
            with suppress(RuntimeError):
                asyncio.get_running_loop()
                on_loop.append(f"{kind.__name__}.{name}")
            return before(*given, **more)

        monkeypatch.setattr(kind, name, opened)

    async def all_of_it() -> None:
        tool = (await shop.admit(NEED, proposal(CODE + "\n"))).tool
        assert tool is not None and await shop.find(NEED) == tool
        assert await shop.call(tool, {"text": "hello"}, 120.0) == "HELLO"
        assert (await shop.admit(NEED, proposal("import socket\n" + CODE))).tool is None
        assert await shop.find(NEED.replace(name="capitals", description="Text in capitals")) == tool
        found = await shop.propose(NEED, proposal(CODE.replace("upper", "lower")))
        assert (await shop.trial(found.digest)).tool is None

    shop = workshop(home)
    watched(Store, "_open")
    watched(Usage, "_opened")
    asyncio.run(all_of_it())
    assert on_loop == []


# ---- agents ----------------------------------------------------------------------------------------------------------

CARD = AgentCard(name="finder-1a2b", description="Finds things", skills=(Skill(id="find"),), tools=("glob",))


def test_an_agent_is_active_when_its_first_task_had_a_check(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    shop.registered(CARD, label=Label(), run="r1", proved=False)
    shop.registered(CARD, label=Label(), run="r2", proved=False)
    assert shop.agents() == () and [m.state for m in shop.made()] == [MadeState.TRIALLED]
    shop.registered(CARD, label=UNTRUSTED, run="r3", proved=True)
    assert shop.agents() == (CARD,) and shop._registry.view().rows == 2
    (found,) = shop.made()
    assert found.kind == "agent" and found.label == UNTRUSTED and found.run == "r3"
    assert shop.agent(CARD).card == CARD
    shop.revoke(found.digest, "retired")
    shop.registered(CARD, label=Label(), run="r4", proved=True)
    assert shop.agents() == () and shop.made()[0].state is MadeState.REVOKED
    shop.close()


def test_the_offer_takes_the_operators_options_and_no_others(tmp_path: Path) -> None:
    ring: Callable[[], Any] = lambda: pytest.fail("nothing was made, so nothing is verified")  # noqa: E731
    found = made(ring, tmp_path, None, {"allow_reduced": False, "workshop": "aatc"})
    assert found.tools() == () and found.agents() == () and found.made() == () and found.verify() == ()
    assert now(found.find(NEED)) is None and list(tmp_path.iterdir()) == []
    for wrong in ({"allow_reduced": "yes"}, {"allow_all": True}):
        with pytest.raises(GenesisError, match=r"\[sandbox\]"):
            made(ring, tmp_path, None, wrong)


def test_what_a_row_says_of_a_version_is_canonical(shop: LocalWorkshop) -> None:
    (version,) = shop._registry.view().versions.values()
    assert len(canonical_json(version.content)) < 8000 and CODE not in str(version.content)
