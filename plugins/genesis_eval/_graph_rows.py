"""Rows of task graphs: what is no graph is refused, with the field that is none, before anything is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_core import SettingsError

from ._catalogue import specs
from ._rows import Row, check_texts, wrong

__all__ = ["check_row"]

NODES = 'a list of names, or of {"task": name, "arguments": [...]}'
LINKS = 'a list of [from, to], or of {"source": from, "target": to}'
STEPS = "a list of texts"
ARGUMENTS = '[{"name": name, "value": value}], or {name: value}'


def check_row(row: Row, place: str) -> None:
    """Raise SettingsError naming the field of *row* that can't be read; the spellings are those of ``read_graph``."""
    check_texts(row, place, "request", "domain", "type")
    _check_tools(row, place)
    graph = row.get("result", row)
    if not isinstance(graph, Mapping):
        raise wrong(place, "result", graph, "an object with nodes and links")
    for name in ("nodes", "task_nodes"):
        for node in _items(graph, place, name, NODES):
            _check_node(node, place, name)
    for name in ("links", "task_links"):
        for link in _items(graph, place, name, LINKS):
            if not _is_link(link):
                raise wrong(place, name, link, LINKS)
    for name in ("steps", "task_steps"):
        for step in _items(graph, place, name, STEPS):
            if not isinstance(step, str | Mapping):
                raise wrong(place, name, step, STEPS)


def _items(row: Row, place: str, name: str, takes: str) -> list[Any]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(place, name, value, takes)
    return value


def _check_node(node: object, place: str, name: str) -> None:
    tool = node.get("task", node.get("id")) if isinstance(node, Mapping) else node
    if not isinstance(tool, str):
        raise wrong(place, name, node, NODES)
    given = node.get("arguments") if isinstance(node, Mapping) else None
    if given is not None and not isinstance(given, list | Mapping):
        raise wrong(place, f"{name} arguments", given, ARGUMENTS)


def _is_link(link: object) -> bool:
    if isinstance(link, Mapping):
        return all(isinstance(link.get(end), str) for end in ("source", "target"))
    return isinstance(link, list) and len(link) == 2 and all(isinstance(end, str) for end in link)


def _check_tools(row: Row, place: str) -> None:
    for tool in _items(row, place, "tools", takes := 'a list of {"id": name, "desc": text, "parameters": [...]}'):
        name = tool.get("id", tool.get("name")) if isinstance(tool, Mapping) else None
        if not isinstance(name, str) or not name:
            raise wrong(place, "tools", tool, takes)
    try:
        specs(row.get("tools") or ())
    except SettingsError as error:
        raise SettingsError(f"{place}: 'tools': {error.message}", cause=error.cause, hint=error.hint) from None
