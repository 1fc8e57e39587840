"""Who calls what was made: the toolsmith, for the tool that a task needs, and specialists, each made of its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from genesis_core import (
    AccessDenied,
    Agent,
    AgentCard,
    Assignment,
    DependencyDown,
    Finding,
    Level,
    ModelError,
    Plan,
    PlanContext,
    Reason,
    Severity,
    Task,
    TaskContext,
    TaskResult,
    Tier,
    TimedOut,
    ToolSpec,
    agent,
    tool_loop,
)

__all__ = ["TOOLSMITH", "Specialist", "foretold", "routed", "toolsmith"]

TOOLSMITH = "toolsmith"
MADE_BY = {True: "it is made from {count} example{s} when the task begins, unless one that meets them is there",
           False: "it is written by a model when the task begins"}
SYSTEM = Path(__file__).parent / "prompts" / "specialist.v1.md"
FAILED = (DependencyDown, ModelError, TimedOut)


# -- the toolsmith ----------------------------------------------------------------------------------------------------


@cache
def toolsmith() -> Agent:
    """Return the agent that calls the tool which its task needs."""
    card = AgentCard(
        name=TOOLSMITH, description="Toolsmith: see `need`.",
        skills=(), tier=Tier.CHEAP,
        prior=0.7, max_concurrent=8)
    made: Agent = agent(card=card)(_called)
    return made


async def _called(task: Task, context: TaskContext) -> TaskResult:
    """Call the tool of *task* with its inputs: once, or for each item of a list where the tool takes one at a time."""
    if task.need is None:
        return context.failed("the task names no tool that it needs", hint="give the task a `need`")
    spec = next(tool for tool in context.tools if tool.name == task.need.name)
    missing = [name for name in spec.input_schema.get("required", ()) if name not in context.inputs]
    if missing:
        return context.failed(f"the tool {spec.name!r} needs the input {missing[0]!r}, which the task is not given",
                              hint=f"inputs: {{{missing[0]}: {{value: ...}}}}")
    given = {name: value for name, value in context.inputs.items() if name in spec.input_schema.get("properties", {})}
    listed = _listed(spec, given)
    if listed is None:
        return context.result({"value": await context.call(spec.name, **given)})
    values = [await context.call(spec.name, **{**given, listed: item}) for item in given[listed]]
    return context.result({"values": values})


def _listed(spec: ToolSpec, given: Mapping[str, Any]) -> str | None:
    """Return the one input that is a list where the tool takes a single item; None: there is no such input."""
    types = {name: schema.get("type") for name, schema in spec.input_schema.get("properties", {}).items()}
    found = [name for name, value in given.items()
             if isinstance(value, list) and types.get(name) not in (None, "array")]
    return found[0] if len(found) == 1 else None


def routed(tasks: Sequence[Task], agents: Sequence[AgentCard]) -> list[Assignment]:
    """Return who does those of *tasks* that need a tool of their own."""
    if not any(card.name == TOOLSMITH for card in agents):
        return []
    return [
        Assignment(task_id=task.id, agent=TOOLSMITH, score=1.0, reasons=(
            Reason(rule="need", score=1.0, text=f"the task needs the tool {task.need.name!r}, and calls nothing else"),
        )) for task in tasks if task.need is not None
    ]


def foretold(plan: Plan, context: PlanContext) -> list[Finding]:
    """Return a note for each tool, and each specialist, that would be made if *plan* were run."""
    return [*_tools_to_come(plan, {tool.name for tool in context.tools}), *_specialists_to_come(plan)]


def _tools_to_come(plan: Plan, installed: set[str]) -> Iterator[Finding]:
    for task in plan.graph.tasks:
        if task.need is not None and task.need.name not in installed:
            count = len(task.need.examples)
            how = MADE_BY[count > 0].format(count=count, s="s"[: count != 1])
            yield Finding(rule="aatc.make", severity=Severity.NOTE, task_ids=(task.id,),
                          message=f"task {task.id!r} needs the tool {task.need.name!r}: {how}")


def _specialists_to_come(plan: Plan) -> Iterator[Finding]:
    for card in plan.made:
        yield Finding(
            rule="aatc.specialist", severity=Severity.NOTE,
            task_ids=tuple(a.task_id for a in plan.assignments if a.agent == card.name),
            message=f"no agent could do this, so {card.name!r} would: it may call {', '.join(card.tools) or 'nothing'}")


# -- specialists ------------------------------------------------------------------------------------------------------


class Specialist:
    """An agent that is nothing but its card: instructions, and the tools that it may call."""

    def __init__(self, card: AgentCard) -> None:
        self.card = card

    async def invoke(self, task: Task, context: TaskContext) -> TaskResult:
        """Do *task* with a model in a bounded loop over its tools; with none, call its one tool with the inputs."""
        if context.models:
            try:
                return await self._with_model(task, context)
            except FAILED as error:
                if len(self.card.tools) != 1:
                    return context.blocked(f"a model was to do this, and failed: {error.message}")
            except AccessDenied:
                if context.halt is not None or len(self.card.tools) != 1:
                    raise
        if len(self.card.tools) != 1:
            return context.blocked("this takes a model", tried=(f"{self.card.name} has {len(self.card.tools)} tools",))
        return context.result({"value": await context.call(self.card.tools[0], **_plain(context.inputs))})

    async def _with_model(self, task: Task, context: TaskContext) -> TaskResult:
        system = SYSTEM.read_text("utf-8").strip().replace("{instructions}", self.card.description)
        found = await tool_loop(context, system=system, prompt=task.description, role="code",
                                data={name: str(value) for name, value in _plain(context.inputs).items()})
        return context.result({"text": found.text}, level=Level.MODEL)

    def __repr__(self) -> str:
        return f"<Specialist {self.card.name}>"


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items()
            if isinstance(value, str | int | float | bool | list | dict) or value is None}
