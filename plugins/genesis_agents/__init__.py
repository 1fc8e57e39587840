"""The built-in agents: real work with no key and no network, and a clear work order where that takes a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from genesis_core import hookimpl

if TYPE_CHECKING:
    from genesis_core import Agent

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, object]) -> list[Agent]:
    """Offer the fifteen agents, each with the tools that it brings."""
    from ._team import team

    return team()
