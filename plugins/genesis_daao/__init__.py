"""Say how hard a task is, which model should do it, and what that is expected to cost.

After "Difficulty-Aware Agentic Orchestration" (arXiv:2509.11079): difficulty is read from the task's words, learned
from outcomes; the model is the one of most expected use, over all tasks together when money is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesis_core import Offer, hookimpl

if TYPE_CHECKING:
    from genesis_core import AgentCard, Estimate, Plan, PlanContext, Task

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Offer]:
    """Offer the name of the scorer that is at work, for evaluations to tell."""
    return [Offer("estimator", "daao", _variant, "Difficulty of a task from the shape and the words of its text.")]


@hookimpl(trylast=True)
def genesis_estimate(task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> Estimate | None:
    """Estimate *task* when a model is configured; without one there is nothing to choose, and the card will do."""
    if not context.models:
        return None
    from ._hook import estimated

    return estimated(task, agent, plan, context)


def _variant() -> str:
    from ._difficulty import variant

    return variant()
