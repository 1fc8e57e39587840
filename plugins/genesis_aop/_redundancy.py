"""Is the same work planned twice? Copies are merged; what only looks alike is said and left to people.

Two tasks are copies when everything that tells tasks apart agrees: the terms of their descriptions in their order
(politeness and "once more" aside), kind, skills, inputs, what they wait for, and where they stand. Where all but the
words agrees, agent included, and the one says all that the other says, the lesser one is part of the larger one, as
long as the goal does not speak of it apart. Tasks that overlap otherwise are found by rank (who shares the rarest term)
and then by agreement: all that the one says the other says, with the same names and numbers. All look candidates up in
an index, so that time grows with the plan and not with its square.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from itertools import chain, combinations, islice

from genesis_core import Mend, Task

from ._diagnosis import Diagnosis, fixable, named, note
from ._mend import Merge
from ._view import View
from ._words import EMPTY_WORDS, stem

__all__ = ["check"]

_LEAST_TERMS, _LEAST_TELLING = 2, 3
"""Terms that a description must have to be a copy (one, beside required skills), and telling ones to overlap."""
_SUBSUMED = 4
"""Telling terms that a task without inputs must have to be part of another one for sure."""
_CUT_OFF = 2
"""Telling terms that a task must have to be another one cut off."""
_FILLERS = frozenset(map(stem, "please kindly also again once more now too additionally".split()))
"""Terms that ask for nothing else when they stand before or after a description."""
_COPIES = 3
"""More equal tasks than this are no slip: somebody meant to repeat them."""
_CANDIDATES = 8
_PAIRS = 16
"""Pairs whose order is looked up in one plan; each look-up walks over the graph."""


def check(view: View) -> Iterator[Diagnosis]:
    """Yield copies and overlaps among the tasks that are run."""
    alike: dict[tuple[str, ...], list[Task]] = {}
    for task in view.leaves:
        terms = _bare(view.terms[task.id])
        if len(terms) >= _LEAST_TERMS or (terms and task.requires):
            alike.setdefault(terms, []).append(task)
    pairs: list[tuple[Task, Task]] = []
    for tasks in alike.values():
        if len(tasks) > 1:
            yield from _copies(tasks, pairs)
    yield from _unordered(view, pairs)
    parts = list(_parts(view))
    for small, large in parts:
        yield _part(view, small, large)
    yield from _overlaps(view, {frozenset((small.id, large.id)) for small, large in parts})


def _bare(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return *terms* without the fillers at either end."""
    first, last = 0, len(terms)
    while first < last and terms[first] in _FILLERS:
        first += 1
    while last > first and terms[last - 1] in _FILLERS:
        last -= 1
    return terms[first:last]


# ---- the same words ------------------------------------------------------------------------------------------------


def _copies(tasks: Sequence[Task], pairs: list[tuple[Task, Task]]) -> Iterator[Diagnosis]:
    """Yield the copies among *tasks*, which say the same; those that only wait for different things become *pairs*."""
    places = _grouped(tasks, [(t.kind, t.requires, t.parent, t.agent, frozenset(t.needs)) for t in tasks])
    for same in places:
        if len(same) > 1:
            keys: list[Hashable] = [(t.inputs, t.accept, t.max_seconds, t.metadata) for t in same]
            for twins in _grouped(same, keys):
                if len(twins) > 1:
                    yield from _twins(twins)
    heads = [same[0] for same in places][:_CANDIDATES]
    pairs += [(a, b) for n, a in enumerate(heads) for b in heads[n + 1 :] if _alike_but_for_order(a, b)]


def _grouped(tasks: Sequence[Task], keys: Sequence[Hashable]) -> list[list[Task]]:
    found: dict[Hashable, list[Task]] = {}
    for task, key in zip(tasks, keys, strict=True):
        found.setdefault(key, []).append(task)
    return list(found.values())


def _twins(twins: Sequence[Task]) -> Iterator[Diagnosis]:
    ids = [task.id for task in twins]
    if len(twins) > _COPIES or twins[0].agent is not None:
        yield note("repeated", f"{named(ids)} are the same work, planned {len(ids)} times", ids,
                   "if that is meant, tell them apart by their description or inputs")
        return
    keep, *copies = ids
    for copy in copies:
        text = f"{copy!r} is the same work as {keep!r}"
        yield fixable("duplicate", text, [keep, copy], Mend.MERGE, Merge(keep, copy))


def _alike_but_for_order(one: Task, other: Task) -> bool:
    same = one.kind == other.kind and one.requires == other.requires and one.parent == other.parent
    return same and one.agent == other.agent and one.inputs == other.inputs and one.metadata == other.metadata


def _unordered(view: View, pairs: Sequence[tuple[Task, Task]]) -> Iterator[Diagnosis]:
    """Yield those of *pairs* that neither waits for the other: the same again later is meant, at any time is not."""
    for one, other in pairs[:_PAIRS]:
        if not view.waits(other.id, one.id) and not view.waits(one.id, other.id):
            yield note("repeated", f"{one.id!r} and {other.id!r} say the same and may run at the same time",
                       [one.id, other.id], "leave one out, or tell them apart by their description")


