"""The tool loop: ask a model, run the calls that it asks for through the task's own doors, until it answers.

::

    found = await tool_loop(context, system="You review code.", prompt=task.description)
    found.text, found.calls, found.model

The loop has no power of its own. It asks through ``context.ask`` and calls through ``context.call``, so permission,
budget, limits, labels and screening are those of the task; it offers two more doors of the context as if they were
tools, ``list_files`` and ``read_file``. The task's words keep their own label, data and what calls give have that of
the context: by it the side that asks a model tells what gives orders from what is material.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._fits import misfit
from .errors import AccessDenied, DependencyDown, GenesisError, ModelError, TimedOut, ToolError, did_you_mean
from .models import Message, ModelReply, ModelRequest
from .policy import Effect, Label, Trust
from .records import FrozenDict, Json, JsonObject, Record, canonical_json
from .tools import Tool, ToolCall, ToolResult, ToolSpec

if TYPE_CHECKING:
    from ._scope import TaskContext

__all__ = ["LoopResult", "fenced", "tool_loop"]

MAX_CALLS_A_TURN = 8
"""Calls of one answer that are run; of the others the model is told that they were not."""
MAX_NAMES = 300
LEAST_SHOWN = 200
"""Characters of a result that are shown even when the budget of characters is spent."""
SHARE_OF_TIME = 0.9
"""Share of the task's remaining time that one answer may take: whoever asks must still be able to end well."""
NO_DATA: Mapping[str, str] = FrozenDict()
OURS = Label(Trust.TRUSTED)
EMPTY = "That answer was empty. Call a tool, or answer."
LAST = "You can't call tools any more. Answer now with what is known, and say what is not."
DOORS = (
    ToolSpec(
        name="list_files", description="List the files of the workspace that match a glob.", effect=Effect.READ,
        input_schema={
            "type": "object", "additionalProperties": False, "required": ["pattern"],
            "properties": {"pattern": {"type": "string", "description": "for example docs/**/*.md"}},
        },
    ),
    ToolSpec(
        name="read_file", description="Read one text file of the workspace.", effect=Effect.READ,
        input_schema={
            "type": "object", "additionalProperties": False, "required": ["path"],
            "properties": {"path": {"type": "string", "description": "a name that list_files gave"}},
        },
    ),
)


class LoopResult(Record):
    """What a tool loop came to: the answer, and the calls that it rests on."""

    text: str = ""
    data: Json = None
    """The structured answer, when a schema was asked for."""
    calls: tuple[ToolCall, ...] = ()
    """Every call that was run, in order; refused and repeated ones are none."""
    results: tuple[ToolResult, ...] = ()
    """What each of ``calls`` gave, whole: the model may have seen less of it."""
    turns: int = 0
    """How often the model was asked."""
    model: str = ""
    """The model that gave the answer."""
    finish: str = "stop"
    """Why the answer ended: ``length`` when it was cut."""


async def tool_loop(
    context: TaskContext,
    *,
    system: str,
    prompt: str,
    data: Mapping[str, str] = NO_DATA,
    tools: Sequence[Tool | str] | None = None,
    answer_schema: JsonObject | None = None,
    role: str = "orchestrate",
    max_turns: int = 8,
    max_output_tokens: int = 1024,
    max_chars: int = 24_000,
    seconds: float = 120.0,
) -> LoopResult:
    """Return what a model answers to *prompt* after calling *tools* (default: those of the agent's card).

    *prompt* is the task in its own words; what is known so far, inputs and findings, goes into *data*, by name.
    It is asked at most ``max_turns + 1`` times, the last time without tools. What a call that fails says goes back to
    the model as text; all results together take about *max_chars* characters of the conversation. *seconds* is the
    limit of one answer. Raises what ``context.ask`` raises (ModelError also for an empty answer), and of a call only
    what ends the task: BudgetExceeded, LimitExceeded, and AccessDenied that waits for a person.
    """
    loop = _Loop(context, _offered(context, tools), max_chars)
    loop.messages += [Message(role="system", text=system, label=OURS),
                      *(Message(role="user", text=f"{n}:\n{text}", label=context.label) for n, text in data.items()),
                      Message(role="user", text=prompt, label=context.task_label)]
    request = ModelRequest(role=role, answer_schema=answer_schema, max_output_tokens=max_output_tokens,
                           tools=tuple(loop.offered.values()))
    for turn in range(1, max_turns + 1):
        reply = await loop.ask(request, seconds)
        if reply.tool_calls:
            await loop.follow(reply)
        elif _says(reply):
            return loop.result(reply, turn)
        else:
            loop.say(EMPTY)
    loop.tell()
    loop.say(LAST)
    reply = await loop.ask(request.replace(tools=()), seconds)
    if not _says(reply):
        raise ModelError(f"model {reply.model!r} gave no answer", cause=f"it was asked {max_turns + 1} times",
                         hint="choose a model that can call tools")
    return loop.result(reply, max_turns + 1)


