"""Discover, block, load and describe plugins, and ask them.

pluggy keeps the implementations and their order; its own caller can't await (an ``async def`` under *firstresult*
never declines, its coroutine is not None), so the kernel asks through :meth:`Plugins.first` and :meth:`Plugins.all`,
which walk the implementations in order and await each.
"""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import ModuleType
from typing import Any, Literal, get_args

import pluggy

from . import hookspecs
from ._lock import LEVELS, PluginLock, lock_section
from ._ours import HOME as HOME
from ._ours import canonical, ours
from ._settings import Settings, mend_section
from ._shipped import PluginDistribution, look
from .errors import GenesisError, PluginError, SettingsError
from .hookspecs import GENESIS_API

__all__ = ["PluginInfo", "Plugins", "discover"]

GROUP = "genesis.plugins"
NO_AUTOLOAD = "GENESIS_DISABLE_PLUGIN_AUTOLOAD is set"
Installed = Literal["all", "builtin", "none"]
"""Which of the installed plugins are loaded."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What is known of one plugin: who ships it, what became of it, and why."""

    name: str
    distribution: str = ""
    version: str = ""
    state: str = "loaded"
    """loaded, blocked (the operator left it out), refused (not imported: the lock, or its files) or failed."""
    reason: str = ""
    trust: str = "ordinary"
    """"security" lets its allows count; only the operator grants that to others than the built-in guard."""
    hooks: tuple[str, ...] = ()
    target: str = ""
    lock: str = ""
    """locked or unlocked; empty for built-ins, for the program's own and for what is not looked at."""
    flags: tuple[str, ...] = ()
    """What its distribution has that reaches further than its own package."""
    builtin: bool = False
    """Whether it comes with Genesis itself: with the distribution of the kernel that runs, whoever says its name."""
    entry: Any = field(default=None, compare=False, repr=False)

    @property
    def owner(self) -> str:
        """The distribution, or what stands in for it in messages."""
        return f"{self.distribution} {self.version}".strip() or "this program"


class Gate:
    """Decides who may be imported, before anybody is: by the lock, and by what its files are now."""

    def __init__(self, lock: PluginLock, *, required: bool = False, trust: Mapping[str, str] | None = None) -> None:
        self._lock, self._required, self._named = lock, required, trust or {}
        self._seen: dict[int, tuple[metadata.Distribution, PluginDistribution]] = {}
        """By which distribution it is, not by name: two may say that they have the same."""

    def judge(self, info: PluginInfo) -> PluginInfo:
        """Return *info* refused, or with how it is locked and trusted."""
        dist = None if info.entry is None else info.entry.dist
        if dist is None:
            return replace(info, state="refused", reason="no distribution ships it")
        if id(dist) not in self._seen:
            self._seen[id(dist)] = dist, look(dist)
        found = self._seen[id(dist)][1]
        why = self._lock.refusal(found, required=self._required)
        info = replace(info, flags=found.flags)
        if why:
            return replace(info, state="refused", reason=why)
        trust = self._named.get(info.name, LEVELS[0]) if self._lock.there else LEVELS[0]
        return replace(info, lock="locked" if self._lock.there else "unlocked",
                       trust=max(trust, self._lock.trust(found, info.name), key=LEVELS.index))

    def admit(self, info: PluginInfo) -> None:
        """See to it that a locked plugin is imported as it was judged, and not as it may have become since."""
        if info.lock == "locked":
            from ._checked import admit

            admit(self._seen[id(info.entry.dist)][1])


def discover(
    *, block: Iterable[str] = (), autoload: bool = True, why: str = NO_AUTOLOAD, gate: Gate | None = None
) -> list[PluginInfo]:
    """Return the installed plugins, built-ins first, then by name; nothing is imported.

    *block* names plugins to leave out. With *autoload* false (``GENESIS_DISABLE_PLUGIN_AUTOLOAD``, or *why* else),
    third-party ones are left out as well; *gate* refuses some of the others. Two plugins of one name that are left
    are both marked as failed.
    """
    found = _found()
    found.sort(key=lambda p: (not p.builtin, p.name, p.distribution))
    blocked = set(block)
    found = [_left_out(p, blocked, "" if autoload else why) for p in found]
    if gate is not None:
        found = [p if p.builtin or p.state != "loaded" else gate.judge(p) for p in found]
    return [_only_one(p, [q for q in found if q.name == p.name and q.state == "loaded"]) for p in found]


def _found() -> list[PluginInfo]:
    """Return the plugins of our own distribution, and those of others; who takes our name without being us is refused.

    Ours are read from where it lies: another folder of that name would hide it from whoever asks for all.
    """
    home = ours()
    entries = metadata.EntryPoints() if home is None else home.entry_points.select(group=GROUP)
    own = [replace(_info(entry), builtin=True) for entry in entries]
    where = "it is not installed" if home is None else f"the one that runs lies in {home.locate_file('')}"
    known = {(info.name, info.target) for info in own}
    others = []
    for info in map(_info, metadata.entry_points(group=GROUP)):
        if canonical(info.distribution) != HOME:
            others.append(info)
        elif (info.name, info.target) not in known:
            others.append(replace(info, state="refused", reason=f"its distribution says that it is {HOME}; {where}"))
    return list(dict.fromkeys([*own, *others]))


