"""Find the groups of nodes that reach each other, and a shortest cycle through each; linear, no recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

Graph = Mapping[str, Sequence[str]]
"""Each node and what it points at; nodes that are only pointed at may be missing."""


def strongly_connected(graph: Graph) -> list[list[str]]:
    """Return the groups of two or more nodes that all reach each other, in declaration order.

    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1(2), 1972, with the call
    stack written out: time and memory are linear in nodes plus edges, and a chain of any length is no problem.
    """
    search = _Search(graph)
    for node in graph:
        if node not in search.number:
            search.from_node(node)
    place = {node: index for index, node in enumerate(graph)}
    groups = [sorted(group, key=lambda n: place.get(n, 0)) for group in search.groups]
    return sorted(groups, key=lambda group: place[group[0]])


class _Search:
    """What Tarjan's search has seen so far."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.number: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.open: list[str] = []
        self.is_open: set[str] = set()
        self.groups: list[list[str]] = []

    def from_node(self, start: str) -> None:
        """Visit everything that *start* reaches."""
        path = [(start, iter(self._enter(start)))]
        while path:
            node, targets = path[-1]
            target = next((t for t in targets if self._is_new(node, t)), None)
            if target is not None:
                path.append((target, iter(self._enter(target))))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self.low[above] = min(self.low[above], self.low[node])
            self._leave(node)

    def _enter(self, node: str) -> Sequence[str]:
        self.number[node] = self.low[node] = len(self.number)
        self.open.append(node)
        self.is_open.add(node)
        return self.graph.get(node, ())

    def _is_new(self, node: str, target: str) -> bool:
        if target in self.is_open:
            self.low[node] = min(self.low[node], self.number[target])
        return target not in self.number

    def _leave(self, node: str) -> None:
        if self.low[node] != self.number[node]:
            return
        group = [self.open.pop()]
        while group[-1] != node:
            group.append(self.open.pop())
        self.is_open.difference_update(group)
        if len(group) > 1:
            self.groups.append(group)


def shortest_cycle(graph: Graph, group: Sequence[str]) -> list[str]:
    """Return the nodes of a shortest cycle through the first of a group, in order; ties by declaration order.

    A node that points at itself makes no cycle.
    """
    start, members = group[0], set(group)
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for target in graph.get(node, ()):
            if target == start != node:
                return _path(came_from, start, node)
            if target in members and target not in came_from:
                came_from[target] = node
                waiting.append(target)
    raise ValueError(f"{start!r} is in no cycle")


def _path(came_from: Mapping[str, str], start: str, end: str) -> list[str]:
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
