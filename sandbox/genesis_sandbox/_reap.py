"""See a keeper gone before its call returns."""

from __future__ import annotations

import os
import select

__all__ = ["reap"]

SIGKILL = 9
PATIENCE_MS = 500


def reap(pid: int, patience_ms: int = PATIENCE_MS) -> None:
    """Wait until a child is gone; one that does not go by itself is killed."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # somebody who waits for every child of this process has taken it
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(patience_ms):
            os.kill(pid, SIGKILL)
        os.waitpid(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return
    finally:
        os.close(handle)
