"""Put an output together from pieces and constants, in all examples at once, cheapest first."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from math import sqrt

from .budget import Budget
from .expressions import Atom, Expr, const, join, walk
from .places import Pool
from .weights import weight

__all__ = ["assemble"]

State = tuple[int, ...]
_READ = frozenset({"moment", "clock", "number", "slot", "nearest", "upward"})


class _Graph:
    """Which pieces and constants lead from one state (a place in each output) to which others."""

    def __init__(self, outputs: Sequence[str], sources: Sequence[Sequence[str]], pool: Pool) -> None:
        self.outputs = outputs
        self.sources = sources
        self.known: dict[State, list[tuple[State, list[Expr]]]] = {}
        self.by_first: dict[str, list[list[Atom]]] = {}
        for values, atoms in pool.atoms.items():
            if all(isinstance(value, str) and value for value in values):
                self.by_first.setdefault(str(values[0]), []).append(atoms)
        self.derived = {token for atoms in pool.atoms.values() for token in _tokens_of(atoms[0].values)}
        self.lengths = sorted({len(first) for first in self.by_first})

    def edges(self, state: State) -> list[tuple[State, list[Expr]]]:
        """Return where *state* leads, with what lies between."""
        if state not in self.known:
            self.known[state] = [*self._taken(state), *self._constants(state)]
        return self.known[state]

    def _taken(self, state: State) -> Iterator[tuple[State, list[Expr]]]:
        first = self.outputs[0]
        for length in self.lengths:
            if state[0] + length > len(first):
                break
            for atoms in self.by_first.get(first[state[0] : state[0] + length], ()):
                values = atoms[0].values
                if all(out.startswith(value, at) for out, value, at in zip(self.outputs, values, state, strict=True)):
                    after = tuple(at + len(value) for at, value in zip(state, values, strict=True))
                    yield after, [atom.expr for atom in atoms]

    def _constants(self, state: State) -> Iterator[tuple[State, list[Expr]]]:
        shared = _common([out[at:] for out, at in zip(self.outputs, state, strict=True)])
        for length in range(1, min(len(shared), 60) + 1):
            text = shared[:length]
            yield tuple(at + length for at in state), [const(text, self.price(text))]

    def price(self, text: str) -> float:
        """Return what a constant costs: more for letters and digits, most for those that every input holds too."""
        solid = sum(char.isalnum() for char in text)
        cost = weight("constant" if solid else "constant bare")
        cost += weight("constant mark") * sqrt(len(text) - solid)
        if not solid:
            return cost
        tokens = re.findall(r"[0-9]+|[^\W\d_]+", text)
        taken = sum(len(token) for token in tokens if token in self.derived)
        return cost + weight("constant alnum") * sqrt(solid) + weight("constant taken") * sqrt(taken)


def _common(texts: Sequence[str]) -> str:
    """Return the longest text with which all *texts* begin."""
    low, high = min(texts), max(texts)
    length = next((at for at, char in enumerate(low) if char != high[at]), len(low))
    return low[:length]


def _tokens_of(values: Sequence[object]) -> list[str]:
    """Return the one number or word that *values* are in every example, if they are."""
    first = str(values[0])
    return [first] if len(set(values)) == 1 and (first.isdigit() or first.isalpha() and len(first) > 1) else []


@lru_cache(maxsize=4096)
def _bases(expr: Expr) -> frozenset[Expr]:
    """Return what is read in *expr*: the dates and numbers behind what is shown."""
    return frozenset(part for part in walk(expr) if part.op in _READ)


def _more(parts: Sequence[Expr], expr: Expr) -> float:
    """Return what *expr* adds to the cost of *parts*: less when what it reads has been read already."""
    if expr.op == "const" or not parts:
        return expr.cost
    bases = _bases(expr)
    known: frozenset[Expr] = frozenset().union(*(_bases(part) for part in parts))
    shared = max((base.cost for base in bases & known), default=0.0)
    # A program that reads a date takes all of it from there, and cuts none of it out of the same text.
    others = [part for part in parts if part.op != "const"]
    mixed = any(_dated(part) != _dated(expr) and _inputs(part) & _inputs(expr) for part in others)
    uneven = any(_padded(part) == 1 - _padded(expr) for part in others) if _padded(expr) >= 0 else False
    return expr.cost - weight("again") * shared + weight("mixed") * mixed + weight("style") * uneven


def _padded(expr: Expr) -> int:
    """Return 1 for a month or day in two digits, 0 for one in as few as it has, -1 for anything else."""
    return {"show month two": 1, "show day two": 1, "show month": 0, "show day": 0}.get(expr.op, -1)


@lru_cache(maxsize=4096)
def _dated(expr: Expr) -> bool:
    return any(part.op in {"moment", "clock"} for part in walk(expr))


@lru_cache(maxsize=4096)
def _inputs(expr: Expr) -> frozenset[int]:
    return frozenset(part.args[0] for part in walk(expr) if part.op == "input")


def assemble(
    outputs: Sequence[str], sources: Sequence[Sequence[str]], pool: Pool, budget: Budget, most: int = 12
) -> list[Expr]:
    """Return the cheapest programs that give *outputs*, at most *most* of them."""
    graph = _Graph(outputs, sources, pool)
    goal = tuple(len(output) for output in outputs)
    start = tuple(0 for _ in outputs)
    if goal == start:
        return [const("", 1.0)]
    turn = count()
    queue: list[tuple[float, int, State, tuple[Expr, ...]]] = [(0.0, next(turn), start, ())]
    popped: dict[State, int] = {}
    found: list[Expr] = []
    while queue and len(found) < most and budget.step():
        cost, _, state, parts = heapq.heappop(queue)
        popped[state] = popped.get(state, 0) + 1
        if state == goal:
            whole = join(parts)
            found.append(Expr(whole.op, whole.args, cost))
            continue
        if popped[state] > most:
            continue
        edges = graph.edges(state)
        if not budget.step(len(edges)):
            break
        for after, exprs in edges:
            if any(at > end for at, end in zip(after, goal, strict=True)):
                continue
            for expr in exprs:
                if expr.op == "const" and parts and parts[-1].op == "const":
                    continue
                entry = (cost + _more(parts, expr) + weight("piece"), next(turn), after, (*parts, expr))
                heapq.heappush(queue, entry)
    return found
