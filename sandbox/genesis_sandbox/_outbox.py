"""The worker's side of folders that it may write to: each is empty, and shares one limit of size with its own folder.

None of them is the host's. Who called keeps them open, and takes from them what is fit to be taken after a good end.
"""

from __future__ import annotations

import os
import socket

from ._libc import MS_BIND, mount, open_plain
from ._wires import HANDOVER, SCRATCH

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["lay_out"]

OWN = "own"
FOR_EVERYBODY = 0o1777


def lay_out(job: Job) -> None:
    """Divide what is mounted at SCRATCH: one folder for each path that may be written to, and one of its own."""
    folders = []
    for at, path in enumerate(job.write):
        source = f"{SCRATCH}/{at}"
        _make(source)
        folders.append(os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        place = open_plain(path)  # not by its name again: nobody can put a link there between look and mount
        os.fchdir(place)
        os.close(place)
        mount(source, ".", None, MS_BIND)
    _make(f"{SCRATCH}/{OWN}")
    mount(f"{SCRATCH}/{OWN}", SCRATCH, None, MS_BIND)
    _hand_over(folders)


def _make(path: str) -> None:
    os.mkdir(path)
    os.chmod(path, FOR_EVERYBODY)  # whoever the worker will be


def _hand_over(folders: list[int]) -> None:
    """Give the folders to who called, over a wire that is closed before the program begins."""
    with socket.socket(fileno=HANDOVER) as wire:
        socket.send_fds(wire, [b"folders"], folders)
    for fd in folders:
        os.close(fd)
