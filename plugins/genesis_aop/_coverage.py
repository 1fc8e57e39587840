"""Does some task take up every clause, phrase, name and number of the goal? And if none does, who could?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from genesis_core import Mend

from ._diagnosis import Diagnosis, fixable, named, note
from ._mend import AddTask, AddToDescription
from ._view import View
from ._words import EMPTY_WORDS, READER, stem

__all__ = ["brief", "left_out"]

_CLAUSE = re.compile(r",(?=\s)|\s(?:and|then)(?=\s)")
_SENTENCE = re.compile(r"(?<=[^\d\s])\.+(?=\s|\Z)|(?<=\d)\.(?=\s[A-Z])|[;!?]+(?=\s|\Z)|\n+")
_MARKER = re.compile(r"\s*\d{1,2}\s*\Z")
_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,300})'(?!\w)|\"([^\"\n]{1,300})\"")
_DENIED = re.compile(r"\b(?:not|never|no longer)\b|n['’]t\b", re.I)
_ASIDES = frozenset("with which who whose where because since as due if for from in at of on under through".split())
"""What a clause begins with that says more of another one, or why it is wanted."""
_BACK = re.compile(r"\b(?:it|them|everything|all|(?:the|these|those) (?:results?|answers?|findings))\b", re.I)
"""What takes up all that came before."""
_MENDED, _SHOWN_CHARS = 20, 160
_PHRASE = 2
"""Telling words in a row that no task says before the plan says so."""
_HINT = "add a task for it, or leave it out of the goal"
_RARE, _RARE_HEAD = 0.05, 0.1
"""Share of the cards that may say a word for it alone to lead to an agent: any word, or what a clause begins with."""


@dataclass(frozen=True)
class _Clause:
    raw: str
    terms: tuple[str, ...]
    sentence: int

    @cached_property
    def text(self) -> str:
        return " ".join(self.raw.split())

    @cached_property
    def exact(self) -> list[str]:
        """Numbers, files and identifiers, as they are compared."""
        return [t for t in self.terms if t[0] == "=" and (len(t) > 2 or t[1].isdigit())]

    @cached_property
    def telling(self) -> frozenset[str]:
        return frozenset([t for t in self.terms if t[0] != "=" and not t.endswith("ly")]) - EMPTY_WORDS

    @cached_property
    def head(self) -> str:
        """What the clause begins with once courtesy is over: what is to be done, or what about."""
        return next((t for t in self.terms if t in self.telling), "")

    def asks(self, *, whole: bool) -> bool:
        """Return whether this may ask for work of its own: it denies nothing, and does not go on about something."""
        first = self.raw.split(maxsplit=1)[0].lower() if self.raw.strip() else ""
        return not _DENIED.search(self.raw) and (whole or first not in _ASIDES)

    def taken_up(self, said: frozenset[str]) -> bool:
        """Return whether any task speaks of this at all; a heading, or what introduces a list, needs none."""
        if not self.telling.isdisjoint(said) or self.text.startswith("#") or self.text.endswith(":"):
            return True
        return not self.telling or (bool(self.exact) and all(_is_said(term, said) for term in self.exact))

    def phrases(self, said: frozenset[str]) -> Iterator[tuple[str, ...]]:
        """Yield telling terms that stand together and that no task says."""
        run: list[str] = []
        for term in (*self.terms, None):
            if term in self.telling and term not in said:
                run.append(term)
            elif term is None or term in self.telling or term[0] == "=":
                if len(run) >= _PHRASE:
                    yield tuple(run)
                run = []


def _clauses(text: str) -> Iterator[_Clause]:
    for number, sentence in enumerate(_SENTENCE.split(text)):
        for part in _CLAUSE.split(sentence):
            clause = _Clause(part, READER.terms(part), number)
            if (clause.exact or clause.telling) and not _MARKER.match(part):
                yield clause


def left_out(view: View) -> Iterator[Diagnosis]:
    """Yield the clauses and phrases of the goal that no task takes up, and the names and numbers that none repeats."""
    given_up = frozenset(READER.terms(" ".join(view.plan.not_understood)))
    quoted = frozenset(READER.terms(" ".join("".join(m.groups("")) for m in _QUOTED.finditer(view.plan.goal.text))))
    clauses = [c for c in _clauses(view.plan.goal.text) if not given_up.issuperset((*c.telling, *c.exact))]
    nowhere = {id(c) for c in clauses if not c.taken_up(view.said)}
    found: list[tuple[list[_Clause], _Able]] = []
    added: set[int] = set()
    for before, clause in zip((None, *clauses), clauses, strict=False):
        who = _who_could(view, clause, id(clause) in nowhere, given_up | quoted) if len(found) < _MENDED else None
        if who is not None and all(who.skill != other.skill for _, other in found):
            found.append(([clause], who))
        elif not (id(clause) in nowhere and _goes_on(before, clause) and id(before) in added):
            continue
        else:
            found[-1][0].append(clause)
        added.add(id(clause))
    yield from (_add(view, parts, who) for parts, who in found)
    left = [c for c in clauses if id(c) not in added]
    yield from _unsaid(view, left, nowhere)
    yield from _names(view, clauses, added)


def _goes_on(before: _Clause | None, clause: _Clause) -> bool:
    return before is not None and before.sentence == clause.sentence


# ---- clauses and phrases -------------------------------------------------------------------------------------------


def _unsaid(view: View, clauses: Sequence[_Clause], nowhere: Set[int]) -> Iterator[Diagnosis]:
    """Yield what nobody takes up and nobody here seems able to."""
    whole = [brief(c.text) for c in clauses if id(c) in nowhere]
    if whole:
        yield note("uncovered", f"no task takes up {named(whole)}", hint=_HINT)
    parts = [_words(c, p) for c in clauses if id(c) not in nowhere for p in c.phrases(view.said)]
    phrases = [part for part in dict.fromkeys(parts) if part]
    if phrases:
        yield note("left-out", f"no task speaks of {named(phrases)}", hint="name it in the task that it belongs to")


class _Able(NamedTuple):
    agent: str
    skill: str
    unsaid: frozenset[str]


def _who_could(view: View, clause: _Clause, whole: bool, names: Set[str]) -> _Able | None:
    """Return who could do what *clause* says and no task does: somebody with a skill that no task of theirs is for.

    For a clause that no task takes up at all one word that few cards have is enough; for a phrase in it, or for what it
    begins with, the card must say another word of the clause besides.
    """
    roster = view.roster
    unsaid = clause.telling if whole else frozenset(t for p in clause.phrases(view.said) for t in p)
    unsaid = (unsaid | ({clause.head} - view.said)) - names - {""}
    if not whole:  # what an agent with a task is good at, its task may well mean
        unsaid = frozenset(t for t in unsaid if view.busy.keys().isdisjoint(roster.said_by(t)))
    if not unsaid or not clause.asks(whole=whole):
        return None
    about, fits = roster.fitness(clause.telling), roster.fitness(unsaid)
    cards = len(roster.cards)
    most = {t: max(4.0, _RARE_HEAD * cards) if whole or t == clause.head else max(2.0, _RARE * cards) for t in unsaid}
    sure = {n for t in unsaid if len(roster.said_by(t)) <= most[t] for n in roster.said_by(t)}
    able = [n for n in sure if about[n][0] >= (1 if whole else 2) and not roster.absent(n)]
    for name in sorted(able, key=lambda n: (-fits[n][1], -about[n][1], n)):
        skill = roster.skill_for(name, clause.telling)
        if skill and (name not in view.busy or (whole and skill not in view.busy[name] and "" not in view.busy[name])):
            return _Able(name, skill, unsaid)
    return None


def _add(view: View, clauses: Sequence[_Clause], who: _Able) -> Diagnosis:
    names = [term for c in clauses for term in c.exact if not _is_said(term, view.said)]
    words = brief(" ".join(_words(c, [*sorted(c.telling & who.unsaid or c.telling), *names]) for c in clauses))
    text = ", ".join(c.text for c in clauses)
    takes = tuple(t.id for t in view.leaves if t.id not in view.users) if _BACK.search(text) else ()
    mend = AddTask(text[:1000], who.skill, takes[:_MENDED], None if takes else _gatherer(view))
    return fixable("uncovered", f"no task takes up {words!r}; {who.agent!r} could", (), Mend.REPLAN, mend,
                   _HINT)


def _gatherer(view: View) -> str | None:
    """Return the one task at the end that takes what the others made, if there is one."""
    ends = [t for t in view.leaves if t.id not in view.users and sum(i.task is not None for i in t.inputs.values()) > 1]
    return ends[0].id if len(ends) == 1 else None


def _words(clause: _Clause, terms: Sequence[str]) -> str:
    """Return the words of *clause* that *terms* were read from, as they stand in it."""
    wanted = set(terms)
    return " ".join(w.strip("\"'.,:()") for w in clause.raw.split() if not wanted.isdisjoint(READER.terms(w)))


# ---- names and numbers ---------------------------------------------------------------------------------------------


def _names(view: View, clauses: Sequence[_Clause], added: Set[int]) -> Iterator[Diagnosis]:
    """Yield the names and numbers that no task repeats, with the task that they belong to; a new task has its own."""
    lost = [[t[1:] for t in c.exact if id(c) not in added and not _is_said(t, view.said)] for c in clauses]
    at = [n for n, names in enumerate(lost) if names]
    nearest = _nearest(view, clauses) if at else []
    homeless: list[str] = []
    for place, n in enumerate(at):
        task_id = nearest[n] if place < _MENDED else None
        if task_id is None:
            homeless += lost[n]
            continue
        yield fixable("left-out", f"the goal says {named(lost[n])} and no task repeats it; {task_id!r} comes nearest",
                      [task_id], Mend.REDESCRIBE, AddToDescription(task_id, clauses[n].text[:1000]))
    if homeless:
        yield note("left-out", f"the goal says {named(homeless)} and no task repeats it",
                   hint="name it in the description or the inputs of the task that it belongs to")


def _is_said(term: str, said: frozenset[str]) -> bool:
    return term in said or (plain := term[1:]) in said or stem(plain) in said


def _nearest(view: View, clauses: Sequence[_Clause]) -> list[str | None]:
    """Return for each clause the leaf that shares most of its telling terms.

    Where none does, that of the clause before it in its sentence; None where that has none, either.
    """
    wanted = frozenset(term for c in clauses for term in c.telling)
    having: dict[str, list[str]] = {}
    for task in view.leaves if wanted else ():
        for term in wanted.intersection(view.terms[task.id]):
            having.setdefault(term, []).append(task.id)
    found: list[str | None] = []
    for n, clause in enumerate(clauses):
        own = _most([having[t] for t in sorted(clause.telling) if t in having])
        goes_on = n > 0 and clauses[n - 1].sentence == clause.sentence
        found.append(found[-1] if own is None and goes_on else own)
    return found


def _most(sharing: Sequence[Sequence[str]]) -> str | None:
    """Return the id that stands in most of the lists; rare terms count more, and the first in the plan wins a tie."""
    counts: dict[str, float] = {}
    for ids in sharing:
        for task_id in ids:
            counts[task_id] = counts.get(task_id, 0.0) + 1 / len(ids)
    return max(counts, key=lambda task_id: counts[task_id], default=None)


def brief(text: str) -> str:
    """Return *text* on one line, a long one cut short."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
