"""Small words of a report: numbers, names and foreign text, made fit for a page."""

from __future__ import annotations

from math import floor, isfinite, log10
from unicodedata import category

_KEPT_CONTROLS = "\n\t"


def visible(text: str) -> str:
    """Show characters that a page must not act on (controls, direction marks, half characters) as their code."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    # Cc controls, Cf direction marks and invisible joiners, Cs half characters, Co and Cn nobody can read.
    if character in _KEPT_CONTROLS or category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return character
    return f"\\u{{{ord(character):x}}}"


def one_line(text: str, limit: int = 0) -> str:
    """Return visible text on one line, cut to `limit` characters with an ellipsis."""
    line = " ".join(visible(text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def number(value: float) -> str:
    """Write a number for a person: six digits that count, thousands set apart from 10,000 on (a year stays whole)."""
    if isinstance(value, int):
        return _whole(value) if abs(value) < 10**15 else f"{value:.6g}" if abs(value) < 10**300 else "very large"
    if not isfinite(value):
        return "not a number" if value != value else "infinite"
    if value == 0:
        return "0"
    magnitude = floor(log10(abs(value)))
    if not -5 <= magnitude < 15:
        return f"{value:.5g}"
    places = max(0, min(10, 5 - magnitude))
    text = f"{value:,.{places}f}" if abs(value) >= 10_000 else f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(value: int) -> str:
    return f"{value:,}" if abs(value) >= 10_000 else str(int(value))


def label(name: str) -> str:
    """Turn the name of a figure into words: `missing_cells` becomes `Missing cells`."""
    words = one_line(name).replace("_", " ").replace("-", " ").strip() or "unnamed"
    return words[0].upper() + words[1:]


def counted(count: int, one: str, many: str = "") -> str:
    """Write how many there are of something."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
