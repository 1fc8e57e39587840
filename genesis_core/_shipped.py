"""What a distribution that brings plugins or commands has on this machine now: its files, read before any is imported.

RECORD, which an installer writes, names every file with its digest; each is computed again from the disk. What differs
is a *fault*: the plugin is not imported, lock or no lock. What the operator should know and decide is a *flag*.
Digests are plain hashes of the content, every time: plugins are small, and a cache would trust times and inode numbers,
which whoever changes a file can set back.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path, PurePosixPath

from ._origins import origin_of
from ._ours import HOME, canonical, editable, ours

__all__ = ["COMMANDS", "HOME", "PLUGINS", "PluginDistribution", "canonical", "look", "plugin_distributions"]

PLUGINS, COMMANDS = "genesis.plugins", "genesis.commands"
INSTALLERS = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json",
                        "uv_cache.json"})
"""What an installer writes about its own work: the same wheel has others when it is installed another way."""
BEFORE_US = frozenset({"sitecustomize", "usercustomize"})
"""Modules that Python imports by itself at every start."""
STRONG = ("sha256", "sha384", "sha512")
CODE = (".py", ".pyc", ".pyd", ".so")
SHOWN = 3


@dataclass(frozen=True)
class PluginDistribution:
    """What one distribution brings, as its files are on disk now; nothing of it has been imported."""

    name: str
    version: str
    kind: str
    """recorded (a RECORD names its files), editable (its source is worked on), or unrecorded (neither)."""
    plugins: Mapping[str, str]
    """Entry points of the group ``genesis.plugins``: name and target."""
    commands: Mapping[str, str]
    """The same of ``genesis.commands``."""
    files: Mapping[str, str] = field(repr=False)
    """Every file with its sha256, in order of name."""
    faults: tuple[str, ...] = ()
    """Why it must not be imported, whatever a lock says."""
    flags: tuple[str, ...] = ()
    """What reaches further than its own package: files that run before Genesis, names of others."""
    code: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The sha256 of each file with code, by its whole path."""
    roots: tuple[str, ...] = ()
    """The packages and modules below which everything is its own."""

    @classmethod
    def installed(cls, name: str) -> PluginDistribution | None:
        """Return what the installed distribution *name* has on disk now; None when there is none."""
        try:
            return look(metadata.distribution(name))
        except (metadata.PackageNotFoundError, ValueError):
            return None

    @property
    def key(self) -> str:
        """The name as every spelling of it is compared."""
        return canonical(self.name)

    @property
    def owner(self) -> str:
        """The name and version, for messages."""
        return f"{self.name} {self.version}"

    @cached_property
    def digest(self) -> str:
        """The sha256 over name, version, entry points and files."""
        return digest_of(self.key, self.version, self.plugins, self.commands, self.files)


def digest_of(key: str, version: str, plugins: Mapping[str, str], commands: Mapping[str, str],
              files: Mapping[str, str]) -> str:
    """Return the digest of a distribution of that name, version, entry points and files."""
    whole = [key, version, sorted(plugins.items()), sorted(commands.items()), sorted(files.items())]
    return hashlib.sha256(json.dumps(whole, separators=(",", ":")).encode()).hexdigest()


def plugin_distributions() -> list[PluginDistribution]:
    """Return the installed third-party distributions with plugins or commands, in order of name; none is imported."""
    found: dict[str, metadata.Distribution] = {}
    every = metadata.entry_points()
    for entry in (*every.select(group=PLUGINS), *every.select(group=COMMANDS)):
        if entry.dist is not None and (key := canonical(entry.dist.name or "")) != HOME:
            found.setdefault(key, entry.dist)
    return [look(dist) for _, dist in sorted(found.items())]


def look(dist: metadata.Distribution) -> PluginDistribution:
    """Return what *dist* has on disk now, with what is wrong with it."""
    name, entries = dist.name or "", dist.entry_points  # each is parsed anew when it is asked for
    plugins, commands = _targets(entries, PLUGINS), _targets(entries, COMMANDS)
    targets = _targeted([*plugins.values(), *commands.values()])
    base = Path(os.path.realpath(os.fspath(str(dist.locate_file("")))))
    record, source = dist.read_text("RECORD"), editable(dist)
    kind = "editable" if source is not None else "recorded" if record else "unrecorded"
    listed = _listed(record) if record else {}
    files, faults = _recorded(base, listed)
    faults += [*_foreign(name, listed), *(_clashes(listed) if listed else ())]
    code, roots = _code(base, files), _roots(listed)
    if kind == "recorded":
        faults += _elsewhere(targets, code)
    else:
        sources, more, wrong = _source(dist, source or base, targets)
        code, roots = {**code, **_code(source or base, sources)}, roots | more
        files, faults = dict(sorted({**files, **sources}.items())), [*faults, *wrong]
    flags = tuple(_flags(entries, base, source, listed))
    return PluginDistribution(name, dist.version, kind, plugins, commands, files, tuple(faults), flags, code,
                              tuple(sorted(roots)))


