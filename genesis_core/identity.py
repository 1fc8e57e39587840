"""Who signed what: keys and their states, sealed envelopes for what crosses a process, and why one is refused.

Inside a run a journal row is the envelope. Between processes a message is sealed by :class:`Envelopes`; the plugin
``genesis_identity`` offers them. A MAC stops no hostile code in the process that holds the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import JsonValue

from .engines import KeyRing
from .errors import AccessDenied
from .policy import Identity
from .records import Record, freeze

__all__ = [
    "Delegation", "Envelope", "EnvelopeRefused", "Envelopes", "KeyInfo", "KeyState", "KeyStore", "Refusal",
]


ID_BYTES = 8
"""How many bytes of a MAC by a KeyStore name the key that it is under: the first ones."""


class KeyState(StrEnum):
    """What a key may still do."""

    ACTIVE = "active"
    """It signs."""
    GRACE = "grace"
    """A newer one signs; envelopes under this one are opened until its time."""
    RETIRED = "retired"
    """Envelopes under it are refused. Rows of journals still verify: they are about the past."""


class KeyInfo(Record):
    """What may be told of a key: anything but its bytes."""

    id: str
    state: KeyState
    created: datetime
    until: datetime | None = None
    """When it retires, or has retired; None: it signs."""
    inherited: bool = False
    """Whether it is the single key of an earlier version, and still verifies what that one signed."""


class Refusal(StrEnum):
    """Why an envelope, or a MAC, was refused."""

    FORGED = "forged"
    """Its MAC is not the sender's: it was made by somebody without the key, or changed on its way."""
    ALTERED = "altered"
    """The body is not the one that the sender signed."""
    UNKNOWN_KEY = "unknown key"
    RETIRED_KEY = "retired key"
    REPLAYED = "replayed"
    EXPIRED = "expired"
    FUTURE = "from the future"
    TOO_LONG = "valid for too long"
    WRONG_AUDIENCE = "wrong audience"
    WRONG_SUBJECT = "wrong subject"
    WIDENED = "widened"
    """A delegation gives more, or for longer, than its giver had."""
    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    UNREADABLE = "unreadable"
    """It is no envelope of a version that is known here."""
    DUPLICATE_KEY = "duplicate key"
    NOT_CANONICAL = "not canonical"
    BAD_NAME = "bad name"
    TOO_DEEP = "too deep"
    FLOODED = "flooded"
    """Its sender has more unexpired messages than are remembered of one sender."""


class EnvelopeRefused(AccessDenied):
    """A sealed envelope was refused; ``refusal`` says why."""

    def __init__(self, refusal: Refusal, cause: str, *, sender: str = "") -> None:
        super().__init__(f"a sealed message was refused: {refusal}", cause=cause,
                         hint="have it sealed again by its sender; genesis keys list shows the keys")
        self.refusal, self.sender = refusal, sender


class Delegation(Record):
    """One hop: *giver* lets *taker* act for it, within *scopes*, until *expires* (milliseconds since 1970, UTC)."""

    giver: str
    taker: str
    scopes: tuple[str, ...]
    expires: int
    mac: str
    """The giver's MAC of this and of the hop before it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a sealed message said, once everything about it was found right."""

    sender: str
    audience: str
    subject: str
    """On whose behalf: who gave the first delegation, or the sender itself."""
    scopes: tuple[str, ...]
    issued: int
    expires: int
    nonce: str
    body: Any
    """JSON, frozen."""
    chain: tuple[Delegation, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the body: what was signed does not change."""
        object.__setattr__(self, "body", freeze(self.body))

    @property
    def identity(self) -> Identity:
        """Return who acts, within which scopes, and for whom."""
        return Identity(subject=self.sender, scopes=self.scopes, actor=tuple(hop.giver for hop in self.chain))


@runtime_checkable
class KeyStore(KeyRing, Protocol):
    """A key ring whose keys have ids, and are rotated and retired."""

    def check(self, actor: str, data: bytes, mac: bytes) -> Refusal | None:
        """Return why *mac* is not *actor*'s MAC of *data* under a key in use now; None: it is."""
        ...

    def infos(self) -> Sequence[KeyInfo]:
        """Return what may be told of every key, oldest first."""
        ...

    def rotate(self, grace_seconds: float) -> KeyInfo:
        """Let a new key sign from now on, and return it; the one before it retires after *grace_seconds*."""
        ...

    def retire(self, key_id: str) -> KeyInfo:
        """Retire a key that signs no more, now, and return it (raises SettingsError for the one that signs)."""
        ...

    def faults(self) -> Sequence[str]:
        """Return what is odd about the store, a sentence each (raises JournalError for keys that can't be used)."""
        ...


@runtime_checkable
class Envelopes(Protocol):
    """Seals what leaves this process, and opens what comes in."""

    def seal(
        self, body: JsonValue, *, sender: str, audience: str, seconds: float = 60.0, scopes: Iterable[str] = (),
        chain: Sequence[Delegation] = (),
    ) -> bytes:
        """Return *body* sealed by *sender* for *audience*, to be opened once within *seconds*.

        Raises EnvelopeRefused for what nobody could open: a name, a body or a time that is not allowed.
        """
        ...

    def open(self, sealed: bytes, *, audience: str, subject: str | None = None) -> Envelope:
        """Return what *sealed* says to *audience*, on behalf of *subject* if one is named (raises EnvelopeRefused)."""
        ...

    def delegate(
        self, giver: str, taker: str, scopes: Iterable[str], *, seconds: float = 60.0,
        chain: Sequence[Delegation] = (),
    ) -> tuple[Delegation, ...]:
        """Return *chain* and one hop more: *giver* lets *taker* act for it (raises EnvelopeRefused when it widens)."""
        ...
