"""The lock of plugins: which distributions may be imported, each with the digest that the operator has looked at.

``genesis-plugins.lock`` lies beside the operator's own settings file, never in a workspace or a project. It is read
before anything of a third party is imported. A lock that is there and can't be used lets nobody in.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._home import user_config
from .errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from ._shipped import PluginDistribution

__all__ = ["LEVELS", "LockedPlugin", "PluginLock", "lock_section"]

NAME = "genesis-plugins.lock"
SCHEMA = "genesis.plugins-lock/1"
LEVELS = ("ordinary", "security")
"""How much a plugin's word counts: only an allow from one of trust level "security" lets anything happen."""
SHOWN = 5
SECTION = ("lock", "trust")
"""What the operator may say in ``[plugins]``."""


@dataclass(frozen=True)
class LockedPlugin:
    """What the lock says of one distribution."""

    name: str
    version: str
    plugins: Mapping[str, str]
    commands: Mapping[str, str]
    files: Mapping[str, str] = field(repr=False)
    trust: Mapping[str, str] = field(default_factory=dict)
    """Trust levels by name of plugin: they hold for exactly these files."""

    @cached_property
    def digest(self) -> str:
        """The sha256 over name, version, entry points and files."""
        from ._shipped import digest_of

        return digest_of(self.name, self.version, self.plugins, self.commands, self.files)

    def changes(self, found: PluginDistribution) -> tuple[str, ...]:
        """Return what differs in *found*; empty when it is what was locked."""
        return tuple(self._changes(found)) if self.digest != found.digest else ()

    def _changes(self, found: PluginDistribution) -> Iterator[str]:
        if self.version != found.version:
            yield f"version {self.version} is {found.version} now"
        if (self.plugins, self.commands) != (found.plugins, found.commands):
            yield "its entry points have changed"
        both = sorted(self.files.keys() | found.files.keys())
        wrong = [f"{name} {_word(self.files.get(name), found.files.get(name))}"
                 for name in both if self.files.get(name) != found.files.get(name)]
        yield from wrong[:SHOWN]
        if len(wrong) > SHOWN:
            yield f"{len(wrong) - SHOWN} more files"

    def to_json(self) -> dict[str, Any]:
        """Return the form in which the lock file holds it."""
        return {"version": self.version, "digest": self.digest, "plugins": dict(self.plugins),
                "commands": dict(self.commands), "files": dict(self.files), "trust": dict(self.trust)}


