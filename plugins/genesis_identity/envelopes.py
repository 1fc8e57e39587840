"""Sealed envelopes, for what crosses from one process to another.

::

    genesis-envelope/1 SENDER MAC
    {"audience":..,"body":SHA256,"chain":[..],"expires":..,"issued":..,"length":..,"nonce":..,"scopes":[..]}
    BODY

Three lines of bytes; header and body are JSON in its one spelling (:mod:`._strict`). The MAC, under the sender's own
key, covers the sender's name and the header; the header holds the digest of the body. So the cost of refusing a
forgery does not grow with it, and nothing that it says is believed, or even parsed, before the MAC was found right.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from genesis_core import Delegation, Envelope, EnvelopeRefused, KeyRing, KeyStore, Refusal

from ._chain import check_chain, hop_data, scopes_of
from ._failures import Failures
from ._header import Header
from ._options import Options
from ._seen import Seen
from ._strict import check_name, dump, load

__all__ = ["SealedEnvelopes"]

MAGIC = b"genesis-envelope/1"
MAC = re.compile(rb"[0-9a-f]{32,512}")
MOST_HEADER = 65_536
UNCLAIMED = "(nobody)"
WRONG_MAC = {
    Refusal.FORGED: "is not the sender's of this: somebody without the key made it, or changed it on its way",
    Refusal.UNKNOWN_KEY: "is under a key that is not here",
    Refusal.RETIRED_KEY: "is under a key that is retired",
}

log = logging.getLogger("genesis.identity")


class _Parts(NamedTuple):
    """The three lines, before anything in them is believed."""

    sender: str
    mac: str
    header: bytes
    body: bytes


class SealedEnvelopes:
    """Seals and opens with a key ring; what was opened is remembered in the file *seen*."""

    def __init__(
        self, ring: KeyRing, seen: Path, *, options: Options | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._ring, self._options = ring, options or Options()
        self._store = ring if isinstance(ring, KeyStore) else None
        self._clock = clock or _utc_now
        self._seen = Seen(seen, self._options.max_unexpired)
        self._failures = Failures()
        self._skew = round(self._options.skew_seconds * 1000)
        self._longest = round(self._options.max_seconds * 1000)

    # -- seal -------------------------------------------------------------------------------------------------------

    def seal(
        self, body: JsonValue, *, sender: str, audience: str, seconds: float = 60.0, scopes: Iterable[str] = (),
        chain: Sequence[Delegation] = (),
    ) -> bytes:
        """Return *body* sealed by *sender* for *audience*, to be opened once within *seconds*.

        With a *chain* the sender acts for whoever began it, within *scopes* (none named: all that it was given), and
        no longer than it was given them. Raises EnvelopeRefused for what nobody could open.
        """
        text = dump(body, self._options.max_depth)
        issued = self._now()
        header = Header(
            check_name(audience, "the audience"), hashlib.sha256(text).hexdigest(), tuple(chain),
            self._until(issued, seconds, chain), issued, len(text), os.urandom(16).hex(),
            scopes_of(scopes) or (chain[-1].scopes if chain else ()),
        )
        if chain:
            self._check_delegated(check_name(sender, "the sender"), header)
        check_name(sender, "the sender")
        said = header.text()
        sealed = b"%b %b %b\n%b\n%b" % (MAGIC, sender.encode(), self._signed(sender, said), said, text)
        if len(sealed) > self._options.max_bytes:
            raise EnvelopeRefused(Refusal.OVERSIZED, f"{len(sealed)} bytes; {self._options.max_bytes} are allowed")
        return sealed

    def _until(self, issued: int, seconds: float, chain: Sequence[Delegation]) -> int:
        if not 0 < seconds * 1000 <= self._longest:
            raise EnvelopeRefused(Refusal.TOO_LONG, f"{seconds} s; from 0 to {self._options.max_seconds} s are allowed")
        until = min([issued + round(seconds * 1000), *(hop.expires for hop in chain)])
        if until <= issued:
            raise EnvelopeRefused(Refusal.EXPIRED, f"what was given was valid until {_said(until)}; "
                                                   f"it is {_said(issued)}")
        return until

    def _signed(self, sender: str, header: bytes) -> bytes:
        return self._ring.sign(sender, _signed_part(sender, header)).hex().encode()

    def delegate(
        self, giver: str, taker: str, scopes: Iterable[str], *, seconds: float = 60.0,
        chain: Sequence[Delegation] = (),
    ) -> tuple[Delegation, ...]:
        """Return *chain* and one hop more: *giver* lets *taker* act for it (raises EnvelopeRefused when it widens)."""
        check_name(giver, "the giver")
        check_name(taker, "the taker")
        given, expires = scopes_of(scopes), self._until(self._now(), seconds, chain)
        data = hop_data(chain[-1].mac if chain else "", giver, taker, given, expires)
        hop = Delegation(giver=giver, taker=taker, scopes=given, expires=expires,
                         mac=self._ring.sign(giver, data).hex())
        made = (*chain, hop)
        check_chain(made, self._checked, self._options.max_hops)
        return made

    # -- open -------------------------------------------------------------------------------------------------------

    def open(self, sealed: bytes, *, audience: str, subject: str | None = None) -> Envelope:
        """Return what *sealed* says to *audience*, on behalf of *subject* if one is named.

        Raises EnvelopeRefused saying why it can't be believed. Refusals are counted under the name that it claims to
        come from (:meth:`failures`), and cost that name nothing: what it really sent is opened as ever.
        """
        claimed = UNCLAIMED
        try:
            parts = self._parts(sealed)
            claimed = parts.sender
            refusal = self._checked(parts.sender, _signed_part(parts.sender, parts.header), parts.mac)
            if refusal is not None:
                raise EnvelopeRefused(refusal, f"its MAC, {parts.mac[:16]}.., {WRONG_MAC[refusal]}")
            return self._opened(parts, audience, subject)
        except EnvelopeRefused as error:
            error.sender = claimed
            self._note(error)
            raise

    def _parts(self, sealed: bytes) -> _Parts:
        """Return the three lines of *sealed*; only their shape is looked at."""
        if len(sealed) > self._options.max_bytes:
            raise EnvelopeRefused(Refusal.OVERSIZED, f"{len(sealed)} bytes; {self._options.max_bytes} are allowed")
        first, line, rest = bytes(sealed).partition(b"\n")
        words = first.split(b" ")
        if words[0] != MAGIC and (line or not MAGIC.startswith(first)):
            raise EnvelopeRefused(Refusal.UNREADABLE, "it does not begin as an envelope of version 1 does")
        header, second, body = rest.partition(b"\n")
        if not second:
            raise EnvelopeRefused(Refusal.TRUNCATED, "it ends before its body")
        if len(words) != 3 or MAC.fullmatch(words[2]) is None:
            raise EnvelopeRefused(Refusal.UNREADABLE, "its first line is not genesis-envelope/1 SENDER MAC")
        if len(header) > MOST_HEADER:
            raise EnvelopeRefused(Refusal.OVERSIZED, f"a header of {len(header)} bytes; {MOST_HEADER} are allowed")
        return _Parts(check_name(words[1].decode("ascii", "replace"), "the sender"), words[2].decode(), header, body)

    def _checked(self, actor: str, data: bytes, mac: str) -> Refusal | None:
        try:
            given = bytes.fromhex(mac)
        except ValueError:
            return Refusal.FORGED
        if self._store is not None:
            return self._store.check(actor, data, given)
        return None if self._ring.verify(actor, data, given) else Refusal.FORGED

    def _opened(self, parts: _Parts, audience: str, subject: str | None) -> Envelope:
        """Return what *parts* say, whose MAC is right: their sender wrote the header, and may still be wrong."""
        header, now = Header.of(parts.header), self._now()
        self._check_times(header, now)
        if header.audience != audience:
            raise EnvelopeRefused(Refusal.WRONG_AUDIENCE, f"it is for {header.audience}, and this is {audience}")
        _check_body(header, parts.body)
        body = load(parts.body, self._options.max_depth)
        if header.chain:
            self._check_delegated(parts.sender, header)
        acts_for = header.chain[0].giver if header.chain else parts.sender
        if subject is not None and subject != acts_for:
            raise EnvelopeRefused(Refusal.WRONG_SUBJECT, f"it acts for {acts_for}, not for {subject}")
        refusal = self._seen.take(parts.sender, header.nonce, header.expires, now - self._skew)
        if refusal is not None:
            raise EnvelopeRefused(refusal, f"message {header.nonce} of {parts.sender}")
        return Envelope(parts.sender, audience, acts_for, header.scopes, header.issued, header.expires, header.nonce,
                        body, header.chain)

    def _check_times(self, header: Header, now: int) -> None:
        issued, expires = header.issued, header.expires
        if expires <= now - self._skew:
            raise EnvelopeRefused(Refusal.EXPIRED, f"it was valid until {_said(expires)}; it is {_said(now)}")
        if issued > now + self._skew:
            raise EnvelopeRefused(Refusal.FUTURE, f"it is of {_said(issued)}; it is {_said(now)}")
        if not 0 <= expires - issued <= self._longest:
            raise EnvelopeRefused(Refusal.TOO_LONG, f"valid for {expires - issued} ms; {self._longest} are allowed")

    def _check_delegated(self, sender: str, header: Header) -> None:
        """Check that *sender* was given what it claims, by a chain of hops that only narrow."""
        check_chain(header.chain, self._checked, self._options.max_hops)
        last = header.chain[-1]
        if last.taker != sender:
            raise EnvelopeRefused(Refusal.WRONG_SUBJECT, f"{sender} shows what {last.taker} was given")
        if not set(header.scopes) <= set(last.scopes) or header.expires > last.expires:
            raise EnvelopeRefused(Refusal.WIDENED, f"{sender} claims more than {last.giver} gave it")

    # -- what was refused -------------------------------------------------------------------------------------------

    def failures(self) -> Mapping[str, int]:
        """Return how many messages were refused, by the name that they claimed to come from."""
        return self._failures.counts()

    def _note(self, error: EnvelopeRefused) -> None:
        count = self._failures.note(error.sender, self._now())
        if count:
            log.warning("%s (from %s; %d so far)", error, error.sender, count)

    def close(self) -> None:
        """Close the file of what was opened."""
        self._seen.close()

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _said(milliseconds: int) -> str:
    """Return a time for people; a sender may have written any number."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return "no time"


def _signed_part(sender: str, header: bytes) -> bytes:
    return b"%b %b\n%b" % (MAGIC, sender.encode(), header)


def _check_body(header: Header, body: bytes) -> None:
    if len(body) < header.length:
        raise EnvelopeRefused(Refusal.TRUNCATED, f"{len(body)} of {header.length} bytes came")
    if len(body) != header.length or hashlib.sha256(body).hexdigest() != header.body:
        raise EnvelopeRefused(Refusal.ALTERED, "the body is not the one that was sealed")
