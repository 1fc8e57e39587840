"""Which tools that were made for another need might meet this one: by their schemas, then by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from genesis_core import Need, ToolSpec

from .schemas import arguments_problem, value_problem

__all__ = ["fits", "ranked"]

WORD = re.compile(r"[a-z0-9]+")
COMMON = frozenset({"a", "an", "and", "as", "by", "each", "for", "from", "in", "into", "is", "it", "its", "of", "on",
                    "or", "return", "returns", "that", "the", "this", "to", "with"})


def ranked(need: Need, tools: Iterable[ToolSpec], most: int) -> Sequence[ToolSpec]:
    """Return the *most* tools that fit *need* and share most of its words, best first; ties by order."""
    wanted = _words(need.name, need.description)
    found = [(_share(wanted, _words(tool.name, tool.description)), tool) for tool in tools if fits(need, tool)]
    return [tool for _, tool in sorted(found, key=lambda pair: -pair[0])[:most]]


def _words(*texts: str) -> frozenset[str]:
    return frozenset(WORD.findall(" ".join(texts).lower().replace("_", " "))) - COMMON


def _share(wanted: frozenset[str], said: frozenset[str]) -> float:
    return len(wanted & said) / len(wanted | said) if wanted and said else 0.0


def fits(need: Need, tool: ToolSpec) -> bool:
    """Return whether *tool* takes what each example of *need* gives, and may give the value that it wants.

    Without an example nothing shows that it is the same: a name is no proof.
    """
    named = set(need.input_schema.get("properties", {}))
    if not need.examples or not named <= set(tool.input_schema.get("properties", {})):
        return False
    return all(not arguments_problem(tool.input_schema, example.arguments)
               and not value_problem(tool.output_schema, example.value) for example in need.examples)
