"""The launcher for machines where only bubblewrap may make user namespaces: it makes them, we do the rest inside."""

from __future__ import annotations

import os
import stat
import sys

from ._namespaces import identity
from ._root import DEVICES, TEMPORARY, granted_paths, library_paths, places_to_make, put_together, third_party
from ._spawn import spawn_program
from ._wires import ENVIRONMENT, HANDOVER, SCRATCH, STATUS

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._job import Job

__all__ = ["bubblewrap", "find"]

PLACES = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")
"""Never the search path: a program that isolates is not looked for where others may put one."""
INFORMATION = STATUS + 1
CODE = "/code"
ALONE = (
    "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN",
    "--cap-add", "CAP_SETPCAP", "--uid", "65534", "--gid", "65534", "--hostname", "tool", "--clearenv",
)  # fmt: skip
"""Two capabilities over its own namespaces, until it has mounted its folder; then it gives up every one."""


def find() -> str:
    """Return where bubblewrap lies (raises RuntimeError when it is not there or runs with its owner's rights)."""
    for path in PLACES:
        if os.path.isfile(path):
            if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
                raise RuntimeError(f"{path} is set-user-id: a fault in it would be root's; it is not used")
            return path
    raise RuntimeError(f"bubblewrap is not installed: none of {', '.join(PLACES)} is there")


def bubblewrap(job: Job, ends: dict[int, int] | None) -> tuple[int, int]:
    """Start a worker inside bubblewrap; return its process id, and bubblewrap's, which is the child to wait for."""
    binary, python = find(), os.path.realpath(sys.executable)
    _compile()
    reader, writer = os.pipe()
    try:
        wires = ends or {wire: wire for wire in range(STATUS + 1)}
        kept = {wire: fd for wire, fd in wires.items() if wire <= STATUS}
        kept |= {HANDOVER: HANDOVER} if job.write else {}
        words = [binary, *ALONE, *_file_system(job, python), "--info-fd", str(INFORMATION)]
        words += [python, "-I", "-S", "-X", "utf8", f"{CODE}/genesis_sandbox/_boot.py", "worker", job.packed()]
        child = spawn_program(words, {**kept, INFORMATION: writer})
    finally:
        os.close(writer)
    return _first_process(reader), child


def _compile() -> None:
    """See that the worker finds its modules compiled: from where it is, it can't write down what it has compiled."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__pycache__")
    if not os.path.exists(f"{folder}/_inner.{sys.implementation.cache_tag}.pyc") and os.access(folder, os.W_OK):
        from . import _inner  # noqa: F401  # writes them, and is not wanted otherwise


def _first_process(reader: int) -> int:
    """Return the process id of the worker, as bubblewrap tells it."""
    said = b""
    try:
        while chunk := os.read(reader, 4096):
            said += chunk
            if b"}" in said:
                break
    finally:
        os.close(reader)
    if b'"child-pid":' not in said:
        why = said.decode("utf-8", "replace") or "may it make user namespaces here?"
        raise RuntimeError(f"bubblewrap ended before it had made a process: {why}")
    return int(said.partition(b'"child-pid":')[2].split(b",")[0].strip(b" }\n"))


def _file_system(job: Job, python: str) -> list[str]:
    """Return bubblewrap's words for the same root that purejail makes.

    As root, make it here, which is sooner done and works for what only root can read; then become another user, whom
    the kernel holds to limits.
    """
    who = identity()
    ours = {python: python, os.path.dirname(os.path.realpath(__file__)): f"{CODE}/genesis_sandbox"}
    if who.uid is None:
        words = _shown_by_bubblewrap(job, ours)
    else:
        from ._libc import NEW_NS, unshare

        unshare(NEW_NS)
        words = ["--dev-bind", put_together(job, ours), "/"]
        who.change_user()
    return words + [word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)]


def _shown_by_bubblewrap(job: Job, ours: dict[str, str]) -> list[str]:
    library = library_paths()
    granted = [*granted_paths(job), *job.read]
    hidden = third_party(library)
    words = [word for path in library for word in ("--ro-bind", path, path)]
    words += [word for path in hidden for word in ("--tmpfs", path)]
    words += [word for path in granted for word in ("--ro-bind", path, path)]
    words += [word for path in hidden for word in ("--remount-ro", path)]
    words += [word for path in ("/lib", "/lib64") if os.path.islink(path)
              for word in ("--symlink", os.readlink(path), path)]  # fmt: skip
    words += [word for path in DEVICES for word in ("--dev-bind", path, path)]
    words += [word for path in places_to_make(job) for word in ("--dir", path)]
    if not any(path.startswith(TEMPORARY + "/") for path in [*granted, *job.write]):
        words += ["--symlink", SCRATCH, TEMPORARY]
    words += [word for path, place in ours.items() for word in ("--ro-bind", path, place)]
    return [*words, "--dir", SCRATCH, "--remount-ro", "/"]
