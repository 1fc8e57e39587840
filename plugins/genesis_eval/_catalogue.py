"""Catalogues of agents and tools from files, instead of those that are installed.

One file is a catalogue for all rows. In a folder, ``<domain>.tool_desc.json`` (or ``<domain>.json``, ``.yaml``,
``.toml``) has the tools of the rows of that domain, and all files together those of rows without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from genesis_core import AgentCard, SettingsError, ToolSpec

from ._descriptions import SUFFIXES, Described, read_described, tool_of

__all__ = ["Catalogue", "read_catalogue", "specs"]

_DOMAIN = re.compile(r"\w[\w.-]*\Z")
LINKS = ".graph_desc.json"
"""How files end that say which tool may follow which: they are read by the scorer alone."""


class Catalogue:
    """What the files at a place describe; each file is read once."""

    def __init__(self, place: Path | None) -> None:
        self.place = place
        self._read: dict[Path, Described] = {}

    @property
    def folder(self) -> Path | None:
        """The folder that it was read from, where it is one."""
        return self.place if self.place is not None and self.place.is_dir() else None

    def tools(self, domain: str = "") -> tuple[ToolSpec, ...]:
        """Return the tools of the rows of *domain*; raises SettingsError when there is no file for them."""
        if self.place is None:
            raise SettingsError(f"rows of the domain {domain!r} name no tools" if domain else "the rows name no tools",
                                cause="neither a field 'tools' nor --catalogue says what there is to choose from",
                                hint="genesis eval decomposition --catalogue FILE|DIR")
        paths = [self._of(domain)] if domain and self.folder else self._files()
        found: dict[str, ToolSpec] = {}
        for tool in (tool for path in paths for tool in self._described(path).tools):
            found.setdefault(tool.name, tool)
        if not found:
            raise SettingsError(f"{self.place} describes no tool", cause="it describes agents alone",
                                hint="it takes files with {\"tools\": [...]}")
        return tuple(found.values())

    def agents(self) -> tuple[AgentCard, ...]:
        """Return the agents that all files describe; raises SettingsError when they describe none."""
        found = {card.name: card for path in self._files() for card in self._described(path).agents}
        if not found:
            raise SettingsError(f"{self.place} describes no agent", cause="it describes tools alone",
                                hint='it takes files with {"agents": [{"name", "description", "skills"}]}')
        return tuple(found.values())

    def _described(self, path: Path) -> Described:
        if path not in self._read:
            self._read[path] = read_described(path)
        return self._read[path]

    def _files(self) -> list[Path]:
        if self.folder is None:
            return [self.place] if self.place is not None else []
        found = sorted(p for p in self.folder.iterdir() if p.suffix in SUFFIXES and not p.name.endswith(LINKS))
        if not found:
            raise SettingsError(f"{self.folder} holds no descriptions", cause="no .json, .yaml or .toml file is in it",
                                hint="--catalogue takes files of agents and tools")
        return found

    def _of(self, domain: str) -> Path:
        names = [f"{domain}.tool_desc.json", *(domain + suffix for suffix in SUFFIXES)]
        found = [p for name in names if _DOMAIN.match(domain) and (p := Path(str(self.place), name)).is_file()]
        if not found:
            raise SettingsError(f"there are no tools for the domain {domain!r}",
                                cause=f"{self.place} has no file of that name",
                                hint="name a file for all rows, or a folder with <domain>.tool_desc.json")
        return found[0]


def read_catalogue(place: str | None) -> Catalogue | None:
    """Return the catalogue at *place*, if there is to be one; raises SettingsError where nothing is there."""
    if place is not None and not Path(place).exists():
        raise SettingsError(f"{place} is not there", cause="there is no file or folder of that name",
                            hint="--catalogue takes a file, or a folder, of descriptions")
    return None if place is None else Catalogue(Path(place))


def specs(nodes: Iterable[Mapping[str, Any]]) -> tuple[ToolSpec, ...]:
    """Return a spec for each description in a row, in order; of two with one name the first counts."""
    found: dict[str, ToolSpec] = {}
    for node in nodes:
        found.setdefault(str(node.get("id", node.get("name"))), tool_of(node))
    return tuple(found.values())
