"""All fifteen agents: those that work without a model and write better with one, and those that need one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from genesis_core import Agent, AgentCard, Task, TaskContext, TaskResult, Tool, agent

from ._cards import cards

__all__ = ["acceptance", "helped", "team", "waiting"]


def team() -> list[Agent]:
    """Return every built-in agent, in the order of the cards."""
    from .analytics import analytics, with_lead
    from .architect import architect
    from .research import research
    from .security import security

    written: dict[str, Agent] = {a.card.name: helped(a, a.tools) for a in (architect, research, security)}
    written["analytics"] = helped(analytics, analytics.tools, then=with_lead)
    return [written.get(card.name) or waiting(card) for card in cards()]


Then = Callable[[Task, TaskContext, TaskResult, TaskResult], Awaitable[TaskResult]]
"""What is still to be done with a result, once a model has written about it: task, context, before, after."""


def helped(offline: Agent, tools: Sequence[Tool], *, then: Then | None = None) -> Agent:
    """Return an agent that does what *offline* does and, where a model is configured, lets it write about it."""

    @agent(card=offline.card, tools=tools)
    async def writes(task: Task, context: TaskContext) -> TaskResult:
        """Do the offline work, then have it summed up."""
        result: TaskResult = await offline.invoke(task, context)
        if not context.models:
            return result
        from ._model_work import improved

        better = await improved(offline.card, task, context, result)
        return better if then is None else await then(task, context, result, better)

    return writes


def waiting(its_card: AgentCard) -> Agent:
    """Return an agent whose work takes a model; without one it ends every task as blocked, with a work order."""

    @agent(card=its_card)
    async def works(task: Task, context: TaskContext) -> TaskResult:
        """Work with a model, or say what a person or a model must do."""
        if context.models:
            from ._model_work import worked

            return await worked(its_card, task, context)
        return context.blocked(
            f"the agent {its_card.name!r} has no tool of its own for this: a person or a model must do it",
            tried=("the skills of its card; none of them works without a model",),
            acceptance=acceptance(task),
        )

    return works


def acceptance(task: Task) -> Sequence[str]:
    """Return what the finished work must show, in words."""
    accept = task.accept
    if accept is None:
        return (f"the result does what the task says: {task.description or task.id}",)
    wanted = [f"the output has {pointer or 'a value'}" for pointer in accept.output]
    wanted += [f"the artefact {name} is there" for name in accept.artifacts]
    if accept.min_evidence:
        wanted.append(f"at least {accept.min_evidence} pieces of evidence are given")
    return tuple(wanted)
