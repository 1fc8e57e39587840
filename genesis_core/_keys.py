"""The key ring that is there from the first day: one local key, kept 0600 in the state folder.

It proves that a journal was written by somebody who can read that file, and shows any later edit. It stops no hostile
code in the same process. Identities with a key per actor come with the plugin ``genesis_identity``.
"""

from __future__ import annotations

import os
import secrets
from hmac import compare_digest
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from .errors import JournalError

__all__ = ["LocalKeyRing"]

KEY_BYTES = 32


class LocalKeyRing:
    """Signs every row with one key; the actor is part of what is signed."""

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key, SHA256())  # copied for every row: keying anew costs more than the row

    @classmethod
    def open(cls, home: Path, *, create: bool = True) -> LocalKeyRing:
        """Return the key ring of *home*, making its key when there is none and *create* is true.

        Raises JournalError when the key is missing, damaged, open to others, or can't be written.
        """
        path = home / "journal.key"
        try:
            key = _secret(path)
        except FileNotFoundError:
            if not create:
                raise JournalError(
                    f"the key {path} is missing", cause="rows can't be verified without it", hint="restore it"
                ) from None
            key = _make(path)
        if len(key) != KEY_BYTES:
            raise JournalError(f"the key {path} is damaged", cause=f"{len(key)} bytes instead of {KEY_BYTES}",
                               hint="restore it; without it old runs can be read but not verified")
        return cls(key)

    def sign(self, actor: str, data: bytes) -> bytes:
        """Return HMAC-SHA256 (RFC 2104) of *data*; *actor* is named inside *data* already."""
        mac = self._keyed.copy()
        mac.update(data)
        return mac.finalize()

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is right, in constant time."""
        return compare_digest(self.sign(actor, data), mac)


def _secret(path: Path) -> bytes:
    """Return the bytes of a key that nobody but this user can read or replace (raises JournalError)."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
            whose = "others may use it" if found.st_uid == os.geteuid() else f"it belongs to user {found.st_uid}"
            raise JournalError(f"the key {path} is not this user's alone", cause=whose, hint=f"chmod 600 {path}")
        return file.read()


def _make(path: Path) -> bytes:
    """Write a new key so that two processes that start at once end up with the same one."""
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(key)
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes()
    except OSError:
        return _make_without_links(path, key)
    finally:
        draft.unlink(missing_ok=True)
    return key


def _make_without_links(path: Path, key: bytes) -> bytes:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    except OSError as error:
        raise JournalError(
            f"{path} can't be written", cause=str(error), hint="choose another folder: GENESIS_HOME=DIR"
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
