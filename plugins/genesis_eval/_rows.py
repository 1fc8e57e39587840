"""Rows of data files: read whole, with the line at fault named, and split into what may be shown and what is gold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_core import SettingsError

Row = Mapping[str, Any]


def read_rows(path: Path, needed: Iterable[str]) -> list[Row]:
    """Return the rows of a JSON Lines file; raises SettingsError when one can't be read or lacks a *needed* field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint="--data takes a JSON Lines file") from error
    rows = [
        _row(line, f"line {n} of {path}", tuple(needed)) for n, line in enumerate(text.split("\n"), 1) if line.strip()
    ]
    if not rows:
        raise SettingsError(f"{path} holds no rows", hint="--data takes a JSON Lines file, one row a line")
    return rows


def _row(line: str, place: str, needed: tuple[str, ...]) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise SettingsError(f"{place} is not JSON", cause=str(error), hint="one JSON object a line") from error
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


def read_table(path: Path, needed: Iterable[str]) -> list[Row]:
    """Return the rows of a CSV file with a header; raises SettingsError when it can't be read or lacks a column."""
    import csv
    import sys

    limit = csv.field_size_limit(sys.maxsize)  # of the whole process: others rely on theirs
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows: list[Row] = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint="--data takes a CSV file") from error
    finally:
        csv.field_size_limit(limit)
    lacks = [name for name in needed if name not in (reader.fieldnames or ())]
    if lacks or not rows:
        raise SettingsError(f"{path} has no column {lacks[0]!r}" if lacks else f"{path} holds no rows",
                            hint=f"a CSV file with the columns {', '.join(needed)}")  # fmt: skip
    return rows


def shown(row: Row, names: Iterable[str]) -> Row:
    """Return the fields of *row* that a predictor may see: exactly those of *names* that are there, and no other."""
    return {name: row[name] for name in names if name in row}


def has_gold(rows: Iterable[Row], *names: str) -> bool:
    """Return whether every row carries one of the gold fields *names*: only then can anything be scored."""
    return all(any(name in row for name in names) for row in rows)


def repeated(rows: Sequence[Row], times: Sequence[int]) -> list[Row]:
    """Return each row as often as *times* says, in order."""
    return [row for row, often in zip(rows, times, strict=True) for _ in range(often)]
