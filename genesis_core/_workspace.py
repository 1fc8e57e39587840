"""The files that a run is about: which there are, whether a name stays inside, and the digest of what was read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .errors import AccessDenied, SettingsError

__all__ = ["SKIPPED", "Workspace", "sha256_file"]

SKIPPED = frozenset(
    "__pycache__ node_modules venv env site-packages build dist target vendor third_party egg-info".split()
)
"""Folders that hold other people's code or made files; those whose name begins with a dot are left out as well."""


class Workspace:
    """A folder, seen through names relative to it. Links that lead out are not there."""

    def __init__(self, folder: str | Path) -> None:
        self.named = Path(folder)
        try:
            self.root = self.named.expanduser().resolve(strict=True)
        except OSError:
            raise _not_there(folder) from None
        if not self.root.is_dir():
            raise _not_there(folder)
        self._names: tuple[str, ...] | None = None
        self._digests: dict[tuple[str, int, int], str] = {}

    def files(self, pattern: str = "**/*") -> tuple[str, ...]:
        """Return the files that match a glob (``**`` for any folders), as sorted POSIX names."""
        if self._names is None:
            self._names = tuple(sorted(self._walk()))
        match = _glob(pattern)
        return tuple(name for name in self._names if match(name))

    def refresh(self) -> None:
        """Forget which files there are."""
        self._names = None

    def _walk(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if not _skipped(f))
            base = Path(folder)
            for name in names:
                path = base / name
                if not path.is_symlink() or self._inside(path):
                    yield path.relative_to(self.root).as_posix()

    def _inside(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return real.is_relative_to(self.root) and real.is_file()

    def path(self, name: str | Path) -> Path:
        """Return the real path of *name*; raises AccessDenied when it, or a link on the way, leads out."""
        real = Path(os.path.realpath(self.root / name))
        if not real.is_relative_to(self.root):
            raise AccessDenied(
                f"{os.fspath(name)!r} is outside the workspace", cause=f"the workspace is {self.named}",
                hint="name a file below it, or choose another --workspace",
            )
        return real

    def name(self, path: Path) -> str:
        """Return *path* as a name relative to the workspace."""
        return path.relative_to(self.root).as_posix()

    def digest(self, name: str) -> str:
        """Return the sha256 of a file, of a folder's names and contents, or "" when it is not there."""
        path = self.path(name)
        if path.is_dir():
            return self._folder_digest(path)
        try:
            stat = path.stat()
            key = (os.fspath(path), stat.st_size, stat.st_mtime_ns)
            if key not in self._digests:
                self._digests[key] = sha256_file(path)
            return self._digests[key]
        except OSError:
            return ""

    def _folder_digest(self, path: Path) -> str:
        base = self.name(path)
        names = self.files("**/*" if base == "." else f"{base}/**/*")
        lines = (f"{name}\0{self.digest(name)}\n" for name in names)
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED or name.endswith(".egg-info")


@cache
def _glob(pattern: str) -> re.Pattern[str].match:  # type: ignore[valid-type]
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(p, re.escape(p)) for p in parts) + r"\Z").match


def _not_there(folder: str | Path) -> SettingsError:
    return SettingsError(
        f"there is no folder {os.fspath(folder)!r}", cause="the workspace must be an existing folder",
        hint="genesis run GOAL --workspace DIR",
    )
