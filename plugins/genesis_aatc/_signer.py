"""The key that signs bundles: Ed25519, made on the first export, in the folder of keys and its owner's alone."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from genesis_core import JournalError

__all__ = ["KEY_BYTES", "fingerprint", "public_key", "sign", "signed_by"]

FILE = "bundles.key"
KEY_BYTES = 32


def fingerprint(public: bytes) -> str:
    """Return what a public key is known by: its sha256 in hexadecimal."""
    return hashlib.sha256(public).hexdigest()


def public_key(folder: Path) -> bytes:
    """Return the public key of the bundles that are made here; the pair is made now when there is none."""
    return _key(folder).public_key().public_bytes_raw()


def sign(folder: Path, data: bytes) -> bytes:
    """Return the signature of *data* (raises JournalError for a key that can't be used)."""
    return _key(folder).sign(data)


def signed_by(public: bytes, data: bytes, signature: bytes) -> bool:
    """Return whether *signature* is that of *data* by the holder of *public*."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(folder: Path) -> Ed25519PrivateKey:
    path = folder / FILE
    try:
        with suppress(FileNotFoundError):
            return _read(path)
        _make(path)
        return _read(path)
    except OSError as error:
        raise JournalError(f"the key {path} can't be used", cause=str(error), hint=f"ls -l {path}") from None


def _read(path: Path) -> Ed25519PrivateKey:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise JournalError(f"the key {path} is not this user's alone", cause="others may use it",
                               hint=f"chmod 600 {path}")
        secret = file.read(KEY_BYTES + 1)
    if len(secret) != KEY_BYTES:
        raise JournalError(f"the key {path} is damaged", cause=f"it does not have {KEY_BYTES} bytes",
                           hint="restore it; without it nothing more is signed as from here")
    return Ed25519PrivateKey.from_private_bytes(secret)


def _make(path: Path) -> None:
    """Write a new key beside its place and then give it its name: two who begin at once end up with the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
