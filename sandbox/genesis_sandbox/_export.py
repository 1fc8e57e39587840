"""Carry out what a program wrote into its granted folders: regular files only, never through a link, each at once.

The program has ended when this begins, so what it left does not change any more. What stands in the folder of the
host may change at any time: every step is taken from an open folder, and no step follows a link.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

from ._libc import open_plain
from ._wires import HANDOVER
from .errors import SandboxUnavailable
from .outcome import Ended, Failure, Outcome, Written

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._job import Job
    from .limits import Limits

__all__ = ["Export", "NotWritten", "Room", "carry", "exporting", "look"]

MIB = 1 << 20
MOST_DEPTH = 32
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
SOURCE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
TARGET = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NEVER_EXECUTABLE = 0o666


class NotWritten(Exception):  # named by the domain
    """What the program wrote is not carried out, or no further; the message says why."""


class Export:
    """The folders of the host that one call may write to, held open from before it begins."""

    def __init__(self, job: Job) -> None:
        import socket

        self._job = job
        self._targets: list[int] = []
        self._here, self._there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.wires = {HANDOVER: self._there.fileno()}
        """The worker's end of the wire over which it hands its folders over."""

    def open(self) -> None:
        """Open the folders (raises OSError when one is not there, or lies behind a link)."""
        for path in self._job.write:
            self._targets.append(open_plain(path))

    def close(self) -> None:
        """Let go of everything, the program's folders included."""
        self._here.close()
        self._there.close()
        while self._targets:
            os.close(self._targets.pop())

    def told(self, outcome: Outcome, deadline: float) -> Outcome:
        """Return the outcome of a call that went well, with what has been written, or why not all of it was."""
        written, why = self._carried_out(deadline)
        if not why:
            return replace(outcome, written=tuple(written))
        return replace(outcome, ended=Ended.FAILED, value=None, failure=Failure("NotWritten", why),
                       written=tuple(written))  # fmt: skip

    def _carried_out(self, deadline: float) -> tuple[list[Written], str]:
        """Look at everything first, then copy it."""
        written: list[Written] = []
        sources: list[int] = []
        try:
            sources = self._received()
            room = Room(self._job.limits, deadline)
            for source, target in zip(sources, self._targets, strict=True):
                look(source, target, room)
            room = Room(self._job.limits, deadline)
            for source, target, path in zip(sources, self._targets, self._job.write, strict=True):
                carry(source, target, path, room, written)
        except NotWritten as error:
            return written, str(error)
        except OSError as error:
            return written, f"{error.strerror}: {error.filename or 'a folder'!r}"
        finally:
            for fd in sources:
                os.close(fd)
        return written, ""

    def _received(self) -> list[int]:
        import socket

        self._there.close()
        _, folders, _, _ = socket.recv_fds(self._here, 16, len(self._targets))
        if len(folders) != len(self._targets):
            _close(*folders)
            raise NotWritten("the worker has not handed its folders over")
        return folders


@contextmanager
def exporting(job: Job) -> Iterator[Export]:
    """Hold what a call may write to, from before it begins (raises SandboxUnavailable when it can't be opened)."""
    export = Export(job)
    try:
        try:
            export.open()
        except OSError as error:
            raise SandboxUnavailable(f"write: {error.strerror}") from error
        yield export
    finally:
        export.close()


class Room:
    """What is left of the limits while files are looked at, or copied."""

    def __init__(self, limits: Limits, deadline: float) -> None:
        self.bytes = int(limits.scratch_mb * MIB)
        self.entries = int(limits.files)
        self.deadline = deadline

    def enter(self, name: str, depth: int) -> None:
        """Count one more file or folder."""
        self._look_at_clock()
        self.entries -= 1
        if self.entries < 0:
            raise NotWritten("there are too many files")
        if depth > MOST_DEPTH:
            raise NotWritten(f"folders are nested deeper than {MOST_DEPTH}")
        if name.startswith(".") or not name.isprintable():
            raise NotWritten(f"{name!a} is hidden, or not the name of a file that can be printed")

    def take(self, size: int) -> None:
        """Count so many bytes."""
        self._look_at_clock()
        self.bytes -= size
        if self.bytes < 0:
            raise NotWritten("the files are too big together")

    def _look_at_clock(self) -> None:
        if time.monotonic() > self.deadline:
            raise NotWritten("the time of the call is over")


