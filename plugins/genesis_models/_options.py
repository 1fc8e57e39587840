"""What an operator may set: how patient the plugin is, and where a model is and how it is spoken to."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from genesis_core import SettingsError

__all__ = ["PROVIDERS", "Endpoint", "Tuning"]


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of a provider: where it is, which variables hold its key, what must be installed for it."""

    url: str
    keys: tuple[str, ...]
    package: str


PROVIDERS: Mapping[str, Service] = {
    "openai": Service("https://api.openai.com/v1", ("OPENAI_API_KEY",), "openai"),
    "anthropic": Service("https://api.anthropic.com", ("ANTHROPIC_API_KEY",), "anthropic"),
    "google": Service("https://generativelanguage.googleapis.com", ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
                      "google.genai"),
}
PROTOCOLS = ("native", "json")
_HINT = "docs/models.md of the source lists what can be set"
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Tuning:
    """The section ``[plugin.models]``: how long and how often."""

    attempts: int = 3
    """Tries of one question, as long as none of them cost anything."""
    backoff_seconds: float = 1.0
    """The wait before the second try, at most; it doubles with each, and ``Retry-After`` may make it longer."""
    retry_budget: int = 20
    """Retries that all questions of this process may make at once; one comes back every three seconds."""
    stall_seconds: float = 30.0
    """How long an answer that has begun may pause."""
    connect_seconds: float = 10.0
    max_concurrent: int = 8
    """Requests that one provider gets at a time."""
    failures: int = 5
    """Failures in a row after which a model is left alone."""
    open_seconds: float = 60.0
    """How long it is left alone before one request tries it again."""
    successes: int = 2
    """Answers in a row after which it is trusted again."""

    @classmethod
    def read(cls, section: Mapping[str, Any]) -> Tuning:
        """Return what *section* says; raises SettingsError for what it can't say."""
        known = _only(section, {f.name: f.type for f in fields(cls)}, "[plugin.models]")
        for name, value in known.items():
            if value <= 0:
                raise _wrong(f"[plugin.models] {name} is {value!r}", "it must be above 0")
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is and how it is spoken to; the key itself is never kept here, only where to look for it."""

    provider: str
    name: str
    model: str
    url: str = ""
    key_env: str = ""
    protocol: str = "native"
    """``json`` is for servers without tool calling: calls are asked for as JSON."""
    insecure: bool = False
    """The operator allows plain HTTP to another machine."""
    free: bool = False
    """Answers cost nothing: only for a server on this machine."""
    input_price: float | None = None
    """US dollars for a million tokens read, as the operator states it: the table of prices is not asked then."""
    output_price: float | None = None
    """The same for a million tokens written."""
    own_service: bool = field(default=False)
    """It is the provider's own service, at its own address."""

    @classmethod
    def read(
        cls, provider: str, name: str, model: str, options: Mapping[str, Any], *, asked: bool = True
    ) -> Endpoint:
        """Return what ``[models.endpoint.NAME]`` says; raises SettingsError for what can't be or is not safe.

        One that will never be *asked* needs no key.
        """
        where = f"[models.endpoint.{name}]"
        kinds = {"url": "str", "key_env": "str", "protocol": "str", "insecure": "bool", "free": "bool",
                 "input_price": "float", "output_price": "float"}
        known = _only(options, kinds, where)
        if not model:
            raise _wrong(f"{name!r} names no model of {provider}", f"a model is {provider}:MODEL")
        if known.get("protocol", "native") not in PROTOCOLS:
            raise _wrong(f"{where} protocol is {known['protocol']!r}", f"it is one of {', '.join(PROTOCOLS)}")
        service = PROVIDERS[provider]
        known["url"] = known.get("url", service.url).rstrip("/")
        endpoint = cls(provider, name, model, own_service=known["url"] == service.url, **known)
        _check_url(endpoint, where)
        _check_price(endpoint, where)
        if asked:
            endpoint.key()
        return endpoint

    @property
    def service(self) -> tuple[str, str, str]:
        """What answers: provider, address and model. Two names for one have breaker and waits in common."""
        return self.provider, self.url, self.model

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables that its key is looked for in; none for another's service unless ``key_env`` names one."""
        return (self.key_env,) if self.key_env else PROVIDERS[self.provider].keys if self.own_service else ()

    def key(self) -> str:
        """Return the key, empty when none is needed; raises SettingsError when it is nowhere.

        A key in the provider's usual variable goes to the provider's own service alone, never to another address.
        """
        names = self.key_names
        for name in names:
            if os.environ.get(name):
                return os.environ[name]
        if not names:
            return ""
        raise SettingsError(
            f"there is no key for the model {self.name!r}", cause=f"{' and '.join(names)} "
            f"{'is' if len(names) == 1 else 'are'} not set in the environment", hint=f"export {names[0]}=...",
        )


def _check_url(endpoint: Endpoint, where: str) -> None:
    try:
        parts = urlsplit(endpoint.url)
        host = parts.hostname
    except ValueError:
        raise _wrong(f"{where} url can't be read", "it is no address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _wrong(f"{where} url is no http or https address", "for example http://127.0.0.1:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong(f"{where} url holds more than scheme, host, port and path",
                     "a key stands in an environment variable that key_env names")
    if parts.scheme == "http" and not endpoint.loopback and not endpoint.insecure:
        raise _wrong(f"{where} sends prompts to {host} over plain http",
                     "everybody on the way could read them; https, or insecure = true to allow it")
    if endpoint.free and not endpoint.loopback:
        raise _wrong(f"{where} calls {host} free", "only a server on this machine is known to cost nothing")


def _check_price(endpoint: Endpoint, where: str) -> None:
    stated = (endpoint.input_price, endpoint.output_price)
    if (None in stated) != (stated == (None, None)):
        raise _wrong(f"{where} states half a price", "it takes input_price and output_price together")
    if any(price is not None and not 0 <= price < math.inf for price in stated):
        raise _wrong(f"{where} states a price below 0", "it is in US dollars for a million tokens")
    if endpoint.free and None not in stated:
        raise _wrong(f"{where} is free and has a price", "it is one or the other")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _only(section: Mapping[str, Any], kinds: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return *section*, each of its values being of the kind that is named for it."""
    types: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}
    for name, value in section.items():
        if name not in kinds:
            raise _wrong(f"{where} can't have {name!r}", f"it takes {', '.join(kinds)}")
        kind = str(kinds[name])
        if not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise _wrong(f"{where} {name} is {value!r}", f"it is of the kind {kind}")
    return dict(section)


def _wrong(what: str, why: str) -> SettingsError:
    return SettingsError(what[:300], cause=why, hint=_HINT)
