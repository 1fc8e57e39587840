"""Changes that remove findings, made on a draft of the graph and handed over as one patch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genesis_core import GraphPatch, Input, Task, TaskGraph

__all__ = ["AddTask", "AddToDescription", "Draft", "Merge", "Order", "Reroute", "Split"]


_PLACES = frozenset({"folder", "folders", "files"})


class Draft:
    """A graph under revision. Each mend is made on what those before it left."""

    def __init__(self, graph: TaskGraph) -> None:
        self._graph = graph
        self._tasks = dict(graph.by_id)
        self._added: list[str] = []

    def get(self, task_id: str) -> Task | None:
        """Return the task as it is now; None when it was dropped."""
        return self._tasks.get(task_id)

    def put(self, task: Task) -> None:
        """Replace a task, or add a new one."""
        if task.id not in self._graph:
            self._added.append(task.id)
        self._tasks[task.id] = task

    def drop(self, task_id: str) -> None:
        """Leave a task out."""
        self._tasks.pop(task_id, None)

    @property
    def last_added(self) -> str | None:
        """The task that was added last, if any was."""
        return self._added[-1] if self._added else None

    def loose(self) -> tuple[str, ...]:
        """Return the tasks that were added and that nobody waits for."""
        used = {need for task in self._tasks.values() for need in task.needs}
        return tuple(name for name in self._added if name in self._tasks and name not in used)

    def users(self, task_id: str) -> list[Task]:
        """Return the tasks that wait for *task_id*."""
        return [task for task in self._tasks.values() if task_id in task.needs]

    def new_id(self, like: str) -> str:
        """Return an id that is still free: *like*, or *like* with a number."""
        if like not in self._tasks and like not in self._graph:
            return like
        number = 2
        while f"{like}-{number}" in self._tasks or f"{like}-{number}" in self._graph:
            number += 1
        return f"{like}-{number}"

    def patch(self, reason: str) -> GraphPatch | None:
        """Return the difference to the graph; None when there is none."""
        before = self._graph.by_id
        replaced = tuple(t for t in self._tasks.values() if t.id in before and before[t.id] is not t)
        added = tuple(self._tasks[task_id] for task_id in self._added if task_id in self._tasks)
        dropped = tuple(task_id for task_id in before if task_id not in self._tasks)
        if not (replaced or added or dropped):
            return None
        return GraphPatch(add=added, replace=replaced, drop=dropped, reason=reason)


@dataclass(frozen=True, slots=True)
class Reroute:
    """Have a task routed anew: without the agent that was named, to another one, or for the skills that were meant."""

    task_id: str
    agent: str | None = None
    requires: tuple[str, ...] | None = None

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        task = draft.get(self.task_id)
        if task is None:
            return
        if self.requires is not None:
            task = task.replace(requires=self.requires)
        draft.put(task.replace(agent=self.agent))


@dataclass(frozen=True, slots=True)
class Split:
    """Make one task for each set of skills; the first keeps the id, and who waited for it waits for all."""

    task_id: str
    parts: tuple[tuple[str, ...], ...]

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        task = draft.get(self.task_id)
        if task is None:
            return
        users = draft.users(task.id)
        first, *others = self.parts
        draft.put(task.replace(requires=first, agent=None))
        names: list[str] = []
        for part in others:
            names.append(draft.new_id(task.id))
            draft.put(task.replace(id=names[-1], requires=part, agent=None))
        for user in users:
            draft.put(_fed_by(user, task.id, names))


def _fed_by(user: Task, source: str, names: Sequence[str]) -> Task:
    """Return *user* waiting for *names* as well; what took the whole output of *source* takes theirs, too."""
    inputs = dict(user.inputs)
    for name, item in user.inputs.items():
        if item.task == source and item.output == "":
            inputs |= {_free(inputs, f"{name}-{n}"): Input(task=other, output="") for n, other in enumerate(names, 2)}
    return user.replace(depends_on=tuple(dict.fromkeys((*user.depends_on, *names))), inputs=inputs)


def _free(inputs: Iterable[str], name: str) -> str:
    taken = set(inputs)
    while name in taken:
        name += "-"
    return name


@dataclass(frozen=True, slots=True)
class Merge:
    """Drop a task that does what another one does; who waited for it waits for the other."""

    keep: str
    drop: str

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        if draft.get(self.keep) is None or draft.get(self.drop) is None:
            return
        users = draft.users(self.drop)
        draft.drop(self.drop)
        for user in users:
            if user.id != self.keep:
                draft.put(_moved(user, self.drop, self.keep))


def _moved(user: Task, old: str, new: str) -> Task:
    """Return *user* with *new* wherever it named *old*; what it had from *new* already, it gets once."""
    inputs: dict[str, Input] = {n: i for n, i in user.inputs.items() if i.task != old}
    for name, item in user.inputs.items():
        if item.task == old:
            moved = item.replace(task=new)
            if moved not in inputs.values():
                inputs[name] = moved
    ordered = {n: inputs[n] for n in user.inputs if n in inputs}
    waits = dict.fromkeys(new if need == old else need for need in user.depends_on)
    return user.replace(depends_on=tuple(waits), inputs=ordered)


@dataclass(frozen=True, slots=True)
class AddToDescription:
    """Tell a task what the goal says of it and no description repeats; who does it stays the same."""

    task_id: str
    text: str
    agent: str | None = None
    folder: str = ""
    files: tuple[str, ...] = ()
    """Where in the workspace it is to look, if it was not told."""

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        task = draft.get(self.task_id)
        if task is not None:
            agent = task.agent if task.agent or task.requires else self.agent
            told = f"{task.description.rstrip()} ({self.text})"
            where = {} if _PLACES & task.inputs.keys() else _looking(self.folder, self.files)
            draft.put(task.replace(description=told, agent=agent, inputs={**task.inputs, **where}))


@dataclass(frozen=True, slots=True)
class Order:
    """Make *later* wait for *earlier*, and no longer the other way round."""

    earlier: str
    later: str

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        first, second = draft.get(self.earlier), draft.get(self.later)
        if first is None or second is None:
            return
        if self.later in first.depends_on:
            draft.put(first.replace(depends_on=tuple(d for d in first.depends_on if d != self.later)))
        draft.put(second.replace(depends_on=tuple(dict.fromkeys((*second.depends_on, self.earlier)))))


@dataclass(frozen=True, slots=True)
class AddTask:
    """Take up what the goal says and no task does; who gathers what the others made gets this, too."""

    text: str
    skill: str
    takes: tuple[str, ...] = ()
    """Tasks whose outputs it is about, and with them those that were added before it."""
    gatherer: str | None = None
    after: tuple[str, ...] = ()
    """Tasks that it waits for."""
    before: tuple[str, ...] = ()
    """Tasks that wait for it."""
    follows: bool = False
    """Whether it waits for the task that was added right before it."""
    folder: str = ""
    files: tuple[str, ...] = ()
    """Where in the workspace it is to look."""

    def __call__(self, draft: Draft) -> None:
        """Make the change."""
        taken = dict.fromkeys((*self.takes, *draft.loose())) if self.takes else {}
        inputs = {name: Input(task=name, output="") for name in taken if draft.get(name) is not None}
        inputs |= _looking(self.folder, self.files)
        last = draft.last_added if self.follows else None
        waits = tuple(name for name in (*self.after, *filter(None, (last,))) if draft.get(name) is not None)
        task = Task(id=draft.new_id(_slug(self.text)), description=self.text, requires=(self.skill,), inputs=inputs,
                    depends_on=waits)
        draft.put(task)
        for name in self.before:
            later = draft.get(name)
            if later is not None:
                draft.put(later.replace(depends_on=(*later.depends_on, task.id)))
        user = None if self.gatherer is None else draft.get(self.gatherer)
        if user is not None:
            name = _free(user.inputs, task.id)
            draft.put(user.replace(inputs={**user.inputs, name: Input(task=task.id, output="")}))


def _looking(folder: str, files: Sequence[str]) -> dict[str, Input]:
    """Return the inputs that say where in the workspace to look."""
    found = {"folder": Input(value=folder)} if folder else {}
    return {**found, "files": Input(value=list(files))} if files else found


def _slug(text: str) -> str:
    words = [w for w in re.findall(r"[a-z0-9]+", text.lower()) if len(w) > 2]
    return "-".join(words[:3])[:60] or "task"
