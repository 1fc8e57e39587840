"""``genesis doctor``: is this installation whole? It looks, and changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import PluginLock

__all__ = ["doctor"]

MIN_PYTHON = (3, 11)
MIN_SQLITE = (3, 40)
MIN_FREE_BYTES = 200_000_000
DISTRIBUTION = "genesis-agents"
OUTSIDE, OURS = 7, 1
"""Exit codes: something outside Genesis is missing; something of Genesis itself is wrong."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
    exit_code: int = OURS

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "hint": self.hint}


@click.command("doctor")
@common
def doctor(session: Session) -> int:
    """Check Python, SQLite, the state folder, settings, plugins, and that `genesis_core` is really ours."""
    from ._problem import Problem

    checks = [check for look in LOOKS for check in look(session)]
    wrong = [check for check in checks if not check.ok]
    problem = None
    if wrong:
        code = max(check.exit_code for check in wrong)
        problem = Problem(f"{len(wrong)} of {len(checks)} checks failed", "; ".join(c.name for c in wrong),
                          wrong[0].hint or "genesis plugins shows more", code="unhealthy", exit_code=code)
    return session.answer({"checks": [c.to_json() for c in checks]}, lambda: _text(checks), problem)


def _text(checks: list[Check]) -> str:
    from . import _streams as streams

    wide = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        sign = streams.paint(streams.glyph("✓", "ok", sys.stdout), "green") if check.ok else \
            streams.paint(streams.glyph("✗", "no", sys.stdout), "red")
        lines.append(f"{sign} {check.name.ljust(wide)}  {streams.one_line(check.detail)}")
        if not check.ok and check.hint:
            lines.append(f"  {' ' * wide}  {streams.paint('hint:', 'cyan')} {streams.one_line(check.hint)}")
    return "\n".join(lines)


def _python(_: Session) -> Iterator[Check]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", sys.version_info >= MIN_PYTHON, f"{found} at {sys.executable}",
                "use Python 3.11 or newer", OUTSIDE)


def _sqlite(_: Session) -> Iterator[Check]:
    import sqlite3
    from contextlib import closing

    yield Check("sqlite", sqlite3.sqlite_version_info >= MIN_SQLITE, sqlite3.sqlite_version,
                f"Genesis needs SQLite {'.'.join(map(str, MIN_SQLITE))}", OUTSIDE)
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
        except sqlite3.OperationalError as error:
            yield Check("full-text search", False, str(error), "use a Python whose SQLite has FTS5", OUTSIDE)
        else:
            yield Check("full-text search", True, "FTS5")


def _ownership(_: Session) -> Iterator[Check]:
    """The name ``genesis_core`` is taken on public registries by others: see that the one imported is ours."""
    from importlib import metadata

    import genesis_core

    place = Path(genesis_core.__file__).resolve()
    owners = sorted(set(metadata.packages_distributions().get("genesis_core", ())))
    try:
        ours = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield Check("genesis_core", False, f"imported from {place.parent}, but {DISTRIBUTION} is not installed",
                    f"pip install {DISTRIBUTION}")
        return
    others = [owner for owner in owners if owner.lower().replace("_", "-") != DISTRIBUTION]
    if others:
        yield Check("genesis_core", False, f"{', '.join(others)} installs a module of that name, too",
                    f"pip uninstall {others[0]}, then pip install --force-reinstall {DISTRIBUTION}")
        return
    same = ours.version == genesis_core.__version__
    yield Check("genesis_core", same, f"{DISTRIBUTION} {ours.version} at {place.parent}" +
                ("" if same else f", which says it is {genesis_core.__version__}"),
                f"pip install --force-reinstall {DISTRIBUTION}")


def _state(session: Session) -> Iterator[Check]:
    import shutil

    home = session.state().home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    made = "" if there == home else " (made at the first run)"
    yield Check("state folder", writable, f"{home}{made}" if writable else f"{there} can't be written",
                "choose another one: GENESIS_HOME=DIR", OUTSIDE)
    free = shutil.disk_usage(there).free
    yield Check("disk", free >= MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", "make room: genesis runs prune --keep 20",
                OUTSIDE)


def _settings(_: Session) -> Iterator[Check]:
    from genesis_core import GenesisError, load_settings

    from ._environment import check_config

    try:
        check_config()
        found = load_settings()
    except GenesisError as error:
        yield Check("settings", False, f"{error.message}: {error.cause}", error.hint)
        return
    origins = sorted(set(found.origins.values()))
    yield Check("settings", True, f"from {', '.join(origins)}" if origins else
                f"all default; your own settings file would be {found.own}")


