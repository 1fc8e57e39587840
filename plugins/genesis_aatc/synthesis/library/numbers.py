"""Read, round and write numbers in decimal arithmetic."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

_ROUNDINGS = {"nearest": ROUND_HALF_UP, "down": ROUND_FLOOR, "up": ROUND_CEILING}


def _number(text: str) -> Decimal:
    """Read the number that *text* writes, with or without a currency sign and commas between thousands."""
    cleaned = text.strip().replace(",", "").strip("$€£¥₹% ")
    if len(cleaned) > 24 or not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", cleaned):
        raise ValueError(f"{text!r} is not a number")
    return Decimal(cleaned)


def _exact(value: float) -> Decimal:
    """Return *value* as the decimal number that is written for it."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise ValueError(f"{value!r} is too large or too small a number")
    return number


def _round(value: Decimal, unit: Decimal, way: str) -> Decimal:
    """Round *value* to a multiple of *unit*: to the nearest (halves away from zero), down or up."""
    return (value / unit).to_integral_value(_ROUNDINGS[way]) * unit


def _bin(value: Decimal, unit: Decimal, first: Decimal) -> Decimal:
    """Return where the interval of length *unit* begins that holds *value*; one of them begins at *first*."""
    return ((value - first) / unit).to_integral_value(ROUND_FLOOR) * unit + first


def _write(value: Decimal, least: int, most: int, width: int, comma: str) -> str:
    """Write *value* with *least* to *most* decimals, at least *width* digits before them, and *comma* at thousands."""
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    whole, _, rest = f"{abs(rounded):f}".partition(".")
    rest = rest[:least] + rest[least:].rstrip("0")
    shown = f"{int(whole):,}".replace(",", comma).rjust(width, "0")
    sign = "-" if rounded < 0 else ""
    return f"{sign}{shown}.{rest}" if rest else f"{sign}{shown}"


def _aligned(value: Decimal, width: int, least: int, most: int) -> str:
    """Write *value* with blanks for the digits that it lacks, so that points stand below each other."""
    whole, _, rest = _write(value, least, most, 1, "").partition(".")
    return f"{whole.rjust(width)}.{rest.ljust(most)}"


def _lakh(value: Decimal) -> str:
    """Write *value* as a whole number with commas at the thousand, the lakh, the crore and so on."""
    digits = f"{abs(_round(value, Decimal(1), 'nearest')):f}"
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(at - 2, 0) : at] for at in range(len(head), 0, -2)][::-1]
    return ("-" if value < 0 else "") + ",".join([*pairs, tail])


def _ordinal(number: int) -> str:
    """Return *number* with the ending of an ordinal number: 1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
