"""Does the graph hold together: its size and depth, what flows along its edges, and what nobody uses?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis_core import Input, Task

from ._diagnosis import Diagnosis, fatal, named, note
from ._order import disordered
from ._sequence import against_the_goal
from ._view import View

__all__ = ["check"]

NEAR = 0.8
"""Share of a limit from which the plan says that it comes near."""


def check(view: View) -> Iterator[Diagnosis]:
    """Yield what is wrong with the shape of the plan."""
    if not view.leaves:
        yield fatal("empty", "the plan has no task", hint="say what is to be done")
        return
    yield from _limits(view)
    yield from _dangling(view)
    yield from _unused(view)
    yield from disordered(view)
    yield from against_the_goal(view)


def _limits(view: View) -> Iterator[Diagnosis]:
    limits, tasks = view.context.limits, len(view.graph)
    depths = view.graph.depths
    deepest = max(depths.values(), default=0)
    for what, name, value, limit in (("tasks", "max_tasks", tasks, limits.max_tasks),
                                     ("levels", "max_depth", deepest, limits.max_depth)):
        text = f"the plan has {value} {what}; at most {limit} are allowed"
        ids = [task_id for task_id, depth in depths.items() if depth == deepest][:1] if what == "levels" else []
        if value > limit:
            yield fatal("limits", text, ids, f"ask for less, or raise limits.{name}")
        elif value > 1 and (value > NEAR * limit or value == limit):
            yield note("near-limits", f"{text}, so there is little room to change it while it runs", ids)


# ---- inputs --------------------------------------------------------------------------------------------------------


def _dangling(view: View) -> Iterator[Diagnosis]:
    """Yield the inputs that ask a task for something that it can't give."""
    for task in view.graph.tasks:
        if task.inputs:
            for name, item in task.inputs.items():
                if item.task is not None:
                    yield from _input(view, task, name, item, view.graph[item.task])


def _input(view: View, task: Task, name: str, item: Input, source: Task) -> Iterator[Diagnosis]:
    where = f"input {name!r} of {task.id!r} asks {source.id!r} for"
    pointer = item.output
    if pointer and not pointer.startswith("/"):
        yield fatal("dangling-input", f"{where} {pointer!r}, which is no JSON pointer", [task.id, source.id],
                    f'write "/{pointer}" for a field, "" for the whole output')
    elif pointer and source.id in view.graph.children:
        yield from _of_composite(view, task, source, where, pointer)
    elif source.accept is not None:
        yield from _promised(task, source, where, item)


def _of_composite(view: View, task: Task, source: Task, where: str, pointer: str) -> Iterator[Diagnosis]:
    """A composite's output maps the id of each child to the child's output, and has nothing else."""
    children = view.graph.children[source.id]
    child = pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
    if child not in children:
        yield fatal("dangling-input", f"{where} {pointer!r}; it has the outputs of {named(children)} only",
                    [task.id, source.id], 'a "/" in an id is written "~1"')


def _promised(task: Task, source: Task, where: str, item: Input) -> Iterator[Diagnosis]:
    """What a task must show to be accepted is what it promises; more may come of it, but nobody said so."""
    accept = source.accept
    if accept is None:
        return
    if item.artifact is not None and accept.artifacts and item.artifact not in accept.artifacts:
        yield note("dangling-input", f"{where} the artefact {item.artifact!r}; it promises {named(accept.artifacts)}",
                   [task.id, source.id])
    if item.output and accept.output and not any(_below(item.output, known) for known in accept.output):
        yield note("dangling-input", f"{where} {item.output!r}; it promises {named(accept.output)}",
                   [task.id, source.id])


def _below(pointer: str, known: str) -> bool:
    return pointer == known or pointer.startswith(f"{known}/") or known.startswith(f"{pointer}/")


# ---- uses ----------------------------------------------------------------------------------------------------------


def _unused(view: View) -> Iterator[Diagnosis]:
    """Yield the tasks that a final task could use and does not, where one gathers what the others made."""
    ends = [task for task in view.leaves if task.id in view.assigned and not _is_used(view, task, view.users)]
    gathering = [task for task in ends if sum(i.task is not None for i in task.inputs.values()) > 1]
    if len(gathering) != 1 or len(ends) * 2 > len(view.leaves) + 1:
        return
    others = [task.id for task in ends if task is not gathering[0]]
    if others:
        yield note("unused", f"nothing uses what comes of {named(others)}; {gathering[0].id!r} gathers the rest",
                   others, f"make it an input of {gathering[0].id!r}, if it belongs there")


def _is_used(view: View, task: Task, users: Mapping[str, int]) -> bool:
    name: str | None = task.id
    while name is not None:
        if name in users:
            return True
        name = view.graph[name].parent
    return False
