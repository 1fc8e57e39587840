"""Make values of any kind: try operations on what is given, cheapest first, and never keep the same values twice."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Any

from .branches import Solve
from .budget import Budget
from .expressions import Atom, Expr, apply, given
from .kinds import kind
from .operations import OPS
from .rules import constants, pairs, steps

__all__ = ["made", "reached"]

# How many values are taken up and worked on, and how far-fetched they may be.
MOST_TAKEN = 200
MOST_COST = 5.5
PARTNERS = 16
# Values that take more characters than this to write are given, never made.
MOST_WRITTEN = 20_000


class _Reach:
    """Values that can be made from the sources, each with the cheapest way to it."""

    def __init__(self, sources: Sequence[Atom], outputs: Sequence[Any], budget: Budget) -> None:
        self.outputs = tuple(outputs)
        self.budget = budget
        inputs = [value for atom in sources for value in atom.values]
        self.known = constants(inputs, outputs)
        self.known["name"] = _new_names(outputs)
        self.turn = count()
        self.queue: list[tuple[float, int, Atom]] = []
        self.best: dict[str, float] = {}
        self.taken: list[Atom] = []
        self.hits: list[Atom] = []
        for at, atom in enumerate(sources):
            self.offer(Atom(Expr(atom.expr.op, atom.expr.args, atom.expr.cost + 0.05 * at), atom.values))

    def offer(self, atom: Atom | None) -> None:
        """Keep *atom* when its values are new or cheaper than before."""
        if atom is None or atom.expr.cost > MOST_COST:
            return
        try:
            key = repr(atom.values)
        except ValueError:  # a whole number of more digits than Python writes
            return
        if len(key) > MOST_WRITTEN and atom.expr.op != "input":
            return
        hit = atom.values == self.outputs and key == repr(self.outputs)
        if hit and len(self.hits) < 12:
            self.hits.append(atom)
        if self.best.get(key, MOST_COST + 1) <= atom.expr.cost:
            return
        self.best[key] = atom.expr.cost
        heapq.heappush(self.queue, (atom.expr.cost, next(self.turn), atom))

    def run(self, most: int) -> None:
        """Take up one value after the other, cheapest first."""
        while self.queue and len(self.taken) < most and self.budget.step(4):
            cost, _, atom = heapq.heappop(self.queue)
            if self.hits and cost > self.hits[0].expr.cost + 1.0:
                return
            if self.best[repr(atom.values)] < cost:
                continue
            self.taken.append(atom)
            self._alone(atom)
            for partner in self.taken[:PARTNERS]:
                self._together(partner, atom)
                if partner is not atom:
                    self._together(atom, partner)

    def _alone(self, atom: Atom) -> None:
        for op, args, cost in steps(atom, self.known):
            if self.budget.step():
                self.offer(apply(op, OPS, atom, *args, cost=cost))

    def _together(self, left: Atom, right: Atom) -> None:
        for op, cost in pairs(left, right):
            if left.expr.cost + right.expr.cost + cost <= MOST_COST and self.budget.step():
                self.offer(_two(op, left, right, cost))


def _two(op: str, left: Atom, right: Atom, cost: float) -> Atom | None:
    """Return *op* on two atoms, or None when it fails in some example."""
    from .expressions import FAILURES

    try:
        values = tuple(OPS[op].run(one, other) for one, other in zip(left.values, right.values, strict=True))
    except FAILURES:
        return None
    return Atom(Expr(op, (left.expr, right.expr), left.expr.cost + right.expr.cost + cost), values)


def _new_names(outputs: Sequence[Any]) -> list[str]:
    """Return the names of fields in the outputs."""
    rows = [row for value in outputs for row in (value if isinstance(value, list) else [value])]
    return list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))[:8]


def reached(sources: Sequence[Atom], outputs: Sequence[Any], budget: Budget, most: int = 60) -> list[Atom]:
    """Return values that can be made from *sources* in few steps, cheapest first."""
    reach = _Reach(sources, outputs, budget)
    reach.run(most)
    return reach.taken


def made(sources: Sequence[Atom], outputs: Sequence[Any], solve: Solve, budget: Budget) -> list[Expr]:
    """Return programs that make *outputs*, cheapest first: in steps, part by part, or item by item."""
    reach = _Reach(sources, outputs, budget)
    reach.run(MOST_TAKEN)
    found = [atom.expr for atom in reach.hits]
    if not found:
        found = [*_by_field(sources, outputs, solve, budget), *_by_item(reach.taken, outputs, solve, budget)]
    return sorted(found, key=lambda expr: expr.cost)


def _by_field(sources: Sequence[Atom], outputs: Sequence[Any], solve: Solve, budget: Budget) -> list[Expr]:
    """Return a record whose fields are made one by one, when every output has the same."""
    if kind(outputs) != "record" or len({tuple(sorted(output)) for output in outputs}) != 1:
        return []
    parts: list[Any] = []
    cost = 1.0
    for name in outputs[0]:
        programs = solve(sources, [output[name] for output in outputs], budget)
        if not programs or len(outputs[0]) > 12:
            return []
        parts += [name, programs[0]]
        cost += programs[0].cost
    return [Expr("record", tuple(parts), cost)]


def _by_item(taken: Sequence[Atom], outputs: Sequence[Any], solve: Solve, budget: Budget) -> list[Expr]:
    """Return a list whose items are made, one by one, of the items of another list that has as many."""
    if kind(outputs) not in {"list", "table"}:
        return []
    found: list[Expr] = []
    for atom in [one for one in taken if kind(one.values) in {"list", "table"}][:4]:
        if any(len(value) != len(output) for value, output in zip(atom.values, outputs, strict=True)):
            found += _by_choice(atom, outputs, budget)
            continue
        items = tuple(item for value in atom.values for item in value)
        wanted = [item for output in outputs for item in output]
        if 2 < len(items) <= 40:
            bodies = solve([Atom(given(0), items)], wanted, budget)
            found += [Expr("each", (atom.expr, body), atom.expr.cost + body.cost + 1.0) for body in bodies[:3]]
    return found


def _by_choice(atom: Atom, outputs: Sequence[Any], budget: Budget) -> list[Expr]:
    """Return the items for which a condition holds, when the outputs are such a choice."""
    chosen: list[bool] = []
    for value, output in zip(atom.values, outputs, strict=True):
        if [item for item in value if item in output] != output:
            return []
        chosen += [item in output for item in value]
    items = tuple(item for value in atom.values for item in value)
    reach = _Reach([Atom(given(0), items)], chosen, budget)
    reach.run(60)
    return [Expr("keep", (atom.expr, hit.expr), atom.expr.cost + hit.expr.cost + 1.2) for hit in reach.hits[:3]]