def _info(entry: metadata.EntryPoint) -> PluginInfo:
    dist = entry.dist
    name, version = (dist.name or "", dist.version or "") if dist is not None else ("", "")
    return PluginInfo(entry.name, name, version, target=entry.value, entry=entry)


def _left_out(plugin: PluginInfo, blocked: set[str], strangers: str) -> PluginInfo:
    """Return *plugin* with its state; *strangers* says why third-party ones are left out, when they are."""
    if plugin.name in blocked:
        return replace(plugin, state="blocked", reason="blocked by name")
    if strangers and not plugin.builtin:
        return replace(plugin, state="blocked", reason=strangers)
    return plugin


def _only_one(plugin: PluginInfo, same: Sequence[PluginInfo]) -> PluginInfo:
    if plugin.state != "loaded" or len(same) < 2:
        return plugin
    owners = " and ".join(p.owner for p in same)
    return replace(plugin, state="failed", reason=f"two plugins are named {plugin.name!r}: {owners}")


def blocked_by_environment(environ: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return the names in ``GENESIS_BLOCK_PLUGINS`` (comma separated), and whether autoload is on."""
    names = [n.strip() for n in environ.get("GENESIS_BLOCK_PLUGINS", "").split(",") if n.strip()]
    return names, environ.get("GENESIS_DISABLE_PLUGIN_AUTOLOAD", "").lower() in ("", "0", "false", "no")


class Plugins:
    """The loaded plugins of one Genesis; no state is shared between two of them."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("genesis")
        self._manager.add_hookspecs(hookspecs)
        self._impls: dict[str, tuple[pluggy.HookImpl, ...]] = {}
        self.infos: list[PluginInfo] = []

    @classmethod
    def load(
        cls,
        *,
        block: Iterable[str] = (),
        trust: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        strict: bool = True,
        installed: Installed = "all",
        settings: Mapping[str, Any] | None = None,
    ) -> Plugins:
        """Load every installed plugin that is neither blocked nor refused: all, the built-in ones, or none.

        *trust* is the program's own word; *settings* is the operator's section ``[plugins]``.

        With *strict*, a plugin that can't be loaded raises PluginError naming its distribution; without, it is kept
        with its reason, for ``genesis plugins`` and ``genesis doctor`` to tell.
        """
        environ = os.environ if environ is None else environ
        names, autoload = blocked_by_environment(environ)
        self, gate = cls(), gate_of(environ, settings)
        if installed not in get_args(Installed):
            raise SettingsError(f"plugins can't be {installed!r}", cause=f"it is one of {get_args(Installed)}")
        why = NO_AUTOLOAD if not autoload else "the program loads built-in plugins alone"
        found = discover(block={*block, *names}, autoload=autoload and installed == "all", why=why,
                         gate=gate)
        for info in found if installed != "none" else ():
            info = replace(info, trust=_trust(info, trust or {}))
            gate.admit(info)
            info = self._load(info) if info.state == "loaded" else info
            self.infos.append(info)
            if strict and info.state == "failed":
                raise _cannot_load(info)
        return self

    def _load(self, info: PluginInfo) -> PluginInfo:
        try:
            return self.register(info.entry.load(), info)
        except PluginError as error:
            return replace(info, state="failed", reason=error.message)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a plugin may do anything while it is imported
            return replace(info, state="failed", reason=f"import of {info.target} failed: {_brief(error)}")

    def register(self, plugin: object, info: PluginInfo) -> PluginInfo:
        """Take in *plugin*'s hooks; raises PluginError for a wrapper, a misspelt hook or another ``genesis_api``."""
        _check_api(plugin, info)
        hooks = list(_implemented(plugin, info))
        try:
            self._manager.register(plugin, name=info.name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(f"plugin {info.name!r} of {info.owner}: {_brief(error)}") from error
        self._impls.clear()
        return replace(info, hooks=tuple(hooks))

    def add(self, plugin: object, *, name: str, trust: str = "ordinary") -> None:
        """Take in *plugin* from the program itself (``Genesis.open(extend=[...])``)."""
        if any(info.name == name for info in self.infos):
            raise PluginError(f"a plugin named {name!r} is there already", hint="give it another name")
        self.infos.append(self.register(plugin, PluginInfo(name, trust=trust)))

    def info(self, name: str) -> PluginInfo:
        """Return what is known of the plugin *name* (KeyError)."""
        for info in self.infos:
            if info.name == name:
                return info
        raise KeyError(name)

    def hook(self, name: str) -> tuple[pluggy.HookImpl, ...]:
        """Return the implementations of a hook, in the order in which they are asked."""
        if name not in self._impls:
            impls = getattr(self._manager.hook, name).get_hookimpls()
            self._impls[name] = tuple(sorted(impls, key=lambda i: (i.trylast, not i.tryfirst, i.plugin_name)))
        return self._impls[name]

    async def first(self, name: str, **arguments: Any) -> tuple[Any, str] | None:
        """Return the first answer that is not None, and the plugin that gave it."""
        for impl in self.hook(name):
            answer = await self.ask(impl, arguments)
            if answer is not None:
                return answer, impl.plugin_name
        return None

    async def all(self, name: str, **arguments: Any) -> list[tuple[Any, str]]:
        """Return every answer that is not None, each with the plugin that gave it."""
        found = [(await self.ask(impl, arguments), impl.plugin_name) for impl in self.hook(name)]
        return [(answer, plugin) for answer, plugin in found if answer is not None]

    async def offered(self, impl: pluggy.HookImpl, settings: Settings) -> Any:
        """Return what one plugin offers; what it says of its section of *settings* is told with where to mend it."""
        try:
            return await self.ask(impl, {"settings": settings.section(impl.plugin_name)})
        except SettingsError as error:
            way = mend_section(impl.plugin_name)
            if settings.section(impl.plugin_name) and way not in error.hint:
                error.hint = "; ".join(filter(None, (way, error.hint)))
            raise

    async def ask(self, impl: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:
        """Return what one implementation answers; an exception that is not Genesis' own names the distribution."""
        try:
            answer = impl.function(*[arguments[a] for a in impl.argnames])
            return answer if answer is None or not inspect.isawaitable(answer) else await answer
        except GenesisError as error:
            if isinstance(error, SettingsError) and not error.hint:
                error.hint = mend_section(impl.plugin_name)
            raise
        except Exception as error:
            info = self.info(impl.plugin_name)
            raise PluginError(
                f"plugin {info.name!r} of {info.owner} raised in {impl.function.__name__}: {_brief(error)}",
                cause="a hook that raises stops planning: its answer can't be guessed",
                hint=_without(info),
            ) from error


def _trust(info: PluginInfo, granted: Mapping[str, str]) -> str:
    if info.builtin:
        return "security" if info.name == "guard" else "ordinary"
    return info.trust if info.state == "refused" else granted.get(info.name, info.trust)


def gate_of(environ: Mapping[str, str], settings: Mapping[str, Any] | None = None) -> Gate:
    """Return the gate of the operator's lock and section ``[plugins]``; raises SettingsError for what it can't say."""
    required, trust = lock_section(settings or {})
    return Gate(PluginLock.find(environ), required=required, trust=trust)


def _check_api(plugin: object, info: PluginInfo) -> None:
    api = getattr(plugin, "genesis_api", GENESIS_API)
    if api != GENESIS_API:
        raise PluginError(
            f"plugin {info.name!r} of {info.owner} is written for genesis_api {api!r}; this is {GENESIS_API}",
            cause="the contract of the hooks differs",
            hint=f"pip install --upgrade {info.distribution or info.name}",
        )


def _implemented(plugin: object, info: PluginInfo) -> Iterator[str]:
    known = {name for name in dir(hookspecs) if name.startswith("genesis_")}
    for name in dir(plugin):
        member = getattr(plugin, name, None)
        options = getattr(member, "genesis_impl", None)
        if options is None:
            if name in known and _own(plugin, member):
                raise _refusal(info, f"{name} lacks @hookimpl")
            continue
        if options.get("wrapper") or options.get("hookwrapper"):
            raise _refusal(info, f"{name} is a hook wrapper; wrappers are refused, return None or an answer")
        hook = options.get("specname") or name
        if hook not in known:
            near = difflib.get_close_matches(hook, known, n=1)
            raise _refusal(info, f"there is no hook {hook!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        yield hook


def _own(plugin: object, member: object) -> bool:
    """Whether *member* is a function that *plugin* defines: a module may import the spec of a hook, for its name."""
    home = plugin.__name__ if isinstance(plugin, ModuleType) else ""
    return inspect.isroutine(member) and (not home or getattr(member, "__module__", "").startswith(home))


def _refusal(info: PluginInfo, why: str) -> PluginError:
    return PluginError(f"plugin {info.name!r} of {info.owner}: {why}")


def _cannot_load(info: PluginInfo) -> PluginError:
    return PluginError(
        f"plugin {info.name!r} of {info.owner} can't be loaded",
        cause=info.reason,
        hint=f"{_without(info)}; genesis plugins shows all",
    )


def _without(info: PluginInfo) -> str:
    """Return how to go on without a plugin; without a guard, nothing is allowed and nothing goes on."""
    if info.trust == "security":
        return f"report it to whoever ships {info.owner}: nothing is allowed without this plugin"
    return f"genesis -p no:{info.name} ... runs without it"


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__
