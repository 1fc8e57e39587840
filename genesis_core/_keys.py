"""The key ring that every run has, unless the operator chose another one: keys in the state folder, one per actor.

A key of the file is signed with by nobody: each actor has its own, derived from it by HKDF (RFC 5869). A MAC begins
with the id of the key that it is under, so that keys can change while runs go on. It proves that rows were written by
somebody who can read the file, and shows any later edit. It stops no hostile code in the same process.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ._keyfile import KEY_BYTES, StoredKey, inherited, locked, new_key, read_keys, write_keys
from .errors import JournalError, SettingsError
from .identity import ID_BYTES, KeyInfo, KeyState, Refusal

__all__ = ["LocalKeyRing"]

FOLDER, FILE, OLD = "keys", "ring.json", "journal.key"
SALT = b"genesis identity 1"
MAC_BYTES = 32
MAX_ACTORS = 4096
"""Derived keys that are kept: who may be claimed to have sent something is for anybody to say."""
LOOK_SECONDS = 1.0
"""How long a ring signs without looking whether its file has changed."""


class _Held:
    """Keys as they were read together, and what was derived from them; other keys are another one of these.

    Who signs or verifies takes one and stays with it, so that no thread mixes what was before a change with what is
    after it.
    """

    __slots__ = ("active", "by_id", "derived", "mark", "old")

    def __init__(self, keys: Sequence[StoredKey], mark: tuple[int, int] | None) -> None:
        self.by_id = {key.id: key for key in keys}
        self.active, self.mark = keys[-1], mark
        self.derived: dict[tuple[bytes, str], HMAC] = {}
        self.old = [HMAC(key.secret, SHA256()) for key in keys if key.inherited]

    def keyed(self, key: StoredKey, actor: str) -> HMAC:
        """Return the HMAC of *actor*'s key, keyed: to be copied, as keying anew costs more than a row."""
        found = self.derived.get((key.id, actor))
        if found is None:
            if len(self.derived) >= MAX_ACTORS:
                self.derived.clear()
            info = b"actor\0" + actor.encode("utf-8", "surrogatepass")
            secret = HKDF(SHA256(), KEY_BYTES, salt=SALT, info=info).derive(key.secret)
            found = self.derived[key.id, actor] = HMAC(secret, SHA256())
        return found


