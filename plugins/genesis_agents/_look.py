"""Tell a named folder that is not there from one that holds nothing, and both from one that can't be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from genesis_core import AccessDenied, Report, TaskContext, tool

from ._not_scanned import joined
from ._report_text import one_line
from ._where import Where, outside, plain_path


@tool(effect="read")
def look_into(folders: list[Path]) -> list[str]:
    """Say of each folder in which no file was found why that is: not there, not readable, or empty.

    folders: folders below which no file was found
    """
    return [_look(folder) for folder in folders]


def _look(folder: Path) -> str:
    name = _shown(folder)
    try:
        if folder.is_file():
            return f"{one_line(folder.as_posix())} is a file, not a folder."
        if not folder.is_dir():
            return f"There is no folder {name} in the workspace."
    except OSError as error:  # a folder above it is closed
        return f"The folder {name} can't be read: {(error.strerror or type(error).__name__).lower()}."
    if not os.access(folder, os.R_OK | os.X_OK):
        return f"The folder {name} can't be read: permission denied."
    return f"The folder {name} holds no files to look at."


def _shown(folder: Path) -> str:
    return one_line(folder.as_posix().rstrip("/")) + "/"


async def not_there(context: TaskContext, place: Where) -> tuple[str, ...]:
    """Return a sentence for each file or folder that a task names and in which there is no file."""
    names = dict.fromkeys(_folders(context.inputs))
    bare = [name for name in names if not any(file.startswith(f"{name}/") for file in place.files)]
    gone = [f"There is no {name} in the workspace." for name in place.missing if not name.startswith("folder ")]
    return (*gone, *[await _looked(context, name) for name in bare])


async def _looked(context: TaskContext, name: str) -> str:
    """Return what :func:`look_into` says of a folder, or that the kernel does not let it look there."""
    try:
        (said,) = await context.call(look_into, folders=[name])
    except AccessDenied as error:
        return f"The folder {_shown(Path(name))} was not looked into: {one_line(error.message)}."
    return str(said)


def _folders(inputs: Mapping[str, object]) -> Iterator[str]:
    for given in (inputs.get("folder"), inputs.get("folders")):
        for name in (given,) if isinstance(given, str) else given if isinstance(given, Sequence) else ():
            plain = str(name) if outside(str(name)) else plain_path(str(name))
            yield from [plain] if plain else []


def other_notes(place: Where) -> tuple[str, ...]:
    """Return what else there is to say of a place: not what is missing, which :func:`not_there` tells."""
    return place.notes[len(place.missing):]


def told(report: Report, sentences: Sequence[str], *, nothing: bool) -> Report:
    """Return a report whose summary says what is not there, and nothing else where there was *nothing* to look at."""
    if not sentences:
        return report
    summary = joined(*sentences) if nothing else joined(report.summary, *sentences)
    return report.replace(summary=summary, notes=tuple(dict.fromkeys((*sentences, *report.notes))))
