"""Who does the work, and why that one: Skill, AgentCard, Agent, @agent, Reason, Assignment."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, overload, runtime_checkable

from pydantic import Field

from .errors import PluginError
from .records import Record
from .tools import Tool

if TYPE_CHECKING:
    from ._scope import TaskContext
    from .tasks import Task, TaskResult

__all__ = ["Agent", "AgentCard", "Assignment", "FunctionAgent", "Reason", "Skill", "Tier", "agent"]


class Tier(StrEnum):
    """What an agent costs, roughly."""

    CHEAP = "cheap"
    MEDIUM = "medium"
    STRONG = "strong"


class Skill(Record):
    """One thing that an agent can do, in words that a task would use."""

    id: str
    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


class AgentCard(Record):
    """What an agent says of itself; routing reads this and nothing else."""

    name: str
    description: str = ""
    version: str = "1"
    kinds: tuple[str, ...] = ()
    skills: tuple[Skill, ...] = ()
    tools: tuple[str, ...] = ()
    """Names of the tools that it calls."""
    tier: Tier = Tier.MEDIUM
    prior: float = Field(default=0.8, ge=0, le=1)
    """Expected share of its tasks that succeed, until the journal knows better."""
    price: Decimal = Field(default=Decimal(0), ge=0)
    """Expected US dollars a task."""
    max_concurrent: int = Field(default=4, ge=1)
    """Tasks that it runs at one time; more wait, none is left unassigned for that."""
    needs_model: bool = False
    """Without a model it is no candidate."""


@runtime_checkable
class Agent(Protocol):
    """A card, and something that does a task."""

    @property
    def card(self) -> AgentCard:
        """What it says of itself."""
        ...

    async def invoke(self, task: Task, context: TaskContext) -> TaskResult | Any:
        """Do *task*; its only doors are those of *context*. A plain JSON value becomes the output of a result."""
        ...


AgentFunction = Callable[["Task", "TaskContext"], Awaitable[Any]]


class FunctionAgent:
    """An agent made of a coroutine function."""

    def __init__(self, card: AgentCard, function: AgentFunction, tools: Sequence[Tool] = ()) -> None:
        self.card, self.function, self.tools = card, function, tuple(tools)
        self.__doc__, self.__wrapped__ = function.__doc__, function

    async def invoke(self, task: Task, context: TaskContext) -> Any:
        """Do *task*."""
        return await self.function(task, context)

    def __repr__(self) -> str:
        return f"<Agent {self.card.name}>"


@overload
def agent(function: AgentFunction, /) -> FunctionAgent: ...
@overload
def agent(
    *,
    card: AgentCard | None = None,
    name: str = "",
    description: str = "",
    skills: Sequence[Skill | str] = (),
    kinds: Sequence[str] = (),
    tools: Sequence[Tool] = (),
    **rest: Any,
) -> Callable[[AgentFunction], FunctionAgent]: ...
def agent(function: AgentFunction | None = None, /, **options: Any) -> Any:
    """Make an agent of a coroutine function ``(task, context)``.

    Its card comes from *card*, or is built: name and description default to those of the function, a skill may be a
    plain string, the other fields are those of AgentCard. *tools* are offered to the run along with it.
    """
    if function is not None:
        return _agent(function, **options)
    return lambda decorated: _agent(decorated, **options)


def _agent(
    function: AgentFunction, *, card: AgentCard | None = None, tools: Sequence[Tool] = (), **options: Any
) -> FunctionAgent:
    if not inspect.iscoroutinefunction(function):
        raise PluginError(
            f"{function.__qualname__} can't be an agent: it is no coroutine function",
            hint=f"write: async def {function.__name__}(task, context): ...",
        )
    card = card or _card(function, **options)
    named = tuple(dict.fromkeys((*card.tools, *(t.name for t in tools))))
    return FunctionAgent(card.replace(tools=named) if named != card.tools else card, function, tools)


def _card(
    function: AgentFunction, *, name: str = "", description: str = "", skills: Any = (), **rest: Any
) -> AgentCard:
    doc = inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return AgentCard(
        name=name or function.__name__,
        description=description or doc,
        skills=tuple(s if isinstance(s, Skill) else Skill(id=s, name=s) for s in skills),
        **rest,
    )


class Reason(Record):
    """One reason for a choice: the rule, what it was worth, what it says, and who else it spoke for."""

    rule: str
    score: float = 0.0
    text: str = ""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other agents and their scores, best first: remove the winner, and the first of them wins."""


class Assignment(Record):
    """Who does a task, how well it fits (0..1), and why."""

    task_id: str
    agent: str
    """Name of the agent; empty: nobody here can do it, and the reasons say why."""
    score: float = Field(default=1.0, ge=0, le=1)
    reasons: tuple[Reason, ...] = ()

    @property
    def alternatives(self) -> tuple[tuple[str, float], ...]:
        """The runners-up and their scores, best first."""
        return next((r.alternatives for r in self.reasons if r.alternatives), ())
