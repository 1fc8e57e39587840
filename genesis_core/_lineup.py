"""Which models may be asked, and in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .models import Model, PricedModel

__all__ = ["Lineup"]


@dataclass(frozen=True, slots=True)
class Lineup:
    """The models that the operator chose, the default first, and which of them serve a role."""

    models: Mapping[str, Model] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role to a chain of names: the first is asked, the next when it fails."""

    def chain(self, role: str, preferred: str = "") -> tuple[Model, ...]:
        """Return who is asked for *role*, in order: *preferred*, those of the role, then the rest as fallback."""
        names = (preferred, *self.roles.get(role, ()), *self.models)
        return tuple(self.models[name] for name in dict.fromkeys(names) if name in self.models)

    def price(self, name: str, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what so many tokens of the model *name* cost in US dollars; None: unknown."""
        model = self.models.get(name)
        return model.price(input_tokens, output_tokens) if isinstance(model, PricedModel) else None
