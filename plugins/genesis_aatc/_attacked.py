"""What is remembered of the sandbox's self-test: that it held, on this very machine, since it was started.

Attacking the sandbox takes over a second, and each process would do it anew. What is remembered is signed, counts for a
day, and only for the same kernel since the same start, the same user, interpreter, launcher and sandbox code. Each call
is contained or refused by itself, whatever is remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from genesis_core import GenesisError, KeyRing, canonical_json

__all__ = ["Held"]

FILE, ACTOR = "sandbox.json", "workshop"
SECONDS = 86_400.0
BOOT = Path("/proc/sys/kernel/random/boot_id")
MOST_BYTES = 4096


class Held:
    """Remembers in the state folder *home* which launchers have held; *ring* signs."""

    def __init__(self, home: Path, ring: Callable[[], KeyRing], clock: Callable[[], float] = time.time) -> None:
        self._path, self._keys, self._ring, self._clock = home / FILE, home / "keys", ring, clock

    def held(self, launcher: str) -> bool:
        """Return whether this launcher has held here within a day; what can't be read or verified has not."""
        if not self._keys.is_dir():
            return False
        with suppress(OSError, ValueError, KeyError, TypeError, GenesisError):
            if self._path.is_symlink() or self._path.stat().st_size > MOST_BYTES:
                return False
            said = json.loads(self._path.read_text("utf-8"))
            known, mac = said["held"], bytes.fromhex(said["mac"])
            if not self._ring().verify(ACTOR, _signed(known), mac):
                return False
            age = self._clock() - known[launcher]["at"]
            return bool(known[launcher]["here"] == here(launcher) and 0 <= age < SECONDS)
        return False

    def keep(self, launcher: str) -> None:
        """Remember that this launcher held just now, where there are keys to sign it with."""
        if not self._keys.is_dir():
            return
        with suppress(OSError, GenesisError):
            known = {launcher: {"here": here(launcher), "at": self._clock()}}
            text = json.dumps({"held": known, "mac": self._ring().sign(ACTOR, _signed(known)).hex()})
            beside = self._path.with_name(f".{FILE}.{os.getpid()}")
            beside.write_text(text, "utf-8")
            beside.chmod(0o600)
            beside.replace(self._path)

    def forget(self) -> None:
        """Have the next process attack it again."""
        with suppress(OSError):
            self._path.unlink()


def _signed(known: object) -> bytes:
    return b"sandbox held\0" + canonical_json(known)


def here(launcher: str) -> str:
    """Return what must be the same for a remembered test to count (raises OSError where that can't be told)."""
    parts = [launcher, BOOT.read_text("ascii"), platform.release(), platform.version(), str(os.geteuid()),
             sys.version, _code()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _code() -> str:
    """Return the digest of the sandbox's own sources."""
    import genesis_sandbox

    found = hashlib.sha256()
    for path in sorted(Path(genesis_sandbox.__file__).parent.glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
