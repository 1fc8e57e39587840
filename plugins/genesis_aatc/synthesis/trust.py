"""Trust a program or not: do those that explain the examples nearly as well agree with it on other inputs?"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from typing import Any

from . import Example
from .branches import Solve
from .budget import Budget
from .expressions import FAILURES, Atom, Expr, evaluate, given, walk
from .operations import OPS

__all__ = ["apart", "cases", "constant", "doubt", "foretold", "outcome", "variations"]

# Programs that cost so much more than the best are no rivals of it.
RIVAL = 0.6
# Rivals may give something else for one variation in so many.
MOST_DOUBT = 0.26


def outcome(expr: Expr, inputs: Sequence[Any]) -> Any:
    """Return what *expr* gives, or None outside its domain."""
    try:
        return evaluate(expr, inputs, OPS)
    except FAILURES:
        return None


def variations(rows: Sequence[tuple[Any, ...]], most: int = 24) -> list[tuple[Any, ...]]:
    """Return inputs like those of the examples: other digits, words from other examples; the same every time."""
    chance = random.Random(7)  # noqa: S311 # nosec B311 - it keeps no secret
    texts = [value for row in rows for value in row if isinstance(value, str)]
    words = [word for text in texts for word in re.findall(r"[^\W\d_]+", text)]
    made = []
    for turn in range(most):
        row = rows[turn % len(rows)]
        made.append(tuple(_varied(value, words, chance) for value in row))
    return made


def _varied(value: Any, words: Sequence[str], chance: random.Random) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if not isinstance(value, str):
        return value + chance.randrange(-9, 10)
    def other(found: re.Match[str]) -> str:
        return str(chance.randrange(10)) if chance.random() < 0.7 else found.group()

    changed = re.sub(r"[0-9]", other, value)
    if not words or chance.random() < 0.5:
        return changed
    return re.sub(r"[^\W\d_]{4,}", lambda found: _alike(found.group(), words, chance), changed)


def _alike(word: str, words: Sequence[str], chance: random.Random) -> str:
    """Return another word of the same case, when there is one."""
    case = (word.istitle(), word.isupper())
    others = [one for one in words if len(one) > 3 and (one.istitle(), one.isupper()) == case]
    return chance.choice(others) if others and chance.random() < 0.5 else word


def doubt(programs: Sequence[Expr], rows: Sequence[tuple[Any, ...]], probes: Sequence[tuple[Any, ...]]) -> float:
    """Return how often a close rival of the first program gives something else: on *probes*, or on variations."""
    best, worst = programs[0], 0.0
    for inputs in (list(probes), variations(rows)):
        shown = [(one, outcome(best, one)) for one in inputs]
        known = [(one, value) for one, value in shown if value is not None]
        for rival in programs[1:]:
            if rival.cost - best.cost > RIVAL or not known:
                break
            others = [outcome(rival, one) for one, _ in known]
            pairs = zip(others, (value for _, value in known), strict=True)
            differs = sum(other is not None and not _alike_enough(other, value) for other, value in pairs)
            worst = max(worst, differs / len(known))
    return worst


def apart(left: Expr, right: Expr, rows: Sequence[tuple[Any, ...]]) -> float:
    """Return how often two programs give different values for variations of *rows*, where both give one."""
    inputs = variations(rows, 48)
    pairs = [(outcome(left, one), outcome(right, one)) for one in inputs]
    return sum(a is not None and b is not None and not _alike_enough(a, b) for a, b in pairs) / len(inputs)


def _alike_enough(left: Any, right: Any) -> bool:
    """Tell whether two values are the same, floats but for their last digits."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-12)
    return bool(left == right)


def contrived(expr: Expr, outputs: Sequence[Any]) -> bool:
    """Tell whether *expr* says more than the outputs do: then it repeats the examples rather than explains them."""
    length = sum(len(output) if isinstance(output, str) else len(repr(output)) for output in outputs)
    return expr.cost > 10.0 and expr.cost > 0.6 * length


def cases(branch: Expr) -> list[Expr]:
    """Return the programs of the cases of *branch*."""
    *tested, last = branch.args
    return [*(case for _, case in tested), last]


def constant(expr: Expr) -> bool:
    """Tell whether *expr* gives the same whatever goes in."""
    return not any(part.op == "input" for part in walk(expr))


def foretold(examples: Sequence[Example], solve: Solve, budget: Budget) -> int:
    """Return how many examples the best program for all the others gives rightly."""
    right = 0
    for left in examples[:4]:
        others = [one for one in examples if one is not left]
        sources = [Atom(given(at), tuple(one.inputs[at] for one in others)) for at in range(len(left.inputs))]
        programs = solve(sources, [one.output for one in others], budget)
        right += bool(programs) and outcome(programs[0], left.inputs) == left.output
        if right:
            break
    return right
