"""What the kernel asks: a provider that makes models by name, and a model that completes requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from genesis_core import Category, ModelError, ModelProvider, ModelReply, ModelRequest, SettingsError, TimedOut, Usage

from ._answer import unusable
from ._options import PROVIDERS, Endpoint
from ._prices import bound, price_of
from ._question import Mode, Question, question
from ._resilience import Resilience

if TYPE_CHECKING:
    from ._transport import Transport

__all__ = ["RemoteModel", "provider"]

MARGIN = 0.97
"""The part of a request's seconds that is used, so that running out of them is seen here and told in our words."""


def provider(service: str, resilience: Resilience) -> ModelProvider:
    """Return what makes the models of *service*; making one imports nothing and asks nobody."""

    def make(name: str, model: str, options: Mapping[str, Any]) -> RemoteModel:
        endpoint = Endpoint.read(service, name, model, options)
        for package in ("pydantic_ai", PROVIDERS[service].package, "stamina", "jsonschema", "genai_prices"):
            if not _installed(package):
                raise SettingsError(f"the model {name!r} needs packages that are not installed",
                                    cause=f"{package} is missing", hint="pip install 'genesis-agents[models]'")
        return RemoteModel(endpoint, resilience)

    return make


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the package that it lies in is missing
        return False


@dataclass(frozen=True, eq=False)
class RemoteModel:
    """One model of one service, as the kernel asks it."""

    endpoint: Endpoint
    resilience: Resilience = field(repr=False)
    _transports: dict[asyncio.AbstractEventLoop, asyncio.Future[Transport]] = field(
        default_factory=dict, repr=False, init=False)
    """The client of each event loop that is open: a loop that is gone takes its client with it."""

    @property
    def name(self) -> str:
        """The name that settings choose it by."""
        return self.endpoint.name

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what so many tokens cost in US dollars; None: unknown."""
        return price_of(self.endpoint, input_tokens, output_tokens)

    def most(self, request: ModelRequest) -> Usage:
        """Return the most that one answer can take; its cost is None when no price is known."""
        asked = self._question(request)
        tools = bool(asked.tools) or asked.mode is Mode.TOOL  # an answer that comes as a call is explained as one
        return bound(self.endpoint, asked.size, len(asked.turns), tools=tools,
                     answer=request.max_output_tokens, calls=self.resilience.tuning.attempts)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer *request*, or say in ``wrong`` what is wrong with the answer (raises as ``Model.complete``)."""
        return await self._ask(request, lambda text: None)

    async def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelReply]:
        """Yield the text as it is written, then the reply; what was yielded is worth nothing until that comes."""
        parts: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.ensure_future(self._ask(request, parts.put_nowait))
        task.add_done_callback(lambda _: parts.put_nowait(None))
        try:
            while (text := await parts.get()) is not None:
                yield text
            yield await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ask(self, request: ModelRequest, tell: Callable[[str], None]) -> ModelReply:
        end = time.monotonic() + request.seconds * MARGIN
        asked, most = self._question(request), self.most(request)
        if wrong := unusable(asked):
            raise ModelError(f"the model {self.name!r} can't be asked this", cause=wrong, hint="mend the schema",
                             category=Category.VALIDATION, usage=Usage())
        try:
            async with asyncio.timeout(end - time.monotonic()):
                transport = await self._transport()
        except TimeoutError:
            raise TimedOut(f"the client of the model {self.name!r} was not loaded in time", usage=Usage(),
                           hint="ask again: it is loaded once") from None
        from ._asking import Asking

        return await Asking(self.endpoint, self.resilience, transport, asked, request, most, tell, end).reply()

    def _question(self, request: ModelRequest) -> Question:
        return question(request, provider=self.endpoint.provider, protocol=self.endpoint.protocol)

    async def _transport(self) -> Transport:
        """Return the client of this event loop; the first question loads it, in a thread."""
        for gone in [loop for loop in tuple(self._transports) if loop.is_closed()]:
            self._transports.pop(gone, None)  # it holds no connection: nothing is left to be closed
        loop = asyncio.get_running_loop()
        if loop not in self._transports:
            self._transports[loop] = asyncio.ensure_future(asyncio.to_thread(self._load))
        return await asyncio.shield(self._transports[loop])

    def _load(self) -> Transport:
        from . import _asking  # noqa: F401  # loads the rest in this thread, too
        from ._transport import Transport

        return Transport(self.endpoint, self.resilience.tuning)
