"""Predictions: one JSON line a row, on disk before the next row is begun, so that an interrupted evaluation goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from genesis_core import SettingsError

Prediction = Mapping[str, Any]


class Predictions:
    """The predictions made so far, in the order of the rows; with a *path* they are kept there."""

    def __init__(self, path: Path | None, ids: Sequence[object]) -> None:
        self.path, self._ids = path, list(ids)
        self.made: list[Prediction] = []
        self.resumed = 0
        """How many were there already."""
        self._file: TextIOWrapper | None = None

    def __enter__(self) -> Self:
        """Take up what *path* holds; raises SettingsError when it can't be written."""
        if self.path is None:
            return self
        self.made = _begun(self.path, self._ids)
        self.resumed = len(self.made)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(_line(p) for p in self.made)
            temporary = self.path.with_name(self.path.name + ".tmp")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(self.path)
            self._file = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"{self.path} can't be written", cause=str(error), hint="--predictions takes a file"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def add(self, prediction: Prediction) -> None:
        """Keep *prediction*; it is on its way to the disk when this returns."""
        self.made.append(prediction)
        if self._file is not None:
            self._file.write(_line(prediction))
            self._file.flush()


def read_predictions(path: Path) -> dict[Any, Prediction]:
    """Return the predictions that *path* holds, by the id of their row; raises SettingsError for what is none."""
    hint = "--baseline takes what --predictions wrote"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read", cause=str(error), hint=hint) from error
    found: dict[Any, Prediction] = {}
    for number, line in enumerate(lines, 1):
        prediction = _read(line) if line.strip() else None
        if line.strip() and (prediction is None or not isinstance(prediction.get("id"), str | int)):
            raise SettingsError(f"line {number} of {path} is no prediction",
                                cause="one is a JSON object with the id of its row", hint=hint)
        if prediction is not None:
            found[prediction["id"]] = prediction
    return found


def _line(prediction: Prediction) -> str:
    return json.dumps(prediction, ensure_ascii=False) + "\n"


def _begun(path: Path, ids: Sequence[object]) -> list[Prediction]:
    """Return the predictions of an evaluation of the same rows that was interrupted; a finished one is made anew.

    A line that was torn when it was written, and what follows it, is left out.
    """
    if not path.is_file():
        return []
    found: list[Prediction] = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        prediction = _read(line)
        if prediction is None or len(found) == len(ids) or prediction.get("id") != ids[len(found)]:
            break
        found.append(prediction)
    return found if len(found) < len(ids) else []


def _read(line: str) -> Prediction | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
