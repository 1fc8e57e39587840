"""What the kernel asks: models of this machine, by name, with the server behind them started on the first question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from genesis_core import ModelProvider, ModelReply, ModelRequest, SettingsError, Usage
from genesis_models._options import Endpoint
from genesis_models._provider import RemoteModel
from genesis_models._resilience import Resilience

from ._server import LocalServer, not_runnable, runnable, shared
from ._weights import Weights, catalogue, find

__all__ = ["LocalModel", "local_provider"]

OPTIONS = ("threads", "context", "patience")
"""Of ``[models.endpoint.NAME]``: cores to keep busy, tokens of one conversation, how much longer it may take."""


@dataclass(frozen=True, slots=True)
class _OwnEndpoint(Endpoint):
    """The server of this process; its key is known to nobody else and stands in no variable."""

    secret: str = field(default="", repr=False)

    def key(self) -> str:
        return self.secret


@dataclass(frozen=True, eq=False)
class LocalModel:
    """One model of this machine; all that ask for it in this process share one server."""

    name: str
    weights: Weights
    resilience: Resilience = field(repr=False)
    threads: int = 1
    context: int = 0
    """Tokens of one conversation; 0: as many as are pinned."""
    patience: int = 4
    """How many times as long as a served model it may take: it writes some tokens a second, and has one core."""
    _remotes: dict[str, RemoteModel] = field(default_factory=dict, repr=False, init=False)

    def price(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return 0: it runs on this machine."""
        return Decimal(0)

    def most(self, request: ModelRequest) -> Usage:
        """Return the most tokens that one answer can take; it costs nothing."""
        return self._at("http://127.0.0.1", "").most(request)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer *request* (raises as ``Model.complete``); the first question waits until the model is loaded."""
        server = await asyncio.to_thread(self._server)
        return await self._remote(server).complete(request.replace(seconds=request.seconds * self.patience))

    def _server(self) -> LocalServer:
        return shared(self.weights, threads=self.threads, context=self.context)

    def _remote(self, server: LocalServer) -> RemoteModel:
        """Return the client of *server*; a server that died and was started anew has another address."""
        if server.address not in self._remotes:
            self._remotes.clear()
            self._remotes[server.address] = self._at(server.url, server.key)
        return self._remotes[server.address]

    def _at(self, url: str, key: str) -> RemoteModel:
        endpoint = _OwnEndpoint("openai", self.name, self.weights.name, url, protocol="json", free=True, secret=key)
        return RemoteModel(endpoint, self.resilience)


def local_provider(resilience: Resilience) -> ModelProvider:
    """Return what makes local models: ``local`` is the best that is fetched, ``local:NAME`` a certain one."""

    def make(name: str, model: str, options: Mapping[str, Any]) -> LocalModel:
        weights = find(model if model != name or model in catalogue() else "")
        if not runnable():
            raise not_runnable()
        return LocalModel(name, weights, resilience, **_read(options, name))

    return make


def _read(options: Mapping[str, Any], name: str) -> dict[str, int]:
    for key, value in options.items():
        if key not in OPTIONS or isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingsError(f"[models.endpoint.{name}] can't have {key} = {value!r}"[:300],
                                cause=f"a local model takes {', '.join(OPTIONS)}: whole numbers above 0",
                                hint="docs/local-model.md of the source lists what can be set")
    return dict(options)
