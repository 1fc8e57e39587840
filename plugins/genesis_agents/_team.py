"""All fifteen agents: those whose work is written, and those that wait for a model."""

from __future__ import annotations

from genesis_core import Agent, AgentCard, Task, TaskContext, TaskResult, agent

from ._cards import cards

__all__ = ["team", "waiting"]


def team() -> list[Agent]:
    """Return every built-in agent, in the order of the cards."""
    from .analytics import analytics
    from .architect import architect
    from .research import research
    from .security import security

    written: dict[str, Agent] = {a.card.name: a for a in (analytics, architect, research, security)}
    return [written.get(card.name) or waiting(card) for card in cards()]


def waiting(its_card: AgentCard) -> Agent:
    """Return an agent that ends every task as blocked, with a work order: what it does takes a model."""

    @agent(card=its_card)
    async def waits(task: Task, context: TaskContext) -> TaskResult:
        """Say what a person or a model must do."""
        return context.blocked(
            f"the agent {its_card.name!r} has no tool of its own for this: a person or a model must do it",
            tried=("the skills of its card; none of them works without a model",),
            acceptance=_acceptance(task),
        )

    return waits


def _acceptance(task: Task) -> tuple[str, ...]:
    """Return what the finished work must show, in words."""
    accept = task.accept
    if accept is None:
        return (f"the result does what the task says: {task.description or task.id}",)
    wanted = [f"the output has {pointer or 'a value'}" for pointer in accept.output]
    wanted += [f"the artefact {name} is there" for name in accept.artifacts]
    if accept.min_evidence:
        wanted.append(f"at least {accept.min_evidence} pieces of evidence are given")
    return tuple(wanted)
