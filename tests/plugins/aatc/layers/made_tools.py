"""Tools as somebody might make them, and how a test turns one into a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis_aatc.candidate import Candidate
from genesis_aatc.schemas import schema_of
from genesis_core import Effect, Example, Need, Proposal, ToolSpec

Pairs = Sequence[tuple[Mapping[str, Any], Any]]


def candidate(
    code: str, pairs: Pairs = (), *, name: str = "tool", takes: Mapping[str, Any] | None = None,
    gives: Mapping[str, Any] | None = None, author: str = "file", approved: str = "",
    asks: Mapping[str, Any] | None = None, effect: Effect | None = None, **spec: Any,
) -> Candidate:  # fmt: skip
    """Return a candidate with the schemas that its examples show, unless others are given."""
    examples = tuple(Example(arguments=arguments, value=value) for arguments, value in pairs)
    shown = schema_of(examples) if examples else ({"type": "object", "additionalProperties": False}, {"type": "string"})
    reads = bool(asks) and bool({"read", "env"} & set(asks or {}))
    made = ToolSpec(
        name=name, input_schema=shown[0] if takes is None else takes,
        output_schema=shown[1] if gives is None else gives,
        capabilities=asks or {}, effect=effect or (Effect.READ if reads else Effect.PURE), **spec,
    )  # fmt: skip
    need = Need(name=name, examples=examples)
    return Candidate(need, Proposal(spec=made, code=code, author=author), approved)


@dataclass(frozen=True)
class Made:
    """A tool that does what it should."""

    name: str
    code: str
    pairs: Pairs
    takes: Mapping[str, Any] | None = None
    gives: Mapping[str, Any] | None = None

    @property
    def candidate(self) -> Candidate:
        return candidate(self.code, self.pairs, name=self.name, takes=self.takes, gives=self.gives)


BENIGN = (
    Made("initials", '''
import re

def initials(text: str) -> str:
    """Return the first letters of the words, in capitals."""
    return "".join(word[0] for word in re.findall(r"[^\\W_]+", text)).upper()
''', [({"text": "ada lovelace"}, "AL"), ({"text": "grace brewster hopper"}, "GBH")]),
    Made("slug", '''
import re
import unicodedata

def slug(title: str) -> str:
    """Return a title as it stands in an address."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
''', [({"title": "Über uns!"}, "uber-uns"), ({"title": "Hello, World"}, "hello-world")]),
    Made("word_counts", '''
import re
from collections import Counter

def word_counts(text: str) -> dict[str, int]:
    """Count the words of a text."""
    return dict(Counter(re.findall(r"[a-z]+", text.lower())))
''', [({"text": "a b a"}, {"a": 2, "b": 1}), ({"text": "x"}, {"x": 1})]),
    Made("is_palindrome", '''
def is_palindrome(text: str) -> bool:
    """Tell whether a text reads the same from both ends, letters and digits alone."""
    kept = [sign.lower() for sign in text if sign.isalnum()]
    return kept == kept[::-1]
''', [({"text": "Never odd or even"}, True), ({"text": "genesis"}, False)]),
    Made("masked", '''
def masked(number: str) -> str:
    """Hide all but the last four digits of a number."""
    return "*" * max(0, len(number) - 4) + number[-4:]
''', [({"number": "4111111111111111"}, "************1111"), ({"number": "123"}, "123")]),
    Made("mean", '''
from statistics import fmean

def mean(numbers: list[float]) -> float:
    """Return the mean of numbers."""
    if not numbers:
        raise ValueError("no numbers have no mean")
    return fmean(numbers)
''', [({"numbers": [1, 2, 3]}, 2), ({"numbers": [0.5, 1.5]}, 1.0)]),
    Made("celsius", '''
OFFSET = 32
FACTOR = 5 / 9

def celsius(fahrenheit: float) -> float:
    """Convert degrees."""
    return round((fahrenheit - OFFSET) * FACTOR, 2)
''', [({"fahrenheit": 212}, 100), ({"fahrenheit": 98.6}, 37.0)]),
    Made("roman", '''
"""Numbers as the Romans wrote them."""

SIGNS = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
         (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))

def roman(number: int) -> str:
    """Return a number from 1 to 3999 in Roman signs."""
    if not 0 < number < 4000:
        raise ValueError(f"{number} has no Roman signs")
    signs = []
    for value, sign in SIGNS:
        count, number = divmod(number, value)
        signs.append(sign * count)
    return "".join(signs)
''', [({"number": 1994}, "MCMXCIV"), ({"number": 7}, "VII")]),
    Made("greatest_divisor", '''
import math

def greatest_divisor(one: int, other: int) -> int:
    """Return the greatest common divisor."""
    return math.gcd(one, other)
''', [({"one": 12, "other": 18}, 6), ({"one": 7, "other": 5}, 1)]),
    Made("price", '''
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

