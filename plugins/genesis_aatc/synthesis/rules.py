"""Which operations may be tried on a value of which kind, with which constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from .expressions import Atom
from .kinds import kind
from .places import common_marks

__all__ = ["constants", "pairs", "steps"]

Step = tuple[str, tuple[Any, ...], float]

_PLAIN = {
    "text": (("size", 0.8), ("upper", 0.8), ("lower", 0.8), ("title", 1.0), ("strip", 0.8), ("reversed", 1.2),
             ("words", 0.9), ("letters", 1.4), ("whole", 0.8), ("real", 0.9), ("empty", 1.2), ("tidy", 1.0)),
    "whole": (("abs", 1.0), ("square", 1.2), ("minus", 1.2), ("even", 1.0)),
    "number": (("abs", 1.0), ("square", 1.2), ("minus", 1.2), ("to whole", 1.0)),
    "truth": (("not", 0.8),),
    "list": (("size", 0.7), ("backwards", 0.9), ("distinct", 0.9), ("tail", 1.2), ("front", 1.2), ("commonest", 1.2),
             ("repeated", 1.3), ("where set", 1.1), ("empty", 1.3)),
    "numbers": (("sum", 0.7), ("most", 0.8), ("least", 0.8), ("mean", 0.9), ("median", 1.1), ("product", 1.2),
                ("sorted", 0.8), ("down", 1.0), ("running", 1.3), ("steps", 1.3), ("where even", 1.1),
                ("where odd", 1.1), ("square each", 1.1), ("abs each", 1.2), ("str each", 1.2)),
    "texts": (("counts", 1.1),
              ("sorted", 0.8), ("down", 1.1), ("by size", 1.2), ("longest", 1.1), ("shortest", 1.1), ("sizes", 1.0),
              ("upper each", 1.0), ("lower each", 1.0), ("strip each", 1.0), ("capitalise each", 1.1),
              ("initials each", 1.1), ("whole each", 1.1), ("real each", 1.2), ("most", 1.5), ("least", 1.5)),
    "lists": (("flat", 0.9), ("sizes", 1.0), ("sums", 1.1), ("longest", 1.2), ("shortest", 1.2)),
    "table": (("size", 0.7), ("distinct", 1.0), ("backwards", 1.0)),
    "record": (("names", 0.9), ("fields", 0.9), ("filled", 1.1), ("size", 1.0), ("sums by name", 1.0),
               ("sizes by name", 1.0), ("most by name", 1.1), ("least by name", 1.1), ("mean by name", 1.1)),
}  # fmt: skip


def finer(values: Sequence[Any]) -> list[str]:
    """Return the kinds whose operations fit all *values*: that of `kind`, and of a list also that of its items."""
    coarse = kind(values)
    if coarse != "list":
        return [coarse]
    items = [item for value in values for item in value]
    inner = kind(items) if items else "mixed"
    names = {"text": "texts", "whole": "numbers", "number": "numbers", "list": "lists"}
    return ["list", *([names[inner]] if inner in names else [])]


def constants(inputs: Sequence[Any], outputs: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the texts and numbers of the examples that may be constants in a program, few and general ones first."""
    found: dict[str, list[Any]] = {"text": [], "number": [2, 10, 100]}

    def gather(value: Any, depth: int = 0) -> None:
        if isinstance(value, str) and len(value) <= 30:
            found["text"].append(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found["number"].append(value)
        elif isinstance(value, list | dict) and depth < 3:
            for one in value.values() if isinstance(value, dict) else value:
                gather(one, depth + 1)

    for value in (*outputs, *inputs):
        gather(value)
    return {name: list(dict.fromkeys(values))[:16] for name, values in found.items()}


def steps(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    """Give the operations on *atom* alone, with constants from the examples."""
    for name in finer(atom.values):
        for op, cost in _PLAIN.get(name, ()):
            yield op, (), cost
        yield from _MORE.get(name, _nothing)(atom, known)


def _nothing(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    yield from ()


def _of_text(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    for mark in common_marks(atom.values):
        yield "parts", (mark,), 1.0
        yield "split", (mark,), 1.1
    for pattern in (r"[0-9]+", r"[^\W\d_]+", r"[+-]?[0-9]+(?:\.[0-9]+)?", r"[A-Z]"):
        yield "pieces", (pattern,), 1.2
        for number in (0, -1, 1):
            yield "match", (pattern, number), 1.3 + 0.3 * abs(number)
    for number in (0, -1, 1):
        yield "word", (number,), 1.3 + 0.3 * abs(number)
    for day_first in (False, True):
        yield "moment", (day_first,), 1.0 + 0.4 * day_first
    yield "clock", (), 1.2
    for text in known["text"]:
        if len(text) == 1 or 1 < len(text) <= 12 and text.isalpha():
            yield "count", (text,), 1.8
            yield "holds", (text,), 1.8
            yield "begins", (text,), 1.9
            yield "ends", (text,), 1.9
    for letter in dict.fromkeys(char for value in atom.values for char in value):
        if not letter.isspace() and len(atom.values[0]) < 80:
            yield "count", (letter,), 2.0
            yield "holds", (letter,), 2.1
            yield "begins", (letter,), 2.2
            yield "ends", (letter,), 2.2


def _of_number(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    for value in known["number"]:
        if value not in (0, 1):
            yield "times", (value,), 1.8
            yield "ratio", (value,), 1.8
            yield "rest", (value,), 1.9
            yield "quotient", (value,), 1.9
        yield "at least", (value,), 1.7
        yield "same", (value,), 2.0
    for value in (1, 2, *known["number"]):
        if value:
            yield "add", (value,), 1.7
            yield "less", (value,), 1.8
    for factor in (3, 4, 5, 7, 12, 24, 60, 1000, 0.5, 0.1, 0.01):
        yield "times", (factor,), 2.2
    for digits in (2, 1, 0, 3):
        yield "rounded", (digits,), 1.0 + 0.1 * digits


def _of_list(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    for number in (0, -1, 1, -2, 2):
        yield "nth", (number,), 0.9 + 0.2 * abs(number)
    for number in (1, 2, 3, -1, -2):
        yield "take", (number,), 1.5
        yield "drop", (number,), 1.6
    for value in [*known["text"], *known["number"], None]:
        yield "count", (value,), 2.0
        yield "within", (value,), 2.0
        yield "where not", (value,), 2.0


def _of_numbers(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    for value in dict.fromkeys((0, *known["number"])):
        yield "where above", (value,), 1.8 - 0.3 * (value == 0)
        yield "where below", (value,), 1.9 - 0.3 * (value == 0)
        if value not in (0, 1):
            yield "times each", (value,), 1.8
        if value:
            yield "add each", (value,), 1.8
    yield "add each", (1,), 1.5


def _of_texts(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    for mark in ("", " ", ", ", ",", "-", " and ", "/", "\n", "; ", " | "):
        yield "joined", (mark,), 1.2
    starts = dict.fromkeys(item[:1] for value in atom.values for item in value if item)
    ends = dict.fromkeys(item[-4:] for value in atom.values for item in value if "." in item[-4:])
    for letter in list(starts)[:8]:
        yield "where begins", (letter,), 1.9
        yield "where holds", (letter,), 2.1
    for end in [*ends][:8]:
        yield "where ends", (end[end.rfind(".") :],), 1.7
    for mark in ("@", ".", "-", " ", "_"):
        yield "where holds", (mark,), 1.8


def _of_record(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    names = _names(atom.values)
    for name in names:
        yield "field", (name,), 0.6
        yield "without", (name,), 1.2
    for count in (1, 2, 3):
        for some in combinations(names[:7], count):
            if count < len(names):
                yield "picked", (some,), 1.3
    for old in names:
        for new in known["name"]:
            if new not in names:
                yield "renamed", (old, new), 1.5
    if all(isinstance(value, str) for record in atom.values for value in record.values()):
        yield "inverted", (), 1.1
    for down in (False, True):
        yield "ordered_fields", (down,), 1.3
        yield "name_of", (down,), 1.4 - 0.2 * down


def _of_table(atom: Atom, known: dict[str, list[Any]]) -> Iterator[Step]:
    rows = [row for value in atom.values for row in value]
    names = _names(rows)
    for name in names:
        yield "column", (name,), 0.7
        yield "each without", (name,), 1.3
        for down in (False, True):
            yield "ordered", (name, down), 1.1 + 0.1 * down
        yield from _choices(name, atom)
        # The names of a record are texts, in JSON.
        if all(isinstance(row[name], str) for row in rows):
            yield from _groupings(name, names)
        for new in known["name"]:
            if new not in names:
                yield "each renamed", (name, new), 1.4
    for count in (1, 2, 3):
        for some in combinations(names[:7], count):
            if count < len(names):
                yield "each picked", (some,), 1.2
        yield "take", (count,), 1.4
    for number in (0, -1):
        yield "nth", (number,), 1.1


def _choices(name: str, atom: Atom) -> Iterator[Step]:
    """Give the ways to choose rows by one field."""
    yield "rows where_set", (name,), 1.2
    for value in _shared(name, atom.values):
        yield "rows where", (name, value), 1.4
        yield "rows where_not", (name, value), 1.6
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield "rows where_above", (name, value), 1.5
            yield "rows where_below", (name, value), 1.6


def _groupings(name: str, names: Sequence[str]) -> Iterator[Step]:
    """Give the ways to bring rows together by one field."""
    yield "by_key", (name,), 1.3
    for other in names:
        if other != name:
            yield "totals", (name, other), 1.2
            yield "groups", (name, other), 1.3
            yield "index_of", (name, other), 1.3


def _names(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names that every record has, in the order of the first."""
    return [name for name in (records[0] if records else {}) if all(name in one for one in records)][:12]


def _shared(name: str, tables: Sequence[list[dict[str, Any]]]) -> list[Any]:
    """Return values of a field, those in many tables first; of numbers those that lie between as well."""
    seen: dict[Any, int] = {}
    for table in tables:
        for value in {repr(row[name]): row[name] for row in table}.values():
            if isinstance(value, str | int | float | bool):
                seen[value] = seen.get(value, 0) + 1
    ranked = sorted(seen, key=lambda value: -seen[value])[:8]
    numbers = sorted(value for value in seen if isinstance(value, int | float) and not isinstance(value, bool))
    usual = (0, 1, 5, 10, 18, 20, 50, 100, 1000)
    between = [bound for bound in usual if numbers and numbers[0] < bound <= numbers[-1]]
    return [*ranked, *between, *numbers[:10]]


_MORE = {"text": _of_text, "whole": _of_number, "number": _of_number, "list": _of_list, "numbers": _of_numbers,
         "texts": _of_texts, "record": _of_record, "table": _of_table}  # fmt: skip


def pairs(left: Atom, right: Atom) -> Iterator[tuple[str, float]]:
    """Give the operations on two atoms, in this order."""
    kinds = (kind(left.values), kind(right.values))
    if all(one in {"whole", "number"} for one in kinds):
        yield from (("add", 1.0), ("less", 1.0), ("times", 1.0), ("ratio", 1.1), ("rest", 1.4), ("quotient", 1.4),
                    ("lesser", 1.3), ("greater", 1.3), ("smaller", 1.2), ("same", 1.3))  # fmt: skip
    elif kinds == ("list", "list"):
        yield from (("add", 1.1), ("common", 1.1), ("apart", 1.2), ("paired", 1.2))
    elif kinds == ("truth", "truth"):
        yield from (("both", 1.1), ("either", 1.2))
    elif kinds == ("record", "record"):
        yield "merged", 1.0
    elif kinds == ("text", "text"):
        yield from (("same", 1.2), ("holds", 1.4), ("begins", 1.5), ("ends", 1.5), ("split", 1.5), ("count", 1.6))
    elif kinds[0] == "list":
        yield from (("within", 1.2), ("count", 1.3), ("where not", 1.5))
        if kinds[1] in {"whole", "number"}:
            yield from (("nth", 1.3), ("take", 1.3), ("drop", 1.4), ("times each", 1.4), ("where above", 1.4))
        if kinds[1] == "text":
            yield "joined", 1.3
    elif kinds[0] == "table" and kinds[1] == "text":
        yield "column", 1.4
    elif kinds == ("record", "text"):
        yield "field", 1.2
    elif all(hasattr(value, "isoformat") for value in (*left.values, *right.values)):
        yield from (("days", 0.8), ("age", 1.2), ("minutes", 1.2))
