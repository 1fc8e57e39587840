"""Predictions: one JSON line a row, on disk before the next row is begun, so that an interrupted evaluation goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from genesis_core import GenesisError, SettingsError, read_json

Prediction = Mapping[str, Any]

@dataclass(frozen=True, slots=True)
class Begun:
    """What a file holds of an evaluation of the same rows that was interrupted."""

    made: Sequence[Prediction] = ()
    size: int = 0
    """How many bytes say that: what follows was torn when it was written."""


class Predictions:
    """The predictions made so far, in the order of the rows; with a *path* they are kept there."""

    def __init__(self, path: Path | None, begun: Begun | None = None) -> None:
        self.path, self._begun = path, begun or Begun()
        self.made: list[Prediction] = list(self._begun.made)
        self.resumed = len(self.made)
        """How many were there already."""
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Take up what *path* holds; raises SettingsError when it can't be written."""
        if self.path is None:
            return self
        try:
            self._file = self.path.open("r+b" if self.path.exists() else "xb")
            self._file.seek(self._begun.size)
            self._file.truncate()
        except OSError as error:
            self.__exit__(None, None, None)
            raise _unwritable(self.path, error.strerror or str(error), "--predictions takes a file") from error
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


def begun(path: Path | None, ids: Sequence[object], names: Iterable[str]) -> Begun:
    """Return the predictions at *path* that an interrupted evaluation of the same rows made; a finished one made none.

    Raises SettingsError, and touches nothing, where predictions can't be written: where there is a folder, or none to
    hold the file, or a file that holds anything but predictions with fields of these *names* for rows with these *ids*.
    """
    if path is None:
        return Begun()
    try:
        if not path.parent.is_dir():
            raise _unwritable(path, f"there is no folder {str(path.parent)!r}", f"mkdir -p {path.parent}")
        if not path.exists():
            return Begun()
        if not path.is_file():
            raise _unwritable(path, "it is a folder" if path.is_dir() else "it is no regular file",
                              f"name a file: --predictions {path / 'predictions.jsonl' if path.is_dir() else 'FILE'}")
        content = path.read_bytes()
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error), "--predictions takes a file") from error
    first, newline, _ = content.partition(b"\n")
    made, own = _parsed(first), sorted(names)
    torn = not newline and bool(ids) and first.startswith(_line({"id": ids[0]}).rstrip(b"}\n") + b",")
    ours = torn if made is None else sorted(made) == own and _is_of(made.get("id"), ids)
    if content.strip() and not ours:
        raise SettingsError(f"{path} holds other predictions than this evaluation makes, or none; it is left as it was",
                            cause=f"its first line is not {{{', '.join(own)}}} with the id of a row",
                            hint="name another file, or delete that one")  # fmt: skip
    return _intact(content, ids)


def _is_of(name: object, ids: Sequence[object]) -> bool:
    return any(type(name) is type(known) and name == known for known in ids)


def _intact(content: bytes, ids: Sequence[object]) -> Begun:
    """Return the whole lines for the first rows; all rows are none, as a finished evaluation is made anew."""
    found: list[Prediction] = []
    size = 0
    for line in content.split(b"\n")[:-1]:  # the last one has no end, and may be torn
        prediction = _parsed(line)
        if prediction is None or len(found) == len(ids) or prediction.get("id") != ids[len(found)]:
            break
        found.append(prediction)
        size += len(line) + 1
    return Begun(found, size) if len(found) < len(ids) else Begun()


def _unwritable(path: Path, cause: str, hint: str) -> SettingsError:
    return SettingsError(f"{path} can't be written", cause=cause, hint=hint)


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


def _line(prediction: Prediction) -> bytes:
    text = json.dumps(prediction, ensure_ascii=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half a pair of surrogates, which a request may have had
        return json.dumps(prediction).encode() + b"\n"


def _parsed(line: bytes) -> Prediction | None:
    try:
        return _read(line.decode())
    except UnicodeDecodeError:
        return None


def _read(line: str) -> Prediction | None:
    try:
        value = read_json(line)
    except (ValueError, GenesisError):
        return None
    return value if isinstance(value, dict) else None