# ---- the one says all that the other says --------------------------------------------------------------------------


def _parts(view: View) -> Iterator[tuple[Task, Task]]:
    """Yield each task that says a part of what another one says, with that one, where all but the words agrees."""
    same: dict[Hashable, list[Task]] = {}
    for task in view.leaves:
        given = view.assigned.get(task.id)
        if given is not None:
            key = (given.agent, task.agent, frozenset(task.needs), task.parent, task.kind, task.requires, task.inputs)
            same.setdefault(key, []).append(task)
    for tasks in same.values():
        if 1 < len(tasks) <= _COPIES:
            for small, large in combinations(sorted(tasks, key=lambda t: len(view.telling(t.id))), 2):
                if view.telling(small.id) and view.telling(small.id) < view.telling(large.id):
                    yield small, large


def _part(view: View, small: Task, large: Task) -> Diagnosis:
    """Say that *small* is part of *large*: surely, when nothing tells them apart, or perhaps."""
    said, ids = view.telling(small.id), [small.id, large.id]
    cut = _is_cut_off(view, small, large)
    rest = (small.accept, small.max_seconds, small.metadata) == (large.accept, large.max_seconds, large.metadata)
    counts = [view.goal_counts[term] for term in said]
    told = bool(small.inputs) or (cut and 1 in counts) or (len(said) >= _SUBSUMED and min(counts) < 2)
    if small.agent is None and rest and told and (cut or _exact(said) == _exact(view.telling(large.id))):
        return fixable("duplicate", f"{small.id!r} is part of the work of {large.id!r}: the same agent, with the same "
                       "inputs", ids, Mend.MERGE, Merge(large.id, small.id))
    return note("overlap", f"all that {small.id!r} says, {large.id!r} says as well: they may do the same work twice",
                ids, "leave one out, or say how they differ")


def _is_cut_off(view: View, small: Task, large: Task) -> bool:
    """Return whether *small* says some words of *large* as they stand there: the same again, cut off."""
    words, whole = _bare(view.terms[small.id]), view.terms[large.id]
    starts = (n for n, term in enumerate(whole) if term == words[0]) if words else iter(())
    stands = any(whole[n : n + len(words)] == words for n in islice(starts, _CANDIDATES))
    return stands and len(view.telling(small.id)) >= _CUT_OFF


def _overlaps(view: View, known: Set[frozenset[str]]) -> Iterator[Diagnosis]:
    counts = Counter(chain.from_iterable(view.terms.values()))
    once = {term for term, count in counts.items() if count == 1} - EMPTY_WORDS
    # A task with a term of its own is covered by no other: most tasks are done with here.
    left = {i: [t for t in terms if t not in EMPTY_WORDS] for i, terms in view.terms.items() if once.isdisjoint(terms)}
    rarest = {i: min(terms, key=counts.__getitem__) for i, terms in left.items() if len(terms) >= _LEAST_TELLING}
    having = _having(view, {term for term in rarest.values() if counts[term] <= _CANDIDATES})
    pairs, seen = _PAIRS, set(known)
    for task_id, term in rarest.items():
        other = _covering(view, task_id, having[term]) if term in having else None
        if other is None or not pairs or frozenset((task_id, other)) in seen:
            continue
        pairs -= 1
        seen.add(frozenset((task_id, other)))
        if not view.waits(task_id, other) and not view.waits(other, task_id):
            yield note("overlap", f"all that {task_id!r} says, {other!r} says as well: they may do the same work twice",
                       [task_id, other], "leave one out, or say how they differ")


def _having(view: View, wanted: set[str]) -> Mapping[str, Sequence[str]]:
    """Return the tasks that have each of the *wanted* terms."""
    found: dict[str, list[str]] = {term: [] for term in wanted}
    for task_id, terms in view.terms.items() if wanted else ():
        for term in wanted.intersection(terms):
            found[term].append(task_id)
    return found


def _covering(view: View, task_id: str, others: Sequence[str]) -> str | None:
    """Return the task nearest to *task_id* among those of *others* that say all that it says; None: there is none."""
    terms = view.telling(task_id)
    found = [other for other in others if other != task_id and terms <= view.telling(other)]
    found = [other for other in found if _may_be_one(view, task_id, other)]
    return min(found, key=lambda other: len(view.telling(other)), default=None)


def _may_be_one(view: View, task_id: str, other: str) -> bool:
    """Return whether names and numbers, agent, kind, skills and inputs agree (the same words in order are copies)."""
    if view.terms[task_id] == view.terms[other] or _exact(view.telling(task_id)) != _exact(view.telling(other)):
        return False
    one, two = view.graph[task_id], view.graph[other]
    given, taken = view.assigned.get(task_id), view.assigned.get(other)
    same = given is not None and taken is not None and given.agent == taken.agent
    return same and one.kind == two.kind and one.requires == two.requires and one.inputs == two.inputs


def _exact(terms: frozenset[str]) -> frozenset[str]:
    return frozenset(term for term in terms if term[0] == "=")
