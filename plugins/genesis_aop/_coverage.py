"""Does some task take up every clause, phrase, name and number of the goal? And if none does, who could?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from genesis_core import Mend

from ._able import Able, who_could
from ._clauses import Clause, clauses, is_said
from ._diagnosis import Diagnosis, fixable, named, note
from ._mend import AddTask, AddToDescription
from ._roster import normal
from ._view import View
from ._words import READER

__all__ = ["brief", "left_out"]

_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,60})'(?!\w)|\"([^\"\n]{1,60})\"")
"""Names of things; a longer text in quotes is told, not named."""
_MENDED, _SHOWN_CHARS = 20, 160
_CANDIDATES = 50
"""Leaves that may share a term for it alone to lead to one of them."""
_SAYING = 3
"""Words of a sentence that go on about what was said before it."""
_HINT = "add a task for it, or leave it out of the goal"


@dataclass(slots=True)
class _New:
    """A task that nobody planned: the numbers of the clauses that it is for, and who could do it."""

    at: list[int]
    who: Able


class _Place(NamedTuple):
    """Which planned tasks a new one comes after and before, and whether it follows the one that was added last."""

    after: str | None
    before: str | None
    follows: bool


def left_out(view: View) -> Iterator[Diagnosis]:
    """Yield the clauses and phrases of the goal that no task takes up, and the names and numbers that none repeats."""
    given_up = frozenset(READER.terms(" ".join(view.plan.not_understood)))
    read = [c for c in clauses(view.plan.goal.text) if not given_up.issuperset((*c.telling, *c.exact))]
    nowhere = {n for n, c in enumerate(read) if not c.taken_up(view.said)}
    new = _new_tasks(view, read, nowhere, given_up)
    owners = _nearest(view, read) if new or any(c.exact or c.proper for c in read) else []
    added = {n for one in new for n in one.at}
    yield from (_add(view, read, one, owners, added) for one in new)
    yield from _unsaid(view, [c for n, c in enumerate(read) if n not in added and n not in nowhere],
                       [c for n, c in enumerate(read) if n not in added and n in nowhere])
    lost = [[] if n in added else _lost(view, c, n in nowhere) for n, c in enumerate(read)]
    yield from _names(view, lost, read, owners)


def _new_tasks(view: View, read: Sequence[Clause], nowhere: Set[int], given_up: frozenset[str]) -> list[_New]:
    """Return a task for each skill that a clause asks for and no task has, with the clauses that go on about it."""
    quoted = READER.terms(" ".join("".join(m.groups("")) for m in _QUOTED.finditer(view.plan.goal.text)))
    found: dict[str, _New] = {}
    of: dict[int, _New] = {}
    for n, clause in enumerate(read):
        who = who_could(view, clause, n in nowhere, given_up.union(quoted)) if len(found) < _MENDED else None
        if who is not None:
            of[n] = found.setdefault(who.skill, _New([], who))
        elif n in nowhere and (before := _told_of(read, of, n)) is not None:
            of[n] = before
    for n in range(len(read) - 2, -1, -1):
        if n in nowhere and n not in of and n + 1 in of and read[n].says_more:
            of[n] = of[n + 1]
    for n in sorted(of):
        of[n].at.append(n)
    return list(found.values())


# ---- clauses and phrases -------------------------------------------------------------------------------------------


def _told_of(read: Sequence[Clause], of: Mapping[int, _New], n: int) -> _New | None:
    """Return the new task that a clause says more of: that of the one before it, or of the last in its sentence."""
    if n - 1 in of and (read[n].says_more or read[n - 1].sentence == read[n].sentence):
        return of[n - 1]
    if read[n].says_more:
        return next((of[m] for m in range(n - 1, -1, -1) if m in of and read[m].sentence == read[n].sentence), None)
    return None


def _unsaid(view: View, parts: Sequence[Clause], whole: Sequence[Clause]) -> Iterator[Diagnosis]:
    """Yield what nobody takes up, in part or as a *whole*, and nobody here seems able to."""
    if whole:
        yield note("uncovered", f"no task takes up {named([brief(c.text) for c in whole])}", hint=_HINT)
    phrases = dict.fromkeys(_words(c, p) for c in parts for p in c.phrases(view.said))
    if shown := [phrase for phrase in phrases if phrase]:
        yield note("left-out", f"no task speaks of {named(shown)}", hint="name it in the task that it belongs to")


def _add(
    view: View, read: Sequence[Clause], new: _New, owners: Sequence[str | None], added: Set[int]
) -> Diagnosis:
    """Say what the new task would take up, and put it where the goal has it."""
    parts, who = [read[n] for n in new.at], new.who
    names = [term for c in parts for term in c.exact if not is_said(term, view.said)]
    words = brief(" ".join(_words(c, [*sorted(c.telling & who.unsaid or c.telling), *names]) for c in parts))
    ends = tuple(t.id for t in view.leaves if t.id not in view.users)
    place = _places(view, read, new, owners, added)
    takes = ends[:_MENDED] if any(c.looks_back for c in parts) else ()
    last = min(new.at) - 1
    if not takes and parts[0].looks_at_last and last >= 0 and last not in added:
        takes = tuple(filter(None, (owners[last],)))
    earlier = (*takes, *filter(None, (place.after,)))
    closes = place.before is None or any(e == place.before or view.waits(e, place.before) for e in earlier)
    folder, files = _where(view, names)
    mend = AddTask(
        ", ".join(c.text for c in parts)[:1000], who.skill, takes, None if takes else _gatherer(view),
        after=tuple(name for name in earlier if name not in takes), follows=place.follows,
        before=() if closes or place.before is None else (place.before,), folder=folder, files=files,
    )  # fmt: skip
    return fixable("uncovered", f"no task takes up {words!r}; {who.agent!r} could", (), Mend.REPLAN, mend, _HINT)


def _where(view: View, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the folder and the files of the workspace among *names*, for whom takes them as inputs."""
    if not names:
        return "", ()
    plain, there = [name[1:] for name in names], view.context.files("**/*")
    folders = {path[: len(name)] for name in plain for path in there if path.lower().startswith(f"{name}/")}
    return (folders.pop() if len(folders) == 1 else ""), tuple(path for path in there if path.lower() in plain)


