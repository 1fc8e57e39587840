"""A plan as the checks look at it: what several of them need is worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from genesis_core import Plan, PlanContext, Task

from ._roster import Roster, roster
from ._words import READER

__all__ = ["View"]


class View:
    """A plan, its context, and what is derived from both."""

    def __init__(self, plan: Plan, context: PlanContext) -> None:
        self.plan, self.context = plan, context
        self.graph = plan.graph
        self.leaves: tuple[Task, ...] = plan.graph.leaves
        self.assigned = plan.assigned
        self.roster: Roster = roster(context)

    @cached_property
    def terms(self) -> Mapping[str, tuple[str, ...]]:
        """The terms of each leaf's description."""
        read = READER.terms
        return {task.id: read(task.description) for task in self.leaves}

    @cached_property
    def users(self) -> Mapping[str, int]:
        """How many tasks wait for each task that somebody waits for."""
        found: dict[str, int] = {}
        for task in self.graph.tasks:
            for need in task.needs:
                found[need] = found.get(need, 0) + 1
        return found

    def waits(self, later: str, earlier: str) -> bool:
        """Return whether leaf *later* starts only after *earlier*, directly or through others."""
        graph, seen, waiting = self.graph, {later}, [later]
        while waiting:
            for need in graph.waits_for(waiting.pop()):
                for leaf in graph.leaves_of(need):
                    if leaf == earlier:
                        return True
                    if leaf not in seen:
                        seen.add(leaf)
                        waiting.append(leaf)
        return False
