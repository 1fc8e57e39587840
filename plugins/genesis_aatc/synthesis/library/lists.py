"""Work on lists: take, keep, count, add up."""

from __future__ import annotations

import math
from collections import Counter
from itertools import accumulate, pairwise
from statistics import median
from typing import Any


def _nth(items: list[Any], number: int) -> Any:
    """Return the item with this number; negative ones count from the end."""
    if not -len(items) <= number < len(items):
        raise ValueError(f"no item {number} among {len(items)}")
    return items[number]


def _least(items: list[float]) -> float:
    """Return the smallest item."""
    if not items:
        raise ValueError("nothing is the smallest of no items")
    return min(items)


def _most(items: list[float]) -> float:
    """Return the largest item."""
    if not items:
        raise ValueError("nothing is the largest of no items")
    return max(items)


def _mean(items: list[float]) -> float:
    """Return the mean of the numbers."""
    if not items:
        raise ValueError("no items have no mean")
    return sum(items) / len(items)


def _median(items: list[float]) -> float:
    """Return the median of the numbers."""
    if not items:
        raise ValueError("no items have no median")
    return median(items)


def _product(items: list[float]) -> float:
    """Return the product of the numbers."""
    product = math.prod(items)
    if abs(product) > 10**300:
        raise ValueError("too large a product")
    return product


def _distinct(items: list[Any]) -> list[Any]:
    """Return each item once, where it comes first."""
    kept: dict[str, Any] = {}
    for item in items:
        kept.setdefault(repr(item), item)
    return list(kept.values())


def _common(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items of *left* that are in *right* as well."""
    known = {repr(item) for item in right}
    return [item for item in left if repr(item) in known]


def _apart(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items of *left* that are not in *right*."""
    known = {repr(item) for item in right}
    return [item for item in left if repr(item) not in known]


def _counts(items: list[str]) -> dict[str, int]:
    """Return how often each item comes."""
    return dict(Counter(items))


def _commonest(items: list[str]) -> str:
    """Return the item that comes most often, the first of them."""
    if not items:
        raise ValueError("nothing comes most often in no items")
    return Counter(items).most_common(1)[0][0]


def _repeated(items: list[str]) -> list[str]:
    """Return each item that comes more than once."""
    counted = Counter(items)
    return [item for item in counted if counted[item] > 1]


def _running(items: list[float]) -> list[float]:
    """Return the sums of the first one, two, three and so on of the numbers."""
    return list(accumulate(items))


def _steps(items: list[float]) -> list[float]:
    """Return how much each number is above the one before it."""
    return [after - before for before, after in pairwise(items)]


def _flat(items: list[list[Any]]) -> list[Any]:
    """Return the items of the lists in *items*, one after the other."""
    return [one for item in items for one in item]


def _ratio(left: float, right: float) -> float:
    """Return *left* divided by *right*."""
    if right == 0:
        raise ValueError("there is no dividing by zero")
    return left / right


def _quotient(left: float, right: float) -> float:
    """Return how many whole times *right* is in *left*."""
    if right == 0:
        raise ValueError("there is no dividing by zero")
    return left // right


def _rest(left: float, right: float) -> float:
    """Return what is left of *left* when *right* is taken away as often as it goes."""
    if right == 0:
        raise ValueError("there is no dividing by zero")
    return left % right


def _whole(text: str) -> int:
    """Read a whole number."""
    if len(text) > 24:
        raise ValueError("too long a text for a number")
    return int(text)


def _real(text: str) -> float:
    """Read a number with decimals."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value
