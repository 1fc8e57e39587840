"""Ask language models over HTTP: OpenAI and whatever speaks its protocol, Anthropic, Google.

The kernel decides whether, whom and with what money to ask; this plugin carries the question there and back: it maps
messages, checks answers, retries what cost nothing, and stops asking what is down. ``docs/models.md`` shows the
settings. A provider's package is imported when one of its models is asked for the first time, and not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_core import Offer, hookimpl

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> list[Offer]:
    """Offer a provider and its prices for each of the services, and how their models fare."""
    from decimal import Decimal

    from ._about import about
    from ._options import PROVIDERS, Tuning
    from ._prices import prices
    from ._provider import provider
    from ._resilience import of_this_process
    from .local._provider import local_provider
    from .local._weights import catalogue

    resilience = of_this_process(Tuning.read(settings))
    return [
        *(Offer("provider", name, provider(name, resilience)) for name in PROVIDERS),
        *(Offer("price", name, prices(name)) for name in PROVIDERS),
        Offer("provider", "local", local_provider(resilience)),
        Offer("price", "local", lambda *_: Decimal(0)),
        *(Offer("weights", name, weights) for name, weights in catalogue().items()),
        Offer("health", "models", resilience.health),
        Offer("models", "about", about),
    ]
