"""Find two cases when one program does not fit all examples: a test that tells them apart, and a program for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

from .budget import Budget
from .expressions import Atom, Expr, apply
from .operations import OPS
from .places import CLASSES
from .weights import weight

__all__ = ["branched", "tests"]

Solve = Callable[[Sequence[Atom], Sequence[Any], Budget], list[Expr]]
MOST_EXAMPLES = 8


def tests(sources: Sequence[Atom]) -> Iterator[tuple[Expr, tuple[bool, ...]]]:
    """Give conditions on the inputs, each with whether it holds in every example."""
    for atom in sources:
        if all(isinstance(value, str) for value in atom.values):
            yield from _text_tests(atom)
        number = atom if all(_is_number(value) for value in atom.values) else apply("number", OPS, atom, cost=0.3)
        if number is not None:
            yield from _bounds(number)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text_tests(atom: Atom) -> Iterator[tuple[Expr, tuple[bool, ...]]]:
    """Give conditions on a text: empty, begins, ends, holds, has letters, has so many words."""
    texts: list[str] = list(atom.values)
    marks = dict.fromkeys(char for text in texts for char in text if not char.isalnum())
    words = dict.fromkeys(word for text in texts for word in re.findall(r"[^\W_]+", text) if not word.isdigit())
    yield _test("empty", atom, (), 0.2)
    for name, pattern in CLASSES[:5]:
        yield _test("looks", atom, (pattern,), 0.2 + weight(f"token {name}"))
        yield _test("looks", atom, (rf"\A{pattern}",), 0.5 + weight(f"token {name}"))
    for mark in list(marks)[:12]:
        yield _test("holds", atom, (mark,), 0.8)
        yield _test("begins", atom, (mark,), 0.7)
        yield _test("ends", atom, (mark,), 0.8)
    for word in list(words)[:12]:
        yield _test("holds", atom, (word,), 1.4)
        yield _test("equals", atom, (word,), 1.6)
    for text in dict.fromkeys(texts):
        yield _test("equals", atom, (text,), 2.2)


def _test(op: str, atom: Atom, args: tuple[Any, ...], cost: float) -> tuple[Expr, tuple[bool, ...]]:
    run = OPS[op].run
    return Expr(op, (atom.expr, *args), atom.expr.cost + cost), tuple(bool(run(one, *args)) for one in atom.values)


def _bounds(number: Atom) -> Iterator[tuple[Expr, tuple[bool, ...]]]:
    """Give bounds between the numbers of the examples, round ones first."""
    known = sorted(set(number.values))
    for low, high in pairwise(known):
        bound, cost = _roundest(low, high)
        yield _test("below", number, (bound,), cost)
        yield _test("above", number, (bound,), cost + 0.1)


def _roundest(low: Any, high: Any) -> tuple[Any, float]:
    """Return the roundest number above *low* and not above *high*, and how far-fetched it is."""
    if low < 0 <= high:
        return type(low)(0), 0.4
    for power in range(9, -1, -1):
        step = 10**power
        for unit in (step, step // 2):
            if unit and (bound := high // unit * unit) > low:
                return type(low)(bound), 1.0
    return high, 1.6


def _splits(count: int) -> Iterator[frozenset[int]]:
    """Give the ways to take some examples out, few first; every split in two is given once."""
    for size in range(1, count // 2 + 1):
        for some in combinations(range(count), size):
            if 2 * size < count or 0 in some:
                yield frozenset(some)


def branched(sources: Sequence[Atom], outputs: Sequence[Any], solve: Solve, budget: Budget) -> list[Expr]:
    """Return the cheapest programs with two cases that fit all examples, best first."""
    count = len(outputs)
    if not 2 < count <= MOST_EXAMPLES:
        return []
    known = list(tests(sources))
    found: list[Expr] = []
    for some in _splits(count):
        held = {tuple(at in some for at in range(count)): True, tuple(at not in some for at in range(count)): False}
        apart = sorted(((test, held[values]) for test, values in known if values in held), key=lambda one: one[0].cost)
        if not apart or not budget.step():
            continue
        groups = (sorted(some), [at for at in range(count) if at not in some])
        few, many = ([*_part(sources, outputs, group, solve, budget)][:1] for group in groups)
        for test, first in apart[:2]:
            for one in few:
                if len(some) == 1 and one.op != "const" and _by_heart(test):
                    continue
                for other in many:
                    cases = ((test, one), other) if first else ((test, other), one)
                    found.append(Expr("branch", cases, weight("branch") + test.cost + one.cost + other.cost))
    return sorted(found, key=lambda one: one.cost)


def _by_heart(test: Expr) -> bool:
    """Tell whether *test* looks for the words of an example: with one example for the case, that is no rule."""
    return test.op in {"holds", "equals"} and any(char.isalnum() for char in str(test.args[1]))


def _part(
    sources: Sequence[Atom], outputs: Sequence[Any], group: Sequence[int], solve: Solve, budget: Budget
) -> list[Expr]:
    """Return programs for some of the examples."""
    fewer = [Atom(atom.expr, tuple(atom.values[at] for at in group)) for atom in sources]
    return solve(fewer, [outputs[at] for at in group], budget)
