"""Settings: flag > environment > project file > user file > default, each with its origin.

Keys that decide about safety (policy, sandbox, plugins, identity, limits, model URLs, sections of trusted guards) are
read only from the user's own file or from flags: never from the environment of a project or its ``genesis.toml``, which
may have come with a repository. Where state lies, whether it is recorded and what may be spent is not for a project to
say, either. ``docs/decisions/0001`` says why this is ours and not pydantic-settings.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from ._home import user_config
from ._lock import PluginLock, lock_section
from .errors import SettingsError, did_you_mean
from .models import ROLES
from .policy import Budget, PlanLimits
from .records import FrozenDict, JsonObject, Record

__all__ = ["OPERATOR_KEYS", "PERSONAL_KEYS", "Settings", "SettingsSource", "load_settings", "state_home"]

GUARD, IDENTITY = "guard", "identity"
"""The plugins whose sections are ``[policy]`` and ``[identity]``."""

OPERATOR_KEYS = frozenset(
    {"policy", "sandbox", "plugins", "identity", "limits", "models", "keyring", "engine", "secrets"})
"""Sections that neither a project file nor the environment can set."""

MAX_BYTES, MAX_DOTS = 100_000, 500
"""Of one settings file: a project's comes with whatever repository is looked at."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

PERSONAL_KEYS = frozenset({"home", "journal", "record", "durability", "budget"})
"""Keys that a project file can't set, and the environment can."""


class Settings(Record):
    """What an operator can choose."""

    home: str = ""
    """Folder of all state; empty: the platform's."""
    pipeline: str = "v2"
    engine: str = "local"
    keyring: str = "local"
    durability: str = Field(default="normal", pattern="^(normal|full)$")
    """SQLite's synchronous mode for journals: normal survives a crash of the program, full one of the machine."""
    max_parallel: int = Field(default=8, ge=1, le=10_000)
    task_seconds: float = Field(default=600.0, gt=0)
    """Time limit of a task that names none."""
    journal: bool = True
    record: bool = False
    """Whether the answers of models and the results of tools are kept, redacted, so that a run can be replayed."""
    budget: Budget = Budget()
    limits: PlanLimits = PlanLimits()
    models: JsonObject = FrozenDict()
    policy: JsonObject = FrozenDict()
    plugins: JsonObject = FrozenDict()
    sandbox: JsonObject = FrozenDict()
    identity: JsonObject = FrozenDict()
    secrets: JsonObject = FrozenDict()
    """By name, the variable of the environment that holds a secret which tasks may be given."""
    plugin: JsonObject = FrozenDict()
    """Sections for plugins: ``[plugin.halo]`` in TOML. That of the guard is ``policy``, that of identity ``identity``,
    and both stand nowhere else."""

    @field_validator("plugin")
    @classmethod
    def _one_place(cls, given: JsonObject) -> JsonObject:
        if GUARD in given:
            raise SettingsError(f"[plugin.{GUARD}] is not read", cause="what may be done stands in one place, [policy]",
                                hint=f"[[policy.rules]] instead of [[plugin.{GUARD}.rules]]")
        if IDENTITY in given:
            raise SettingsError(f"[plugin.{IDENTITY}] is not read", cause="it decides about safety",
                                hint=f"[{IDENTITY}] in your own settings file, {user_config(os.environ)}")
        return given

    @field_validator("secrets")
    @classmethod
    def _named_variables(cls, given: JsonObject) -> JsonObject:
        for name, variable in given.items():
            if not isinstance(variable, str) or _VARIABLE.fullmatch(variable) is None:
                raise SettingsError(f"[secrets] {name} names no variable of the environment",
                                    cause="it takes the name of one variable, never the secret itself",
                                    hint=f'[secrets] {name} = "VARIABLE" in your own settings file')
        return given

    @property
    def sections(self) -> Mapping[str, Any]:
        """The sections of all plugins by name, those of the guard and of identity among them."""
        own = {name: table for name, table in ((GUARD, self.policy), (IDENTITY, self.identity)) if table}
        return FrozenDict({**self.plugin, **own}) if own else self.plugin

    @property
    def secret_files(self) -> tuple[str, ...]:
        """Globs of files that are secret beyond those whose names say so: ``[policy] secret_files``."""
        found = self.policy.get("secret_files", ())
        return tuple(map(str, found)) if isinstance(found, Sequence) and not isinstance(found, str) else ()

    def section(self, name: str) -> Mapping[str, Any]:
        """Return the section of the plugin *name*."""
        found = self.sections.get(name, {})
        return found if isinstance(found, Mapping) else {}


