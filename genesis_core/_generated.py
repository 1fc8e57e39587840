"""A tool that was made: called through its workshop, which verifies it and runs it in the sandbox each time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .tools import Tool, ToolSpec
from .workshops import Workshop

__all__ = ["SECONDS", "Generated"]

SECONDS = 120.0
"""The most that one call may take; its own limits, which its workshop keeps, are below that."""


class Generated(Tool):
    """Has a spec and no function of its own: what is called is what the workshop holds under its digest."""

    def __init__(self, spec: ToolSpec, workshop: Workshop, lent: ToolSpec | None = None) -> None:
        """Call what was admitted as *spec*; its task sees *lent*, which may have another name and label."""
        super().__init__((lent or spec).replace(inline=True), self._refused)
        self._workshop, self._admitted = workshop, spec
        self.__doc__ = spec.description

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """None: its arguments are what its schema says, and none of them is a path."""
        return {}

    @property
    def checked(self) -> Callable[..., Any]:
        """What calls it: arguments and value are held against its schemas on the way."""
        return self._call

    async def _call(self, /, **arguments: Any) -> Any:
        return await self._workshop.call(self._admitted, arguments, SECONDS)

    def _refused(self, /, **_: Any) -> Any:
        raise TypeError(f"{self.spec.name} was generated: it runs in the sandbox alone, through context.call")