def price(net: str, rate: str = "0.19") -> str:
    """Add a tax to a price."""
    try:
        gross = Decimal(net) * (1 + Decimal(rate))
        return str(gross.quantize(Decimal("0.01"), ROUND_HALF_UP))
    except InvalidOperation:
        raise ValueError("not a price") from None
''', [({"net": "100"}, "119.00"), ({"net": "10", "rate": "0.07"}, "10.70")]),
    Made("weekday", '''
from datetime import date

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

def weekday(day: str) -> str:
    """Return on which day of the week a date lies."""
    return NAMES[date.fromisoformat(day).weekday()]
''', [({"day": "2024-02-29"}, "Thursday"), ({"day": "2000-01-01"}, "Saturday")]),
    Made("days_between", '''
import datetime

def days_between(first: str, last: str) -> int:
    """Count the days from one date to another."""
    start, end = (datetime.date.fromisoformat(day) for day in (first, last))
    return (end - start).days
''', [({"first": "2024-01-01", "last": "2024-03-01"}, 60), ({"first": "2023-12-31", "last": "2023-12-30"}, -1)]),
    Made("iso_date", '''
from datetime import datetime

FORMS = ("%d.%m.%Y", "%m/%d/%Y", "%d %B %Y")

def iso_date(text: str) -> str:
    """Return a date of some common form as ISO 8601 has it."""
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form).date().isoformat()
        except ValueError:
            continue
    raise ValueError(f"no date: {text[:40]}")
''', [({"text": "31.12.2023"}, "2023-12-31"), ({"text": "4 March 2021"}, "2021-03-04")]),
    Made("flattened", '''
def _each(items):
    for item in items:
        if isinstance(item, list):
            yield from _each(item)
        else:
            yield item

def flattened(items: list[list[int]]) -> list[int]:
    """Return what lists hold as one list."""
    return list(_each(items))
''', [({"items": [[1, 2], [3]]}, [1, 2, 3]), ({"items": [[]]}, [])],
         gives={"type": "array", "items": {"type": "integer"}},
         takes={"type": "object", "additionalProperties": False, "required": ["items"], "properties": {
             "items": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}}}),
    Made("deduplicated", '''
def deduplicated(names: list[str]) -> list[str]:
    """Return each name once, in the order of its first place."""
    return list(dict.fromkeys(names))
''', [({"names": ["b", "a", "b"]}, ["b", "a"]), ({"names": ["x"]}, ["x"])]),
    Made("top", '''
import heapq

def top(scores: list[float], count: int = 3) -> list[float]:
    """Return the best scores."""
    return heapq.nlargest(count, scores)
''', [({"scores": [1.5, 9, 4], "count": 2}, [9, 4]), ({"scores": [3.25]}, [3.25])]),
    Made("running_sums", '''
from itertools import accumulate

def running_sums(numbers: list[int]) -> list[int]:
    """Return the sums so far."""
    return list(accumulate(numbers))
''', [({"numbers": [1, 2, 3]}, [1, 3, 6]), ({"numbers": [-5]}, [-5])]),
    Made("totals", '''
from __future__ import annotations

from dataclasses import dataclass

@dataclass(frozen=True)
class _Line:
    name: str
    amount: float

def totals(rows: list[dict[str, str | float]]) -> dict[str, float]:
    """Add up amounts by name."""
    found: dict[str, float] = {}
    for row in rows:
        line = _Line(name=str(row["name"]), amount=float(row["amount"]))
        found[line.name] = found.get(line.name, 0.0) + line.amount
    return found
''', [({"rows": [{"name": "a", "amount": 1.5}, {"name": "a", "amount": 2.5}, {"name": "b", "amount": 1.25}]},
       {"a": 4.0, "b": 1.25}), ({"rows": [{"name": "z", "amount": 0.5}]}, {"z": 0.5})]),
    Made("pivoted", '''
def pivoted(rows: list[dict[str, str]], key: str, value: str) -> dict[str, list[str]]:
    """Group the values of one column by another."""
    found = {}
    for row in rows:
        if key not in row or value not in row:
            raise ValueError("a row lacks one of the two columns")
        found.setdefault(row[key], []).append(row[value])
    return found
''', [({"rows": [{"k": "a", "v": "1"}, {"k": "a", "v": "2"}], "key": "k", "value": "v"}, {"a": ["1", "2"]}),
      ({"rows": [{"k": "b", "v": "3"}], "key": "k", "value": "v"}, {"b": ["3"]})]),
    Made("parsed_csv", '''
import csv
import io

def parsed_csv(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV text as records, by its header."""
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    head, *rest = rows or [[]]
    return [dict(zip(head, row, strict=True)) for row in rest if row]
''', [({"text": "a,b\n1,2\n"}, [{"a": "1", "b": "2"}]), ({"text": "x\n\"q,r\"\n"}, [{"x": "q,r"}])]),
)  # fmt: skip
"""Text, numbers, dates, lists and records: what people ask for."""