def fenced(name: str, text: str) -> str:
    """Return *text* between marks that it can't close: what stands there is data, whatever it says.

    For data inside a message; a message that is all data needs only its label.
    """
    mark, salt = "", 0
    while not mark or mark in text:
        mark = hashlib.sha256(f"{salt}{text}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        salt += 1
    return f'<data name="{name}" mark="{mark}">\n{text}\n</data mark="{mark}">'


def _says(reply: ModelReply) -> bool:
    return bool(reply.text.strip()) or reply.data is not None


def _offered(context: TaskContext, tools: Sequence[Tool | str] | None) -> dict[str, ToolSpec]:
    """Return what the model may ask to call, by name; raises ToolError for a tool that the card does not list."""
    known = {spec.name: spec for spec in context.tools}
    wanted = list(known) if tools is None else [t if isinstance(t, str) else t.name for t in tools]
    for name in wanted:
        if name not in known:
            raise ToolError(f"tool {name!r} can't be offered to a model{did_you_mean(name, known)}",
                            cause="the agent's card does not list it", hint=f"add {name!r} to the tools of its card")
    return {spec.name: spec for spec in (*DOORS, *(known[name] for name in wanted))}


@dataclass(slots=True)
class _Loop:
    """One conversation: what was said, what was called, and how many characters of results there is room for."""

    context: TaskContext
    offered: dict[str, ToolSpec]
    max_chars: int
    messages: list[Message] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    seen: dict[tuple[str, bytes], str] = field(default_factory=dict)
    """The key of the call that first asked the same, since something was last changed."""
    shown: int = 0

    async def ask(self, request: ModelRequest, seconds: float) -> ModelReply:
        left = max(0.001, SHARE_OF_TIME * self.context.seconds_left)
        return await self.context.ask(request.replace(messages=tuple(self.messages), seconds=min(seconds, left)))

    def say(self, text: str) -> None:
        self.messages.append(Message(role="user", text=text, label=OURS))

    def tell(self) -> None:
        """Turn calls and their results into plain words: there are services that take calls only with their tools."""
        names = {call.key: call.tool for message in self.messages for call in message.tool_calls}
        self.messages = [_in_words(message, names.get(message.key, "")) for message in self.messages]

    def result(self, reply: ModelReply, turns: int) -> LoopResult:
        return LoopResult(text=reply.text, data=reply.data, calls=tuple(self.calls), results=tuple(self.results),
                          turns=turns, model=reply.model, finish=reply.finish)

    async def follow(self, reply: ModelReply) -> None:
        """Run the calls of *reply*, one after another, and tell the model what each gave."""
        calls = [call.replace(key=self._key(call)) for call in reply.tool_calls]
        self.messages.append(Message(role="assistant", text=reply.text, tool_calls=tuple(calls),
                                     label=self.context.label))
        for number, call in enumerate(calls):
            ours = self._declined(number, call)  # words of the loop itself: no data that could give orders
            text = ours or await self._answer(call)
            self.messages.append(Message(role="tool", text=text, key=call.key,
                                         label=OURS if ours else self.context.label))

    def _declined(self, number: int, call: ToolCall) -> str:
        """Return why a call is not made that could be; empty: it is for :meth:`_answer`."""
        if number >= MAX_CALLS_A_TURN:
            return f"Not called: at most {MAX_CALLS_A_TURN} calls a turn."
        before = self.seen.get((call.tool, canonical_json(call.arguments)))
        return "" if before is None else f"You made this call before: see the result of {before}."

    def _key(self, call: ToolCall) -> str:
        key, number = call.key, len(self.keys) + 1
        while not key or key in self.keys:
            key, number = f"call-{number}", number + 1
        self.keys.add(key)
        return key

    async def _answer(self, call: ToolCall) -> str:
        spec = self.offered.get(call.tool)
        if spec is None:
            near = did_you_mean(call.tool, self.offered)
            return f"There is no tool {call.tool!r}{near}; there are {', '.join(self.offered)}."
        if wrong := misfit(call.arguments, spec.input_schema):
            return f"Not called: the arguments don't fit the tool's schema: {wrong}."
        same = (call.tool, canonical_json(call.arguments))
        if spec.effect in (Effect.WRITE, Effect.SEND):
            self.seen.clear()  # what was looked at before may be another now
        self.seen[same] = call.key
        result = await self._run(call)
        self.calls.append(call)
        self.results.append(result)
        return self._cut(f"It failed: {result.error}" if result.error else _text(result.value))

    async def _run(self, call: ToolCall) -> ToolResult:
        """Make one call through a door of the context; how it fails is a result, unless it ends the task."""
        try:
            return ToolResult(value=await self._through(call))
        except AccessDenied as error:
            if self.context.halt is not None:  # a person must approve it first
                raise
            return ToolResult(error=_why(error))
        except (ToolError, TimedOut, DependencyDown) as error:
            return ToolResult(error=_why(error))
        except OSError as error:  # a name that no file system takes
            return ToolResult(error=error.strerror or type(error).__name__)

    async def _through(self, call: ToolCall) -> Any:
        if self.offered[call.tool] is DOORS[0]:
            return list(self.context.files(call.arguments["pattern"]))
        if self.offered[call.tool] is DOORS[1]:
            return await self.context.read(call.arguments["path"])
        return await self.context.call(call.tool, **call.arguments)

    def _cut(self, text: str) -> str:
        """Return as much of *text* as there is room for: a third of all room at most, so that others have some."""
        room = max(LEAST_SHOWN, min(self.max_chars // 3, self.max_chars - self.shown))
        self.shown += min(room, len(text))
        if len(text) <= room:
            return text
        return f"{text[:room]}\n[cut: {len(text) - room} more characters are not shown; ask for less]"


def _in_words(message: Message, tool: str) -> Message:
    if message.role == "tool":
        return Message(role="user", text=f"Result of {tool}:\n{message.text}", label=message.label)
    if not message.tool_calls:
        return message
    calls = (f"{call.tool} {json.dumps(call.arguments, ensure_ascii=False)}" for call in message.tool_calls)
    text = "\n".join((*([message.text] if message.text else []), *(f"I call {call}" for call in calls)))
    return message.replace(text=text, tool_calls=())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) > MAX_NAMES and all(isinstance(v, str) for v in value):
        return f"{json.dumps(value[:MAX_NAMES], ensure_ascii=False)}\n[{len(value) - MAX_NAMES} more are not shown]"
    return json.dumps(value, ensure_ascii=False)


def _why(error: GenesisError) -> str:
    return f"{error.message} ({error.cause})" if error.cause else error.message
