"""Measures of task graphs, as TaskBench (arXiv:2311.18760) has them: tools, links, arguments and steps against gold.

Micro figures pool the counts of all rows; macro figures are means over rows, as GNN4TaskPlan (arXiv:2405.19119)
reports. A predicted tool that does not exist is a false positive, a gold row without a prediction an empty one, and the
macro mean of links is over rows that have gold links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .graphs import Graph, canonical, known_graph, read_graph
from .text_scores import f1, overlap

Row = Mapping[str, Any]
Pair = tuple[str, str]
MEASURED = ("node", "edge", "arg_name", "arg_value")


@dataclass(slots=True)
class Tally:
    """Counts over the rows of one group."""

    rows: int = 0
    missing: int = 0
    exact: int = 0
    right_length: int = 0
    hits: dict[str, list[int]] = field(default_factory=lambda: {m: [0, 0, 0] for m in MEASURED})
    """True positives, false positives and false negatives of each measure."""
    means: dict[str, list[float]] = field(default_factory=dict)
    invented: dict[str, list[int]] = field(default_factory=dict)
    """Of nodes and edges: how many do not exist, and how many were predicted."""

    def add(self, gold: Graph, guess: Graph, tools: set[str] | None, edges: set[Pair] | None) -> None:
        """Count one row."""
        self.rows += 1
        self.right_length += gold.length == guess.length
        self.exact += gold.nodes == guess.nodes and gold.edges == guess.edges
        for measure in MEASURED:
            self._compare(measure, gold.parts(measure), guess.parts(measure))
        if gold.steps:
            for size in (1, 2):
                self.means.setdefault(f"rouge{size}", []).append(overlap(gold.steps, guess.steps, size))
        for kind, real, guessed in (("node", tools, guess.nodes), ("edge", edges, guess.edges)):
            if real is not None:
                tally = self.invented.setdefault(kind, [0, 0])
                tally[0] += len(set(guessed) - set(real))
                tally[1] += len(guessed)

    def _compare(self, measure: str, gold: set[Any], guess: set[Any]) -> None:
        both, only_guess, only_gold = len(gold & guess), len(guess - gold), len(gold - guess)
        for at, value in enumerate((both, only_guess, only_gold)):
            self.hits[measure][at] += value
        if gold:
            self.means.setdefault(measure, []).append(f1(both, only_guess, only_gold))

    def figures(self) -> dict[str, Any]:
        """Return the measures as percentages with two decimals."""
        found: dict[str, Any] = {"n": self.rows, "missing": self.missing}
        for measure in MEASURED:
            found.update(self._measure(measure))
        both, only_guess, only_gold = self.hits["node"]
        found["node_precision"] = _percent(both, both + only_guess)
        found["node_recall"] = _percent(both, both + only_gold)
        found["exact"] = _percent(self.exact, self.rows)
        found["count_ok"] = _percent(self.right_length, self.rows)
        for name in ("rouge1", "rouge2"):
            if self.means.get(name):
                found[name] = _mean(self.means[name])
        found.update({f"{k}_halluc": _percent(bad, all_) for k, (bad, all_) in self.invented.items() if all_})
        return found

    def _measure(self, measure: str) -> dict[str, Any]:
        hits, means = self.hits[measure], self.means.get(measure, [])
        if measure.startswith("arg") and hits[0] + hits[2] == 0:
            return {}
        if measure == "edge" and not means:
            return {"edge_f1": None, "edge_false_positives": hits[1]}
        return {f"{measure}_f1": round(100 * f1(*hits), 2), f"{measure}_f1_macro": _mean(means) if means else None}


def _mean(values: Sequence[float]) -> float:
    return round(100 * sum(values) / len(values), 2)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def score(gold: Sequence[Row], predicted: Iterable[Row], folder: Path | None = None) -> dict[str, Any]:
    """Return the figures by domain, by ``type:`` and over ``all``; rows with no nodes are scored by their shape."""
    by_id = {str(p["id"]): p for p in predicted}
    if gold and "nodes" not in gold[0]:
        return {"shapes": shapes(gold, by_id)}
    tallies: dict[str, Tally] = {}
    known: dict[str, tuple[set[str] | None, set[Pair] | None]] = {}
    for row in gold:
        domain = row["domain"]
        if domain not in known:
            known[domain] = known_graph(folder, domain)
        tools, edges = known[domain]
        if row.get("tools"):
            tools = {canonical(tool.get("id", tool.get("name"))) for tool in row["tools"]}
        found = by_id.get(str(row["id"]))
        truth, guess = read_graph(row), read_graph(found or {"nodes": [], "links": []})
        for group in (domain, "type:" + row["type"], "all"):
            tally = tallies.setdefault(group, Tally())
            tally.missing += found is None
            tally.add(truth, guess, tools, edges)
    order = sorted(tallies, key=lambda group: (group == "all", group.startswith("type:"), group))
    return {group: tallies[group].figures() for group in order}


def shapes(gold: Sequence[Row], by_id: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    """Return how often the predicted ``type`` is the gold one, by domain and over ``all``."""
    found: dict[str, dict[str, Any]] = {}
    for domain in (*sorted({row["domain"] for row in gold}), "all"):
        rows = [row for row in gold if domain in ("all", row["domain"])]
        pairs = [(row["type"], by_id.get(str(row["id"]), {}).get("type")) for row in rows]
        each = {kind: _kind(kind, pairs) for kind in sorted({row["type"] for row in rows})}
        found[domain] = {
            "n": len(rows),
            "accuracy": round(100 * sum(a == b for a, b in pairs) / len(rows), 2),
            "macro_f1": round(100 * sum(each.values()) / len(each), 2),
            **{f"f1_{kind}": round(100 * value, 2) for kind, value in each.items()},
        }
    return found


def _kind(kind: str, pairs: Sequence[tuple[str, object]]) -> float:
    return f1(
        sum(a == kind == b for a, b in pairs),
        sum(b == kind != a for a, b in pairs),
        sum(a == kind != b for a, b in pairs),
    )
