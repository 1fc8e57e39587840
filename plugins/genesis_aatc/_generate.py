"""Propose what nobody offers: a tool from its examples, a tool that a model writes, a specialist made of tools.

Examples come first: a tool that is found from them is the same each time, and costs no call. What a model writes is
looked at by the layers that run nothing; it is asked once more with what they say, and then it stands as it is.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from genesis_core import (
    AccessDenied,
    AgentCard,
    BudgetExceeded,
    DependencyDown,
    Effect,
    LimitExceeded,
    Message,
    ModelError,
    ModelReply,
    ModelRequest,
    Need,
    PlanContext,
    Proposal,
    Skill,
    Tier,
    TimedOut,
    ToolError,
    ToolSpec,
)

__all__ = ["SECONDS", "prompt", "proposed"]

SECONDS = 10.0
"""How long a tool is searched for."""
VERSIONS: Mapping[str, int] = {"tool": 1, "agent": 1, "specialist": 1}
FAILED = (DependencyDown, ModelError, TimedOut, AccessDenied, BudgetExceeded, LimitExceeded)
MAX_EXAMPLES, MAX_SHOWN, MAX_TOOLS = 8, 4000, 40
_WORD = re.compile(r"[a-z]{3,}")
_COMMON = frozenset("the and for with from this that all each one its into are has have can any not use using".split())
_CODE: Mapping[str, Any] = {
    "type": "object", "additionalProperties": False, "required": ["code", "description"],
    "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
}
_CARD: Mapping[str, Any] = {
    "type": "object", "additionalProperties": False, "required": ["name", "instructions", "tools"],
    "properties": {"name": {"type": "string"}, "instructions": {"type": "string"},
                   "tools": {"type": "array", "items": {"type": "string"}}},
}


@cache
def prompt(name: str) -> str:
    """Return the text of a prompt; a changed text is a new version."""
    return (Path(__file__).parent / "prompts" / f"{name}.v{VERSIONS[name]}.md").read_text("utf-8").strip()


async def proposed(need: Need, context: PlanContext) -> Proposal | AgentCard | None:
    """Return a proposal for *need*; None: it has no examples, and no model writes one.

    Raises ToolError saying why nothing is found from the examples that it has, and no model writes one either.
    """
    if need.kind == "agent":
        return await _by_model(need, context) if context.models else _by_words(need, context.tools)
    from .schemas import examples_problem

    if why := examples_problem(need.examples):
        raise _unmade(need, why)
    found = await _from_examples(need) if need.examples else ""
    if isinstance(found, Proposal):
        return found
    written = await _written(need, context) if context.models else None
    if written is None and found:
        raise _unmade(need, found, asked=bool(context.models))
    return written


def _unmade(need: Need, why: str, *, asked: bool = False) -> ToolError:
    other = "the model that was asked wrote none" if asked else "no model was asked for one"
    return ToolError(f"no tool {need.name!r} could be made from its examples: {why}",
                     cause=f"a program has to be right on each example, and {other}",
                     hint="mend the examples or add some, or give the source: genesis tools propose --code")


# -- tools ------------------------------------------------------------------------------------------------------------


def _spec(need: Need, description: str) -> ToolSpec:
    from .schemas import schema_of

    takes, gives = schema_of(need.examples) if need.examples else ({}, {})
    return ToolSpec(name=need.name, version="1.0.0", description=description, effect=Effect.PURE,
                    input_schema=need.input_schema or takes, output_schema=need.output_schema or gives)


async def _from_examples(need: Need) -> Proposal | str:
    """Return what is found from the examples of *need*, or why nothing is."""
    from .synthesis import Example, Found, synthesise_apart

    spec = _spec(need, need.description)
    names = tuple(spec.input_schema.get("properties", {}))
    if why := _odd_names(need, names):
        return why
    examples = [Example(tuple(e.arguments.get(name) for name in names), e.value) for e in need.examples]
    found = await synthesise_apart(examples, name=need.name, parameters=names, description=need.description,
                                   seconds=SECONDS)
    if not isinstance(found, Found):
        return found.why
    return Proposal(spec=spec.replace(description=need.description or found.describe), code=found.code,
                    author="examples", label=need.label)


def _odd_names(need: Need, names: Sequence[str]) -> str:
    """Return what is wrong with the names of the arguments; empty: each example gives the same, and good ones."""
    from .layers.spec import reserved

    for number, example in enumerate(need.examples, 1):
        if other := sorted(set(example.arguments) ^ set(need.examples[0].arguments)):
            return f"example {number} and the first differ in the argument {other[0][:80]!r}"
    for name in names:
        if why := reserved(name) or ("" if name.isidentifier() else "is no name for an argument"):
            return f"{name[:80]!r} {why}"
    return ""


async def _written(need: Need, context: PlanContext) -> Proposal | None:
    """Return what a model writes for *need*; None when it answers with nothing that the first layers let pass."""
    from .candidate import Candidate
    from .layers import examine

    messages = [Message(role="system", text=prompt("tool")), Message(role="user", text=_wanted(need), label=need.label)]
    for _ in range(2):
        try:
            reply = await context.ask(ModelRequest(role="code", messages=tuple(messages), answer_schema=_CODE,
                                                   max_output_tokens=2000, seconds=120))
        except FAILED:
            return None
        proposal = _read(need, reply)
        if proposal is None:
            return None
        refused = next((check for check in await asyncio.to_thread(examine, Candidate(need, proposal)) if not check.ok),
                       None)
        if refused is None:
            return proposal
        messages += [Message(role="assistant", text=proposal.code, label=need.label),
                     Message(role="user", text="It was refused: " + "; ".join(refused.findings)[:MAX_SHOWN])]
    return proposal  # the workshop says why it is refused


def _wanted(need: Need) -> str:
    examples = [example.to_json() for example in need.examples[:MAX_EXAMPLES]]
    spec = _spec(need, need.description)
    said = {"function": need.name, "description": need.description, "input_schema": spec.to_json()["input_schema"],
            "output_schema": spec.to_json().get("output_schema", {}), "examples": examples}
    return json.dumps(said, ensure_ascii=False, indent=1)[:4 * MAX_SHOWN]


def _read(need: Need, reply: ModelReply) -> Proposal | None:
    data = reply.data
    if not isinstance(data, Mapping) or not isinstance(data.get("code"), str) or not data["code"].strip():
        return None
    spec = _spec(need, need.description or str(data.get("description", ""))[:500])
    return Proposal(spec=spec, code=data["code"], author=f"model:{reply.model}", label=need.label)


# -- specialists ------------------------------------------------------------------------------------------------------


def _by_words(need: Need, tools: Sequence[ToolSpec]) -> AgentCard | None:
    """Return a specialist that calls the one tool whose words and parameters fit; None: none does, or several do."""
    wanted = _words(need.description)
    found = sorted(((len(wanted & _words(f"{tool.name.replace('_', ' ')} {tool.description}")), tool.name, tool)
                    for tool in tools if _callable_with(tool, need.inputs)), reverse=True)
    if not found or found[0][0] < 2 or (len(found) > 1 and found[1][0] == found[0][0]):
        return None
    tool = found[0][2]
    return _card(need, tool.name.replace("_", "-"), tool.description, (tool.name,), needs_model=False)


def _callable_with(tool: ToolSpec, inputs: Sequence[str]) -> bool:
    """Return whether *tool* looks or computes, and takes exactly what a task is given."""
    properties, required = tool.input_schema.get("properties", {}), tool.input_schema.get("required", ())
    return (tool.effect in (Effect.PURE, Effect.READ) and bool(inputs) and set(inputs) <= set(properties)
            and set(required) <= set(inputs))


async def _by_model(need: Need, context: PlanContext) -> AgentCard | None:
    """Return the specialist that a model designs; None when it says that it can't, or names unknown tools."""
    tools = {tool.name: tool for tool in context.tools if tool.effect in (Effect.PURE, Effect.READ)}
    listed = "\n".join(f"- {tool.name}: {tool.description[:200]}" for tool in list(tools.values())[:MAX_TOOLS])
    asked = f"Task: {need.description}\n\nIt is given: {', '.join(need.inputs) or 'nothing'}\n\nTools:\n{listed}"
    try:
        reply = await context.ask(ModelRequest(
            role="orchestrate", answer_schema=_CARD, max_output_tokens=600, seconds=60, messages=(
                Message(role="system", text=prompt("agent")), Message(role="user", text=asked, label=need.label))))
    except FAILED:
        return None
    data = reply.data
    if not isinstance(data, Mapping) or not data.get("name") or not isinstance(data.get("tools"), list | tuple):
        return None
    chosen = tuple(dict.fromkeys(str(name) for name in data["tools"]))
    if any(name not in tools for name in chosen):
        return None
    return _card(need, str(data["name"]), str(data.get("instructions", ""))[:2000], chosen, needs_model=True)


def _card(need: Need, name: str, description: str, tools: tuple[str, ...], *, needs_model: bool) -> AgentCard:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "specialist"
    skills = tuple(Skill(id=skill) for skill in need.requires) or (Skill(id=plain, description=need.description[:300]),)
    return AgentCard(name=f"{plain}-{need.digest[:6]}", description=description, skills=skills, tools=tools,
                     tier=Tier.MEDIUM, prior=0.6, needs_model=needs_model)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in _WORD.findall(text.lower()) if word not in _COMMON)
