"""The process that makes warm workers: it has entered the namespaces and imported what they need, and runs nothing.

It reads no byte of any program. For each worker it forks a keeper, and the keeper makes the worker's own namespaces.
"""

from __future__ import annotations

import fcntl  # noqa: F401  # each keeper uses it, and would import it by itself
import os
import signal
import socket

from . import _filter, _libc
from ._harden import die_with_parent
from ._keeper import fork_worker, keep
from ._libc import PR_SET_DUMPABLE, close_from, prctl
from ._namespaces import FIRST_OWN, NOBODY, Identity, enter, identity, map_self
from ._root import build
from ._wires import ENVIRONMENT, LAST, settle

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["CONTROL", "READY", "serve"]

CONTROL = 0
READY = b"ready"


def serve(job: Job) -> None:
    """Enter the namespaces once, then make a parked worker for each set of wires that comes; never returns."""
    close_from(CONTROL + 1)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    control = socket.socket(fileno=CONTROL)
    try:
        os.setsid()
        zygote = _Zygote(job)
    except BaseException as error:  # noqa: BLE001  # whatever it is, nothing was run: the caller must hear why
        control.send(f"refused {type(error).__name__}: {error}".encode()[:2000])
        os._exit(126)
    control.send(READY)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 16, LAST + 1)
        if not message or len(fds) != LAST + 1:
            os._exit(0)  # the caller is gone, or no longer wants us: our keepers see that by their own wires
        if os.fork() == 0:
            zygote.make(dict(enumerate(fds)))
        for fd in fds:
            os.close(fd)


class _Zygote:
    def __init__(self, job: Job) -> None:
        import gc

        self.job = job
        os.environ.update(ENVIRONMENT)
        for name in job.preload:
            __import__(name)
        self.who = identity()
        enter(self.who, pid=False)
        self.proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        build(job)
        prctl(PR_SET_DUMPABLE, 0)
        self.program = _filter.build(own_files=True, own_pid=1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the keepers
        gc.collect()
        gc.freeze()

    def make(self, wires: dict[int, int]) -> None:
        """Be the keeper of one parked worker; never returns."""
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            die_with_parent()
            who = self._apart()
            settle(wires)
            keep(self.job, lambda job, _: self._worker(job, who))
        finally:
            os._exit(126)

    def _apart(self) -> Identity:
        """Give the worker a pid namespace of its own and, where that is how it is nobody, a user namespace, too.

        The kernel counts threads by user and user namespace: one worker's never count for another's.
        """
        flags = _libc.NEW_PID | _libc.NEW_NS | _libc.NEW_IPC
        if self.who.uid is not None:
            _libc.unshare(flags)
            return Identity(NOBODY if self.who.uid == NOBODY else FIRST_OWN + os.getpid())
        _libc.unshare(flags | _libc.NEW_USER)
        prctl(PR_SET_DUMPABLE, 1)  # or the files of this very process below /proc would be root's
        map_self("self", NOBODY, NOBODY, self.proc)
        prctl(PR_SET_DUMPABLE, 0)
        return Identity(None)

    def _worker(self, job: Job, who: Identity) -> tuple[int, int]:
        child = fork_worker(job, who, program=self.program, parked=True)
        return child, child
