"""Warm calls: workers that are hardened and parked before they are needed, each used once."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque

from ._frames import request
from ._job import Job
from ._launchers import choose
from ._reap import reap
from ._spawn import spawn
from ._supervise import supervise
from ._wires import Wires
from ._zygote import CONTROL, READY
from .capabilities import Capabilities
from .errors import SandboxUnavailable
from .limits import Limits
from .outcome import JsonValue, Outcome
from .running import Kept, prepared, run, told

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

__all__ = ["Pool"]

PATIENCE = 20.0
CALLS, AGE = 1000, 600.0
"""After so many calls or seconds a zygote is replaced: its workers share one layout of memory and one hash seed."""


class Pool:
    """Runs programs as :func:`run` does, sooner: for one set of limits and capabilities, from any thread.

    The warm launcher is purejail; where only another one isolates, or a folder may be written to, calls are cold.
    Close it, or use it with `with`.
    """

    def __init__(
        self, *, limits: Limits | None = None, capabilities: Capabilities | None = None, parked: int = 2,
        preload: Sequence[str] = ("json",), launcher: str = "auto", allow_reduced: bool = False,
    ) -> None:  # fmt: skip
        self._granted, self._limits = capabilities or Capabilities(), limits or Limits()
        self._launcher, self._allow_reduced = choose(launcher, allow_reduced), allow_reduced
        job = prepared(self._granted, self._limits, self._launcher)
        self._job = Job(launcher=job.launcher, limits=job.limits, modules=job.modules, read=job.read,
                        preload=list(preload))  # fmt: skip
        self._parked_at_most = parked
        self._parked: deque[Wires] = deque()
        self._lock = threading.Lock()
        self._zygote: _Zygote | None = None
        self._leaving: list[_Zygote] = []
        """Zygotes that were replaced while calls of theirs are under way: those end with them."""
        self._closed = False
        self._warm = self._launcher == "purejail" and not self._granted.write
        if self._warm:
            with self._lock:
                self._refill()

    def run(
        self, code: str | bytes, *, entry: str = "", arguments: Mapping[str, JsonValue] | None = None
    ) -> Outcome:
        """Run one program in a worker of its own, as :func:`run` does."""
        started = time.monotonic()
        if not self._warm:
            return run(code, entry=entry, arguments=arguments, limits=self._limits, capabilities=self._granted,
                       launcher=self._launcher, allow_reduced=self._allow_reduced)  # fmt: skip
        source = code.encode() if isinstance(code, str) else code
        message = request(source, entry, dict(arguments or {}), self._granted.env)
        (zygote, wires), kept = self._take(), Kept(self._limits)
        try:
            ending = supervise(wires, message, self._limits, kept, started=started)
        finally:
            wires.close()
            self._done(zygote)
        return told(ending, kept, self._job, bool(entry))

    @property
    def zygote(self) -> int:
        """Return the process id of the zygote; 0: there is none."""
        return 0 if self._zygote is None else self._zygote.pid

    def close(self) -> None:
        """End the zygote and every parked worker."""
        with self._lock:
            self._closed = True
            self._retire()
            while self._leaving:
                self._leaving.pop().close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.close()

    def _take(self) -> tuple[_Zygote, Wires]:
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("the pool is closed", "make another one")
            if self._zygote is not None and self._zygote.worn():
                self._retire()
            if not self._parked or self._zygote is None or not self._zygote.alive():
                self._refill()
            assert self._zygote is not None  # noqa: S101  # there is one, or there was no refilling
            self._zygote.calls += 1
            return self._zygote, self._parked.popleft()

    def _done(self, zygote: _Zygote) -> None:
        """Have another worker made for the one that was used, after its call: not while it needs the processor."""
        with self._lock:
            zygote.calls -= 1
            if zygote in self._leaving and not zygote.calls:
                self._leaving.remove(zygote)
                zygote.close()
            if self._closed:
                return
            try:
                self._refill()
            except SandboxUnavailable:
                return  # the call that comes next tries again, and says why it cannot be made

    def _refill(self) -> None:
        """Have as many workers parked as are wanted; they get ready while the caller does something else."""
        if self._zygote is None or not self._zygote.alive():
            self._retire()
            self._zygote = _Zygote(self._job)
        while len(self._parked) < max(1, self._parked_at_most):
            self._parked.append(self._zygote.park())

    def _retire(self) -> None:
        while self._parked:
            self._parked.popleft().close()
        if self._zygote is not None and self._zygote.calls and self._zygote.alive():
            self._leaving.append(self._zygote)
        elif self._zygote is not None:
            self._zygote.close()
        self._zygote = None


class _Zygote:
    """The caller's side of a zygote."""

    def __init__(self, job: Job) -> None:
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            self.pid = spawn("zygote", job, {CONTROL: there.fileno()})
        self._owner = os.getpid()
        self._made, self._since = 0, time.monotonic()
        self.calls = 0
        """Calls of its workers that are under way."""
        self._here.settimeout(PATIENCE)
        try:
            said = self._here.recv(4096)
        except TimeoutError:
            said = b"refused it was not ready in time"
        if said != READY:
            self.close()
            raise SandboxUnavailable(said.decode("utf-8", "replace").removeprefix("refused ")
                                     or "the zygote ended without a word")  # fmt: skip

    def park(self) -> Wires:
        """Return the wires of one more worker that is being made."""
        wires = Wires()
        try:
            socket.send_fds(self._here, [b"park"], [wires.there[wire] for wire in sorted(wires.there)])
        except OSError as error:
            wires.close()
            raise SandboxUnavailable(f"the zygote is gone: {error}") from error
        wires.close_there()
        self._made += 1
        return wires

    def worn(self) -> bool:
        """Tell whether it has made enough, or lived long enough."""
        return self._made >= CALLS or time.monotonic() - self._since > AGE

    def alive(self) -> bool:
        """Tell whether it is there, and ours: a fork of the caller makes its own."""
        if os.getpid() != self._owner:
            return False
        try:
            return os.waitpid(self.pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:
            return False

    def close(self) -> None:
        """End it; its keepers see their wires closed and end, too."""
        self._here.close()
        if os.getpid() == self._owner:
            reap(self.pid, 0)