def _places(
    view: View, read: Sequence[Clause], new: _New, owners: Sequence[str | None], added: Set[int]
) -> _Place:
    """Return where the goal puts the new task, by words that say so: after which one, and before which one."""
    first, last = min(new.at), max(new.at)
    later = owners[last + 1] if last + 1 < len(read) and last + 1 not in added and read[last + 1].is_later else None
    if later is not None and view.spoken(later).isdisjoint(read[last + 1].telling):
        later = None  # what that clause is about, no task says: it is only told with the one before it
    if not first or not read[first].is_later:
        return _Place(None, later, False)
    return _Place(None if first - 1 in added else owners[first - 1], later, first - 1 in added)


def _gatherer(view: View) -> str | None:
    """Return the one task at the end that takes what the others made, if there is one."""
    ends = [t for t in view.leaves if t.id not in view.users and sum(i.task is not None for i in t.inputs.values()) > 1]
    return ends[0].id if len(ends) == 1 else None


def _words(clause: Clause, terms: Sequence[str]) -> str:
    """Return the words of *clause* that *terms* were read from, as they stand in it."""
    wanted = set(terms)
    return " ".join(w.strip("\"'.,:()") for w in clause.raw.split() if not wanted.isdisjoint(READER.terms(w)))


# ---- names and numbers ---------------------------------------------------------------------------------------------


def _names(
    view: View, lost: Sequence[Sequence[str]], read: Sequence[Clause], owners: Sequence[str | None]
) -> Iterator[Diagnosis]:
    """Yield the names and numbers of each clause that are *lost*, with the task that they belong to."""
    homeless: list[str] = []
    mended = 0
    for n, names in enumerate(lost):
        owner = owners[n] if names and mended < _MENDED else None
        if owner is None:
            homeless += names
            continue
        mended += 1
        folder, files = _where(view, [t for t in read[n].exact if not is_said(t, view.said)])
        mend = AddToDescription(owner, read[n].text[:1000], _doer(view, owner), folder, files)
        yield fixable("left-out", f"the goal says {named(names)} and no task repeats it; {owner!r} comes nearest",
                      [owner], Mend.REDESCRIBE, mend)
    if homeless:
        yield note("left-out", f"the goal says {named(homeless)} and no task repeats it",
                   hint="name it in the description or the inputs of the task that it belongs to")


def _doer(view: View, task_id: str) -> str | None:
    """Return who was chosen for a task, unless there is a doubt about that."""
    given = view.assigned.get(task_id)
    return given.agent if given is not None and given.agent in view.roster.cards else None


def _lost(view: View, clause: Clause, whole: bool) -> list[str]:
    """Return the names and numbers of *clause* that no task repeats, as they stand; a skill at work needs none."""
    lost = (t for t in dict.fromkeys(clause.exact) if not is_said(t, view.said) and normal(t[1:]) not in view.at_work)
    names = [] if whole else [t for t in clause.proper if t not in view.said]
    return [_words(clause, [t]).split(" ", 1)[0] or t[1:] for t in (*lost, *names)]


def _nearest(view: View, read: Sequence[Clause]) -> list[str | None]:
    """Return for each clause the leaf that shares most of its telling terms.

    Where none does, that of the clause before it, if this one says something of it; None where that has none, either.
    """
    wanted = frozenset(term for c in read for term in c.telling)
    having: dict[str, dict[str, None]] = {}
    for task in view.leaves if wanted else ():
        for term in wanted.intersection(view.terms[task.id]):
            having.setdefault(term, {})[task.id] = None
    found: list[str | None] = []
    last = -1
    for clause in read:
        own = _most([having[t] for t in sorted(clause.telling) if t in having])
        goes_on = bool(found) and (clause.sentence == last or len(clause.raw.split()) >= _SAYING)
        found.append(found[-1] if own is None and goes_on else own)
        last = clause.sentence
    return found


def _most(sharing: Sequence[Mapping[str, None]]) -> str | None:
    """Return the id that stands in most of *sharing*; rare terms count more, and the first in the plan wins a tie.

    Terms that many share only decide among those that share a rare one; where none is, the first of them are compared.
    """
    rare = [ids for ids in sharing if len(ids) <= _CANDIDATES]
    if sharing and not rare:
        rarest = min(sharing, key=len)
        rare = [dict.fromkeys(islice(rarest, _CANDIDATES))]
    counts = dict.fromkeys(chain.from_iterable(rare), 0.0)
    for ids in sharing:
        for task_id in ids if len(ids) <= _CANDIDATES else counts:
            if task_id in ids:
                counts[task_id] += 1 / len(ids)
    return max(counts, key=lambda task_id: counts[task_id], default=None)


def brief(text: str) -> str:
    """Return *text* on one line, a long one cut short."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