def _keys(session: Session) -> Iterator[Check]:
    """Without the keys no run can start; those that are there must be whole, and this user's alone."""
    from genesis_core import JournalError, KeyStore, SettingsError

    from .keys import INIT, missing_keys

    try:
        ring = session.records().keys()
        faults = list(ring.faults()) if isinstance(ring, KeyStore) else []
    except JournalError as error:
        cause, hint = missing_keys(session) if "is missing" in error.message else (error.cause, error.hint)
        fresh = hint == INIT
        yield Check("keys", fresh, "none yet: the first run makes one" if fresh else f"{error.message}: {cause}", hint)
    except SettingsError:
        return  # that is told as settings, or as a plugin
    else:
        yield Check("keys", not faults, "; ".join(faults) or "whole, and nobody else's", "genesis keys verify")


def _plugins(session: Session) -> Iterator[Check]:
    from .plugins import load_with_hints

    found, hints = load_with_hints(session)
    infos = found.infos
    for info in infos:
        if info.state in ("failed", "refused"):
            without = hints.get(info.name) or f"genesis -p no:{info.name} ... runs without it"
            yield Check(f"plugin {info.name}", False, f"{info.owner}: {info.reason}",
                        without if info.state == "failed" else "genesis plugins verify", OURS)
    loaded = [info.name for info in infos if info.state == "loaded"]
    yield Check("plugins", bool(loaded), f"{len(loaded)} loaded: {', '.join(loaded)}" if loaded else "none is loaded",
                f"pip install --force-reinstall {DISTRIBUTION}")
    guards = [info for info in infos if info.trust == "security" and info.state != "refused"]
    guarded = any(info.state == "loaded" for info in guards)
    said = "a plugin of trust level security decides" if guarded else "nobody can allow anything"
    way = "nothing runs without a policy: is the plugin 'guard' blocked?"
    yield Check("policy", guarded, said, next((hints[g.name] for g in guards if hints.get(g.name)), way))


def _trust(_: Session) -> Iterator[Check]:
    """Plugins of others: the lock, what reaches further than its own package, and two that say they are ours."""
    from importlib import metadata

    from genesis_core import PluginLock, plugin_distributions

    lock, found = PluginLock.find(), plugin_distributions()
    for dist in found:
        if dist.flags:
            yield Check(f"distribution {dist.name}", False, "; ".join(dist.flags),
                        f"look at what it brings, or pip uninstall {dist.name}")
    yield from _lock(lock, len(found))
    twins = [str(dist.locate_file("")) for dist in metadata.distributions(name=DISTRIBUTION)]
    if len(set(twins)) != len(twins):
        yield Check(DISTRIBUTION, False, f"more than one distribution of this name lies in {twins[0]}",
                    f"pip uninstall {DISTRIBUTION}, look at what is left, then pip install {DISTRIBUTION}")


def _lock(lock: PluginLock, found: int) -> Iterator[Check]:
    """What the lock lets in, and what ``[plugins]`` says of it."""
    from genesis_core import GenesisError, load_settings

    try:
        section = load_settings().settings.plugins
    except GenesisError:  # that is told as settings; no stranger is imported meanwhile
        section = {"lock": "required"}
    required, others = section.get("lock") == "required", f"{found} distribution{'s' if found != 1 else ''} of others"
    said = f"{len(lock.plugins)} distributions of others are locked: {lock.path}" if lock.there else \
        f"none, and [plugins] requires one: {others} not imported" if required else \
        f"none: {others} imported without one"
    ok = not lock.problem and (lock.there or not required or not found)
    yield Check("plugin lock", ok, lock.problem or said, "genesis plugins lock writes one: look at what it shows")
    trusted = [str(name) for name, level in dict(section.get("trust", {})).items() if level == "security"]
    if trusted and not lock.there:
        yield Check("plugin trust", False, f"[plugins.trust] names {', '.join(trusted)}: no effect without a lock",
                    "genesis plugins lock")


def _commands(_: Session) -> Iterator[Check]:
    from genesis_core import GenesisError

    from ._thirdparty import load, third_party

    for command in third_party().values():
        try:
            load(command)
        except GenesisError as error:
            yield Check(f"command {command.name}", False, f"{error.message}: {error.cause}", error.hint)


LOOKS: tuple[Callable[[Session], Iterator[Check]], ...] = (
    _python, _sqlite, _ownership, _settings, _state, _keys, _plugins, _trust, _commands,
)
