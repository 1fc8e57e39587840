"""Policy rules as they are written: read, and checked word by word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from genesis_core import Effect, Ruling, Secrecy, SettingsError, Trust

__all__ = ["BUILT_IN", "KEYS", "MODELS", "VERBS", "PolicyRule", "read_rules", "rules_from"]

BUILT_IN = Path(__file__).with_name("policy.toml")
VERBS = ("run", "read", "write", "call", "ask", "endorse", "make", "grant")
MODELS = "@models"
"""Stands for the names of the configured models."""
KEYS = (
    "id", "verbs", "effects", "resources", "agents", "trust", "secrecy", "hosts", "arguments", "above_cost", "decision",
    "description",
)
_TRUST = {trust.name.lower(): trust for trust in Trust}
_SECRECY = {secrecy.name.lower(): secrecy for secrecy in Secrecy}
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
    agents: tuple[str, ...] = ()
    """Globs of those who would do it; none: everybody."""
    trust: tuple[Trust, ...] = ()
    """How far who chose it may be believed; none: whatever."""
    secrecy: tuple[Secrecy, ...] = ()
    """What would leave by it; none: whatever."""
    hosts: tuple[str, ...] = ()
    """Globs of hosts that the arguments name."""
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Globs of the texts of arguments, by name."""
    above_cost: Decimal | None = None
    """It must cost more than that, in US dollars, or nobody knows what; None: whatever it costs."""


def read_rules(path: Path) -> tuple[PolicyRule, ...]:
    """Return the rules of a TOML file; raises SettingsError that names the file and the rule."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} can't be read as a policy", cause=str(error),
                            hint=f"`file` names {path}: write it there, or mend it") from error
    _known(data, ("rule",), str(path))
    return rules_from(data.get("rule", []), str(path))


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
    _known(row, KEYS, where)
    return PolicyRule(
        name,
        _choices(row, "verbs", VERBS, where),
        _choices(row, "effects", _EFFECTS, where) if "effects" in row else _EFFECTS,
        _globs(row, where) if "resources" in row else ("**",),
        Ruling(_choice(row.get("decision"), "decision", _RULINGS, where)),
        _text(row.get("description", ""), where),
        _named(row, "agents", where),
        tuple(_TRUST[word] for word in _words(row, "trust", tuple(_TRUST), where)),
        tuple(_SECRECY[word] for word in _words(row, "secrecy", tuple(_SECRECY), where)),
        tuple(host.lower() for host in _named(row, "hosts", where)),
        _arguments(row.get("arguments", {}), where),
        _amount(row.get("above_cost"), where),
    )


def _named(row: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    return _plain_globs(row[key], key, where) if key in row else ()


def _words(row: Mapping[str, object], key: str, known: tuple[str, ...], where: str) -> tuple[str, ...]:
    return _choices(row, key, known, where) if key in row else ()


def _arguments(value: object, where: str) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise SettingsError(f"{where}: `arguments` is a table of lists, not {value!r}",
                            hint='for example: arguments = { to = ["*@example.com"] }')
    return {str(name): _plain_globs(globs, f"arguments.{name}", where) for name, globs in value.items()}


def _plain_globs(value: object, key: str, where: str) -> tuple[str, ...]:
    globs = _texts(value, key, where)
    for glob in globs:
        if not glob or len(glob) > _MAX_GLOB_CHARS:
            raise SettingsError(f"{where}: `{key}` holds 1 to {_MAX_GLOB_CHARS} characters, not {len(glob)}")
    return globs


def _amount(value: object, where: str) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise SettingsError(f"{where}: `above_cost` is an amount in US dollars, not {value!r}")
    return amount


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
