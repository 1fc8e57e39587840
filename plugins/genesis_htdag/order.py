"""The order of steps: what is said about it, what flows from one to another, and what never goes before what.

Every edge points forward in one list, so that no cycle can come about.
"""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import lexicon
from .phrases import AFTER, BEFORE, START, THEN
from .steps import Step

_TURN = {AFTER: 0, BEFORE: 2}


def arrange(steps: Sequence[Step]) -> list[Step]:
    """Return *steps* in an order in which they could be done one by one."""
    order = _subordinates(list(steps))
    order = _life_cycle(order)
    return _gatherers_late(order)


def waits(order: Sequence[Step]) -> list[list[int]]:
    """Return, for the position of each step in *order*, the positions that it waits for."""
    found: list[list[int]] = []
    groups, sentences, stages = _Groups(), _sentences(order), _Stages()
    for at, step in enumerate(order):
        if step.gathers:
            needs = _gathered(order, at)
        else:
            needs = [
                *groups.before(step, order),
                *_strong(order, at, sentences),
                *stages.before(step),
                *_pointed_at(order, at),
            ]
            # looking is not held up by what can't be
            needs = [n for n in needs if step.changes or order[n].abilities or order[n].pattern]
        found.append(sorted({n for n in needs if n < at}) if needs else [])
        groups.add(step, at)
        stages.add(step, at)
    return found


def _subordinates(steps: list[Step]) -> list[Step]:
    """Put "after X" before the rest of its sentence and "before X" behind it."""

    def rank(item: tuple[int, Step]) -> tuple[int, int, int]:
        at, step = item
        turn = 1 if step.clause.subordinate is None else _TURN[step.clause.subordinate]
        return (first[step.clause.item, step.clause.sentence], turn, at)

    first: dict[tuple[int, int], int] = {}
    for at, step in enumerate(steps):
        first.setdefault((step.clause.item, step.clause.sentence), at)
    return [step for _, step in sorted(enumerate(steps), key=rank)]


def _life_cycle(steps: list[Step]) -> list[Step]:
    """Put building before testing before deploying, on the places that these steps have."""
    places = [at for at, step in enumerate(steps) if _phase(step) is not None and step.clause.subordinate is None]
    chosen = sorted((steps[at] for at in places), key=lambda step: _phase(step) or 0)
    order = list(steps)
    for at, step in zip(places, chosen, strict=True):
        order[at] = step
    return order


def _phase(step: Step) -> int | None:
    phase = lexicon().phases.get(step.verb)
    return phase if phase is not None and step.changes else None


def _gatherers_late(steps: list[Step]) -> list[Step]:
    """Put a report behind everything but what is done with the report."""
    order = [s for s in steps if not s.gathers]
    for gatherer in (s for s in steps if s.gathers):
        at = steps.index(gatherer)
        users = [s for s in steps[at + 1 :] if s.changes and (s.points_back or s.clause.joint is THEN)]
        place = min((order.index(s) for s in users), default=len(order))
        order.insert(place, gatherer)
    return order


def _gathered(order: Sequence[Step], at: int) -> list[int]:
    """Return what a report is made of: everything before it that can be done, or else what can't."""
    before = [i for i in range(at) if not order[i].gathers]
    return [i for i in before if order[i].abilities or order[i].pattern] or before


def _sentences(order: Sequence[Step]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for at, step in enumerate(order):
        found.setdefault((step.clause.item, step.clause.sentence), []).append(at)
    return found


def _strong(order: Sequence[Step], at: int, sentences: dict[tuple[int, int], list[int]]) -> list[int]:
    """Return the steps of the same sentence that "after", "once" or "before" put in front of this one."""
    step, found = order[at], []
    together = sentences[step.clause.item, step.clause.sentence]
    for i in together if len(together) > 1 else ():
        other = order[i].clause.subordinate
        after = other is AFTER and step.clause.subordinate is not AFTER
        before = step.clause.subordinate is BEFORE and other is not BEFORE
        if (after or before) and not order[i].gathers:
            found.append(i)
    return found


def _pointed_at(order: Sequence[Step], at: int) -> list[int]:
    """Return the step whose result this one works on: the report that it names, or the one before it."""
    step = order[at]
    if not (step.changes and step.points_back) or at == 0:
        return []
    if any(t.low == "report" for t in step.tokens):
        reports = [i for i in range(at) if order[i].gathers]
        return reports[-1:]
    return [at - 1]


class _Stages:
    """Steps by stage of a product's life: a deploy waits for the tests, these for the build."""

    def __init__(self) -> None:
        self.by_stage: dict[int, list[int]] = {}

    def before(self, step: Step) -> list[int]:
        """Return the steps of the latest stage before that of *step*."""
        mine = _phase(step)
        earlier = [stage for stage in self.by_stage if mine is not None and stage < mine]
        return self.by_stage[max(earlier)] if earlier else []

    def add(self, step: Step, at: int) -> None:
        """Note that *step* stands at *at*."""
        stage = _phase(step)
        if stage is not None:
            self.by_stage.setdefault(stage, []).append(at)


class _Groups:
    """Runs of steps between order words: a step that changes something waits for the run before its own."""

    def __init__(self) -> None:
        self.earlier: list[int] = []
        self.current: list[int] = []

    def before(self, step: Step, order: Sequence[Step]) -> list[int]:
        """Return the run before that of *step*, where order binds: looking in any order gives the same."""
        if self._opens(step):
            self.earlier, self.current = self.current or self.earlier, []
        return [i for i in self.earlier if step.changes or order[i].changes]

    def _opens(self, step: Step) -> bool:
        ordered = step.numbered or (step.clause.joint is START and not step.listed)
        return step.clause.joint is THEN or (step.changes and ordered)

    def add(self, step: Step, at: int) -> None:
        """Note that *step* stands at *at*."""
        if not step.gathers:
            self.current.append(at)
