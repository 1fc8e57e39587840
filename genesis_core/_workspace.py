"""The files that a run is about: which there are, whether a name stays inside, and the digest of what was read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from .errors import AccessDenied, SettingsError
from .policy import Label, Secrecy, Trust
from .records import digest

__all__ = ["SKIPPED", "Workspace", "names_label", "sha256_file"]

SKIPPED = frozenset(
    "__pycache__ node_modules venv env site-packages build dist target vendor third_party egg-info".split()
)
"""Folders that hold other people's code or made files; those whose name begins with a dot are left out as well."""
VERSIONS = frozenset(".git .hg .svn .bzr .jj CVS _darcs".split())
"""Folders of version control: all that a folder's digest leaves out."""

SECRET_FILES = (
    "**/.env", "**/.env.*", "**/*.pem", "**/*.key", "**/*.p12", "**/*.pfx", "**/*.keystore", "**/id_rsa", "**/id_dsa",
    "**/id_ecdsa", "**/id_ed25519", "**/.netrc", "**/.pypirc", "**/.npmrc", "**/.pgpass", "**/.htpasswd",
)
"""Files that hold keys and passwords by their very name: what is read from them is secret."""
GLOBS = 256
"""Patterns that are kept compiled: models may choose them, so their number has no end."""


class Workspace:
    """A folder, seen through names relative to it. Links that lead out are not there."""

    def __init__(self, folder: str | Path, *, secret_files: Iterable[str] = ()) -> None:
        self.named = Path(folder)
        self._secret = tuple(_glob(glob.lower()) for glob in (*SECRET_FILES, *secret_files))
        try:
            self.root = self.named.expanduser().resolve(strict=True)
        except OSError:
            raise _not_there(folder) from None
        if not self.root.is_dir():
            raise _not_there(folder)
        self._names: tuple[str, ...] | None = None
        self._closed: dict[str, str] = {}
        self._digests: dict[tuple[str, int, int], str] = {}

    def files(self, pattern: str = "**/*") -> tuple[str, ...]:
        """Return the files that match a glob (``**`` for any folders), as sorted POSIX names.

        A name that UTF-8 can't say is left out: no journal, report or model could repeat it.
        """
        if self._names is None:
            self._closed = {}
            found = self._walk(self.root, _skipped, self._closed)
            self._names = tuple(sorted(name for name in found if _sayable(name)))
        match = _glob(pattern)
        return tuple(name for name in self._names if match(name))

    @property
    def unreadable(self) -> Mapping[str, str]:
        """The folders whose files are not among :meth:`files` as they can't be opened, and why; "." is the workspace.
        """
        self.files()
        return dict(sorted(self._closed.items()))

    def seen(self, pattern: str) -> dict[str, str | int]:
        """Return what a journal keeps of :meth:`files`, so that a later look can be compared with it."""
        names, closed = self.files(pattern), list(self.unreadable)
        kept: dict[str, str | int] = {"pattern": pattern, "names": digest(list(names)), "count": len(names)}
        return {**kept, "unreadable": digest(closed)} if closed else kept

    def refresh(self) -> None:
        """Forget which files there are."""
        self._names = None

    def _walk(
        self, start: Path, skipped: Callable[[str], bool], closed: dict[str, str] | None = None
    ) -> Iterator[str]:
        """Yield the regular files below *start*: a pipe or a device would hold up whoever reads it.

        Folders that can't be opened go into *closed*, with the reason.
        """
        cut, folders = len(os.fspath(self.root).rstrip(os.sep)) + 1, [os.fspath(start)]
        while folders:
            folder = folders.pop()
            entries, why = _entries(folder)
            if why and closed is not None:
                closed[_said(folder[cut:].replace(os.sep, "/")) or "."] = why
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not skipped(entry.name):
                        folders.append(entry.path)
                elif self._counts(entry):
                    yield entry.path[cut:].replace(os.sep, "/")

    def _counts(self, entry: os.DirEntry[str]) -> bool:
        return self._inside(Path(entry.path)) if entry.is_symlink() else entry.is_file(follow_symlinks=False)

    def _inside(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return real.is_relative_to(self.root) and real.is_file()

    def is_secret(self, name: str, asked: str | os.PathLike[str] = "") -> bool:
        """Return whether what is in *name* may not leave: by :data:`SECRET_FILES`, or by the operator's word.

        Of a folder that is so when any file below it is. A link counts by the name that it was *asked* for by, too; the
        case of letters does not count.
        """
        names = [name]
        if asked and os.fspath(asked) != name:
            given = os.path.relpath(os.path.normpath(self.root / asked), self.root)
            names.append(given.replace(os.sep, "/"))
        if os.path.isdir(folder := self.root / name):
            names += self._below(folder)
        return any(match(n.lower()) for n in names for match in self._secret)

    def _below(self, folder: Path) -> Iterator[str]:
        """Yield the files below *folder*, links by their own name and by that of what they lead to."""
        for name in self._walk(folder, VERSIONS.__contains__):
            yield name
            if os.path.islink(path := self.root / name):
                yield self.name(Path(os.path.realpath(path)))

    def path(self, name: str | Path) -> Path:
        """Return the real path of *name*; raises AccessDenied when it, or a link on the way, leads out."""
        if "\0" in os.fspath(name):
            raise AccessDenied(f"{os.fspath(name)!r} is no name of a file", cause="it holds a null character")
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
        """Return the sha256 of a file, of a folder's names and contents, or "" when it is not there.

        A tool that is given a folder may read anything in it, so nothing but version control is left out.
        """
        path = self.path(name)
        if path.is_dir():
            return self._folder_digest(path)
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return ""
            key = (os.fspath(path), status.st_size, status.st_mtime_ns)
            if key not in self._digests:
                self._digests[key] = sha256_file(path)
            return self._digests[key]
        except OSError:
            return ""

    def _folder_digest(self, path: Path) -> str:
        lines = (f"{name}\0{self.digest(name)}\n" for name in sorted(self._walk(path, VERSIONS.__contains__)))
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def names_label(pattern: str) -> Label:
    """Return the label of the names that match: text that somebody else wrote, too."""
    return Label(Trust.UNTRUSTED, Secrecy.INTERNAL, frozenset({f"names {pattern}"}))


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED or name.endswith(".egg-info")


def _sayable(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= c <= "\udfff" for c in name)


def _said(name: str) -> str:
    """Return *name* so that UTF-8 can say it."""
    return name if _sayable(name) else os.fsencode(name).decode("utf-8", "backslashreplace")


def _entries(folder: str) -> tuple[list[os.DirEntry[str]], str]:
    """Return what is in *folder*, or why it can't be opened; one that is gone since holds nothing."""
    try:
        with os.scandir(folder) as found:
            return list(found), ""
    except (FileNotFoundError, NotADirectoryError):
        return [], ""
    except OSError as error:
        return [], (error.strerror or type(error).__name__).lower()


@lru_cache(maxsize=GLOBS)
def _glob(pattern: str) -> re.Pattern[str].match:  # type: ignore[valid-type]
    """Return the test for *pattern*, linear in the name: each part is looked for once, where it stands first."""
    runs: list[list[str]] = [[]]
    for part in pattern.split("/"):
        if part != "**":
            runs[-1].append(_part(part))
        elif len(runs) == 1 or runs[-1]:
            runs.append([])
    first, *others = ["/".join(run) for run in runs]
    if not others:
        return re.compile(first + r"\Z").match
    middle = "".join(f"(?>(?:[^/]+/)*?{run}/)" for run in others[:-1])
    last = f"(?:[^/]+/)*{others[-1]}" if others[-1] else ".*"
    return re.compile(f"{first + '/' if first else ''}{middle}{last}\\Z", re.DOTALL).match


def _part(part: str) -> str:
    first, *others = [re.escape(fixed).replace(r"\?", "[^/]") for fixed in re.split(r"\*+", part)]
    if not others:
        return first
    return first + "".join(f"(?>[^/]*?{fixed})" for fixed in others[:-1] if fixed) + f"[^/]*{others[-1]}"


def _not_there(folder: str | Path) -> SettingsError:
    is_file = Path(folder).is_file()
    return SettingsError(
        f"{os.fspath(folder)!r} is a file" if is_file else f"there is no folder {os.fspath(folder)!r}",
        cause="the workspace must be an existing folder",
        hint=f"--workspace {os.path.dirname(folder) or '.'}" if is_file else "--workspace DIR",
    )
