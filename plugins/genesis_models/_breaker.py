"""Leave alone what keeps failing: a circuit breaker, a bucket of retries, and places in a queue.

After Nygard, "Release It!" (2nd edition, chapter 5). A breaker is closed until a number of failures in a row open it;
an open one refuses for a while, then lets one probe through at a time, and closes after a number of answers in a row.
What says nothing about the other side's health - a rate limit, a wrong request, a cancellation - counts as neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

__all__ = ["Breaker", "Clock", "RetryBudget", "State"]

Clock = Callable[[], float]
"""Seconds that only ever grow, such as ``time.monotonic``."""


class State(StrEnum):
    """Whether requests pass."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(slots=True)
class Breaker:
    """Counts what one model does; shared by all tasks and threads of a process."""

    failures: int = 5
    open_seconds: float = 60.0
    successes: int = 2
    clock: Clock = time.monotonic
    state: State = State.CLOSED
    calls: int = 0
    """Requests that were let through."""
    opened: int = 0
    """How often it has opened."""
    _failed: int = 0
    _answered: int = 0
    _until: float = 0.0
    _probe: int = 0
    """The number of the request that probes; 0: none does."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def enter(self) -> int:
        """Let a request through and return its number, or return 0 when it must not be sent."""
        with self._lock:
            if self.state is State.OPEN and self.clock() >= self._until:
                self.state, self._answered, self._probe = State.PROBING, 0, 0
            if self.state is State.OPEN or (self.state is State.PROBING and self._probe):
                return 0
            self.calls += 1
            if self.state is State.PROBING:
                self._probe = self.calls
            return self.calls

    def answered(self, number: int) -> None:
        """Count request *number* as answered."""
        with self._lock:
            if self.state is State.CLOSED:
                self._failed = 0
            elif self._release(number):
                self._answered += 1
                if self._answered >= self.successes:
                    self.state, self._failed = State.CLOSED, 0

    def failed(self, number: int) -> None:
        """Count request *number* as failed."""
        with self._lock:
            self._failed += self.state is State.CLOSED
            if self._release(number) or (self.state is State.CLOSED and self._failed >= self.failures):
                self.state, self._until = State.OPEN, self.clock() + self.open_seconds
                self.opened += 1

    def dropped(self, number: int) -> None:
        """Forget request *number*: it says nothing about the other side."""
        with self._lock:
            self._release(number)

    def _release(self, number: int) -> bool:
        """Return whether *number* was the probe; then another one may go."""
        was = self.state is State.PROBING and self._probe == number
        if was:
            self._probe = 0
        return was

    def seconds_left(self) -> float:
        """Return how long it still refuses everything."""
        with self._lock:
            return max(0.0, self._until - self.clock()) if self.state is State.OPEN else 0.0

    def report(self) -> dict[str, object]:
        """Return its state as JSON."""
        left = self.seconds_left()
        return {"state": str(self.state), "failures": self._failed, "calls": self.calls, "opened": self.opened,
                "seconds_left": round(left, 1)}


@dataclass(slots=True)
class RetryBudget:
    """A bucket of retries for all questions together, so that many failing tasks do not become a storm."""

    capacity: int = 20
    per_second: float = 1 / 3
    clock: Clock = time.monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        """Start full."""
        self._left, self._at = float(self.capacity), self.clock()

    def take(self) -> bool:
        """Take one retry out; False: there is none."""
        with self._lock:
            self._refill()
            if self._left < 1:
                return False
            self._left -= 1
            return True

    @property
    def left(self) -> int:
        """How many retries are in it."""
        with self._lock:
            self._refill()
            return int(self._left)

    def _refill(self) -> None:
        now = self.clock()
        self._left = min(float(self.capacity), self._left + (now - self._at) * self.per_second)
        self._at = now
