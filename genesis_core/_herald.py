"""Commit rows, then tell who listens: nobody hears of what is not on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ._journal import Entry
from ._plugins import Plugins
from ._scope import RunScope
from .errors import GenesisError
from .runs import EventKind, RunEvent

__all__ = ["Herald"]


class Herald:
    """The one place through which events of a run leave it, in order."""

    def __init__(self, scope: RunScope, plugins: Plugins) -> None:
        self._scope, self._plugins = scope, plugins
        self._told: list[Entry] = []
        self._news = asyncio.Event()
        self._ended = False
        self._deaf: set[str] = set()
        self._committing = asyncio.Lock()
        self._messenger: asyncio.Future[None] | None = None
        if plugins.hook("genesis_event"):
            self._listen()

    async def events(self) -> AsyncIterator[RunEvent]:
        """Yield every event of the run from its start, and end with it."""
        self._listen()
        at = 0
        while True:
            while at < len(self._told):
                yield self._told[at].event()
                at += 1
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    async def commit(self) -> None:
        """Return when all rows so far are on disk and all who listen have heard of them."""
        async with self._committing:
            entries, self._scope.observe = self._scope.observe, []
            await self._scope.journal.flush()
            self._told += entries
            self._news.set()
            await self._tell(entries)

    def close(self) -> None:
        """Let the iterators end."""
        self._ended = True
        self._news.set()
        if self._messenger is not None:
            self._messenger.cancel()

    def _listen(self) -> None:
        """Begin to commit as things happen: who listens hears of what has begun, not only of what has ended."""
        if self._messenger is None and not self._ended:
            self._messenger = asyncio.ensure_future(self._follow())
            self._messenger.add_done_callback(_look_at)

    async def _follow(self) -> None:
        while not self._ended:
            await self._scope.emitted.wait()
            self._scope.emitted.clear()
            await self.commit()

    async def _tell(self, entries: list[Entry]) -> None:
        if observers := self._plugins.hook("genesis_event"):
            events = [entry.event() for entry in entries]
            for impl in observers:
                await self._tell_one(impl, events)

    async def _tell_one(self, impl: Any, events: list[RunEvent]) -> None:
        for event in events:
            if impl.plugin_name in self._deaf:
                return
            try:
                await self._plugins.ask(impl, {"event": event})
            except GenesisError as error:
                self._deaf.add(impl.plugin_name)
                text = f"observer {impl.plugin_name!r} is not asked again: {error.message}"
                self._scope.emit(EventKind.WARNING, data={"text": text})


def _look_at(messenger: asyncio.Future[None]) -> None:
    """Take note of how the messenger ended: what stopped it stops the run, too, and is raised there."""
    if not messenger.cancelled():
        messenger.exception()
