"""Say an expression in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .expressions import Expr

__all__ = ["describe"]


def describe(expr: Expr, parameters: Sequence[str], description: str = "") -> str:
    """Return one sentence that says what *expr* gives."""
    return f"Return {say(expr, parameters)}."


def say(expr: Any, parameters: Sequence[str]) -> str:
    """Return *expr* in words."""
    if not isinstance(expr, Expr):
        return repr(expr)
    if expr.op == "input":
        return parameters[expr.args[0]]
    if expr.op == "const":
        return repr(expr.args[0])
    return f"{expr.op} of " + ", ".join(say(arg, parameters) for arg in expr.args)
