"""The worker of a call for which somebody else has made the namespaces and the root."""

from __future__ import annotations

from ._harden import die_with_parent, harden, refuse
from ._libc import close_from
from ._namespaces import Identity
from ._root import scratch
from ._wires import HANDOVER, STATUS
from ._worker import work

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["serve"]


def serve(job: Job) -> None:
    """Mount the folder, give everything up and work; never returns."""
    try:
        close_from(HANDOVER + 1 if job.write else STATUS + 1)
        scratch(job)
        Identity(None).become()
        die_with_parent()
        harden(job)
        work([folder for folder, _ in job.modules])
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        refuse(error)
