"""Does the plan cover what the goal asks for, and is everything there that its tasks are to read?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from posixpath import normpath

from genesis_core import Task

from ._coverage import brief, left_out
from ._diagnosis import Diagnosis, named, note
from ._view import View

__all__ = ["check"]

_PLACES = frozenset({"folder", "folders", "files"})
_WHERE = "hidden, version control and dependency folders were not looked into"


def check(view: View) -> Iterator[Diagnosis]:
    """Yield what the goal says and no task takes up, and files that tasks name and that are not there."""
    if view.plan.not_understood:
        yield from _not_understood(view)
    if view.leaves:
        yield from left_out(view)
    yield from _missing_files(view)


def _not_understood(view: View) -> Iterator[Diagnosis]:
    """Yield the words that no task stands for; a task that nobody can do is a finding of its own."""
    tasks = {" ".join(task.description.split()) for task in view.leaves}
    left = [brief(text) for text in view.plan.not_understood if " ".join(text.split()) not in tasks]
    if left:
        yield note("not-understood", f"nobody here understood {named(left)}",
                   hint="say it in other words, or install a plugin that does it")


# ---- files ---------------------------------------------------------------------------------------------------------


def _missing_files(view: View) -> Iterator[Diagnosis]:
    """Yield the files and folders that tasks name and that the workspace does not have."""
    wanted: dict[str, list[str]] = {}
    for task in view.leaves:
        for name in _named_files(task) if task.inputs else ():
            wanted.setdefault(name, []).append(task.id)
    if not wanted:
        return
    there = _names(view.context.files("**/*"))
    for name, ids in wanted.items():
        plain = normpath(name)
        if plain in there or plain == "." or "*" in plain or _unseen(plain):
            continue
        near = get_close_matches(plain[:200], sorted(there)[:2000], n=1, cutoff=0.7)
        yield note("missing-file", f"{named(ids)} is to read {name!r}, which is not in the workspace", ids,
                   f"did you mean {near[0]!r}? {_WHERE}" if near else _WHERE)


def _named_files(task: Task) -> Iterator[str]:
    for name, item in task.inputs.items():
        if item.file is not None:
            yield item.file
        elif name in _PLACES:
            given = item.value if isinstance(item.value, list) else (item.value,)
            yield from (value for value in given if isinstance(value, str))


def _names(files: Sequence[str]) -> frozenset[str]:
    """Return the files and every folder on the way to them."""
    found: set[str] = set(files)
    for name in files:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


def _unseen(name: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in name.split("/"))
