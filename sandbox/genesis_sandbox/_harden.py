"""What this process can never undo: limits, no new privileges, paths, system calls."""

from __future__ import annotations

import os
import resource

from . import _filter, _landlock
from ._libc import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, few_arenas, filter_calls, prctl
from ._root import library_paths
from ._wires import SCRATCH, STATUS

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job
    from .limits import Limits

__all__ = ["die_with_parent", "harden", "harden_in_place", "refuse", "say"]

SIGKILL, REFUSED = 9, 126
MIB = 1 << 20
LEAST_IN_PLACE = 6
"""The first version of Landlock that holds back abstract sockets and signals."""


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies; a change of user undoes it."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)


def harden(job: Job, *, program: bytes | None = None, spare_tasks: int = 0) -> None:
    """Take away, for good, what a program could do to anything but itself, in a root of its own.

    `program` is a filter that was built before; `spare_tasks` are tasks of others that the kernel counts, too.
    """
    limit(job.limits, spare_tasks)
    _never_more()
    _landlock.restrict(read=["/"], write=[SCRATCH, "/dev/null", *job.write])
    filter_calls(program or _filter.build(own_files=True, own_pid=os.getpid()))


def harden_in_place(job: Job, folder: str, spare_tasks: int) -> None:
    """Do the same among the host's files, where Landlock alone decides which of them can be opened."""
    granted = [f"{place}/{name}" for place, names in job.modules for name in names]
    limit(job.limits, spare_tasks)
    _never_more()
    read = [path for path in [*library_paths(), *granted, "/dev/urandom"] if os.access(path, os.R_OK)]
    _landlock.restrict(read=read, write=[folder, "/dev/null"], least=LEAST_IN_PLACE)
    filter_calls(_filter.build(own_files=False, own_pid=os.getpid()))


def _never_more() -> None:
    few_arenas()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)


def limit(limits: Limits, spare_tasks: int = 0) -> None:
    """Set the limits that the kernel keeps by itself."""
    # Python's default for a stack of a thread is the limit of the main one: address space, not memory.
    cpu = int(limits.cpu_seconds) + 2  # the keeper looks at the clock and is exact; this is for when it cannot
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, limits.file_mb * MIB),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_STACK, limits.stack_mb * MIB),
        (resource.RLIMIT_NPROC, limits.threads + spare_tasks),
        (resource.RLIMIT_AS, limits.memory_mb * MIB),
    ):
        _, most = resource.getrlimit(what)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (value, value))


def say(text: str) -> None:
    """Tell the caller, over a pipe that no program has, how a call went."""
    os.write(STATUS, text.replace("\n", " ").encode("utf-8", "replace")[:2000] + b"\n")


def refuse(error: BaseException) -> None:
    """Say why nothing was run, and end."""
    try:
        say(f"refused {type(error).__name__}: {error}")
    finally:
        os._exit(REFUSED)
