"""Ask until there is an answer: one try after another through the breaker, as long as they cost nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from urllib.parse import urlsplit

import stamina
from stamina.instrumentation import LoggingOnRetryHook, get_on_retry_hooks, set_on_retry_hooks

from genesis_core import Category, DependencyDown, GenesisError, ModelError, ModelReply, ModelRequest, TimedOut, Usage

from ._answer import Said, reply_to
from ._failures import LATER, Failure, Kind
from ._options import Endpoint
from ._prices import used
from ._question import Question
from ._resilience import Resilience
from ._transport import Spent, Transport

__all__ = ["Asking"]

LONGEST_WAIT = 60.0
"""Seconds between two tries, at most; who is told to wait longer asks somebody else."""
LEFT_ALONE = Kind(DependencyDown, Category.NETWORK, "is left alone after failing again and again", unbilled=True,
                  hint=LATER)
TOLD_TO_WAIT = Kind(ModelError, Category.RESOURCE, "asked to be left alone", unbilled=True, hint=LATER)
NO_PLACE = Kind(TimedOut, Category.RESOURCE, "had no place free in time", unbilled=True,
                hint="ask for less at a time: --max-parallel N, or raise max_concurrent of [plugin.models]")


@dataclass(slots=True)
class Asking:
    """One question on its way to its answer."""

    endpoint: Endpoint
    resilience: Resilience
    transport: Transport
    asked: Question
    request: ModelRequest
    most: Usage
    tell: Callable[[str], None]
    """Hears the text as it is written."""
    end: float
    """When there must be an answer, by ``time.monotonic``."""
    calls: int = 0
    """Requests that were sent."""

    async def reply(self) -> ModelReply:
        """Return the reply; raises ModelError, TimedOut or DependencyDown, and as it is what no table names."""
        _keep_retries_off_the_terminal()
        tuning = self.resilience.tuning
        try:
            async for attempt in stamina.retry_context(on=self._wait, attempts=tuning.attempts, timeout=None):
                with attempt:
                    said = await self._once()
        except Failure as failure:
            raise self._error(failure) from None
        return reply_to(self.asked, said).replace(usage=self._usage(said))

    @property
    def _left(self) -> float:
        return self.end - time.monotonic()

    def _wait(self, error: Exception) -> bool | float:
        """Return the seconds after which to try again, or False."""
        if not isinstance(error, Failure) or not error.kind.again or not error.unbilled:
            return False
        if not self.calls or self.calls >= self.resilience.tuning.attempts:
            return False
        seconds = self.resilience.backoff(self.calls)
        if error.retry_after is not None:
            seconds = max(seconds, error.retry_after * self.resilience.random.uniform(1.03, 1.1))
        if seconds > LONGEST_WAIT or seconds >= self._left:
            return False
        return seconds if self.resilience.retries.take() else False

    async def _once(self) -> Said:
        """Send the request once, when the service wants to hear it, and there is a place for it."""
        quiet = self.resilience.seconds_to_wait(self.endpoint)
        if quiet > LONGEST_WAIT or quiet >= self._left:
            raise Failure(TOLD_TO_WAIT, f"({quiet:.0f} s more)")
        await asyncio.sleep(quiet)
        places = self.resilience.places(self.endpoint)
        try:
            async with asyncio.timeout(self._left):
                await places.acquire()
        except TimeoutError:
            raise Failure(NO_PLACE) from None
        try:
            return await self._through_breaker()
        finally:
            places.release()

    async def _through_breaker(self) -> Said:
        breaker = self.resilience.breaker(self.endpoint)
        number = breaker.enter()
        if not number:
            left = breaker.seconds_left()
            raise Failure(LEFT_ALONE, f"({left:.0f} s more)" if left else "(one request is trying it)")
        self.calls += 1
        try:
            said = await self._read()
        except Failure as failure:
            if failure.retry_after:
                self.resilience.ask_to_wait(self.endpoint, failure.retry_after * 1.02)
            (breaker.failed if failure.kind.counts else breaker.dropped)(number)
            raise
        except BaseException:  # a cancellation, or a bug of ours: neither says anything about the other side
            breaker.dropped(number)
            raise
        breaker.answered(number)
        return said

    async def _read(self) -> Said:
        async with aclosing(self.transport.read(self.asked, self.request, self._left)) as parts:
            async for part in parts:
                if isinstance(part, Said):
                    return part
                self.tell(part)
        raise AssertionError("a transport ends with the whole answer or a failure")

    def _usage(self, said: Said) -> Usage:
        known = used(self.endpoint, said.usage, said.model, self.calls)
        if known is not None:
            return known
        written = len(str((said.text, said.calls)).encode())  # a service that does not tell: no more than its bytes
        return Usage(cost=Decimal(0) if self.endpoint.free else None, tokens=self.asked.size + written,
                     output_tokens=written, model_calls=self.calls)

    def _error(self, failure: Failure) -> GenesisError:
        kind, tries = failure.kind, f"after {self.calls} tries" if self.calls > 1 else ""
        said = " ".join(filter(None, (f"the model {self.endpoint.name!r} {kind.says}", failure.detail, tries)))
        where = f"{self.endpoint.provider} at {urlsplit(self.endpoint.url).netloc}, model {self.endpoint.model}"
        return kind.error(said, cause=where, category=kind.category, usage=self._spent(failure),
                          hint=self._way_out(kind))

    def _way_out(self, kind: Kind) -> str:
        """Return what helps against a failure of this *kind*, with the names and the wait of this model."""
        endpoint, resilience = self.endpoint, self.resilience
        left = max(resilience.breaker(endpoint).seconds_left(), resilience.seconds_to_wait(endpoint))
        return (kind.hint or "genesis models test {name}").format(
            name=endpoint.name, wait=f"{left:.0f} s" if left >= 1 else "a minute",
            key=" or ".join(endpoint.key_names) or "the variable that key_env names")

    def _spent(self, failure: Failure) -> Usage:
        """Return what the failed tries cost: nothing, what is known, or the most that it can have been."""
        if failure.unbilled:
            return Usage(model_calls=self.calls)
        if isinstance(failure, Spent):
            return self._usage(failure.said)
        return self.most.replace(model_calls=self.calls)


@cache
def _keep_retries_off_the_terminal() -> None:
    """Have retries told to ``logging``, for whoever listens there; hooks that somebody chose stay as they are.

    Where ``structlog`` is there but nobody set it up, it would print them on stdout, which belongs to the result.
    """
    logging.getLogger("stamina").addHandler(logging.NullHandler())
    hooks = get_on_retry_hooks()
    ours = [hook for hook in hooks if "structlog" not in hook.__module__]
    if len(ours) == len(hooks):
        return
    import structlog

    if not structlog.is_configured():
        set_on_retry_hooks([*ours, LoggingOnRetryHook])
