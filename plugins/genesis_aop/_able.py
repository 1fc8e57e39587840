"""Who could do what a clause of the goal says and no task does? By what agents and skills are called, then by cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from ._clauses import Clause
from ._roster import root
from ._view import View

__all__ = ["Able", "who_could"]

_RARE, _RARE_HEAD = 0.05, 0.1
"""Share of the cards that may say a word for it alone to lead to an agent: any word, or what a clause begins with."""
_FEW = 4
"""Cards that may say what a clause begins with for that alone to lead to the one whose name begins with it."""
_FEW_NAMES = 2
"""Names that may begin with it, then."""
_SAYS = 2
"""Telling words that a clause must have for the card of an agent to speak of it."""
_MOSTLY = 0.6
"""Share of a name that a clause must say when it begins with a word of it."""


class Able(NamedTuple):
    """An agent, the skill that it would use, and the words that lead there."""

    agent: str
    skill: str
    unsaid: frozenset[str]


def who_could(view: View, clause: Clause, whole: bool, names: Set[str]) -> Able | None:
    """Return who could do what *clause* says and no task does: somebody with a skill that no task of theirs is for.

    *whole*: no task takes up anything of it. *names* are words that call things by their names, and ask for nothing.
    """
    if not clause.asks(whole=whole):
        return None
    return _called(view, clause, names) or _speaking(view, clause, whole, names)


def _called(view: View, clause: Clause, names: Set[str]) -> Able | None:
    """Return whose skill is called by its name in *clause*, where no task says a word of that name."""
    roster, head = view.roster, root(clause.head)
    said = {root(term) for term in clause.telling}
    unsaid = {root(term) for term in clause.telling - names} - view.meant
    in_row = {root(term) for phrase in clause.phrases(view.said) for term in phrase}
    about = roster.fitness(clause.telling) if unsaid else {}
    taken = _most_taken(view, about)
    best: tuple[tuple[float, float], Able] | None = None
    for agent in dict.fromkeys(n for stem in sorted(unsaid) for n in roster.label_sayers.get(stem, ())):
        for skill, label in roster.skill_labels(agent):
            new, here = unsaid.intersection(label), len(said.intersection(label))
            if not new or roster.absent(agent) or not _free(view, agent, skill):
                continue
            whole = here == len(label) and (here > 1 or not in_row.union((head,)).isdisjoint(label))
            mostly = head in new and here > 1 and here >= _MOSTLY * len(label)
            begins = label[0] == head in new and len(roster.label_sayers[head]) <= _FEW_NAMES
            few = len(roster.said_by(clause.head)) <= _FEW
            speaks = about.get(agent, (0, 0.0))[1]
            if whole or ((mostly or (begins and few)) and speaks >= taken):
                rank = (here / len(label) + here * whole, speaks)
                if best is None or rank > best[0]:
                    best = rank, Able(agent, skill, frozenset(t for t in clause.telling if root(t) in new))
    return None if best is None else best[1]


def _most_taken(view: View, about: Mapping[str, tuple[int, float]]) -> float:
    """Return how much of a clause the card of an agent that has a task speaks of: the clause may well be about that."""
    return max((about[n][1] for n in view.busy if n in about), default=0.0)


def _free(view: View, agent: str, skill: str) -> bool:
    """Return whether no task of *agent* is for *skill*."""
    return agent not in view.busy or (skill not in view.busy[agent] and "" not in view.busy[agent])


def _speaking(view: View, clause: Clause, whole: bool, names: Set[str]) -> Able | None:
    """Return whose card speaks of what no task says.

    For a clause that no task takes up at all one word that few cards have is enough; for a phrase in it, or for what it
    begins with, the card must say another word of the clause besides.
    """
    roster = view.roster
    unsaid = frozenset(_leading(view, clause, whole)) - names - {""}
    if not unsaid or len(clause.telling) + len(clause.exact) < _SAYS or clause.is_aside:
        return None
    about, fits = roster.fitness(clause.telling), roster.fitness(unsaid)
    cards = len(roster.cards)
    most = {t: max(4.0, _RARE_HEAD * cards) if whole or t == clause.head else max(2.0, _RARE * cards) for t in unsaid}
    sure = {n for t in unsaid if len(roster.said_by(t)) <= most[t] for n in roster.said_by(t)}
    taken = 0.0 if whole else _most_taken(view, about)
    able = [n for n in sure if about[n][0] >= (1 if whole else 2) and about[n][1] > taken and not roster.absent(n)]
    for name in sorted(able, key=lambda n: (-fits[n][1], -about[n][1], n)):
        skill = roster.skill_for(name, clause.telling)
        if skill and (name not in view.busy or (whole and _free(view, name, skill))):
            return Able(name, skill, unsaid)
    return None


def _leading(view: View, clause: Clause, whole: bool) -> Iterator[str]:
    """Yield the words of *clause* that may lead to an agent: what one with a task can do, its task may well mean."""
    words = [*clause.telling] if whole else [t for p in clause.phrases(view.said) for t in p]
    if clause.head not in view.said:
        words.append(clause.head)
    for term in words:
        if whole or view.busy.keys().isdisjoint(view.roster.said_by(term)):
            yield term
