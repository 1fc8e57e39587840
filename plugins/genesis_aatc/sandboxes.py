"""The only bridge to the sandbox: whether anything generated may run here at all, and each call of it."""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis_core import AccessDenied, DependencyDown

from ._attacked import Held
from .candidate import Manifest

if TYPE_CHECKING:
    from genesis_sandbox import Capabilities, Pool, SandboxUnavailable
    from genesis_sandbox import Limits as Bounds
    from genesis_sandbox import Outcome as Outcome

__all__ = ["GRANTS", "Bench", "asked", "default_limits", "grants_problem", "limits_problem", "looks_outside"]

GRANTS = ("read", "write", "hosts", "env", "modules")
"""The fields of a manifest that name what is granted one by one."""

WARM = 4
"""Pools that are kept: a tool with limits or grants of its own needs one of its own."""

LEAST: Mapping[str, float] = {"memory_mb": 32, "open_files": 16, "seconds": 0.2, "cpu_seconds": 0.05}
"""With less than this not even a worker starts, and what a tool asked for would look like a sandbox that is gone."""


def default_limits() -> dict[str, float]:
    """Return what a call may use where nobody says less, by name."""
    from genesis_sandbox import Limits

    return Limits().to_json()


def limits_problem(limits: Mapping[str, float]) -> str:
    """Return why *limits* are none that the sandbox has; empty: they are."""
    try:
        _bounds(limits)
    except ValueError as error:
        return str(error)
    return ""


def asked(manifest: Manifest) -> tuple[str, ...]:
    """Return what of *manifest* somebody has to grant, in words; limits at or below their defaults need nobody."""
    usual = default_limits()
    above = [name for name, value in manifest.limits.items() if value > usual.get(name, 0)]
    return (
        *(f"{word} {one[:300]}" for word in GRANTS for one in getattr(manifest, word)),
        *([f"more {', '.join(sorted(above))}"] if above else []),
    )


def grants_problem(manifest: Manifest) -> str:
    """Return what of *manifest* is granted to no tool, whoever approves, as this machine is now; empty: nothing."""
    from genesis_sandbox import Capabilities, SandboxUnavailable

    try:
        Capabilities(read=manifest.read, write=manifest.write, network=manifest.hosts,
                     modules=manifest.modules).check("purejail")  # fmt: skip  # what the tier can't do, the trial says
    except SandboxUnavailable as error:
        return error.reason
    except ValueError as error:
        return str(error)
    return ""


def looks_outside(manifest: Manifest) -> bool:
    """Return whether it asks for more than to compute: what it gives can then hold what was never its argument."""
    return any(getattr(manifest, word) for word in GRANTS if word != "modules")


class Bench:
    """Runs generated code in the sandbox, one fresh worker a call, from any thread.

    It never isolates less than it was allowed to: what cannot be contained is not run. *allow_reduced* is an
    operator's word (``[sandbox] allow_reduced``), never a project's or a tool's.
    """

    def __init__(self, allow_reduced: bool = False, memory: Held | None = None) -> None:
        self._allow_reduced, self._memory = allow_reduced, memory
        self._pools = _Pools()

    def refuses(self) -> str:
        """Return why nothing generated may run here; empty: it may.

        The sandbox is attacked before anything is run: once in each process, or once a day where that is remembered.
        """
        from genesis_sandbox import SandboxUnavailable, choose

        try:
            return _tests.why_not(choose("auto", self._allow_reduced), self._memory)
        except SandboxUnavailable as error:
            return f"generated code can't be contained here: {error.reason} ({error.hint})"

    def run(
        self, code: bytes, entry: str, arguments: Mapping[str, Any], manifest: Manifest, limits: Mapping[str, float],
        seconds: float | None = None, *, apart: bool = False,
    ) -> Outcome:  # fmt: skip
        """Return how a call of *entry* in *code* ended, within *seconds* and *limits*.

        With *apart* the worker shares nothing with that of any other call, neither layout of memory nor hash seed.
        Raises DependencyDown where it cannot be contained and AccessDenied for a grant that cannot be enforced (then
        nothing was run), and ValueError for limits that are none and arguments that are too long.
        """
        from genesis_sandbox import Capabilities, SandboxUnavailable, choose, run

        if why := self.refuses():
            raise DependencyDown(why, hint="genesis sandbox doctor tells what this machine allows")
        granted, bounds = _capabilities(manifest), _bounds(limits)
        in_time = seconds is None or seconds >= bounds.seconds
        try:
            launcher = choose("auto", self._allow_reduced)
            granted.check(launcher)
        except SandboxUnavailable as error:
            raise _denied(error) from error
        warm = launcher == "purejail" and not apart and not manifest.write and in_time
        try:
            if not warm:
                bounds = bounds if in_time else _bounds(limits, seconds)
                return run(code, entry=entry, arguments=_plain(arguments), limits=bounds, capabilities=granted,
                           launcher=launcher, allow_reduced=self._allow_reduced)  # fmt: skip
            with self._pools.lent(bounds, granted) as pool:
                return pool.run(code, entry=entry, arguments=_plain(arguments))
        except SandboxUnavailable as error:
            if error.reason.partition(":")[0] in Capabilities.__slots__:
                raise _denied(error) from error
            _tests.forget(self._memory)
            raise DependencyDown(f"the sandbox did not run a call: {error.reason}", hint=error.hint) from error

    def close(self) -> None:
        """End the warm workers; a call after this makes others."""
        self._pools.close()


