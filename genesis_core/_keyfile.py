"""The file of keys: one JSON document in a folder that is its owner's alone, replaced whole or not at all.

``keys/ring.json`` holds every key with its id, so that no two files can disagree. A key's id is the beginning of a
digest of its bytes: a damaged key is known by it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .errors import JournalError
from .identity import ID_BYTES, KeyInfo, KeyState

__all__ = ["KEY_BYTES", "StoredKey", "inherited", "key_id", "locked", "new_key", "read_keys", "secret_of", "write_keys"]

KEY_BYTES = 32
VERSION = 1
MOST_BYTES = 1 << 20
LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key; its bytes are in no ``repr``."""

    secret: bytes = field(repr=False)
    created: datetime
    until: datetime | None = None
    inherited: bool = False
    id: bytes = field(init=False)
    """What stands before every MAC under this key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", key_id(self.secret))

    def state(self, now: datetime) -> KeyState:
        """Return what it may do at *now*."""
        if self.until is None:
            return KeyState.ACTIVE
        return KeyState.GRACE if now < self.until else KeyState.RETIRED

    def info(self, now: datetime) -> KeyInfo:
        """Return what may be told of it."""
        return KeyInfo(id=self.id.hex(), state=self.state(now), created=self.created, until=self.until,
                       inherited=self.inherited)


def key_id(secret: bytes) -> bytes:
    """Return the id of a key: it says nothing of a key that has 256 random bits."""
    return hashlib.sha256(b"genesis key id 1" + secret).digest()[:ID_BYTES]


def new_key(now: datetime) -> StoredKey:
    """Return a new random key."""
    return StoredKey(secrets.token_bytes(KEY_BYTES), now)


def inherited(path: Path) -> StoredKey:
    """Return the single key of an earlier version (raises FileNotFoundError, or JournalError when it is no key)."""
    secret = secret_of(path)
    if len(secret) != KEY_BYTES:
        raise _damaged(path, f"{len(secret)} bytes instead of {KEY_BYTES}")
    return StoredKey(secret, datetime.fromtimestamp(int(path.stat().st_mtime), UTC), inherited=True)


def read_keys(path: Path) -> tuple[StoredKey, ...]:
    """Return the keys in the file *path*, oldest first; the last one signs.

    Raises FileNotFoundError when there is none, and JournalError when it is damaged or not this user's alone.
    """
    _private_folder(path.parent)
    try:
        value = json.loads(secret_of(path))
        if value["version"] != VERSION:
            raise _newer(path, value["version"])
        keys = tuple(_stored(row) for row in value["keys"])
        _check_order(keys)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}"[:200]) from None
    return keys


def _stored(row: dict[str, object]) -> StoredKey:
    created, until = str(row["created"]), row.get("until")
    key = StoredKey(bytes.fromhex(str(row["secret"])), _time(created), None if until is None else _time(str(until)),
                    bool(row.get("inherited", False)))
    if len(key.secret) != KEY_BYTES or key.id.hex() != row["id"]:
        raise ValueError("a key does not match its id")
    return key


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found


def _check_order(keys: Sequence[StoredKey]) -> None:
    """Check that exactly the last key signs, and that none stands twice."""
    if not keys or keys[-1].until is not None or any(key.until is None for key in keys[:-1]):
        raise ValueError("not exactly the last key signs")
    if len({key.id for key in keys}) != len(keys):
        raise ValueError("a key stands twice")


def write_keys(path: Path, keys: Sequence[StoredKey]) -> None:
    """Replace the file *path* by one that holds *keys*; who reads meanwhile sees the old one or the new one, whole."""
    _check_order(keys)
    rows = [{"id": key.id.hex(), "created": key.created.isoformat(), "inherited": key.inherited,
             "until": None if key.until is None else key.until.isoformat(), "secret": key.secret.hex()}
            for key in keys]
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(json.dumps({"version": VERSION, "keys": rows}, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _to_disk(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _to_disk(folder: Path) -> None:
    """Make the new name in *folder* last through the death of the machine, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def secret_of(path: Path) -> bytes:
    """Return the bytes of a file that nobody but this user can read or replace (raises JournalError)."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalError(f"the key {path} can't be read", cause=str(error),
                           hint=f"ls -l {path}; it must be a plain file of yours") from None
    with open(handle, "rb") as file:
        _private(path, os.fstat(handle), "600")
        return file.read(MOST_BYTES + 1)


def _private_folder(folder: Path) -> None:
    try:
        found = os.stat(folder, follow_symlinks=False)
    except PermissionError as error:
        raise JournalError(f"the keys in {folder} can't be read", cause=str(error), hint=f"ls -ld {folder}") from None
    _private(folder, found, "700")


def _private(path: Path, found: os.stat_result, mode: str) -> None:
    if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
        whose = "others may use it" if found.st_uid == os.geteuid() else f"it belongs to user {found.st_uid}"
        raise JournalError(f"the key {path} is not this user's alone", cause=whose, hint=f"chmod {mode} {path}")


@contextlib.contextmanager
def locked(folder: Path, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Make *folder* if it is missing, and let nobody else change the keys in it meanwhile (raises JournalError)."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        _private_folder(folder)
        file = open(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "rb")  # noqa: SIM115  # held below
    except OSError as error:
        raise _unwritable(folder, error) from None
    with file:
        until = now() + LOCK_SECONDS
        while not _lock(file.fileno()):
            if now() > until:
                raise JournalError(f"the keys in {folder} are being changed by another process",
                                   cause=f"{folder / 'lock'} is locked", hint="wait for it, then try again")
            time.sleep(0.005)
        yield  # closing the file unlocks it


if os.name == "nt":  # pragma: no cover  # untested: no such machine
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _damaged(path: Path, why: str) -> JournalError:
    return JournalError(f"the key {path} is damaged", cause=why,
                        hint="restore it; without it old runs can be read but not verified")


def _newer(path: Path, version: object) -> JournalError:
    return JournalError(f"{path} has version {version}; this program knows {VERSION}",
                        cause="it was written by a newer Genesis", hint="pip install --upgrade genesis-agents")


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(f"{path} can't be written", cause=str(error), hint="choose another folder: GENESIS_HOME=DIR")
