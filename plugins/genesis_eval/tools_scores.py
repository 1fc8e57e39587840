"""How many tools are right on every unseen example, how many are offered and wrong, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._intervals import wilson

Row = Mapping[str, Any]


def score(rows: Sequence[Row], predictions: Sequence[Row]) -> dict[str, Any]:
    """Return shares of all rows: ``solved, partial, refused, wrong``; seconds; intervals; and ``features``."""
    made = {p["id"]: p for p in predictions}
    judged = [_judged(row, made.get(row["id"], {})) for row in rows]
    count, solved = len(rows), sum(right == 1.0 for right in judged)
    seconds = sorted(float(made.get(row["id"], {}).get("seconds") or 0) for row in rows)
    refused = sum(right is None for right in judged)
    wrong = count - solved - refused
    return {
        "rows": count, "solved": solved / count, "partial": sum(right or 0.0 for right in judged) / count,
        "refused": refused / count, "wrong": wrong / count,
        "seconds": {"p50": seconds[count // 2], "p95": seconds[int(count * 0.95)], "most": seconds[-1]},
        "solved_95": _between(solved, count), "wrong_95": _between(wrong, count),
        "features": {name: _share(rows, judged, name) for name in sorted({f for row in rows for f in _features(row)})},
    }  # fmt: skip


def _judged(row: Row, prediction: Row) -> float | None:
    """Return the share of unseen examples that are right; None where no tool was offered."""
    outputs = prediction.get("outputs")
    if not outputs:
        return None
    wanted = [e["output"] for e in row["unseen"]]
    if len(outputs) != len(wanted):
        return 0.0
    right = sum(bool(a == b) for a, b in zip(wanted, outputs, strict=True))
    return right / len(wanted)


def _features(row: Row) -> Sequence[str]:
    return tuple(row.get("features", ()))


def _share(rows: Sequence[Row], judged: Sequence[float | None], name: str) -> float:
    found = [right == 1.0 for row, right in zip(rows, judged, strict=True) if name in _features(row)]
    return round(sum(found) / len(found), 3)


def _between(hits: int, count: int) -> dict[str, float]:
    low, high = wilson(hits / count, count)
    return {"low": round(low, 4), "high": round(high, 4)}
