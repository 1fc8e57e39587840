"""Amounts on the command line: budgets and ages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from genesis_core import Budget

    Parameter = click.ParamType[Any]  # generic for type checkers only: not so in every click that will do
else:
    Parameter = click.ParamType

__all__ = ["AGE", "BUDGET", "SECONDS", "duration"]

_FIELDS = {"cost": "max_cost", "tokens": "max_tokens", "calls": "max_tool_calls", "seconds": "max_seconds"}
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhdw])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 36_525 * 86_400
"""A hundred years: what lies further back or ahead may be on no calendar."""


class _Budget(Parameter):
    """``0.50`` (US dollars), or ``cost=0.50,tokens=1000,calls=20,seconds=60``."""

    name = "budget"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the Budget that *value* says."""
        if not isinstance(value, str):
            return value
        try:
            return _budget(value)
        except (ValueError, ArithmeticError):
            self.fail(f"{value!r} is no budget: 0.50, or cost=0.50,tokens=1000,calls=20,seconds=60", param, ctx)


def _budget(text: str) -> Budget:
    from decimal import Decimal

    from genesis_core import Budget

    given: dict[str, Any] = {}
    for part in text.split(","):
        name, sign, amount = part.strip().partition("=")
        name, amount = (name, amount) if sign else ("cost", name)
        field = _FIELDS[name.strip()] if name.strip() in _FIELDS else _unknown(name)
        if field in given:
            raise ValueError(f"{name} stands twice")
        number = Decimal(amount.strip().removeprefix("$"))
        if not number.is_finite():
            raise ValueError(amount)
        given[field] = number
    return Budget(**given)


def _unknown(name: str) -> str:
    raise ValueError(f"there is no budget in {name!r}")


class _Age(Parameter):
    """``90s``, ``12h``, ``30d``, ``4w``: seconds as a float."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds that *value* says."""
        if isinstance(value, float):
            return value
        found = _AGE.match(str(value))
        if found is None:
            self.fail(f"{value!r} is no age: 90s, 15m, 12h, 30d or 4w", param, ctx)
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds > _LONGEST:
            self.fail(f"{value!r} is too long: at most {_LONGEST // _SECONDS['d']}d", param, ctx)
        return seconds


class _Seconds(Parameter):
    """A finite number of seconds above 0."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds that *value* says."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            self.fail(f"{value!r} is no time limit: a number of seconds above 0", param, ctx)
        return seconds


SECONDS = _Seconds()
BUDGET = _Budget()
AGE = _Age()


def duration(seconds: float) -> str:
    """Return *seconds* as a person says them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
