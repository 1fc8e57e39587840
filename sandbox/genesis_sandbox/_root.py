"""The file system that a program sees: the interpreter's library, read-only, and an empty folder of its own.

What makes it is imported where it is used: with bubblewrap the command itself only asks what is to be in it.
"""

from __future__ import annotations

import os
import stat
import sys

from ._machine import PIVOT_ROOT, machine
from ._wires import SCRATCH

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._job import Job

__all__ = [
    "DEVICES", "TEMPORARY", "build", "granted_paths", "library_paths", "places_to_make", "put_together", "scratch",
    "third_party",
]  # fmt: skip

TEMPORARY = "/tmp"  # noqa: S108  # nosec B108  # a link to the scratch folder, in a root of the sandbox's own
DEVICES = ("/dev/null", "/dev/urandom")
STAGES = ("/srv", "/media", "/mnt", "/opt", TEMPORARY)
"""Folders of the host under which the new root is put together; one of them is enough."""
SMALL = "size=1m,nr_inodes=2000,mode=755"


def library_paths() -> list[str]:
    """Return what Python itself reads: its library, shared libraries, and the time zones."""
    prefix = os.path.realpath(sys.base_prefix)
    wanted = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", prefix + "/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache"]
    kept: list[str] = []
    for path in wanted:
        if os.path.exists(path) and not os.path.islink(path) and not any(_below(path, upper) for upper in kept):
            kept.append(path)
    return kept


def third_party(paths: list[str]) -> list[str]:
    """Return the folders below library paths that hold packages of others: they are hidden."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    prefix = os.path.realpath(sys.base_prefix)
    found = [f"{prefix}/lib/{version}/site-packages", f"{prefix}/lib/{version}/dist-packages", "/usr/lib/python3",
             f"/usr/lib/{version}/site-packages", f"/usr/lib/{version}/dist-packages"]  # fmt: skip
    there = [path for path in dict.fromkeys(found) if os.path.isdir(path)]
    return [path for path in there if any(_below(path, upper) for upper in paths)]


def _below(path: str, upper: str) -> bool:
    return path == upper or path.startswith(upper.rstrip("/") + "/")


def build(job: Job) -> None:
    """Put the new root together in this mount namespace and make it the root."""
    from ._libc import pivot_root

    pivot_root(put_together(job), PIVOT_ROOT[machine()])


def put_together(job: Job, also: Mapping[str, str] | None = None) -> str:
    """Make the new root, read-only, on a folder of the host in this mount namespace, and return that folder.

    `also` is what else is shown: path to the place where the program sees it.
    """
    from ._libc import MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, lock, mount, open_plain

    os.umask(0o022)  # in this process of ours: whoever the worker will be has to get through the folders made here
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    library = library_paths()
    shown = {path: path for path in [*granted_paths(job), *job.read]} | dict(also or {})
    # Everything is opened before anything is mounted: what is bound is what was checked, wherever the stage stands.
    held = {path: open_plain(path) for path in [*library, *shown, *DEVICES]}
    stage = _stage_folder()
    mount("root", stage, "tmpfs", MS_NOSUID | MS_NODEV, SMALL)
    for path in library:
        _bind(held[path], path, stage)
    for path in third_party(library):
        mount("hidden", stage + path, "tmpfs", MS_NOSUID | MS_NODEV, SMALL)
    for path, place in shown.items():
        _bind(held[path], place, stage)
    for path in places_to_make(job):
        os.makedirs(stage + path, exist_ok=True)
    _furnish(stage)
    lock(stage)
    for path in DEVICES:
        mount(_source(held[path]), stage + path, None, MS_BIND)
    for fd in held.values():
        os.close(fd)
    return stage


def places_to_make(job: Job) -> list[str]:
    """Return the places of folders to write to that have to be made: those in a granted folder are there already."""
    return [path for path in job.write if not any(_below(path, upper) for upper in job.read)]


def granted_paths(job: Job) -> list[str]:
    """Return the files and folders of the modules that are granted."""
    return [f"{folder}/{name}" for folder, names in job.modules for name in names]


def _stage_folder() -> str:
    """Return a folder of the host to put a root together under: it is covered in our own namespace only."""
    for folder in STAGES:
        if os.path.isdir(folder) and not os.path.islink(folder):
            return folder
    raise RuntimeError(f"none of {', '.join(STAGES)} is there to put the new root on")


def _source(fd: int) -> str:
    return f"/proc/self/fd/{fd}"


def _bind(fd: int, path: str, stage: str) -> None:
    """Show one file or folder of the host at its own path."""
    from ._libc import MS_BIND, MS_REC, mount

    target = stage + path
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.makedirs(target, exist_ok=True)
    else:
        _touch(target)
    mount(_source(fd), target, None, MS_BIND | MS_REC)


def _touch(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _furnish(stage: str) -> None:
    """Add the links, and the places of the devices and of the scratch folder."""
    for path in ("/lib", "/lib64"):
        if os.path.islink(path):
            os.symlink(os.readlink(path), stage + path)
    for path in DEVICES:
        _touch(stage + path)
    os.mkdir(stage + SCRATCH)
    if not os.path.exists(stage + TEMPORARY):
        os.symlink(SCRATCH, stage + TEMPORARY)


def scratch(job: Job) -> None:
    """Mount an empty folder of limited size and number of files, and go there."""
    from ._libc import MS_NODEV, MS_NOEXEC, MS_NOSUID, mount

    many = job.limits.files + (len(job.write) + 1 if job.write else 0)
    options = f"size={job.limits.scratch_mb}m,nr_inodes={many},mode=1777"
    mount("scratch", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    if job.write:
        from ._outbox import lay_out

        lay_out(job)
    os.chdir(SCRATCH)
