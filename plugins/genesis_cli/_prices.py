"""What models cost, by the names that settings give them: nothing is asked, so no key is needed and no client made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genesis_core import Goal

from ._models import opened

if TYPE_CHECKING:
    from genesis_core import Genesis, Settings

    from ._session import Session

__all__ = ["Price", "Prices", "configured_names", "dearest"]

Price = Callable[[int, int], Decimal | None]
"""Tokens read and tokens written to US dollars; None: unknown."""
Tell = Callable[[str, str, Mapping[str, Any], int, int], Decimal | None]


def configured_names(models: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the models that the section ``[models]`` names, each once: those for every role, then those of roles."""
    chains = [models.get("use", []), *models.get("roles", {}).values()]
    return tuple(dict.fromkeys(name for chain in chains for name in ([chain] if isinstance(chain, str) else chain)))


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of the models that can be named: those of a provider by what it offers as ``price``, others made."""

    session: Session
    settings: Settings
    offers: Mapping[str, Tell]

    @classmethod
    def of(cls, session: Session, settings: Settings, genesis: Genesis) -> Prices:
        """Return the prices that the plugins of *genesis* know."""
        return cls(session, settings, genesis.provided.offers.get("price", {}))

    async def of_model(self, name: str) -> Price:
        """Return the price of the model *name* (raises SettingsError for one that settings can't mean)."""
        provider, model, options = self._named(name)
        tell = self.offers.get(provider)
        if tell is None:
            return await self._made(name)
        return lambda read, written: tell(name, model, options, read, written)

    def _named(self, name: str) -> tuple[str, str, Mapping[str, Any]]:
        """Return provider, model and options, read as they are for a run."""
        endpoints = self.settings.models.get("endpoint", {})
        if name not in endpoints:
            provider, _, model = name.partition(":")
            return provider, model, {}
        options = dict(endpoints[name])
        provider = str(options.pop("provider", "openai"))
        return provider, str(options.pop("model", name)), options

    async def _made(self, name: str) -> Price:
        """Return the price that the model itself tells: it is one of a provider that offers no prices, or of nobody."""
        async with opened(self.session, self.settings, (name,)) as genesis:
            price = genesis.context(Goal(text="cost")).price
        return lambda read, written: price(name, read, written)


async def dearest(prices: Prices, names: tuple[str, ...]) -> str | None:
    """Return the one of *names* that costs most for a million tokens in and out; None when no price is known."""
    known: dict[str, Decimal] = {}
    for name in names:
        price = (await prices.of_model(name))(10**6, 10**6)
        if price is not None:
            known[name] = price
    return max(known, key=lambda name: known[name], default=None)
