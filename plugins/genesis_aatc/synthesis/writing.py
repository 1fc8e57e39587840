"""Write an output that is a text: gather pieces of every kind, then put them together."""

from __future__ import annotations

from collections.abc import Sequence

from .assemble import assemble
from .budget import Budget
from .derived import cased, kept, rejoined, replaced
from .expressions import Atom, Expr, apply
from .instants import instants, moments_in
from .kinds import kind
from .operations import OPS
from .places import NUMBERS, SHAPES, Pool, common_marks, pieces
from .quantities import numbers_in, quantities
from .values import reached
from .weights import weight

__all__ = ["written"]


def written(sources: Sequence[Atom], outputs: Sequence[str], budget: Budget, most: int = 12) -> list[Expr]:
    """Return the cheapest programs that write *outputs* from *sources*, best first."""
    pool = Pool()
    if any(not isinstance(value, str) for atom in sources for value in atom.values):
        sources = _scalars(sources, outputs, budget)
    texts = [atom for atom in sources if all(isinstance(value, str) for value in atom.values)]
    readable: list[Atom] = []
    for atom in texts:
        if not all(atom.values):
            continue
        pieces(atom, outputs, pool, budget)
        left = kept(atom, outputs, pool, budget)
        rejoined(atom, outputs, pool, budget)
        replaced(atom, outputs, pool, budget)
        readable += [atom, *_parts(atom, budget), *left[:1]]
    cased(pool, outputs, budget)
    numbers = [atom for atom in sources if atom not in texts]
    quantities(numbers_in([*readable, *numbers], budget), outputs, pool, budget)
    instants(moments_in(readable, budget), outputs, pool, budget)
    shown = [[str(atom.values[at]) for atom in texts] for at in range(len(outputs))]
    return assemble(outputs, shown, pool, budget, most)


def _scalars(sources: Sequence[Atom], outputs: Sequence[str], budget: Budget) -> list[Atom]:
    """Return the texts and numbers that lie in or near the sources; numbers are also shown as Python shows them."""
    found: list[Atom | None] = []
    for atom in reached(sources, outputs, budget):
        if kind(atom.values) == "text":
            found.append(atom)
        elif kind(atom.values) in {"whole", "number"}:
            found += [apply("str", OPS, atom, cost=0.2), apply("exact", OPS, atom, cost=0.3)]
    return [atom for atom in found if atom is not None][:40]


def _parts(atom: Atom, budget: Budget) -> list[Atom]:
    """Return the parts of a text that may be numbers or dates."""
    found = []
    for mark in common_marks(atom.values):
        for number in NUMBERS:
            part = apply("part", OPS, atom, mark, number, cost=weight("part") + weight("number") * abs(number))
            found.append(part)
    for number in NUMBERS[:5]:
        far = weight("number") * abs(number)
        found.append(apply("word", OPS, atom, number, cost=weight("word") + far))
        for pattern in (SHAPES[0][1], r"[0-9]+"):
            found.append(apply("match", OPS, atom, pattern, number, cost=weight("match") + far))
    return [one for one in found if one is not None and budget.step() and all(one.values)]
