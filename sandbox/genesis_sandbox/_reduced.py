"""The launcher for places where no namespace can be made: Landlock, the filter and limits, and nothing beside them.

An operator has to allow it: a program can tell which files exist, and its folder has no limit but that of each file.
"""

from __future__ import annotations

import os
import select
import tempfile

from ._clean import clean
from ._harden import REFUSED, die_with_parent, harden_in_place, refuse
from ._namespaces import Identity, identity
from ._wires import ENVIRONMENT, settle
from ._worker import work

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["reduced"]


def reduced(job: Job, ends: dict[int, int] | None) -> tuple[int, int]:
    """Start a worker beside the host's other processes; return its process id twice."""
    who = identity()
    job.folder = tempfile.mkdtemp(prefix="tool-")
    if who.uid is not None:
        os.chown(job.folder, who.uid, who.uid)
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(reader)
        return child, child
    try:
        os.close(writer)
        _become(job, who, ends, reader)
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        clean(job)
        refuse(error)
    os._exit(REFUSED)


def _become(job: Job, who: Identity, ends: dict[int, int] | None, life: int) -> None:
    os.setsid()
    os.chdir(job.folder)
    spare = 0 if who.uid is not None else _tasks(os.getuid())
    who.become()
    die_with_parent()
    if select.select([life], [], [], 0)[0]:
        os._exit(REFUSED)  # the parent died before the line above
    if not os.access(os.path.dirname(os.__file__), os.R_OK | os.X_OK):
        raise RuntimeError("the interpreter's library lies where only its owner can read it")
    if ends:
        settle(ends)
    ENVIRONMENT.update(HOME=job.folder, TMPDIR=job.folder)
    harden_in_place(job, job.folder, spare)
    work([folder for folder, _ in job.modules])


def _tasks(uid: int) -> int:
    """Return how many tasks of this user there are: the kernel counts them together with the worker's."""
    found = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    found += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue  # gone in the meantime
    return found
