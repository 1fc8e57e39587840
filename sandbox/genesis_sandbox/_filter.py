"""The system-call filter: an allow-list in the kernel's own filter language, put together by hand."""

from __future__ import annotations

import errno

from ._machine import MACHINES, machine
from ._syscalls import CHECKED, DENIED, FATAL, OWN_FILES, PLAIN

__all__ = ["build"]

Code = list[tuple[int, int, int, int]]
"""Instructions: operation, jump if true, jump if false, constant."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER_AT, ARCH_AT, ARGUMENTS_AT = 0, 4, 16
X32_BIT = 0x40000000

THREAD = 0x10100  # CLONE_VM | CLONE_THREAD
NEW_NAMESPACES = 0x7E020000
UNIX_STREAM = (1, 1)
TYPE_MASK = 0xF
SET_UID_GID = 0o6000
NAME_OF_THREAD = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA (names of memory areas)
TERMINAL = (0x5401, 0x541B, 0x5451, 0x5450, 0x5421, 0x5413)  # TCGETS FIONREAD FIOCLEX FIONCLEX FIONBIO TIOCGWINSZ
# F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW, F_OFD_*, F_DUPFD_CLOEXEC: no leases, no SIGIO,
# no larger pipes.
DESCRIPTOR = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)
MODE_ARGUMENT = {"chmod": 1, "fchmod": 1, "fchmodat": 2}


def build(own_files: bool, own_pid: int = 1, name: str | None = None) -> bytes:
    """Return the filter as the kernel takes it; `own_files`: every file that can be changed is the sandbox's own."""
    column, arch = MACHINES[name or machine()]
    code = [(LOAD, 0, 0, ARCH_AT), *_if(EQUAL, arch, [], _end(_KILL)), (LOAD, 0, 0, NUMBER_AT)]
    if column == 0:
        code += _if(AT_LEAST, X32_BIT, _end(_KILL), [])
    plain = [numbers[column] for numbers in PLAIN.values()]
    hot, rest = plain[:16], plain[16:]
    code += _each(hot, _ALLOW)
    for call, body in _checks(own_pid, own_files).items():
        number = (CHECKED.get(call) or OWN_FILES[call])[column]
        code += _if(EQUAL, number, body, []) if number >= 0 else []
    code += _each(rest, _ALLOW)
    if own_files:
        code += _each([n[column] for call, n in OWN_FILES.items() if call not in MODE_ARGUMENT], _ALLOW)
    code += _each([numbers[column] for numbers in FATAL.values()], _KILL)
    code += _each([numbers[column] for numbers in DENIED.values()], _refuse(errno.EPERM))
    code += _end(_refuse(errno.ENOSYS))
    words = [do | yes << 16 | no << 24 | constant << 32 for do, yes, no, constant in code]
    return b"".join([word.to_bytes(8, "little") for word in words])


_ALLOW, _KILL = 0x7FFF0000, 0x80000000


def _refuse(code: int) -> int:
    return 0x00050000 | code


def _end(action: int) -> Code:
    return [(RETURN, 0, 0, action)]


def _if(test: int, constant: int, then: Code, otherwise: Code) -> Code:
    """Run one of two bodies; a body that is not empty must return."""
    if not otherwise:
        return [(test, 0, len(then), constant), *then]
    return [(test, len(otherwise), 0, constant), *otherwise, *then]


def _each(numbers: list[int], action: int) -> Code:
    end = (RETURN, 0, 0, action)
    return [one for number in numbers if number >= 0 for one in ((EQUAL, 0, 1, number), end)]


def _argument(index: int, high: bool = False) -> tuple[int, int, int, int]:
    return LOAD, 0, 0, ARGUMENTS_AT + 8 * index + 4 * high


def _one_of(index: int, values: tuple[int, ...]) -> Code:
    """Allow the call when an argument (an int: the kernel itself looks at its low word only) is one of `values`."""
    return [_argument(index), *_each(list(values), _ALLOW), *_end(_refuse(errno.EPERM))]


def _nothing(index: int) -> Code:
    """Allow the call when an argument (a pointer: both words count) is null."""
    body = [_argument(index, high=True), *_if(EQUAL, 0, _end(_ALLOW), []), *_end(_refuse(errno.EPERM))]
    return [_argument(index), *_if(EQUAL, 0, body, []), *_end(_refuse(errno.EPERM))]


def _checks(own_pid: int, own_files: bool) -> dict[str, Code]:
    """Return what is asked of the calls whose arguments matter; every body returns."""
    no = _end(_refuse(errno.EPERM))
    family, kind = UNIX_STREAM
    stream = [_argument(1), (AND, 0, 0, TYPE_MASK), *_if(EQUAL, kind, _end(_ALLOW), []), *no]
    bodies = {
        "ioctl": _one_of(1, TERMINAL),
        "fcntl": _one_of(1, DESCRIPTOR),
        # A thread is a clone that shares memory and group; anything else is a fork.
        "clone": [_argument(0), *_if(ANY_BIT, NEW_NAMESPACES, _end(_KILL), []), (AND, 0, 0, THREAD),
                  *_if(EQUAL, THREAD, _end(_ALLOW), []), *no],
        # Its flags lie in memory, where a filter cannot look: the C library then falls back to clone.
        "clone3": _end(_refuse(errno.ENOSYS)),
        "prctl": _one_of(0, NAME_OF_THREAD),
        "prlimit64": _nothing(2),  # read limits, set none
        "socketpair": [_argument(0), *_if(EQUAL, family, stream, []), *no],
        "sendto": _nothing(4),  # no address: what has none can only reach the other end of a pair
        "kill": _one_of(0, (own_pid,)),
    }  # fmt: skip
    if own_files:
        for call, index in MODE_ARGUMENT.items():
            bodies[call] = [_argument(index), *_if(ANY_BIT, SET_UID_GID, no, []), *_end(_ALLOW)]
    return bodies
