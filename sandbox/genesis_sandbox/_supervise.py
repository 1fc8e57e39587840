"""The caller's side of one call: feed it, take what comes, and be back in time whatever happens."""

from __future__ import annotations

import errno
import os
import select
import time

from ._wires import DONE, ERRORS, LIFE, OUTPUT, REQUEST, RESULT, STATUS

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._child import Child
    from ._wires import Wires
    from .limits import Limits

    Sink = Callable[[int, bytes], None]

__all__ = ["Ending", "supervise"]

CHUNK = 1 << 16
GRACE = 1.0
"""Seconds that a keeper has to end its worker and say so; then it is killed itself, and the worker with it."""


class Ending:
    """How a call ended: the keeper's words and our own clocks, nothing of the program's."""

    __slots__ = ("cpu_seconds", "limit", "peak_kb", "refused", "status", "wall_seconds")

    def __init__(self) -> None:
        self.status: int | None = None
        """Exit status, or minus the signal that ended it; None: it was never seen to end."""
        self.limit = ""
        self.refused = ""
        self.cpu_seconds = 0.0
        self.peak_kb = 0
        self.wall_seconds = 0.0


class _Call:
    """One call under way; its worker is a child of this process, or of a keeper that speaks over STATUS and LIFE."""

    def __init__(self, wires: Wires, request: bytes, limits: Limits, sink: Sink, child: Child | None) -> None:
        self.wires, self.sink, self.child = wires, sink, child
        self.request = memoryview(request)
        self.poll = select.poll()
        self.open: dict[int, int] = {}
        self.said = b""
        self.limit = ""
        self.result_left = int(limits.result_kb * 1024) + 4
        self.output_left = int(limits.output_mb * (1 << 20))
        for wire in (OUTPUT, ERRORS, RESULT, STATUS):
            self._listen(wires.here[wire], wire)
        if child is not None:
            self._listen(child.handle, DONE)
        self.end = wires.here[STATUS] if child is None else child.handle
        os.set_blocking(wires.here[REQUEST], False)
        self.poll.register(wires.here[REQUEST], select.POLLOUT)

    def _listen(self, fd: int, wire: int) -> None:
        self.open[fd] = wire
        self.poll.register(fd, select.POLLIN)

    def _drop(self, fd: int) -> None:
        self.poll.unregister(fd)
        self.open.pop(fd, None)

    def run(self, deadline: float) -> None:
        """Move bytes until everything is closed, a limit is met or the time is over."""
        while self.open and not self.limit:
            left = deadline - time.monotonic()
            pause = self.child.look_after() if self.child is not None and self.end in self.open else left
            if left <= 0 or pause <= 0:
                self.limit = "time" if left <= 0 else "cpu"
                return
            for fd, _ in self.poll.poll(min(left, pause) * 1000 + 1):
                self._take(fd) if fd in self.open else self._feed(fd)

    def _feed(self, fd: int) -> None:
        try:
            self.request = self.request[os.write(fd, self.request[:CHUNK]):]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.request = memoryview(b"")
        if not self.request:
            self.poll.unregister(fd)
            self.wires.end(REQUEST)

    def _take(self, fd: int) -> None:
        wire = self.open[fd]
        data = b"" if wire == DONE else os.read(fd, CHUNK)
        if not data:
            self._drop(fd)
        elif wire == STATUS:
            self.said += data
            if data.endswith(b"\n"):
                self._drop(fd)  # its last word: what is left of its own ending is not waited for
        elif wire == RESULT:
            self.result_left -= len(data)
            self._pass(wire, data, "result" if self.result_left < 0 else "")
        else:
            self._pass(wire, data[: self.output_left], "output" if self.output_left < len(data) else "")
            self.output_left -= len(data)

    def _pass(self, wire: int, data: bytes, limit: str) -> None:
        self.sink(wire, data)
        self.limit = self.limit or limit

    def stop(self) -> None:
        """Have the worker ended and see that it is; what the program still writes is dropped."""
        if self.child is not None:
            self.child.kill()
        else:
            self._tell()
        deadline = time.monotonic() + GRACE
        while self.end in self.open and (left := deadline - time.monotonic()) > 0:
            for fd, _ in self.poll.poll(left * 1000 + 1):
                if self.open.get(fd) in (STATUS, DONE):
                    self._take(fd)
                elif fd not in self.open or not os.read(fd, CHUNK):
                    self._drop(fd)

    def _tell(self) -> None:
        try:
            os.write(self.wires.here[LIFE], b"x")
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise


def supervise(
    wires: Wires, request: bytes, limits: Limits, sink: Sink, *, started: float | None = None,
    child: Child | None = None,
) -> Ending:  # fmt: skip
    """Carry one call to its end and return how it ended; the worker is gone when this returns.

    `sink` takes what comes over OUTPUT, ERRORS and RESULT; `started` is when the caller's clock began; `child` is the
    worker where no keeper stands between.
    """
    begin = time.monotonic() if started is None else started
    call = _Call(wires, request, limits, sink, child)
    try:
        call.run(begin + limits.seconds)
    finally:
        if call.end in call.open:
            call.stop()
    ending = _ending(call)
    ending.wall_seconds = time.monotonic() - begin
    return ending


def _ending(call: _Call) -> Ending:
    ending = Ending()
    ending.limit = call.limit
    if call.child is not None:
        ending.status, ending.cpu_seconds, ending.peak_kb = call.child.wait()
    # A worker that could not be made speaks before its keeper does, and its word is the reason.
    words = call.said.decode("utf-8", "replace").partition("\n")[0].split(" ")
    if words[0] == "refused":
        ending.refused = " ".join(words[1:])
    elif words[0] == "ended":
        ending.status, ending.cpu_seconds, ending.peak_kb = int(words[1]), float(words[2]), int(words[3])
        ending.limit = ending.limit or ("cpu" if words[4] == "cpu" else "")
    elif call.child is None and not call.limit:
        ending.refused = "the keeper of the call ended without a word"
    return ending
