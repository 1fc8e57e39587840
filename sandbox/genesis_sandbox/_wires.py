"""What is the same wherever a call is kept: the six descriptors between caller, keeper and worker; its environment."""

from __future__ import annotations

import os

__all__ = [
    "DONE", "ENVIRONMENT", "ERRORS", "HANDOVER", "LAST", "LIFE", "OUTPUT", "REQUEST", "RESULT", "SCRATCH", "STATUS",
    "Wires", "settle",
]  # fmt: skip

REQUEST, OUTPUT, ERRORS, RESULT = 0, 1, 2, 3
"""The worker's: program in, and three ways out. What comes out of them is untrusted."""
STATUS, LIFE = 4, 5
"""The keeper's: how the worker ended, and the caller's word to stop. The program never has them."""
LAST = 5
HANDOVER = 6
"""The worker's, before it becomes the program, and only where something may be written: its folders go over it."""
DONE = -1
"""Not a wire: what a caller hears from the worker's process itself."""

SCRATCH = "/scratch"
"""The program's own folder, empty and of limited size."""
ENVIRONMENT = {
    "HOME": SCRATCH, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "PATH": "/nowhere", "TMPDIR": SCRATCH,
}  # fmt: skip

TO_KEEPER = (REQUEST, LIFE)
"""Wires on which the caller writes."""


class Wires:
    """Six pipes: the caller's ends by number, and the keeper's."""

    __slots__ = ("here", "there")

    def __init__(self) -> None:
        self.here: dict[int, int] = {}
        self.there: dict[int, int] = {}
        try:
            for wire in range(LAST + 1):
                reader, writer = os.pipe()
                self.here[wire], self.there[wire] = (writer, reader) if wire in TO_KEEPER else (reader, writer)
        except OSError:
            self.close()
            raise

    def close_there(self) -> None:
        """Let go of the keeper's ends, so that its death is an end of file here."""
        _close(self.there)

    def close(self) -> None:
        """Let go of everything."""
        _close(self.there)
        _close(self.here)

    def end(self, wire: int) -> None:
        """Close one of the caller's ends."""
        if wire in self.here:
            os.close(self.here.pop(wire))


def _close(ends: dict[int, int]) -> None:
    for fd in ends.values():
        os.close(fd)
    ends.clear()


def settle(ends: dict[int, int]) -> None:
    """Put a keeper's ends where it expects them, and close every other descriptor of this process."""
    from ._libc import close_from

    high = {wire: _above(fd) for wire, fd in ends.items()}
    for wire, fd in high.items():
        os.dup2(fd, wire)
    close_from(LAST + 1)


def _above(fd: int) -> int:
    """Return a copy of a descriptor whose number no wire has."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LAST + 1)
