"""The port to language models: Model, ModelRequest, ModelReply."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .policy import Label, Usage
from .records import Json, JsonObject, Record
from .tools import ToolCall, ToolSpec

__all__ = ["Message", "Model", "ModelReply", "ModelRequest"]


class Message(Record):
    """One part of a prompt and how far it may be believed."""

    role: str
    """system, user, assistant or tool."""
    text: str
    label: Label = Label()


class ModelRequest(Record):
    """What a model is asked."""

    role: str = "cheap"
    """Which configured model: orchestrate, code, cheap or judge."""
    messages: tuple[Message, ...] = ()
    answer_schema: JsonObject | None = None
    """JSON Schema of the answer, when it is to be structured."""
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int = 1024
    seconds: float = 60.0


class ModelReply(Record):
    """What it answered."""

    text: str = ""
    data: Json = None
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str = ""
    finish: str = "stop"


@runtime_checkable
class Model(Protocol):
    """Something that answers; offered through ``genesis_provide`` and chosen by the operator, by name."""

    @property
    def name(self) -> str:
        """The name that settings choose it by."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer *request*; raises ModelError, TimedOut or DependencyDown."""
        ...
