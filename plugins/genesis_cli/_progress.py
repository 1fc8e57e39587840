"""Where a run stands, from its events: what the live tree and the plain lines both show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from genesis_core import EventKind, Plan, RunEvent, RunRecord

__all__ = ["MARKS", "Progress", "TaskLine", "activity", "making", "mark", "tasks"]

MARKS: Mapping[str, tuple[str, str, str]] = {
    "submitted": ("·", ".", "dim"), "working": ("▸", ">", "cyan"), "waiting": ("?", "?", "yellow"),
    "completed": ("✓", "+", "green"), "failed": ("✗", "x", "red"), "canceled": ("■", "#", "yellow"),
    "rejected": ("✗", "x", "red"), "skipped": ("–", "-", "dim"), "blocked": ("!", "!", "yellow"),
    "partial": ("!", "!", "yellow"), "interrupted": ("■", "#", "yellow"), "running": ("▸", ">", "cyan"),
    "denied": ("✗", "x", "red"), "out_of_budget": ("■", "#", "yellow"), "damaged": ("✗", "x", "red"),
}
"""For each state: the mark, the mark in ASCII, its colour."""


def mark(state: str, *, ascii_only: bool) -> str:
    """Return the one character for a state of a task or a run."""
    wide, plain, _ = MARKS.get(state, (" ", " ", "dim"))
    return plain if ascii_only else wide


@dataclass
class TaskLine:
    """One task, as progress shows it."""

    id: str
    depth: int
    words: str
    agent: str = ""
    composite: bool = False
    state: str = "submitted"
    reused: bool = False
    began: datetime | None = None
    seconds: float = 0.0
    doing: str = ""
    """What it does at the moment."""
    why: str = ""
    """What came in the way."""


@dataclass
class Progress:
    """The tasks of a run in the order of the plan, kept up to date by :meth:`take`."""

    run_id: str = ""
    lines: dict[str, TaskLine] = field(default_factory=dict)
    began: datetime | None = None
    state: str = "running"
    warnings: list[str] = field(default_factory=list)
    rerun: dict[str, str] = field(default_factory=dict)
    """For ``--again``: why a task ran again."""

    @classmethod
    def of(cls, record: RunRecord, *, going: bool = False) -> Progress:
        """Return where a recorded run stands; ``resume`` goes on from it. *going*: what has begun is under way."""
        self = cls(run_id=record.run_id)
        if record.plan is not None:
            self.plan(record.plan)
        for task_id, result in record.results.items():
            if task_id in self.lines:
                line = self.lines[task_id]
                line.state, line.why = result.state.value, "" if result.error is None else result.error.message
                line.doing = "recorded before"
        for task_id in record.in_flight if going else ():
            if task_id in self.lines:
                self.lines[task_id].state = "working"
        self._lift()
        return self

    def plan(self, plan: Plan) -> None:
        """Take in the tasks of *plan*; what is known of those that were there stays."""
        old, self.lines = self.lines, {}
        graph, order = plan.graph, _nested(plan)
        for task_id in order:
            task = graph[task_id]
            assignment = plan.assigned.get(task_id)
            self.lines[task_id] = old.get(task_id) or TaskLine(
                task_id, graph.depths[task_id] - 1, task.description or task_id,
                "" if assignment is None else assignment.agent, task_id in graph.children,
            )
        self._parents = {t.id: t.parent for t in graph.tasks}

    def _changed(self, plan: Plan, anew: Collection[str]) -> None:
        """Take in *plan*: what it does *anew* has not begun, whatever came of it before."""
        for task_id in anew:
            self.lines.pop(task_id, None)
        self.plan(plan)
        self._lift()

    def take(self, event: RunEvent) -> TaskLine | None:
        """Take in one event and return the task that it changed."""
        self.run_id, kind, data = event.run_id, event.kind, event.data
        if kind in (EventKind.RUN_STARTED, EventKind.RUN_RESUMED):
            self.began = event.time
        if kind is EventKind.RUN_STARTED:
            self.plan(Plan.model_validate(data["report"]["plan"]))
        elif kind is EventKind.PATCHED:
            self._changed(Plan.model_validate(data["plan"]), {t["id"] for t in data["patch"].get("replace", ())})
        elif kind is EventKind.RUN_FINISHED:
            self.state = data["state"]
            self._stopped()
        elif kind is EventKind.WARNING:
            self._warn(event.task_id, str(data.get("text", "")))
        line = self.lines.get(event.task_id)
        return None if line is None else self._task(line, event)

    def _task(self, line: TaskLine, event: RunEvent) -> TaskLine:
        kind, data = event.kind, event.data
        if kind is EventKind.TASK_STARTED:
            line.state, line.began, line.agent = "working", event.time, event.actor
        elif kind is EventKind.TASK_REUSED:
            line.reused, line.doing = True, "re-used"
        elif kind is EventKind.TASK_DONE:
            self._done(line, event)
        elif (doing := activity(event)):
            line.doing = doing
        elif kind is EventKind.DECIDED and data.get("decision") == "ask":
            line.state, line.doing = "waiting", f"wants to {data.get('verb')} {data.get('resource')}"
        return line

    def _done(self, line: TaskLine, event: RunEvent) -> None:
        result = event.data["result"]
        line.state, line.doing = result["state"], ""
        line.seconds = (event.time - line.began).total_seconds() if line.began else 0.0
        line.why = (result.get("error") or {}).get("message", "")
        self._lift()

    def _lift(self) -> None:
        """A composite stands where its children stand."""
        for line in reversed(self.lines.values()):
            if line.composite:
                states = {c.state for c in self.lines.values() if self._parents.get(c.id) == line.id}
                line.state = _together(states)

    def _stopped(self) -> None:
        for line in self.lines.values():
            if line.state == "working":
                line.state, line.doing = "canceled", "runs again on resume"
        self._lift()

    def _warn(self, task_id: str, text: str) -> None:
        if text.startswith("runs again: "):
            self.rerun[task_id] = text.removeprefix("runs again: ")
        else:
            self.warnings.append(text)

    @property
    def leaves(self) -> list[TaskLine]:
        """The tasks that are run."""
        return [line for line in self.lines.values() if not line.composite]

    def count(self, *states: str) -> int:
        """Return how many tasks are in one of *states*."""
        return sum(line.state in states for line in self.leaves)


def activity(event: RunEvent) -> str:
    """Return what an event says a task is doing, in two or three words; empty when it says nothing of that."""
    data: Mapping[str, Any] = event.data
    if event.kind is EventKind.TOOL_CALLED:
        return f"calls {data.get('tool')}"
    if event.kind is EventKind.MODEL_ASKED:
        return f"asks {data.get('model')}"
    if event.kind is EventKind.WROTE:
        return f"wrote {data.get('name')}"
    if event.kind is EventKind.PROPOSED:
        return f"makes {data.get('name')}"
    if event.kind is EventKind.ADMITTED:
        return making(data)
    if event.kind is EventKind.READ:
        files = list(data.get("files", ()))
        return f"read {files[0]}" if len(files) == 1 else f"read {len(files)} files" if files else ""
    return ""


def making(data: Mapping[str, Any]) -> str:
    """Return what came of a tool that a task needs, in a few words."""
    if "refused" in data:
        how = "was refused by" if "checks" in data else "is not there:"
        return f"{data.get('name')} {how} {data['refused']}"
    if "reused" in data:
        return f"uses {data.get('name')}, which was made before"
    return f"made {data.get('name')}, by {data.get('author')}: {len(data.get('checks', ()))} layers passed"


def _nested(plan: Plan) -> list[str]:
    """Return all ids so that children follow their parent, else in declaration order."""
    graph = plan.graph
    found: list[str] = []
    waiting = [t.id for t in reversed(graph.tasks) if t.parent is None]
    while waiting:
        task_id = waiting.pop()
        found.append(task_id)
        waiting += reversed(graph.children.get(task_id, ()))
    return found


def _together(states: set[str]) -> str:
    for state in ("failed", "working", "waiting", "blocked", "canceled", "skipped"):
        if state in states:
            return state
    if states == {"completed"}:
        return "completed"
    return "working" if "completed" in states else "submitted"


def tasks(count: int) -> str:
    """Return how many tasks, in words."""
    return f"{count} task{'s' if count != 1 else ''}"
