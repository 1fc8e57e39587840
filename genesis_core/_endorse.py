"""Endorse: the one way by which what untrusted text led to may decide something, and only as one of a few values.

The author of a plan lists the values that an input may have (``{"task": "check", "output": "/ok", "endorse": [true,
false]}``). Which of them it is comes from the other task, whatever that has read; nothing else comes along. Each use is
asked about, and a row of the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._permission import told
from .errors import GraphError
from .policy import Action, Label, Trust
from .records import digest
from .runs import EventKind
from .tasks import Input, Task, TaskGraph, TaskResult

if TYPE_CHECKING:
    from ._scope import TaskContext

__all__ = ["endorse", "given_label"]


def given_label(task: Task, graph: TaskGraph, results: Mapping[str, TaskResult], own: Label) -> Label:
    """Return the label that *task* starts with: its *own*, and those of all that it waits for.

    Of a task whose output it is given as an endorsed value and in no other way, it takes the secrecy alone.
    """
    needs = task.needs if task.parent is None else graph.waits_for(task.id)
    others = [(need, other) for need in needs if (other := results[need].label) is not own]
    if not others:
        return own
    closed = _closed(task, graph)
    return Label.join(own, *(_as_data(other) if need in closed else other for need, other in others))


def _closed(task: Task, graph: TaskGraph) -> set[str]:
    """Return the tasks that *task* knows by endorsed values alone."""
    closed = {i.task for i in task.inputs.values() if i.task is not None and i.endorse}
    if not closed:
        return set()
    open_ = {i.task for i in task.inputs.values() if not i.endorse}
    above = () if task.parent is None else graph.waits_for(task.parent)
    return closed - open_ - {*task.depends_on, *above}


def _as_data(label: Label) -> Label:
    return Label(Trust.TRUSTED, label.secrecy, label.sources)


async def endorse(name: str, item: Input, value: Any, context: TaskContext) -> Any:
    """Return *value* when it is one that the plan's author lists; raises GraphError for any other, and AccessDenied."""
    action = Action("endorse", f"{item.task}{item.output}", arguments={"value": value})
    decision = await context._decide(action, label=context.task_label)
    context._note(EventKind.DECIDED, told(action, decision))
    context._enforce(action, decision)
    if not any(digest(value) == digest(choice) for choice in item.endorse):
        raise GraphError(f"input {name!r} of {context.task.id!r} is none of the {len(item.endorse)} values that "
                         "its plan endorses", cause=f"task {item.task!r} gave another one",
                         hint="list it in `endorse`, or take the value without")
    context._note(EventKind.ENDORSED, {"name": name, "from": item.task, "output": item.output, "value": value})
    return value