def _code(base: Path, files: Mapping[str, str]) -> dict[str, str]:
    return {os.path.realpath(base / name): sha256 for name, sha256 in files.items() if name.endswith(CODE)}


def _roots(listed: Iterable[str]) -> set[str]:
    """Return the topmost packages that have a file of their own, and the modules beside them."""
    paths = [p for p in map(PurePosixPath, listed) if p.suffix in CODE and p.parts[0] != ".." and not p.is_absolute()]
    homes = {p.parent for p in paths if p.name.startswith("__init__.")}
    tops = {h for h in homes if not homes.intersection(h.parents)}
    alone = {p.parent / p.name.partition(".")[0] for p in paths
             if not homes.intersection(p.parents) and p.parent.name != "__pycache__"}
    return {".".join(p.parts) for p in tops | alone if p.parts}


def _targets(entries: Iterable[metadata.EntryPoint], group: str) -> dict[str, str]:
    return dict(sorted((e.name, e.value) for e in entries if e.group == group))


# ---- what RECORD lists -------------------------------------------------------------------------------------------


def _listed(record: str) -> dict[str, str]:
    """Return the names in RECORD with the digest that stands beside each."""
    import csv

    rows = (row for row in csv.reader(record.splitlines()) if row and row[0])
    return {row[0].replace("\\", "/"): row[1] if len(row) > 1 else "" for row in rows}


