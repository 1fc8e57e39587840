"""What an answer costs, from the offline table of ``genai-prices``; what is not known is None, never 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genesis_core import SettingsError, Usage

from ._options import Endpoint

if TYPE_CHECKING:
    from genai_prices.types import AbstractUsage

__all__ = ["bound", "price", "price_of", "prices", "used"]

MILLION = Decimal(1_000_000)
PER_MESSAGE = 16
"""Tokens that mark where a message begins and ends, at most."""
PER_TOOLS = 1024
"""Tokens with which a service explains tools to its model, at most."""


def price(endpoint: Endpoint, usage: AbstractUsage, model: str = "") -> Decimal | None:
    """Return what *usage* costs in US dollars; None when nobody knows."""
    if endpoint.free:
        return Decimal(0)
    if endpoint.input_price is not None and endpoint.output_price is not None:
        read, written = (getattr(usage, f"{which}_tokens", None) or 0 for which in ("input", "output"))
        return (Decimal(str(endpoint.input_price)) * read + Decimal(str(endpoint.output_price)) * written) / MILLION
    if not endpoint.own_service:
        return None  # the same name may stand for another price elsewhere
    import genai_prices

    for name in dict.fromkeys((model or endpoint.model, endpoint.model)):
        try:
            return genai_prices.calc_price(usage, name, provider_id=endpoint.provider).total_price
        except (LookupError, ValueError):
            continue
    return None


def price_of(endpoint: Endpoint, input_tokens: int, output_tokens: int) -> Decimal | None:
    """Return what so many tokens cost in US dollars; None when nobody knows."""
    import genai_prices

    return price(endpoint, genai_prices.Usage(input_tokens=input_tokens, output_tokens=output_tokens))


def prices(service: str) -> Callable[[str, str, Mapping[str, Any], int, int], Decimal | None]:
    """Return what tells prices of the models of *service* by name, model and options: no key, no client is needed."""

    def tell(
        name: str, model: str, options: Mapping[str, Any], input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        endpoint = Endpoint.read(service, name, model, options, asked=False)
        try:
            return price_of(endpoint, input_tokens, output_tokens)
        except ModuleNotFoundError:
            raise SettingsError(f"the price of {name!r} can't be looked up", cause="genai_prices is missing",
                                hint="pip install 'genesis-agents[models]'") from None

    return tell


def used(endpoint: Endpoint, usage: Any, model: str, calls: int) -> Usage | None:
    """Return what an answer took after *calls* requests; None when the service did not say."""
    tokens = usage.input_tokens + usage.output_tokens
    if not tokens:
        return None
    return Usage(cost=price(endpoint, usage, model), tokens=tokens, output_tokens=usage.output_tokens,
                 model_calls=calls)


def bound(endpoint: Endpoint, sent: int, messages: int, *, tools: bool, answer: int, calls: int) -> Usage:
    """Return the most that an answer to *sent* bytes can take; a token is at least one byte of what is sent."""
    import genai_prices

    asked = sent + PER_MESSAGE * (messages + 1) + (PER_TOOLS if tools else 0)
    most = price(endpoint, genai_prices.Usage(input_tokens=asked, output_tokens=answer))
    return Usage(cost=most, tokens=asked + answer, output_tokens=answer, model_calls=calls)
