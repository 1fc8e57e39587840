"""Does the agent of a task fit it at all, where no required skill says so? Compared by the words of task and cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis_core import Assignment, Mend, Task

from ._diagnosis import Diagnosis, fixable, note
from ._mend import Reroute
from ._roster import normal
from ._view import View
from ._words import EMPTY_WORDS, READER

__all__ = ["odd_agents"]

_LEAST_SHARED = 2
"""Telling words that a task must share with another agent's card to say that it is rather that one's work."""
_RARE, _FEW = 0.15, 3
"""Share of the cards (and number, where there are few) that may say a word for it to tell agents apart."""


def odd_agents(view: View) -> Iterator[Diagnosis]:
    """Yield the tasks whose agent says nothing of such work, above all where another one does.

    Where a router compared the agents, it knows more than words do: nothing is said of its choice.
    """
    for task in view.leaves:
        given = view.assigned.get(task.id)
        if given is None or task.requires or given.agent not in view.roster.cards or given.alternatives:
            continue
        if task.agent is not None:
            yield from _named(view, task, given)
        else:
            yield from _chosen(view, task, given)


def _named(view: View, task: Task, given: Assignment) -> Iterator[Diagnosis]:
    """Doubt an agent that the author named: no word of the task is on its card."""
    fits = view.roster.fitness(_terms(view, task))
    better = None if given.agent in fits else _better(view, task, given, fits)
    if better is not None:
        yield note("odd-agent", f"{_speaks_not(task, given)}; that of {better!r} does", [task.id],
                   "leave out the agent, and routing decides")


def _chosen(view: View, task: Task, given: Assignment) -> Iterator[Diagnosis]:
    """Doubt an agent that nobody compared with others: no word of the task that tells agents apart is on its card."""
    roster, terms = view.roster, _terms(view, task)
    fits = roster.fitness(terms)
    told = given.agent in fits
    if told:
        most = max(_FEW, _RARE * len(roster.cards))
        fits = roster.fitness(term for term in terms if len(roster.sayers.get(term, ())) <= most)
    if not fits or given.agent in fits or given.agent in roster.kinds.get(normal(task.kind), ()):
        return
    better = _better(view, task, given, fits) or (None if told else _nearest_name(view, task, fits))
    if better is not None:
        yield fixable("odd-agent", f"{_speaks_not(task, given)}; that of {better!r} does", [task.id], Mend.REROUTE,
                      Reroute(task.id, agent=better))
    else:
        yield note("odd-agent", _speaks_not(task, given), [task.id], "name the skill that it requires, or the agent")


def _speaks_not(task: Task, given: Assignment) -> str:
    return f"{task.id!r} is given to {given.agent!r}, whose card speaks of no such work"


def _terms(view: View, task: Task) -> frozenset[str]:
    return view.telling(task.id) | (frozenset(READER.terms(normal(task.kind))) - EMPTY_WORDS)


def _nearest_name(view: View, task: Task, fits: Mapping[str, tuple[int, float]]) -> str | None:
    """Return who is likelier than an agent whose card has no word of *task* at all: whose name says most of it."""
    terms = _terms(view, task)
    shares = {n: view.roster.share_of_name(n, terms) for n in fits if not view.roster.absent(n)}
    return max(shares, key=lambda n: (fits[n][1] * (1 + shares[n]), shares[n]), default=None)


def _better(view: View, task: Task, given: Assignment, fits: Mapping[str, tuple[int, float]]) -> str | None:
    """Return the agent whose card fits *task* best; None when none does, or its own agent claims such tasks."""
    claiming = view.roster.kinds.get(normal(task.kind), ())
    if given.agent in claiming:
        return None
    able = [n for n, (count, _) in fits.items() if n in claiming or count >= _LEAST_SHARED]
    able = [n for n in (*able, *(n for n in claiming if n not in fits)) if not view.roster.absent(n)]
    return max(able, key=lambda n: (n in claiming, fits.get(n, (0, 0.0))[1]), default=None)
