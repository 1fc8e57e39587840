"""The second line of an envelope: what its sender says of the message, in one spelling."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from genesis_core import Delegation, EnvelopeRefused, Refusal

from ._chain import hops_of, scopes_of
from ._strict import check_name, dump, load

__all__ = ["Header"]

DEPTH = 4
FIELDS = ("audience", "body", "chain", "expires", "issued", "length", "nonce", "scopes")
NONCE = re.compile(r"[0-9a-f]{32}")
DIGEST = re.compile(r"[0-9a-f]{64}")
PLAIN = re.compile(
    rb'\{"audience":"([A-Za-z0-9][A-Za-z0-9._:@/-]{0,127})","body":"([0-9a-f]{64})","chain":\[\],'
    rb'"expires":(0|[1-9][0-9]{0,15}),"issued":(0|[1-9][0-9]{0,15}),"length":(0|[1-9][0-9]{0,9}),'
    rb'"nonce":"([0-9a-f]{32})","scopes":\[\]\}'
)
"""The header of most messages; what it matches is in its one spelling, and needs no reader of JSON."""


class Header(NamedTuple):
    """For whom, which body, from when until when, on whose behalf."""

    audience: str
    body: str
    """sha256 of the third line."""
    chain: tuple[Delegation, ...]
    expires: int
    issued: int
    length: int
    """Bytes of the third line."""
    nonce: str
    scopes: tuple[str, ...]

    def text(self) -> bytes:
        """Return the header as it is signed; every field was checked when it was made."""
        if not self.chain and not self.scopes:
            said = (f'{{"audience":"{self.audience}","body":"{self.body}","chain":[],"expires":{self.expires},'
                    f'"issued":{self.issued},"length":{self.length},"nonce":"{self.nonce}","scopes":[]}}')
            return said.encode()
        rows = [hop.model_dump() for hop in self.chain]
        return dump({**self._asdict(), "chain": rows, "scopes": list(self.scopes)}, DEPTH)

    @classmethod
    def of(cls, text: bytes) -> Header:
        """Return the header that *text* spells, every field of its type (raises EnvelopeRefused)."""
        found = PLAIN.fullmatch(text)
        if found is None:
            return _read(text)
        audience, body, expires, issued, length, nonce = found.groups()
        return cls(audience.decode(), body.decode(), (), int(expires), int(issued), int(length), nonce.decode(), ())


def _read(text: bytes) -> Header:
    header = load(text, DEPTH)
    if not isinstance(header, dict) or tuple(header) != FIELDS:
        raise EnvelopeRefused(Refusal.UNREADABLE, "its header has other fields than it should")
    if any(header[name].__class__ is not int for name in ("expires", "issued", "length")):
        raise EnvelopeRefused(Refusal.UNREADABLE, "a time or a length in it is no integer")
    for name, shape in (("nonce", NONCE), ("body", DIGEST)):
        if not isinstance(header[name], str) or shape.fullmatch(header[name]) is None:
            raise EnvelopeRefused(Refusal.UNREADABLE, f"its {name} is not hexadecimal, or of another length")
    check_name(header["audience"], "the audience")
    return Header(**{**header, "chain": hops_of(header["chain"]), "scopes": _sorted(header["scopes"])})


def _sorted(scopes: Any) -> tuple[str, ...]:
    """Return the scopes that a header names, which stand there sorted, each once."""
    found = scopes_of(scopes) if isinstance(scopes, list) else ()
    if list(found) != scopes:
        raise EnvelopeRefused(Refusal.NOT_CANONICAL, "its scopes are not sorted names, each once")
    return found
