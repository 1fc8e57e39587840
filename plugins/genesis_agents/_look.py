"""Tell a named folder that is not there from one that holds nothing, and both from one that can't be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from genesis_core import Report, TaskContext, tool

from ._not_scanned import joined
from ._report_text import counted, one_line
from ._where import Where

_NAMED = 5  # unreadable folders that are named one by one


@tool(effect="read")
def look_into(folders: list[Path]) -> list[str]:
    """Say of each folder whether it is not there, can't be read, or holds no files.

    folders: folders; nothing is said of one that holds files and can be read
    """
    return [said for folder in folders for said in _look(folder)]


def _look(folder: Path) -> list[str]:
    name = _shown(folder)
    try:
        if folder.is_file():
            return [f"{one_line(folder.as_posix())} is a file, not a folder."]
        if not folder.is_dir():
            return [f"There is no folder {name} in the workspace."]
        closed, files = _walk(folder)
    except OSError as error:
        return [_cannot(name, error)]
    if closed:
        rest = len(closed) - _NAMED
        more = [f"{counted(rest, 'more folder')} below {name} can't be read."] if rest > 0 else []
        return [*closed[:_NAMED], *more]
    return [] if files else [f"The folder {name} holds no files."]


def _walk(folder: Path) -> tuple[list[str], int]:
    """Return a sentence for each folder that can't be read, and how many files lie in the others."""
    refused: list[OSError] = []
    files = sum(len(names) for _, _, names in os.walk(folder, onerror=refused.append))
    return [_cannot(_shown(Path(error.filename or folder)), error) for error in refused], files


def _cannot(name: str, error: OSError) -> str:
    return f"The folder {name} can't be read: {(error.strerror or type(error).__name__).lower()}."


def _shown(folder: Path) -> str:
    return one_line(folder.as_posix().rstrip("/")) + "/"


async def not_there(context: TaskContext, place: Where, found: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return a sentence for each file or folder that a task names and that gives nothing.

    *found* are the files of *place* that the agent can use: a folder without one is looked into.
    """
    used = place.files if found is None else tuple(found)
    bare = [folder for folder in _folders(context.inputs) if not any(file.startswith(f"{folder}/") for file in used)]
    gone = tuple(f"There is no {name} in the workspace." for name in place.missing if not name.startswith("folder "))
    return (*gone, *(await context.call(look_into, folders=bare) if bare else ()))


def _folders(inputs: Mapping[str, object]) -> Iterator[str]:
    for given in (inputs.get("folder"), inputs.get("folders")):
        for name in (given,) if isinstance(given, str) else given if isinstance(given, Sequence) else ():
            plain = "/".join(part for part in str(name).split("/") if part not in ("", "."))
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
