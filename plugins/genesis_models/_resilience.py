"""What all models of a process share: breakers, the bucket of retries, and how many requests go at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from ._breaker import Breaker, Clock, RetryBudget, State
from ._options import Endpoint, Tuning

__all__ = ["Resilience", "of_this_process"]

Loop = asyncio.AbstractEventLoop


@dataclass(slots=True)
class Resilience:
    """Keeps the state by provider, address and model; a test makes its own, with its own *clock*."""

    tuning: Tuning = field(default_factory=Tuning)
    clock: Clock = time.monotonic
    random: Random = field(default_factory=Random)
    """Spreads retries, so that many tasks do not come back at the same moment."""
    breakers: dict[tuple[str, str, str], Breaker] = field(default_factory=dict)
    retries: RetryBudget = field(init=False)
    _quiet: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Until when, by ``time.monotonic``: what is waited for is real time."""
    _places: dict[Loop, dict[str, asyncio.Semaphore]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill the bucket of retries."""
        self.retries = RetryBudget(self.tuning.retry_budget, clock=self.clock)

    def breaker(self, endpoint: Endpoint) -> Breaker:
        """Return the breaker of a model; two names for one model share it."""
        tuning = self.tuning
        made = Breaker(tuning.failures, tuning.open_seconds, tuning.successes, self.clock)
        return self.breakers.setdefault(endpoint.service, made)

    def places(self, endpoint: Endpoint) -> asyncio.Semaphore:
        """Return the places of a provider (a bulkhead: one slow provider can't take those of another)."""
        for loop in [loop for loop in self._places if loop.is_closed()]:
            del self._places[loop]
        mine = self._places.setdefault(asyncio.get_running_loop(), {})
        return mine.setdefault(f"{endpoint.provider} {endpoint.url}", asyncio.Semaphore(self.tuning.max_concurrent))

    def ask_to_wait(self, endpoint: Endpoint, seconds: float) -> None:
        """Keep in mind that a service wants to hear nothing for *seconds*, whoever asks."""
        self._quiet[endpoint.service] = max(time.monotonic() + seconds, self._quiet.get(endpoint.service, 0.0))

    def seconds_to_wait(self, endpoint: Endpoint) -> float:
        """Return how long a service still wants to hear nothing."""
        return max(0.0, self._quiet.get(endpoint.service, 0.0) - time.monotonic())

    def backoff(self, tries: int) -> float:
        """Return the seconds to wait after *tries* tries: twice as long each time, a third of it by chance."""
        return self.tuning.backoff_seconds * 2.0 ** (tries - 1) * self.random.uniform(0.65, 1.0)

    def health(self) -> dict[str, Any]:
        """Return how the models that were asked fare: ``failed`` when all are left alone, ``degraded`` when one is."""
        models = [
            {"provider": provider, "url": url, "model": model, **breaker.report()}
            for (provider, url, model), breaker in self.breakers.items()
        ]
        down = [m for m in models if m["state"] != State.CLOSED]
        status = "ok" if not down else "failed" if len(down) == len(models) else "degraded"
        return {"status": status, "models": models, "retries_left": self.retries.left}


@cache
def of_this_process(tuning: Tuning) -> Resilience:
    """Return the one state of this process for *tuning*.

    It outlives a Genesis: a provider that is down is down for the next run, too.
    """
    return Resilience(tuning)
