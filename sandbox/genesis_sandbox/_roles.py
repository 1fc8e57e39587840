"""The roles of a fresh interpreter of ours."""

from __future__ import annotations

import os

from ._harden import die_with_parent, harden
from ._keeper import keep, refuse
from ._launchers import starter
from ._libc import close_from
from ._namespaces import Identity
from ._root import scratch
from ._wires import LAST, STATUS
from ._worker import work

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["ROLES"]


def keeper(job: Job) -> None:
    """Keep one call over the wires in their places."""
    close_from(LAST + 1)
    os.setsid()
    die_with_parent()
    keep(job, starter(job.launcher))


def zygote(job: Job) -> None:
    """Make workers for as long as the caller wants them."""
    from ._zygote import serve

    serve(job)


def worker(job: Job) -> None:
    """Be the worker: somebody else has made the namespaces and the root."""
    try:
        close_from(STATUS + 1)
        scratch(job)
        Identity(None).become()
        die_with_parent()
        harden(job)
        work([folder for folder, _ in job.modules])
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        refuse(error)


ROLES = {"keeper": keeper, "worker": worker, "zygote": zygote}
