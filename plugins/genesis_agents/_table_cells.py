"""What one cell of a table holds: nothing, a number, a date, a truth value, or text.

Deliberately strict, because a wrong number is worse than a text column: `007` and integers of more than fifteen digits
are identifiers (text), `NaN` is missing, `inf` is a number without a value. Day and month of `3/4/2024` can't be told
apart, so such a date has no place in an order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from math import isinf, nan
from typing import NamedTuple

MAX_INTEGER_DIGITS = 15  # every integer of so many digits is exact as a double
MAX_NUMBER_LENGTH = 400
SECONDS_A_DAY = 86_400

# No group takes part in the match of a whole number.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(\.[0-9]*)?|(\.[0-9]+))([eE][+-]?[0-9]+)?")
# As many cells as lines, each the plainest kind of number: such a batch needs no look at its cells one by one.
_PLAIN_NUMBERS = re.compile(r"(?:-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?\n)++")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_COMMA_DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]+")
_UNITS_BEFORE = "$€£¥"
_BEGINS_MEASURE = frozenset("0123456789+-." + _UNITS_BEFORE)
_UNITS_AFTER = "%$€£¥"

_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?P<mark>[-/])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
    r"(?:[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


class Kind(StrEnum):
    """What a cell holds."""

    MISSING = "missing"
    INTEGER = "integer"
    NUMBER = "number"
    INFINITE = "infinite"
    DATE = "date"
    BOOLEAN = "boolean"
    TEXT = "text"


class Cell(NamedTuple):
    """A cell as it was understood: a number's value, a date's place in time, NaN for everything else."""

    kind: Kind
    value: float


MISSING_CELL = Cell(Kind.MISSING, nan)
INFINITE_CELL = Cell(Kind.INFINITE, nan)
TEXT_CELL = Cell(Kind.TEXT, nan)
_WORDS = {
    **dict.fromkeys(("na", "n/a", "#n/a", "nan", "null"), MISSING_CELL),
    **dict.fromkeys(("true", "false", "yes", "no", "y", "n"), Cell(Kind.BOOLEAN, nan)),
    **dict.fromkeys(("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"), INFINITE_CELL),
}
LONGEST_WORD = max(map(len, _WORDS))


def read_cell(text: str, *, comma_decimal: bool = False) -> Cell:
    """Say what a cell holds; `comma_decimal` reads `1,5` as one and a half."""
    text = text.strip()
    if not text:
        return MISSING_CELL
    if text[0] in _BEGINS_MEASURE:
        found = read_number(text, comma_decimal=comma_decimal) or read_date(text)
        if found:
            return found
    return _WORDS.get(text.lower(), TEXT_CELL) if len(text) <= LONGEST_WORD else TEXT_CELL


def read_number(text: str, *, comma_decimal: bool = False) -> Cell | None:
    """Read a number, with its thousands separators, currency or percent sign; None if it is none."""
    if len(text) > MAX_NUMBER_LENGTH:
        return None
    found = _NUMBER.fullmatch(text)
    if not found:
        return _read_decorated(text, comma_decimal)
    if found.lastindex is None:
        fits = len(text) <= MAX_INTEGER_DIGITS or len(text.lstrip("+-")) <= MAX_INTEGER_DIGITS
        return Cell(Kind.INTEGER, float(text)) if fits else None
    value = float(text)
    return INFINITE_CELL if isinf(value) else Cell(Kind.NUMBER, value)


def plain_numbers(cells: Sequence[str]) -> tuple[int, int] | None:
    """Return how many cells are integers and how many other numbers, if all are, plainly written; else None."""
    text = "\n".join(cells) + "\n"
    if text.count("\n") != len(cells) or not _PLAIN_NUMBERS.fullmatch(text):
        return None
    points = text.count(".")
    return len(cells) - points, points


def _read_decorated(text: str, comma_decimal: bool) -> Cell | None:
    bare = text.lstrip(_UNITS_BEFORE) if text[0] in _UNITS_BEFORE else text.rstrip(_UNITS_AFTER)
    if len(text) - len(bare) > 1:
        return None
    bare = bare.strip()
    if comma_decimal and _COMMA_DECIMAL.fullmatch(bare):
        return Cell(Kind.NUMBER, float(bare.replace(".", "").replace(",", ".")))
    if not comma_decimal and _GROUPED.fullmatch(bare):
        return Cell(Kind.NUMBER, float(bare.replace(",", "")))
    if bare != text and _NUMBER.fullmatch(bare) and not isinf(float(bare)):
        return Cell(Kind.NUMBER, float(bare))
    return None


def read_date(text: str) -> Cell | None:
    """Read a calendar date, with or without a time of day; None if it is none."""
    if not "0" <= text[0] <= "9" or len(text) > 40:
        return None
    if found := _DATE.fullmatch(text):
        return _moment(found)
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
        return _day(year, month, day)
    if found := _SLASHED.fullmatch(text):
        first, second, year = map(int, found.groups())
        known = _day(year, first, second) or _day(year, second, first)
        return known and Cell(Kind.DATE, nan)
    return None


def _moment(found: re.Match[str]) -> Cell | None:
    day = _day(int(found["year"]), int(found["month"]), int(found["day"]))
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if day is None or hour > 23 or minute > 59 or second > 60:
        return None
    return Cell(Kind.DATE, day.value + 3600 * hour + 60 * minute + second - _zone_seconds(found["zone"]))


def _zone_seconds(zone: str | None) -> int:
    if not zone or zone == "Z":
        return 0
    seconds = 3600 * int(zone[1:3]) + 60 * int(zone[-2:])
    return -seconds if zone[0] == "-" else seconds


def _day(year: int, month: int, day: int) -> Cell | None:
    try:
        return Cell(Kind.DATE, float(date(year, month, day).toordinal() * SECONDS_A_DAY))
    except ValueError:
        return None
