"""Deadlines of attempts under one timer: setting one costs a dictionary entry, since most are never reached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

__all__ = ["Deadlines"]

AGAIN_SECONDS = 1.0
"""An attempt that went on after it was cancelled is cancelled again after this long."""


class Deadlines:
    """Cancels, by *cancel*, the keys whose deadline (``time.monotonic``) has passed, again and again until they end."""

    def __init__(self, cancel: Callable[[Sequence[str]], None]) -> None:
        self._cancel = cancel
        self._due: dict[str, float] = {}
        self._late: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0

    def add(self, key: str, deadline: float) -> None:
        """Watch *key*."""
        self._due[key] = deadline
        if self._timer is None or deadline < self._at:
            self._set(deadline)

    def drop(self, key: str) -> None:
        """Stop watching *key*."""
        self._due.pop(key, None)
        self._late.discard(key)

    def passed(self, key: str) -> bool:
        """Return whether *key* was cancelled because its deadline had passed."""
        return key in self._late

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._at = deadline
        wait = max(0.0, deadline - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = time.monotonic()
        late = [key for key, deadline in self._due.items() if deadline <= now]
        self._due.update(dict.fromkeys(late, now + AGAIN_SECONDS))
        self._late.update(late)
        self._cancel(late)
        if self._due:
            self._set(min(self._due.values()))
