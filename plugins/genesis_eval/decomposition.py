"""The evaluation ``decomposition``: requests into the tools that they call and what flows between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, Input, Task, TaskGraph, ToolSpec

from ._baselines import words_in_common
from ._catalogue import Catalogue, read_catalogue, specs
from ._graph_rows import check_row
from ._pipeline import tasks_for
from ._predictions import Prediction
from ._rows import Row, has_gold, read_rows, shown
from ._study import Made, Progress, Simple, Study, check_options, measured
from .graph_spread import figures, silent
from .graphs import read_graph

SHOWN = ("id", "domain", "request", "tools")
"""Fields of a row that reach a predictor; nodes, links, steps and type are gold."""
UNNAMED = "unnamed"
"""The group of rows that name none."""


class Decomposing:
    """Predicts a graph a row, and scores them where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what :func:`measured` says; raises SettingsError for data or descriptions that can't be used."""
        check_options("decomposition", options, "catalogue", "tools")
        rows = read_rows(data, ("id", "request"), check_row)
        catalogue = read_catalogue(options.get("catalogue", options.get("tools"))) or Catalogue(None)
        known = has_gold(rows, "nodes", "type")
        scored = [_grouped(row, catalogue) for row in rows] if known else []
        study = Study(
            rows=rows, sees=partial(shown, names=SHOWN), predict=partial(_predict, genesis, catalogue),
            lacks=_lacks, variant="model" if genesis.provided.models else "heuristics",
            simple=Simple("words in common with the tool", lambda row: words_in_common(row, _tools(row, catalogue))),
            score=lambda made: _score(scored, made, catalogue) if known else None,
            figures=lambda made: figures(scored, made.rows), silent=silent,
        )  # fmt: skip
        return await measured(study, options, predictions, progress)


def _lacks(prediction: Prediction) -> str:
    """Return the field without which a prediction is no graph, in any of the spellings that are read."""
    row = prediction.get("result", prediction)
    nodes = row.get("nodes", row.get("task_nodes")) if isinstance(row, dict) else None
    if not isinstance(nodes, list):
        return "nodes"
    try:
        read_graph(prediction)
    except (AttributeError, IndexError, TypeError):
        return "graph"
    return ""


def _tools(row: Row, catalogue: Catalogue) -> tuple[ToolSpec, ...]:
    return specs(row["tools"]) if row.get("tools") else catalogue.tools(str(row.get("domain", "")))


def _grouped(row: Row, catalogue: Catalogue) -> Row:
    """Return *row* with the names of its group, and of its tools where no file of its domain says which they are."""
    named = {"domain": UNNAMED, "type": UNNAMED, **row}
    listed = catalogue.folder is not None and Path(catalogue.folder, f"{named['domain']}.tool_desc.json").is_file()
    if "nodes" in row and not row.get("tools") and not listed:
        named["tools"] = [{"id": tool.name} for tool in _tools(row, catalogue)]
    return named


def _score(rows: list[Row], made: Made, catalogue: Catalogue) -> dict[str, Any]:
    from .graph_scores import score

    return score(rows, made.rows, catalogue.folder)


async def _predict(genesis: Genesis, catalogue: Catalogue, row: Row) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether planning failed; an error of a plugin itself is not caught."""
    tools = _tools(row, catalogue)
    try:
        graph = await tasks_for(genesis, str(row["request"]), tools)
    except GenesisError:
        return {"id": row["id"], "nodes": [], "links": []}, True
    return {"id": row["id"], **as_tools(graph, {tool.name for tool in tools})}, False


def as_tools(graph: TaskGraph, known: set[str]) -> dict[str, list[Any]]:
    """Return *graph* as tools and links between them; a task that names no tool is left out.

    A tool that is called with arguments is ``{"task", "arguments": [{"name", "value"}]}``, any other one its name.
    """
    named = {task.id: name for task in graph.leaves if (name := _tool(task, known))}
    places = {name: place for place, name in enumerate(dict.fromkeys(named.values()))}
    calls: dict[str, dict[str, str]] = {name: {} for name in places}
    for task_id, name in named.items():
        for parameter, given in graph[task_id].inputs.items():
            calls[name].setdefault(parameter, _value(given, named, places))
    links = [
        [named[leaf], named[task.id]]
        for task in graph.leaves if task.id in named
        for need in graph.waits_for(task.id) for leaf in graph.leaves_of(need) if leaf in named
    ]  # fmt: skip
    nodes = [{"task": name, "arguments": [{"name": n, "value": v} for n, v in given.items()]} if given else name
             for name, given in calls.items()]
    return {"nodes": nodes, "links": [list(pair) for pair in dict.fromkeys(map(tuple, links))]}


def _value(given: Input, named: Mapping[str, str], places: Mapping[str, int]) -> str:
    """Return a value as TaskBench writes it: text as it is, what another call gives as ``<node-0>``, else JSON."""
    if given.task is not None:
        return f"<node-{places[named[given.task]]}>" if given.task in named else ""
    return given.value if isinstance(given.value, str) else json.dumps(given.value, ensure_ascii=False, default=list)


def _tool(task: Task, known: set[str]) -> str:
    """Return the tool that *task* calls: what it says of itself, or whatever it names that is one.

    A task that requires what no tool is counts with that: a tool that was made up.
    """
    said = task.metadata.get("tool")
    if isinstance(said, str) and said:
        return said
    names = (*task.requires, task.agent or "", task.kind, task.id)
    return next((name for name in names if name in known), task.requires[0] if task.requires else "")
