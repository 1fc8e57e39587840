"""What tests use in place of the real thing: an agent, a model, a policy. Public as ``genesis_core.testing``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from ._scope import TaskContext
from .agents import AgentCard, Skill
from .hookspecs import hookimpl
from .models import ModelReply, ModelRequest
from .policy import Action, Decision, Usage
from .tasks import Task
from .tools import Tool

__all__ = ["AllowAll", "FakeAgent", "ScriptedModel"]


class FakeAgent:
    """An agent that returns *output*, raises *error*, or does *work*; it remembers the tasks it was given."""

    def __init__(
        self,
        name: str = "fake",
        *,
        output: Any = None,
        error: Exception | None = None,
        work: Callable[[Task, TaskContext], Any] | None = None,
        skills: Iterable[str] = (),
        tools: Sequence[Tool] = (),
        **card: Any,
    ) -> None:
        self.card = AgentCard(
            name=name, skills=tuple(Skill(id=s, name=s) for s in skills), tools=tuple(t.name for t in tools), **card
        )
        self.tools, self.seen = tuple(tools), list[str]()
        self._output, self._error, self._work = output, error, work

    async def invoke(self, task: Task, context: TaskContext) -> Any:
        """Do as it was told when it was made."""
        self.seen.append(task.id)
        if self._error is not None:
            raise self._error
        if self._work is None:
            return self._output
        value = self._work(task, context)
        return await value if inspect.isawaitable(value) else value


class ScriptedModel:
    """A model that gives *replies* in turn and keeps the requests; it fails when it is asked once more.

    A text becomes a reply, an exception is raised. *bound* is the most that an answer takes (default: what the longest
    of the replies took), so that budgets can be tested.
    """

    def __init__(self, *replies: ModelReply | str | Exception, name: str = "scripted", bound: Usage | None = None
                 ) -> None:
        self.name = name
        self.requests: list[ModelRequest] = []
        self._replies = [ModelReply(text=r, model=name) if isinstance(r, str) else r for r in replies]
        self._bound = bound or _largest(self._replies)

    def most(self, request: ModelRequest) -> Usage:
        """Return the bound."""
        return self._bound

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Return the next reply, or raise it."""
        self.requests.append(request)
        if not self._replies:
            raise AssertionError(f"{self.name} was asked more often than its script has replies")
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def _largest(replies: Sequence[ModelReply | Exception]) -> Usage:
    used = [r.usage for r in replies if isinstance(r, ModelReply)]
    costs = [u.cost for u in used]
    return Usage(tokens=max((u.tokens for u in used), default=0), model_calls=1,
                 cost=None if None in costs else max((c for c in costs if c is not None), default=Decimal(0)))


class AllowAll:
    """A policy for tests: every action is allowed. It counts only with ``trust={"AllowAll": "security"}``."""

    @hookimpl
    def genesis_authorize(self, action: Action) -> Decision:
        """Allow."""
        return Decision.allow("testing.AllowAll")
