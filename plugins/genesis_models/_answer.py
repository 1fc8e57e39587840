"""What comes back: a text, a value that is checked against its schema, or calls of tools that there are.

Pure. What does not fit is said in ``wrong`` and never mended by guessing; the kernel then asks once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis_core import ModelReply, ToolCall, ToolSpec, canonical_json

from ._question import ANSWER, Mode, Question, thaw
from ._schemas import MAX_SCHEMA, Endless, faults, validator

__all__ = ["Said", "SaidCall", "reply_to", "unusable"]

_FENCE = re.compile(r"\A\s*```(?:json)?[ \t]*\n(.*)\n```\s*\Z", re.DOTALL)
_UNKEPT = "can't be recorded"
_FINISH = {"stop": "stop", "length": "length", "content_filter": "filtered"}


@dataclass(frozen=True, slots=True)
class SaidCall:
    """A call of a tool, as the model wrote it."""

    tool: str
    arguments: str | Mapping[str, Any] | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One whole answer, as it came."""

    text: str = ""
    calls: tuple[SaidCall, ...] = ()
    finish: str = "stop"
    model: str = ""
    usage: Any = None

    @property
    def empty(self) -> bool:
        """Whether nothing at all was said."""
        return not self.text.strip() and not self.calls


def reply_to(asked: Question, said: Said) -> ModelReply:
    """Return what *said* answers to what was *asked*; its usage is not looked at."""
    finish = _FINISH.get(said.finish, "stop")
    if asked.mode is Mode.ACTIONS:
        reply = _action(asked, said)
    elif asked.mode is Mode.TOOL and any(call.tool == ANSWER for call in said.calls):
        first = next(call for call in said.calls if call.tool == ANSWER)
        reply = _structured(asked, _said(first.arguments))
    elif said.calls:
        reply = _calls(asked.tools, said)
    elif asked.answer_schema is not None:
        reply = _structured(asked, said.text)
    else:
        reply = ModelReply(text=said.text)
    if finish == "length" and reply.wrong:
        reply = reply.replace(wrong=f"it was cut off at the limit of its length; {reply.wrong}")
    return reply.replace(finish="tools" if reply.tool_calls else finish, model=said.model)


def _structured(asked: Question, text: str) -> ModelReply:
    value, wrong = _parsed(text)
    if not wrong and asked.wrapped:
        value, wrong = _unwrapped(value)
    return _checked(text, value, asked.answer_schema, wrong)


def _unwrapped(value: Any) -> tuple[Any, str]:
    if isinstance(value, dict) and ANSWER in value:
        return value[ANSWER], ""
    return None, f"it is no object with the property {ANSWER!r}"


def _checked(text: str, value: Any, schema: Mapping[str, Any] | None, wrong: str) -> ModelReply:
    wrong = wrong or (mismatch(value, schema) if schema is not None else "")
    try:
        return ModelReply(text=text, wrong=wrong) if wrong else ModelReply(text=text, data=value)
    except ValueError as error:  # deeper than a record may be
        return ModelReply(text=text, wrong=f"it {_UNKEPT}: {type(error).__name__}")


def _calls(known: Mapping[str, ToolSpec], said: Said) -> ModelReply:
    """Return the calls that the model asks for; one that can't be makes all of them wrong."""
    calls: list[ToolCall] = []
    for number, call in enumerate(said.calls, 1):
        arguments, wrong = _arguments(known, call.tool, call.arguments)
        if not wrong:
            key = call.key or f"call-{number}"
            try:
                calls.append(ToolCall(tool=known[call.tool].name, arguments=arguments, key=key))
            except ValueError as error:  # deeper than a record may be, no number, no text
                wrong = f"the arguments of {call.tool!r} {_UNKEPT}: {type(error).__name__}"
        if wrong:
            return ModelReply(text=said.text or f"{call.tool}({_said(call.arguments)})", wrong=wrong)
    return ModelReply(text=said.text, tool_calls=tuple(calls))


def _arguments(
    known: Mapping[str, ToolSpec], tool: str, written: str | Mapping[str, Any] | None
) -> tuple[dict[str, Any], str]:
    if tool not in known:
        return {}, f"there is no tool {tool[:100]!r}; there are: {', '.join(known) or 'none'}"
    value, wrong = _parsed(written) if isinstance(written, str) and written.strip() else (thaw(written) or {}, "")
    if not wrong and not isinstance(value, dict):
        wrong = "they are no JSON object"
    wrong = wrong or mismatch(value, known[tool].input_schema)
    return ({}, f"the arguments of {tool!r} are wrong: {wrong}") if wrong else (value, "")


def _action(asked: Question, said: Said) -> ModelReply:
    """Return what one action of the JSON protocol says: a call, or the answer."""
    value, wrong = _parsed(said.text)
    action = value.get("action") if isinstance(value, dict) else None
    if action == "call":
        arguments = value.get("arguments")
        written = arguments if isinstance(arguments, dict) else json.dumps(arguments)
        reply = _calls(asked.tools, Said(calls=(SaidCall(str(value.get("tool")), written),)))
        return reply.replace(text=said.text if reply.wrong else "")
    if action != "answer" or ANSWER not in value:
        return ModelReply(text=said.text, wrong=wrong or 'it is neither {"action": "call"} nor {"action": "answer"}')
    if asked.answer_schema is not None:
        return _checked(said.text, value[ANSWER], asked.answer_schema, "")
    answer = value[ANSWER]
    return ModelReply(text=answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))


def _said(arguments: str | Mapping[str, Any] | None) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _parsed(text: str) -> tuple[Any, str]:
    """Return the value that *text* holds, and why it holds none."""
    fence = _FENCE.match(text)
    try:
        return json.loads(fence[1] if fence else text, parse_constant=_no_number), ""
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return None, f"it is no JSON{place}"


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def unusable(asked: Question) -> str:
    """Return which schema of a question nothing can be checked by, and why; nothing, when all are well."""
    from jsonschema.exceptions import SchemaError

    tools = {f"the tool {spec.name!r}": spec.input_schema for spec in asked.tools.values()}
    schemas = {"the answer": asked.answer_schema, **tools}
    for of, schema in schemas.items():
        written = b"" if schema is None else canonical_json(schema)
        if len(written) > MAX_SCHEMA:
            return f"the schema of {of} has {len(written)} bytes; at most {MAX_SCHEMA} are checked by"
        try:
            validator(written) if written else None
        except SchemaError as error:
            return f"the schema of {of} is none: {error.json_path} {error.message}"[:300]
        except RecursionError:
            return f"the schema of {of} is nested too deeply"
    return ""


def mismatch(value: Any, schema: Mapping[str, Any]) -> str:
    """Return where *value* leaves *schema* and what stands there, or nothing; the value itself is not quoted."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(faults(canonical_json(schema), value))
    except Unresolvable as unknown:
        return f"it can't be checked: {unknown.ref} leads nowhere"[:200]
    except (RecursionError, Endless):
        return "it can't be checked: it, or its schema, is nested too deeply"
    if error is None:
        return ""
    wanted = json.dumps(error.validator_value, ensure_ascii=False)
    return f"{error.json_path[:200]} does not keep {error.validator} {wanted[:200]}"
