"""Which way for each of many tasks when money is short: a knapsack with one choice a task, solved exactly.

The relaxation that may split one task gives a price of money, a first solution and a bound. Any better solution
differs from the relaxed one only in tasks where that loses less than the gap; those are tried, nearest first, and
of partial solutions only those are kept that no other beats in both cost and value (after D. Pisinger, "A minimal
algorithm for the multiple-choice knapsack problem", 1995). All sums are whole numbers, so nothing is lost in rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ._choice import Option

__all__ = ["Optimum", "optimise"]

EXACT_TASKS = 200
MAX_STATES, FEW_STATES = 20_000, 500
"""Partial solutions that are kept side by side, up to EXACT_TASKS tasks and beyond.

No plan with real prices comes near the first; it is there for made-up ones that are as hard as packing a box to the
last grain. Once there are more, FEW_STATES are kept and the answer says that it is not exact, with its gap.
"""
_UNIT = 10**9
"""Values count in billionths."""

Item = tuple[int, int, int]
"""Cost, value and the place of an option, in whole units."""
State = tuple[int, int, "Step | None"]
"""Cost and value beyond the relaxed solution, and the changes that lead there."""
Step = tuple[int, int, "Step | None"]
"""A task, the place of the option taken for it, and the changes before."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best choice that was found, and how far it can be from the best that there is."""

    chosen: tuple[int, ...]
    """For each task the place of the option."""
    cost: Decimal
    value: float
    bound: float
    """No choice within the budget is worth more."""
    exact: bool
    within: bool
    """Whether the budget can be met at all; else these are the cheapest options."""

    @property
    def gap(self) -> float:
        """Return how much better a choice there could be, at most."""
        return max(0.0, self.bound - self.value)


def optimise(tasks: Sequence[Sequence[Option]], budget: Decimal) -> Optimum:
    """Return the option for each of *tasks* that are worth most together and cost at most *budget*.

    The answer says whether it is exact, as those for up to EXACT_TASKS tasks are, and else how far from the best it can
    be. Raises ValueError for a task with no options.
    """
    if not all(tasks):
        raise ValueError("every task needs an option")
    unit = _unit([o.cost for ways in tasks for o in ways] + [budget])
    items = [_useful(ways, unit) for ways in tasks]
    least = [min(ways) for ways in items]
    room = _whole(budget, unit) - sum(cost for cost, _, _ in least)
    if room < 0:
        return _answer(tasks, [place for _, _, place in least], None, within=False)
    search = _Search(items, room)
    search.run(MAX_STATES if len(tasks) <= EXACT_TASKS else FEW_STATES)
    return _answer(tasks, search.places(), search, within=True)


def _answer(
    tasks: Sequence[Sequence[Option]], places: Sequence[int], search: _Search | None, *, within: bool
) -> Optimum:
    taken = [ways[place] for ways, place in zip(tasks, places, strict=True)]
    value = sum(option.value for option in taken)
    exact = search is None or search.exact
    bound = value if search is None or exact else value + (search.bound - search.best) / _UNIT
    return Optimum(tuple(places), sum((o.cost for o in taken), Decimal(0)), value, bound, exact, within)


def _unit(amounts: Sequence[Decimal]) -> int:
    """Return the factor that makes whole numbers of all *amounts*."""
    exponents = [amount.normalize().as_tuple().exponent for amount in amounts]
    return int(10 ** max(0, -min((e for e in exponents if isinstance(e, int)), default=0)))


def _whole(amount: Decimal, unit: int) -> int:
    top, bottom = amount.as_integer_ratio()
    return top * unit // bottom


def _useful(ways: Sequence[Option], unit: int) -> list[Item]:
    """Return the options that none beats in both cost and value, cheapest first."""
    priced = sorted((_whole(o.cost, unit), -round(o.value * _UNIT), place) for place, o in enumerate(ways))
    found: list[Item] = []
    for cost, loss, place in priced:
        if not found or -loss > found[-1][1]:
            found.append((cost, -loss, place))
    return found