def look(source: int, target: int | None, room: Room, depth: int = 1) -> None:
    """Raise NotWritten unless all below a folder can be carried to another (None: that is not there yet)."""
    for name in sorted(os.listdir(source)):
        room.enter(name, depth)
        what, there = _status(source, name), _status(target, name)
        if what is None or not (stat.S_ISREG(what.st_mode) and what.st_nlink == 1 or stat.S_ISDIR(what.st_mode)):
            raise NotWritten(f"{name!a} is neither a folder nor a file of its own")
        if there is not None and stat.S_IFMT(there.st_mode) != stat.S_IFMT(what.st_mode):
            raise NotWritten(f"something else than {'a file' if stat.S_ISREG(what.st_mode) else 'a folder'} "
                             f"stands where {name!a} would go")  # fmt: skip
        if stat.S_ISREG(what.st_mode):
            room.take(what.st_size)
            continue
        inner = os.open(name, FOLDER, dir_fd=source)
        outer = None if target is None or there is None else os.open(name, FOLDER, dir_fd=target)
        try:
            look(inner, outer, room, depth + 1)
        finally:
            _close(inner, outer)


def carry(source: int, target: int, path: str, room: Room, written: list[Written], depth: int = 1) -> None:
    """Copy all below a folder into another one, and note each file as soon as it is there."""
    for name in sorted(os.listdir(source)):
        room.enter(name, depth)
        inner = os.open(name, SOURCE, dir_fd=source)
        outer = None
        try:
            what = os.fstat(inner)
            if stat.S_ISREG(what.st_mode):
                written.append(_copied(inner, target, name, f"{path}/{name}", room))
            elif stat.S_ISDIR(what.st_mode):
                outer = _folder(target, name)
                carry(inner, outer, f"{path}/{name}", room, written, depth + 1)
            else:
                raise NotWritten(f"{name!a} is neither a folder nor a file")
        finally:
            _close(inner, outer)


def _status(folder: int | None, name: str) -> os.stat_result | None:
    try:
        return None if folder is None else os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _folder(target: int, name: str) -> int:
    """Return the folder of that name, made if it is not there; a link to one is an error."""
    with suppress(FileExistsError):  # what it is, opening it tells
        os.mkdir(name, dir_fd=target)
    return os.open(name, FOLDER, dir_fd=target)


def _copied(source: int, target: int, name: str, path: str, room: Room) -> Written:
    """Copy one file beside its place, then put it there at once; what stood there is no longer a name of anything."""
    there = _status(target, name)
    if there is not None and not stat.S_ISREG(there.st_mode):
        raise NotWritten(f"something else than a file stands where {name!a} would go")
    beside = f".{os.urandom(12).hex()}"
    fd = os.open(beside, TARGET, NEVER_EXECUTABLE, dir_fd=target)
    try:
        try:
            if there is not None:
                os.fchmod(fd, stat.S_IMODE(there.st_mode) & NEVER_EXECUTABLE)
            size, digest = _filled(fd, source, room)
            os.fsync(fd)  # a name that survives a crash must not stand for less than was written
        finally:
            os.close(fd)
        os.rename(beside, name, src_dir_fd=target, dst_dir_fd=target)
    except BaseException:
        with suppress(FileNotFoundError):  # somebody else took it away: why it failed is what is told
            os.unlink(beside, dir_fd=target)
        raise
    return Written(path, size, digest)


def _filled(fd: int, source: int, room: Room) -> tuple[int, str]:
    import hashlib

    digest, size = hashlib.sha256(), 0
    while chunk := os.read(source, MIB):
        room.take(len(chunk))
        digest.update(chunk)
        size += len(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(fd, view):]
    return size, digest.hexdigest()


def _close(*descriptors: int | None) -> None:
    for fd in descriptors:
        if fd is not None:
            os.close(fd)
