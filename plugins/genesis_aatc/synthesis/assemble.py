"""Put an output together from pieces and constants, in all examples at once, cheapest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import count
from os.path import commonprefix

from .budget import Budget
from .expressions import Atom, Expr, const, join
from .places import Pool
from .weights import weight

__all__ = ["assemble"]

State = tuple[int, ...]


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
        shared = commonprefix([out[at:] for out, at in zip(self.outputs, state, strict=True)])
        for length in range(1, min(len(shared), 60) + 1):
            text = shared[:length]
            yield tuple(at + length for at in state), [const(text, self.price(text))]

    def price(self, text: str) -> float:
        """Return what a constant costs: more for letters and digits, most for those that every input holds too."""
        solid = sum(char.isalnum() for char in text)
        cost = weight("constant") + weight("constant mark") * (len(text) - solid) ** 0.5
        if not solid:
            return cost
        taken = all(any(text in source for source in sources) for sources in self.sources)
        return cost + weight("constant alnum") * solid**0.5 + (weight("constant taken") * solid**0.5 if taken else 0.0)


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
        for after, exprs in graph.edges(state):
            if any(at > end for at, end in zip(after, goal, strict=True)):
                continue
            for expr in exprs:
                if expr.op == "const" and parts and parts[-1].op == "const":
                    continue
                entry = (cost + expr.cost + weight("piece"), next(turn), after, (*parts, expr))
                heapq.heappush(queue, entry)
    return found
