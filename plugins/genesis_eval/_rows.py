"""Rows of data files: read whole, with the line and the field at fault named, and split into what is shown and gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_core import GenesisError, SettingsError, read_json

Row = Mapping[str, Any]
Check = Callable[[Row, str], None]
"""Raises SettingsError for a row that can't be used; it is told where the row stands."""


def read_rows(path: Path, needed: Iterable[str], check: Check | None = None) -> list[Row]:
    """Return the rows of a JSON Lines file; raises SettingsError when one can't be read or lacks a *needed* field.

    An id is a text or a whole number, and no two rows have the same one; *check* may refuse more.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint="--data takes a JSON Lines file") from error
    found = [
        (_row(line, place := f"line {n} of {path}", tuple(needed)), place)
        for n, line in enumerate(text.split("\n"), 1) if line.strip()
    ]  # fmt: skip
    if not found:
        raise SettingsError(f"{path} holds no rows", cause="no line in it says anything",
                            hint="--data takes a JSON Lines file, one row a line")
    return _checked(found, check)


def _row(line: str, place: str, needed: tuple[str, ...]) -> Row:
    try:
        row = read_json(line)
    except (ValueError, GenesisError) as error:
        raise SettingsError(f"{place} can't be read as JSON", cause=str(error),
                            hint="one JSON object a line") from error
    if not isinstance(row, dict):
        raise SettingsError(
            f"{place} is no JSON object", cause=f"it is {type(row).__name__}", hint="one JSON object a line"
        )
    lacks = [name for name in needed if name not in row]
    if lacks:
        raise SettingsError(
            f"{place} has no {lacks[0]!r}", cause=f"a row needs {', '.join(needed)}", hint="mend that line"
        )
    return row


def read_table(path: Path, needed: Iterable[str], check: Check | None = None) -> list[Row]:
    """Return the rows of a CSV file with a header; raises SettingsError when it can't be read or lacks a column."""
    import csv
    import sys

    limit = csv.field_size_limit(sys.maxsize)  # of the whole process: others rely on theirs
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            found: list[tuple[Row, str]] = [(row, f"line {reader.line_num} of {path}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint="--data takes a CSV file") from error
    finally:
        csv.field_size_limit(limit)
    lacks = [name for name in needed if name not in (reader.fieldnames or ())]
    if lacks or not found:
        raise SettingsError(f"{path} has no column {lacks[0]!r}" if lacks else f"{path} holds no rows",
                            cause=f"its first line names the columns {', '.join(reader.fieldnames or ('(none)',))}",
                            hint=f"a CSV file with the columns {', '.join(needed)}")  # fmt: skip
    return _checked(found, check)


def _checked(found: Iterable[tuple[Row, str]], check: Check | None) -> list[Row]:
    """Return the rows; raises SettingsError for an id that is none or stands twice, and for what *check* refuses."""
    rows: list[Row] = []
    places: dict[str, str] = {}
    for row, place in found:
        name = row.get("id")
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise wrong(place, "id", name, "a text or a whole number")
        if (first := places.setdefault(str(name), place)) != place:
            raise SettingsError(f"{place} has the id {name!r} of {first.partition(' of ')[0]}",
                                cause="a prediction is told by its id from all others", hint="give each row its own id")
        if check is not None:
            check(row, place)
        rows.append(row)
    return rows


def wrong(place: str, field: str, value: object, takes: str) -> SettingsError:
    """Return the error for the *field* of the row at *place*, which should be what it *takes*."""
    said = repr(value)
    return SettingsError(f"{place}: {field!r} is {said if len(said) < 60 else type(value).__name__}",
                         cause=f"it should be {takes}", hint="mend that line")


def check_texts(row: Row, place: str, *names: str) -> None:
    """Raise SettingsError unless each field of *names* that is there is a text."""
    for name in names:
        if name in row and not isinstance(row[name], str):
            raise wrong(place, name, row[name], "a text")


def shown(row: Row, names: Iterable[str]) -> Row:
    """Return the fields of *row* that a predictor may see: exactly those of *names* that are there, and no other."""
    return {name: row[name] for name in names if name in row}


def has_gold(rows: Iterable[Row], *names: str) -> bool:
    """Return whether every row carries one of the gold fields *names*: only then can anything be scored."""
    return all(any(name in row for name in names) for row in rows)


def repeated(rows: Sequence[Row], times: Sequence[int]) -> list[Row]:
    """Return each row as often as *times* says, in order."""
    return [row for row, often in zip(rows, times, strict=True) for _ in range(often)]
