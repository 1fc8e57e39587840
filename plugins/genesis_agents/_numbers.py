"""Mark, in the words of a model, every number that no tool gave.

A number of the text is known when it occurs among those of tool results, compared as a person reads it: "1,234" is
1234, "35 %" is 0.35 or 35, "1.2 million" is anything that is so when rounded to the digits shown. Dates, versions and
other chains of numbers are known as a whole. Numbers that are part of a word ("sha256"), that count the items of a
list, or that stand in code, are none.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

__all__ = ["MARK", "Known", "known", "marked"]

MARK = "[model's figure]"
MAX_DIGITS = 40
"""Characters beyond which a number is known only as the text that it is."""
_NUM = r"(?:\d{1,3}(?:[,_\u00a0\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)(?:[eE][+-]?\d+(?![\w.]))?"
_CHAIN = re.compile(
    rf"(?<!\w)(?P<sign>(?<![^\s(\[])[-\u2212])?(?P<chain>{_NUM}(?:[-\u2013:/.]{_NUM})*)"
    r"(?P<unit>[ \u00a0]?%|[ -]percent\b|[ ](?:thousand|million|billion)\b|[^\W\d_]+(?!\w))?"
)
_PART = re.compile(_NUM)
_PROSE = re.compile(rf"(?P<skip>https?://\S+)|`(?P<code>[^`\n]+)`|{_CHAIN.pattern}")
_LAYOUT = re.compile(
    r"[ \t>]*(?:#{1,6}[ \t]+(?P<section>\d{1,3}(?:\.\d{1,3}){0,4}[.)]?)(?=\s)|(?P<item>\d{1,3})[.)](?=\s))"
)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_SCALES: Mapping[str, Decimal] = {
    "thousand": Decimal(10**3), "million": Decimal(10**6), "billion": Decimal(10**9),
    "k": Decimal(10**3), "K": Decimal(10**3), "M": Decimal(10**6), "bn": Decimal(10**9),
}


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it is written: its size, what half of its last digit is worth, and whether it is a percentage."""

    value: Decimal
    slack: Decimal
    percent: bool = False


@dataclass(frozen=True)
class Known:
    """The numbers that tools gave: their values, and the chains of them ("2026-11-22") as they were written."""

    numbers: frozenset[Decimal]
    chains: frozenset[str]

    @cached_property
    def _sorted(self) -> list[Decimal]:
        return sorted(self.numbers)

    def _near(self, value: Decimal, slack: Decimal) -> bool:
        at = bisect_left(self._sorted, value - slack)
        return at < len(self._sorted) and self._sorted[at] <= value + slack

    def holds(self, found: re.Match[str]) -> bool:
        """Return whether the number or chain that was *found* in a text is known."""
        chain = found["chain"]
        if chain in self.chains:
            return True
        numbers = list(_numbers(found))
        whole = len(numbers) > 2 or (len(numbers) == 2 and _PART.sub("", chain) == ".")
        return bool(numbers) and not whole and all(self._one(number, found["sign"]) for number in numbers)

    def _one(self, number: _Number, sign: str | None) -> bool:
        signs = (Decimal(-1),) if sign else (Decimal(1), Decimal(-1))
        if any(self._near(each * number.value, number.slack) for each in signs):
            return True
        return number.percent and any(self._near(each * number.value / 100, number.slack / 100) for each in signs)


def known(*values: object) -> Known:
    """Return every number among *values*: JSON values of any depth, the texts in them included."""
    numbers, chains = set[Decimal](), set[str]()
    waiting: list[object] = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            for found in _CHAIN.finditer(value):
                chains.add(found["chain"])
                numbers.update(_values(found))
        elif isinstance(value, Mapping):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.update(_finite(value))
    return Known(frozenset(numbers), frozenset(chains))


def _finite(value: float) -> Iterator[Decimal]:
    try:
        number = Decimal(repr(value))
    except ValueError:  # more digits than Python writes out
        return
    if number.is_finite():
        yield number


def _values(found: re.Match[str]) -> Iterator[Decimal]:
    sign = Decimal(-1 if found["sign"] else 1)
    for number in _numbers(found):
        yield sign * number.value
        if number.percent:
            yield sign * number.value / 100


def _numbers(found: re.Match[str]) -> Iterator[_Number]:
    """Read each number of a chain; its unit counts for all of them: "3-5 %"."""
    unit = (found["unit"] or "").strip(" -\u00a0")
    scale = _SCALES.get(unit, Decimal(1))
    for text in _PART.findall(found["chain"]):
        plain = re.sub(r"[,_\u00a0\u202f]", "", text)
        try:
            value = Decimal(plain) if len(plain) <= MAX_DIGITS else Decimal("NaN")
        except InvalidOperation:  # an exponent beyond all sense
            continue
        if value.is_finite():
            exponent = value.as_tuple().exponent
            slack = Decimal(5).scaleb(int(exponent) - 1) if abs(int(exponent)) < MAX_DIGITS else Decimal(0)
            yield _Number(value * scale, slack * scale, unit in ("%", "percent"))


def marked(text: str, known: Known, *, code: bool = False) -> tuple[str, int]:
    """Return *text* with a mark after each number that is not *known*, and how many are marked.

    With *code*, closed fenced blocks are left as they are: a number in a program is none of prose.
    """
    count, counter = 0, 0
    lines: list[str] = []
    for line, is_code in _lines(text, code=code):
        start = 0
        if not is_code and (layout := _LAYOUT.match(line)):
            item = int(layout["item"] or 0)
            if layout["section"] or item in (1, counter + 1):
                start, counter = layout.end(), item or counter
        new, more = (line[start:], 0) if is_code else _marked_line(line[start:], known)
        lines.append(line[:start] + new)
        count += more
    return "".join(lines), count


def _marked_line(line: str, known: Known) -> tuple[str, int]:
    count = 0

    def mark(found: re.Match[str]) -> str:
        nonlocal count
        inner = _CHAIN.fullmatch(found["code"].strip()) if found["code"] else found if found["chain"] else None
        if inner is None or known.holds(inner):
            return found[0]
        count += 1
        said = found.string.startswith(f" {MARK}", found.end())
        return found[0] if said else f"{found[0]} {MARK}"

    return _PROSE.sub(mark, line), count


def _lines(text: str, *, code: bool) -> Iterator[tuple[str, bool]]:
    """Yield each line with its ending, and whether it belongs to a closed block of code."""
    lines = text.splitlines(keepends=True)
    inside = set[int]()
    if code:
        inside.update(number for first, last in code_blocks(lines) for number in range(first, last + 1))
    yield from ((line, number in inside) for number, line in enumerate(lines))


def code_blocks(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of each fenced block of code that is closed."""
    fence, first = "", 0
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if not fence and found:
            fence, first = found[1], number
        elif fence and found and found[1].startswith(fence) and not line[found.end():].strip():
            yield first, number
            fence = ""
