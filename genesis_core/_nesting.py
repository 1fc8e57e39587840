"""Tasks below tasks: how deep each stands, and the names of those that a composite turns out to consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from .errors import PlanError
from .tasks import Input, Task

__all__ = ["below", "depths"]


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
