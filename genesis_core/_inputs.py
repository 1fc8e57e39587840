"""What a task is given: each of its inputs as a value, from the plan, a file, or the result of another task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._pointers import resolve_pointer
from ._scope import TaskContext
from .errors import GraphError
from .records import FrozenDict
from .tasks import Input, Task, TaskResult

__all__ = ["resolve"]


async def resolve(task: Task, context: TaskContext, results: Mapping[str, TaskResult]) -> Mapping[str, Any]:
    """Return the inputs of *task* by name; raises GraphError for a part or artefact that is not there."""
    return FrozenDict({name: await _input(name, item, context, results) for name, item in task.inputs.items()})


async def _input(name: str, item: Input, context: TaskContext, results: Mapping[str, TaskResult]) -> Any:
    if item.file is not None:
        return await context.read(item.file)
    if item.task is None:
        return item.value
    upstream = results[item.task]
    if item.artifact is not None:
        for artifact in upstream.artifacts:
            if artifact.name == item.artifact:
                return artifact
        raise _lacks(name, item, context, f"task {item.task!r} wrote no artefact {item.artifact!r}")
    try:
        return resolve_pointer(upstream.output, item.output or "")
    except KeyError:
        raise _lacks(name, item, context, f"the output of {item.task!r} has no {item.output!r}") from None


def _lacks(name: str, item: Input, context: TaskContext, what: str) -> GraphError:
    return GraphError(what, cause=f"input {name!r} of {context.task.id!r} asks for it")
