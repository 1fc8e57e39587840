"""The headline measures of graphs on rows that were drawn again: F1 of tools, links and arguments, in each domain.

And which of all measures are of something that was never predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._intervals import Figures, Path
from .graphs import read_graph
from .text_scores import f1

__all__ = ["figures", "silent"]

MEASURED = ("node", "edge", "arg_value")
ARGUMENTS = tuple(f"{name}_f1{mean}" for name in ("arg_name", "arg_value") for mean in ("", "_macro"))
Counts = Sequence[int]
"""Right, wrong and missing, of tools, of links and of arguments."""
Row = Mapping[str, Any]


def figures(gold: Sequence[Row], predicted: Iterable[Row]) -> Figures:
    """Return what gives the pooled F1 of tools, links and arguments; nothing for rows scored by their shape."""
    if gold and "nodes" not in gold[0]:
        return lambda times: {}
    by_id = {str(p["id"]): p for p in predicted}
    unsaid = ARGUMENTS[0] in silent(list(by_id.values()))
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
        return {path: value for name, found in groups for path, value in _of_group(name, found, unsaid).items()}

    return drawn


def _counts(row: Row, guess: Row | None) -> Counts:
    truth, made = read_graph(row), read_graph(guess or {"nodes": [], "links": []})
    found: list[int] = []
    for measure in MEASURED:
        wanted, given = truth.parts(measure), made.parts(measure)
        found += [len(wanted & given), len(given - wanted), len(wanted - given)]
    return found


def _of_group(name: str, found: Sequence[int], unsaid: bool) -> dict[Path, float | None]:
    """Return the scores of a group; what the rows have nothing of, or the predictions never say, has none."""
    node, edge, argument = found[:3], found[3:6], found[6:]
    linked, given = edge[0] + edge[2] > 0, argument[0] + argument[2] > 0
    return {(name, "node_f1"): 100 * f1(*node), (name, "edge_f1"): 100 * f1(*edge) if linked else None,
            (name, "arg_value_f1"): 100 * f1(*argument) if given and not unsaid else None}


def silent(predicted: Sequence[Row]) -> list[str]:
    """Return the measures of arguments where no prediction has one, and those of steps where none has a step."""
    graphs = [read_graph(row) for row in predicted]
    return [*([] if any(graph.names for graph in graphs) else ARGUMENTS),
            *([] if any(graph.steps for graph in graphs) else ["rouge1", "rouge2"])]
