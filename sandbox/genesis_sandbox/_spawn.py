"""Start a fresh interpreter of ours: nothing of this process's memory, environment or descriptors goes along."""

from __future__ import annotations

import fcntl
import os
import sys

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["spawn"]

FIRST_FREE = 16
"""Above every number that a descriptor gets in the new process."""


def spawn(role: str, job: Job, ends: dict[int, int]) -> int:
    """Start an interpreter in a role, with the descriptors `ends` under the numbers that are their names."""
    if not sys.executable:
        raise OSError("this interpreter does not know where it lies: sys.executable is empty")
    boot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_boot.py")
    words = [sys.executable, "-I", "-S", "-X", "utf8", boot, role, job.packed()]
    return spawn_program(words, ends)


def spawn_program(words: list[str], ends: dict[int, int], closed: tuple[int, ...] = ()) -> int:
    """Start a program with an empty environment and nothing but `ends` open that this process does not leak."""
    high = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE) for number, fd in ends.items()}
    actions: list[tuple[int, ...]] = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in high.items()]
    actions += [(os.POSIX_SPAWN_CLOSE, number) for number in closed]
    try:
        return os.posix_spawn(words[0], words, {}, file_actions=actions, setsigmask=())
    finally:
        for fd in high.values():
            os.close(fd)
