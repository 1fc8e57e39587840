"""The system calls that Python has no function for. Each raises OSError when it cannot do its job: callers refuse."""

from __future__ import annotations

import os

from ._foreign import address, function, get_errno

__all__ = [
    "call", "capset_none", "close_from", "die_after", "drop_bounding_set", "few_arenas", "filter_calls", "lock",
    "mount", "name_host", "open_plain", "pivot_root", "prctl", "unshare",
]  # fmt: skip

_syscall, _prctl, _mount, _umount2 = function("syscall"), function("prctl"), function("mount"), function("umount2")
_unshare, _sethostname, _capset = function("unshare"), function("sethostname"), function("capset")
_alarm = function("alarm")

NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
CAPABILITY_VERSION_3 = 0x20080522
CLOSE_RANGE, OPENAT2, MOUNT_SETATTR = 436, 437, 442
HERE = -100  # AT_FDCWD
AT_RECURSIVE = 0x8000
READ_ONLY_NO_SUID_NO_DEVICES = 1 | 2 | 4
NO_SYMLINKS = 0x2 | 0x4  # RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS
M_ARENA_MAX = -8
FILTER_MODE = 2
LAST_FD = 0x7FFFFFFF


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def call(number: int, *arguments: int | bytes | None, what: str) -> int:
    """Make a system call by number (raises OSError naming `what` failed)."""
    return _checked(_syscall(number, *arguments), what)


def unshare(flags: int) -> None:
    """Give this process namespaces of its own."""
    _checked(_unshare(flags), "unshare")


def name_host(name: bytes) -> None:
    """Give the host another name, as it is seen from a namespace of its own."""
    _checked(_sethostname(name, len(name)), "sethostname")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """Mount `source` at `target`."""
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
    _checked(_mount(words[0], words[1], words[2], flags, words[3]), f"mount {target}")


def lock(path: str) -> None:
    """Make a mount, and every mount below it, read-only, without devices and set-user-id files."""
    attributes = READ_ONLY_NO_SUID_NO_DEVICES.to_bytes(8, "little") + bytes(24)
    call(MOUNT_SETATTR, HERE, os.fsencode(path), AT_RECURSIVE, attributes, len(attributes), what=f"lock {path}")


def open_plain(path: str) -> int:
    """Open a file or folder for naming it only; a path with a symbolic link anywhere in it is refused."""
    how = (os.O_PATH | os.O_CLOEXEC).to_bytes(8, "little") + bytes(8) + NO_SYMLINKS.to_bytes(8, "little")
    return call(OPENAT2, HERE, os.fsencode(path), how, len(how), what=f"open {path}")


def pivot_root(new_root: str, number: int) -> None:
    """Make `new_root` the root of this mount namespace and let go of the old one."""
    os.chdir(new_root)
    call(number, b".", b".", what="pivot_root")
    _checked(_umount2(b".", MNT_DETACH), "detach the old root")
    os.chdir("/")


def prctl(option: int, *arguments: int) -> int:
    """Set or read an attribute of this process."""
    return _checked(_prctl(option, *[*arguments, 0, 0, 0, 0][:4]), f"prctl {option}")


def filter_calls(program: bytes) -> None:
    """Put this process under a filter of system calls for good."""
    header = (len(program) // 8).to_bytes(8, "little") + address(program)
    _checked(_prctl(PR_SET_SECCOMP, FILTER_MODE, header, 0, 0), "seccomp")


def drop_bounding_set() -> None:
    """Make every capability unreachable for this process and its children."""
    number = 0
    while _prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        number += 1
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)  # there is none since the last line


def capset_none() -> None:
    """Give up every capability that this process holds."""
    header = CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4)
    _checked(_capset(header, bytes(24)), "capset")


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    call(CLOSE_RANGE, first, LAST_FD, 0, what="close_range")


def few_arenas() -> None:
    """Have the C library's allocator share its arenas among threads: each would take 64 MiB of address space."""
    try:
        mallopt = function("mallopt")
    except AttributeError:
        return  # another C library: it has no arenas
    mallopt(M_ARENA_MAX, 2)


def die_after(seconds: float) -> None:
    """Have the kernel end this process in so many seconds, wherever it may be waiting by then."""
    _alarm(int(seconds) + 1)
