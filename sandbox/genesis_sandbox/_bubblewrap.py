"""The launcher for machines where only bubblewrap may make user namespaces: it makes them, we do the rest inside."""

from __future__ import annotations

import os
import stat
import sys

from ._namespaces import Identity, identity
from ._root import SMALL, TEMPORARY, bind, library_paths, stage_folder, third_party
from ._spawn import spawn_program
from ._wires import ENVIRONMENT, SCRATCH, STATUS

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
    binary = find()
    paths = _shown(job)
    stage = _staged(paths, identity())
    words = [binary, *ALONE, *_file_system(job, paths, stage), "--info-fd", str(INFORMATION)]
    words += [_python(), "-I", "-S", "-X", "utf8", f"{CODE}/genesis_sandbox/_boot.py", "worker",
              job.packed()]  # fmt: skip
    reader, writer = os.pipe()
    try:
        wires = ends or {wire: wire for wire in range(STATUS + 1)}
        kept = {wire: fd for wire, fd in wires.items() if wire <= STATUS}
        child = spawn_program(words, {**kept, INFORMATION: writer})
    finally:
        os.close(writer)
    return _first_process(reader), child


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
    if not said:
        raise RuntimeError("bubblewrap ended before it had made a process: may it make user namespaces here?")
    return int(said.partition(b'"child-pid":')[2].split(b",")[0].strip(b" }\n"))


def _python() -> str:
    return os.path.realpath(sys.executable)


def _package() -> str:
    return os.path.dirname(os.path.realpath(__file__))


def _shown(job: Job) -> list[str]:
    granted = [f"{folder}/{name}" for folder, names in job.modules for name in names]
    return [*library_paths(), *granted, *job.read]


def _staged(paths: list[str], who: Identity) -> str:
    """As root, become another user, whom the kernel holds to limits; return where that user finds what is shown.

    That is where it lies (empty), or under a folder of this process's own where not everybody may go there.
    """
    if who.uid is None:
        return ""
    wanted = list(dict.fromkeys([*paths, _python(), _package()]))
    stage = "" if all(_open_to_all(path) for path in wanted) else _bound(wanted)
    who.change_user()
    return stage


def _open_to_all(path: str) -> bool:
    """Tell whether every user may reach a file or folder and read it."""
    folder = os.path.dirname(path)
    while os.stat(folder).st_mode & stat.S_IXOTH:
        if folder == "/":
            return bool(os.stat(path).st_mode & stat.S_IROTH)
        folder = os.path.dirname(folder)
    return False


def _bound(wanted: list[str]) -> str:
    from ._libc import MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, NEW_NS, mount, open_plain, unshare

    unshare(NEW_NS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    held = [open_plain(path) for path in wanted]
    stage = stage_folder()
    mount("stage", stage, "tmpfs", MS_NOSUID | MS_NODEV, SMALL)
    for at, fd in enumerate(held):
        bind(fd, f"/{at}", stage)
        os.close(fd)
    return stage


def _file_system(job: Job, paths: list[str], stage: str) -> list[str]:
    """Return bubblewrap's words for the same root that purejail makes."""
    numbered = {path: at for at, path in enumerate(dict.fromkeys([*paths, _python(), _package()]))}

    def show(path: str, target: str = "") -> list[str]:
        return ["--ro-bind", f"{stage}/{numbered[path]}" if stage else path, target or path]

    library = library_paths()
    hidden = third_party(library)
    words = [word for path in library for word in show(path)]
    words += [word for path in hidden for word in ("--tmpfs", path)]
    words += [word for path in paths if path not in library for word in show(path)]
    words += [word for path in hidden for word in ("--remount-ro", path)]
    words += [word for path in ("/lib", "/lib64") if os.path.islink(path)
              for word in ("--symlink", os.readlink(path), path)]  # fmt: skip
    words += [word for path in ("/dev/null", "/dev/urandom") for word in ("--dev-bind", path, path)]
    if not any(path.startswith(TEMPORARY + "/") for path in paths):
        words += ["--symlink", SCRATCH, TEMPORARY]
    words += [*show(_python()), *show(_package(), f"{CODE}/genesis_sandbox"), "--dir", SCRATCH, "--remount-ro", "/"]
    words += [word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)]
    return words