def _hull(items: Sequence[Item]) -> list[int]:
    """Return the places in *items* that a mixture of two others never beats."""
    kept: list[int] = []
    for at, (cost, value, _) in enumerate(items):
        while len(kept) >= 2:
            (c0, v0, _), (c1, v1, _) = items[kept[-2]], items[kept[-1]]
            if (v1 - v0) * (cost - c1) > (value - v1) * (c1 - c0):
                break
            kept.pop()
        kept.append(at)
    return kept


class _Search:
    """The relaxed solution, and the search round it for the best whole one."""

    def __init__(self, items: Sequence[Sequence[Item]], room: int) -> None:
        self.items, self.exact = items, True
        self.base = [0] * len(items)
        self.left, self.price = self._relax(room)
        self.best = 0
        """Value beyond that of the relaxed solution without its split task."""
        self.bound = int(self.left * self.price) + 1
        """One more than the relaxation says, as values for money are sorted in floating point."""
        self._way: Step | None = None

    def _relax(self, room: int) -> tuple[int, Fraction]:
        """Take upgrades by value for money while they fit; return what is left and what money is worth there."""
        steps = []
        for task, ways in enumerate(self.items):
            hull = _hull(ways)
            for low, high in pairwise(hull):
                (c0, v0, _), (c1, v1, _) = ways[low], ways[high]
                steps.append(((v1 - v0) / (c1 - c0), -task, -high, c1 - c0, v1 - v0))
        steps.sort(reverse=True)
        for _, task, place, cost, value in steps:
            if cost > room:
                return room, Fraction(value, cost)
            room -= cost
            self.base[-task] = -place
        return room, Fraction(0)

    def run(self, limit: int) -> None:
        """Try changes of the relaxed solution, those that lose least first, while they can still pay."""
        states: list[State] = [(0, 0, None)]
        for least, task, changes in sorted(self._changes()):
            if least > self.bound - self.best:
                return
            states = self._extended(states, task, changes)
            if len(states) > limit:
                self.exact, limit, states = False, FEW_STATES, states[:: len(states) // FEW_STATES + 1]

    def _changes(self) -> list[tuple[Fraction, int, list[tuple[int, int, int]]]]:
        """Return for each task with a choice what changing it loses at least, and its changes of cost and value."""
        found = []
        for task, (ways, base) in enumerate(zip(self.items, self.base, strict=True)):
            c0, v0, _ = ways[base]
            changes = [(c - c0, v - v0, at) for at, (c, v, _) in enumerate(ways) if at != base]
            if changes:
                found.append((min(self.price * c - v for c, v, _ in changes), task, changes))
        return found

    def _extended(self, states: list[State], task: int, changes: list[tuple[int, int, int]]) -> list[State]:
        """Return *states* with each change of *task* or none, without those that can't become the best."""
        price, p, q = float(self.price), self.price.numerator, self.price.denominator
        grown = list(states)
        for more, gain, at in changes:
            slack = self.bound - self.best + 1 - (gain - price * more)
            for cost, value, way in states:
                if price * cost - value <= slack:
                    grown.append((cost + more, value + gain, (task, at, way)))
        grown.sort(key=lambda state: (state[0], -state[1]))
        for cost, value, way in grown:
            if cost > self.left:
                break
            if value > self.best:
                self.best, self._way = value, way
        gap, kept, top = (self.bound - self.best) * q, [], None
        for state in grown:
            if (top is None or state[1] > top) and p * state[0] - q * state[1] <= gap:
                top = state[1]
                kept.append(state)
        return kept

    def places(self) -> list[int]:
        """Return for each task the place of its option in the best solution."""
        chosen, way = list(self.base), self._way
        while way is not None:
            task, at, way = way
            chosen[task] = at
        return [ways[at][2] for ways, at in zip(self.items, chosen, strict=True)]
