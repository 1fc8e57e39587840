"""Search for a program that fits examples: by the kind of its output, in cases when need be, trusted or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import Example, Found, NotFound
from .budget import Budget
from .describe import describe
from .emit import emit
from .expressions import FAILURES, Atom, Expr, evaluate, given
from .operations import OPS
from .writing import written

__all__ = ["search"]


def search(
    examples: tuple[Example, ...], name: str, parameters: tuple[str, ...], description: str,
    probes: tuple[tuple[Any, ...], ...], seconds: float,
) -> Found | NotFound:  # fmt: skip
    """Return the best program that fits all *examples*, or why there is none."""
    budget = Budget(seconds)
    sources = [Atom(given(at), tuple(one.inputs[at] for one in examples)) for at in range(len(parameters))]
    outputs = [one.output for one in examples]
    programs = written(sources, outputs, budget)
    if not programs:
        return NotFound("no program over the known operations fits every example", budget.tried, budget.seconds)
    best = programs[0]
    says = describe(best, parameters)
    code = emit(best, name, parameters, [(one.inputs, one.output) for one in examples], says)
    return Found(code, name, says, budget.tried, budget.seconds)
