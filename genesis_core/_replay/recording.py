"""What a recorded run holds: its calls by task and attempt, what it read, what was decided, what came of each task."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis_core._fold import RunRecord, plan_from_json
from genesis_core._lineup import Lineup
from genesis_core.errors import DependencyDown
from genesis_core.models import ModelReply, ModelRequest
from genesis_core.plans import Plan
from genesis_core.policy import Usage
from genesis_core.runs import EventKind, RunEvent
from genesis_core.tasks import TaskResult

from .recorder import read_blob

__all__ = ["Kept", "Part", "Recording"]


@dataclass(slots=True, eq=False)
class Kept:
    """One call that was recorded; its answer is read when it is wanted."""

    kind: str
    name: str
    blob: str
    nth: int
    used: bool = False


@dataclass(slots=True)
class Part:
    """What one attempt at a task did."""

    lineup: Lineup | None = None
    """The models that it could ask; None: this attempt was not recorded."""
    decided: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """What was decided on each verb and resource."""
    reads: list[dict[str, Any]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    _found: dict[tuple[str, str, str], deque[Kept]] = field(default_factory=dict)

    def add(self, kind: str, data: dict[str, Any]) -> None:
        """Take in a row that tells of a call, when its answer was kept."""
        if "kept" not in data:
            return
        kept = Kept(kind, str(data["tool" if kind == "tool" else "model"]), str(data["kept"]), int(data["nth"]))
        self.kept.append(kept)
        calls = self._found.setdefault((kind, kept.name, str(data["match"])), deque())
        place = len(calls)  # calls that were under way together may have ended in another order than they began in
        while place and calls[place - 1].nth > kept.nth:
            place -= 1
        calls.insert(place, kept)
        if "plain" in data:
            self._found.setdefault((kind, kept.name, str(data["plain"])), calls)

    def join(self, other: Part) -> None:
        """Take in the calls of *other*, behind those that are here."""
        self.kept += other.kept
        for key, calls in other._found.items():
            self._found.setdefault(key, deque()).extend(calls)

    def take(self, kind: str, name: str, digests: Iterable[str]) -> Kept | None:
        """Return the next recorded call that was given the same, and count it as made."""
        for calls in filter(None, (self._found.get((kind, name, d)) for d in digests)):
            while calls:
                first = calls.popleft()
                if not first.used:
                    first.used = True
                    return first
        return None

    def left(self, kind: str = "") -> Iterator[Kept]:
        """Yield the calls that have not been made again, in the order in which they ended."""
        return (kept for kept in self.kept if not kept.used and kind in ("", kept.kind))


class RecordedModel:
    """Stands for a model that a recorded run could ask: it has its name, and answers nothing itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def most(self, request: ModelRequest) -> Usage:
        """Return the most that an answer from a recording takes: no money, no tokens."""
        return Usage(model_calls=1)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Raise DependencyDown."""
        raise DependencyDown(f"model {self.name!r} is not asked in a replay")


@dataclass(slots=True)
class Recording:
    """One run, as it was recorded."""

    record: RunRecord
    folder: Path
    plan: Plan
    """As the run began with it, with the agents and estimates that came later for tasks that had none."""
    parts: dict[tuple[str, int], Part] = field(default_factory=dict)
    results: dict[tuple[str, int], TaskResult] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    """The attempt at each task with which the last driver that began it began it: replay begins there, too."""
    planning: Part = field(default_factory=Part)
    """What plugins asked while the plan was made."""
    changing: Part = field(default_factory=Part)
    """What they asked while the run went on."""

    @classmethod
    def of(cls, record: RunRecord, events: Sequence[RunEvent], folder: Path) -> Recording:
        """Return the recording that *events* tell of."""
        found = cls(record, folder, _plan(record))
        reader = _Reader(found)
        for event in events:
            reader.take(event)
        return found

    @property
    def lineup(self) -> Lineup:
        """The models that the run could ask when it was last driven."""
        return self.planning.lineup or Lineup()

    def blob(self, kept: Kept) -> dict[str, Any]:
        """Return what is kept of a call (raises JournalError)."""
        return read_blob(self.folder, kept.blob)

    def result(self, task_id: str, attempt: int) -> TaskResult | None:
        """Return what an attempt came to; where there was no such attempt, what the task did."""
        return self.results.get((task_id, attempt)) or self.record.results.get(task_id)


def _plan(record: RunRecord) -> Plan:
    plan, last = plan_from_json(record.report["plan"]), record.plan
    if last is None:
        return plan
    leaves = [t.id for t in plan.graph.leaves]
    doers = {**{t: a for t, a in last.assigned.items() if t in plan.graph}, **plan.assigned}
    expected = {**plan.estimated, **{t: e for t, e in last.estimated.items() if t in plan.graph}}
    return plan.replace(
        assignments=tuple(doers[t] for t in leaves if t in doers),
        estimates=tuple(expected[t] for t in leaves if t in expected),
        unrouted=tuple(a for a in plan.unrouted if a.task_id not in doers),
    )


class _Reader:
    """Takes in the events of a run, one by one."""

    def __init__(self, recording: Recording) -> None:
        self._into = recording
        self._lineup: Lineup | None = None
        self._begun: set[str] = set()

    def take(self, event: RunEvent) -> None:
        kind, data = event.kind, event.data
        if kind in (EventKind.RUN_STARTED, EventKind.RUN_RESUMED):
            self._lineup, self._begun = _lineup(data.get("recorded")), set()
            self._into.planning.lineup = self._lineup or self._into.planning.lineup
        elif kind in (EventKind.TASK_STARTED, EventKind.TASK_REUSED):
            self._task(event)
        elif kind is EventKind.TASK_DONE:
            result = TaskResult(**{**data["result"], "label": event.label})
            self._into.results[event.task_id, event.attempt] = result
        elif (part := self._part(event)) is not None:
            _note(part, event)

    def _task(self, event: RunEvent) -> None:
        reused = event.kind is EventKind.TASK_REUSED
        part = Part(lineup=None if reused else self._lineup)
        if reused:
            part.reads += [dict(read) for read in event.data["reads"]]
        else:
            part.decided["run", event.actor] = {str(event.data.get("decision", ""))}
        self._into.parts[event.task_id, event.attempt] = part
        if event.task_id not in self._begun:
            self._begun.add(event.task_id)
            self._into.first[event.task_id] = event.attempt

    def _part(self, event: RunEvent) -> Part | None:
        if event.task_id:
            return self._into.parts.get((event.task_id, event.attempt))
        return self._into.changing if self._begun else self._into.planning


def _note(part: Part, event: RunEvent) -> None:
    if event.kind is EventKind.READ:
        part.reads.append(dict(event.data))
    elif event.kind is EventKind.DECIDED:
        about = str(event.data["verb"]), str(event.data["resource"])
        part.decided.setdefault(about, set()).add(str(event.data["decision"]))
    elif event.kind is EventKind.TOOL_RETURNED:
        part.add("tool", dict(event.data))
    elif event.kind is EventKind.MODEL_ANSWERED:
        part.add("model", dict(event.data))


def _lineup(said: Any) -> Lineup | None:
    """Return the models that a recorded run could ask; None: nothing was recorded."""
    if said is None:
        return None
    roles = {str(role): tuple(names) for role, names in said.get("roles", {}).items()}
    return Lineup({name: RecordedModel(name) for name in said.get("models", ())}, roles,
                  tuple(map(str, said.get("use", ()))))
