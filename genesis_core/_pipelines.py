"""The pipelines: ways from a goal to a plan, chosen by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from .agents import AgentCard, Assignment, Reason
from .errors import SettingsError, did_you_mean
from .plans import Plan
from .tasks import Goal, Task, TaskGraph

if TYPE_CHECKING:
    from ._kernel import Planner

__all__ = ["PIPELINES", "Pipeline", "find_pipeline"]

Pipeline = Callable[["Planner", Goal], Awaitable[Plan]]


async def plan_v1(planner: Planner, goal: Goal) -> Plan:
    """The plain pipeline: one task, the first capable agent, no decomposition. What a rollback falls back on."""
    words = {w.strip(".,:;!?").lower() for w in goal.text.split()}
    able = [c for c in planner.context.agents if planner.context.models or not c.needs_model]
    chosen = next((c for c in able if words & _card_words(c)), None)
    task = Task(id="task", description=goal.text, agent=None if chosen is None else chosen.name)
    plan = Plan(goal=goal, graph=TaskGraph(tasks=(task,)), pipeline="v1")
    if chosen is None:
        return plan
    reason = Reason(rule="v1", score=1.0, text="the first agent whose card shares a word with the goal")
    return await planner.assign(
        plan.replace(assignments=(Assignment(task_id="task", agent=chosen.name, reasons=(reason,)),))
    )


def _card_words(card: AgentCard) -> set[str]:
    texts = (*card.kinds, *(s.id for s in card.skills), *(s.name for s in card.skills))
    return {word for text in texts for word in text.lower().replace("-", " ").split()}


async def plan_v2(planner: Planner, goal: Goal) -> Plan:
    """The full pipeline: decompose, route, estimate."""
    graph, left_over = await planner.decompose(goal)
    return await planner.assign(Plan(goal=goal, graph=graph, not_understood=left_over, pipeline="v2"))


PIPELINES: Mapping[str, Pipeline] = {"v1": plan_v1, "v2": plan_v2}


def find_pipeline(name: str, offers: Mapping[str, Mapping[str, Any]]) -> Pipeline:
    """Return the pipeline of that name, among the kernel's own and those offered; raises SettingsError."""
    known: dict[str, Pipeline] = {**offers.get("pipeline", {}), **PIPELINES}
    if name not in known:
        raise SettingsError(f"there is no pipeline {name!r}{did_you_mean(name, known)}",
                            cause=f"known: {', '.join(sorted(known))}", hint="genesis config --origin")
    return known[name]
