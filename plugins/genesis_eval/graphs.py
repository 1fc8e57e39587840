"""Task graphs as rows have them, gold or predicted, in any of the spellings in use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis_core import GenesisError, SettingsError, read_json

_NODE = re.compile(r"<node-(\d+)>")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """Tools, links and arguments as sets of canonical names."""

    nodes: set[str]
    edges: set[Pair]
    names: set[Pair]
    """Tool and argument."""
    values: set[tuple[str, str, str]]
    """Tool, argument and value."""
    steps: str
    length: int
    """Number of calls: a tool called twice is one node, but two calls."""

    def parts(self, measure: str) -> set[Any]:
        """Return the set that *measure* compares."""
        sets: dict[str, set[Any]] = {
            "node": self.nodes,
            "edge": self.edges,
            "arg_name": self.names,
            "arg_value": self.values,
        }
        return sets[measure]


def canonical(name: object) -> str:
    """Return *name* in lower case, with blanks for underscores."""
    return str(name).replace("_", " ").strip().lower()


def read_graph(row: Mapping[str, Any]) -> Graph:
    """Return the graph of *row*: nodes as names or objects, links given or read from ``<node-i>`` arguments."""
    row = row.get("result", row)
    nodes = [n if isinstance(n, dict) else {"task": n} for n in row.get("nodes", row.get("task_nodes")) or ()]
    tools = [canonical(n.get("task", n.get("id", ""))) for n in nodes]
    names: set[Pair] = set()
    values: set[tuple[str, str, str]] = set()
    edges: set[Pair] = set()
    for at, node in enumerate(nodes):
        for name, value in _arguments(node):
            names.add((tools[at], canonical(name)))
            values.add((tools[at], canonical(name), value.strip().lower()))
            sources = (int(m) for m in _NODE.findall(value))
            edges.update((tools[s], tools[at]) for s in sources if s < len(tools) and s != at)
    links = row.get("links", row.get("task_links"))
    return Graph(set(tools), edges if links is None else _edges(links), names, values, _steps(row), len(tools))


def _arguments(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = node.get("arguments") or ()
    if isinstance(given, dict):
        return [(str(name), str(value)) for name, value in given.items()]
    known = [a if isinstance(a, dict) else {"name": "", "value": a} for a in given]
    return [(str(a.get("name", "")), str(a.get("value", ""))) for a in known]


def _edges(links: Sequence[Any]) -> set[Pair]:
    ends = ((e.get("source"), e.get("target")) if isinstance(e, dict) else (e[0], e[1]) for e in links)
    return {(canonical(source), canonical(target)) for source, target in ends}


def _steps(row: Mapping[str, Any]) -> str:
    steps = row.get("steps", row.get("task_steps")) or ()
    return "\n".join(s if isinstance(s, str) else str(s.get("step", s.get("task", s))) for s in steps)


def known_graph(folder: Path | None, domain: str) -> tuple[set[str] | None, set[Pair] | None]:
    """Return the tools and the links of *domain* that its files in *folder* know; None where there is no file."""
    if folder is None:
        return None, None
    tools, graph = folder / f"{domain}.tool_desc.json", folder / f"{domain}.graph_desc.json"
    return (
        {canonical(_named(t)) for t in _listed(tools, "nodes", "tools")} if tools.is_file() else None,
        _edges(_listed(graph, "links")) if graph.is_file() else None,
    )


def _named(tool: Any) -> object:
    return tool.get("id", tool.get("name", "")) if isinstance(tool, Mapping) else ""


def _listed(path: Path, *names: str) -> list[Any]:
    """Return the list that *path* holds under one of *names*; raises SettingsError when it holds none."""
    hint = "it takes what TaskBench has: {\"nodes\": [{\"id\"}]}, {\"links\": [{\"source\", \"target\"}]}"
    try:
        found: object = read_json(path.read_text("utf-8"))
    except (OSError, ValueError, GenesisError) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint=hint) from None
    table: Mapping[str, Any] = found if isinstance(found, Mapping) else {names[0]: found}
    value = next((table[name] for name in names if name in table), None)
    ends = ("source", "target") if names == ("links",) else ()
    if not isinstance(value, list) or not all(isinstance(v, Mapping) and all(e in v for e in ends) for v in value):
        raise SettingsError(f"{path} has no {names[0]!r}", cause="there is no list of objects of that name", hint=hint)
    return value
