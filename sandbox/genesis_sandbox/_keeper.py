"""The trusted process beside each worker: it starts it, watches it, ends it for sure, and says how it ended.

What it says goes over a pipe that the program never has. It reads nothing that the program wrote.
"""

from __future__ import annotations

import os
import select

from ._child import Child
from ._clean import clean
from ._harden import die_with_parent, harden, refuse, say
from ._libc import close_from
from ._namespaces import enter, identity
from ._root import build, scratch
from ._wires import HANDOVER, LAST, LIFE, RESULT, settle
from ._worker import work

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job
    from ._launchers import Starter
    from ._namespaces import Identity

__all__ = ["fork_worker", "keep", "purejail", "serve"]

REFUSED = 126


def keep(job: Job, start: Starter) -> None:
    """Start one worker and stay with it to its end; never returns."""
    try:
        child = Child(*start(job, None), job.limits.cpu_seconds)
        for wire in range(RESULT + 1):
            os.close(wire)
        why = child.watch(LIFE)
        if why:
            child.kill()
        status, cpu_seconds, peak_kb = child.wait()
        clean(job)
        say(f"ended {status} {cpu_seconds:.6f} {peak_kb} {why or '-'}")
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        refuse(error)
    os._exit(0)


def serve(job: Job) -> None:
    """Keep one call over the wires in their places; never returns."""
    from ._launchers import starter

    close_from(HANDOVER + 1 if job.write else LAST + 1)
    os.setsid()
    die_with_parent()
    keep(job, starter(job.launcher))


def purejail(job: Job, ends: dict[int, int] | None) -> tuple[int, int]:
    """Start a worker in namespaces of its own, in a root with nothing of the host's; return its process id twice.

    `ends` are the wires where they are not in their places yet.
    """
    if job.write:
        from . import _outbox  # noqa: F401  # now: this process is about to have another root
    who = identity()
    enter(who, pid=True)
    build(job)
    child = fork_worker(job, who, ends=ends)
    return child, child


def fork_worker(
    job: Job, who: Identity, *, ends: dict[int, int] | None = None, program: bytes | None = None,
    parked: bool = False,
) -> int:  # fmt: skip
    """Fork the first process of the pid namespace; it mounts its folder, gives everything up and works."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(reader)
        return child
    try:
        os.close(writer)
        os.setsid()
        scratch(job)
        who.become()
        die_with_parent()
        if select.select([reader], [], [], 0)[0]:
            os._exit(REFUSED)  # the parent died before the line above
        if ends:
            settle(ends)
        harden(job, program=program, spare_tasks=1 if who.uid is None else 0)
        work([folder for folder, _ in job.modules], parked)
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        refuse(error)
    os._exit(REFUSED)
