"""What plugins answer, held against the contracts of their hooks; and what tasks say in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .agents import Assignment, Reason
from .errors import PlanError, PluginError
from .plans import Plan
from .records import digest
from .tasks import GraphPatch, Task, TaskGraph

__all__ = ["check", "check_leaves", "check_widens", "reasoned", "texts"]

_T = TypeVar("_T")


def check(answer: Any, kind: type[_T], hook: str, plugin: str) -> _T:
    """Return *answer* when it is of the *kind* that *hook* takes; raises PluginError naming *plugin*."""
    if isinstance(answer, kind):
        return answer
    raise PluginError(f"plugin {plugin!r} answered {hook} with {type(answer).__name__}",
                      cause=f"it takes {kind.__name__}", hint=f"genesis -p no:{plugin} ... runs without it")


def check_widens(tasks: Iterable[Task], before: Mapping[str, Task]) -> None:
    """Raise PlanError when one of *tasks* may do more by itself than it did *before*: only a plan's author grants."""
    for task in tasks:
        earlier = before.get(task.id)
        known = set() if earlier is None else {digest(g.to_json()) for g in earlier.grants}
        endorsed = {} if earlier is None else {n: i for n, i in earlier.inputs.items() if i.endorse}
        if any(digest(g.to_json()) not in known for g in task.grants) or any(
                i.endorse and endorsed.get(n) != i for n, i in task.inputs.items()):
            raise PlanError(f"task {task.id!r} would widen what it may do", hint="write it into a plan file",
                            cause="grants and endorsements come from the author of a plan, never from a plugin")


def reasoned(made: Plan, before: Plan, patch: GraphPatch) -> Plan:
    """Return *made*, which *patch* makes of *before*, with the reasons of those whom it names for old tasks."""
    replaced = {task.id: task for task in patch.replacements if task.agent is not None and task.id in before.assigned}
    if not replaced:
        return made
    return made.replace(assignments=tuple(
        _reasoned(given, replaced[given.task_id], before, patch.reason) if given.task_id in replaced else given
        for given in made.assignments))


def _reasoned(given: Assignment, task: Task, before: Plan, reason: str) -> Assignment:
    """Return *given* with the reasons of the assignment before it.

    The same agent for the same work has the same reasons. Of another one the change is the first, and those who were
    named beside it before go on being the alternatives.
    """
    old, was = before.assigned[task.id], before.graph[task.id]
    if old.agent == given.agent and (task.kind, task.requires) == (was.kind, was.requires):
        return old
    others = tuple((name, score) for name, score in old.alternatives if name != given.agent)
    score = dict(old.alternatives).get(given.agent, 1.0)
    why = f"a change of the plan gives it to {given.agent!r} in place of {old.agent!r}: {reason or 'no reason given'}"
    return given.replace(score=min(1.0, max(0.0, score)), reasons=(
        Reason(rule="change", score=score, text=why, alternatives=others),
        *(earlier.replace(alternatives=()) for earlier in old.reasons)))


def check_leaves(patch: GraphPatch, graph: TaskGraph) -> None:
    """Raise PlanError when *patch*, made from text from outside, touches what *graph*'s author granted or endorsed.

    Who drops or replaces such a task, what stands around it or what it waits for, or puts others in the place of one of
    them, decides what the author decided. Beside it, and behind it, there may be new tasks.
    """
    fixed, closed = _held(graph)
    changed = (t for t in (*patch.drop, *(r.id for r in patch.replacements)) if t in fixed or t in closed)
    filled = (t.parent for t in (*patch.add, *patch.replacements) if t.parent in closed)
    for task_id in (*changed, *filled):
        raise PlanError(f"task {task_id!r} is part of what the plan's author granted or endorsed, and stays as it is",
                        cause="text from outside would change it", hint="write the change into a plan file")


def _held(graph: TaskGraph) -> tuple[set[str], set[str]]:
    """Return what stands around tasks that are granted or endorse something, and those with all that they wait for."""
    around, closed = set[str](), set[str]()
    pending = [(t.id, closed) for t in graph.tasks if t.grants or any(i.endorse for i in t.inputs.values())]
    while pending:
        name, found = pending.pop()
        if name in found:
            continue
        found.add(name)
        task = graph[name]
        pending += [(need, closed) for need in task.needs]
        pending += [(task.parent, around)] if task.parent is not None else []
        pending += [(child, closed) for child in graph.children.get(name, ())] if found is closed else []
    return around, closed


def texts(task: Task) -> Iterator[str]:
    """Yield what *task* says in words: its description, the texts among its values, and what it needs a tool for."""
    if task.description:
        yield task.description
    pending: list[Any] = [i.value for i in task.inputs.values()][::-1]
    if task.need is not None:
        pending.append(task.need.to_json())
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            pending += reversed(list(value.values()))
        elif isinstance(value, Sequence):
            pending += reversed(value)
