"""Read JSON records: an array of objects, objects one after another, one object a line, or a wrapped array.

Numbers keep the text that they were written with, so that a quoted cell is the cell, and an integer of a million
digits costs nothing. Objects inside a record become columns with dotted names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from ._json_stream import Values, read_lines, read_values
from ._tables import MAX_COLUMNS, MAX_NAME, Broken, NotATable, Row, encoding_remarks, rest_of

MAX_DEPTH = 3
_LOOK = 20


@dataclass(slots=True)
class JsonSource:
    """A file of JSON records, read by one of several readers of values."""

    path: Path
    encoding: str
    form: str
    read: Callable[[TextIO], Values]
    by_line: bool = True
    columns: list[str] = field(default_factory=list[str])
    comma_decimal: bool = False
    _at: dict[str, int] = field(default_factory=dict[str, int])
    _strangers: list[int | str] = field(default_factory=list[int | str])
    _full: bool = False

    @property
    def remarks(self) -> list[str]:
        """Say what was assumed, and what was left out the last time the file was streamed."""
        remarks = encoding_remarks(self.encoding)
        if self._strangers:
            remarks.append(f"has {len(self._strangers)} entries that are no records, the first at {self._strangers[0]}")
        if self._full:
            remarks.append(f"has more than {MAX_COLUMNS} columns; the first {MAX_COLUMNS} were read")
        return remarks

    def __iter__(self) -> Iterator[Row]:
        """Stream the records; an entry that is no object is counted and left out."""
        self._strangers.clear()
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as stream:
            for number, (line, value) in enumerate(self.read(stream), start=1):
                place = line if self.by_line else f"record {number}"
                if isinstance(value, dict):
                    yield Row(place, *self._cells(value))
                else:
                    self._strangers.append(place)

    def _cells(self, record: Mapping[str, object]) -> tuple[list[str], str]:
        """Return the cells of the columns that are read, and a digest of the others."""
        cells, rest = [""] * len(self.columns), list[str]()
        for name, text in flatten(record):
            at = self._at.get(name)
            if at is None and len(self.columns) >= MAX_COLUMNS:
                self._full = True
                rest += [f"{name}\x1e{text}"] if text else []
                continue
            if at is None:
                at = self._at[name] = len(self.columns)
                self.columns.append(name)
                cells.append("")
            cells[at] = text
        return cells, rest_of(sorted(rest))


def flatten(record: Mapping[str, object], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    """Yield name and text of every value; an inner object's names are joined by dots, down to a depth of 3."""
    for key, value in record.items():
        name = _whole(f"{prefix}{key}"[:MAX_NAME])
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from flatten(value, f"{name}.", depth + 1)
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    """Replace half characters, which JSON can spell and UTF-8 can't."""
    return text if text.isascii() else text.encode("utf-8", errors="replace").decode("utf-8")


def open_json_lines(path: Path, encoding: str) -> JsonSource:
    """Open a file with one JSON object a line."""
    source = JsonSource(path, encoding, "JSON Lines", read_lines)
    return _checked(source)


def open_json(path: Path, encoding: str) -> JsonSource:
    """Open a JSON file that holds records; a settings file or a document is refused."""
    source = JsonSource(path, encoding, "JSON records", read_values)
    found = _first_values(source)
    if len(found) == 1 and isinstance(found[0][1], dict) and not _starts_array(path, encoding):
        return _unwrapped(source, found[0][1])
    # Where records share a line, only their number tells them apart.
    lines = [line for line, _ in found]
    source.by_line = len(set(lines)) == len(lines)
    return _checked(source)


def _first_values(source: JsonSource) -> list[tuple[int, object]]:
    try:
        with source.path.open(encoding=source.encoding, errors="replace", newline="") as stream:
            return list(islice(source.read(stream), _LOOK))
    except Broken as error:
        raise NotATable(str(error)) from error


def _checked(source: JsonSource) -> JsonSource:
    found = [value for _, value in _first_values(source)]
    if not found:
        raise NotATable("holds no records")
    if not any(isinstance(value, dict) for value in found):
        raise NotATable("holds no records, but other JSON values")
    return source


def _starts_array(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        return stream.read(4096).lstrip(" \t\r\n\ufeff").startswith("[")


def _unwrapped(source: JsonSource, whole: Mapping[str, object]) -> JsonSource:
    """Take the array of objects that a JSON object holds beside plain values as the table, like a page of results."""
    arrays = [key for key, value in whole.items() if isinstance(value, (list, dict)) and value]
    if len(arrays) != 1 or not _is_records(whole[arrays[0]]):
        raise NotATable("is a JSON object, not an array of records")
    key = arrays[0]
    source.form, source.by_line = f'JSON records under "{key[:40]}"', False
    source.read = lambda stream: _inner_values(stream, key)
    return source


def _is_records(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(entry, dict) for entry in value)


def _inner_values(stream: TextIO, key: str) -> Values:
    for line, whole in read_values(stream):
        inner = whole.get(key) if isinstance(whole, dict) else None
        yield from ((line, entry) for entry in (inner if isinstance(inner, list) else []))


