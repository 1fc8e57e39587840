"""The door to planning: a pipeline that takes one step over a given catalogue, and hands back what came of it.

A pipeline is offered by name and chosen in settings, as any other; the planner that the kernel gives it asks the same
plugins in the same order as for ``genesis run``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Protocol

from genesis_core import (
    AgentCard,
    Assignment,
    Estimate,
    Genesis,
    Goal,
    Label,
    Plan,
    PlanContext,
    Screening,
    SettingsError,
    Task,
    TaskGraph,
    ToolSpec,
)  # fmt: skip

PIPELINE = "evaluation"
ANY_MODEL = "evaluation"
"""Stands for a configured model, so that agents that need one are candidates: it is asked who should, not who could."""


class Door(Protocol):
    """What asks the guards."""

    async def screened(self, text: str, label: Label) -> Screening:
        """Ask ``genesis_screen``, of all guards."""
        ...


class Planner(Protocol):
    """What the kernel hands to a pipeline, as far as it is used here."""

    context: PlanContext
    cards: dict[str, AgentCard]

    @property
    def gate(self) -> Door:
        """What screens."""
        ...

    async def decompose(self, goal: Goal) -> tuple[TaskGraph, tuple[str, ...]]:
        """Ask ``genesis_decompose`` for the goal and for every task of the answer."""
        ...

    async def assign(self, plan: Plan) -> Plan:
        """Ask ``genesis_route`` for every task without an agent."""
        ...


@dataclass(slots=True)
class _Question:
    """What is asked in the call that is under way, and its answer."""

    tools: tuple[ToolSpec, ...] | None
    """The catalogue to decompose over; None: route instead."""
    agents: tuple[AgentCard, ...] | None = None
    """Those to choose from; None: those that are installed."""
    text: str | None = None
    """A task to estimate; None: the goal is what is asked about."""
    estimate: Estimate | None = None
    doubtful: str | None = None
    """A text to screen; None: that is not what is asked."""
    screening: Screening | None = None
    graph: TaskGraph = field(default_factory=TaskGraph)
    assignments: tuple[Assignment, ...] = ()
    answered: bool = False


_question: ContextVar[_Question] = ContextVar("genesis_eval_question")


async def pipeline(planner: Planner, goal: Goal) -> Plan:
    """Take the step that is asked for, note its answer, and return an empty plan: nothing is to be run."""
    question = _question.get()
    if question.doubtful is not None:
        question.screening = await planner.gate.screened(question.doubtful, goal.label)
    elif question.text is not None:
        question.estimate = await _estimated(planner, goal, question.text)
    elif question.tools is None:
        models = planner.context.models or (ANY_MODEL,)
        planner.context = replace(planner.context, models=models)
        if question.agents is not None:
            planner.cards = {card.name: card for card in question.agents}
            planner.context = replace(planner.context, agents=question.agents)
        task = Task(id="task", description=goal.text)
        question.assignments = (await planner.assign(Plan(goal=goal, graph=TaskGraph(tasks=(task,))))).assignments
    else:
        planner.context = replace(planner.context, agents=(), tools=question.tools)
        question.graph, _ = await planner.decompose(goal)
    question.answered = True
    return Plan(goal=goal, graph=TaskGraph(), pipeline=PIPELINE)


async def _estimated(planner: Planner, goal: Goal, text: str) -> Estimate:
    """Return the estimate of a task *text* that is given to the first agent: who does it is not what is asked."""
    if not planner.context.agents:
        raise SettingsError("no agent is installed", hint="genesis plugins shows what is blocked")
    planner.context = replace(planner.context, models=planner.context.models or (ANY_MODEL,))
    task, given = Task(id="task", description=text), Assignment(task_id="task", agent=planner.context.agents[0].name)
    plan = Plan(goal=goal, graph=TaskGraph(tasks=(task,)), assignments=(given,))
    return (await planner.assign(plan)).estimates[0]


async def tasks_for(genesis: Genesis, text: str, tools: Sequence[ToolSpec]) -> TaskGraph:
    """Return the graph that the installed plugins make of *text* over *tools*; raises what planning raises."""
    question = _Question(tools=tuple(tools))
    await _ask(genesis, text, question)
    return question.graph


async def agent_for(genesis: Genesis, text: str, agents: Sequence[AgentCard] | None = None) -> Assignment | None:
    """Return who the installed plugins give the task *text* to, or None; raises what planning raises.

    They choose among *agents*, else among those that are installed.
    """
    question = _Question(tools=None, agents=None if agents is None else tuple(agents))
    await _ask(genesis, text, question)
    return question.assignments[0] if question.assignments else None


async def difficulty_of(genesis: Genesis, text: str) -> float:
    """Return how hard the installed plugins take the task *text* to be, in 0..1; raises what planning raises."""
    question = _Question(tools=None, text=text)
    await _ask(genesis, "How hard is this task?", question)
    if question.estimate is None:
        raise RuntimeError("the pipeline gave no estimate")
    return question.estimate.difficulty


async def screening_of(genesis: Genesis, text: str) -> Screening:
    """Return what the installed guards say of *text*, given as a goal is given; raises what planning raises."""
    question = _Question(tools=None, doubtful=text)
    await _ask(genesis, "May this text pass?", question)
    if question.screening is None:
        raise RuntimeError("the pipeline gave no screening")
    return question.screening


async def _ask(genesis: Genesis, text: str, question: _Question) -> None:
    token = _question.set(question)
    try:
        await genesis.plan(text)
    finally:
        _question.reset(token)
    if not question.answered:
        raise RuntimeError(f"open Genesis with the pipeline {PIPELINE!r} to evaluate")


def cards(genesis: Genesis) -> tuple[AgentCard, ...]:
    """Return the cards that are routed to."""
    return tuple(agent.card for _, agent in sorted(genesis.provided.agents.items()))
