"""Expressions over typed operations: what a program is made of while it is searched for.

An operation is run by the search and written by `emit`; both sides come from one line of a table, so that they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["FAILURES", "Atom", "Expr", "Op", "apply", "const", "evaluate", "given", "join", "walk"]

# What an operation outside its domain raises; anything else is a bug of ours.
FAILURES = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Op:
    """An operation: how it runs, how it is written ({0}, {1} are its arguments), and what its result is called."""

    run: Callable[..., Any]
    code: str
    noun: str = "value"


@dataclass(frozen=True, slots=True)
class Expr:
    """An operation on arguments, which are expressions or plain values; *cost* says how far-fetched it is."""

    op: str
    args: tuple[Any, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Atom:
    """An expression with its value in every example."""

    expr: Expr
    values: tuple[Any, ...]


def given(index: int) -> Expr:
    """Return the expression for the parameter with this index."""
    return Expr("input", (index,), 0.0)


def const(value: Any, cost: float) -> Expr:
    """Return the expression for a value that is the same in every call."""
    return Expr("const", (value,), cost)


def join(parts: Sequence[Expr]) -> Expr:
    """Return the expression for texts put together, with joins in joins opened."""
    flat: list[Expr] = []
    for part in parts:
        flat.extend(part.args if part.op == "join" else (part,))
    if len(flat) == 1:
        return flat[0]
    return Expr("join", tuple(flat), sum(part.cost for part in parts))


def evaluate(expr: Expr, inputs: Sequence[Any], ops: Mapping[str, Op]) -> Any:
    """Return the value of *expr* for *inputs*; raise ValueError outside its domain."""
    if expr.op == "input":
        return inputs[expr.args[0]]
    if expr.op == "const":
        return expr.args[0]
    if expr.op == "branch":
        return _branch(expr, inputs, ops)
    if expr.op == "each":
        return [evaluate(expr.args[1], (item,), ops) for item in evaluate(expr.args[0], inputs, ops)]
    if expr.op == "keep":
        return [item for item in evaluate(expr.args[0], inputs, ops) if evaluate(expr.args[1], (item,), ops)]
    values = [evaluate(arg, inputs, ops) if isinstance(arg, Expr) else arg for arg in expr.args]
    if expr.op == "join":
        return "".join(values)
    if expr.op == "record":
        return dict(zip(values[::2], values[1::2], strict=True))
    return ops[expr.op].run(*values)


def _branch(expr: Expr, inputs: Sequence[Any], ops: Mapping[str, Op]) -> Any:
    """Return the value of the first case whose condition holds; the last case has none."""
    *cases, last = expr.args
    for test, case in cases:
        if evaluate(test, inputs, ops):
            return evaluate(case, inputs, ops)
    return evaluate(last, inputs, ops)


def apply(op: str, ops: Mapping[str, Op], atom: Atom, *rest: Any, cost: float = 0.0) -> Atom | None:
    """Return *op* on *atom* and plain values *rest*, or None when it fails in some example."""
    run = ops[op].run
    try:
        values = tuple(run(value, *rest) for value in atom.values)
    except FAILURES:
        return None
    return Atom(Expr(op, (atom.expr, *rest), atom.expr.cost + cost), values)


def walk(expr: Expr) -> list[Expr]:
    """Return *expr* and all expressions in it, outermost first."""
    found = [expr]
    for arg in expr.args:
        for part in arg if isinstance(arg, tuple) else (arg,):
            if isinstance(part, Expr):
                found.extend(walk(part))
    return found