@dataclass(frozen=True)
class PluginLock:
    """The lock file of one configuration folder, as it was read."""

    path: Path
    plugins: Mapping[str, LockedPlugin] = field(default_factory=dict)
    """By the distribution's name."""
    there: bool = False
    """Whether there is a lock file: without one, every installed plugin may be imported."""
    problem: str = ""
    """Why the lock file can't be used; then no third-party plugin is imported."""

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> PluginLock:
        """Read the lock beside the user's own settings file."""
        return cls.read(user_config(os.environ if environ is None else environ).parent)

    @classmethod
    def read(cls, folder: Path) -> PluginLock:
        """Read the lock in *folder*; what is wrong with it becomes its ``problem``."""
        path = folder / NAME
        try:
            return cls(path, _parsed(_own(path)), there=True)
        except (FileNotFoundError, NotADirectoryError):
            return cls(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return cls(path, there=True, problem=f"{path} can't be used: {' '.join(str(error).split())[:200]}")

    @property
    def guards(self) -> frozenset[str]:
        """The names of plugins whose allows count."""
        return frozenset(n for entry in self.plugins.values() for n, level in entry.trust.items() if level != LEVELS[0])

    def refusal(self, found: PluginDistribution, *, required: bool = False) -> str:
        """Return why *found* must not be imported; empty when it may be."""
        if self.problem:
            return self.problem
        if not self.there:
            return f"a lock is required and there is none: {self.path}" if required else "; ".join(found.faults)
        entry = self.plugins.get(found.key)
        if entry is None:
            return f"{found.name} is not in {self.path}"
        changes = entry.changes(found)
        return "; ".join((*(("changed since it was locked: " + "; ".join(changes),) if changes else ()),
                          *found.faults))

    def admit(self, found: PluginDistribution, *, required: bool = False) -> str:
        """Return why *found* must not be imported; when it may be, its modules are only as they were looked at."""
        why = self.refusal(found, required=required)
        if self.there and not why:
            from ._checked import admit

            admit(found)
        return why

    def trust(self, found: PluginDistribution, plugin: str) -> str:
        """Return the trust level granted to *plugin* of exactly what *found* is."""
        entry = self.plugins.get(found.key)
        return entry.trust.get(plugin, LEVELS[0]) if entry and entry.digest == found.digest else LEVELS[0]

    def locking(self, found: Iterable[PluginDistribution], *, only: bool = False) -> PluginLock:
        """Return the lock with *found* as it is now (and, unless *only*, nothing else).

        A grant of trust stays with the files that it was given to.
        """
        entries = dict(self.plugins) if only else {}
        for dist in found:
            old = self.plugins.get(dist.key)
            trust = old.trust if old is not None and old.digest == dist.digest else {}
            entries[dist.key] = LockedPlugin(dist.key, dist.version, dist.plugins, dist.commands, dist.files, trust)
        return replace(self, plugins=dict(sorted(entries.items())), there=True, problem="")

    def granting(self, key: str, plugin: str, level: str) -> PluginLock:
        """Return the lock with that trust level for *plugin* of the distribution *key*."""
        entry = self.plugins[key]
        trust = {name: held for name, held in {**entry.trust, plugin: level}.items() if held != LEVELS[0]}
        return replace(self, plugins={**self.plugins, key: replace(entry, trust=dict(sorted(trust.items())))})

    def write(self) -> None:
        """Write the lock file whole or not at all, for its owner alone; raises SettingsError."""
        document = {"schema": SCHEMA, "distributions": {k: e.to_json() for k, e in sorted(self.plugins.items())}}
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(self.path, text.encode())
        except OSError as error:
            raise SettingsError(f"the lock {self.path} can't be written", cause=str(error),
                                hint="it lies beside your own settings file: GENESIS_CONFIG=FILE") from None


def lock_section(section: Mapping[str, Any]) -> tuple[bool, Mapping[str, str]]:
    """Return whether ``[plugins]`` requires a lock, and whom it trusts; raises SettingsError for what it can't say."""
    if unknown := sorted(set(section) - set(SECTION)):
        raise _wrong_section(f"{unknown[0]!r}{did_you_mean(unknown[0], SECTION)}")
    if (lock := section.get("lock", "optional")) not in ("optional", "required"):
        raise _wrong_section(f"lock = {lock!r}")
    trust = section.get("trust", {})
    if not isinstance(trust, Mapping) or not all(level in LEVELS for level in trust.values()):
        raise _wrong_section(f"trust = {trust!r}")
    return lock == "required", {str(name): str(level) for name, level in trust.items()}


def _wrong_section(what: str) -> SettingsError:
    return SettingsError(f"[plugins] can't have {what}"[:300],
                         cause='it takes lock = "optional" or "required", and trust = { NAME = "security" }',
                         hint="mend [plugins] in your own settings file: genesis config names it")


def _word(before: str | None, now: str | None) -> str:
    return "is new" if before is None else "is gone" if not now else "has changed"


def _own(path: Path) -> str:
    """Return the text of a file that nobody but this user, or the administrator, can have written."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if os.name == "posix" and (found.st_uid not in (os.geteuid(), 0) or found.st_mode & 0o022):
            raise ValueError("others could have written it")
        return file.read().decode()


def _parsed(text: str) -> dict[str, LockedPlugin]:
    document = json.loads(text)
    if document["schema"] != SCHEMA:
        raise ValueError(f"its schema is {document['schema']!r}, not {SCHEMA!r}")
    return {name: _entry(name, given) for name, given in document["distributions"].items()}


def _entry(name: str, given: Mapping[str, Any]) -> LockedPlugin:
    tables = [_words(given[key]) for key in ("plugins", "commands", "files", "trust")]
    entry = LockedPlugin(name, str(given["version"]), *tables)
    if entry.digest != given["digest"]:
        raise ValueError(f"the digest of {name} is not that of its files")
    if strange := sorted(set(entry.trust.values()) - set(LEVELS)):
        raise ValueError(f"there is no trust level {strange[0]!r}")
    return entry


def _words(given: Mapping[str, object]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in given.values()):
        raise ValueError("it holds something else than words")
    return {name: str(value) for name, value in given.items()}


def _replace(path: Path, data: bytes) -> None:
    """Write *data* beside *path* and put it in its place in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
