"""What ``genesis models`` shows of a model: nothing is asked for it, and no client is loaded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from genesis_core import Model

from ._options import Endpoint
from ._provider import RemoteModel
from .local._provider import LocalModel

__all__ = ["about"]

MILLION = 1_000_000
SAMPLE = 1000
"""Tokens that a price is looked up for: prices may be higher for very long questions."""


def about(model: Model) -> dict[str, Any]:
    """Return provider, model, address, price of a million tokens and breaker of *model*; empty for one of others."""
    if isinstance(model, LocalModel):
        return {"provider": "local", "model": model.weights.name, "url": None, "price": {"input": "0", "output": "0"},
                "breaker": None}
    if not isinstance(model, RemoteModel):
        return {}
    endpoint = model.endpoint
    return {"provider": endpoint.provider, "model": endpoint.model, "url": endpoint.url, "price": _price(endpoint),
            "breaker": model.resilience.breaker(endpoint).report()}


def _price(endpoint: Endpoint) -> dict[str, str] | None:
    """Return the US dollars of a million tokens in and out; None when nobody knows."""
    from genai_prices import Usage

    from ._prices import price

    costs = [price(endpoint, usage) for usage in (Usage(input_tokens=SAMPLE), Usage(output_tokens=SAMPLE))]
    if any(cost is None for cost in costs):
        return None
    asked, answered = (_plain((cost or Decimal(0)) * (MILLION // SAMPLE)) for cost in costs)
    return {"input": asked, "output": answered}


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
