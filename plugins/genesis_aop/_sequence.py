"""Does a task wait for one that the goal puts after it? Read from where the goal speaks of each, and the words between.

"Write the file, then send it": whoever writes may not wait for whoever sends. What the goal says of a task is told by
the words that no other task has; where these of two tasks are mixed up, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from genesis_core import Mend, Task

from ._diagnosis import Diagnosis, fixable, note
from ._mend import Order
from ._order import staged
from ._view import View
from ._words import READER

__all__ = ["against_the_goal"]

_AFTER = re.compile(
    r"\b(?:then|next|afterwards?|after (?:that|which|this|completion)|finally|lastly|subsequently|followed by"
    r"|(?:at|in) the end|once|when|it|its|them|their|these|the results?|everything|all)\b", re.I)
"""What is said of the later of two steps: that it is later, or that it takes up what came before."""
_BEFORE = re.compile(r"\b(?:after(?! that| which| this| completion)|once|using|based on|by|from|of|in|for)\b", re.I)
"""What turns two steps round, right before the second: in "B, based on A" A is done first."""
_SAID = re.compile(r"\b(?:then|next|afterwards?|finally|lastly|subsequently|followed by)\b", re.I)
"""What leaves no doubt that the second of two steps is the later one, unless it is turned round all the same."""
_TURNED = re.compile(r"\b(?:after|before|once|based on)\b", re.I)
_BOUNDARY = re.compile(r"[,;:.!?](?=\s|\Z)|\s(?:and|then)(?=\s|\Z)|\A(?:and|then)(?=\s|\Z)")
_TASKS = 32
"""Findings of one plan."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the goal speaks of a task: its first word and its last, as numbers of words."""

    first: int
    last: int


def against_the_goal(view: View) -> Iterator[Diagnosis]:
    """Yield the pairs of tasks that wait for each other the other way round than the goal says them."""
    words = view.plan.goal.text.split()
    places = _places(view, words)
    if len(places) > 1:
        edges = ((t, need) for t in view.leaves for need in t.depends_on if t.id in places and need in places)
        told = (found for t, need in edges if (found := _edge(view, words, places, t, need)) is not None)
        yield from islice(told, _TASKS)


def _places(view: View, words: Sequence[str]) -> Mapping[str, _Place]:
    """Return where the goal speaks of each task, by the words that only this task has, and that the goal says once."""
    owners: dict[str, str] = {}
    for task in view.leaves:
        for term in view.spoken(task.id):
            owners[term] = task.id if owners.get(term, task.id) == task.id else ""
    at: dict[str, list[int]] = {}
    for number, word in enumerate(words):
        for term in READER.terms(word):
            if (owner := owners.get(term)) and view.goal_counts[term] == 1:
                at.setdefault(owner, []).append(number)
    return {task_id: _Place(found[0], found[-1]) for task_id, found in at.items()}


def _edge(
    view: View, words: Sequence[str], places: Mapping[str, _Place], task: Task, need: str
) -> Diagnosis | None:
    """Say that *task*, which waits for *need*, stands before it in the goal; None when it does not, for sure."""
    mine, other = places[task.id], places[need]
    if mine.last >= other.first or staged(view, task.id, need):
        return None
    if any(item.task == need for item in task.inputs.values()):
        return None
    parts = _BOUNDARY.split(" ".join(words[mine.last : other.first]))
    begin = " ".join(words[_sentence(words, mine.first) : mine.first])
    between = " ".join(words[mine.last + 1 : other.first])
    said = _SAID.search(between) is not None and not _TURNED.search(between)
    if len(parts) == 1 or (not said and _BEFORE.search(parts[-1])) or re.search(r"\bbefore\b", begin, re.I):
        return None
    ids, text = [task.id, need], f"the goal says {task.id!r} first, and {task.id!r} waits for {need!r}"
    after = " ".join(words[mine.last + 1 : _end(words, other.last)])
    if _AFTER.search(after) and _turns(view, task, need):
        return fixable("order", text, ids, Mend.REPLAN, Order(task.id, need), f"let {need!r} wait for {task.id!r}")
    return note("order", text, ids, "turn the dependency round, or say in the goal what comes first")


def _sentence(words: Sequence[str], place: int) -> int:
    """Return the number of the word that begins the sentence of the word at *place*, at most 12 before it."""
    ends = [n for n in range(max(0, place - 12), place) if words[n][-1] in ".!?;:"]
    return ends[-1] + 1 if ends else max(0, place - 12)


def _end(words: Sequence[str], place: int) -> int:
    """Return the end of the sentence of the word at *place*, at most 6 words after it."""
    last = min(place + 6, len(words) - 1)
    return next((n for n in range(place, last) if words[n][-1] in ".!?;"), last) + 1


def _turns(view: View, task: Task, need: str) -> bool:
    """Return whether *task* waits for *need* by one plain dependency alone: turned round, it closes no circle."""
    others = [n for n in view.graph.waits_for(task.id) if n != need]
    return not any(leaf == need or view.waits(leaf, need) for n in others for leaf in view.graph.leaves_of(n))
