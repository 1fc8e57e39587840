"""Tasks below tasks: how deep each stands, what each turns out to consist of, and what those are called.

Each task is asked about once. All that stand on one level are asked about at the same time, so many at once as the
operator allows; what comes of them has the order of the tasks, whoever answered first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pydantic import ValidationError

from .errors import PlanError
from .plans import Decomposition
from .tasks import Input, Task

__all__ = ["below", "depths", "expanded"]

_Ask = Callable[[Task], Awaitable[Decomposition | None]]
_Part = Callable[[int], AbstractContextManager[object]]


@dataclass(slots=True, eq=False)
class _Node:
    """A task, how deep it stands, and what it consists of."""

    task: Task
    depth: int
    below: list[_Node] = field(default_factory=list)

    def walk(self) -> Iterator[Task]:
        """Yield its task, and those below it behind it."""
        yield self.task
        for node in self.below:
            yield from node.walk()


async def expanded(
    tasks: Sequence[Task], ask: _Ask, *, max_depth: int, at_once: int, check: Callable[[int], None], part: _Part,
) -> list[Task]:
    """Return *tasks*, each before those that it turns out to consist of.

    *check* is told how many there are so far; *part* is entered while one is asked about, with its place in its level.
    """
    top, count = _nodes(tasks, 1), len(tasks)
    check(count)
    level = _open(top, max_depth)
    while level:
        answers = await _asked(level, ask, at_once, part)
        count += sum(len(answer.tasks) for answer in answers if answer is not None)
        check(count)  # before anything is made of them
        for node, answer in zip(level, answers, strict=True):
            if answer is not None and answer.tasks:
                node.below = _nodes(below(node.task.id, answer.tasks), node.depth + 1)
        level = [under for node in level for under in _open(node.below, max_depth)]
    return [task for node in top for task in node.walk()]


def _nodes(tasks: Sequence[Task], depth: int) -> list[_Node]:
    deep = depths(tasks, depth)
    return [_Node(task, deep[task.id]) for task in tasks]


def _open(nodes: Sequence[_Node], max_depth: int) -> list[_Node]:
    """Return those that may consist of others: whose parts are not known already, and who does them is not, either."""
    whole = {node.task.parent for node in nodes}
    return [n for n in nodes if n.task.id not in whole and n.depth < max_depth and n.task.agent is None]


async def _asked(nodes: Sequence[_Node], ask: _Ask, at_once: int, part: _Part) -> list[Decomposition | None]:
    """Return what *ask* says of each, in their order; the first of them that raises, in that order, ends it all."""
    room = asyncio.Semaphore(at_once)

    async def one(at: int) -> Decomposition | None:
        async with room:
            with part(at):
                try:
                    return await ask(nodes[at].task)
                except Exception:
                    for later in asked[at + 1 :]:
                        later.cancel()
                    raise

    asked = [asyncio.ensure_future(one(at)) for at in range(len(nodes))]
    try:
        return [await answer for answer in asked]
    finally:
        for answer in asked:
            answer.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


def depths(tasks: Sequence[Task], depth: int) -> dict[str, int]:
    """Return how deep each task is nested, those without a parent among *tasks* standing at *depth*."""
    parents = {t.id: t.parent for t in tasks}
    found: dict[str, int] = {}
    for task in tasks:
        chain, up = [task.id], task.parent
        while chain[-1] not in found and up is not None and up in parents and len(chain) <= len(tasks):
            chain.append(up)
            up = parents[up]
        base = found.get(chain[-1], depth)
        for step, name in enumerate(reversed(chain)):
            found.setdefault(name, base + step)
    return found


def below(parent: str, tasks: Sequence[Task]) -> list[Task]:
    """Return the children of *parent* with ids and references moved below its name; raises PlanError."""
    ids = {t.id: f"{parent}/{t.id}" for t in tasks}
    try:
        return [
            t.replace(
                id=ids[t.id],
                parent=ids.get(t.parent or "", parent),
                depends_on=tuple(ids.get(d, d) for d in t.depends_on),
                inputs={name: _moved(i, ids) for name, i in t.inputs.items()},
            )
            for t in tasks
        ]
    except ValidationError as error:
        raise PlanError(f"task {parent!r} can't have these children: {error.errors()[0]['msg']}",
                        cause="the id of a child begins with that of its parent", hint="choose shorter ids") from None


def _moved(item: Input, ids: Mapping[str, str]) -> Input:
    return item if item.task is None or item.task not in ids else item.replace(task=ids[item.task])
