"""What a task is given: each of its inputs as a value, from the plan, a file, or the result of another task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._endorse import endorse
from ._pointers import resolve_pointer
from ._scope import TaskContext
from ._secrets import SecretRef
from .errors import GraphError
from .records import FrozenDict
from .tasks import Input, Task, TaskGraph, TaskResult

if TYPE_CHECKING:
    from ._replay.replay import Replay

__all__ = ["behind", "resolve"]


async def resolve(task: Task, context: TaskContext, results: Mapping[str, TaskResult]) -> Mapping[str, Any]:
    """Return the inputs of *task* by name; raises GraphError for a part or artefact that is not there."""
    return FrozenDict({name: await _input(name, item, context, results) for name, item in task.inputs.items()})


def behind(
    task: Task, graph: TaskGraph, results: Mapping[str, TaskResult], replay: Replay | None = None
) -> Mapping[str, tuple[TaskResult, ...]]:
    """Return by input the results that it comes from: that of one task, or those of the leaves of a composite.

    In a *replay* they say what they had cost. Of an endorsed value nothing else comes along.
    """
    named = {name: item.task for name, item in task.inputs.items() if item.task is not None and not item.endorse}
    seen = (lambda result: result) if replay is None else replay.as_it_was
    return FrozenDict({n: tuple(seen(results[leaf]) for leaf in graph.leaves_of(need)) for n, need in named.items()})


async def _input(name: str, item: Input, context: TaskContext, results: Mapping[str, TaskResult]) -> Any:
    if item.file is not None:
        return await context.read(item.file)
    if item.secret is not None:
        return SecretRef(secret=item.secret)
    if item.task is None:
        return item.value
    upstream = results[item.task]
    if item.artifact is not None:
        for artifact in upstream.artifacts:
            if artifact.name == item.artifact:
                return artifact
        raise _lacks(name, item, context, f"task {item.task!r} wrote no artefact {item.artifact!r}")
    try:
        value = resolve_pointer(upstream.output, item.output or "")
    except KeyError:
        raise _lacks(name, item, context, f"the output of {item.task!r} has no {item.output!r}") from None
    return await endorse(name, item, value, context) if item.endorse else value


def _lacks(name: str, item: Input, context: TaskContext, what: str) -> GraphError:
    return GraphError(what, cause=f"input {name!r} of {context.task.id!r} asks for it")
