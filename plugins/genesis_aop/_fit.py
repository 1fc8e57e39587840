"""Does an agent that a plan's author named fit its task at all? Compared by the words of task and cards."""

from __future__ import annotations

import math
from collections.abc import Iterator

from genesis_core import Task

from ._diagnosis import Diagnosis, note
from ._roster import normal
from ._view import View
from ._words import EMPTY_WORDS, READER

__all__ = ["odd_agents"]

_LEAST_SHARED = 2
"""Telling words that a task must share with another agent's card to say that it is rather that one's work."""


def odd_agents(view: View) -> Iterator[Diagnosis]:
    """Yield the tasks whose named agent says nothing of such work while another one does."""
    for task in view.leaves:
        if task.agent is None or task.requires or task.agent not in view.roster.cards:
            continue
        better = _better(view, task, task.agent)
        if better is not None:
            yield note("odd-agent", f"{task.id!r} is given to {task.agent!r}, whose card speaks of no such work; "
                       f"that of {better!r} does", [task.id], "leave out the agent, and routing decides")


def _better(view: View, task: Task, agent: str) -> str | None:
    """Return the agent whose card fits *task* best; None when that of *agent* fits at all, or no other does."""
    roster, kind = view.roster, normal(task.kind)
    claiming = roster.kinds.get(kind, ())
    terms = view.telling(task.id) | (frozenset(READER.terms(kind)) - EMPTY_WORDS)
    sayers = {term: roster.sayers[term] for term in sorted(terms) if term in roster.sayers}
    if agent in claiming or any(agent in names for names in sayers.values()):
        return None
    shared: dict[str, list[float]] = {name: [] for name in claiming}
    for names in sayers.values():
        for name in names:
            shared.setdefault(name, []).append(math.log(1 + len(roster.cards) / len(names)))
    able = [n for n in shared if not roster.absent(n) and (n in claiming or len(shared[n]) >= _LEAST_SHARED)]
    return max(able, key=lambda n: (n in claiming, math.fsum(shared[n])), default=None)
