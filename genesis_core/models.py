"""The port to language models: Message, ModelRequest, ModelReply, Model, and what a provider offers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import Field, field_validator

from .errors import did_you_mean
from .policy import Label, Usage
from .records import Json, JsonObject, Record
from .tools import ToolCall, ToolSpec

__all__ = ["ROLES", "BoundedModel", "Message", "Model", "ModelProvider", "ModelReply", "ModelRequest", "PricedModel"]

ROLES = ("orchestrate", "code", "cheap", "judge")
"""What a model is asked for; settings map each to one model or to a chain of them."""


class Message(Record):
    """One part of a conversation, and how far it may be believed."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    label: Label = Label()
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message: the calls that it asked for, each with a ``key``."""
    key: str = ""
    """Of a tool's message: the ``key`` of the call that it answers."""


class ModelRequest(Record):
    """What a model is asked."""

    role: str = "cheap"
    """Which configured model: orchestrate, code, cheap or judge."""
    messages: tuple[Message, ...] = ()
    answer_schema: JsonObject | None = None
    """JSON Schema of the answer, when it is to be structured."""
    tools: tuple[ToolSpec, ...] = ()
    """What it may ask to call; whoever asks runs the calls, and only through its own doors."""
    max_output_tokens: int = Field(default=1024, ge=1)
    seconds: float = Field(default=60.0, gt=0)
    """Time limit of one answer, retries included."""

    @field_validator("role")
    @classmethod
    def _known_role(cls, role: str) -> str:
        """Refuse a word that no setting can map to a model: it would quietly be served by the default chain."""
        if role in ROLES:
            return role
        raise ValueError(f"there is no role {role[:100]!r}{did_you_mean(role[:100], ROLES)}; "
                         f"the roles are {', '.join(ROLES)}")


class ModelReply(Record):
    """What it answered: a text, a value that follows the schema, or calls of tools."""

    text: str = ""
    data: Json = None
    """The structured answer."""
    wrong: str = ""
    """Why ``data`` does not follow the schema that was asked for; the kernel has it repaired once."""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    """All that it took, failed tries included; ``model_calls`` counts the requests that were sent."""
    model: str = ""
    """The name by which the provider knows what answered; empty: that by which settings choose it."""
    finish: str = "stop"
    """Why it ended: stop, tools, length (cut at ``max_output_tokens``) or filtered."""


@runtime_checkable
class Model(Protocol):
    """Something that answers; offered through ``genesis_provide`` and chosen by the operator, by name."""

    @property
    def name(self) -> str:
        """The name that settings choose it by."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer *request*, or say in ``wrong`` why the answer does not follow the schema.

        Raises ModelError, TimedOut or DependencyDown; then the next model of the chain is asked. A failure that cost
        something says so in ``error.usage``; with none the kernel counts the most that it can have cost.

        It has ``request.seconds`` for that, times the model's ``patience`` where it has such a number: a model on a
        slow machine is not down because it takes longer.
        """
        ...


@runtime_checkable
class BoundedModel(Model, Protocol):
    """A model that can tell beforehand what an answer may take; without, a budget in money refuses to ask it."""

    def most(self, request: ModelRequest) -> Usage:
        """Return the most that one answer to *request* can take: tokens in and out, cost (None: unknown)."""
        ...


@runtime_checkable
class PricedModel(Model, Protocol):
    """A model whose price is known to its provider."""

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what so many tokens cost in US dollars; None: unknown."""
        ...


class ModelProvider(Protocol):
    """Makes models by name; offered as ``Offer("provider", "openai", make)`` and asked for ``openai:gpt-5-mini``."""

    def __call__(self, name: str, model: str, options: Mapping[str, Any]) -> Model:
        """Return the model that settings call *name*.

        *model* is what the provider calls it; *options* is the operator's ``[models.endpoint.NAME]`` (``url``,
        ``key_env``, ...), empty for a plain ``PROVIDER:MODEL``. Raises SettingsError for what it can't make: a
        setting that can't be, a key that is nowhere, a package that is not installed.
        """
        ...
