"""A worker as its parent sees it: when it ends, how much time it has used, and how to end it for sure."""

from __future__ import annotations

import os
import resource  # noqa: F401  # os.wait4 imports it when it is called: by then this process may have another root
import select
import time

__all__ = ["Child"]

SIGKILL = 9
SHORTEST_LOOK = 0.002
"""How often at most its CPU time is looked at when little of it is left."""


class Child:
    """One worker, the first process of its namespace; it is waited for exactly once."""

    def __init__(self, pid: int, reaped: int, cpu_seconds: float) -> None:
        self.pid, self.reaped = pid, reaped
        """The worker, and the process to wait for: itself, or what was started to start it."""
        self.handle = os.pidfd_open(reaped)
        """A descriptor that is readable when the worker has ended."""
        self._cpu_seconds, self._cores = cpu_seconds, os.cpu_count() or 1
        self._clock = ~pid << 3 | 2  # its CPU time, as clock_getcpuclockid makes the number

    def look_after(self) -> float:
        """Return in how many seconds it can at the earliest have used its CPU time; 0: it has."""
        try:
            left = self._cpu_seconds - time.clock_gettime(self._clock)
        except OSError:
            return 1.0  # it is gone, and what was started to start it is about to be
        return max(SHORTEST_LOOK, left / self._cores) if left > 0 else 0

    def kill(self) -> None:
        """End it and, with it, every process of its namespace."""
        try:
            os.kill(self.pid, SIGKILL)
        except ProcessLookupError:
            return

    def wait(self) -> tuple[int, float, int]:
        """Return its exit status, CPU seconds and peak memory in KiB; whatever it had started is gone, too."""
        _, status, usage = os.wait4(self.reaped, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss

    def watch(self, life: int) -> str:
        """Wait until it has ended, or say why it has to: its CPU time is used up, or somebody said so on `life`."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        poll.register(life, select.POLLIN)
        while True:
            pause = self.look_after()
            if not pause:
                return "cpu"
            ready = dict(poll.poll(pause * 1000))
            if ready:
                return "" if self.handle in ready else "told"
