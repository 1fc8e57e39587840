"""What is sent: the messages of a request with untrusted parts fenced, its tools, and the schema of the answer.

Pure, and ignorant of any client library: the same request always gives the same question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import count
from typing import Any

from genesis_core import Label, Message, ModelRequest, ToolCall, ToolSpec, Trust

from ._prompts import prompt

__all__ = ["Mode", "Question", "Turn", "fenced", "question"]

ANSWER = "answer"
"""Names the structured answer, and the property that wraps one that is no object."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_MARK = re.compile(r"<(?=[\s/]*data)", re.IGNORECASE)


class Mode(StrEnum):
    """How the answer comes."""

    TEXT = "text"
    NATIVE = "native"
    """JSON by the schema that the service enforces."""
    TOOL = "tool"
    """JSON as the arguments of a tool that must be called."""
    ACTIONS = "actions"
    """JSON that says whether to call a tool or to answer, for servers without tool calling."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, as it is sent."""

    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()
    key: str = ""
    tool: str = ""
    """Of a result: the tool that gave it."""


@dataclass(frozen=True)
class Question:
    """All that is sent, and how its answer is to be read."""

    mode: Mode
    turns: tuple[Turn, ...]
    tools: Mapping[str, ToolSpec] = field(default_factory=dict)
    """By the name that they have on the way: services allow letters, digits, "_" and "-", and no more than 64."""
    schema: Mapping[str, Any] | None = None
    """What is asked for: an object, always."""
    answer_schema: Mapping[str, Any] | None = None
    """What the caller wants."""
    wrapped: bool = False
    """The answer is the property ``answer`` of what is asked for."""

    @cached_property
    def size(self) -> int:
        """Bytes of all that is sent; schemas as often as they may be written out in place of a reference."""
        texts = sum(len(_json([t.text, t.tool, t.key, [c.to_json() for c in t.calls]]).encode()) for t in self.turns)
        native = self.tools.items() if self.mode is not Mode.ACTIONS else ()
        tools = sum(_written_out([name, t.description, thaw(t.input_schema)]) for name, t in native)
        return texts + tools + (_written_out(self.schema) if self.schema is not None else 0)


def question(request: ModelRequest, *, provider: str, protocol: str) -> Question:
    """Return what to send for *request* to a service that speaks *protocol*."""
    mode = _mode(request, provider, protocol)
    schema = thaw(request.answer_schema)
    tools = {t.name: t for t in request.tools} if mode is Mode.ACTIONS else _named(request.tools)
    turns = tuple(_turns(request.messages, {t.name: name for name, t in tools.items()}, actions=mode is Mode.ACTIONS))
    if mode is Mode.ACTIONS:
        listed = "\n".join(_json({"tool": t.name, "for": t.description}) for t in request.tools)
        turns = (Turn("system", f"{prompt('actions.v1')}\n{listed}"), *turns)
    if any(_is_data(m) for m in request.messages):
        turns = (Turn("system", prompt("untrusted.v1")), *turns)
    asked, wrapped = _asked(schema, request.tools, mode)
    return Question(mode, turns, tools, asked, schema, wrapped)


def _mode(request: ModelRequest, provider: str, protocol: str) -> Mode:
    if request.tools and protocol == "json":
        return Mode.ACTIONS
    if request.answer_schema is None:
        return Mode.TEXT
    # Google takes a schema or tools; Anthropic's own structured answers came late and not to every model.
    return Mode.TOOL if provider == "anthropic" or (provider == "google" and request.tools) else Mode.NATIVE


def _asked(schema: Any, tools: tuple[ToolSpec, ...], mode: Mode) -> tuple[dict[str, Any] | None, bool]:
    if mode is Mode.ACTIONS:
        return _actions(schema, tools), False
    if schema is None or schema.get("type") == "object":
        return schema, False
    inner = dict(schema)
    shared = {key: inner.pop(key) for key in ("$defs", "definitions") if key in inner}
    return {**_object({ANSWER: inner}), **shared}, True


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _actions(schema: Any, tools: Iterable[ToolSpec]) -> dict[str, Any]:
    """Return the schema of one action: a call of one of *tools*, or the answer."""
    parts = {f"tool_{n}": (spec.name, thaw(spec.input_schema) or {"type": "object"}) for n, spec in enumerate(tools)}
    shared = {part: _moved(found, f"#/$defs/{part}") for part, (_, found) in parts.items()}
    shared[ANSWER] = _moved(schema, f"#/$defs/{ANSWER}") if schema is not None else {"type": "string"}
    calls = [
        _object({"action": {"const": "call"}, "tool": {"const": name}, "arguments": {"$ref": f"#/$defs/{part}"}})
        for part, (name, _) in parts.items()
    ]
    done = _object({"action": {"const": "answer"}, ANSWER: {"$ref": f"#/$defs/{ANSWER}"}})
    return {"anyOf": [*calls, done], "$defs": shared}


def _moved(schema: Any, place: str) -> Any:
    """Return *schema* with its references into itself leading to *place*, where it is put."""
    if isinstance(schema, list):
        return [_moved(item, place) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: place + value[1:] if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _moved(value, place)
        for key, value in schema.items()
    }


def _named(tools: Iterable[ToolSpec]) -> dict[str, ToolSpec]:
    """Return *tools* by names that every service takes; two that would be alike are numbered."""
    found: dict[str, ToolSpec] = {}
    for spec in tools:
        plain = _plain(spec.name)
        numbered = (plain if n == 1 else f"{plain}_{n}" for n in count(1))
        found[next(name for name in numbered if name not in found and name != ANSWER)] = spec
    return found


def _plain(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name)[:60] or "tool"


def _turns(messages: Iterable[Message], names: Mapping[str, str], *, actions: bool) -> Iterator[Turn]:
    called: dict[str, str] = {}
    for message in messages:
        calls = tuple(c.replace(tool=names.get(c.tool, _plain(c.tool))) for c in message.tool_calls)
        called.update((call.key, call.tool) for call in calls)
        text = fenced(message.text, message.label) if _is_data(message) else message.text
        if message.role == "tool":
            tool = called.get(message.key, "")
            yield Turn("user", f"Result of {tool}:\n{text}") if actions else Turn("tool", text, (), message.key, tool)
        elif message.role == "assistant" and actions and calls:
            call = calls[0]
            yield Turn("assistant", _json({"action": "call", "tool": call.tool, "arguments": thaw(call.arguments)}))
        elif message.role == "system" and _is_data(message):
            yield Turn("user", text)  # what nobody vouches for does not speak with the operator's voice
        else:
            yield Turn(message.role, text, calls)


def _is_data(message: Message) -> bool:
    """Return whether *message* comes from outside; what a model said itself is no news to it."""
    return message.label.trust is Trust.UNTRUSTED and message.role != "assistant"


def fenced(text: str, label: Label) -> str:
    """Return *text* between marks that say where it comes from; it can neither close them nor open its own."""
    sources = ", ".join(sorted(label.sources))[:200] or "unknown"
    source = re.sub(r"[<>\"&\n\r]", "_", sources)
    return f'<data source="{source}" trust="untrusted">\n{_MARK.sub("&lt;", text)}\n</data>'


def thaw(value: Any) -> Any:
    """Return a frozen JSON value as plain dicts and lists, as clients want them."""
    return None if value is None else json.loads(json.dumps(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _written_out(value: Any) -> int:
    text = json.dumps(value, ensure_ascii=False)
    return len(text.encode()) * (1 + text.count('"$ref"'))
