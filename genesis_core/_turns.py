"""Whose turn it is to spend while the parts of a goal are asked about side by side.

One by one, what a part may spend is what those before it have left. Side by side it is the same: a part goes ahead of
those before it only where there is room for whatever each of them may still ask, else it waits until they have ended.
So a budget that is enough for one after the other is enough for all together, and one that is not runs out at the same
part, whoever answers first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ._ledger import Ledger
from .policy import Usage

__all__ = ["Turns"]

PLEDGE = 8
"""What is kept for a part that others go ahead of: so many times what its first question takes at most.

A part that asks for more than that is refused what others have taken meanwhile, and one by one it might have had it.
"""


@dataclass(slots=True, eq=False)
class _Part:
    """A part that is being asked about: where it stands, and the most that its first question takes."""

    at: int
    first: Usage | None = None


_PART: ContextVar[_Part | None] = ContextVar("part", default=None)


@dataclass(slots=True, eq=False)
class Turns:
    """Those of one planner: its questions reserve in an order that does not depend on who is quick."""

    _parts: list[_Part] = field(default_factory=list)
    _open: int = 0
    """Questions that have reserved and not settled."""
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def part(self, at: int) -> Iterator[None]:
        """Take what is spent within for that of the part at place *at*; parts begin in the order of their places."""
        part = _Part(at)
        token = _PART.set(part)
        self._parts.append(part)
        try:
            yield
        finally:
            self._parts.remove(part)
            _PART.reset(token)
            self._wake()

    async def spend(
        self, ledger: Ledger, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]]
    ) -> Any:
        """Reserve *need* when it is the turn of whoever asks, do *work*, and settle for what it says was spent."""
        part = _PART.get()
        if part is not None and part in self._parts:
            part.first = need if part.first is None else part.first
            while not self._may(ledger, part, need):
                await self._moved.wait()
        self._open += 1
        try:
            return await ledger.spend(need, work)
        finally:
            self._open -= 1
            self._wake()

    def _may(self, ledger: Ledger, part: _Part, need: Usage) -> bool:
        """Whether *part* may ask now: nothing is open that it could wait for, or there is room for all."""
        if not self._open and all(other.at >= part.at for other in self._parts):
            return True
        total = need
        for other in self._parts:
            if other.first is not None or other.at < part.at:  # one before it may not have asked yet
                total = total + _times(PLEDGE, other.first or need)
        return ledger.fits(total)

    def _wake(self) -> None:
        """Let all who wait look again."""
        self._moved.set()
        self._moved = asyncio.Event()


def _times(many: int, one: Usage) -> Usage:
    return Usage(cost=None if one.cost is None else many * one.cost, tokens=many * one.tokens,
                 tool_calls=many * one.tool_calls, model_calls=many * one.model_calls,
                 generated=many * one.generated)
