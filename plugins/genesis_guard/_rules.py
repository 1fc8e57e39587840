"""Policy rules as they are written: read, and checked word by word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genesis_core import Effect, Ruling, SettingsError

__all__ = ["BUILT_IN", "MODELS", "VERBS", "PolicyRule", "read_rules", "rules_from"]

BUILT_IN = Path(__file__).with_name("policy.toml")
VERBS = ("run", "read", "write", "call", "ask")
MODELS = "@models"
"""Stands for the names of the configured models."""
_KEYS = ("id", "verbs", "effects", "resources", "decision", "description")
_EFFECTS = tuple(effect.value for effect in Effect)
_RULINGS = tuple(ruling.value for ruling in Ruling)
_MAX_GLOB_CHARS = 500


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: what it says of every action whose verb, effect and resource it names."""

    id: str
    verbs: tuple[str, ...]
    effects: tuple[str, ...]
    resources: tuple[str, ...]
    decision: Ruling
    description: str = ""


def read_rules(path: Path) -> tuple[PolicyRule, ...]:
    """Return the rules of a TOML file; raises SettingsError that names the file and the rule."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} can't be read as a policy", cause=str(error)) from error
    _known(data, ("rule",), path.name)
    return rules_from(data.get("rule", []), path.name)


def rules_from(rows: object, source: str) -> tuple[PolicyRule, ...]:
    """Return the rules that *rows* spell out; raises SettingsError that names *source* and the rule."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise SettingsError(f"{source}: rules are a list of tables", hint="begin each rule with [[...]]")
    rules = tuple(_rule(row, source) for row in rows)
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise SettingsError(f"{source}: rule id {rule.id!r} is used twice", hint="give each rule an id of its own")
        seen.add(rule.id)
    return rules


def _rule(row: Mapping[str, object], source: str) -> PolicyRule:
    name = row.get("id")
    if not isinstance(name, str) or not name.strip():
        raise SettingsError(f"{source}: a rule has no id", cause=f"it says {dict(row)!r}"[:200])
    where = f"{source}: rule {name!r}"
    _known(row, _KEYS, where)
    return PolicyRule(
        name,
        _choices(row, "verbs", VERBS, where),
        _choices(row, "effects", _EFFECTS, where) if "effects" in row else _EFFECTS,
        _globs(row, where) if "resources" in row else ("**",),
        Ruling(_choice(row.get("decision"), "decision", _RULINGS, where)),
        _text(row.get("description", ""), where),
    )


def _known(row: Mapping[str, object], keys: Iterable[str], where: str) -> None:
    for key in row:
        if key not in keys:
            raise SettingsError(f"{where}: unknown key {key!r}{_near(key, keys)}", cause=f"known: {', '.join(keys)}")


def _choices(row: Mapping[str, object], key: str, known: tuple[str, ...], where: str) -> tuple[str, ...]:
    given = _texts(row.get(key), key, where)
    return tuple(dict.fromkeys(_choice(value, key, known, where) for value in given))


def _choice(value: object, key: str, known: tuple[str, ...], where: str) -> str:
    if not isinstance(value, str) or value not in known:
        near = _near(value, known) if isinstance(value, str) else ""
        raise SettingsError(f"{where}: `{key}` can't be {value!r}{near}", cause=f"known: {', '.join(known)}")
    return value


def _globs(row: Mapping[str, object], where: str) -> tuple[str, ...]:
    globs = _texts(row.get("resources"), "resources", where)
    for glob in globs:
        if not glob or len(glob) > _MAX_GLOB_CHARS:
            raise SettingsError(f"{where}: a resource has 1 to {_MAX_GLOB_CHARS} characters, not {len(glob)}")
        if glob.startswith("@") and glob != MODELS:
            raise SettingsError(f"{where}: unknown set {glob!r}{_near(glob, [MODELS])}", cause=f"known: {MODELS}")
    return globs


def _texts(value: object, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{where}: `{key}` is a list of words, not {value!r}", hint=f'for example: {key} = ["..."]')
    return tuple(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{where}: `description` is a text, not {value!r}")
    return " ".join(value.split())


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""
