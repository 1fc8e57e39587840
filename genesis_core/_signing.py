"""The half of Genesis that gives away who signs here, what seals messages, and where tools are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ._answers import check
from ._chosen import chosen_envelopes, chosen_workshop, key_ring
from ._making import believed
from ._plugins import Plugins
from ._provided import Provided
from ._settings import Settings
from ._workers import Workers
from .agents import AgentCard
from .engines import KeyRing
from .identity import Envelopes
from .policy import Budget
from .tasks import Goal
from .tools import Need
from .workshops import Proposal, Workshop

if TYPE_CHECKING:
    from ._kernel import Planner

__all__ = ["Signing"]


class Signing:
    """Gives away who signs and verifies here, as the operator chose."""

    settings: Settings
    home: Path
    _clock: Callable[[], datetime] | None
    _provided: Provided
    _ring: KeyRing | None
    _workers: Workers
    _workshop: Workshop | None = None
    _plugins: Plugins

    def keys(self, *, create: bool = False) -> KeyRing:
        """Return the ring that signs and verifies here; one that a plugin offers is there once it is loaded.

        Raises JournalError when its keys can't be used; *create* makes the first one where there is none.
        """
        if self._ring is None and self.settings.keyring != "local":
            self._entered()
        return key_ring(self._ring, self.home, create=create, clock=self._clock)

    def envelopes(self) -> Envelopes:
        """Return what seals messages that leave this process, and opens those that come in (raises SettingsError)."""
        self._entered()
        return chosen_envelopes(self.settings, self._provided, self.keys(create=True), self.home, self._clock)

    def workshop(self) -> Workshop | None:
        """Return where tools and agents are made, as the operator chose (``[sandbox] workshop``); None: nowhere.

        One for all runs of this Genesis. Raises SettingsError for a name that nobody offers.
        """
        self._entered()
        return self._opened_workshop()

    def _opened_workshop(self) -> Workshop | None:
        if self._workshop is None:
            self._workshop = chosen_workshop(self.settings, self._provided, partial(self.keys, create=True), self.home,
                                             self._clock)
        return self._workshop

    def _closed(self) -> None:
        """End the workers of tools, and what the workshop keeps warm."""
        self._workers.close()
        if self._workshop is not None:
            self._workshop.close()
            self._workshop = None

    async def generate(self, need: Need) -> Proposal | AgentCard | None:
        """Return what plugins propose for *need*; nothing runs. None: nobody can.

        Models that they ask count into the budget of the settings. Raises PluginError for an answer of another kind.
        """
        self._entered()
        goal = Goal(text=need.description or need.name, label=need.label)
        planner = self._planner(goal, goal.workspace, None)
        found = await self._plugins.first("genesis_generate", need=need, context=planner.context)
        if found is None or isinstance(found[0], AgentCard):
            return None if found is None else found[0]
        return believed(check(found[0], Proposal, "genesis_generate", found[1]), need, planner.label)

    def _entered(self) -> None:
        raise NotImplementedError

    def _planner(self, goal: Goal, workspace: str, budget: Budget | None) -> Planner:
        raise NotImplementedError
