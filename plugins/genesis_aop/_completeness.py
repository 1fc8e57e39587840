"""Does the plan cover what the goal asks for, and is everything there that its tasks are to read?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import NamedTuple

from genesis_core import Mend, Task

from ._diagnosis import Diagnosis, fixable, named, note
from ._mend import AddToDescription
from ._view import View
from ._words import EMPTY_WORDS, READER, stem

__all__ = ["check"]

_CLAUSE = re.compile(r"(?<=[^\d\s])\.+(?=\s|\Z)|[;!?]+(?=\s|\Z)|\n+|,(?=\s)|\s(?:and|then)(?=\s)")
_PLACES = frozenset({"folder", "folders", "files"})
_MENDED, _SHOWN_CHARS = 20, 160
_WHERE = "hidden, version control and dependency folders were not looked into"


def check(view: View) -> Iterator[Diagnosis]:
    """Yield what the goal says and no task takes up, and files that tasks name and that are not there."""
    if view.plan.not_understood:
        yield from _not_understood(view)
    if view.leaves:
        yield from _left_out(view)
    yield from _missing_files(view)


def _not_understood(view: View) -> Iterator[Diagnosis]:
    """Yield the words that no task stands for; a task that nobody can do is a finding of its own."""
    tasks = {" ".join(task.description.split()) for task in view.leaves}
    left = [_brief(text) for text in view.plan.not_understood if " ".join(text.split()) not in tasks]
    if left:
        yield note("not-understood", f"nobody here understood {named(left)}",
                   hint="say it in other words, or install a plugin that does it")


# ---- the goal ------------------------------------------------------------------------------------------------------


class _Clause(NamedTuple):
    raw: str
    telling: frozenset[str]
    exact: list[str]
    """Numbers, files and identifiers, as they are compared."""

    @property
    def text(self) -> str:
        return " ".join(self.raw.split())


def _clauses(text: str) -> Iterator[_Clause]:
    for part in _CLAUSE.split(text):
        terms = READER.terms(part)
        exact = [t for t in terms if t[0] == "=" and (len(t) > 2 or t[1].isdigit())]
        telling = frozenset([t for t in terms if t[0] != "=" and not t.endswith("ly")]) - EMPTY_WORDS
        if exact or telling:
            yield _Clause(part, telling, exact)


def _left_out(view: View) -> Iterator[Diagnosis]:
    """Yield the clauses of the goal that no task takes up at all, and the names and numbers that none repeats."""
    said, given_up = view.said, frozenset(READER.terms(" ".join(view.plan.not_understood)))
    clauses = [c for c in _clauses(view.plan.goal.text) if not given_up.issuperset((*c.telling, *c.exact))]
    nowhere: list[_Clause] = []
    missing: list[tuple[_Clause, list[str]]] = []
    for clause in clauses:
        if clause.telling and said.isdisjoint(clause.telling) and not _leads_in(clause.text):
            nowhere.append(clause)
        elif lost := [term[1:] for term in clause.exact if not _is_said(term, said)]:
            missing.append((clause, lost))
    if nowhere:
        yield note("uncovered", f"no task takes up {named([_brief(c.text) for c in nowhere])}",
                   hint="add a task for it, or leave it out of the goal")
    nearest = _nearest(view, [c for c, _ in missing[:_MENDED]])
    homeless = [name for _, lost in missing[_MENDED:] for name in lost]
    for (clause, lost), task_id in zip(missing, nearest, strict=False):
        if task_id is None:
            homeless += lost
            continue
        yield fixable("left-out", f"the goal says {named(lost)} and no task repeats it; {task_id!r} comes nearest",
                      [task_id], Mend.REDESCRIBE, AddToDescription(task_id, clause.text[:1000]))
    if homeless:
        yield note("left-out", f"the goal says {named(homeless)} and no task repeats it",
                   hint="name it in the description or the inputs of the task that it belongs to")


def _leads_in(text: str) -> bool:
    """Return whether *text* is a heading, or introduces a list: it says what the rest is about."""
    return text.startswith("#") or text.endswith(":")


def _is_said(term: str, said: frozenset[str]) -> bool:
    return term in said or (plain := term[1:]) in said or stem(plain) in said


def _nearest(view: View, clauses: Sequence[_Clause]) -> list[str | None]:
    """Return for each clause the leaf that shares most of its telling terms; None where none shares any."""
    wanted = frozenset(term for c in clauses for term in c.telling)
    having: dict[str, list[str]] = {}
    for task in view.leaves if wanted else ():
        for term in wanted.intersection(view.terms[task.id]):
            having.setdefault(term, []).append(task.id)
    return [_most([having[t] for t in sorted(c.telling) if t in having]) for c in clauses]


def _most(sharing: Sequence[Sequence[str]]) -> str | None:
    """Return the id that stands in most of the lists; rare terms count more, and the first in the plan wins a tie."""
    counts: dict[str, float] = {}
    for ids in sharing:
        for task_id in ids:
            counts[task_id] = counts.get(task_id, 0.0) + 1 / len(ids)
    return max(counts, key=lambda task_id: counts[task_id], default=None)


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
        yield note("missing-file", f"{named(ids)} is to read {name!r}, which is not in the workspace", ids, _WHERE)


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


def _brief(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"

