"""Pieces that are numbers: read, scaled, rounded, put into intervals, and written again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from .budget import Budget
from .expressions import Atom, Expr, apply, const, join
from .operations import OPS
from .places import Pool
from .weights import weight

__all__ = ["numbers_in", "quantities"]

_NUMBER = r"[0-9][0-9,]*(?:\.[0-9]+)?"
Format = tuple[int, int, int, str]


def numbers_in(texts: Sequence[Atom], budget: Budget) -> list[Atom]:
    """Return the numbers that stand in the same way in every one of the texts."""
    found: dict[tuple[object, ...], Atom] = {}
    for atom in texts:
        if not budget.step():
            break
        number = apply("number", OPS, atom, cost=weight("read number"))
        if number is not None:
            found.setdefault(number.values, number)
        elif any(isinstance(value, Decimal) for value in atom.values):
            found.setdefault(atom.values, atom)
    return list(found.values())


def formats(outputs: Sequence[str]) -> list[tuple[Format, float]]:
    """Return the ways to write numbers that the numbers in the outputs may have been written in."""
    rows = [re.findall(_NUMBER, output) for output in outputs]
    seen = [number for row in rows for number in row]
    decimals = sorted({len(number.partition(".")[2]) for number in seen})
    widths = sorted({len(number.partition(".")[0]) for number in seen if len(number.partition(".")[0]) > 1})
    found: list[tuple[Format, float]] = []
    commas = ["", ","] if any("," in number for number in seen) else [""]
    for comma in commas:
        for most in decimals:
            for least in sorted({0, most}):
                padded = widths if any(number.startswith("0") and number[1:2].isdigit() for number in seen) else []
                for width in [1, *padded][:6]:
                    cost = weight("write") + weight("decimals") * (most > 0) + weight("comma") * bool(comma)
                    found.append(((least, most, width, comma), cost + weight("width") * (width > 1)))
    return found[:60]


def _units() -> Iterator[tuple[Decimal, float]]:
    """Give units to round to: 1, 5, 2 and 25 times a power of ten."""
    for digits, odd in ((1, 0), (5, 1), (2, 2), (25, 2)):
        for power in range(-4, 7):
            yield Decimal(f"{Decimal(digits).scaleb(power):f}"), odd * weight("unit odd")


def quantities(numbers: Sequence[Atom], outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add to *pool* every way to write these numbers, rounded and scaled, that stands in the outputs."""
    shapes = formats(outputs)
    if not shapes:
        return
    for number in numbers:
        _written(number, shapes, outputs, pool, budget)
        plain = apply("plain", OPS, number, cost=weight("plain"))
        if plain is not None:
            _offer(plain, outputs, pool)
        whole = all(value == value.to_integral_value() for value in number.values)
        if whole:
            named = apply("ordinal", OPS, number, cost=weight("plain"))
            if named is not None:
                _offer(named, outputs, pool)
        for power in (2, -2, 3, -3, 1, -1, 6, -6):
            scaled = apply("scale", OPS, number, power, cost=weight("scale") + weight("unit odd") * (abs(power) == 1))
            if scaled is not None:
                _written(scaled, shapes, outputs, pool, budget)
                plain = apply("plain", OPS, scaled, cost=weight("plain"))
                if plain is not None:
                    _offer(plain, outputs, pool)
        for unit, odd in _units():
            for way in ("nearest", "down", "up"):
                cost = weight("round") + odd + weight("way") * (way != "nearest")
                rounded = apply("round", OPS, number, unit, way, cost=cost)
                if rounded is not None and rounded.values != number.values:
                    _written(rounded, shapes, outputs, pool, budget)
        _aligned(number, outputs, pool, budget)
        _intervals(number, shapes, outputs, pool, budget)


def _aligned(number: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add numbers written with blanks for missing digits, and with commas at lakh and crore."""
    lakh = apply("lakh", OPS, number, cost=weight("lakh"))
    if lakh is not None and any(value.count(",") > 1 for value in lakh.values):
        _offer(lakh, outputs, pool)
    if not any("  " in out or out != out.strip() for out in outputs):
        return
    for width, least, most in product(range(1, 8), range(4), range(1, 7)):
        if least > most or not budget.step():
            continue
        made = apply("aligned", OPS, number, width, least, most, cost=weight("aligned") + 0.05 * width)
        if made is not None and not all(value.endswith(" ") for value in made.values):
            _offer(made, outputs, pool)


def _written(
    number: Atom, shapes: Sequence[tuple[Format, float]], outputs: Sequence[str], pool: Pool, budget: Budget
) -> None:
    """Add what *number* looks like in each format, when the outputs hold it."""
    write = OPS["write"].run
    for shape, cost in shapes:
        if not budget.step():
            return
        try:
            if write(number.values[0], *shape) not in outputs[0]:
                continue
        except ArithmeticError:
            continue
        # Zeros at the end are left away by those who say so: a number without any is no sign of it.
        same = shape[0] < shape[1] and all(write(value, shape[1], *shape[1:]) == write(value, *shape)
                                           for value in number.values)  # fmt: skip
        shown = apply("write", OPS, number, *shape, cost=cost + weight("cutoff") * same)
        if shown is not None:
            _offer(shown, outputs, pool)


def _offer(atom: Atom, outputs: Sequence[str], pool: Pool) -> None:
    if all(value in output for value, output in zip(atom.values, outputs, strict=True)):
        pool.add(atom)


def _intervals(
    number: Atom, shapes: Sequence[tuple[Format, float]], outputs: Sequence[str], pool: Pool, budget: Budget
) -> None:
    """Add intervals such as 20-29: two numbers in the outputs that lie as far apart in every example."""
    seen = [Decimal(found.replace(",", "")) for found in re.findall(_NUMBER, outputs[0])][:6]
    spans = {high - low for at, low in enumerate(seen) for high in seen[at + 1 :]}
    for span in sorted(span for span in spans if span > 0):
        for gap in (Decimal(0), Decimal(1), Decimal("0.1"), Decimal("0.01")):
            for first in (Decimal(0), Decimal(1)):
                cost = weight("bin") + weight("gap") * ((gap != 0) + (first != 0))
                start = apply("bin", OPS, number, span + gap, first, cost=cost)
                end = start and apply("plus", OPS, start, span)
                if start is None or end is None:
                    continue
                for shape, cost in shapes:
                    low, high = apply("write", OPS, start, *shape), apply("write", OPS, end, *shape)
                    if low is not None and high is not None and budget.step():
                        pair(low, high, cost, outputs, pool)


def pair(low: Atom, high: Atom, cost: float, outputs: Sequence[str], pool: Pool) -> None:
    """Add *low* and *high* with the text between them that is the same in every output."""
    between = set()
    for out, one, other in zip(outputs, low.values, high.values, strict=True):
        start = out.find(one)
        end = out.find(other, start + len(one))
        if start < 0 or end < 0:
            return
        between.add(out[start + len(one) : end])
    if len(between) != 1:
        return
    mark = between.pop()
    if len(mark) > 10 or not mark:
        return
    values = tuple(one + mark + other for one, other in zip(low.values, high.values, strict=True))
    whole = join((low.expr, const(mark, 0.3), high.expr))
    pool.add(Atom(Expr(whole.op, whole.args, low.expr.cost + cost + 0.5), values))
