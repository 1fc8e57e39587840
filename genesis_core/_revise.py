"""Changes of the graph while a run is under way: plugins are asked for one, and it must leave alone what has begun.

What failed is the exception: the change that its result calls for may replace it, and it is done anew, under the
number of the next attempt. So only the part that failed is planned again, and whoever waits for it goes on waiting.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ._runscope import check_names
from .errors import GenesisError, GraphError, LimitExceeded, PluginError
from .policy import Label
from .tasks import GraphPatch, TaskResult, TaskState

if TYPE_CHECKING:
    from ._run import Driver
    from .plans import Plan

__all__ = ["cause_of", "forget", "revised"]

_ANEW = frozenset({TaskState.FAILED, TaskState.REJECTED, TaskState.BLOCKED})
"""How a task has ended that a change may have done anew: by somebody else, in other words, or in parts."""


async def revised(driver: Driver, result: TaskResult) -> tuple[GraphPatch, str, Plan | str] | None:
    """Return the patch that a plugin answers *result* with, its name, and the plan it gives (or why none)."""
    patch, plugin, planner = GraphPatch(), "kernel", driver.planner
    try:
        found = await planner.plugins.first(
            "genesis_revise", plan=driver.plan, findings=(), result=result, context=planner.context
        )
        if found is None:
            return None
        patch, plugin = _a_patch(*found)
        _check_limits(driver, patch)
        _check_begun(driver, patch, result)
        check_names(driver.scope.known, (*patch.add, *patch.replacements))
        planner.rise(cause := cause_of(driver, result))  # so far is believed, and kept, what is asked on the way
        return patch, plugin, await planner.patched(driver.plan, patch, cause)
    except GenesisError as error:  # what a plugin does wrong must not take the result with it
        return patch, plugin, error.message


def cause_of(driver: Driver, result: TaskResult) -> Label:
    """Return the label of what a change of the graph is made from: *result*, and all that has ended before it.

    Who revises was shown those results, too, and may remember them.
    """
    cause = driver.base | result.label | driver.planner.label
    words = (Label(label.trust, label.secrecy) for label in driver.floor.values())  # of results that no longer stand
    shown = Label.join(cause, *words, *(Label(r.label.trust, r.label.secrecy) for r in driver.results.values()))
    earlier = frozenset({"earlier results"}) if shown.trust < cause.trust else frozenset[str]()
    return replace(shown, sources=cause.sources | earlier)


def forget(driver: Driver, task_id: str) -> None:
    """Let *task_id* begin anew: what came of it does not stand, and nobody has said yes to what it does now."""
    del driver.results[task_id]
    driver.scope.approvals = {name: said for name, said in driver.scope.approvals.items() if name != task_id}
    driver.scheduler.release(task_id)


def _a_patch(answer: object, plugin: str) -> tuple[GraphPatch, str]:
    if isinstance(answer, GraphPatch):
        return answer, plugin
    raise PluginError(f"plugin {plugin!r} answered genesis_revise with {type(answer).__name__}")


def _check_limits(driver: Driver, patch: GraphPatch) -> None:
    limits = driver.planner.context.limits
    if driver.updates >= limits.max_updates:
        raise LimitExceeded(f"the run has used up its {limits.max_updates} updates")
    if driver.made + len(patch.add) > limits.max_tasks:
        raise LimitExceeded(f"the run has had {driver.made} tasks over its life; with {len(patch.add)} more it would "
                            f"pass max_tasks = {limits.max_tasks}")
    if len(patch.add) > limits.max_new_tasks:
        raise LimitExceeded(f"{len(patch.add)} new tasks in one update; at most {limits.max_new_tasks} are allowed")


def _check_begun(driver: Driver, patch: GraphPatch, result: TaskResult) -> None:
    # One that waits for a person has begun, too, and so has what an earlier driver of the run began.
    begun = {*driver.scheduler.results, *driver.scheduler.working, *driver.scheduler.held, *driver.attempts}
    if result.state in _ANEW and result.task_id in {t.id for t in patch.replacements}:
        _check_harmless(driver, result.task_id)
        begun.discard(result.task_id)
    for task_id in (*patch.drop, *(t.id for t in patch.replacements)):
        if task_id in begun:
            raise GraphError(f"task {task_id!r} has begun and can't be changed")
    for task in (*patch.add, *patch.replacements):
        if task.parent in begun and task.parent not in driver.plan.graph.children:
            raise GraphError(f"task {task.parent!r} has begun and can't become the parent of {task.id!r}")


def _check_harmless(driver: Driver, task_id: str) -> None:
    """Raise GraphError when *task_id* can't be done anew: it may have changed the world, or done what a yes covers.

    Idempotent tools are no exception: the next attempt has another key, and whoever makes it has other arguments.
    """
    if task_id in driver.scope.acted:
        raise GraphError(f"task {task_id!r} has failed after a call that is not to be made twice",
                         hint=f"genesis explain {driver.id} {task_id} --flow shows it; what is left can be a new task")
