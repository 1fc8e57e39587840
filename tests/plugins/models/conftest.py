"""A laboratory: a real server that speaks like three services, and models that ask it, quick to try again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from genesis_models._options import Tuning
from genesis_models._provider import RemoteModel, provider
from genesis_models._resilience import Resilience

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

SERVICES = {
    "openai": ("openai", "gpt-4o-mini"),
    "anthropic": ("anthropic", "claude-sonnet-4-6"),
    "google": ("gemini", "gemini-2.5-flash"),
}
"""By provider: what the server calls it, and a model."""
KEY = "sk-laboratory-0123456789abcdef"


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Lab:
    """Models that share breakers and the bucket of retries, as those of one process do."""

    server: LLMock
    clock: Clock = field(default_factory=Clock)
    tuning: Tuning = field(default_factory=lambda: Tuning(backoff_seconds=0.2, retry_budget=1000))
    resilience: Resilience = field(init=False)

    def __post_init__(self) -> None:
        self.tune()

    def tune(self, **tuning: Any) -> Lab:
        """Begin anew, with another tuning."""
        self.tuning = Tuning(**{"backoff_seconds": 0.2, "retry_budget": 1000, **tuning})
        self.resilience = Resilience(self.tuning, self.clock, Random(7))
        return self

    def model(self, service: str = "openai", name: str = "lab", **options: Any) -> RemoteModel:
        spoken, model = SERVICES[service]
        given = {"url": self.server.base_url(spoken), "key_env": "LAB_KEY", **options}
        made = provider(service, self.resilience)(name, given.pop("model", model), given)
        assert isinstance(made, RemoteModel)
        return made


@pytest.fixture
def lab(llmock: LLMock, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("LAB_KEY", KEY)
    return Lab(llmock)


@pytest.fixture(params=list(SERVICES))
def service(request: pytest.FixtureRequest) -> str:
    """Each provider in turn."""
    name: str = request.param
    return name


@pytest.fixture
def services() -> dict[str, tuple[str, str]]:
    """By provider: what the server calls it, and a model."""
    return dict(SERVICES)


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run a coroutine; all of a test on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run
