"""The command ``python -m genesis_sandbox``: as little as possible is imported before the program runs."""

from __future__ import annotations

import os
import select
import sys
import time

from ._job import Job
from ._packages import NUMERIC, shown
from ._supervise import supervise
from ._wires import ERRORS, OUTPUT, RESULT, Wires
from .errors import SandboxUnavailable
from .limits import Limits

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._supervise import Ending

__all__ = ["main"]

USAGE = """usage: python -m genesis_sandbox [option]... FILE [option]...

Run the Python program FILE where it reaches nothing: no file of yours, no network, no other process.
  --launcher NAME      purejail (default) or bubblewrap; reduced isolates less, and only you can ask for it
  --module NAME        show it this installed package; numpy and pandas are shown when they are installed
  --bare               show it no installed package but those that --module names
  --limit NAME=NUMBER  another limit: seconds, cpu_seconds, memory_mb, threads, scratch_mb, output_mb, ...
  --warm               run it in a parked worker that has been forked from a warm interpreter, after another program
"""
STOPPED = """error: stopped
cause: a signal asked for it
hint: nothing of the program is left running
"""
LIMIT, REFUSED, USAGE_ERROR, INTERRUPTED = 125, 126, 2, 130
LONGEST = 4 << 20
PIECE = 4096


class _Options:
    """What the command line asks for, options before and after FILE; ValueError for what is not understood."""

    def __init__(self, arguments: list[str]) -> None:
        self.launcher, self.warm, self.bare = "purejail", False, False
        self.granted: list[str] = []
        limits: list[str] = []
        files: list[str] = []
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                files, rest = files + rest, []
            elif not word.startswith("-"):
                files.append(word)
            elif word in ("--bare", "--warm"):
                self.bare, self.warm = self.bare or word == "--bare", self.warm or word == "--warm"
            elif word not in ("--launcher", "--module", "--limit"):
                raise ValueError(f"there is no option {word}")
            elif not rest:
                raise ValueError(f"{word} takes a value")
            elif word == "--launcher":
                self.launcher = rest.pop(0)
            else:
                (self.granted if word == "--module" else limits).append(rest.pop(0))
        if len(files) != 1:
            raise ValueError(f"{len(files)} files are named, {', '.join(files)}; one is run" if files else
                             "no FILE is named")
        self.path, self.limits = files[0], Limits.said(limits)

    def modules(self) -> list[tuple[str, list[str]]]:
        """Return what is shown of which folder; LookupError where a module that was granted is not installed."""
        shown(self.granted)
        return shown(self.granted + ([] if self.bare else list(NUMERIC)), optional=True)


def main(arguments: list[str], started: float) -> int:
    """Run the command line and return the exit status."""
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    try:
        options = _Options(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n{USAGE}")
        return USAGE_ERROR
    try:
        with open(options.path, "rb") as file:
            code = file.read(LONGEST + 1)
        if len(code) > LONGEST:
            raise ValueError(f"{options.path} is longer than {LONGEST} bytes")
        return _warm(code, options) if options.warm else _cold(code, options, started)
    except (LookupError, OSError, ValueError, RuntimeError, SandboxUnavailable) as error:
        sys.stderr.write(f"refused: {error}\n")
        return REFUSED


def _cold(code: bytes, options: _Options, started: float) -> int:
    """Start the worker as a child of this very process, which has nothing to hide but its environment."""
    from ._child import Child
    from ._launchers import starter

    job = Job(launcher=options.launcher, limits=options.limits, modules=options.modules())
    start = starter(options.launcher)
    if options.launcher != "bubblewrap":
        _forget(job.limits.seconds)
    wires = Wires()
    child = Child(*start(job, wires.there), job.limits.cpu_seconds)
    wires.close_there()
    passing = _Passing(started + job.limits.seconds)
    request = b"%d\n" % len(code) + code
    try:
        ending = supervise(wires, request, job.limits, passing, started=started, child=child)
    finally:
        if job.folder:
            from ._clean import clean

            clean(job)
    return _status(ending, passing.failed_for_memory())


def _forget(seconds: float) -> None:
    """Get ready to be forked from, and be ended by the kernel should anything here ever wait for too long."""
    from ._libc import die_after
    from ._wipe import wipe_environment

    die_after(seconds)
    wipe_environment()


def _warm(code: bytes, options: _Options) -> int:
    """Do the same with a pool, whose worker is not the first that its zygote makes."""
    from .capabilities import Capabilities
    from .pool import Pool

    names = [name for _, entries in options.modules() for name in entries if name.isidentifier()]
    granted = Capabilities(modules=names)
    with Pool(limits=options.limits, capabilities=granted, launcher=options.launcher) as pool:
        pool.run("decoy = 1")
        outcome = pool.run(code)
    for wire, text in ((OUTPUT, outcome.stdout), (ERRORS, outcome.stderr)):
        _Passing(time.monotonic() + 1)(wire, text.encode())
    if outcome.limit:
        sys.stderr.write(f"ended at the limit of {outcome.limit}\n")
        return LIMIT
    return 128 + outcome.signal if outcome.signal else outcome.exit_code or 0


class _Passing:
    """Hands the program's output on as it comes; whoever does not read it cannot hold the call up."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.broken = False
        self.said = b""

    def failed_for_memory(self) -> bool:
        """Tell whether the program says that memory was what it ended for; only asked about one that failed."""
        return b'"type": "MemoryError"' in self.said[:100]

    def __call__(self, wire: int, data: bytes) -> None:
        if wire == RESULT:
            self.said = (self.said + data)[:100]
        if wire in (OUTPUT, ERRORS) and not self.broken:
            view = memoryview(data)
            while view and self._ready(wire):
                try:
                    view = view[os.write(wire, view[:PIECE]):]
                except BlockingIOError:
                    continue
                except OSError:
                    self.broken = True

    def _ready(self, fd: int) -> bool:
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        left = self.deadline - time.monotonic()
        return not self.broken and left > 0 and bool(poll.poll(left * 1000))


def _status(ending: Ending, out_of_memory: bool) -> int:
    if ending.refused:
        sys.stderr.write(f"refused: {ending.refused}\n")
        return REFUSED
    if ending.limit or ending.status is None or (ending.status > 0 and out_of_memory):
        sys.stderr.write(f"ended at the limit of {ending.limit or 'memory'}\n")
        return LIMIT
    if ending.status < 0:
        sys.stderr.write(f"killed by signal {-ending.status}\n")
        return 128 - ending.status
    return ending.status
