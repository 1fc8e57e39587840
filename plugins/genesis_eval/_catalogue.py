"""Catalogues of tools from description files: ``<domain>.tool_desc.json``, ``{"nodes": [{"id", "desc", ...}]}``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genesis_core import SettingsError, ToolSpec

_DOMAIN = re.compile(r"\w[\w.-]*\Z")
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})


class Catalogues:
    """The tools of each domain below a folder; each file is read once."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._read: dict[str, tuple[ToolSpec, ...]] = {}

    def tools(self, domain: str) -> tuple[ToolSpec, ...]:
        """Return the tools of *domain*; raises SettingsError when its file is not there or can't be used."""
        if domain not in self._read:
            self._read[domain] = specs(_nodes(self._path(domain)))
        return self._read[domain]

    def _path(self, domain: str) -> Path:
        if self.folder is None:
            raise SettingsError(
                f"rows of the domain {domain!r} name no tools", hint="genesis eval decomposition --tools DIR"
            )
        path = self.folder / f"{domain}.tool_desc.json"
        if not _DOMAIN.match(domain) or not path.is_file():
            raise SettingsError(f"there are no tools for the domain {domain!r}", cause=f"{path} is not there",
                                hint="--tools takes the folder with <domain>.tool_desc.json")  # fmt: skip
        return path


def _nodes(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} holds no tool descriptions", cause=f"{type(error).__name__}: {error}",
                            hint='it should be {"nodes": [{"id", "desc", "parameters"?}]}') from error  # fmt: skip
    return [node for node in nodes if isinstance(node, dict) and "id" in node]


def specs(nodes: Iterable[Mapping[str, Any]]) -> tuple[ToolSpec, ...]:
    """Return a spec for each description, in order; of two with one name the first counts."""
    found: dict[str, ToolSpec] = {}
    for node in nodes:
        name = str(node["id"])
        if name not in found:
            found[name] = _spec(name, node)
    return tuple(found.values())


def _spec(name: str, node: Mapping[str, Any]) -> ToolSpec:
    takes = node.get("parameters", node.get("input-type"))
    gives = node.get("outputs", node.get("output-type"))
    return ToolSpec(
        name=name,
        description=str(node.get("desc", "")),
        input_schema={} if takes is None else _schema(takes),
        output_schema={} if not gives else _schema(gives),
    )


def _schema(ports: Iterable[Any]) -> dict[str, Any]:
    """Return the JSON Schema of an object with *ports*: names, or ``{"name", "desc", "type", "required"}``."""
    known = [p if isinstance(p, dict) else {"name": p} for p in ports]
    return {
        "type": "object",
        "properties": {str(p.get("name", "")): _property(p) for p in known},
        "required": [str(p.get("name", "")) for p in known if p.get("required")],
    }


def _property(port: Mapping[str, Any]) -> dict[str, str]:
    found = {"description": str(port["desc"])} if port.get("desc") else {}
    return {**found, "type": str(port["type"])} if port.get("type") in _TYPES else found
