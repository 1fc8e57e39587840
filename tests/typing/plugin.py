"""A plugin as its author would write it, under strict types; nothing here is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, assert_type

from genesis_core import (
    Acceptance,
    Agent,
    AgentCard,
    Assignment,
    Evidence,
    Finding,
    GraphPatch,
    Input,
    Observation,
    Plan,
    PlanContext,
    Reason,
    Report,
    RunEvent,
    Skill,
    Task,
    TaskContext,
    TaskResult,
    Tool,
    agent,
    hookimpl,
    tool,
)


@tool(effect="read")
def line_count(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_bytes().splitlines())


@agent(skills=[Skill(id="count lines"), "measure"], kinds=["measure"], tools=[line_count], max_concurrent=2)
async def counter(task: Task, context: TaskContext) -> TaskResult:
    """Count the lines of every text file."""
    counts = {name: await context.call(line_count, path=name) for name in context.files("*.txt")}
    found = tuple(Observation(rule="long", source=name, message="a long file") for name in counts)
    report = Report(title="Lines", summary=task.description, figures={"files": len(counts)}, observations=found)
    artifact = await context.write("counts.txt", "\n".join(counts), media_type="text/plain")
    return context.result(report, evidence=[Evidence(source="a.txt", location="1")], artifacts=[artifact])


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> Sequence[Agent | Tool]:
    return [counter, line_count]


@hookimpl
def genesis_decompose(task: Task, context: PlanContext) -> Sequence[Task] | None:
    accept = Acceptance(output=("/figures",))
    first = Task(id="count", description="count the lines", requires=("count lines",), accept=accept)
    then = Task(id="tell", inputs={"counts": Input(task="count", output="")}, depends_on=("count",))
    return [first, then] if "lines" in task.description else None


@hookimpl
def genesis_route(tasks: Sequence[Task], agents: Sequence[AgentCard]) -> Sequence[Assignment] | None:
    return [Assignment(task_id=t.id, agent=agents[0].name, reasons=(Reason(rule="only"),)) for t in tasks] or None


@hookimpl
def genesis_validate(plan: Plan) -> Sequence[Finding]:
    assert_type(plan.digest, str)
    return ()


@hookimpl
async def genesis_revise(plan: Plan, result: TaskResult | None) -> GraphPatch | None:
    return GraphPatch(drop=("tell",), reason="nothing to tell") if result and not result.output else None


@hookimpl
def genesis_event(event: RunEvent) -> None:
    assert_type(event.seq, int)
