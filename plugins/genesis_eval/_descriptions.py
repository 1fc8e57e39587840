"""Descriptions of agents and tools from files, in the spellings in use: Genesis, TaskBench, MCP, function calling.

A file is JSON, YAML or TOML: ``{"agents": [...], "tools": [...]}``, or a plain list of tools. An agent is an AgentCard,
whose skills may be plain texts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from genesis_core import AgentCard, GenesisError, Record, SettingsError, ToolSpec, read_json

__all__ = ["SUFFIXES", "Described", "read_described", "tool_of"]

SUFFIXES = (".json", ".toml", ".yaml", ".yml")
MAX_BYTES = 5_000_000
FORM = 'it should be {"agents": [{"name", "description", "skills"}], "tools": [{"name", "description", "parameters"}]}'
LISTS = {"agents": "agents", "tools": "tools", "nodes": "tools"}
"""Names of what a file holds; a tool was once called a node."""
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
SPELLINGS = {
    "id": "name", "desc": "description", "parameters": "input_schema", "input-type": "input_schema",
    "inputSchema": "input_schema", "outputs": "output_schema", "output-type": "output_schema",
    "outputSchema": "output_schema",
}  # fmt: skip
UNREAD = frozenset({"title", "annotations", "_meta", "icons", "strict", "domain", "links"})
"""What others say of a tool, and planning does not read."""
_R = TypeVar("_R", bound=Record)


@dataclass(frozen=True, slots=True)
class Described:
    """What files describe."""

    agents: tuple[AgentCard, ...] = ()
    tools: tuple[ToolSpec, ...] = ()


def read_described(path: Path) -> Described:
    """Return what *path* describes; raises SettingsError naming the entry and the field that can't be used."""
    document = _document(path)
    lists: dict[str, list[Any]] = {"agents": [], "tools": []}
    for name, entries in document.items():
        if name in ("$schema", "schema"):
            continue
        if name not in LISTS:
            raise _wrong(path, f"{name!r} is no list of descriptions{_near(name, LISTS)}")
        if not isinstance(entries, list):
            raise _wrong(path, f"{name!r} is no list")
        lists[LISTS[name]] += _first(entries) if name == "nodes" else entries
    if not any(lists.values()):
        raise _wrong(path, "it describes nothing")
    return Described(
        _each(lists["agents"], lambda entry, place: _built(AgentCard, _card(entry), place), path, "agent"),
        _each(lists["tools"], lambda entry, place: _built(ToolSpec, _spelt(entry), place), path, "tool"),
    )


def _first(nodes: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Return what is read of the first node of each id: collections hold some twice, and say much beside."""
    found: dict[str, Mapping[str, Any]] = {}
    for node in nodes:
        if isinstance(node, Mapping) and "id" in node:
            found.setdefault(str(node["id"]), _known(node))
    return list(found.values())


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _each(entries: Sequence[Any], make: Any, path: Path, kind: str) -> tuple[Any, ...]:
    """Return what is described, in order; a name may stand once."""
    found: dict[str, Any] = {}
    for number, entry in enumerate(entries, 1):
        place = f"{kind} {number} of {path}"
        if not isinstance(entry, Mapping):
            raise SettingsError(f"{place} is no object", cause=f"it is {type(entry).__name__}", hint=FORM)
        made = make(entry, place)
        if not made.name:
            raise SettingsError(f"{place} has no name", cause="a plan calls it by its name", hint=FORM)
        if made.name in found:
            raise SettingsError(f"{place} has a name that another one has: {made.name!r}",
                                cause="a plan calls it by its name", hint="rename one of them, or leave it out")
        found[made.name] = made
    return tuple(found.values())


def _built(kind: type[_R], body: Mapping[str, Any], place: str) -> _R:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name, top = ".".join(map(str, fault["loc"])), str(fault["loc"][0])
        extra = fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1
        why = f"there is no such field{_near(top, kind.model_fields)}" if extra else str(fault["msg"])
        raise SettingsError(f"{place}: {name}: {why}", cause="the description can't be used", hint=FORM) from None


def _card(entry: Mapping[str, Any]) -> dict[str, Any]:
    skills = entry.get("skills")
    known = [{"id": s, "name": s} if isinstance(s, str) else s for s in skills] if isinstance(skills, list) else skills
    return {**entry, "skills": known} if "skills" in entry else dict(entry)


# ---- tools, as others spell them -------------------------------------------------------------------------------------


def tool_of(entry: Mapping[str, Any]) -> ToolSpec:
    """Return the tool that a row of data describes; what it says beside that is not read."""
    return _built(ToolSpec, _known(entry), f"the tool {str(entry.get('id', entry.get('name', '')))!r} of a row")


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = _spelt(entry)
    schemas: dict[str, Any] = {name: found[name] for name in ("input_schema", "output_schema") if name in found}
    return {"name": str(found.get("name", "")), "description": str(found.get("description", "")), **schemas}


def _spelt(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return *entry* in our words."""
    if entry.get("type") == "function" and isinstance(entry.get("function"), Mapping):
        entry = entry["function"]
    found = {SPELLINGS.get(name, name): value for name, value in entry.items() if name not in UNREAD}
    for name in ("input_schema", "output_schema"):
        if isinstance(found.get(name), list):
            found[name] = _schema(found[name]) if found[name] or name == "input_schema" else {}
        elif found.get(name, 0) is None:
            del found[name]
    return found


def _schema(ports: Iterable[Any]) -> dict[str, Any]:
    """Return the JSON Schema of an object with *ports*: names, or ``{"name", "desc", "type", "required"}``."""
    known = [p if isinstance(p, dict) else {"name": p} for p in ports]
    told = any("required" in p for p in known)  # who says it of none has not said which may be left out
    return {
        "type": "object",
        "properties": {str(p.get("name", "")): _property(p) for p in known},
        **({"required": [str(p.get("name", "")) for p in known if p.get("required")]} if told else {}),
    }


def _property(port: Mapping[str, Any]) -> dict[str, str]:
    found = {"description": str(port["desc"])} if port.get("desc") else {}
    return {**found, "type": str(port["type"])} if port.get("type") in _TYPES else found


# ---- from bytes to a document ----------------------------------------------------------------------------------------


def _document(path: Path) -> Mapping[str, Any]:
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has {len(data)} bytes; at most {MAX_BYTES} are read")
        value = _value(path, data.decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path} can't be read", cause=str(error.strerror), hint=FORM) from None
    except (ValueError, RecursionError, GenesisError) as error:
        raise SettingsError(f"{path} holds no descriptions", cause=" ".join(str(error).split()), hint=FORM) from None
    if isinstance(value, list):
        return {"tools": value}
    if not isinstance(value, Mapping):
        raise _wrong(path, f"it is {type(value).__name__}")
    return value


def _value(path: Path, text: str) -> Any:
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix not in (".yaml", ".yml"):
        return read_json(text)
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ValueError("anchors and aliases are not allowed here")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _wrong(path: Path, why: str) -> SettingsError:
    return SettingsError(f"{path} holds no descriptions", cause=why, hint=FORM)