class LocalKeyRing:
    """Signs and verifies with the actor's own key, derived from the one that is active; a :class:`KeyStore`."""

    def __init__(
        self, keys: bytes | Sequence[StoredKey], home: Path | None = None, clock: Callable[[], datetime] | None = None,
        mark: tuple[int, int] | None = None,
    ) -> None:
        self._home, self._clock = home, clock or _utc_now
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._taking_in = threading.Lock()
        """Of two threads, the one that read the keys first also holds them first: no older keys follow newer ones."""
        self._held = _Held([StoredKey(keys, self._clock())] if isinstance(keys, bytes) else keys, mark)

    @classmethod
    def open(
        cls, home: Path, *, create: bool = True, clock: Callable[[], datetime] | None = None
    ) -> LocalKeyRing:
        """Return the key ring of *home*, making its first key when there is none and *create* is true.

        The single key of an earlier version becomes the first one. Raises JournalError when keys are missing, damaged,
        open to others, or can't be written.
        """
        mark = _mark(home)  # before the keys: what changes meanwhile is looked at again
        keys = _created(home, clock or _utc_now) if create else _read(home)
        return cls(keys, home, clock, mark)

    # -- sign and verify --------------------------------------------------------------------------------------------

    def sign(self, actor: str, data: bytes) -> bytes:
        """Return the id of the active key, and HMAC-SHA256 (RFC 2104) of *data* under *actor*'s key of it."""
        if time.monotonic() >= self._next_look:
            self._look()
        held = self._held
        mac = held.keyed(held.active, actor).copy()
        mac.update(data)
        return held.active.id + mac.finalize()

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is right, in constant time; that its key has retired meanwhile makes no difference."""
        if len(mac) == MAC_BYTES:  # of an earlier version: one key for all actors
            return any(_same(keyed, data, mac) for keyed in self._held.old)
        held = self._knowing(mac)
        key = held.by_id.get(mac[:ID_BYTES])
        return key is not None and _same(held.keyed(key, actor), data, mac[ID_BYTES:])

    def check(self, actor: str, data: bytes, mac: bytes) -> Refusal | None:
        """Return why *mac* is not *actor*'s MAC of *data* under a key in use now; None: it is."""
        if len(mac) != ID_BYTES + MAC_BYTES:
            return Refusal.FORGED
        held = self._knowing(mac)
        key = held.by_id.get(mac[:ID_BYTES])
        if key is None:
            return Refusal.UNKNOWN_KEY
        if not _same(held.keyed(key, actor), data, mac[ID_BYTES:]):
            return Refusal.FORGED
        return Refusal.RETIRED_KEY if key.state(self._clock()) is KeyState.RETIRED else None

    def _knowing(self, mac: bytes) -> _Held:
        """Return the keys to look for that of *mac* in; one that is not there may have come since they were read."""
        if time.monotonic() >= self._next_look or mac[:ID_BYTES] not in self._held.by_id:
            self._look()
        return self._held

    def _look(self) -> None:
        """Take in what another process did to the keys; what can't be read changes nothing for a run under way."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        home = self._home
        if home is None or _mark(home) == self._held.mark:
            return
        with self._taking_in, contextlib.suppress(JournalError):
            mark = _mark(home)
            self._held = _Held(_read(home), mark)

    # -- keys -------------------------------------------------------------------------------------------------------

    def infos(self) -> Sequence[KeyInfo]:
        """Return what may be told of every key, oldest first."""
        now = self._clock()
        return tuple(key.info(now) for key in self._held.by_id.values())

    def rotate(self, grace_seconds: float) -> KeyInfo:
        """Let a new key sign from now on, and return it; the one before it retires after *grace_seconds*.

        Raises SettingsError for a time that no calendar holds.
        """
        now = self._clock()
        fresh, until = new_key(now), _end(now, grace_seconds)

        def rotated(keys: Sequence[StoredKey]) -> Sequence[StoredKey]:
            return [*keys[:-1], replace(keys[-1], until=until), fresh]

        self._change(rotated)
        return fresh.info(now)

    def retire(self, key_id: str) -> KeyInfo:
        """Retire a key that signs no more, now, and return it; *key_id* may be a unique beginning of its id.

        Raises SettingsError for one that is not there, and for the one that signs.
        """
        now = self._clock()

        def retired(keys: Sequence[StoredKey]) -> Sequence[StoredKey]:
            chosen = _chosen(keys, key_id)
            done = chosen.state(now) is KeyState.RETIRED
            return [replace(k, until=now) if k is chosen and not done else k for k in keys]

        return _chosen(self._change(retired), key_id).info(now)

    def faults(self) -> Sequence[str]:
        """Return what is odd about the folder of keys, a sentence each (raises JournalError for keys of no use)."""
        home = self._home
        if home is None:
            return ()
        with self._taking_in:
            mark = _mark(home)
            self._held = _Held(_read(home), mark)
        drafts = sorted(path.name for path in (home / FOLDER).glob(f".{FILE}.*"))
        found = [f"{home / FOLDER / name} is left from a write that was cut off; delete it" for name in drafts]
        if (home / OLD).exists() and (home / FOLDER / FILE).exists():
            found.append(f"{home / OLD} is not used: the keys are in {home / FOLDER / FILE}")
        return tuple(found)

    def _change(self, how: Callable[[Sequence[StoredKey]], Sequence[StoredKey]]) -> Sequence[StoredKey]:
        if self._home is None:
            raise SettingsError("this key ring can't be changed", cause="it has no file")
        _created(self._home, self._clock)
        with self._taking_in, locked(self._home / FOLDER):
            keys = how(_read(self._home))
            write_keys(self._home / FOLDER / FILE, keys)
            self._held = _Held(keys, _mark(self._home))
        return keys


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _end(now: datetime, seconds: float) -> datetime:
    try:
        return now + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise SettingsError(f"a key can't be in grace for {seconds} s", cause="no calendar goes that far",
                            hint="genesis keys rotate --grace 7d") from None


def _same(keyed: HMAC, data: bytes, mac: bytes) -> bool:
    found = keyed.copy()
    found.update(data)
    return compare_digest(found.finalize(), mac)


def _mark(home: Path) -> tuple[int, int] | None:
    """Return what changes whenever the file is replaced; None: there is none."""
    try:
        found = os.stat(home / FOLDER / FILE)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _read(home: Path) -> Sequence[StoredKey]:
    """Return the keys of *home*; where an earlier version left a single one, that."""
    path = home / FOLDER / FILE
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return read_keys(path)
    try:
        return [inherited(home / OLD)]
    except FileNotFoundError:
        raise JournalError(f"the key {path} is missing", cause="rows can't be verified without it",
                           hint="restore it") from None


def _created(home: Path, clock: Callable[[], datetime]) -> Sequence[StoredKey]:
    """Return the keys of *home*, made now when there are none; the key of an earlier version moves in."""
    path, old = home / FOLDER / FILE, home / OLD
    if not path.exists() or old.exists():
        with locked(home / FOLDER):
            if not path.exists():
                write_keys(path, [inherited(old) if old.exists() else new_key(clock())])
            keys = read_keys(path)
            with contextlib.suppress(FileNotFoundError, JournalError):
                if any(key.secret == inherited(old).secret for key in keys):
                    old.unlink()
    return read_keys(path)


def _chosen(keys: Sequence[StoredKey], key_id: str) -> StoredKey:
    found = [key for key in keys if key_id and key.id.hex().startswith(key_id)]
    if len(found) != 1:
        raise SettingsError(f"there is no key {key_id!r}", cause=f"{len(found)} keys begin like that",
                            hint="genesis keys list")
    if found[0].until is None:
        raise SettingsError(f"the key {found[0].id.hex()} can't be retired: it signs",
                            cause="something must sign what comes next", hint="genesis keys rotate, then retire it")
    return found[0]
