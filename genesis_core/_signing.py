"""Signing: the half of Genesis that gives away the key ring, and what seals messages with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from ._chosen import chosen_envelopes, chosen_workshop, key_ring
from ._provided import Provided
from ._settings import Settings
from .engines import KeyRing
from .identity import Envelopes
from .workshops import Workshop

__all__ = ["Signing"]


class Signing:
    """Gives away who signs and verifies here, as the operator chose."""

    settings: Settings
    home: Path
    _clock: Callable[[], datetime] | None
    _provided: Provided
    _ring: KeyRing | None
    _workshop: Workshop | None = None

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
        if self._workshop is None:
            self._workshop = chosen_workshop(self.settings, self._provided, partial(self.keys, create=True), self.home,
                                             self._clock)
        return self._workshop

    def _entered(self) -> None:
        raise NotImplementedError
