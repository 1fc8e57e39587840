"""Make the tools and agents that nobody offers: proposed, proved in seven layers, kept, and run in the sandbox alone.

Where a model is configured it writes them; with none, a tool is found from examples of what it should do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_core import Offer, hookimpl

if TYPE_CHECKING:
    from genesis_core import Agent, AgentCard, Assignment, Finding, KeyRing, Need, Plan, PlanContext, Proposal, Task
    from genesis_core import Workshop as WorkshopPort

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Agent | Offer]:
    """Offer the workshop, and the agent that calls the tool which a task needs."""
    from .agents import toolsmith

    return [toolsmith(), Offer("workshop", "aatc", _workshop, "Tools and agents in seven layers, run in the sandbox")]


def _workshop(
    ring: Callable[[], KeyRing], home: Path, clock: Callable[[], datetime] | None, settings: Mapping[str, Any]
) -> WorkshopPort:
    """Return the workshop of the state folder *home*; *settings* are the operator's, under ``[sandbox]``."""
    from .workshop import made

    return made(ring, home, clock, settings)


@hookimpl(trylast=True)
def genesis_route(tasks: Sequence[Task], agents: Sequence[AgentCard], context: PlanContext) -> list[Assignment]:
    """Give each task that needs a tool to the toolsmith: it calls that tool, and no other."""
    from .agents import routed

    return routed(tasks, agents)


@hookimpl(trylast=True)
def genesis_validate(plan: Plan, context: PlanContext) -> list[Finding]:
    """Say in the plan which tools would be made, and from what."""
    from .agents import foretold

    return foretold(plan, context)


@hookimpl(trylast=True)
async def genesis_generate(need: Need, context: PlanContext) -> Proposal | AgentCard | None:
    """Propose a tool, from its examples or by a model; or a specialist that calls tools which are there."""
    from ._generate import proposed

    return await proposed(need, context)
