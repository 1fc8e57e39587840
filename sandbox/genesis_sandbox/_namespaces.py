"""Namespaces of its own, and an identity that owns nothing."""

from __future__ import annotations

import os

__all__ = ["Identity", "enter", "identity"]

NOBODY = 65534
FIRST_OWN = 0x60000000
"""Real user ids of calls that root makes: one for each, so that one call's threads do not count for another's."""


class Identity:
    """Who the worker will be: a real user id (the caller is root), or None where a user namespace gives one."""

    __slots__ = ("uid",)

    def __init__(self, uid: int | None) -> None:
        self.uid = uid

    def become(self) -> None:
        """Take the identity on and give up every capability, for good."""
        from . import _libc

        _libc.drop_bounding_set()
        self.change_user()
        _libc.capset_none()

    def change_user(self) -> None:
        """Be the user that it names, where it names one."""
        if self.uid is not None:
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)


def identity() -> Identity:
    """Return the identity for a worker of this process; real root can become anybody."""
    if os.geteuid() != 0:
        return Identity(None)
    for uid in (FIRST_OWN + os.getpid(), NOBODY):
        if _mapped(uid, "uid_map") and _mapped(uid, "gid_map"):
            return Identity(uid)
    return Identity(None)  # the "root" of a user namespace with one user


def _mapped(number: int, name: str) -> bool:
    with open(f"/proc/self/{name}") as table:
        rows = [[int(word) for word in line.split()] for line in table]
    return any(first <= number < first + many for first, _, many in rows)


def enter(who: Identity, pid: bool) -> None:
    """Leave the host's namespaces; with `pid`, the next child is the first process of a new one."""
    from . import _libc

    uid, gid = os.geteuid(), os.getegid()
    flags = _libc.NEW_NS | _libc.NEW_NET | _libc.NEW_IPC | _libc.NEW_UTS | _libc.NEW_CGROUP
    flags |= (_libc.NEW_PID if pid else 0) | (_libc.NEW_USER if who.uid is None else 0)
    _libc.unshare(flags)
    _libc.name_host(b"tool")
    if who.uid is None:
        map_self("/proc/self", uid, gid)


def map_self(folder: str, uid: int, gid: int, proc: int | None = None) -> None:
    """Be nobody in a user namespace that was just made."""
    for name, words in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
        fd = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(fd, words.encode())
        finally:
            os.close(fd)
