"""Do steps that build on each other stand in their order: nothing deployed or tested before it is built?

Read from the verb that a description begins with, and only where both speak of the same thing: all that the earlier
step is about the later one is about, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from genesis_core import Mend, Task

from ._diagnosis import Diagnosis, fixable, note
from ._mend import Order
from ._view import View
from ._words import EMPTY_WORDS, stem

__all__ = ["disordered", "staged"]


class Stage(Enum):
    """Where a step stands in the making of something."""

    BUILD = "built"
    TEST = "tested"
    DEPLOY = "deployed"


_VERBS = {
    Stage.BUILD: "build implement code develop program compile",
    Stage.TEST: "test verify",
    Stage.DEPLOY: "deploy release publish ship launch",
}
_STAGES = {stem(verb): stage for stage, verbs in _VERBS.items() for verb in verbs.split()}
_CANDIDATES, _PAIRS = 8, 16


@dataclass(frozen=True, slots=True)
class _Step:
    task: Task
    stage: Stage
    about: frozenset[str]


def disordered(view: View) -> Iterator[Diagnosis]:
    """Yield each step that tests or deploys what another one builds, without waiting for it."""
    steps = list(_steps(view))
    builds = [step for step in steps if step.stage is Stage.BUILD and step.about]
    if not builds or len(builds) == len(steps):
        return
    index = _index(builds)
    pairs = ((built, step) for step in steps if step.stage is not Stage.BUILD for built in _built_for(step, index))
    known = list(islice(pairs, _PAIRS))
    again = {b.task.id for b, step in known if step.stage is Stage.TEST and view.waits(step.task.id, b.task.id)}
    for built, later in known:
        yield from _pair(view, built.task, later, built.task.id in again)


def staged(view: View, one: str, other: str) -> bool:
    """Return whether both tasks are stages of making something: then not the goal's words put them in order."""
    found = [_STAGES.get(terms[0]) for terms in (view.terms[one], view.terms[other]) if terms]
    return len(found) == 2 and None not in found and found[0] is not found[1]


def _steps(view: View) -> Iterator[_Step]:
    for task in view.leaves:
        terms = view.terms[task.id]
        if terms and (stage := _STAGES.get(terms[0])) is not None:
            yield _Step(task, stage, frozenset(terms[1:]) - EMPTY_WORDS - _STAGES.keys())


def _index(builds: list[_Step]) -> dict[str, list[_Step]]:
    found: dict[str, list[_Step]] = {}
    for step in builds:
        for term in step.about:
            found.setdefault(term, []).append(step)
    return found


def _built_for(later: _Step, builds: dict[str, list[_Step]]) -> Iterator[_Step]:
    """Yield the steps that build what *later* is about."""
    shared: dict[str, int] = {}
    for term in sorted(later.about):
        for step in builds.get(term, ())[:_CANDIDATES]:
            shared[step.task.id] = shared.get(step.task.id, 0) + 1
            if shared[step.task.id] == len(step.about):
                yield step


def _pair(view: View, built: Task, later: _Step, tested: bool) -> Iterator[Diagnosis]:
    """Say that *later* must wait for *built*; *tested*: another step tests what is built, once it is."""
    task, ids = later.task, [built.id, later.task.id]
    if view.waits(task.id, built.id):
        return
    text = f"{task.id!r} can begin before {built.id!r} is done: what is {later.stage.value} must be built first"
    backwards = view.waits(built.id, task.id)
    if backwards and ((tested and later.stage is Stage.TEST) or not _turns(view, built, task)):
        # A test before and after the change is a habit, and what flows from one to the other has its reason.
        yield note("order", f"{built.id!r} builds what is {later.stage.value} by {task.id!r}, and waits for that", ids)
    else:
        yield fixable("order", text, ids, Mend.REPLAN, Order(built.id, task.id))


def _turns(view: View, built: Task, later: Task) -> bool:
    """Return whether *built* waits for *later* by nothing but one plain dependency, so that it can be turned round."""
    if later.id not in built.depends_on or any(item.task == later.id for item in built.inputs.values()):
        return False
    others = [need for need in built.needs if need != later.id]
    others += [need for need in view.graph.waits_for(built.id) if need not in built.needs]
    return not any(leaf == later.id or view.waits(leaf, later.id) for n in others for leaf in view.graph.leaves_of(n))
