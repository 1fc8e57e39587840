"""The ring of keys: who signs with what, how keys change while others work, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from genesis_core import JournalError, KeyState, KeyStore, Refusal, SettingsError
from genesis_core._keyfile import new_key, read_keys, write_keys
from genesis_core._keys import LocalKeyRing
from genesis_core.testing import KeyRingContract

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
GOLDEN = Path(__file__).parents[2] / "data" / "golden_run_v1"


class TestOneKeyOfTwo(KeyRingContract):
    keys = LocalKeyRing([replace(new_key(NOW), until=NOW), new_key(NOW)])


def test_a_key_ring_is_a_key_store(tmp_path: Path) -> None:
    assert isinstance(LocalKeyRing.open(tmp_path), KeyStore)


def test_every_actor_has_a_key_of_its_own(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    assert ring.sign("kernel", b"x") != ring.sign("agent", b"x")
    assert not ring.verify("agent", b"x", ring.sign("kernel", b"x"))
    assert ring.check("agent", b"x", ring.sign("kernel", b"x")) is Refusal.FORGED
    assert ring.check("kernel", b"x", ring.sign("kernel", b"x")) is None


@pytest.mark.parametrize("actor", ["", "a\0b", "é", "\ud800", "x" * 10_000])
def test_any_name_can_be_an_actor(tmp_path: Path, actor: str) -> None:
    ring = LocalKeyRing.open(tmp_path)
    assert ring.verify(actor, b"x", ring.sign(actor, b"x"))


def test_any_number_of_claimed_actors_fills_no_memory(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    mac = ring.sign("kernel", b"x")
    for number in range(5000):
        assert not ring.verify(f"a{number}", b"x", mac)
    assert len(ring._held.derived) <= 4096
    assert ring.verify("kernel", b"x", mac)


def test_a_mac_says_which_key_it_is_under(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    first = ring.sign("kernel", b"x")
    ring.rotate(60)
    second = ring.sign("kernel", b"x")
    assert [first[:8].hex(), second[:8].hex()] == [key.id for key in ring.infos()]
    assert ring.verify("kernel", b"x", first) and ring.verify("kernel", b"x", second)
    assert not ring.verify("kernel", b"x", second[:8] + first[8:])
    assert ring.check("kernel", b"x", b"\0" * 8 + first[8:]) is Refusal.UNKNOWN_KEY


def test_a_key_goes_from_active_to_grace_to_retired(tmp_path: Path) -> None:
    now = [NOW]
    ring = LocalKeyRing.open(tmp_path, clock=lambda: now[0])
    mac = ring.sign("kernel", b"x")
    ring.rotate(60)
    assert [key.state for key in ring.infos()] == [KeyState.GRACE, KeyState.ACTIVE]
    assert ring.check("kernel", b"x", mac) is None
    now[0] += timedelta(seconds=60)
    assert [key.state for key in ring.infos()] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert ring.check("kernel", b"x", mac) is Refusal.RETIRED_KEY
    assert ring.check("kernel", b"y", mac) is Refusal.FORGED
    assert ring.verify("kernel", b"x", mac), "a record is about the past"


def test_only_a_key_that_signs_no_more_can_be_retired(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    (first,) = ring.infos()
    with pytest.raises(SettingsError, match="can't be retired: it signs"):
        ring.retire(first.id)
    ring.rotate(3600)
    done = ring.retire(first.id[:6])
    assert (done.id, done.state) == (first.id, KeyState.RETIRED)
    assert ring.retire(first.id).until == done.until, "a second time changes nothing"
    for name in ("", "zz", "0" * 17):
        with pytest.raises(SettingsError, match="there is no key"):
            ring.retire(name)


def test_nothing_shows_the_bytes_of_a_key(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    (key,) = read_keys(tmp_path / "keys" / "ring.json")
    shown = " ".join([repr(key), repr(ring), str(ring.infos()), *(info.model_dump_json() for info in ring.infos())])
    assert key.secret.hex() not in shown
    assert repr(key.secret) not in shown
    assert key.secret[:4].hex() not in shown


# -- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="modes")
@pytest.mark.parametrize(("name", "mode"), [("ring.json", 0o640), ("ring.json", 0o602), (".", 0o750), (".", 0o701)])
def test_keys_that_others_may_use_are_refused(tmp_path: Path, name: str, mode: int) -> None:
    LocalKeyRing.open(tmp_path)
    (tmp_path / "keys" / name).chmod(mode)
    for create in (True, False):
        with pytest.raises(JournalError, match="is not this user's alone") as caught:
            LocalKeyRing.open(tmp_path, create=create)
        assert caught.value.hint.startswith("chmod ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["ring.json", "."])
def test_keys_of_somebody_else_are_refused(tmp_path: Path, name: str) -> None:
    LocalKeyRing.open(tmp_path)
    os.chown(tmp_path / "keys" / name, 12345, 12345)
    with pytest.raises(JournalError, match="is not this user's alone") as caught:
        LocalKeyRing.open(tmp_path)
    assert "it belongs to user 12345" in caught.value.cause


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_keys_that_can_not_be_reached_are_an_error_that_says_so(tmp_path: Path) -> None:
    LocalKeyRing.open(tmp_path / "home")
    (tmp_path / "home").chmod(0o700)
    code = "import os, sys; from pathlib import Path; from genesis_core._keys import LocalKeyRing; os.setuid(12345)\n"
    code += "try: LocalKeyRing.open(Path(sys.argv[1]), create=False)\nexcept Exception as error: print(repr(error))"
    words = [sys.executable, "-c", code, str(tmp_path / "home")]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert "JournalError" in done.stdout and "can't be read" in done.stdout


@pytest.mark.parametrize("name", ["ring.json", ""])
def test_a_link_in_place_of_keys_is_refused(tmp_path: Path, name: str) -> None:
    LocalKeyRing.open(tmp_path / "home")
    place = tmp_path / "home" / "keys" / name
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError):
        LocalKeyRing.open(tmp_path / "home")


def _digit(text: str) -> str:
    place = text.index('"secret": "') + 11
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1:]


DAMAGE = {
    "empty": lambda text: "",
    "cut": lambda text: text[:-9],
    "no object": lambda text: "[]",
    "no keys": lambda text: json.dumps({**json.loads(text), "keys": []}),
    "a key changed": lambda text: text.replace('"secret": "', '"secret": "00')[:-2],
    "a digit of a key": _digit,
    "nobody signs": lambda text: text.replace('"until": null', '"until": "2026-01-01T00:00:00+00:00"'),
    "a time without a zone": lambda text: text.replace("+00:00", ""),
    "twice": lambda text: json.dumps({"version": 1, "keys": json.loads(text)["keys"] * 2}),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_keys_are_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    LocalKeyRing.open(tmp_path)
    path = tmp_path / "keys" / "ring.json"
    path.write_text(DAMAGE[kind](path.read_text()))
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is damaged"):
        LocalKeyRing.open(tmp_path)
    assert path.read_bytes() == before


def test_a_newer_ring_is_refused(tmp_path: Path) -> None:
    LocalKeyRing.open(tmp_path)
    path = tmp_path / "keys" / "ring.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(JournalError, match="this program knows 1"):
        LocalKeyRing.open(tmp_path)


def test_keys_that_change_between_two_steps_of_a_signature_leave_it_and_all_after_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, derive, turned = LocalKeyRing.open(tmp_path), HKDF.derive, list[str]()

    def turning(self: HKDF, secret: bytes) -> bytes:
        done = derive(self, secret)
        if not turned:
            other = threading.Thread(target=lambda: turned.append(ring.rotate(60).id))
            other.start()
            other.join()
        return done

    monkeypatch.setattr(HKDF, "derive", turning)
    macs = [ring.sign("kernel", b"x"), ring.sign("kernel", b"x")]
    assert turned == [macs[1][:8].hex()] and macs[0][:8] != macs[1][:8]
    assert [ring.check("kernel", b"x", mac) for mac in macs] == [None, None]
    assert all(LocalKeyRing.open(tmp_path).verify("kernel", b"x", mac) for mac in macs)


def test_threads_sign_while_another_one_changes_the_keys(tmp_path: Path) -> None:
    ring, wrong, stop = LocalKeyRing.open(tmp_path), list[str](), threading.Event()

    def work(actor: str) -> None:
        while not stop.is_set():
            wrong.extend(str(found) for found in [ring.check(actor, b"x", ring.sign(actor, b"x"))] if found)

    threads = [threading.Thread(target=work, args=(f"a{number}",)) for number in range(3)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for _ in range(30):
            ring.rotate(600)
    finally:
        sys.setswitchinterval(before)
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == [] and len(ring.infos()) == 31


@pytest.mark.parametrize("seconds", [1e16, float("inf"), float("nan")])
def test_no_key_is_in_grace_for_longer_than_a_calendar_goes(tmp_path: Path, seconds: float) -> None:
    ring = LocalKeyRing.open(tmp_path)
    with pytest.raises(SettingsError, match="can't be in grace"):
        ring.rotate(seconds)
    assert len(ring.infos()) == 1


def test_a_run_under_way_goes_on_when_its_keys_are_taken_away(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    shutil.rmtree(tmp_path / "keys")
    ring._next_look = 0.0
    assert ring.verify("kernel", b"x", ring.sign("kernel", b"x"))
    with pytest.raises(JournalError, match="is missing"):
        LocalKeyRing.open(tmp_path, create=False)


WRITE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from genesis_core import _keyfile
from genesis_core._keys import LocalKeyRing
home, place = Path(sys.argv[1]), int(sys.argv[2])
calls = []
def die(name, real):
    def call(*args, **kw):
        calls.append(name)
        if len(calls) == place:
            os._exit(9)
        return real(*args, **kw)
    return call
for name in ("open", "fsync", "replace", "close"):
    setattr(os, name, die(name, getattr(os, name)))
LocalKeyRing.open(home)
LocalKeyRing.open(home).rotate(60)
os._exit(0)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_whoever_dies_between_two_steps_of_a_change_leaves_whole_keys(tmp_path: Path) -> None:
    """At every call to the system: the next one to come finds what was before, or what is after."""
    ends: list[int] = []
    for place in range(1, 60):
        home = tmp_path / str(place)
        done = subprocess.run([sys.executable, "-c", WRITE, str(home), str(place)], check=False, timeout=60)
        ring = LocalKeyRing.open(home)
        assert 1 <= len(ring.infos()) <= 2
        assert ring.verify("kernel", b"x", ring.sign("kernel", b"x"))
        ring.rotate(60)
        ends.append(done.returncode)
        if done.returncode == 0:
            break
    assert ends[-1] == 0
    assert ends.count(9) > 8


def test_a_draft_that_was_left_is_named(tmp_path: Path) -> None:
    ring = LocalKeyRing.open(tmp_path)
    assert ring.faults() == ()
    (tmp_path / "keys" / ".ring.json.1.ab").touch(mode=0o600)
    (fault,) = ring.faults()
    assert ".ring.json.1.ab is left from a write" in fault


# -- the key of an earlier version ------------------------------------------------------------------------------------


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    home = tmp_path / "golden"
    shutil.copytree(GOLDEN, home)
    home.chmod(0o700)
    (home / "journal.key").chmod(0o600)
    return home


def test_the_key_of_an_earlier_version_becomes_the_first_one(golden: Path) -> None:
    import hmac

    key = (golden / "journal.key").read_bytes()
    old = hmac.digest(key, b"x", "sha256")
    assert LocalKeyRing.open(golden, create=False).verify("anybody", b"x", old)
    assert (golden / "journal.key").exists(), "reading moves nothing"
    ring = LocalKeyRing.open(golden)
    assert not (golden / "journal.key").exists()
    assert [info.inherited for info in ring.infos()] == [True]
    assert ring.verify("anybody", b"x", old)
    assert read_keys(golden / "keys" / "ring.json")[0].secret == key
    ring.rotate(0)
    assert ring.verify("anybody", b"x", old)
    assert not LocalKeyRing(b"k" * 32).verify("anybody", b"x", old)


def test_a_ring_that_inherited_nothing_takes_no_mac_of_the_earlier_kind(tmp_path: Path) -> None:
    import hmac

    ring = LocalKeyRing.open(tmp_path)
    (key,) = read_keys(tmp_path / "keys" / "ring.json")
    assert not ring.verify("kernel", b"x", hmac.digest(key.secret, b"x", "sha256"))
    assert not ring.verify("kernel", b"x", ring.sign("kernel", b"x")[8:])


def test_a_move_that_was_cut_off_is_finished(golden: Path) -> None:
    key = (golden / "journal.key").read_bytes()
    LocalKeyRing.open(golden)
    (golden / "journal.key").touch(mode=0o600)
    (golden / "journal.key").write_bytes(key)
    LocalKeyRing.open(golden)
    assert not (golden / "journal.key").exists()


def test_another_key_beside_the_ring_is_left_and_named(tmp_path: Path) -> None:
    LocalKeyRing.open(tmp_path)
    (tmp_path / "journal.key").touch(mode=0o600)
    (tmp_path / "journal.key").write_bytes(b"q" * 32)
    ring = LocalKeyRing.open(tmp_path)
    assert len(ring.infos()) == 1
    assert "journal.key is not used" in ring.faults()[0]
    assert (tmp_path / "journal.key").exists()


def test_golden_runs_verify_before_and_after_the_move_and_a_rotation(golden: Path) -> None:
    from genesis_core.testing import open_genesis

    genesis = open_genesis(golden)
    runs = sorted(p.name for p in (golden / "runs").iterdir())
    before = [genesis.verify(run).mac for run in runs]
    LocalKeyRing.open(golden).rotate(0)
    assert [genesis.verify(run).mac for run in runs] == before


# -- several processes ------------------------------------------------------------------------------------------------

CALL = "import pickle, runpy, sys; runpy.run_path(sys.argv[1])[sys.argv[2]](*pickle.load(sys.stdin.buffer))"


def another(function: Callable[..., None], *arguments: object) -> subprocess.Popen[bytes]:
    """Call a function of this file in a process of its own, which knows the file by its place alone."""
    command = [sys.executable, "-c", CALL, __file__, function.__name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin:
        pickle.dump(arguments, process.stdin)
    return process


def _send(home: str, name: str, count: int, sent: str) -> None:
    from genesis_identity.envelopes import SealedEnvelopes

    envelopes = SealedEnvelopes(LocalKeyRing.open(Path(home)), Path(home) / "keys" / "seen.db")
    with open(sent, "wb") as file:
        for number in range(count):
            sealed = envelopes.seal([name, number], sender=name, audience="reader", seconds=600)
            file.write(len(sealed).to_bytes(4, "big") + sealed)
            file.flush()
            time.sleep(0.002)


def _messages(path: Path) -> list[bytes]:
    data, found, at = path.read_bytes(), list[bytes](), 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        found.append(data[at + 4:at + 4 + size])
        at += 4 + size
    return found


def _reply(home: str, sealed: bytes, answer: str) -> None:
    from genesis_identity.envelopes import SealedEnvelopes

    envelopes = SealedEnvelopes(LocalKeyRing.open(Path(home)), Path(home) / "keys" / "seen.db")
    opened = envelopes.open(sealed, audience="two")
    Path(answer).write_bytes(
        envelopes.seal({"got": opened.body, "pid": os.getpid()}, sender="two", audience=opened.sender))


def test_two_processes_verify_each_other_and_share_what_they_opened(tmp_path: Path) -> None:
    from genesis_core import EnvelopeRefused
    from genesis_identity.envelopes import SealedEnvelopes

    one = SealedEnvelopes(LocalKeyRing.open(tmp_path), tmp_path / "keys" / "seen.db")
    sealed = one.seal("question", sender="one", audience="two")
    with another(_reply, str(tmp_path), sealed, str(tmp_path / "answer")) as other:
        assert other.wait(60) == 0
    answer = one.open((tmp_path / "answer").read_bytes(), audience="one")
    assert answer.sender == "two"
    assert answer.body["got"] == "question"
    assert answer.body["pid"] != os.getpid()
    with pytest.raises(EnvelopeRefused) as caught:
        one.open(sealed, audience="two")
    assert caught.value.refusal is Refusal.REPLAYED
    one.close()


def test_rotation_under_load_loses_no_message_and_runs_go_on(tmp_path: Path) -> None:
    from genesis_identity.envelopes import SealedEnvelopes

    ring = LocalKeyRing.open(tmp_path)
    count, names = 700, ("left", "right")
    senders = [another(_send, str(tmp_path), n, count, str(tmp_path / n)) for n in names]
    while not all((tmp_path / n).exists() and (tmp_path / n).stat().st_size for n in names):
        assert all(sender.poll() is None for sender in senders)
        time.sleep(0.01)
    rotations = 0
    while any(sender.poll() is None for sender in senders):
        LocalKeyRing.open(tmp_path).rotate(3600)
        rotations += 1
        time.sleep(0.2)
    assert [sender.wait() for sender in senders] == [0, 0]
    envelopes = SealedEnvelopes(ring, tmp_path / "keys" / "seen.db")
    for name in names:
        opened = [envelopes.open(sealed, audience="reader") for sealed in _messages(tmp_path / name)]
        assert [envelope.body for envelope in opened] == [[name, number] for number in range(count)]
    macs = {sealed.split(b" ")[2][:16] for name in names for sealed in _messages(tmp_path / name)}
    assert rotations >= 3
    assert len(macs) >= 2, "nobody noticed the new key"
    envelopes.close()


RUN = """
import asyncio, sys
from genesis_core import TaskGraph, Task
from genesis_core.testing import FakeAgent, open_genesis
async def slow(task, context):
    await asyncio.sleep(0.12)
    return task.id
