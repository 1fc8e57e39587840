"""Bytes on disk: texts of the workspace, artefacts of a run."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from .errors import AccessDenied, ToolError
from .tasks import Artifact

__all__ = ["artifact_path", "find_artifact", "read_bytes", "write_atomic"]

MAX_TEXT_BYTES = 64 * 1024 * 1024


def read_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ToolError(f"{path.name} is no regular file", cause="a pipe or device would be waited for, for ever")
        if status.st_size > MAX_TEXT_BYTES:
            raise ToolError(f"{path.name} is larger than {MAX_TEXT_BYTES} bytes", hint="read it through a tool")
        return path.read_bytes()
    except OSError as error:
        raise ToolError(f"{path.name} can't be read", cause=error.strerror or type(error).__name__) from None


def artifact_path(folder: Path, task_id: str, name: str) -> Path:
    base = folder / "artifacts" / task_id.replace("/", "~")
    path = base / name
    if not name or Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
        raise AccessDenied(f"{name!r} is no name for an artefact", cause="it must stay below the run's folder")
    return path


def write_atomic(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(data)
    os.replace(draft, path)


def find_artifact(folder: Path, artifact: Artifact, task_id: str = "") -> bytes:
    """Return the bytes of *artifact* from a run's folder, or raise ToolError when none there has its digest.

    It is looked for where *task_id* wrote it, then everywhere: a task may hand on what another one wrote.
    """
    for path in _places(folder, artifact.name, task_id):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == artifact.sha256:
            return data
    raise ToolError(f"artefact {artifact.name!r} is not what was recorded", cause="its file is missing or was changed",
                    hint="genesis verify RUN")


def _places(folder: Path, name: str, task_id: str) -> Iterator[Path]:
    if task_id and (own := artifact_path(folder, task_id, name)).is_file():
        yield own
    yield from sorted((folder / "artifacts").glob(f"*/{glob.escape(name)}"))
