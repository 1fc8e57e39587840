"""What ``genesis plugins lock|verify|trust`` do: nothing of a third party is imported for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import _streams as streams
from ._problem import Problem
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import PluginDistribution, PluginLock

__all__ = ["lock_plugins", "show_trust", "trust_plugin", "verify_plugins"]

LEFT_OUT, DIFFERS = 8, 1
SHORT = 12


def lock_plugins(session: Session, names: Sequence[str]) -> int:
    """Write the lock of all third-party distributions, or take *names* into the one that is there."""
    from genesis_core import PluginLock, load_settings, plugin_distributions

    load_settings()  # what [plugins] can't say is told here, too: it decides what the lock does
    found, old = plugin_distributions(), PluginLock.find()
    if names and old.problem:
        return _unusable(session, old)
    chosen = [_named(found, name) for name in names] if names else found
    good = [dist for dist in chosen if not dist.faults]
    new = old.locking(good, only=bool(names))
    new.write()
    wrong = [dist for dist in chosen if dist.faults]
    problem = None if not wrong else Problem(
        f"{', '.join(dist.name for dist in wrong)} can't be locked", "; ".join(wrong[0].faults),
        reinstall(wrong[0].name), code="left_out", exit_code=LEFT_OUT)
    data = {"lock": str(new.path), "distributions": [_json(new, dist) for dist in chosen]}
    return session.answer(data, lambda: "\n".join(_locked(old, new, chosen)), problem)


def reinstall(name: str) -> str:
    """Return the command that installs a distribution anew, from where it came: its name says too little of a folder.

    What it depends on stays as it is.
    """
    import json
    import shlex
    from importlib import metadata
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        told = json.loads(metadata.distribution(name).read_text("direct_url.json") or "{}")
        url = urlsplit(told["url"])
        source = url2pathname(url.path) if url.scheme == "file" else name
        editable = "-e " if told.get("dir_info", {}).get("editable") is True else ""
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        source, editable = name, ""
    return f"pip install --force-reinstall --no-deps {editable}{shlex.quote(source)}"


def _way(row: dict[str, Any]) -> str:
    """Return what to do about a distribution that is not as the lock says."""
    name = row["name"]
    if row["state"] == "not listed":
        return f"look at what it brings, then genesis plugins lock {name}"
    if row["state"] == "gone":
        return f"install {name} again, or take it out of the lock: genesis plugins lock"
    return f"{reinstall(name)} where it should not have changed; genesis plugins lock {name} takes it as it is"


def _json(lock: PluginLock, dist: PluginDistribution) -> dict[str, Any]:
    return {"name": dist.name, "version": dist.version, "kind": dist.kind, "digest": dist.digest,
            "plugins": list(dist.plugins), "commands": list(dist.commands), "files": len(dist.files),
            "locked": not dist.faults, "faults": list(dist.faults), "flags": list(dist.flags),
            "trust": {name: lock.trust(dist, name) for name in dist.plugins}}


def _locked(old: PluginLock, new: PluginLock, chosen: Sequence[PluginDistribution]) -> Iterator[str]:
    from ._plan_text import table

    rows = [(dist.name, dist.version, dist.kind, str(len(dist.files)), dist.digest[:SHORT], _state(old, dist),
             streams.one_line("; ".join((*dist.faults, *dist.flags)))) for dist in chosen]
    if rows:
        yield from table(("DISTRIBUTION", "VERSION", "FILES ARE", "FILES", "DIGEST", "STATE", "LOOK AT"), rows)
        yield ""
    for name in sorted(old.plugins.keys() - new.plugins.keys()):
        yield f"{name} is no longer in the lock"
    kept = len(new.plugins)
    said = "1 distribution of others is" if kept == 1 else f"{kept} distributions of others are"
    yield f"{said} imported from now on, as {'it is' if kept == 1 else 'they are'} now: {new.path}"


def _state(old: PluginLock, dist: PluginDistribution) -> str:
    entry = old.plugins.get(dist.key)
    if dist.faults:
        return "left out"
    word = "new" if entry is None else "changed" if entry.digest != dist.digest else "as before"
    return f"{word}, trust taken back" if word == "changed" and entry is not None and entry.trust else word


def verify_plugins(session: Session) -> int:
    """Compare what is installed with the lock."""
    from genesis_core import PluginLock, plugin_distributions

    lock, found = PluginLock.find(), plugin_distributions()
    if lock.problem or not lock.there:
        return _unusable(session, lock)
    rows = [_compared(lock, dist) for dist in found]
    here = {dist.key for dist in found}
    rows += [{"name": name, "state": "gone", "changes": ["it is not installed"], "flags": []}
             for name in lock.plugins if name not in here]
    wrong = [row for row in rows if row["state"] != "locked"]
    problem = None if not wrong else Problem(
        f"{len(wrong)} of {len(rows)} distributions are not as {lock.path} says", _said(wrong[0]),
        _way(wrong[0]), code="changed", exit_code=DIFFERS)
    return session.answer({"lock": str(lock.path), "distributions": rows}, lambda: "\n".join(_table(rows)), problem)


def _compared(lock: PluginLock, dist: PluginDistribution) -> dict[str, Any]:
    entry = lock.plugins.get(dist.key)
    changes = [*(() if entry is None else entry.changes(dist)), *dist.faults]
    state = "not listed" if entry is None else "changed" if changes else "locked"
    return {"name": dist.name, "state": state, "changes": changes, "flags": list(dist.flags)}


def _said(row: dict[str, Any]) -> str:
    return f"{row['name']} is {row['state']}" + (f": {'; '.join(row['changes'])}" if row["changes"] else "")


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    from ._plan_text import table

    if not rows:
        yield "nothing is locked, and nothing of others is installed"
        return
    tones = {"locked": "green"}
    yield from table(("DISTRIBUTION", "STATE", "WHAT"), [
        (row["name"], streams.paint(row["state"], tones.get(row["state"], "red")),
         streams.one_line("; ".join((*row["changes"], *row["flags"])))) for row in rows])


def show_trust(session: Session, name: str | None) -> int:
    """Show the trust level of every locked plugin, or of *name*."""
    from genesis_core import PluginLock

    lock = PluginLock.find()
    if lock.problem:
        return _unusable(session, lock)
    rows = [{"plugin": plugin, "distribution": entry.name, "digest": entry.digest,
             "level": entry.trust.get(plugin, "ordinary")}
            for entry in lock.plugins.values() for plugin in entry.plugins if name in (None, plugin, entry.name)]
    if name is not None and not rows:
        raise _unknown(name, [p for e in lock.plugins.values() for p in e.plugins])
    return session.answer({"lock": str(lock.path), "plugins": rows}, lambda: "\n".join(_levels(rows)))


def _levels(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    from ._plan_text import table

    if not rows:
        yield "no plugin of others is locked; only the built-in guard can allow anything"
        return
    yield from table(("PLUGIN", "FROM", "DIGEST", "LEVEL"),
                     [(r["plugin"], r["distribution"], r["digest"][:SHORT], r["level"]) for r in rows])


def trust_plugin(session: Session, name: str, level: str) -> int:
    """Give the plugin *name* a trust level, for exactly the files that are locked."""
    from genesis_core import PluginDistribution, PluginLock, SettingsError

    lock = PluginLock.find()
    if lock.problem or not lock.there:
        return _unusable(session, lock)
    if level not in ("ordinary", "security"):
        raise SettingsError(f"there is no trust level {level!r}", cause="it is security or ordinary",
                            hint=f"genesis plugins trust {name} security")
    owners = [entry for entry in lock.plugins.values() if name in entry.plugins]
    if not owners:
        raise _unknown(name, [p for e in lock.plugins.values() for p in e.plugins])
    entry = owners[0]
    found = PluginDistribution.installed(entry.name)
    changes = ("it is not installed",) if found is None else entry.changes(found)
    if len(owners) > 1 or (changes and level != "ordinary"):
        raise SettingsError(f"plugin {name!r} of {entry.name} can't be trusted now",
                            cause="two distributions have one of that name" if len(owners) > 1 else "; ".join(changes),
                            hint="genesis plugins verify")
    lock.granting(entry.name, name, level).write()
    data = {"plugin": name, "distribution": entry.name, "digest": entry.digest, "level": level}
    said = "its allows count" if level == "security" else "its allows count for nothing"
    return session.answer(data, f"{name} of {entry.name} {entry.version} has trust level {level}: {said}")


def _named(found: Sequence[PluginDistribution], name: str) -> PluginDistribution:
    """Return the distribution that *name* means: its own name, or that of a plugin or command of it."""
    spelt = name.lower().replace("_", "-").replace(".", "-")
    own = [d for d in found if d.key == spelt] or [d for d in found if name in d.plugins or name in d.commands]
    if not own:
        raise _unknown(name, [d.name for d in found])
    return own[0]


def _unknown(name: str, known: Sequence[str]) -> Exception:
    from genesis_core import SettingsError

    from ._group import nearest

    near = nearest(name, list(known))
    return SettingsError(f"there is no plugin of others {name!r} here" + (f"; did you mean {near!r}?" if near else ""),
                         cause=f"known: {', '.join(known) or 'none'}", hint="genesis plugins")


def _unusable(session: Session, lock: PluginLock) -> int:
    cause = lock.problem or f"{lock.path} is not there"
    what = "the lock of plugins can't be used" if lock.problem else "there is no lock of plugins"
    problem = Problem(what, cause, "genesis plugins lock writes one", code="lock", exit_code=2)
    return session.answer(None, "", problem)
