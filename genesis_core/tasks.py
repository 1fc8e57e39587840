"""What is to be done and what came of it: Goal, Task, TaskGraph, GraphPatch, TaskState, TaskResult, Artifact."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_serializer, model_validator

from ._pointers import has_pointer
from .errors import GraphError, TaskError, did_you_mean
from .policy import Grant, Label, Usage
from .records import FrozenDict, Json, JsonObject, Record, frozen_mapping, sayable
from .tools import Need

__all__ = [
    "Acceptance", "Artifact", "Evidence", "Goal", "GraphPatch", "Input", "Level", "Task", "TaskGraph", "TaskResult",
    "TaskState", "WorkOrder",
]

_INPUT_FORMS = tuple(map(frozenset, (("value",), ("file",), ("secret",), ("task", "output"), ("task", "artifact"),
                                     ("task", "output", "endorse"))))
_INPUT_FIELDS, MAX_ENDORSED = ("value", "file", "secret", "task", "output", "artifact", "endorse"), 256
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\Z")


class Goal(Record):
    """What somebody wants, where, and how far the text is to be believed."""

    text: str
    workspace: str = "."
    """Folder that the work is about, as the user wrote it."""
    label: Label = Label()

    @field_validator("text")
    @classmethod
    def _not_empty(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("the goal is empty")
        return sayable(text)


class Input(Record):
    """One input of a task, in exactly one of five forms:
    ``{"value": ...}``, ``{"file": "path"}`` (its text), ``{"secret": "NAME"}``, ``{"task": "id", "artifact": "name"}``
    or ``{"task": "id", "output": "/json/pointer"}`` (RFC 6901; "": all). A task reference implies the dependency. An
    output may come with ``"endorse": [...]``, the plain values of which it must be one.
    """

    value: Json = None
    file: str | None = None
    secret: str | None = None
    task: str | None = None
    output: str | None = None
    artifact: str | None = None
    endorse: tuple[Json, ...] = ()
    """The values that it may have, when the plan's author trusts the choice among them and nothing else about it."""

    @model_validator(mode="after")
    def _one_form(self) -> Input:
        if self.model_fields_set not in _INPUT_FORMS:
            raise ValueError('an input is {"value"}, {"file"}, {"secret"}, {"task", "output"} or {"task", "artifact"}')
        if "endorse" in self.model_fields_set and not 0 < len(self.endorse) <= MAX_ENDORSED:
            raise ValueError(f"endorse lists 1 to {MAX_ENDORSED} values")
        if not any(isinstance(choice, list | tuple | Mapping) for choice in self.endorse):
            return self
        raise ValueError("endorse lists plain values: texts, numbers, true, false, null")

    @model_serializer
    def _given(self) -> dict[str, Any]:
        """Write the form that was given, a null value included."""
        given = self.model_fields_set
        return {name: getattr(self, name) for name in _INPUT_FIELDS if name in given}


class Acceptance(Record):
    """What a task's result must show before it counts as completed."""

    output: tuple[str, ...] = ()
    """JSON pointers (RFC 6901) that the output must have."""
    artifacts: tuple[str, ...] = ()
    min_evidence: int = Field(default=0, ge=0)

    def missing(self, result: TaskResult) -> tuple[str, ...]:
        """Return what *result* lacks, in words; empty means accepted."""
        names = {artifact.name for artifact in result.artifacts}
        lacks = [f"output has no {p or '(whole)'}" for p in self.output if not has_pointer(result.output, p)]
        lacks += [f"artifact {name!r} was not written" for name in self.artifacts if name not in names]
        if len(result.evidence) < self.min_evidence:
            lacks.append(f"{len(result.evidence)} pieces of evidence where {self.min_evidence} are asked for")
        return tuple(lacks)


