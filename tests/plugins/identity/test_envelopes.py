"""Every way in which a message can be wrong is refused, with the right reason; the right ones are opened once."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_core import AccessDenied, Envelope, EnvelopeRefused, Envelopes, JournalError, Refusal
from genesis_core._keys import LocalKeyRing
from genesis_identity._options import Options
from genesis_identity.envelopes import SealedEnvelopes

BEGAN = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
MS = int(BEGAN.timestamp() * 1000)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Post:
    """A ring of keys, and what seals and opens with it, on one clock."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.clock = Clock()
        self.ring = LocalKeyRing.open(home, clock=self.clock)
        self.path = home / "keys" / "seen.db"
        self.envelopes = SealedEnvelopes(self.ring, self.path, options=Options(**options), clock=self.clock)

    def seal(self, body: Any = "hello", **changes: Any) -> bytes:
        return self.envelopes.seal(body, **{"sender": "kernel", "audience": "worker", **changes})

    def open(self, sealed: bytes, **changes: Any) -> Envelope:
        return self.envelopes.open(sealed, **{"audience": "worker", **changes})

    def signed(self, header: bytes, body: bytes = b'"hello"', sender: str = "kernel") -> bytes:
        """Sign whatever *header* is: what somebody with a key may send who means no good."""
        first = b"genesis-envelope/1 " + sender.encode()
        mac = self.ring.sign(sender, first + b"\n" + header).hex().encode()
        return first + b" " + mac + b"\n" + header + b"\n" + body

    def header(self, body: bytes = b'"hello"', **changes: Any) -> bytes:
        fields = {"audience": "worker", "body": hashlib.sha256(body).hexdigest(), "chain": [], "expires": MS + 60_000,
                  "issued": MS, "length": len(body), "nonce": "0" * 32, "scopes": []}
        return json.dumps({**fields, **changes}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.envelopes.close()


def refused(post: Post, sealed: bytes, **changes: Any) -> Refusal:
    with pytest.raises(EnvelopeRefused) as caught:
        post.open(sealed, **changes)
    assert isinstance(caught.value, AccessDenied)
    assert caught.value.exit_code == 4
    assert caught.value.cause and caught.value.hint
    return caught.value.refusal


# -- what is right ----------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**90), 10**90) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdé-_ ", max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(body=JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_is_opened_as_it_was(post: Post, body: Any) -> None:
    opened = post.open(post.seal(body))
    assert opened.body == body
    assert (opened.sender, opened.audience, opened.subject) == ("kernel", "worker", "kernel")


def test_the_kernels_port_is_met(post: Post) -> None:
    assert isinstance(post.envelopes, Envelopes)


def test_what_was_opened_can_not_be_changed(post: Post) -> None:
    opened = post.open(post.seal({"a": [1]}))
    with pytest.raises(TypeError):
        opened.body["a"].append(2)
    with pytest.raises(AttributeError):
        opened.sender = "somebody"  # type: ignore[misc]


def test_an_envelope_of_version_1_is_still_opened(tmp_path: Path) -> None:
    """What this version wrote once, under a key that is a test's and no secret."""
    ring = LocalKeyRing(b"golden test key, not a secret!!!")
    envelopes = SealedEnvelopes(ring, tmp_path / "keys" / "seen.db", clock=lambda: BEGAN)
    golden = (Path(__file__).parents[2] / "data" / "golden_envelope_v1").read_bytes()
    opened = envelopes.open(golden, audience="worker", subject="alice")
    assert (opened.sender, opened.subject, opened.scopes) == ("kernel", "alice", ("read",))
    assert opened.body == {"é": [1, None, True, "x"], "task": "measure"}
    assert opened.identity.actor == ("alice",)
    envelopes.close()


# -- what is wrong ----------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_goes_unnoticed(post: Post, data: st.DataObject) -> None:
    chain = post.envelopes.delegate("alice", "kernel", ["read", "write"])
    sealed = bytearray(post.seal({"do": ["a", 1]}, chain=chain) if data.draw(st.booleans()) else post.seal("hello"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeRefused):
        post.open(bytes(sealed))


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_cut_off_and_nothing_added_goes_unnoticed(post: Post, data: st.DataObject) -> None:
    sealed = post.seal({"do": ["a", 1]})
    assert refused(post, sealed[:data.draw(st.integers(0, len(sealed) - 1))]) is Refusal.TRUNCATED
    assert refused(post, sealed + data.draw(st.binary(min_size=1, max_size=9))) is Refusal.ALTERED
    post.open(sealed)


@given(noise=st.binary(max_size=300))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_is_refused_and_never_a_crash(post: Post, noise: bytes) -> None:
    for sealed in (noise, b"genesis-envelope/1 " + noise, b"genesis-envelope/1 kernel " + noise,
                   post.signed(noise), post.signed(post.header(b"]" + noise), b"]" + noise)):
        with pytest.raises(EnvelopeRefused):
            post.open(sealed)


def test_a_forgery_is_refused(post: Post, tmp_path: Path) -> None:
    first, header, body = post.seal().split(b"\n")
    magic, sender, mac = first.split(b" ")
    forged = b" ".join([magic, sender, mac[:16] + b"0" * 64])
    assert refused(post, b"\n".join([forged, header, body])) is Refusal.FORGED
    other = Post(tmp_path / "other")
    assert refused(post, other.seal()) is Refusal.UNKNOWN_KEY


def test_a_mac_of_one_sender_is_none_of_another(post: Post) -> None:
    assert refused(post, post.seal(sender="kernel").replace(b" kernel ", b" Kernel ", 1)) is Refusal.FORGED


def test_a_row_of_a_journal_is_no_envelope(post: Post) -> None:
    body = b'{"a":1}'
    mac = post.ring.sign("kernel", b"genesis journal row 1" + post.header(body)).hex().encode()
    sealed = b"genesis-envelope/1 kernel " + mac + b"\n" + post.header(body) + b"\n" + body
    assert refused(post, sealed) is Refusal.FORGED


def test_a_changed_body_is_altered(post: Post) -> None:
    assert refused(post, post.seal("hello").replace(b'"hello"', b'"hallo"')) is Refusal.ALTERED


def test_a_message_is_opened_once(post: Post, tmp_path: Path) -> None:
    sealed = post.seal()
    post.open(sealed)
    assert refused(post, sealed) is Refusal.REPLAYED
    again = Post(tmp_path)  # as after a restart
    assert refused(again, sealed) is Refusal.REPLAYED
    again.envelopes.close()


def test_a_message_that_was_refused_for_another_can_still_be_opened_by_the_right_one(post: Post) -> None:
    sealed = post.seal()
    assert refused(post, sealed, audience="somebody") is Refusal.WRONG_AUDIENCE
    assert refused(post, sealed, subject="alice") is Refusal.WRONG_SUBJECT
    assert post.open(sealed, subject="kernel").body == "hello"


@pytest.mark.parametrize(("seconds", "refusal"), [(91, Refusal.EXPIRED), (90, Refusal.EXPIRED), (-31, Refusal.FUTURE)])
def test_time_counts_from_both_ends(post: Post, seconds: float, refusal: Refusal) -> None:
    sealed = post.seal(seconds=60)
    post.clock.move(seconds)
    assert refused(post, sealed) is refusal


@pytest.mark.parametrize("seconds", [89.999, 0, -30])
def test_clocks_may_differ_a_little(post: Post, seconds: float) -> None:
    sealed = post.seal(seconds=60)
    post.clock.move(seconds)
    assert post.open(sealed).body == "hello"


def test_nothing_is_valid_for_ever(post: Post) -> None:
    assert refused(post, post.signed(post.header(expires=MS + 86_400_001))) is Refusal.TOO_LONG
    for seconds in (0, -1, 86_401, float("inf"), float("nan")):
        with pytest.raises(EnvelopeRefused, match="valid for too long"):
            post.seal(seconds=seconds)


def test_a_key_in_grace_opens_and_a_retired_one_does_not(post: Post) -> None:
    old, retired = post.seal(seconds=3600), post.seal(seconds=3600)
    post.ring.rotate(600)
    post.clock.move(599)
    assert post.open(old).body == "hello"
    post.clock.move(1)
    assert refused(post, retired) is Refusal.RETIRED_KEY
    assert post.open(post.seal()).body == "hello"


def test_a_key_that_is_retired_by_hand_opens_nothing_more(post: Post) -> None:
    sealed = post.seal()
    old = post.ring.infos()[0].id
    post.ring.rotate(600)
    post.ring.retire(old)
    assert refused(post, sealed) is Refusal.RETIRED_KEY


def test_what_is_too_large_is_refused_before_anything_else(tmp_path: Path) -> None:
    post = Post(tmp_path, max_bytes=1000)
    assert refused(post, b"x" * 1001) is Refusal.OVERSIZED
    with pytest.raises(EnvelopeRefused) as caught:
        post.seal("x" * 1000)
    assert caught.value.refusal is Refusal.OVERSIZED


BODIES: dict[str, tuple[bytes, Refusal]] = {
    "duplicate keys": (b'{"a":1,"a":2}', Refusal.DUPLICATE_KEY),
    "duplicate keys inside": (b'[{"b":{"a":1,"a":1}}]', Refusal.DUPLICATE_KEY),
    "duplicate keys by an escape": (b'{"a":1,"\\u0061":2}', Refusal.DUPLICATE_KEY),
    "a float": (b"1.0", Refusal.NOT_CANONICAL),
    "an exponent": (b"1e3", Refusal.NOT_CANONICAL),
    "NaN": (b"NaN", Refusal.NOT_CANONICAL),
    "infinity": (b"[-Infinity]", Refusal.NOT_CANONICAL),
    "minus zero": (b"-0", Refusal.NOT_CANONICAL),
    "a long integer": (b"1" * 5000, Refusal.NOT_CANONICAL),
    "space": (b'{"a": 1}', Refusal.NOT_CANONICAL),
    "order": (b'{"b":1,"a":2}', Refusal.NOT_CANONICAL),
    "an escape": (b'"\\u0061"', Refusal.NOT_CANONICAL),
    "a lone surrogate": (b'"\\ud800"', Refusal.NOT_CANONICAL),
    "no UTF-8": (b'"\xff"', Refusal.NOT_CANONICAL),
    "overlong UTF-8": (b'"\xc0\xaf"', Refusal.NOT_CANONICAL),
    "a byte order mark": (b"\xef\xbb\xbf1", Refusal.NOT_CANONICAL),
    "two values": (b"1 2", Refusal.NOT_CANONICAL),
    "nothing": (b"", Refusal.NOT_CANONICAL),
    "a name in two parts": ('{"e\u0301":1}'.encode(), Refusal.BAD_NAME),
    "a zero-width space in a name": ('{"a\u200bb":1}'.encode(), Refusal.BAD_NAME),
    "a direction mark in a name": ('{"a\u202eb":1}'.encode(), Refusal.BAD_NAME),
    "a ligature in a name": ('{"\ufb01le":1}'.encode(), Refusal.BAD_NAME),
    "wide letters in a name": ('{"\uff41dmin":1}'.encode(), Refusal.BAD_NAME),
    "a control character in a name": (b'{"a\\u0000":1}', Refusal.BAD_NAME),
    "depth": (b"[" * 49 + b"]" * 49, Refusal.TOO_DEEP),
    "great depth": (b"[" * 200_000 + b"]" * 200_000, Refusal.TOO_DEEP),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_with_another_spelling_is_refused_even_when_its_sender_signed_it(post: Post, kind: str) -> None:
    body, refusal = BODIES[kind]
    assert refused(post, post.signed(post.header(body), body)) is refusal


HOP = {"giver": "alice", "taker": "kernel", "scopes": [], "expires": MS, "mac": "00"}
HEADERS: dict[str, tuple[Callable[[Post], bytes], Refusal]] = {
    "duplicate keys": (lambda p: p.header().replace(b'"chain"', b'"audience":"other","chain"'), Refusal.DUPLICATE_KEY),
    "one field more": (lambda p: p.header(admin=True), Refusal.UNREADABLE),
    "one field less": (lambda p: p.header().replace(b',"scopes":[]', b""), Refusal.UNREADABLE),
    "a list": (lambda p: b"[]", Refusal.UNREADABLE),
    "a float": (lambda p: p.header(expires=MS + 60_000.0), Refusal.NOT_CANONICAL),
    "a time as a word": (lambda p: p.header(expires=str(MS)), Refusal.UNREADABLE),
    "a time that is true": (lambda p: p.header(issued=True), Refusal.UNREADABLE),
    "a huge time": (lambda p: p.header(expires=10**90), Refusal.TOO_LONG),
    "a time before it began": (lambda p: p.header(issued=MS + 20_000, expires=MS), Refusal.TOO_LONG),
    "a negative time": (lambda p: p.header(expires=-(10**90)), Refusal.EXPIRED),
    "a short nonce": (lambda p: p.header(nonce="0"), Refusal.UNREADABLE),
    "an upper-case digest": (lambda p: re.sub(rb"[0-9a-f]{64}", b"A" * 64, p.header()), Refusal.UNREADABLE),
    "space": (lambda p: p.header().replace(b":[]", b": []", 1), Refusal.NOT_CANONICAL),
    "an audience of another script": (lambda p: p.header(audience="w\u043erker"), Refusal.BAD_NAME),
    "an empty audience": (lambda p: p.header(audience=""), Refusal.BAD_NAME),
    "an audience with a space": (lambda p: p.header(audience="worker two"), Refusal.BAD_NAME),
    "a scope that is no name": (lambda p: p.header(scopes=["*"]), Refusal.BAD_NAME),
    "scopes out of order": (lambda p: p.header(scopes=["b", "a"]), Refusal.NOT_CANONICAL),
    "a scope twice": (lambda p: p.header(scopes=["a", "a"]), Refusal.NOT_CANONICAL),
    "scopes that are a word": (lambda p: p.header(scopes="admin"), Refusal.NOT_CANONICAL),
    "a chain that is none": (lambda p: p.header(chain={}), Refusal.UNREADABLE),
    "a hop that is none": (lambda p: p.header(chain=[1]), Refusal.UNREADABLE),
    "a hop with a field more": (lambda p: p.header(chain=[{**HOP, "admin": 1}]), Refusal.UNREADABLE),
    "a hop with a MAC that is none": (lambda p: p.header(chain=[{**HOP, "mac": "zz"}]), Refusal.FORGED),
    "a hop with an empty MAC": (lambda p: p.header(chain=[{**HOP, "mac": ""}]), Refusal.FORGED),
    "a hop nobody signed": (lambda p: p.header(chain=[HOP]), Refusal.FORGED),
    "too many hops": (lambda p: p.header(chain=[HOP] * 9), Refusal.OVERSIZED),
    "a long header": (lambda p: p.header(scopes=["a" * 128] * 600), Refusal.OVERSIZED),
    "a shorter body": (lambda p: p.header(length=6), Refusal.ALTERED),
    "a longer body": (lambda p: p.header(length=8), Refusal.TRUNCATED),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_is_not_as_it_should_be_is_refused_even_when_its_sender_signed_it(post: Post, kind: str) -> None:
    make, refusal = HEADERS[kind]
    assert refused(post, post.signed(make(post))) is refusal


def test_the_headers_that_are_read_without_a_reader_are_those_that_it_reads_alike(post: Post) -> None:
    from genesis_identity._header import PLAIN, Header, _read

    header = post.seal().split(b"\n")[1]
    assert PLAIN.fullmatch(header)
    assert Header.of(header) == _read(header)
    assert Header.of(header).text() == header


@pytest.mark.parametrize("name", ["", " kernel", "kern el", "k\u0435rnel", "a" * 129, "kernel\n", "-k", "kernel\u200b"])
def test_a_name_is_made_of_plain_letters(post: Post, name: str) -> None:
    for changes in ({"sender": name}, {"audience": name}, {"scopes": [name]}):
        with pytest.raises(EnvelopeRefused) as caught:
            post.seal(**changes)
        assert caught.value.refusal is Refusal.BAD_NAME
    line = b"genesis-envelope/1 " + name.encode() + b" " + b"0" * 80 + b"\n{}\n1"
    assert refused(post, line) in (Refusal.BAD_NAME, Refusal.UNREADABLE, Refusal.TRUNCATED)


@pytest.mark.parametrize("body", [1.5, float("nan"), {"a": {1: 2}}, {"s": {1, 2}}, b"bytes", "\ud800", object()])
def test_what_has_no_one_spelling_is_not_sealed(post: Post, body: Any) -> None:
    with pytest.raises(EnvelopeRefused) as caught:
        post.seal(body)
    assert caught.value.refusal is Refusal.NOT_CANONICAL


# -- delegation -------------------------------------------------------------------------------------------------------


def test_a_delegate_acts_for_who_began_the_chain_within_what_it_was_given(post: Post) -> None:
    one = post.envelopes.delegate("alice", "planner", ["read", "write"], seconds=60)
    two = post.envelopes.delegate("planner", "kernel", ["read"], seconds=30, chain=one)
    opened = post.open(post.seal(chain=two), subject="alice")
    assert (opened.subject, opened.scopes, opened.identity.actor) == ("alice", ("read",), ("alice", "planner"))
    assert opened.expires == MS + 30_000


def test_a_chain_only_narrows(post: Post) -> None:
    one = post.envelopes.delegate("alice", "planner", ["read"], seconds=60)
    with pytest.raises(EnvelopeRefused) as caught:
        post.envelopes.delegate("planner", "kernel", ["read", "write"], chain=one)
    assert caught.value.refusal is Refusal.WIDENED
    mine = post.envelopes.delegate("alice", "kernel", ["read"])
    with pytest.raises(EnvelopeRefused) as caught:
        post.seal(chain=mine, scopes=["read", "write"])
    assert caught.value.refusal is Refusal.WIDENED
    rows = [hop.model_dump() for hop in mine]
    assert refused(post, post.signed(post.header(chain=rows, scopes=["write"]))) is Refusal.WIDENED
    assert refused(post, post.signed(post.header(chain=rows, expires=MS + 60_001))) is Refusal.WIDENED


@pytest.mark.parametrize("late", [10, 11])
def test_nothing_is_sealed_or_passed_on_by_what_somebody_was_given_until_now(post: Post, late: int) -> None:
    chain = post.envelopes.delegate("alice", "kernel", ["read"], seconds=10)
    post.clock.move(late)
    with pytest.raises(EnvelopeRefused) as sealing:
        post.seal(chain=chain)
    with pytest.raises(EnvelopeRefused) as passing:
        post.envelopes.delegate("kernel", "bob", ["read"], chain=chain)
    assert sealing.value.refusal is passing.value.refusal is Refusal.EXPIRED


def test_a_hop_that_its_giver_signed_wider_is_refused(post: Post) -> None:
    from genesis_identity._chain import hop_data

    one = post.envelopes.delegate("alice", "planner", ["read"], seconds=60)
    wide = {"giver": "planner", "taker": "kernel", "scopes": ["read", "write"], "expires": MS + 60_000}
    mac = post.ring.sign("planner", hop_data(one[0].mac, "planner", "kernel", ["read", "write"], MS + 60_000)).hex()
    rows = [one[0].model_dump(), {**wide, "mac": mac}]
    assert refused(post, post.signed(post.header(chain=rows))) is Refusal.WIDENED


def test_nobody_shows_what_somebody_else_was_given(post: Post) -> None:
    stolen = [hop.model_dump() for hop in post.envelopes.delegate("alice", "planner", ["read"])]
    assert refused(post, post.signed(post.header(chain=stolen))) is Refusal.WRONG_SUBJECT
    with pytest.raises(EnvelopeRefused) as caught:
        post.envelopes.delegate("stranger", "kernel", ["read"], chain=post.envelopes.delegate("a", "b", ["read"]))
    assert caught.value.refusal is Refusal.WRONG_SUBJECT


def test_no_hop_can_be_left_out_or_moved_to_another_chain(post: Post) -> None:
    one = post.envelopes.delegate("alice", "planner", ["read"])
    two = post.envelopes.delegate("planner", "kernel", ["read"], chain=one)
    other = post.envelopes.delegate("bob", "planner", ["read"])
    cut, moved = [two[1].model_dump()], [other[0].model_dump(), two[1].model_dump()]
    assert refused(post, post.signed(post.header(chain=cut))) is Refusal.FORGED
    assert refused(post, post.signed(post.header(chain=moved))) is Refusal.FORGED


# -- who fails, and who pays for it -----------------------------------------------------------------------------------


def test_ten_thousand_bad_attempts_in_a_name_leave_everybody_unaffected(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    first, header, body = post.seal(sender="victim").split(b"\n")
    forged = re.sub(rb"[0-9a-f]{64}$", b"0" * 64, first) + b"\n" + header + b"\n" + body
    with caplog.at_level(logging.WARNING, logger="genesis.identity"):
        for _ in range(10_000):
            with pytest.raises(EnvelopeRefused):
                post.open(forged)
    assert post.envelopes.failures() == {"victim": 10_000}
    assert len(caplog.records) == 1
    assert post.open(post.seal(sender="victim")).sender == "victim"
    assert post.open(post.seal(sender="another")).sender == "another"
    post.clock.move(3600)
    refused(post, forged)
    assert len(caplog.records) == 2
    assert "10001 so far" in caplog.records[1].getMessage()


def test_who_claims_ever_new_names_fills_no_memory(post: Post) -> None:
    for number in range(3000):
        refused(post, b"genesis-envelope/1 n%d " % number + b"0" * 80 + b"\n{}\n1")
    counts = post.envelopes.failures()
    assert len(counts) == 1025
    assert sum(counts.values()) == 3000


def test_a_forgery_is_not_remembered(post: Post) -> None:
    post.open(post.seal())
    for _ in range(10):
        refused(post, post.seal().replace(b'"hello"', b'"hallo"'))
        refused(post, b"genesis-envelope/1 x " + b"0" * 80 + b"\n{}\n1")
    with sqlite3.connect(post.path) as db:
        assert db.execute("SELECT count(*) FROM seen").fetchone() == (1,)
    db.close()


def test_a_sender_of_too_much_stops_itself_alone(tmp_path: Path) -> None:
    post = Post(tmp_path, max_unexpired=5)
    for _ in range(5):
        post.open(post.seal(sender="flood", seconds=10))
    assert refused(post, post.seal(sender="flood", seconds=10)) is Refusal.FLOODED
    post.open(post.seal(sender="another"))
    post.clock.move(41)  # what it sent has expired, also on a clock that is late
    assert post.open(post.seal(sender="flood")).sender == "flood"
    post.envelopes.close()


def test_what_has_expired_is_forgotten_and_stays_expired_when_the_clock_goes_back(tmp_path: Path) -> None:
    post = Post(tmp_path)
    sealed = post.seal(seconds=10)
    post.open(sealed)
    post.clock.move(100)
    for _ in range(600):
        post.open(post.seal(seconds=10))
    with sqlite3.connect(post.path) as db:
        assert db.execute("SELECT count(*) FROM seen WHERE expires < ?", (MS + 11_000,)).fetchone() == (0,)
    db.close()
    post.clock.move(-100)
    assert refused(post, sealed) is Refusal.EXPIRED
    post.envelopes.close()


def test_a_memory_that_can_not_be_read_opens_nothing(post: Post) -> None:
    post.path.write_bytes(b"this is no database" * 99)
    with pytest.raises(JournalError, match="no message can be opened"):
        post.open(post.seal())


def test_the_memory_is_its_owners_alone(post: Post) -> None:
    post.open(post.seal())
    assert post.path.stat().st_mode & 0o777 == 0o600


class Vault:
    """A ring that signs and verifies, and no more."""

    def sign(self, actor: str, data: bytes) -> bytes:
        return hashlib.sha256(actor.encode() + data).digest()

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        return self.sign(actor, data) == mac


def test_any_key_ring_will_do(tmp_path: Path) -> None:
    envelopes = SealedEnvelopes(Vault(), tmp_path / "keys" / "seen.db")
    sealed = envelopes.seal("hello", sender="kernel", audience="worker")
    assert envelopes.open(sealed, audience="worker").body == "hello"
    with pytest.raises(EnvelopeRefused, match="forged"):
        envelopes.open(sealed.replace(b"kernel", b"Kernel", 1), audience="worker")
    envelopes.close()
