"""What happens when a plan runs: RunEvent, RunState, RunResult, Run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol

from pydantic import Field

from .errors import TaskError
from .plans import Plan
from .policy import Label, Usage
from .records import FrozenDict, Record, RowObject, frozen_mapping
from .tasks import TaskResult, TaskState

__all__ = ["Difference", "EventKind", "Replayed", "Run", "RunEvent", "RunResult", "RunState"]


class RunState(StrEnum):
    """Where a run stands."""

    PLANNING = "planning"
    RUNNING = "running"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"
    REJECTED = "rejected"
    DENIED = "denied"
    OUT_OF_BUDGET = "out_of_budget"

    @property
    def final(self) -> bool:
        """Whether the run has ended for good (``resume`` has nothing to do)."""
        return self in _FINAL


_FINAL = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.REJECTED})


class EventKind(StrEnum):
    """The kinds of journal rows."""

    RUN_STARTED = "run.started"
    RUN_RESUMED = "run.resumed"
    RUN_FINISHED = "run.finished"
    SCREENED = "goal.screened"
    PLANNED = "plan.decided"
    REVISED = "plan.revised"
    ESTIMATED = "plan.estimated"
    PATCHED = "graph.patched"
    PATCH_REFUSED = "graph.refused"
    TASK_STARTED = "task.started"
    TASK_DONE = "task.done"
    TASK_REUSED = "task.reused"
    DECIDED = "action.decided"
    APPROVED = "action.approved"
    TOOL_CALLED = "tool.called"
    TOOL_RETURNED = "tool.returned"
    MODEL_ASKED = "model.asked"
    MODEL_ANSWERED = "model.answered"
    READ = "file.read"
    WROTE = "artifact.written"
    ENDORSED = "label.endorsed"
    PROPOSED = "need.begun"
    ADMITTED = "tool.admitted"
    DIFFERED = "replay.differed"
    WARNING = "warning"


class RunEvent(Record):
    """One row of the journal. ``mac`` chains it to the row before."""

    run_id: str
    seq: int = Field(ge=1)
    time: datetime
    """UTC."""
    kind: EventKind
    actor: str = "kernel"
    task_id: str = ""
    attempt: int = Field(default=0, ge=0)
    data: RowObject = FrozenDict()
    label: Label = Label()
    mac: str = ""


class Difference(Record):
    """Where a replay did not go as the run that it repeats."""

    task_id: str = ""
    """Empty: what plugins asked while the run went on."""
    what: str
    """request, call, file, files, decision, output or task."""
    name: str = ""
    """Which one: a model and the part of its request, a tool and its argument, a file, a place in the output."""
    recorded: str
    now: str

    def __str__(self) -> str:
        where = f"task {self.task_id!r}: " if self.task_id else ""
        return f"{where}{self.what} {self.name}".rstrip() + f" was {self.recorded}, is {self.now}"


class Replayed(Record):
    """What a replay is of, and how it compares."""

    run_id: str
    """The run that was recorded."""
    usage: Usage = Usage()
    """What that run had spent; the replay itself spends nothing."""
    models: int = 0
    """Answers of models that were taken from the recording."""
    tools: int = 0
    """Results of tools that were."""
    differences: tuple[Difference, ...] = ()
    """In the order of the plan: what stands first is not a consequence of what stands behind it."""

    @classmethod
    def of(cls, run_id: str, order: Sequence[str], differences: Iterable[Difference], **fields: Any) -> Replayed:
        """Return how a replay of *run_id* compares; *order* is that of its plan's tasks."""
        place = {task_id: number for number, task_id in enumerate(("", *order))}
        found = sorted(differences, key=lambda d: place.get(d.task_id, len(place)))
        return cls(run_id=run_id, differences=tuple(found), **fields)

    @property
    def difference(self) -> Difference | None:
        """The first difference; None: the replay is equal to what was recorded."""
        return self.differences[0] if self.differences else None


class RunResult(Record):
    """What a run came to."""

    run_id: str
    state: RunState
    plan: Plan | None = None
    tasks: Annotated[Mapping[str, TaskResult], frozen_mapping()] = FrozenDict()
    usage: Usage = Usage()
    folder: str = ""
    """The run's folder: journal and artefacts."""
    error: TaskError | None = None
    """Why the run itself stopped, when it did."""
    replayed: Replayed | None = None
    """Of a replay: which run, and how it compares."""

    @property
    def exit_code(self) -> int:
        """The exit code that the command line gives for it."""
        return _exit_code(self)

    @property
    def output(self) -> Any:
        """Output of the last task that nothing else waits for; with several such tasks, ``{task id: output}``."""
        ends = {t.id: self.tasks[t.id].output for t in self._ends() if t.id in self.tasks}
        return next(iter(ends.values())) if len(ends) == 1 else ends

    def _ends(self) -> list[Any]:
        if self.plan is None:
            return []
        graph = self.plan.graph
        used = {leaf for t in graph.tasks for need in t.needs for leaf in graph.leaves_of(need)}
        return [t for t in graph.leaves if t.id not in used]


class Run(Protocol):
    """A run under way: iterate it for events, ``await run.result()`` for the end."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    def __aiter__(self) -> AsyncIterator[RunEvent]: ...

    async def result(self) -> RunResult:
        """Wait for the end and return what it came to; never raises for a failed task."""
        ...

    async def cancel(self) -> None:
        """Stop the run: tasks are cancelled, what is done stays recorded, ``resume`` goes on from there."""
        ...


_EXIT: Mapping[RunState, int] = {
    RunState.REJECTED: 3,
    RunState.DENIED: 4,
    RunState.WAITING: 4,
    RunState.OUT_OF_BUDGET: 5,
    RunState.PARTIAL: 8,
    RunState.CANCELED: 130,
    RunState.INTERRUPTED: 130,
}
_BY_ERROR = {"access_denied": 4, "budget_exceeded": 5, "timed_out": 6, "dependency_down": 7, "model_error": 7}
_ORDER = (130, 143, 70, 2, 3, 4, 5, 6, 7, 1, 8, 0)


def _exit_code(result: RunResult) -> int:
    codes = [_task_code(task) for task in result.tasks.values()]
    codes.append(_BY_ERROR.get(result.error.code if result.error else "", _EXIT.get(result.state, 0)))
    if result.plan is not None and result.plan.degraded:
        codes.append(8)
    if result.state is RunState.FAILED and not any(codes):
        codes.append(1)
    return min(codes, key=_ORDER.index)


def _task_code(task: TaskResult) -> int:
    if task.state is TaskState.FAILED:
        return _BY_ERROR.get(task.error.code if task.error else "", 1)
    return 8 if task.state is TaskState.BLOCKED or task.degraded else 0