class Task(Record):
    """One thing to do. It has no status: a run knows that. The tool that it needs is made when nobody offers it.

    A task that others name as ``parent`` is a composite: never routed or run. Depending on it means depending on all
    its leaves; its result maps child id to output."""

    id: str
    description: str = ""
    kind: str = ""
    requires: tuple[str, ...] = ()
    """Skill ids that its agent must have."""
    depends_on: tuple[str, ...] = ()
    inputs: Annotated[Mapping[str, Input], frozen_mapping()] = FrozenDict()
    parent: str | None = None
    agent: str | None = None
    """The agent, when the plan's author names one."""
    accept: Acceptance | None = None
    max_seconds: float | None = Field(default=None, gt=0)
    grants: tuple[Grant, ...] = ()
    """Calls that it may make whatever it has read; they come from the author of a plan file, never from a plugin."""
    need: Need | None = None
    metadata: JsonObject = FrozenDict()

    @field_validator("id")
    @classmethod
    def _plain_id(cls, value: str) -> str:
        if not _ID.match(value) or ".." in value:
            raise ValueError(f"{value!r} is no task id: letters, digits, '.', '_', '-' and '/', at most 128")
        return value

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The ids that it waits for: ``depends_on`` and the tasks that its inputs name, in order, each once."""
        if not self.inputs:
            return self.depends_on
        named = [i.task for i in self.inputs.values() if i.task is not None]
        return tuple(dict.fromkeys((*self.depends_on, *named)))


class TaskGraph(Record):
    """Tasks and the order that their dependencies give; checked when built, in linear time.

    Raises GraphError for a duplicate id, a dangling dependency or parent, and a cycle (through composites, too).
    Declaration order breaks ties everywhere.
    """

    tasks: tuple[Task, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> TaskGraph:
        _check_names(self)
        _check_cycles(self)
        return self

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        """Every task by its id, in declaration order."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of the children of each composite."""
        found: dict[str, list[str]] = {}
        for task in self.tasks:
            if task.parent is not None:
                found.setdefault(task.parent, []).append(task.id)
        return {parent: tuple(ids) for parent, ids in found.items()}

    @cached_property
    def leaves(self) -> tuple[Task, ...]:
        """The tasks that are run: all but the composites."""
        return tuple(task for task in self.tasks if task.id not in self.children)

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """Nesting of each task by ``parent``: 1 at the top. Path length plays no part."""
        depths: dict[str, int] = {}
        for task in self.tasks:
            chain = [task.id]
            while chain[-1] not in depths and (up := self.by_id[chain[-1]].parent) is not None:
                chain.append(up)
            base = depths.get(chain[-1], 1)
            for step, name in enumerate(reversed(chain)):
                depths.setdefault(name, base + step)
        return depths

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All ids so that each stands after what it waits for; stable under declaration order."""
        return tuple(_sorted(self))

    def __len__(self) -> int:
        return len(self.tasks)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self.by_id

    def __getitem__(self, task_id: str) -> Task:
        return self.by_id[task_id]

    def leaves_of(self, task_id: str) -> tuple[str, ...]:
        """Return the leaf ids below *task_id* (itself, when it is a leaf)."""
        return tuple(self._below(task_id))

    def _below(self, task_id: str) -> Iterator[str]:
        stack = [task_id]
        while stack:
            name = stack.pop()
            if name in self.children:
                stack.extend(reversed(self.children[name]))
            else:
                yield name

    def waits_for(self, task_id: str) -> tuple[str, ...]:
        """Return the ids that *task_id* waits for, those of its enclosing composites included."""
        found: dict[str, None] = {}
        name: str | None = task_id
        while name is not None:
            task = self.by_id[name]
            found.update(dict.fromkeys(task.needs))
            name = task.parent
        return tuple(found)

    def ready(self, done: Iterable[str]) -> tuple[Task, ...]:
        """Return the leaves not in *done* whose dependencies are all in *done*, in declaration order."""
        finished = set(done)
        return tuple(
            t for t in self.leaves
            if t.id not in finished
            and all(leaf in finished for need in self.waits_for(t.id) for leaf in self.leaves_of(need))
        )

    def apply(self, patch: GraphPatch) -> TaskGraph:
        """Return the graph after *patch*, or raise GraphError and leave this one as it is."""
        names = self.by_id
        for what, ids in (("replace", [t.id for t in patch.replacements]), ("drop", patch.drop)):
            for task_id in ids:
                if task_id not in names:
                    raise GraphError(f"a patch would {what} unknown task {task_id!r}{did_you_mean(task_id, names)}")
        new, dropped = {task.id: task for task in patch.replacements}, set(patch.drop)
        kept = [new.get(t.id, t) for t in self.tasks if t.id not in dropped]
        return TaskGraph(tasks=(*kept, *patch.add))


class GraphPatch(Record):
    """A change of a graph: applied whole or refused whole."""

    add: tuple[Task, ...] = ()
    replacements: tuple[Task, ...] = Field(default=(), alias="replace", serialization_alias="replace")
    """Tasks that take the place of those with their id (``replace=`` when built, ``replace`` in JSON)."""
    drop: tuple[str, ...] = ()
    reason: str = ""

    def replace(self, **changes: Any) -> Self:
        """Return a copy with *changes*, validated like a new one (raises pydantic.ValidationError)."""
        names = {"replacements": "replace"}
        kept = {names.get(name, name): getattr(self, name) for name in self.model_fields_set}
        return type(self)(**kept | {names.get(name, name): value for name, value in changes.items()})

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return self.model_dump(mode="json", exclude_defaults=True, by_alias=True)


class TaskState(StrEnum):
    """Where a task stands, in A2A's words plus ``skipped`` and ``blocked``."""

    SUBMITTED = "submitted"
    WORKING = "working"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    BLOCKED = "blocked"

    @property
    def final(self) -> bool:
        """Whether the task will not change again in this run."""
        return self not in _OPEN


