"""Greet people: the hooks of the plugin. What they decide stands in the modules beside this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_core import Agent, Task, Tool, hookimpl

from .greeter import greeter, greeting
from .parties import parts_of

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> Sequence[Agent | Tool]:
    """Offer the agent and the tool that it calls."""
    return [greeter, greeting]


@hookimpl
def genesis_decompose(task: Task) -> Sequence[Task] | None:
    """Split a greeting of several people into one task for each and a card for all; anything else is not ours."""
    return parts_of(task)
