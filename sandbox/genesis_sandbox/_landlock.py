"""Landlock: this process and its children reach the paths that are named, and no others."""

from __future__ import annotations

import os

from ._libc import call

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["abi", "restrict"]

CREATE, ADD, RESTRICT = 444, 445, 446
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = READ_FILE | READ_DIR
FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
BITS_BY_ABI = (0, 13, 14, 15, 15, 16)
"""How many kinds of access to files each version of the interface knows."""
NETWORK_SINCE, SCOPES_SINCE = 4, 6


def abi() -> int:
    """Return the version of Landlock that this kernel has; 0: none."""
    try:
        return call(CREATE, None, 0, 1, what="landlock version")
    except OSError:
        return 0


def restrict(read: Iterable[str], write: Iterable[str], least: int = 1) -> None:
    """Allow reading below `read`, reading and writing below `write`, and no TCP, abstract sockets or signals out."""
    version = abi()
    if version < least:
        raise RuntimeError(f"Landlock version {version} is here, {least} is needed")
    known = (1 << BITS_BY_ABI[min(version, len(BITS_BY_ABI) - 1)]) - 1
    ruleset = _create(version, known)
    try:
        for paths, access in ((read, READ), (write, known & ~EXECUTE)):
            for path in paths:
                _add(ruleset, path, access & known)
        call(RESTRICT, ruleset, 0, what="landlock_restrict_self")
    finally:
        os.close(ruleset)


def _create(version: int, known: int) -> int:
    words = [known]
    if version >= NETWORK_SINCE:
        words.append(3)  # binding and connecting TCP
    if version >= SCOPES_SINCE:
        words.append(3)  # abstract sockets and signals
    handled = b"".join(word.to_bytes(8, "little") for word in words)
    return call(CREATE, handled, len(handled), 0, what="landlock_create_ruleset")


def _add(ruleset: int, path: str, access: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):
            access &= FOR_FILES
        rule = access.to_bytes(8, "little") + fd.to_bytes(4, "little")
        call(ADD, ruleset, PATH_BENEATH, rule, 0, what=f"landlock_add_rule {path}")
    finally:
        os.close(fd)