_OPEN = frozenset({TaskState.SUBMITTED, TaskState.WORKING, TaskState.WAITING})


class Level(StrEnum):
    """What a result was made with; below the configured level it is degraded."""

    MODEL = "model"
    HEURISTICS = "heuristics"
    MINIMAL = "minimal"


class Evidence(Record):
    """Where a statement can be checked: a file or tool, a place in it, the exact words found there."""

    source: str
    location: str = ""
    quote: str = ""


class Artifact(Record):
    """A file that a task made, named by its content."""

    name: str
    media_type: str = "application/octet-stream"
    sha256: str
    size: int = Field(ge=0)
    """Bytes."""
    label: Label = Label()


class WorkOrder(Record):
    """What a person or a model must do for a blocked task."""

    goal: str
    inputs: JsonObject = FrozenDict()
    acceptance: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


class TaskResult(Record):
    """What came of one attempt at a task."""

    task_id: str
    attempt: int = Field(default=1, ge=1)
    state: TaskState
    output: Json = None
    artifacts: tuple[Artifact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    error: TaskError | None = None
    work_order: WorkOrder | None = None
    usage: Usage = Usage()
    label: Label = Label()
    level: Level = Level.HEURISTICS
    model: str = ""
    """The model that answered last while this was made; empty: none did. The kernel says so, never the agent."""
    degraded: str = ""
    """Why the result is below the configured level: what the models failed with, ``(hint: ...)``. Set by the kernel."""
    warnings: tuple[str, ...] = ()
    """What screening kept out of the prompts that led to this. Set by the kernel."""


def _check_names(graph: TaskGraph) -> None:
    names = graph.by_id
    if len(names) != len(graph.tasks):
        seen: set[str] = set()
        twice = next(t.id for t in graph.tasks if t.id in seen or seen.add(t.id))  # type: ignore[func-returns-value]
        raise GraphError(f"task id {twice!r} is used twice", hint="give every task an id of its own")
    for task in graph.tasks:
        for need in task.needs:
            if need not in names:
                raise GraphError(f"task {task.id!r} depends on unknown task {need!r}{did_you_mean(need, names)}")
        if task.parent is not None and task.parent not in names:
            raise GraphError(f"task {task.id!r} has unknown parent {task.parent!r}{did_you_mean(task.parent, names)}")


def _check_cycles(graph: TaskGraph) -> None:
    if _in_declaration_order(graph):
        return
    try:
        graphlib.TopologicalSorter(_edges(graph)).prepare()
    except graphlib.CycleError as error:
        names = dict.fromkeys(name[1] for name in reversed(error.args[1]))
        path = " -> ".join(repr(name) for name in (*names, next(iter(names))))
        raise GraphError(f"the tasks wait for each other: {path}", hint="remove one of these dependencies") from None


def _in_declaration_order(graph: TaskGraph) -> bool:
    """Whether no task names a later one: then there is no cycle, and no need to search for one."""
    seen: set[str] = set()
    for task in graph.tasks:
        if task.parent is not None or not seen.issuperset(task.needs):
            return False
        seen.add(task.id)
    return True


def _edges(graph: TaskGraph) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Predecessors of each node. A composite is two nodes, its opening and its end; a leaf is its end alone."""
    edges: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for task in graph.tasks:
        composite = task.id in graph.children
        start = ("open" if composite else "end", task.id)
        edges[start] = [("end", need) for need in task.needs]
        if task.parent is not None:
            edges[start].append(("open", task.parent))
        if composite:
            edges["end", task.id] = [("end", child) for child in graph.children[task.id]]
            edges["end", task.id].append(start)
    return edges


def _sorted(graph: TaskGraph) -> Iterator[str]:
    sorter = graphlib.TopologicalSorter(_edges(graph))
    sorter.prepare()
    place = {task.id: index for index, task in enumerate(graph.tasks)}
    while sorter.is_active():
        for node in sorted(sorter.get_ready(), key=lambda n: place[n[1]]):
            sorter.done(node)
            if node[0] == "end" and node[1] not in graph.children or node[0] == "open":
                yield node[1]
