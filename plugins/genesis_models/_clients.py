"""Make the client of a service; its own retries are off, since retry and fallback belong to one place."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

import httpx2
from pydantic_ai.models import Model

from ._options import Endpoint, Tuning

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

__all__ = ["OPENED", "client_model"]

OPENED: ContextVar[list[httpx2.Response]] = ContextVar("OPENED")
"""The responses that the try under way has opened; it closes them, since not every client does when it is cancelled."""

NO_KEY = "none"
"""Sent where no key is needed: the clients insist on one."""
LONGEST = 3600.0
"""Seconds that the HTTP client waits by itself; whoever asks has a limit of its own."""


def client_model(endpoint: Endpoint, tuning: Tuning) -> Model:
    """Return the model of *endpoint*; the import of its client takes a second or so."""
    _keep_texts_out_of_logs()
    make = {"openai": _openai, "anthropic": _anthropic, "google": _google}[endpoint.provider]
    return make(endpoint, endpoint.key() or NO_KEY, _http(endpoint, tuning))


def _openai(endpoint: Endpoint, key: str, http: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(base_url=endpoint.url, api_key=key, max_retries=0, http_client=http)
    if not endpoint.own_service:
        client.organization = client.project = None
        _forget_headers(client)
    # Servers that only speak the protocol know the older name of the limit.
    profile = None if endpoint.own_service else OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
    return OpenAIChatModel(endpoint.model, provider=OpenAIProvider(openai_client=client), profile=profile)


def _forget_headers(client: AsyncOpenAI | AsyncAnthropic) -> None:
    """Send nothing of ``OPENAI_CUSTOM_HEADERS`` and the like, which may hold keys, to anybody but their own service."""
    client._custom_headers = {}  # arguments of the client are added to those, they never replace them


def _anthropic(endpoint: Endpoint, key: str, http: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(base_url=endpoint.url, api_key=key, max_retries=0, http_client=http)
    if not endpoint.own_service:
        _forget_headers(client)
    return AnthropicModel(endpoint.model, provider=AnthropicProvider(anthropic_client=client))


def _google(endpoint: Endpoint, key: str, http: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(api_key=key, base_url=endpoint.url, http_client=http)
    return GoogleModel(endpoint.model, provider=provider)


def _http(endpoint: Endpoint, tuning: Tuning) -> httpx2.AsyncClient:
    """Return a client that goes where it was sent: it follows no redirect, and no proxy to this machine itself."""

    async def connect_soon(request: httpx2.Request) -> None:
        # The clients set one number for everything; a host that is not there is known sooner than an answer comes.
        limits = request.extensions.get("timeout") or {}
        sooner = {key: min(limits.get(key) or LONGEST, tuning.connect_seconds) for key in ("connect", "pool")}
        request.extensions = {**request.extensions, "timeout": {**limits, **sooner}}

    async def keep(response: httpx2.Response) -> None:
        OPENED.get([]).append(response)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(LONGEST, connect=tuning.connect_seconds),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),  # none is left open between two calls
        follow_redirects=False, trust_env=not endpoint.loopback,
        event_hooks={"request": [connect_soon], "response": [keep]},
    )


def _keep_texts_out_of_logs() -> None:
    """Have the clients log no bodies, as they do at DEBUG, unless somebody set their level or wants content."""
    for name in () if os.environ.get("GENESIS_CAPTURE_CONTENT") else ("openai", "anthropic", "google_genai"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
