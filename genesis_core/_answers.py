"""What plugins answer, held against the contracts of their hooks; and what tasks say in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .errors import PlanError, PluginError
from .records import digest
from .tasks import GraphPatch, Task

__all__ = ["check", "check_leaves", "check_widens", "texts"]

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


def check_leaves(patch: GraphPatch, before: Mapping[str, Task]) -> None:
    """Raise PlanError when *patch*, made from text from outside, changes a task that is granted or endorses something.

    Its author decided what it does; whoever dropped it, replaced it or put other tasks in its place would decide that.
    """
    changed = (*patch.drop, *(t.id for t in patch.replacements), *(t.parent for t in patch.add if t.parent))
    for task_id in changed:
        task = before.get(task_id)
        if task is not None and (task.grants or any(i.endorse for i in task.inputs.values())):
            raise PlanError(f"task {task_id!r} holds what its author granted or endorsed, and stays as it is",
                            cause="text from outside would change it", hint="write the change into a plan file")


def texts(task: Task) -> Iterator[str]:
    """Yield what *task* says in words: its description, and the texts among the values that it is given."""
    if task.description:
        yield task.description
    pending: list[Any] = [i.value for i in task.inputs.values()][::-1]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            pending += reversed(list(value.values()))
        elif isinstance(value, Sequence):
            pending += reversed(value)
