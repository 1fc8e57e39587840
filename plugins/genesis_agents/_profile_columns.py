"""One column while its table streams by, and what is known of it at the end.

Memory is bounded: distinct texts are counted up to a limit and then only known to be more, and numbers are kept as
doubles, eight bytes a row, for as long as the column may still turn out to be one of numbers.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from math import isnan, nan

from ._profile_stats import Summary, present, summarise
from ._table_cells import Kind, plain_numbers, read_cell

MOSTLY = 0.9  # a column has the type that at least so many of its filled cells have
DOUBT_AFTER = 20_000  # rows after which a column of mostly text stops keeping numbers
TOP = 3
LONG_TEXT = 80
KEY_WORDS = frozenset({"id", "ids", "key", "uuid", "code", "zip", "zipcode", "postcode", "phone", "no", "nr"})
_NUMERIC = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.INFINITE})
_TYPES: dict[str, frozenset[Kind]] = {
    "number": _NUMERIC,
    "date": frozenset({Kind.DATE}),
    "boolean": frozenset({Kind.BOOLEAN}),
}


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column holds."""

    name: str
    type: str
    count: int
    missing: int
    distinct: int | None  # None: more than could be counted
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    mean: float | None = None
    median: float | None = None
    stdev: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    odd: int = 0
    infinite: int = 0
    undated: int = 0
    identifier: bool = False

    @property
    def numeric(self) -> bool:
        """Return whether the column can be calculated with."""
        return self.type in ("integer", "number")

    def is_odd(self, kind: Kind) -> bool:
        """Return whether a filled cell of this kind does not fit the column."""
        fits = _TYPES.get("number" if self.numeric else self.type)
        return fits is not None and kind is not Kind.MISSING and kind not in fits


class Column:
    """A column that is being read."""

    def __init__(self, name: str, rows_before: int, max_distinct: int) -> None:
        self.name = name
        self.kinds = Counter({Kind.MISSING: rows_before})
        self.values: Counter[str] | None = Counter()
        self.numbers: array[float] | None = array("d", [nan]) * rows_before
        self._max_distinct = max_distinct
        self._dates: tuple[tuple[float, str], tuple[float, str]] | None = None
        self._undated = 0

    def extend(self, cells: Sequence[str], *, comma_decimal: bool) -> None:
        """Take in the next cells; each different text of the batch is understood once."""
        if self.numbers is not None and (plain := plain_numbers(cells)):
            self.kinds.update({Kind.INTEGER: plain[0], Kind.NUMBER: plain[1]})
            self.numbers.extend(map(float, cells))
            self._count(cells)
            return
        seen = Counter(cells)
        read = {text: read_cell(text, comma_decimal=comma_decimal) for text in seen}
        for text, cell in read.items():
            self.kinds[cell.kind] += seen[text]
            if cell.kind is Kind.DATE:
                self._see_date(cell.value, text.strip(), seen[text])
        if self.numbers is not None:
            numbers = {text: cell.value if cell.kind in _NUMERIC else nan for text, cell in read.items()}
            self.numbers.extend([numbers[text] for text in cells])
            self._drop_numbers_of_text()
        self._count(seen)

    def _see_date(self, value: float, text: str, times: int) -> None:
        if isnan(value):
            self._undated += times
            return
        first, last = self._dates or ((value, text), (value, text))
        self._dates = (min(first, (value, text)), max(last, (value, text)))

    def _drop_numbers_of_text(self) -> None:
        filled = self.kinds.total() - self.kinds[Kind.MISSING]
        if filled > DOUBT_AFTER and 2 * self._numeric_count() < filled:
            self.numbers = None

    def _numeric_count(self) -> int:
        return sum(self.kinds[kind] for kind in _NUMERIC)

    def _count(self, cells: Sequence[str] | Counter[str]) -> None:
        if self.values is None:
            return
        for text, times in Counter(cells).items():
            self.values[_key(text.strip())] += times
        if len(self.values) > self._max_distinct:
            self.values = None

    def profile(self) -> ColumnProfile:
        """Say what the column holds."""
        missing = self.kinds[Kind.MISSING]
        filled = self.kinds.total() - missing
        kind = self._type(filled)
        summary = summarise(present(self.numbers or ())) if kind in ("integer", "number") else None
        values = self._distinct_values()
        return ColumnProfile(
            name=self.name,
            type=kind,
            count=filled,
            missing=missing,
            distinct=None if values is None else len(values),
            minimum=self._edge(kind, summary, first=True),
            maximum=self._edge(kind, summary, first=False),
            mean=summary.mean if summary else None,
            median=summary.median if summary else None,
            stdev=summary.stdev if summary else None,
            top=tuple(_most_frequent(values)) if values and kind in ("text", "boolean") else (),
            odd=self._odd(kind, filled),
            infinite=self.kinds[Kind.INFINITE] if summary else 0,
            undated=self._undated if kind == "date" else 0,
            identifier=kind == "integer" and self._identifies(values, filled),
        )

    def _type(self, filled: int) -> str:
        if not filled:
            return "empty"
        for name, kinds in _TYPES.items():
            if sum(self.kinds[kind] for kind in kinds) >= MOSTLY * filled:
                whole = name == "number" and not self.kinds[Kind.NUMBER] and not self.kinds[Kind.INFINITE]
                return "integer" if whole else name
        return "text"

    def _odd(self, kind: str, filled: int) -> int:
        fits = _TYPES.get("number" if kind == "integer" else kind)
        return filled - sum(self.kinds[each] for each in fits) if fits else 0

    def _edge(self, kind: str, summary: Summary | None, *, first: bool) -> int | float | str | None:
        if summary:
            edge = summary.minimum if first else summary.maximum
            return int(edge) if kind == "integer" else edge
        if kind == "date" and self._dates and not self._undated:
            return self._dates[0 if first else 1][1]
        return None

    def _distinct_values(self) -> Counter[str] | None:
        if self.values is None:
            return None
        return Counter({text: times for text, times in self.values.items() if read_cell(text).kind is not Kind.MISSING})

    def _identifies(self, values: Counter[str] | None, filled: int) -> bool:
        """Tell a key or a running number, which it makes no sense to add up, from a measure."""
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", self.name[:200])
        if words and words[-1].lower() in KEY_WORDS:
            return True
        if filled < 2 or self.numbers is None or (values is not None and len(values) < filled):
            return False
        numbers = present(self.numbers)
        return all(after - before == 1 for before, after in pairwise(numbers))


def _key(text: str) -> str:
    """Return the text itself, or its start and digest when it is long: only a short one is kept whole."""
    if len(text) <= LONG_TEXT:
        return text
    return f"{text[:LONG_TEXT]}… {blake2b(text.encode(errors='replace'), digest_size=4).hexdigest()}"


def _most_frequent(values: Counter[str]) -> list[tuple[str, int]]:
    """Return the most frequent texts; of equally frequent ones the first in the file."""
    return values.most_common(TOP)
