"""Say an expression in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .expressions import Expr
from .operations import OPS

__all__ = ["describe"]

LONGEST = 300
_WORDS = {
    "part": "part {2} between {1} of {0}", "word": "word {1} of {0}", "match": "match {2} of the pattern {1} in {0}",
    "between": "what stands between {1} and {2} in {0}", "cut": "the piece of {0} from {1} to {2}",
    "trim": "the piece of {0} from {1} to {2}", "only": "all of {0} that matches {1}",
    "head": "the first {1} characters of {0}", "last": "the last {1} characters of {0}",
    "tidy": "{0} with single blanks", "capitalise": "{0} with a capital", "title": "{0} with capitals",
    "pieces": "the matches of {1} in {0}", "parts": "the parts of {0} between {1}", "words": "the words of {0}",
    "lower": "{0} in lower case", "upper": "{0} in upper case", "strip": "{0} without blanks around it",
    "replace": "{0} with {2} for each {1}", "joined": "{0} joined by {1}", "number": "{0} as a number",
    "round": "{0} rounded {2} to a multiple of {1}", "bin": "the start of the interval of {1} that holds {0}",
    "plus": "{0} and {1} more", "scale": "{0} times ten to the power {1}",
    "write": "{0} written with {1} to {2} decimals",
    "aligned": "{0} written with blanks for missing digits", "lakh": "{0} with commas at lakh and crore",
    "plain": "{0} as it is", "str": "{0} as text", "exact": "{0}", "moment": "the date in {0}",
    "clock": "the time in {0}",
    "slot": "the start of the {1} minutes that hold {0}", "nearest": "{0} to the nearest {1} minutes",
    "upward": "{0} up to full {1} minutes", "later": "{0} and {1} minutes", "field": "field {1} of {0}",
    "column": "column {1} of {0}", "sum": "the sum of {0}", "size": "the length of {0}", "nth": "item {1} of {0}",
    "add": "{0} plus {1}", "less": "{0} minus {1}", "times": "{0} times {1}", "ratio": "{0} divided by {1}",
    "days": "the days from {0} to {1}", "totals": "the sums of {2} in {0} by {1}", "ordered": "{0} in the order of {1}",
    "empty": "{0} is empty", "holds": "{0} holds {1}", "begins": "{0} begins with {1}", "ends": "{0} ends with {1}",
    "equals": "{0} is {1}", "looks": "{0} matches {1}", "below": "{0} is below {1}", "above": "{0} is above {1}",
}  # fmt: skip


def describe(expr: Expr, parameters: Sequence[str]) -> str:
    """Return one sentence that says what *expr* gives; what is too long for one is cut to its kind."""
    said = f"Return {_say(expr, parameters)}."
    if len(said) <= LONGEST:
        return said
    parts = [OPS[part.op].noun.replace("_", " ") for part in expr.args if isinstance(part, Expr) and part.op in OPS]
    kinds = ", ".join(dict.fromkeys(parts)) or "several values"
    return f"Return {len(expr.args)} pieces put together, made of: {kinds}."[:LONGEST]


def _say(value: Any, parameters: Sequence[str]) -> str:
    """Return *value* in words."""
    if not isinstance(value, Expr):
        return str(value) if not isinstance(value, str) or value in {"nearest", "up", "down"} else repr(value)
    if value.op == "input":
        return str(parameters[value.args[0]])
    if value.op == "const":
        return repr(value.args[0])
    if value.op == "branch":
        *cases, last = value.args
        said = [f"{_say(case, parameters)} when {_say(test, parameters)}" for test, case in cases]
        return f"{', '.join(said)}, otherwise {_say(last, parameters)}"
    if value.op in {"each", "keep"}:
        inner = _say(value.args[1], ("item",))
        items = _say(value.args[0], parameters)
        return f"{inner} for each item of {items}" if value.op == "each" else f"those items of {items} where {inner}"
    if value.op == "place":
        return _place(value)
    if value.op == "index":
        return f"place {value.args[1]}"
    said = [_say(arg, parameters) for arg in value.args]
    if value.op == "join":
        return ", then ".join(said)
    if value.op == "record":
        return "a record of " + ", ".join(f"{name} ({what})" for name, what in zip(said[::2], said[1::2], strict=True))
    if value.op.startswith("show "):
        return f"the {value.op[5:]} of {said[0]}"
    if value.op in _WORDS:
        return _WORDS[value.op].format(*said)
    return f"{value.op.replace('_', ' ')} of {', '.join(said)}"


def _place(value: Expr) -> str:
    """Return in words where two patterns meet."""
    _, left, right, number = value.args
    where = " and ".join([*([f"after {left!r}"] if left else []), *([f"before {right!r}"] if right else [])])
    return where if number == 0 else f"{where} (the last)" if number == -1 else f"{where} ({number})"