# ---- what is granted and bounded ---------------------------------------------------------------------------------


def _bounds(limits: Mapping[str, float], seconds: float | None = None) -> Bounds:
    from genesis_sandbox import Limits

    given: dict[str, Any] = {**Limits().to_json(), **limits}
    if unknown := [name for name in given if name not in Limits.__slots__]:
        raise ValueError(f"there is no limit {unknown[0]!r}; there are {', '.join(Limits.__slots__)}")
    if low := [name for name, least in LEAST.items() if given[name] < least]:
        raise ValueError(f"{low[0]} is {given[low[0]]:g}; no call can do with less than {LEAST[low[0]]:g}")
    if seconds is not None:
        given["seconds"] = min(given["seconds"], max(seconds, 0.01))
    whole: dict[str, Any] = {name: _counted(name, value) for name, value in given.items()}
    return Limits(**whole)


def _counted(name: str, value: float) -> float:
    """Return a limit as the kernel takes it: time in fractions, all else in whole numbers (raises ValueError)."""
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}, which bounds nothing")
    return value if name in ("seconds", "cpu_seconds") else math.ceil(value)


def _capabilities(manifest: Manifest) -> Capabilities:
    """Return what is granted (raises AccessDenied): values of variables are read here, at the call."""
    from genesis_sandbox import Capabilities

    if manifest.hosts:
        raise AccessDenied(f"no tool reaches {', '.join(manifest.hosts)}: no network is granted in this version",
                           hint="fetch what the tool needs in a task of its own, and hand it over as an argument")
    unset = [name for name in manifest.env if name not in os.environ]
    if unset:
        raise AccessDenied(f"the variable {unset[0]} that a tool was granted is not set")
    try:
        return Capabilities(read=manifest.read, write=manifest.write, modules=manifest.modules,
                            env={name: os.environ[name] for name in manifest.env})  # fmt: skip
    except ValueError as error:
        raise AccessDenied(f"a tool asks for what can't be granted: {error}") from error


def _denied(error: SandboxUnavailable) -> AccessDenied:
    hint = "" if "doctor" in error.hint else error.hint  # a path that is not there is no matter of this machine
    return AccessDenied(f"a tool asks for what can't be granted: {error.reason}", hint=hint)


def _plain(value: Any) -> Any:
    """Return JSON as dicts and lists: records hold frozen ones."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


# ---- is it a sandbox? --------------------------------------------------------------------------------------------


class _Tests:
    """What the self-test found, once in a process for each launcher; two threads never test at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[int, int, str], str] = {}

    def why_not(self, launcher: str, memory: Held | None = None) -> str:
        key = (os.getpid(), os.geteuid(), launcher)
        found = self._found.get(key)
        if found is None:
            with self._lock:
                found = self._found.get(key)
                if found is None:
                    found = self._found[key] = _remembered(launcher, memory)
        return found

    def forget(self, memory: Held | None = None) -> None:
        """Have the sandbox attacked again before the next call: something about this machine has changed."""
        with self._lock:
            self._found.clear()
            if memory is not None:
                memory.forget()


_tests = _Tests()


def _remembered(launcher: str, memory: Held | None) -> str:
    if memory is not None and memory.held(launcher):
        return ""
    why = _attacked(launcher)
    if memory is not None and not why:
        memory.keep(launcher)
    return why


def _attacked(launcher: str) -> str:
    from genesis_sandbox import self_test

    test = self_test(launcher, allow_reduced=launcher == "reduced")
    escaped = [attack.name for attack in test.attacks if not attack.contained]
    if test.ok:
        return ""
    return f"the sandbox did not hold against: {', '.join(escaped)}" if escaped else \
        f"generated code can't be contained here: {test.reason}"


# ---- warm workers ------------------------------------------------------------------------------------------------

_Key = tuple[object, ...]


@dataclass
class _Warm:
    pool: Pool
    users: int = 0
    unwanted: bool = False


class _Pools:
    """The pools that were used last, each closed by whoever is done with it last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, _Warm] = OrderedDict()

    @contextmanager
    def lent(self, limits: Bounds, granted: Capabilities) -> Iterator[Pool]:
        """Lend the pool for these limits and grants: nobody closes it meanwhile."""
        warm = self._taken((os.getpid(), limits, repr(granted)), limits, granted)
        try:
            yield warm.pool
        finally:
            with self._lock:
                warm.users -= 1
                done = warm.unwanted and not warm.users
            if done:
                warm.pool.close()

    def close(self) -> None:
        with self._lock:
            idle = [self._dropped(key) for key in list(self._kept)]
        for pool in idle:
            if pool is not None:
                pool.close()

    def _taken(self, key: _Key, limits: Bounds, granted: Capabilities) -> _Warm:
        from genesis_sandbox import Pool

        idle = None
        with self._lock:
            warm = self._kept.get(key)
            if warm is None:
                warm = self._kept[key] = _Warm(Pool(limits=limits, capabilities=granted))
                if len(self._kept) > WARM:
                    idle = self._dropped(next(iter(self._kept)))
            self._kept.move_to_end(key)
            warm.users += 1
        if idle is not None:
            idle.close()
        return warm

    def _dropped(self, key: _Key) -> Pool | None:
        """Forget a pool, and return it when nobody uses it."""
        warm = self._kept.pop(key)
        warm.unwanted = True
        return None if warm.users else warm.pool
