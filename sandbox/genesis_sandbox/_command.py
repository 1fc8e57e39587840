"""The command ``python -m genesis_sandbox``: as little as possible is imported before the program runs."""

from __future__ import annotations

import os
import select
import sys
import time

from ._job import Job
from ._supervise import supervise
from ._wires import ERRORS, OUTPUT, Wires

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._supervise import Ending

__all__ = ["main"]

USAGE = """usage: python -m genesis_sandbox [--launcher NAME] [--module NAME]... FILE

Run the Python program FILE where it reaches nothing: no file of yours, no network, no other process.
  --launcher NAME  purejail (default) or bubblewrap
  --module NAME    show it this installed package; numpy and pandas are shown when they are installed
  --bare           show it no installed package
"""
LIMIT, REFUSED, USAGE_ERROR = 125, 126, 2
LONGEST = 4 << 20
PIECE = 4096


def main(arguments: list[str], started: float) -> int:
    """Run the command line and return the exit status."""
    try:
        path, launcher, modules = _options(arguments)
    except (LookupError, ValueError):
        sys.stderr.write(USAGE)
        return USAGE_ERROR
    if path == "--help":
        sys.stdout.write(USAGE)
        return 0
    try:
        with open(path, "rb") as file:
            code = file.read(LONGEST + 1)
        if len(code) > LONGEST:
            raise ValueError(f"{path} is longer than {LONGEST} bytes")
        ending = _run(code, launcher, modules, started)
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"refused: {error}\n")
        return REFUSED
    return _status(ending)


def _options(arguments: list[str]) -> tuple[str, str, list[str]]:
    """Return the file, the launcher and the packages to show; raises for what is not understood."""
    from .capabilities import NUMERIC

    launcher, modules, rest = "purejail", list(NUMERIC), list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-h", "--help"):
            return "--help", launcher, modules
        if option == "--launcher":
            launcher = rest.pop(0)
        elif option == "--module":
            modules.append(rest.pop(0))
        elif option == "--bare":
            modules = []
        elif option != "--":
            raise ValueError(option)
        else:
            break
    (path,) = rest
    return path, launcher, modules


def _run(code: bytes, launcher: str, modules: list[str], started: float) -> Ending:
    """Start the worker as a child of this very process, which has nothing to hide but its environment."""
    from ._child import Child
    from ._launchers import starter
    from ._packages import shown
    from ._wipe import wipe_environment

    job = Job(launcher=launcher, modules=shown(modules, optional=True))
    start = starter(launcher)
    wipe_environment()
    wires = Wires()
    child = Child(*start(job, wires.there), job.limits.cpu_seconds)
    wires.close_there()
    passing = _Passing(started + job.limits.seconds)
    return supervise(wires, b"%d\n" % len(code) + code, job.limits, passing, started=started, child=child)


class _Passing:
    """Hands the program's output on as it comes; whoever does not read it cannot hold the call up."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.broken = False

    def __call__(self, wire: int, data: bytes) -> None:
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


def _status(ending: Ending) -> int:
    if ending.refused:
        sys.stderr.write(f"refused: {ending.refused}\n")
        return REFUSED
    if ending.limit or ending.status is None:
        sys.stderr.write(f"ended at the limit of {ending.limit}\n")
        return LIMIT
    if ending.status < 0:
        sys.stderr.write(f"killed by signal {-ending.status}\n")
        return 128 - ending.status
    return ending.status
