"""The headline measures of graphs on rows that were drawn again: F1 of tools and of links, by domain and over all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._intervals import Figures, Path
from .graphs import read_graph
from .text_scores import f1

__all__ = ["figures"]

MEASURED = ("node", "edge")
Counts = Sequence[int]
"""Right, wrong and missing, of tools and then of links."""
Row = Mapping[str, Any]


def figures(gold: Sequence[Row], predicted: Iterable[Row]) -> Figures:
    """Return what gives the pooled F1 of tools and of links; nothing for rows that are scored by their shape."""
    if gold and "nodes" not in gold[0]:
        return lambda times: {}
    by_id = {str(p["id"]): p for p in predicted}
    counted = [(str(row["domain"]), _counts(row, by_id.get(str(row["id"])))) for row in gold]

    def drawn(times: Sequence[int]) -> Mapping[Path, float | None]:
        sums: dict[str, list[int]] = {}
        for (domain, counts), often in zip(counted, times, strict=True):
            if often:
                place = sums.setdefault(domain, [0] * len(counts))
                for at, count in enumerate(counts):
                    place[at] += often * count
        whole = [sum(values) for values in zip(*sums.values(), strict=True)]
        groups = (*sorted(sums.items()), ("all", whole))
        return {path: value for name, found in groups for path, value in _of_group(name, found).items()}

    return drawn


def _counts(row: Row, guess: Row | None) -> Counts:
    truth, made = read_graph(row), read_graph(guess or {"nodes": [], "links": []})
    found: list[int] = []
    for measure in MEASURED:
        wanted, given = truth.parts(measure), made.parts(measure)
        found += [len(wanted & given), len(given - wanted), len(wanted - given)]
    return found


def _of_group(name: str, found: Sequence[int]) -> dict[Path, float | None]:
    node, edge = found[:3], found[3:]
    linked = edge[0] + edge[2] > 0
    return {(name, "node_f1"): 100 * f1(*node), (name, "edge_f1"): 100 * f1(*edge) if linked else None}