def _recorded(base: Path, listed: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the digests of the listed files, and what differs from RECORD."""
    files, wrong = {}, []
    for name in sorted(listed):
        if _installers(name):
            continue
        files[name] = found = _digest(base / name)
        if not _outside(name) and not _as_declared(base / name, found, listed[name]):
            wrong.append(f"{name} differs" if found else f"{name} is missing")
    for name in _unlisted(base, listed):
        files[name] = _digest(base / name)
        wrong.append(f"{name} is not listed")
    said = "; ".join(wrong[:SHOWN]) + (f"; {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else "")
    return dict(sorted(files.items())), [f"its files are not those of its RECORD: {said}"] if wrong else []


def _outside(name: str) -> bool:
    """Whether a listed file lies beside the packages, as scripts do: it is not imported, and may have been moved."""
    return name.startswith(("../", "/"))


def _installers(name: str) -> bool:
    path = PurePosixPath(name)
    of_metadata = path.parent.suffix == ".dist-info" and path.name in INSTALLERS
    return of_metadata or (path.suffix == ".pyc" and path.parent.name == "__pycache__")


def _as_declared(path: Path, sha256: str, declared: str) -> bool:
    """Whether a file is there with the digest that RECORD declares; code must have one there."""
    if not sha256:
        return False
    algorithm, _, value = declared.partition("=")
    if not declared:
        return path.suffix not in CODE
    if algorithm not in STRONG:
        return False
    try:
        wanted = urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except ValueError:
        return False
    return wanted == (sha256 if algorithm == "sha256" else _digest(path, algorithm))


def _digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of a regular file; empty when it is none, or can't be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except (OSError, ValueError):
        return ""


def _unlisted(base: Path, listed: Mapping[str, str]) -> Iterator[str]:
    """Yield the files inside its packages that RECORD does not list; bytecode caches are made by Python itself."""
    homes = {PurePosixPath(n).parent for n in listed if PurePosixPath(n).name.startswith("__init__.")}
    inside = (h for h in homes if h.parts and h.parts[0] != ".." and not h.is_absolute())
    for home in sorted(h for h in inside if not homes.intersection(h.parents)):
        yield from (name for name in _below(base, home.as_posix()) if name not in listed)


def _below(base: Path, folder: str) -> Iterator[str]:
    """Yield the files below *folder*, relative to *base*, links to folders among them."""
    try:
        entries = sorted(os.scandir(base / folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        name = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _below(base, name)
        elif not _installers(name):
            yield name


# ---- without a RECORD --------------------------------------------------------------------------------------------


def _source(
    dist: metadata.Distribution, base: Path, targets: Iterable[str]
) -> tuple[dict[str, str], set[str], list[str]]:
    """Return the digests of the metadata and of the modules that the entry points name, those, and what is wrong."""
    files = {f"metadata/{name}": hashlib.sha256(text.encode()).hexdigest()
             for name in ("METADATA", "PKG-INFO", "entry_points.txt") if (text := dist.read_text(name))}
    roots, faults = set(), []
    for module in targets:
        root, place = origin_of(module)
        if not place:
            continue  # the import will say so
        roots.add(root)
        path = Path(os.path.realpath(place))
        if not path.is_relative_to(base):
            faults.append(f"{module} would be imported from {place}, outside of {base}")
            continue
        for name in _module_files(base, path):
            files[name] = _digest(base / name)
    return files, roots, faults


def _targeted(targets: Iterable[str]) -> list[str]:
    """Return the modules that entry points name, each once."""
    return list(dict.fromkeys(t.partition(":")[0].split("[")[0].strip() for t in targets))


def _module_files(base: Path, path: Path) -> list[str]:
    package = path.name.startswith("__init__.")
    inside = (path.parent if package else path).relative_to(base).as_posix()
    return list(_below(base, inside if inside != "." else "")) if package else [inside]


# ---- what is wrong with it ---------------------------------------------------------------------------------------


def _elsewhere(modules: Iterable[str], code: Mapping[str, str]) -> Iterator[str]:
    """Say which module would be imported from a file of somebody else: the digest says nothing of that one."""
    for module in modules:
        place = origin_of(module)[1]
        if place and os.path.realpath(place) not in code:
            yield f"{module} would be imported from {place}, which is not its own file"


def _foreign(name: str, listed: Iterable[str]) -> Iterator[str]:
    """Say which metadata of another distribution it brings."""
    folders = dict.fromkeys(path.partition("/")[0] for path in listed)
    for folder in (f for f in folders if f.endswith((".dist-info", ".egg-info"))):
        if canonical(folder.rpartition(".")[0].partition("-")[0]) != canonical(name):
            yield f"it brings the metadata of another distribution: {folder}"


def _clashes(listed: Iterable[str]) -> Iterator[str]:
    for name in sorted(_modules(listed) & _builtin_modules(tuple(sys.path))):
        yield f"it brings a module named {name}, which is a built-in's"


def _modules(listed: Iterable[str]) -> set[str]:
    """Return the names that can be imported from the top."""
    found = set()
    for path in map(PurePosixPath, listed):
        top = path.parts[0]
        if path.suffix in CODE and top != ".." and not path.is_absolute() and top != "__pycache__":
            found.add(top.partition(".")[0])
    return found


@cache
def _builtin_modules(path: tuple[str, ...]) -> frozenset[str]:
    """Return the names of Genesis' own modules, on this path."""
    home = ours()
    entries = metadata.EntryPoints() if home is None else home.entry_points
    roots = {e.value.partition(":")[0].partition(".")[0] for e in entries if e.group in (PLUGINS, COMMANDS)}
    return frozenset(roots | {"genesis_core", "genesis_sandbox"})


def _flags(
    entries: Iterable[metadata.EntryPoint], base: Path, source: Path | None, listed: Mapping[str, str]
) -> Iterator[str]:
    """Say what reaches further than the distribution's own package."""
    modules = _modules(listed)
    for name in sorted(n for n in listed if n.endswith((".pth", ".start")) and "/" not in n):
        if _reaches(base / name, source):
            yield f"{name} acts at every start of Python, before Genesis"
    for name in sorted(modules & BEFORE_US):
        yield f"its module {name} runs at every start of Python, before Genesis"
    for name in sorted(modules & sys.stdlib_module_names):
        yield f"its module {name} has the name of one of Python's own"
    scripts = {e.name for e in entries if e.group in ("console_scripts", "gui_scripts")}
    for path in sorted(PurePosixPath(n) for n in listed if _outside(n)):
        if path.stem not in scripts:
            yield f"it has a file outside of its package: {path}"


def _reaches(path: Path, source: Path | None) -> bool:
    """Whether a path file does more than to name the folder of an editable installation's own source."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return True
    named = [line for line in lines if line and not line.startswith("#")]
    if source is None:
        return True
    return not all(os.path.isabs(line) and Path(os.path.realpath(line)).is_relative_to(source) for line in named)