async def main(home):
    graph = TaskGraph(tasks=tuple(Task(id=f"t{n}", agent="w", depends_on=(f"t{n-1}",) if n else ()) for n in range(25)))
    async with open_genesis(home, FakeAgent("w", work=slow)) as genesis:
        run = await genesis.start(await genesis.plan("x", workspace=home, graph=graph))
        print((await run.result()).state.value)
asyncio.run(main(sys.argv[1]))
"""


def test_a_run_goes_on_when_keys_change_under_it_and_its_rows_say_which_signed(tmp_path: Path) -> None:
    from genesis_core.testing import open_genesis

    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True) as driver:
        while not list(tmp_path.glob("runs/*/journal.db")):
            assert driver.poll() is None
            time.sleep(0.01)
        first = LocalKeyRing.open(tmp_path).infos()[0].id
        second = LocalKeyRing.open(tmp_path).rotate(0).id
        said, _ = driver.communicate(timeout=100)
    assert said.strip() == "completed"
    genesis = open_genesis(tmp_path)
    genesis.verify("last")
    ids = [event.mac[:16] for event in genesis.events("last")]
    assert set(ids) == {first, second}
    assert ids == sorted(ids, key=[first, second].index)


def _rotate(home: str, times: int) -> None:
    for _ in range(times):
        LocalKeyRing.open(Path(home)).rotate(3600)


def test_many_who_rotate_at_once_lose_no_key(tmp_path: Path) -> None:
    workers = [another(_rotate, str(tmp_path), 10) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0] * 3
    keys = LocalKeyRing.open(tmp_path).infos()
    assert len(keys) == 31
    assert [key.state for key in keys].count(KeyState.ACTIVE) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_who_is_killed_while_it_rotates_leaves_whole_keys_and_no_lock(tmp_path: Path) -> None:
    LocalKeyRing.open(tmp_path)
    for _ in range(5):
        worker = another(_rotate, str(tmp_path), 10_000)
        before = len(LocalKeyRing.open(tmp_path).infos())
        while len(LocalKeyRing.open(tmp_path).infos()) < before + 3:
            time.sleep(0.001)
        worker.kill()
        worker.wait()
        left = LocalKeyRing.open(tmp_path)
        assert len(left.infos()) >= before + 3, "no key that was there is lost"
        assert [key.state for key in left.infos()].count(KeyState.ACTIVE) == 1
        left.rotate(1)
        assert left.verify("kernel", b"x", left.sign("kernel", b"x"))


def test_a_ring_without_a_file_can_not_be_changed() -> None:
    with pytest.raises(SettingsError, match="can.t be changed"):
        LocalKeyRing(b"k" * 32).rotate(1)


def test_a_file_of_keys_with_none_that_signs_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not exactly the last key signs"):
        write_keys(tmp_path / "ring.json", [])
    assert not (tmp_path / "ring.json").exists()


def _race(home: str, messages: list[bytes], start: float, results: str) -> None:
    from genesis_core import EnvelopeRefused
    from genesis_identity.envelopes import SealedEnvelopes

    envelopes = SealedEnvelopes(LocalKeyRing.open(Path(home)), Path(home) / "keys" / "seen.db")
    time.sleep(max(0.0, start - time.time()))
    said: list[str] = []
    for sealed in messages:
        try:
            said.append(str(envelopes.open(sealed, audience="two").body))
        except EnvelopeRefused as error:
            assert error.refusal is Refusal.REPLAYED
    Path(results).write_text(json.dumps(said))


def test_of_many_who_open_a_message_at_once_exactly_one_succeeds(tmp_path: Path) -> None:
    from genesis_identity.envelopes import SealedEnvelopes

    one = SealedEnvelopes(LocalKeyRing.open(tmp_path), tmp_path / "keys" / "seen.db")
    messages = [one.seal(number, sender="one", audience="two") for number in range(200)]
    start, places = time.time() + 3, [tmp_path / f"said{number}" for number in range(4)]
    racers = [another(_race, str(tmp_path), messages, start, str(place)) for place in places]
    assert [racer.wait(60) for racer in racers] == [0] * 4
    said = [word for place in places for word in json.loads(place.read_text())]
    assert sorted(said, key=int) == [str(number) for number in range(200)]