@dataclass(slots=True)
class SettingsSource:
    """Settings and where each value came from."""

    settings: Settings
    origins: dict[str, str] = field(default_factory=dict)
    own: Path = Path()
    """The user's own settings file, whether it is there or not."""
    project: Path = Path()
    """The project's, whether it is there or not."""


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user_file: Path | None = None,
) -> SettingsSource:
    """Return the settings in force in *folder* (default: the current one), and their origins.

    Raises SettingsError for an unknown key, a wrong value, an unreadable file, or an operator's key in a project file.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    project = (folder or Path.cwd()) / "genesis.toml"
    user = user_file or user_config(environ)
    own, given = _read(user), dict(flags or {})
    guards = _guards(own, given) | PluginLock.read(user.parent).guards
    for origin, layer in (
        (str(user), own),
        (str(project), _checked(project, _read(project), guards, user)),
        ("environment", _from_environment(environ, guards)),
        ("flag", given),
    ):
        _merge(values, layer, origins, origin)
    try:
        found = SettingsSource(Settings(**values), origins, user, project)
    except ValidationError as error:
        raise _wrong(error, origins) from None
    try:
        lock_section(found.settings.plugins)
    except SettingsError as error:
        error.hint = f"mend [plugins] in {user}" if "plugins" in own else error.hint
        raise
    return found


def mend_section(name: str) -> str:
    """Return what to mend when the section of the plugin *name* is wrong: the section, and the file that it is in."""
    key = {GUARD: "policy", IDENTITY: "identity"}.get(name, f"plugin.{name}")
    try:
        origins = load_settings().origins
    except SettingsError:
        origins = {}
    where = next((origin for found, origin in origins.items() if found.startswith(f"{key}.")), "")
    return f"mend [{key}]" + (f" in {where}" if where else "")


def state_home(settings: Settings, environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of all state: setting ``home``, ``GENESIS_HOME``, or the platform's data folder."""
    environ = os.environ if environ is None else environ
    chosen = settings.home or environ.get("GENESIS_HOME", "")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("genesis", appauthor=False))


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        for number, line in enumerate(data.splitlines(), start=1):
            if line.count(b".") > MAX_DOTS:  # a name of n parts takes the square of n to read
                raise ValueError(f"line {number} has more than {MAX_DOTS} dots")
        return tomllib.loads(data.decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except RecursionError:
        raise SettingsError(f"{path} can't be read", cause="it is nested too deep", hint=f"mend {path}") from None
    except OSError as error:
        raise SettingsError(f"{path} can't be read", cause=str(error),
                            hint=f"ls -ld {path}; it is a file that you can read") from None
    except ValueError as error:  # no text, no TOML, a number that is too long
        raise SettingsError(f"{path} can't be read", cause=str(error), hint=f"mend {path}") from None


def _guards(*layers: Mapping[str, Any]) -> frozenset[str]:
    """Return the plugins whose allows count: the built-in guard, and those that the operator's own *layers* trust."""
    found = {GUARD}
    for layer in layers:
        plugins = layer.get("plugins")
        trust = plugins.get("trust") if isinstance(plugins, Mapping) else None
        found.update(str(name) for name in trust) if isinstance(trust, Mapping) else None
    return frozenset(found)


def _checked(path: Path, layer: dict[str, Any], guards: frozenset[str], user: Path) -> dict[str, Any]:
    """Return a project's *layer*; raises SettingsError for a key, or a guard's section, that is not the project's."""
    sections = layer.get("plugin")
    named = [f"plugin.{n}" for n in sections if n in guards] if isinstance(sections, Mapping) else []
    for key in [*(k for k in layer if k in OPERATOR_KEYS | PERSONAL_KEYS), *named]:
        raise SettingsError(
            f"{path} sets {key!r}, which a project can't",
            cause="a repository must not loosen the safety of whoever opens it",
            hint=f"take {key} out of {path}; {user} is your own settings file, where it may stand",
        )
    return layer


def _from_environment(environ: Mapping[str, str], guards: frozenset[str]) -> dict[str, Any]:
    """Return settings from ``GENESIS_*``: ``GENESIS_MAX_PARALLEL=4``, ``GENESIS_BUDGET__MAX_COST=2``."""
    found: dict[str, Any] = {}
    for name, value in environ.items():
        path = name.removeprefix("GENESIS_").lower().split("__")
        if not name.startswith("GENESIS_") or path[0] not in Settings.model_fields or path[0] in OPERATOR_KEYS:
            continue
        if path[0] == "plugin" and path[1:2] and path[1] in guards:
            continue
        _put(found, path, value)
    found.update(_models_of(environ))
    if environ.get("USE_V2_ORCHESTRATOR", "").lower() in ("0", "false", "no", "off"):
        found["pipeline"] = "v1"
    return found


def _models_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return which models the environment names, by name alone: ``GENESIS_MODEL``, ``GENESIS_MODEL_CHEAP``, ..."""
    named = {role: environ.get(f"GENESIS_MODEL_{role.upper()}", "") for role in ROLES}
    found: dict[str, Any] = {"roles": {role: _listed(names) for role, names in named.items() if names}}
    if environ.get("GENESIS_MODEL"):
        found["use"] = _listed(environ["GENESIS_MODEL"])
    return {"models": found} if any(found.values()) else {}


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"the environment sets {part!r} both as a value and as a table",
                                cause=f"GENESIS_{'__'.join(path).upper()} needs a table", hint="unset one of them")
        target = inner
    target[path[-1]] = value


def _merge(into: dict[str, Any], layer: Mapping[str, Any], origins: dict[str, str], origin: str, at: str = "") -> None:
    for key, value in layer.items():
        name = f"{at}{key}"
        if isinstance(value, Mapping):
            inner = into.get(key)
            into[key] = dict(inner) if isinstance(inner, Mapping) else {}
            _merge(into[key], value, origins, origin, f"{name}.")
        else:
            into[key] = value
            origins[name] = origin


def _wrong(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(p) for p in first["loc"])
    known = did_you_mean(str(first["loc"][-1]), _fields(first["loc"])) if first["type"] == "extra_forbidden" else ""
    where = next((o for key, o in origins.items() if key == name or key.startswith(f"{name}.")), "the settings")
    what = f"unknown setting {name!r} in {where}{known}" if known or first["type"] == "extra_forbidden" else (
        f"setting {name!r} in {where} can't be {first['input']!r}"
    )
    return SettingsError(what, cause=first["msg"], hint=_mend(name, where))


def _mend(name: str, where: str) -> str:
    """Return what to change when setting *name*, which stands *where*, is wrong."""
    if where == "environment":
        return f"unset GENESIS_{name.upper().replace('.', '__')}, or give it another value"
    if where in ("flag", "the settings"):
        return "genesis config --origin shows every setting"
    return f"mend {name} in {where}"


def _fields(place: tuple[int | str, ...]) -> Iterable[str]:
    """Return the names that stand where *place* ends: those of all settings, or of the section that it is in."""
    owner: Any = Settings
    for part in place[:-1]:
        owner = owner.model_fields[part].annotation
    fields: dict[str, Any] = owner.model_fields
    return fields


def flatten(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Yield each setting as (dotted name, value), in the order of declaration."""
    yield from _flat(settings.model_dump(mode="json"), "")


def _flat(value: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{at}{key}.")
        else:
            yield f"{at}{key}", item
