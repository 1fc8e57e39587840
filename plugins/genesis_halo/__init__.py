"""Give each task to the agent that fits it best, and say why.

After "HALO: Hierarchical Autonomous Logic-Oriented Orchestration" (arXiv:2505.13516): declarative rules first, then
the fit of task and card, read from the words of both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from genesis_core import Offer, hookimpl

if TYPE_CHECKING:
    from genesis_core import AgentCard, Assignment, PlanContext, Task

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Offer]:
    """Offer what ``genesis rules`` asks."""
    from .rulebook import RuleBook

    return [
        Offer("rulebook", "halo", RuleBook(), "The routing rules in force, their faults, examples and reasons."),
        Offer("router", "halo", _variant, "What reads the words of tasks and cards."),
    ]


@hookimpl(trylast=True)
def genesis_route(
    tasks: Sequence[Task], agents: Sequence[AgentCard], context: PlanContext
) -> list[Assignment] | Awaitable[list[Assignment]]:
    """Assign each task that somebody here can do; say of the others why nobody can.

    Where a model is configured, it is asked about tasks that are too close to call: then the answer is to be awaited.
    """
    from ._hook import assigned

    return assigned(tasks, agents, context)


def _variant() -> str:
    from ._encoder import installed

    return "words and encoder" if installed() else "words"
