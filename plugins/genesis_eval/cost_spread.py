"""What the choice of a model comes to on rows that were drawn again, those that its threshold was chosen on as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._intervals import Figures, Path
from ._study import Made
from .cost_scores import KEEP, Row, gold, saved, threshold

__all__ = ["figures", "parts_of"]

Judged = tuple[int, float, float, float]
"""Number of the row, its score, and how the strong and the weak model did on it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One data set: its rows, and those that its threshold is chosen on, the surest of a strong model first."""

    name: str
    rows: Sequence[Judged]
    before: Sequence[Judged]


def parts_of(rows: Sequence[Row], before: Sequence[Row]) -> list[list[int]]:
    """Return the numbers of the rows of each data set, in either file: they are drawn among each other."""
    found: dict[tuple[bool, str], list[int]] = {}
    for number, row in enumerate((*rows, *before)):
        found.setdefault((number < len(rows), str(row.get("dataset", ""))), []).append(number)
    return list(found.values())


def figures(rows: Sequence[Row], before: Sequence[Row], made: Made) -> Figures:
    """Return what gives saving and accuracy kept at the frozen threshold, and the saving at the best one."""
    here = _judged(rows, {p["id"]: float(p["score"]) for p in made.rows}, 0)
    there = _judged(before if made.before else (), {p["id"]: float(p["score"]) for p in made.before}, len(rows))
    whole = [_Part(name, here[name], there.get(name, ())) for name in sorted(here)]

    def drawn(times: Sequence[int]) -> Mapping[Path, float | None]:
        found: dict[Path, float | None] = {}
        for part in whole:
            found.update(_of_part(part, times))
        return found

    return drawn


def _judged(rows: Sequence[Row], predicted: Mapping[str, float], first: int) -> dict[str, list[Judged]]:
    found: dict[str, list[tuple[str, Judged]]] = {}
    for number, row in enumerate(rows, first):
        outcome = gold(row)
        if outcome is not None:
            value = (row["id"], (number, predicted.get(row["id"], 0.0), *outcome))
            found.setdefault(str(row.get("dataset", "")), []).append(value)
    return {name: [v for _, v in sorted(part, key=lambda one: (-one[1][1], one[0]))] for name, part in found.items()}


def _of_part(part: _Part, times: Sequence[int]) -> dict[Path, float | None]:
    count = sum(times[n] for n, *_ in part.rows)
    strong = sum(s * times[n] for n, _, s, _ in part.rows)
    found: dict[Path, float | None] = {(part.name, "router", "cost_reduction_at_95"): _best(part, times, count, strong)}
    chosen = [(value, s, w, times[n]) for n, value, s, w in part.before if times[n]]
    if chosen and count:
        limit, up, got = threshold(chosen), 0, 0.0
        for number, value, right, weak in part.rows:
            up += times[number] if value >= limit else 0
            got += times[number] * (right if value >= limit else weak)
        found[part.name, "cost_reduction"] = saved(up / count)
        found[part.name, "accuracy_share"] = got / (strong or 1.0)
    return found


def _best(part: _Part, times: Sequence[int], count: int, strong: float) -> float | None:
    """Return what is saved with the fewest strong calls, the surest first, that keep 95 % of its accuracy."""
    need = KEEP * strong - 1e-12 * count
    got = sum(w * times[n] for n, _, _, w in part.rows)
    calls = 0
    if got >= need:
        return saved(0.0)
    for number, _, right, weak in part.rows:
        for _ in range(times[number]):
            calls += 1
            got += right - weak
            if got >= need:
                return saved(calls / count)
    return None
