"""Talk to one model: the question out, the answer in as it is written, and the connection closed after it.

Imported when a model is asked for the first time, in a thread: this is what loads the clients of the services.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import httpx2
from pydantic_ai import messages as ai
from pydantic_ai.direct import model_request_stream
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from genesis_core import Category, ModelError, ModelRequest, ToolSpec

from ._answer import Said, SaidCall
from ._clients import OPENED, client_model
from ._failures import Failure, Kind, failure_of
from ._options import Endpoint, Tuning
from ._question import ANSWER, Mode, Question, Turn, thaw

__all__ = ["Transport"]

CUT = Kind(ModelError, Category.LLM, "was cut off before its end", counts=True)
ENDED = Kind(ModelError, Category.LLM, "ended with an error")
EMPTY = Kind(ModelError, Category.LLM, "answered nothing")


class Transport:
    """Asks one model; keeps no connection open between two questions, so there is nothing to close."""

    def __init__(self, endpoint: Endpoint, tuning: Tuning) -> None:
        self._endpoint, self._tuning = endpoint, tuning
        self._model = client_model(endpoint, tuning)

    async def read(self, asked: Question, request: ModelRequest, seconds: float) -> AsyncGenerator[str | Said]:
        """Yield the text as it comes, then the whole answer; raises Failure, or what nobody knows (a bug)."""
        began, opened = False, list[httpx2.Response]()
        OPENED.set(opened)
        try:
            async with _within(self._opened(asked, request, seconds), seconds) as stream:
                async with aclosing(self._events(stream, seconds)) as events:
                    async for text in events:
                        began = True
                        if text:
                            yield text
                yield _whole(stream)
        except Exception as error:
            failure = error if isinstance(error, Failure) else failure_of(error, began=began)
            if failure is None:
                raise
            raise failure from None
        finally:
            for response in opened:
                await response.aclose()

    def _opened(self, asked: Question, request: ModelRequest, seconds: float) -> Any:
        settings = ModelSettings(max_tokens=request.max_output_tokens, timeout=max(seconds, 0.1))
        return model_request_stream(self._model, _messages(asked.turns), model_settings=settings,
                                    model_request_parameters=_parameters(asked), instrument=False)

    async def _events(self, stream: StreamedResponse, seconds: float) -> AsyncGenerator[str]:
        """Yield the pieces of text, empty for anything else; raises TimeoutError when they stop coming."""
        events, end = aiter(stream), asyncio.get_running_loop().time() + seconds
        first = True
        while True:
            left = end - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(left if first else min(left, self._tuning.stall_seconds)):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            first = False
            yield _text_of(event)


class _within:  # noqa: N801  # reads like asyncio.timeout
    """Enter a context manager within a time limit, and leave it without one."""

    def __init__(self, opened: Any, seconds: float) -> None:
        self._opened, self._seconds = opened, seconds

    async def __aenter__(self) -> StreamedResponse:
        async with asyncio.timeout(self._seconds):
            stream: StreamedResponse = await self._opened.__aenter__()
        return stream

    async def __aexit__(self, *error: Any) -> bool | None:
        left: bool | None = await self._opened.__aexit__(*error)
        return left


def _text_of(event: object) -> str:
    if isinstance(event, ai.PartStartEvent) and isinstance(event.part, ai.TextPart):
        return event.part.content
    if isinstance(event, ai.PartDeltaEvent) and isinstance(event.delta, ai.TextPartDelta):
        return event.delta.content_delta
    return ""


def _whole(stream: StreamedResponse) -> Said:
    """Return the answer that *stream* held; raises Failure when it has no end, or nothing before it."""
    response = stream.get()
    # A stream that is cut raises nothing in any client: all that it lacks is the reason why it ended, as the service
    # itself gives it (the client's own ``finish_reason`` may be a guess).
    if not (response.provider_details or {}).get("finish_reason") and response.finish_reason != "content_filter":
        raise Failure(CUT)
    said = Said(
        text="".join(part.content for part in response.parts if isinstance(part, ai.TextPart)),
        calls=tuple(SaidCall(p.tool_name, p.args, p.tool_call_id) for p in response.parts
                    if isinstance(p, ai.ToolCallPart)),
        finish=response.finish_reason or "stop", model=response.model_name or "", usage=response.usage,
    )
    if said.empty or said.finish == "error":
        raise Spent(EMPTY if said.empty else ENDED, said)
    return said


class Spent(Failure):
    """A failure whose price is known: the answer came to its end."""

    def __init__(self, kind: Kind, said: Said) -> None:
        super().__init__(kind, "" if said.finish == "stop" else f"({said.finish})")
        self.said = said


def _messages(turns: tuple[Turn, ...]) -> list[ai.ModelMessage]:
    """Return *turns* as the client library has them: what goes in and what came out take turns."""
    found: list[ai.ModelMessage] = []
    for turn in turns:
        if turn.role == "assistant":
            found.append(ai.ModelResponse(parts=list(_said(turn))))
        elif found and isinstance(found[-1], ai.ModelRequest):
            found[-1] = ai.ModelRequest(parts=[*found[-1].parts, _part(turn)])
        else:
            found.append(ai.ModelRequest(parts=[_part(turn)]))
    return found


def _said(turn: Turn) -> Iterator[ai.TextPart | ai.ToolCallPart]:
    if turn.text:
        yield ai.TextPart(turn.text)
    for call in turn.calls:
        yield ai.ToolCallPart(call.tool, json.dumps(call.arguments, ensure_ascii=False), tool_call_id=call.key)


def _part(turn: Turn) -> ai.SystemPromptPart | ai.UserPromptPart | ai.ToolReturnPart:
    if turn.role == "system":
        return ai.SystemPromptPart(turn.text)
    if turn.role == "tool":
        return ai.ToolReturnPart(turn.tool, turn.text, turn.key)
    return ai.UserPromptPart(turn.text)


def _parameters(asked: Question) -> ModelRequestParameters:
    tools = [_definition(name, spec) for name, spec in asked.tools.items()] if asked.mode is not Mode.ACTIONS else []
    if asked.schema is None:
        return ModelRequestParameters(function_tools=tools)
    schema = thaw(asked.schema)
    if asked.mode is Mode.TOOL:
        answer = ToolDefinition(name=ANSWER, description="Give the answer.", parameters_json_schema=schema,
                                kind="output")
        return ModelRequestParameters(function_tools=tools, output_mode="tool", output_tools=[answer],
                                      allow_text_output=False)
    return ModelRequestParameters(function_tools=tools, output_mode="native",
                                  output_object=OutputObjectDefinition(json_schema=schema, name=ANSWER))


def _definition(name: str, spec: ToolSpec) -> ToolDefinition:
    schema = thaw(spec.input_schema) or {"type": "object", "properties": {}}
    return ToolDefinition(name=name, description=spec.description, parameters_json_schema=schema)
