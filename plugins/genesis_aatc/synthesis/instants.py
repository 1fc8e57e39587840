"""Pieces that are dates and times: read, rounded to slots, and shown in parts."""

from __future__ import annotations

from collections.abc import Sequence

from .budget import Budget
from .expressions import Atom, Expr, apply, const, join
from .operations import OPS
from .places import Pool
from .quantities import pair
from .weights import weight

__all__ = ["instants", "moments_in"]

_OF_DAY = ("year", "short year", "month", "month two", "month name", "month short", "day", "day two", "day ordinal",
           "weekday", "weekday short", "quarter", "week", "week two", "week of month", "day of year",
           "day of year three")  # fmt: skip
_OF_TIME = ("hour", "hour two", "hour of twelve", "hour of twelve two", "minute", "second", "half", "half low",
            "minute of day")  # fmt: skip
_HOURS = ("hour", "hour two", "hour of twelve", "hour of twelve two")
_RARE = {"day ordinal": 0.3, "week": 0.4, "week two": 0.4, "week of month": 0.6, "day of year": 0.4,
         "day of year three": 0.5, "quarter": 0.3, "minute of day": 0.8, "hour of twelve two": 0.2}  # fmt: skip
_SLOTS = (15, 30, 60, 120, 10, 5, 20, 180, 240, 360, 720)


def moments_in(texts: Sequence[Atom], budget: Budget) -> list[Atom]:
    """Return the dates and times of day that stand in the same way in every one of the texts."""
    found: dict[tuple[object, ...], Atom] = {}
    for atom in texts:
        if not budget.step() or any(len(value) < 3 for value in atom.values):
            continue
        for args, cost in ((("moment", False), 0.0), (("moment", True), 0.3), (("clock",), 0.0)):
            op, *rest = args
            moment = apply(str(op), OPS, atom, *rest, cost=weight("read moment") + cost)
            if moment is not None and _cheaper(moment, found):
                found[moment.values] = moment
    return sorted(found.values(), key=lambda atom: atom.expr.cost)[:6]


def _cheaper(atom: Atom, found: dict[tuple[object, ...], Atom]) -> bool:
    return atom.values not in found or atom.expr.cost < found[atom.values].expr.cost


def instants(moments: Sequence[Atom], outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add to *pool* the parts of these dates and times that stand in the outputs, also of times rounded."""
    for moment in moments:
        parts = _OF_TIME if moment.expr.op == "clock" else (*_OF_DAY, *_OF_TIME)
        for part in parts:
            rare = _RARE.get(part, 0.0) + (weight("half missing") if "twelve" in part else 0.0)
            shown = apply(f"show {part}", OPS, moment, cost=weight("show") + rare)
            if shown is not None and budget.step() and _within(shown.values, outputs):
                pool.add(shown)
        _slots(moment, outputs, pool, budget)


def _slots(moment: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add times as they are and rounded to slots, and slots from beginning to end."""
    _clocks(moment, outputs, pool, budget)
    for minutes in _SLOTS:
        odd = 0.5 if minutes in {5, 10, 20, 180, 240, 360, 720} else 0.0
        for way in ("nearest", "upward"):
            rounded = apply(way, OPS, moment, minutes, cost=weight("slot") + odd + weight("way"))
            # What changes no example is not what they show.
            if rounded is not None and rounded.values != moment.values:
                _clocks(rounded, outputs, pool, budget)
        for first in (0, minutes // 2):
            start = apply("slot", OPS, moment, minutes, first,
                          cost=weight("slot") + odd + weight("slot first") * (first > 0))  # fmt: skip
            if first == 0 and start is not None and start.values != moment.values:
                _clocks(start, outputs, pool, budget)
                _clocks(apply("later", OPS, start, minutes, cost=0.8), outputs, pool, budget)
            for length in (minutes, minutes - 1):
                end = start and apply("later", OPS, start, length)
                if start is not None and end is not None:
                    _ranges(start, end, outputs, pool, budget)


def _templates(outputs: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the ways to write a time of day of which the outputs hold at least the marks."""
    found: list[tuple[str, ...]] = []
    for hour in _HOURS:
        for tail in ((), (":", "minute"), (":", "minute", ":", "second"), (".", "minute"), ("h", "minute")):
            found.append((hour, *tail))
            for half in ("half", "half low"):
                found += [(hour, *tail, half), (hour, *tail, " ", half)] if "twelve" in hour else []
    return [one for one in found if all(mark in out for out in outputs for mark in one if mark in ":.h ")]


def _shown(moment: Atom, template: Sequence[str]) -> Atom:
    """Return *moment* shown by the parts and marks of *template*."""
    parts, texts = [], [""] * len(moment.values)
    for one in template:
        if f"show {one}" in OPS:
            texts = [text + OPS[f"show {one}"].run(value) for text, value in zip(texts, moment.values, strict=True)]
            parts.append(Expr(f"show {one}", (moment.expr,), 0.0))
        else:
            texts = [text + one for text in texts]
            parts.append(const(one, 0.0))
    whole = join(parts)
    cost = moment.expr.cost + weight("clock format") + 0.1 * len(template)
    if any("twelve" in one for one in template) and not any("half" in one for one in template):
        cost += weight("half missing")
    return Atom(Expr(whole.op, whole.args, cost), tuple(texts))


def _clocks(moment: Atom | None, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add the ways to write the time of *moment* that stand in the outputs."""
    if moment is None:
        return
    for template in _templates(outputs):
        shown = _shown(moment, template)
        if budget.step(4) and _within(shown.values, outputs):
            pool.add(shown)


def _ranges(start: Atom, end: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add ranges of time from *start* to *end*, both written in the same way."""
    for template in _templates(outputs):
        if budget.step(8):
            pair(_shown(start, template), _shown(end, template), weight("clock format"), outputs, pool)


def _within(values: Sequence[object], outputs: Sequence[str]) -> bool:
    return all(isinstance(value, str) and value and value in output
               for value, output in zip(values, outputs, strict=True))  # fmt: skip
