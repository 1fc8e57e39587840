"""Commit rows, then tell who listens: nobody hears of what is not on disk, and nobody who listens holds up the run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from ._journal import Entry
from ._plugins import Plugins
from ._runscope import RunScope
from .errors import GenesisError, JournalError
from .runs import EventKind, RunEvent

__all__ = ["Herald"]

CALL_SECONDS = 5.0
"""An observer that takes longer over one event is told no more."""
LAST_SECONDS = 2.0
"""What observers have after the end of the run to hear of the events that they have not heard of."""


class Herald:
    """The one place through which events of a run leave it, in order."""

    def __init__(self, scope: RunScope, plugins: Plugins) -> None:
        self._scope, self._plugins = scope, plugins
        self._told: list[Entry] = []
        self._news = asyncio.Event()
        self._finished = self._ended = False
        self._deaf: set[str] = set()
        self._committing = asyncio.Lock()
        self._messenger: asyncio.Future[None] | None = None
        self._teller: asyncio.Future[None] | None = None
        if plugins.hook("genesis_event"):
            self._listen()
            self._teller = asyncio.ensure_future(self._tell_all())
            self._teller.add_done_callback(_look_at)

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
        """Return when all rows so far are on disk; those who listen hear of them from then on."""
        if (emitted := self._scope.observe) and emitted[-1].kind is EventKind.RUN_FINISHED:
            self._finished = True
        async with self._committing:
            entries, self._scope.observe = self._scope.observe, []
            await self._scope.journal.flush()
            self._told += entries
            self._news.set()

    async def close(self) -> None:
        """Let the iterators end, and the observers hear the rest, in bounded time."""
        self._ended = True
        self._news.set()
        if self._messenger is not None:
            self._messenger.cancel()
        if self._teller is not None:
            try:
                await asyncio.wait([self._teller], timeout=LAST_SECONDS)
            finally:
                self._teller.cancel()

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

    async def _tell_all(self) -> None:
        """Tell every observer of every event, in order, until the run has ended."""
        observers = self._plugins.hook("genesis_event")
        async for event in self.events():
            for impl in observers:
                if impl.plugin_name not in self._deaf:
                    await self._tell(impl, event)

    async def _tell(self, impl: Any, event: RunEvent) -> None:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._plugins.ask(impl, {"event": event})
        except GenesisError as error:
            self._deafen(impl.plugin_name, error.message)
        except TimeoutError:
            self._deafen(impl.plugin_name, f"it took longer than {CALL_SECONDS:g} s over one event")
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            self._deafen(impl.plugin_name, "it cancelled itself")

    def _deafen(self, plugin: str, why: str) -> None:
        """Ask *plugin* no more; nothing is recorded behind the end of a run, so that it can say so only before."""
        self._deaf.add(plugin)
        if not (self._finished or self._ended):
            text = f"observer {plugin!r} is not asked again: {why}"
            with contextlib.suppress(JournalError):  # the run is just ending, in a way that no row tells of
                self._scope.emit(EventKind.WARNING, data={"text": text})


def _look_at(messenger: asyncio.Future[None]) -> None:
    """Take note of how the messenger ended: what stopped it stops the run, too, and is raised there."""
    if not messenger.cancelled():
        messenger.exception()
