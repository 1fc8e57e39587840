"""How long a search may go on: so many steps first, and so many seconds behind them."""

from __future__ import annotations

import time

__all__ = ["Budget"]


class Budget:
    """Count steps; answer no when they are used up or the time is over."""

    __slots__ = ("_begun", "_end", "most", "over", "tried")

    def __init__(self, seconds: float, most: int = 3_000_000) -> None:
        self._begun = time.monotonic()
        self._end = self._begun + seconds
        self.most = most
        self.tried = 0
        self.over = False

    def step(self, steps: int = 1) -> bool:
        """Count *steps* and tell whether the search may go on."""
        before = self.tried
        self.tried += steps
        if self.tried > self.most or before // 64 != self.tried // 64 and time.monotonic() > self._end:
            self.over = True
        return not self.over

    @property
    def seconds(self) -> float:
        """Return how long the search has been going on."""
        return time.monotonic() - self._begun
