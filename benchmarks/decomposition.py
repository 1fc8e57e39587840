"""Decompose requests over catalogues of tools by the hook, without a model: how good, how many edges, how fast.

    python benchmarks/decomposition.py [DATA.jsonl TOOLS] [--repeat N]

DATA holds rows ``{"id", "request", "domain", "nodes", "links", "tools"?}``, TOOLS is the folder with the tools of each
domain. Prints JSON: node and edge F1 for each domain and over those that bring no tools of their own, with intervals
of 95 % by bootstrap over rows; the share of rows with several calls and no link for which a link is predicted; tools
that are not there; CPU milliseconds a request, and what a catalogue costs when it is met for the first time. Without
DATA only the speed, over a made-up catalogue of 360 tools, beside what the rules alone take.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _common import cpu, show

from genesis_core import Task, TaskGraph, ToolSpec
from genesis_core.testing import context_for
from genesis_eval._catalogue import Catalogue, specs
from genesis_eval.graphs import Graph, read_graph
from genesis_htdag import genesis_decompose
from genesis_htdag.catalogue import catalogue
from genesis_htdag.hearing import by_rules
from genesis_htdag.tools import paragraphs, shelf_of
from genesis_htdag.traits import read

SEED, TRIES = 7, 300
Tools = tuple[ToolSpec, ...]


def predicted(request: str, tools: Tools) -> tuple[dict[str, Any], float]:
    """Return the graph that the hook answers with, and the CPU seconds that it took."""
    context = context_for(request, tools=tools)
    began = time.process_time()
    answer = genesis_decompose(Task(id="goal", kind="goal", description=request), context)
    spent = time.process_time() - began
    graph = TaskGraph(tasks=getattr(answer, "tasks", ()))
    named = {task.id: str(task.metadata["tool"]) for task in graph.tasks if "tool" in task.metadata}
    pairs = [(need, task.id) for task in graph.tasks for need in graph.waits_for(task.id)]
    links = [[named[a], named[b]] for a, b in pairs if a in named and b in named]
    return {"nodes": list(named.values()), "links": links}, spent


def hits(gold: Graph, guess: Graph) -> list[int]:
    """Return how many nodes and edges were predicted, are right, and were right to predict."""
    parts = ((guess.nodes, gold.nodes), (guess.edges, gold.edges))
    return [n for mine, theirs in parts for n in (len(mine), len(mine & theirs), len(theirs))]


def f1s(rows: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Return node and edge F1 over *rows*, in percent."""
    node = [sum(row[k] for row in rows) for k in range(3)]
    edge = [sum(row[k] for row in rows) for k in range(3, 6)]
    return round(200 * node[1] / max(node[0] + node[2], 1), 2), round(200 * edge[1] / max(edge[0] + edge[2], 1), 2)


def interval(rows: Sequence[Sequence[int]]) -> dict[str, list[float]]:
    """Return the intervals of node and edge F1."""
    draw = random.Random(SEED)
    tries = [f1s([rows[draw.randrange(len(rows))] for _ in rows]) for _ in range(TRIES)]
    found: dict[str, list[float]] = {}
    for at, name in enumerate(("node", "edge")):
        values = sorted(t[at] for t in tries)
        found[name] = [values[int(0.025 * TRIES)], values[int(0.975 * TRIES)]]
    return found


def quality(data: Path, folder: Path) -> dict[str, object]:
    """Return how good the hook's answers to the rows of *data* are."""
    place, counts, flat = Catalogue(folder), dict[str, list[list[int]]](), [0, 0]
    shared: list[list[int]] = []
    times: list[float] = []
    strange = 0
    for line in data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        tools = specs(row["tools"]) if row.get("tools") else place.tools(row["domain"])
        guess, spent = predicted(row["request"], tools)
        found = hits(read_graph(row), read_graph(guess))
        counts.setdefault(row["domain"], []).append(found)
        strange += len(set(guess["nodes"]) - {t.name for t in tools})
        if not row.get("tools"):
            shared.append(found)
            times.append(spent)
        if row["type"] == "parallel":
            flat = [flat[0] + bool(guess["links"]), flat[1] + 1]
    return {
        "shared_catalogues": f1s(shared), "intervals_95_percent": interval(shared),
        "domains": {domain: {"rows": len(rows), "node_edge_f1": f1s(rows), **interval(rows)}
                    for domain, rows in sorted(counts.items())},
        "parallel_rows_with_edges": flat[0] / max(flat[1], 1), "tools_that_are_not_there": strange,
        "milliseconds": {"median": _ms(statistics.median(times)), "p95": _ms(sorted(times)[int(0.95 * len(times))])},
    }  # fmt: skip


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def made_up() -> Tools:
    """Return 360 tools."""
    verbs = "search book cancel change send create delete compare calculate translate recommend track".split()
    nouns = [n.replace("-", " ") for n in (
        "flight hotel train ticket invoice meeting document alarm parcel recipe song route bank-account credit-card "
        "exchange-rate weather-forecast movie-review phone-number rental-car repair-request insurance-claim job-offer "
        "restaurant-table language-course museum-visit concert-seat house-plant garden-tool tax-return complaint"
    ).split()]  # fmt: skip
    return tuple(ToolSpec(name=f"{v}_{n.replace(' ', '_')}", description=f"{v.title()} a {n}", input_schema={})
                 for n in nouns for v in verbs)  # fmt: skip


def speed(repeat: int) -> dict[str, object]:
    """Return CPU time over a made-up catalogue of several hundred tools."""
    tools = made_up()
    request = (
        "Please check the weather forecast for Oslo on Friday, then book a flight and a hotel room, send the document "
        "to Ada by email, and after that cancel the rental car that I booked yesterday for account 12345."
    )
    first = predicted(request, tools)[1]
    whole = statistics.median(predicted(request, tools)[1] for _ in range(repeat + 1))
    index = catalogue((), tools, models=False)
    clauses = read([c for _, found in paragraphs(request) for c in found]).clauses
    rules = statistics.median(cpu(lambda: by_rules(clauses, index, shelf_of(index).needs)) for _ in range(repeat + 1))
    return {"tools": len(tools), "first_request_ms": _ms(first), "request_ms": _ms(whole),
            "ratio_to_rules_alone": round(whole / max(rules, 1e-9), 1)}  # fmt: skip


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("tools", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=30)
    options = parser.parse_args()
    found = quality(options.data, options.tools) if options.data and options.tools else {}
    show("decomposition", **found, large=speed(options.repeat))


if __name__ == "__main__":
    main()
