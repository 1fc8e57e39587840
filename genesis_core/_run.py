"""Carry a plan out: start what is ready, record what came of it, go on. ``_kernel.py`` made the plan.

Order is everything here. A row is appended before what it tells of is acted on: dependants of a task start only after
its ``task.done`` is committed, and observers hear of an event only after its row is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ._again import Again
from ._attempt import Watched, failed, finished, late, row, skipped, undone
from ._deadlines import Deadlines
from ._endorse import given_label
from ._fold import caused
from ._herald import Herald
from ._inputs import behind, resolve
from ._kernel import Planner
from ._life import INSIDE, beat
from ._making import agent_of, keep_made, lend
from ._permission import told
from ._policy import Waiting
from ._revise import cause_of, forget, revised
from ._runscope import RunScope
from ._scheduler import Scheduler
from ._scope import TaskContext
from .agents import Agent
from .engines import Attempt, Completion, TaskEngine
from .errors import BudgetExceeded, GenesisError, LimitExceeded, TaskError, TimedOut, ToolError
from .plans import Plan
from .policy import Action, Effect, Label, Ruling
from .runs import EventKind, RunEvent, RunResult, RunState
from .tasks import GraphPatch, Task, TaskResult, TaskState

if TYPE_CHECKING:
    from ._replay.replay import Replay

__all__ = ["Driver"]

CANCEL_POLL_SECONDS = 0.25


@dataclass(slots=True)
class Stop:
    """Why a run ends before its tasks do."""

    state: RunState
    error: TaskError | None = None


@dataclass(eq=False)
class Driver:
    """One run under way; what ``Genesis.start`` returns. See :class:`genesis_core.Run`."""

    scope: RunScope
    plan: Plan
    planner: Planner
    engine: TaskEngine
    agents: Mapping[str, Agent]
    codes: Mapping[str, str]
    max_parallel: int
    task_seconds: float
    on_end: Callable[[Driver, RunState], None]
    again: Again | Replay | None = None
    results: dict[str, TaskResult] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    """The highest attempt begun of each task."""
    recorded: dict[str, int] = field(default_factory=dict)
    """The highest attempt of each task that has a result in the journal."""
    floor: dict[str, Label] = field(default_factory=dict)
    """The label that a patch gave to each task that it added: that of its cause."""
    base: Label = field(default_factory=Label)
    """How far the words of the other tasks may be believed: as the goal, and as what models wrote into the plan."""
    updates: int = 0
    made: int = 0
    """Tasks over the run's life, those among them that changes have added."""
    time_left: tuple[float, GenesisError] | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        self.id = self.scope.run_id
        self.began = datetime.now(UTC)
        self._herald = Herald(self.scope, self.planner.plugins)
        self._revisers = bool(self.planner.plugins.hook("genesis_revise"))
        self._ended = self._cancelled = False
        self._priced = bool(self.scope.lineup.models) and self.scope.ledger.in_money
        self._stop: Stop | None = None
        self._waiting: dict[str, TaskError] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._deadlines = Deadlines(self.engine.cancel)
        self.scheduler = Scheduler(
            self.plan.graph, agents={t: a.agent for t, a in self.plan.assigned.items()},
            max_parallel=self.max_parallel,
            max_per_agent={name: agent.card.max_concurrent for name, agent in self.agents.items()},
            results=self.results,
        )
        self._main = asyncio.ensure_future(self._drive())

    # -- what a program sees ----------------------------------------------------------------------------------------

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        """Yield every event of this run from its start, and end with it."""
        return self._herald.events()

    async def result(self) -> RunResult:
        """Wait for the end and return what the run came to.

        Raises JournalError when the run could not be recorded any further; a failed task is a value in the result.
        """
        return await asyncio.shield(self._main)

    async def cancel(self) -> None:
        """Stop: tasks under way are cancelled and will run again on ``resume``; what is recorded stays."""
        self.stop(RunState.CANCELED)
        with contextlib.suppress(GenesisError):
            await self.result()

    def stop(self, state: RunState, error: TaskError | None = None) -> None:
        """Ask the run to end as *state*, tasks under way cancelled; the first reason given stands."""
        if not (self._ended or self._cancelled):
            self._cancelled = True
            self._start_no_more(state, error)
            self.engine.cancel([self._key(task_id) for task_id in self.scheduler.working])

    def _start_no_more(self, state: RunState, error: TaskError | None) -> None:
        """Let the run end as *state* once the tasks under way are done: what they spend is set aside already."""
        self._stop = self._stop or Stop(state, error)

    # -- the loop ---------------------------------------------------------------------------------------------------

    async def _drive(self) -> RunResult:
        self._arm()
        state, error = RunState.INTERRUPTED, None
        try:
            await self._herald.commit()
            await self._work()
            state, error = self._end_state()
            if self.scope.replay is not None:
                self.scope.replay.ended()
            self.scope.emit(EventKind.RUN_FINISHED, data={
                "state": state.value, "error": None if error is None else error.to_json(),
                "usage": self.scope.ledger.spent.to_json(),
            })
            await self._herald.commit()
        finally:
            await self._close(state)
        return self._result(state, error)

    async def _close(self, state: RunState) -> None:
        for timer in self._timers:
            timer.cancel()
        self._deadlines.close()
        await self.engine.close()
        await self.scope.journal.close()
        self._ended = True
        await self._herald.close()
        self.on_end(self, state)

    def _arm(self) -> None:
        """Set the clocks: the budget's seconds, the time-out, and the look for a request to cancel."""
        loop = asyncio.get_running_loop()
        if self.time_left is not None:
            seconds, spent = self.time_left
            self._timers.append(loop.call_later(seconds, self.stop, RunState.OUT_OF_BUDGET, TaskError.of(spent)))
        if self.timeout is not None:
            error = TaskError.of(TimedOut(f"the run took longer than {self.timeout:g} s", hint="genesis resume RUN"))
            self._timers.append(loop.call_later(self.timeout, self.stop, RunState.CANCELED, error))
        self._timers.append(loop.call_later(CANCEL_POLL_SECONDS, self._look, loop))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.scope.lock is not None:
            beat(self.scope.folder)
        if (self.scope.folder / "cancel").exists():
            self.stop(RunState.CANCELED)
        else:
            self._timers[-1] = loop.call_later(CANCEL_POLL_SECONDS, self._look, loop)

    async def _work(self) -> None:
        scheduler = self.scheduler
        while True:
            if self._stop is None:
                await self._start_ready()
            if not scheduler.working:
                return
            said = {c.key: c for c in await self.engine.completions()}  # an engine may say one twice
            ended = [r for r in map(self._ended_attempt, said.values()) if r is not None]
            for result in ended:
                await self._settle(result)
            if self._priced and any(result.usage.model_calls for result in ended):
                await self._estimate_left()
            await self._herald.commit()
            for result in ended:
                if self.results.get(result.task_id) is result:  # else it is done anew
                    scheduler.finish(result)

    async def _estimate_left(self) -> None:
        """Weigh the tasks that are not begun against what is left of the budget: what has ended cost more or less."""
        begun = {*self.results, *self.scheduler.working}
        try:
            plan = await self.planner.estimate_left(self.plan, begun)
        except GenesisError as error:
            self.scope.emit(EventKind.WARNING, data={"text": f"the estimates stay as they were: {error.message}"})
            return
        if plan.estimates != self.plan.estimates:
            self.plan = plan
            self.scope.emit(EventKind.ESTIMATED, data={"estimates": [e.to_json() for e in plan.estimates]})

    async def _settle(self, result: TaskResult) -> None:
        """Record *result* and the change of the graph that it calls for, in one transaction.

        Plugins are asked before anything is recorded: a crash in between leaves neither, and the task runs again.
        """
        patch = await revised(self, result) if self._revisers and self._stop is None else None
        self._record(result)
        if patch is not None:
            self._apply(result, *patch)

    async def _start_ready(self) -> None:
        """Start what can start; tasks that nobody can do, or whose dependencies failed, end at once."""
        while self._stop is None:
            ended = [r for task in self.scheduler.take_ready() if (r := self._begin(task)) is not None]
            ended += [self._record(skipped(self.plan, task_id, cause, self._next(task_id)))
                      for task_id, cause in self.scheduler.take_skipped() if task_id not in self.scheduler.results]
            if not ended:
                return
            await self._herald.commit()
            for result in ended:
                self.scheduler.finish(result)

    def _begin(self, task: Task) -> TaskResult | None:
        """Submit *task*; when nobody can do it here, return its result at once."""
        assignment = self.plan.assigned.get(task.id)
        attempt = self._next(task.id)
        if assignment is None or self.planner.lacks_model(assignment.agent):
            return self._record(undone(
                self.plan, task, attempt, self._label(task), models=bool(self.scope.lineup.models)))
        self.attempts[task.id] = attempt
        name = assignment.agent
        key = self._key(task.id)
        self.engine.submit(Attempt(key, task.id, name, lambda: self._attempt(key, task, name, attempt)))
        return None

    def _next(self, task_id: str) -> int:
        """The number of the attempt: in flight when a crash came, the same number and so the same key again."""
        recorded = self.recorded.get(task_id, 0)
        return max(self.attempts.get(task_id, 0), recorded + 1)

    def _key(self, task_id: str) -> str:
        return f"{self.id}:{task_id}:{self.attempts.get(task_id, 1)}"

    # -- one attempt ------------------------------------------------------------------------------------------------

    async def _attempt(self, key: str, task: Task, name: str, attempt: int) -> TaskResult:
        """Do *task* and return its result, whatever happens; only stopping reasons of the whole run are raised."""
        seconds, agent = task.max_seconds or self.task_seconds, agent_of(self, name)
        context = TaskContext(self.scope, task, self.planner.cards[name], attempt=attempt, label=self._label(task),
                              said=self.floor.get(task.id, self.plan.goal.label), deadline=time.monotonic() + seconds)
        self._deadlines.add(key, context.deadline)
        INSIDE.set(self.id)  # of this attempt alone, and of what it starts
        try:
            result = await self._tried(task, agent, name, attempt, context)
            if self._deadlines.passed(key):  # it swallowed its cancellation and went on
                result = failed(task, attempt, late(seconds), context)
        except asyncio.CancelledError as error:
            result = failed(task, attempt, self._why_cancelled(error, key, seconds), context)
        except (Exception, SystemExit) as error:  # whatever an agent raises becomes its task's error
            if self.scope.journal.broken:
                raise
            result = failed(task, attempt, error, context)
        finally:
            self._deadlines.drop(key)
            context._close()
        if context.halt is not None:
            raise context.halt
        return result

    async def _tried(self, task: Task, agent: Agent, name: str, attempt: int, context: TaskContext) -> TaskResult:
        if self.again is not None:
            reused = await self.again.reuse(self, task, attempt, self.codes.get(name, ""))
            if reused is not None:
                return reused
        await self._authorize(task, name, attempt, context)
        if task.need is not None and (undone_yet := await lend(self, task, context)) is not None:
            return finished(task, attempt, undone_yet, context)
        if task.inputs:
            context.inputs = await resolve(task, context, self.scheduler.results)
            context.upstream = behind(task, self.plan.graph, self.scheduler.results, self.scope.replay)
        chosen = self.plan.estimated.get(task.id)
        models = ("",) if chosen is None else (chosen.model, *chosen.escalate)
        for number, context.preferred in enumerate(models, start=1):
            value = await Watched(agent.invoke(task, context), context)
            result = finished(task, attempt, value, context)
            if number == len(models) or result.error is None or result.error.code != "not_accepted":
                return result
            self.scope.emit(EventKind.WARNING, agent.card.name, task.id, attempt, {
                "text": f"{result.error.message}; asked again with model {models[number]!r}",
                "not_accepted": result.model or context.preferred}, context.label)
        raise AssertionError("unreachable")

    def _why_cancelled(self, error: asyncio.CancelledError, key: str, seconds: float) -> GenesisError:
        """Return why an attempt was cancelled, when that is its own affair; else let the cancellation go on."""
        if self._deadlines.passed(key):
            return late(seconds)
        current = asyncio.current_task()
        if self._stop is not None or (current is not None and current.cancelling()):
            raise error
        return ToolError("the agent awaited something that was cancelled", hint="catch CancelledError where it awaits")

    async def _authorize(self, task: Task, name: str, attempt: int, context: TaskContext) -> None:
        action = Action("run", name, Effect.PURE)
        if task.id in self.scope.approvals:
            decision = await context._decide(action, who=self.scope.identity)
        else:
            decision = await self.scope.authority.decide(action, self.scope.identity, context.label)
        said = {"decision": str(decision.effect), "rule": decision.rule}
        self.scope.emit(EventKind.TASK_STARTED, name, task.id, attempt, said, context.label)
        if decision.effect is Ruling.ASK:
            context._note(EventKind.DECIDED, told(action, decision, covered=self.scope.authority.covers(decision)))
        context._enforce(action, decision)

    def _label(self, task: Task) -> Label:
        """What *task* starts with: the goal's label, those of all it waits for, and that of who asked for it."""
        return given_label(task, self.plan.graph, self.scheduler.results, self.floor.get(task.id, self.base))

    # -- what came of it --------------------------------------------------------------------------------------------

    def _ended_attempt(self, completion: Completion) -> TaskResult | None:
        """Return a completion's result; None when there is none (it was cancelled, waits, or the run must stop)."""
        error = completion.error
        if completion.task_id not in self.scheduler.working or completion.key != self._key(completion.task_id):
            return None  # it was said before
        if error is None and completion.result is not None:
            return completion.result
        self.scheduler.release(completion.task_id, hold=isinstance(error, Waiting))
        if isinstance(error, Waiting):
            self._waiting[completion.task_id] = TaskError.of(error)
        elif isinstance(error, BudgetExceeded | LimitExceeded):
            self._start_no_more(RunState.OUT_OF_BUDGET, TaskError.of(error))
        elif error is not None and not isinstance(error, asyncio.CancelledError):
            raise error
        elif self._stop is None:
            self.stop(RunState.CANCELED)
        return None

    def _record(self, result: TaskResult) -> TaskResult:
        task_id = result.task_id
        self.results[task_id] = result
        self._waiting.pop(task_id, None)
        self.recorded[task_id] = result.attempt
        actor = "kernel" if (assignment := self.plan.assigned.get(task_id)) is None else assignment.agent
        keep_made(self, result, actor)
        self.scope.emit(EventKind.TASK_DONE, actor, task_id, result.attempt, partial(row, result), result.label)
        if self.scope.replay is not None:
            self.scope.replay.done(result)
        return result

    def _apply(self, result: TaskResult, patch: GraphPatch, plugin: str, plan: Plan | str) -> None:
        """Record a change of the graph, or its refusal; a change that would break the graph is refused whole."""
        if isinstance(plan, str):
            self.scope.emit(EventKind.PATCH_REFUSED, actor=plugin, task_id=result.task_id, label=result.label,
                            data={"patch": patch.to_json(), "reason": plan})
            return
        self.updates, self.made = self.updates + 1, self.made + len(patch.add)
        cause = cause_of(self, result)
        self.floor.update(dict.fromkeys(caused(patch, self.plan, plan), cause))
        self.plan = plan
        self.scope.emit(EventKind.PATCHED, actor=plugin, task_id=result.task_id, label=result.label, data={
            "patch": patch.to_json(), "plan": plan.to_json(), "reason": patch.reason, "label": cause.to_json(),
        })
        if result.task_id in {t.id for t in patch.replacements}:
            forget(self, result.task_id)
        self.scheduler.replace_graph(plan.graph, {t: a.agent for t, a in plan.assigned.items()})

    # -- the end ----------------------------------------------------------------------------------------------------

    def _end_state(self) -> tuple[RunState, TaskError | None]:
        if self._stop is not None:
            return self._stop.state, self._stop.error
        if self._waiting:
            return RunState.WAITING, next(iter(self._waiting.values()))
        states = {r.state for r in self.results.values() if r.task_id in self.plan.graph}
        if states & {TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED}:
            return RunState.FAILED, None
        return (RunState.PARTIAL if TaskState.BLOCKED in states else RunState.COMPLETED), None

    def _result(self, state: RunState, error: TaskError | None) -> RunResult:
        order = (t.id for t in self.plan.graph.tasks)
        have = {**self.scheduler.results, **self.results}
        return RunResult(
            run_id=self.id, state=state, plan=self.plan, error=error, folder=str(self.scope.folder),
            tasks={task_id: have[task_id] for task_id in order if task_id in have}, usage=self.scope.ledger.spent,
            replayed=None if self.scope.replay is None else self.scope.replay.outcome(self.plan.graph),
        )
