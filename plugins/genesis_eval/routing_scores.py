"""Measures of routing: how often the first agent is right, or one of three, and how far confidence can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SURE = 0.92
"""Accuracy that the surest rows must have to count as covered."""
_NOTHING: Mapping[str, Any] = {"ranked": (), "confidence": 0, "reason": ""}


def score(gold: Sequence[Mapping[str, Any]], predicted: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return ``rows, top1, top3, macro_top1, coverage_at_92, explained``, each but the first a share of the rows.

    ``macro_top1`` is the mean over agents; ``coverage_at_92`` the largest share of rows, taken by falling confidence
    (ties in the order of the data), on which the first agent is right 92 times in 100.
    """
    by_id = {p["id"]: p for p in predicted}
    answers = [by_id.get(row["id"], _NOTHING) for row in gold]
    right = [bool(a["ranked"]) and a["ranked"][0] == row["agent"] for row, a in zip(gold, answers, strict=True)]
    near = [row["agent"] in a["ranked"][:3] for row, a in zip(gold, answers, strict=True)]
    count = len(gold)
    return {
        "rows": count,
        "top1": sum(right) / count,
        "top3": sum(near) / count,
        "macro_top1": _macro(gold, right),
        "coverage_at_92": _covered(answers, right) / count,
        "explained": sum(bool((a.get("reason") or "").strip()) for a in answers) / count,
    }


def _macro(gold: Sequence[Mapping[str, Any]], right: Sequence[bool]) -> float:
    agents: dict[str, list[bool]] = {}
    for row, ok in zip(gold, right, strict=True):
        agents.setdefault(row["agent"], []).append(ok)
    return sum(sum(hits) / len(hits) for hits in agents.values()) / len(agents)


def _covered(answers: Sequence[Mapping[str, Any]], right: Sequence[bool]) -> int:
    """Return the largest number of rows, surest first, of which at least SURE are right."""
    order = sorted(range(len(right)), key=lambda i: -float(answers[i].get("confidence") or 0))
    best = hits = 0
    for taken, i in enumerate(order, 1):
        hits += right[i]
        if hits / taken >= SURE:
            best = taken
    return best
