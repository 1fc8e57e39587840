"""What one attempt comes to: its agent watched while it works, and every outcome made a TaskResult."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Generator
from typing import Any

from pydantic import ValidationError

from ._scope import NOTHING, TaskContext
from ._values import jsonable
from .errors import Category, GenesisError, TaskError, TimedOut, ToolError
from .plans import Plan
from .policy import Label
from .tasks import Level, Task, TaskResult, TaskState, WorkOrder

__all__ = ["Watched", "failed", "finished", "row", "skipped", "undone"]

ENDS = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.BLOCKED, TaskState.REJECTED})
"""The states that an agent may give; the others are the kernel's to say."""
_IN_THE_ROW = {"label"}
HELD_SECONDS = 1.0
"""An agent that holds the event loop longer than this is named in a warning."""


class Watched:
    """Awaits an agent, and names it when it holds the loop."""

    __slots__ = ("_awaitable", "_context")

    def __init__(self, awaitable: Awaitable[Any], context: TaskContext) -> None:
        self._awaitable, self._context = awaitable, context

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._awaitable.__await__()
        step: Any = steps.__next__
        given: tuple[Any, ...] = ()
        while True:
            began = time.monotonic()
            try:
                value = step(*given)
            except StopIteration as end:
                self._check(began)
                return end.value
            self._check(began)
            try:
                sent = yield value
                step, given = (steps.__next__, ()) if sent is None else (steps.send, (sent,))
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001  # cancellation goes through to the agent
                step, given = steps.throw, (error,)

    def _check(self, began: float) -> None:
        held = time.monotonic() - began
        if held >= HELD_SECONDS:
            self._context.warn(f"the agent held the event loop for {held:.1f} s; move that work into a tool")


def row(result: TaskResult) -> dict[str, Any]:
    """Return what the row of *result* says; its label stands beside that."""
    return {"result": result.model_dump(mode="json", exclude_defaults=True, exclude=_IN_THE_ROW)}


def finished(task: Task, attempt: int, value: Any, context: TaskContext) -> TaskResult:
    """Return the result of an agent that returned *value*; the kernel, never the agent, labels it."""
    try:
        result = _relabelled(value, task, attempt, context) if isinstance(value, TaskResult) else _plain(value, context)
    except GenesisError as error:
        return failed(task, attempt, error, context)
    except (ValueError, RecursionError) as error:  # NaN, a cycle, bytes that are no text: a fault of the agent alone
        return failed(task, attempt, _unkept(error), context)
    wrong = _wrong(task, result, context)
    if not wrong:
        return result
    return result.replace(state=TaskState.FAILED, error=TaskError(
        category=Category.VALIDATION, message=f"not accepted: {'; '.join(wrong)}", code="not_accepted"))


def _wrong(task: Task, result: TaskResult, context: TaskContext) -> list[str]:
    """Return why *result* can't stand: a state that no agent gives, artefacts that are not there, what is asked for."""
    if result.state not in ENDS:
        return [f"an agent can't end a task as {result.state.value}"]
    wrong = [f"artefact {a.name!r} was not written by this task as it is named" for a in result.artifacts
             if context._written.get(a.name) != a]
    if result.state is TaskState.COMPLETED and task.accept is not None:
        wrong += task.accept.missing(result)
    return wrong


def _unkept(error: Exception) -> ToolError:
    why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return ToolError("the output can't be kept as JSON", cause=why,
                     hint="return dict, list, str, int, float, bool, None, dates, or a Record")


def _relabelled(result: TaskResult, task: Task, attempt: int, context: TaskContext) -> TaskResult:
    """Return *result* with what the kernel knows better than the agent: whose it is, what it spent, its label."""
    error = None if result.error is None else _told(result.error, context)
    return result.replace(task_id=task.id, attempt=attempt, label=context.label, usage=context.usage, error=error,
                          model=context.answered_by, degraded=_degraded(result, context),
                          warnings=context._prompted.warnings)


def _told(error: TaskError, context: TaskContext) -> TaskError:
    """Return *error* without known values and what looks like a secret: it is kept and shown."""
    return TaskError(**context._scope.known.without(error.to_json())).redacted()


def _degraded(result: TaskResult, context: TaskContext) -> str:
    """Return why *result* is below the configured level: a model was asked, did not answer, and others did not."""
    return context.unanswered if result.level is not Level.MODEL and result.state is TaskState.COMPLETED else ""


def _plain(output: Any, context: TaskContext) -> TaskResult:
    """Return the completed result that is nothing but *output*: what most agents mean, without the detour."""
    kept = None if output is None else jsonable(output, "the output")
    result = TaskResult(
        task_id=context.task.id, attempt=context.attempt, state=TaskState.COMPLETED, output=kept, label=context.label
    )
    if context.usage is NOTHING and not context._prompted.warnings:
        return result
    return _relabelled(result, context.task, context.attempt, context)


def failed(task: Task, attempt: int, error: BaseException, context: TaskContext) -> TaskResult:
    return TaskResult(task_id=task.id, attempt=attempt, state=TaskState.FAILED,
                      error=_told(TaskError.of(error), context),
                      label=context.label, usage=context.usage, model=context.answered_by,
                      warnings=context._prompted.warnings)


def late(seconds: float) -> TimedOut:
    """Return the error of an attempt that took longer than its *seconds*."""
    return TimedOut(f"the task took longer than {seconds:g} s", hint="raise max_seconds of the task")


NO_AGENT = "install a plugin whose agent has the skill, or do the work order by hand"
WITH_MODEL = "genesis resume RUN --model NAME, as more agents work where there is a model"


def undone(plan: Plan, task: Task, attempt: int, label: Label, *, models: bool = False) -> TaskResult:
    """Return the blocked result of a task that has no agent, or one that needs a model where there are no *models*."""
    assignment, what = plan.assigned.get(task.id), task.description or task.id
    if assignment is None:
        why = next((a.reasons for a in plan.unrouted if a.task_id == task.id), ())
        tried = tuple(reason.text for reason in why[:1])
        error = TaskError(category=Category.ROUTING, message=f"no agent here can do this: {what}", code="unrouted",
                          hint=NO_AGENT if models else f"{WITH_MODEL}; or {NO_AGENT}")
    else:
        error = TaskError(category=Category.LLM, code="no_model", hint=WITH_MODEL.partition(",")[0],
                          message=f"agent {assignment.agent!r} needs a model, and none is configured: {what}")
        tried = (f"the plan gives it to {assignment.agent!r}, which needs a model",)
    return TaskResult(
        task_id=task.id, attempt=attempt, state=TaskState.BLOCKED, label=label, error=error,
        work_order=WorkOrder(goal=what, tried=tried, acceptance=() if task.accept is None else task.accept.output,
                             inputs={name: item.model_dump(mode="json") for name, item in task.inputs.items()}),
    )


def skipped(plan: Plan, task_id: str, cause: str, attempt: int) -> TaskResult:
    return TaskResult(
        task_id=task_id, attempt=attempt, state=TaskState.SKIPPED, label=plan.goal.label,
        error=TaskError(category=Category.DECOMPOSITION, message=f"it needs {cause!r}, which did not complete",
                        code="skipped"),
    )
