"""The evaluation ``decomposition``: requests into the tools that they call and what flows between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, Task, TaskGraph, ToolSpec

from ._catalogue import Catalogues, specs
from ._pipeline import tasks_for
from ._predictions import Prediction, Predictions
from ._rows import Row, has_gold, read_rows, shown

SHOWN = ("id", "domain", "request", "tools")
"""Fields of a row that reach a predictor; nodes, links, steps and type are gold."""


class Decomposing:
    """Predicts a graph a row, and scores them where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Callable[[int, int], None],
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, predictions, scores}``; raises SettingsError for data that can't be used."""
        rows = read_rows(data, ("id", "request"))
        folder = Path(options["tools"]) if options.get("tools") else None
        catalogues, errors = Catalogues(folder), 0
        with Predictions(predictions, [row["id"] for row in rows]) as made:
            for at, row in enumerate(rows[made.resumed :], made.resumed):
                seen = shown(row, SHOWN)
                tools = specs(seen["tools"]) if seen.get("tools") else catalogues.tools(str(seen.get("domain", "")))
                prediction, failed = await _predict(genesis, seen, tools)
                errors += failed
                made.add(prediction)
                progress(at + 1, len(rows))
        return {
            "rows": len(rows), "errors": errors, "resumed": made.resumed,
            "variant": "model" if genesis.provided.models else "heuristics",
            "predictions": str(predictions) if predictions else None,
            "scores": _scores(rows, made.made, folder),
        }  # fmt: skip


async def _predict(genesis: Genesis, row: Row, tools: tuple[ToolSpec, ...]) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether planning failed; an error of a plugin itself is not caught."""
    try:
        graph = await tasks_for(genesis, str(row["request"]), tools)
    except GenesisError:
        return {"id": row["id"], "nodes": [], "links": []}, True
    return {"id": row["id"], **as_tools(graph, {tool.name for tool in tools})}, False


def as_tools(graph: TaskGraph, known: set[str]) -> dict[str, list[Any]]:
    """Return *graph* as tool names and links between them; a task that names no tool is left out."""
    named = {task.id: name for task in graph.leaves if (name := _tool(task, known))}
    nodes = list(dict.fromkeys(named.values()))
    links = [
        [named[leaf], named[task.id]]
        for task in graph.leaves if task.id in named
        for need in graph.waits_for(task.id) for leaf in graph.leaves_of(need) if leaf in named
    ]  # fmt: skip
    return {"nodes": nodes, "links": [list(pair) for pair in dict.fromkeys(map(tuple, links))]}


def _tool(task: Task, known: set[str]) -> str:
    """Return the tool that *task* calls: what it says of itself, or whatever it names that is one.

    A task that requires what no tool is counts with that: a tool that was made up.
    """
    said = task.metadata.get("tool")
    if isinstance(said, str) and said:
        return said
    names = (*task.requires, task.agent or "", task.kind, task.id)
    return next((name for name in names if name in known), task.requires[0] if task.requires else "")


def _scores(rows: list[Row], made: list[Prediction], folder: Path | None) -> dict[str, Any] | None:
    from .graph_scores import score

    return score(rows, made, folder) if has_gold(rows, "nodes", "type") and has_gold(rows, "domain") else None
