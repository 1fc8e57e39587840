"""What a call leaves among the host's files, removed: only the reduced tier has anything there."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["clean"]


def clean(job: Job) -> None:
    """Remove the folder of a call that had one among the host's files."""
    if job.folder:
        import shutil

        shutil.rmtree(job.folder, ignore_errors=True)
