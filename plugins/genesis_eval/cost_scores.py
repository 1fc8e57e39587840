"""Measures of a choice between a strong and a weak model, as RouteLLM (arXiv:2406.18665) has them.

All are given for each data set: how much is saved at the cheapest threshold that keeps 95 % of the strong model's
accuracy, how much of the gap between the models so many strong calls recover, and the same for a choice at random and
for one that knows the outcome. ``frozen`` is at a threshold that was chosen elsewhere: the figure to report.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
Pair = tuple[float, float]
Points = Sequence[Pair]
WEAK_COST = 0.24 / 24.7
"""Price of a weak call as a share of a strong one: Mixtral-8x7B and GPT-4, a million tokens, as in RouteLLM."""
KEEP = 0.95
_CORRECT, _JUDGED = ("strong_correct", "weak_correct"), ("strong_score", "weak_score")
OUTCOMES = (*_CORRECT, *_JUDGED)
"""Columns that say how the models did."""
_GRID = 1000


def gold(row: Row) -> Pair | None:
    """Return how the strong and the weak model did on *row*: right or not, else a judge's score; None: not known."""
    for strong, weak in (_CORRECT, _JUDGED):
        if row.get(strong) not in (None, "") and row.get(weak) not in (None, ""):
            return float(row[strong]), float(row[weak])
    return None


def score(rows: Sequence[Row], made: Iterable[Row], thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return the measures of each data set; a row without a prediction counts as easy."""
    predicted = {p["id"]: float(p["score"]) for p in made}
    return {
        name: _scored(part, predicted, None if thresholds is None else thresholds.get(name))
        for name, part in parts(rows).items()
    }


def parts(rows: Iterable[Row]) -> dict[str, dict[str, Pair]]:
    """Return the known outcomes of each data set by id."""
    found: dict[str, dict[str, Pair]] = {}
    for row in rows:
        outcome = gold(row)
        if outcome is not None:
            found.setdefault(str(row.get("dataset", "")), {})[row["id"]] = outcome
    return dict(sorted(found.items()))


def _scored(outcomes: Mapping[str, Pair], predicted: Mapping[str, float], threshold: float | None) -> dict[str, Any]:
    count = len(outcomes)
    strong, weak = sum(s for s, _ in outcomes.values()) / count, sum(w for _, w in outcomes.values()) / count
    by_chance = [(k / _GRID, weak + (strong - weak) * k / _GRID) for k in range(_GRID + 1)]
    order = sorted(outcomes, key=lambda i: (-predicted.get(i, 0.0), i))
    found: dict[str, Any] = {
        "n": count, "strong": round(strong, 4), "weak": round(weak, 4),
        "random": _measures(by_chance, strong, weak),
        "oracle": _measures(_curve(sorted(outcomes.values(), key=lambda v: v[1] - v[0])), strong, weak),
    }  # fmt: skip
    missing = sum(i not in predicted for i in outcomes)
    if missing:
        found["missing"] = missing
    found["router"] = _measures(_curve([outcomes[i] for i in order]), strong, weak)
    if threshold is not None:
        found["frozen"] = _frozen(outcomes, predicted, threshold, strong)
    return found


def _curve(pairs: Points) -> list[Pair]:
    """Return share of strong calls and accuracy after each of *pairs*, in the order in which they go up."""
    count, accuracy = len(pairs), sum(w for _, w in pairs)
    found = [(0.0, accuracy / count)]
    for k, (strong, weak) in enumerate(pairs, 1):
        accuracy += strong - weak
        found.append((k / count, accuracy / count))
    return found


def _measures(points: Points, strong: float, weak: float) -> dict[str, float | None]:
    def first(target: float) -> float | None:
        return next((share for share, accuracy in points if accuracy >= target - 1e-12), None)

    calls, gap = first(KEEP * strong), strong - weak
    area = sum((a0 + a1) / 2 * (p1 - p0) for (p0, a0), (p1, a1) in pairwise(points))
    return {
        "cost_reduction_at_95": None if calls is None else round(saved(calls), 4),
        "strong_calls_at_95": None if calls is None else round(calls, 4),
        "cpt50": _rounded(first(weak + 0.5 * gap)), "cpt80": _rounded(first(weak + 0.8 * gap)),
        "apgr": round((area - weak) / gap, 4) if gap else None,
    }  # fmt: skip


def saved(calls: float) -> float:
    """Return what is not spent when a share of *calls* goes to the strong model."""
    return 1 - (calls + (1 - calls) * WEAK_COST)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _frozen(
    outcomes: Mapping[str, Pair], predicted: Mapping[str, float], threshold: float, strong: float
) -> dict[str, Any]:
    up = {i for i in outcomes if predicted.get(i, 0.0) >= threshold}
    got = sum(outcomes[i][0] for i in up) + sum(v[1] for i, v in outcomes.items() if i not in up)
    accuracy, calls = got / len(outcomes), len(up) / len(outcomes)
    return {
        "strong_calls": round(calls, 4), "accuracy_share": round(accuracy / strong, 4),
        "cost_reduction": round(saved(calls), 4), "keeps_95": accuracy >= KEEP * strong,
    }  # fmt: skip


# ---- thresholds ----------------------------------------------------------------------------------------------------


def thresholds(rows: Sequence[Row], made: Iterable[Row]) -> dict[str, float]:
    """Return for each data set the highest threshold that keeps 95 % of the strong model's accuracy on *rows*."""
    predicted = {p["id"]: float(p["score"]) for p in made}
    return {
        name: threshold([(predicted[i], *outcome, 1) for i, outcome in part.items()])
        for name, part in parts(rows).items()
    }


Weighed = tuple[float, float, float, int]
"""Score, strong, weak, and how many times it counts."""


def threshold(rows: Iterable[Weighed]) -> float:
    """Return the score of the last row that must go up; just above them all when none has to.

    Rows of one score go up together.
    """
    ordered = sorted(rows, key=lambda row: -row[0])
    need = KEEP * sum(s * n for _, s, _, n in ordered) - 1e-9
    got = sum(w * n for _, _, w, n in ordered)
    last = math.nextafter(ordered[0][0], math.inf)
    for at, (value, strong, weak, times) in enumerate(ordered):
        if got >= need and value != last:
            return last
        got += (strong - weak) * times
        last = value
        if at == len(ordered) - 1:
            return last
    return last
