"""Cards and tools without what they say in words: what is left is what plans and calls need, and is screened again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .agents import AgentCard
from .records import freeze
from .tools import Tool, ToolSpec

__all__ = ["card_names", "card_words", "plain_card", "plain_tool", "tool_names", "tool_words"]

NAMED = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
"""What holds schemas by names that the author chose."""
PARTS = ("items", "prefixItems", "additionalProperties", "contains", "propertyNames", "anyOf", "oneOf", "allOf", "not",
         "if", "then", "else", "unevaluatedItems", "unevaluatedProperties")
"""What holds schemas."""
VALUES = ("type", "required", "enum", "const", "$ref", "format", "pattern", "minimum", "maximum", "exclusiveMinimum",
          "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
          "minContains", "maxContains", "minProperties", "maxProperties", "dependentRequired")
"""What asks for something by a value of its own. Whatever else a schema has is words, or asks for nothing."""


def card_words(card: AgentCard) -> Iterator[str]:
    """Yield all that a card says."""
    yield card.description
    for skill in card.skills:
        yield from (skill.name, skill.description, *skill.tags)
    yield from card_names(card)


def card_names(card: AgentCard) -> Iterator[str]:
    """Yield what is left of a card when its words are gone."""
    names = (card.name, card.version, *card.kinds, *card.tools, *(skill.id for skill in card.skills))
    yield from _spelled(names)


def plain_card(card: AgentCard) -> AgentCard:
    """Return *card* without its words: who it is, and which abilities it names."""
    skills = tuple(skill.replace(name=skill.id, description="", tags=()) for skill in card.skills)
    return card.replace(description="", skills=skills)


def tool_words(spec: ToolSpec) -> Iterator[str]:
    """Yield all that a tool says of itself."""
    yield spec.description
    for said in (spec.input_schema, spec.output_schema, spec.capabilities):
        yield from _said(said)
    yield from tool_names(spec)


def tool_names(spec: ToolSpec) -> Iterator[str]:
    """Yield what is left of a tool when its words are gone: names of fields, and the values that it may be given."""
    left = plain_spec(spec)
    said = (text for part in (left.input_schema, left.output_schema, left.capabilities) for text in _said(part))
    yield from _spelled((left.name, left.version, left.source, *said))


def plain_tool(tool: Tool) -> Tool:
    """Return *tool* without its words."""
    return Tool(plain_spec(tool.spec), tool.function)


def plain_spec(spec: ToolSpec) -> ToolSpec:
    """Return *spec* without its words: it asks for the same."""
    return spec.replace(description="", input_schema=plain_schema(spec.input_schema),
                        output_schema=plain_schema(spec.output_schema))


def plain_schema(schema: Any) -> Any:
    """Return *schema* with those of its keys alone that ask for something."""
    if isinstance(schema, list | tuple):
        return freeze([plain_schema(part) for part in schema])
    return freeze(dict(_plain_items(schema))) if isinstance(schema, Mapping) else schema


def _plain_items(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        if key in NAMED and isinstance(value, Mapping):
            yield key, {name: plain_schema(part) for name, part in value.items()}
        elif key in PARTS:
            yield key, plain_schema(value)
        elif key in VALUES:
            yield key, value


def _said(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            pending += [*reversed(list(item.values())), *item]
        elif isinstance(item, list | tuple):
            pending += [*reversed(item)]


def _spelled(names: Iterable[str]) -> Iterator[str]:
    """Yield *names*, and as they are read: a sentence can be written as one name."""
    for name in names:
        yield name
        if (read := re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", name)) != name:
            yield read
