"""TaskContext: all that an agent needs, and its only doors. Labels join here, and permission is asked here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._asking import ask
from ._doors import TaskDoors
from ._files import artifact_path, find_artifact, read_bytes, write_atomic
from ._journal import Entry
from ._lineup import Lineup
from ._passed import Passed
from ._permission import Permits, told
from ._policy import Waiting
from ._prompted import Prompted
from ._runscope import RunScope
from ._tooluse import ToolUse, given_again, used
from ._values import brief, jsonable
from ._workspace import names_label
from .agents import AgentCard
from .errors import (
    AccessDenied,
    BudgetExceeded,
    Category,
    DependencyDown,
    GenesisError,
    LimitExceeded,
    ModelError,
    TaskError,
    TimedOut,
    ToolError,
    did_you_mean,
)
from .models import ModelReply, ModelRequest
from .policy import Action, Decision, Effect, Identity, Label, Ruling, Secrecy, Trust, Usage
from .records import FrozenDict, freeze
from .runs import EventKind
from .tasks import Artifact, Evidence, Level, Task, TaskResult, TaskState, WorkOrder
from .tools import Tool, ToolSpec

__all__ = ["TaskContext"]

NOTHING = Usage()
NOTHING_READ = Label(Trust.TRUSTED)
UNKNOWN = Label(Trust.UNTRUSTED, Secrecy.SECRET, frozenset({"an artefact of another task"}))
NO_INPUTS: Mapping[str, Any] = FrozenDict()
MAX_SOURCES = 32


class TaskContext:
    """One attempt at one task."""

    __slots__ = (
        "_card", "_halt", "_label", "_lent", "_open", "_permits", "_prompted", "_scope", "_usage", "_written",
        "answered_by", "attempt", "deadline", "inputs", "preferred", "task", "task_label", "unanswered", "upstream",
    )

    def __init__(
        self, scope: RunScope, task: Task, card: AgentCard, *, attempt: int, deadline: float, label: Label,
        said: Label | None = None,
    ) -> None:
        self._scope, self._card, self._label = scope, card, label
        self._usage: Usage | None = None
        self._open = True
        self._halt: GenesisError | None = None
        self._lent: Tool | None = None  # what its task needs beside the tools of the card
        self._written: dict[str, Artifact] = {}  # by name, as it was last written in this attempt
        self.task, self.attempt, self.deadline = task, attempt, deadline
        self.task_label = label if said is None else said
        """That of the task's own words: the goal's, or that of what added the task. It does not rise."""
        self.inputs: Mapping[str, Any] = NO_INPUTS
        self.upstream: Mapping[str, tuple[TaskResult, ...]] = NO_INPUTS
        """The results that its inputs come from, by input: who made them, with what, at what cost."""
        self.preferred = ""
        """The model that the plan's estimate chose for this task; asked before those of the role."""
        self.answered_by = self.unanswered = ""
        self._permits: Permits | None = None
        self._prompted = Prompted()

    @property
    def idempotency_key(self) -> str:
        """``run:task:attempt``: the same after a crash, so that a receiver can tell a repeat."""
        return f"{self.run_id}:{self.task.id}:{self.attempt}"

    @property
    def goal(self) -> str:
        """The goal that the run serves, in the user's words."""
        return self._scope.goal

    @property
    def run_id(self) -> str:
        """The run that this attempt belongs to; in a replay the one that is replayed."""
        return self._scope.run_id if self._scope.replay is None else self._scope.replay.run_id

    @property
    def workspace(self) -> str:
        """Name of the workspace, as the user wrote it; its files are read through :meth:`files` and :meth:`read`."""
        return str(self._scope.workspace.named)

    @property
    def label(self) -> Label:
        """The floating label: it rises with all that the task has read and been given."""
        return self._label

    @property
    def usage(self) -> Usage:
        """What this attempt has spent so far."""
        return self._usage or NOTHING

    @property
    def halt(self) -> GenesisError | None:
        """Why the task must wait or the run must stop; an agent that catches it changes nothing."""
        return self._halt

    @property
    def seconds_left(self) -> float:
        """Seconds until the task's deadline."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the configured models; empty: there is none to :meth:`ask`."""
        return tuple(self._lineup.models)

    @property
    def _lineup(self) -> Lineup:
        replay = self._scope.replay
        return self._scope.lineup if replay is None else replay.lineup(self.task.id, self.attempt)

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the tools are that :meth:`call` takes: those of the agent's card, and the one that its task needs."""
        own = [self._scope.tools[name] for name in self._card.tools if name in self._scope.tools]
        return tuple(tool.spec for tool in (*own, *([] if self._lent is None else [self._lent])))

    def files(self, pattern: str = "**/*") -> tuple[str, ...]:
        """Return the workspace's files that match a glob, as sorted relative names; recorded, with their digest."""
        self._record_read(self._scope.workspace.seen(pattern))
        self._rise(names_label(pattern))
        return self._scope.workspace.files(pattern)

    @property
    def unreadable(self) -> Mapping[str, str]:
        """The folders that can't be opened, and why: what is in them is not among :meth:`files`."""
        self._rise(names_label("**"))
        return self._scope.workspace.unreadable

    async def read(self, path: str | os.PathLike[str]) -> str:
        """Return the text (UTF-8) of a file of the workspace, recorded with its digest.

        Raises AccessDenied outside the workspace, ToolError when it is missing, too large or no text.
        """
        name = await self._may_read(path)
        try:
            data = await asyncio.to_thread(read_bytes, self._scope.workspace.path(name))
        except GenesisError:
            self._rise(names_label(name))  # what is not there tells something, too
            raise
        self._record_read({"files": {name: hashlib.sha256(data).hexdigest()}})
        self._rise(self._file_label(name, {name: path}))
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ToolError(f"{name} is no UTF-8 text", cause=str(error)) from None

    async def call(self, tool: Tool | str, /, **arguments: Any) -> Any:
        """Return what *tool* gives for *arguments*: authorize, reserve, run, screen, journal.

        Raises AccessDenied, BudgetExceeded, LimitExceeded, TimedOut or ToolError.
        """
        known = self._tool(tool)
        plain, files = await self._checked_paths(known, jsonable(arguments, f"the arguments of {known.name!r}"))
        emits = known.spec.emits
        # Who chooses the call is what the task knows by now; what leaves by it is that and what the call reads.
        action, reads = Action("call", known.name, known.spec.effect, plain), max(files.secrecy, emits.secrecy)
        await self._authorize(action, reads)
        call = ToolUse(known, plain, action, reads, self._label, files | emits)
        passed = self._given(action)
        value = (await self._spend(Usage(tool_calls=1), lambda: used(self, call)) if passed is None
                 else given_again(self, call, passed))
        if isinstance(value, str):
            await self._scope.authority.screen(value, self._label, f"what {known.name!r} returned")
        return value

    async def _spend(self, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]]) -> Any:
        """Reserve *need*, do *work*, settle; a call that does not fit into the budget halts the task."""
        try:
            return await self._scope.ledger.spend(need, work, self._count)
        except (BudgetExceeded, LimitExceeded) as error:
            self._halt = error
            raise

    def _count(self, spent: Usage) -> None:
        self._usage = self.usage + spent

    async def ask(self, request: ModelRequest) -> ModelReply:
        """Return the answer of the model that serves ``request.role``, or of the next one when that fails.

        Raises DependencyDown when no model is configured or none answers, ModelError for an answer that stays wrong,
        TimedOut, AccessDenied, BudgetExceeded or LimitExceeded.
        """
        chain = self._lineup.chain(request.role, self.preferred)
        try:
            reply = await ask(TaskDoors(self), chain, request, who=f"agent {self._card.name!r}")
        except (DependencyDown, ModelError, TimedOut) as error:
            self.unanswered = error.told if chain else ""
            raise
        self.answered_by = reply.model
        return reply

    async def write(self, name: str, data: str | bytes, *, media_type: str = "text/plain") -> Artifact:
        """Write a file below the run's folder and return it as an artefact, labelled as this task is now."""
        raw, name = self._scope.page(data, media_type), self._scope.known.without(name)
        sha256 = hashlib.sha256(raw).hexdigest()
        await self._authorize(Action("write", name, Effect.WRITE, {"sha256": sha256, "size": len(raw)}))
        path = artifact_path(self._scope.folder, self.task.id, name)
        await asyncio.to_thread(write_atomic, path, raw)
        artifact = Artifact(
            name=name, media_type=media_type, sha256=sha256, size=len(raw), label=self._label
        )
        self._written[name] = artifact
        self._emit(EventKind.WROTE, {**artifact.to_json(), "path": path.relative_to(self._scope.folder).as_posix()})
        return artifact

    async def read_artifact(self, artifact: Artifact) -> bytes:
        """Return the bytes of an artefact of this run; raises ToolError when they are not those recorded."""
        self._rise(self._artifact_label(artifact))
        return self._scope.made(await asyncio.to_thread(find_artifact, self._scope.folder, artifact))

    def result(
        self,
        output: Any = None,
        *,
        evidence: Iterable[Evidence | Mapping[str, Any]] = (),
        artifacts: Sequence[Artifact] = (),
        level: Level = Level.HEURISTICS,
        state: TaskState = TaskState.COMPLETED,
        error: TaskError | None = None,
        work_order: WorkOrder | None = None,
    ) -> TaskResult:
        """Return the result of this attempt; *output* is a Record or any JSON value. The kernel sets its label."""
        given: dict[str, Any] = {
            "evidence": tuple(e if isinstance(e, Evidence) else Evidence(**e) for e in evidence),
            "artifacts": tuple(artifacts), "error": error, "work_order": work_order, "usage": self._usage,
        }
        return TaskResult(
            task_id=self.task.id, attempt=self.attempt, state=state, output=jsonable(output, "the output"),
            level=level, label=self._label, **{name: value for name, value in given.items() if value},
        )

    def blocked(self, why: str, *, tried: Sequence[str] = (), acceptance: Sequence[str] = ()) -> TaskResult:
        """Return the result that says what is missing, as a work order that a person or a model can act on."""
        order = WorkOrder(
            goal=self.task.description, inputs=freeze({k: brief(v) for k, v in self.inputs.items()}),
            acceptance=tuple(acceptance), tried=(why, *tried),
        )
        return self.result(
            state=TaskState.BLOCKED, work_order=order,
            error=TaskError(category=Category.ROUTING, message=why, code="blocked"),
        )

    def failed(self, why: str, *, category: Category = Category.VALIDATION, hint: str = "") -> TaskResult:
        """Return the result of an attempt that failed for a reason that can be told."""
        return self.result(
            state=TaskState.FAILED, error=TaskError(category=category, message=why, hint=hint, code="task_failed")
        )

    def warn(self, text: str) -> None:
        """Put a warning into the journal."""
        self._emit(EventKind.WARNING, {"text": text})

    # -- behind the doors -------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Shut the doors: the attempt has ended, and what it left running may do nothing more."""
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise ToolError(f"task {self.task.id!r} has ended", cause="its context is closed with it",
                            hint="await what the agent starts before it returns")

    def _emit(self, kind: EventKind, data: dict[str, Any]) -> Entry:
        self._check_open()
        return self._scope.emit(
            kind, actor=self._card.name, task_id=self.task.id, attempt=self.attempt, data=data, label=self._label
        )

    def _rise(self, label: Label | None) -> None:
        if label is not None:
            self._label = self._label | label
            if len(self._label.sources) > MAX_SOURCES:  # the rows of the task name them all
                self._label = replace(self._label, sources=frozenset({f"task:{self.task.id}"}))

    def _tool(self, tool: Tool | str) -> Tool:
        name, lent = tool if isinstance(tool, str) else tool.name, self._lent
        if lent is not None and lent.name == name:
            return lent
        found = self._scope.tools.get(name)
        if found is None:
            raise ToolError(f"there is no tool {name!r}{did_you_mean(name, self._scope.tools)}",
                            hint="offer it in genesis_provide, or name it in the agent's tools")
        if name not in self._card.tools:
            raise AccessDenied(f"agent {self._card.name!r} may not call {name!r}",
                               cause="its card does not list that tool", hint=f"add {name!r} to the tools of its card")
        return found

    async def _authorize(self, action: Action, *reads: Secrecy) -> None:
        """Let an allowed action pass, which takes along what the task knows and what it *reads*."""
        decision = await self._decide(action, *reads)
        if action.verb != "read" or decision.effect is not Ruling.ALLOW:  # a read that is allowed has its own row
            self._emit(EventKind.DECIDED, told(action, decision, covered=self._scope.authority.covers(decision)))
        self._enforce(action, decision)

    async def _decide(
        self, action: Action, *reads: Secrecy, who: Identity | None = None, label: Label | None = None
    ) -> Decision:
        """Return the decision on *action* (of *who*, by *label*: its agent, by its own); nothing is recorded."""
        if self._permits is None:
            self._permits = Permits.of(self._scope, self.task, self.task_label, self._card.name)
        found = label or self._label
        return await self._permits.decide(action, found, max(reads, default=Secrecy.PUBLIC), who)

    def _passing(self, action: Action) -> dict[str, Any]:
        """Return what the row of an allowed *action* says of the grant or the approval that let it pass."""
        return {} if self._permits is None else self._permits.passing(action)

    def _given(self, action: Action) -> Passed | None:
        """Return what came of an allowed *action* when an earlier attempt did it, and it is not to be done again."""
        return None if self._permits is None else self._permits.given(action)

    def _note(self, kind: EventKind, data: dict[str, Any]) -> None:
        """Put a row of the kernel's about this attempt into the journal."""
        self._scope.emit(kind, task_id=self.task.id, attempt=self.attempt, data=data, label=self._label)

    def _enforce(self, action: Action, decision: Decision) -> None:
        """Let an allowed action pass; what a person must approve first halts the task, whatever the agent catches."""
        replay = self._scope.replay
        if replay is not None and replay.approves(self.task.id, self.attempt, action, decision):
            return
        try:
            self._scope.authority.enforce(action, decision)
        except Waiting as waiting:
            waiting.hint = waiting.hint.replace(" RUN TASK", f" RUN {self.task.id}")
            self._halt = waiting
            raise

    async def _may_read(self, path: str | os.PathLike[str]) -> str:
        workspace = self._scope.workspace
        try:
            name = workspace.name(workspace.path(os.fspath(path)))
        except AccessDenied:
            self._rise(names_label("**"))  # it may be a link that somebody else made
            raise
        await self._authorize(Action("read", name, Effect.READ))
        return name

    async def _checked_paths(self, tool: Tool, arguments: dict[str, Any]) -> tuple[dict[str, Any], Label]:
        """Return *arguments* with every path inside the workspace, and the label of what they name.

        That is recorded as read.
        """
        names: dict[str, Any] = {}
        arguments = {**tool.path_defaults, **arguments}
        for parameter in tool.path_parameters:
            if (given := arguments.get(parameter)) is None:
                continue
            several = isinstance(given, list)
            asked = given if several else [given]
            checked = [await self._may_read(path) for path in asked]
            arguments = {**arguments, parameter: checked if several else checked[0]}
            names.update(zip(checked, asked, strict=True))
        if not names:
            return arguments, NOTHING_READ
        digests = await asyncio.to_thread(lambda: {n: self._scope.workspace.digest(n) for n in names})
        event = self._record_read({"files": digests})
        source = next(iter(names)) if len(names) == 1 else f"{len(names)} files, row {event.seq}"
        return arguments, await asyncio.to_thread(self._file_label, source, names)

    def _file_label(self, source: str, names: Mapping[str, str | os.PathLike[str]]) -> Label:
        """Return the label of files, whose real *names* are given with those that they were asked for by."""
        secret = any(self._scope.workspace.is_secret(name, asked) for name, asked in names.items())
        return Label(Trust.UNTRUSTED, Secrecy.SECRET if secret else Secrecy.INTERNAL, frozenset({source}))

    def _artifact_label(self, artifact: Artifact) -> Label:
        """Return the label of an artefact that this task was given or wrote; what else is named may be anything."""
        given = (*self._written.values(), *(v for v in self.inputs.values() if isinstance(v, Artifact)),
                 *(a for results in self.upstream.values() for r in results for a in r.artifacts))
        return artifact.label if artifact in given else artifact.label | UNKNOWN

    def _record_read(self, what: dict[str, Any]) -> Entry:
        if self._scope.replay is not None:
            self._scope.replay.read(self.task.id, self.attempt, what)
        return self._emit(EventKind.READ, what)
