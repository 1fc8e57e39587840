"""Behind ``genesis models``: which models are configured, each made on its own so that one fault hides no other."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from genesis_core import (
    DependencyDown,
    Genesis,
    GenesisError,
    Message,
    Model,
    ModelReply,
    ModelRequest,
    Settings,
    SettingsError,
    load_settings,
)

from . import _streams as streams
from ._model_option import ROLES
from ._session import Session

__all__ = ["Answered", "Configured", "Server", "Weights", "ask_twice", "configured", "opened", "settings_of"]


class Server(Protocol):
    """A local model that is loaded and answers."""

    url: str

    def wait(self) -> int:
        """Return when it has ended."""

    def stop(self) -> None:
        """End it."""


class Weights(Protocol):
    """A local model that can be fetched: what is offered under the kind ``weights``."""

    name: str
    title: str
    about: str
    license: str
    bytes: int
    path: Path
    fetched: bool
    lacks: str
    """What to type before it can be used; empty: nothing is missing."""

    def fetch(self, progress: Callable[[int, int, str], None] | None = None) -> Path:
        """Download and verify it."""

    def serve(self, *, port: int = 0, threads: int = 1, key: str = "") -> Server:
        """Load it and answer on 127.0.0.1."""


@dataclass(frozen=True)
class Configured:
    """A model that settings name: what it serves, and what is known of it, or why it can't be made."""

    name: str
    roles: tuple[str, ...]
    """Those that it is asked first for."""
    model: Model | None
    about: Mapping[str, Any]
    error: GenesisError | None = None


@dataclass(frozen=True)
class Answered:
    """What one question to a model came to."""

    question: str
    seconds: float
    reply: ModelReply | None = None
    error: str = ""
    cause: str = ""
    hint: str = ""


def settings_of(session: Session) -> Settings:
    """Return the settings in force (raises SettingsError)."""
    return load_settings({"home": session.home} if session.home else None).settings


@asynccontextmanager
async def opened(session: Session, settings: Settings, names: tuple[str, ...] = ()) -> AsyncIterator[Genesis]:
    """Enter a Genesis that has the models *names* and no others (raises what making one raises)."""
    section = {key: value for key, value in settings.models.items() if key != "roles"}  # a wrong key is told, too
    section["use"] = list(names)
    if unknown := set(settings.models.get("roles", {})) - set(ROLES):
        section["roles"] = {role: [] for role in unknown}  # refused as at a run, and no model of a known role is made
    genesis = Genesis.open(settings=settings.replace(models=section), block=session.block)
    with streams.quiet_stdout():
        await genesis.__aenter__()
    try:
        yield genesis
    finally:
        await genesis.__aexit__(None, None, None)


async def configured(session: Session, settings: Settings, names: tuple[str, ...] = ()) -> list[Configured]:
    """Return *names*, or every model that settings name, in the order in which they would be asked."""
    use, roles = _listed(settings.models.get("use", [])), settings.models.get("roles", {})
    chains = {role: (*_listed(roles.get(role, [])), *use) for role in ROLES}
    every = names or tuple(dict.fromkeys((*use, *(name for chain in chains.values() for name in chain))))
    return [await _one(session, settings, name, tuple(r for r in ROLES if chains[r][:1] == (name,))) for name in every]


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


async def _one(session: Session, settings: Settings, name: str, roles: tuple[str, ...]) -> Configured:
    try:
        async with opened(session, settings, (name,)) as genesis:
            model = genesis.provided.models[name]
            return Configured(name, roles, model, _about(genesis, model))
    except (DependencyDown, SettingsError) as error:  # anything else is no fault of this one model
        return Configured(name, roles, None, {}, error)


def _about(genesis: Genesis, model: Model) -> Mapping[str, Any]:
    for tell in genesis.provided.offers.get("models", {}).values():
        if found := tell(model):
            return dict(found)
    return {}


SKY = "What colour is the sky on a clear day? Answer with one word."
COLOUR = {
    "type": "object", "required": ["colour"], "additionalProperties": False,
    "properties": {"colour": {"type": "string", "enum": ["blue", "green", "red"]}},
}
QUESTIONS = {
    "text": ModelRequest(messages=(Message(role="user", text=SKY),), max_output_tokens=512),
    "structured": ModelRequest(messages=(Message(role="user", text=SKY),), max_output_tokens=512, answer_schema=COLOUR),
}
"""Room for models that think before they answer; an answer itself takes a handful of tokens."""


async def ask_twice(model: Model) -> list[Answered]:
    """Ask *model* for a word and for a structured answer; the second is asked although the first failed."""
    return [await _asked(model, name, request) for name, request in QUESTIONS.items()]


async def _asked(model: Model, name: str, request: ModelRequest) -> Answered:
    import asyncio

    began = time.monotonic()
    try:
        reply = await asyncio.wait_for(model.complete(request), request.seconds)
    except TimeoutError:
        return Answered(name, time.monotonic() - began, error=f"no answer within {request.seconds:g} s",
                        hint="try again; a local model is loaded first")
    except GenesisError as error:
        return Answered(name, time.monotonic() - began, error=error.message, cause=error.cause, hint=error.hint)
    seconds = time.monotonic() - began
    if reply.wrong:
        return Answered(name, seconds, reply, error="the answer does not follow the schema", cause=reply.wrong,
                        hint="choose a model that can give structured answers")
    return Answered(name, seconds, reply)
