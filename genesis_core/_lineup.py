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
    use: tuple[str, ...] = ()
    """Those that serve every role; empty: all do. The others serve the roles that name them, and no other."""

    def choices(self, role: str) -> tuple[str, ...]:
        """Return the names that the operator left to choose from for *role*: its own, else those for every role."""
        return self.roles.get(role) or self.use or tuple(self.models)

    def chain(self, role: str, preferred: str = "") -> tuple[Model, ...]:
        """Return who is asked for *role*, in order: those of the role, then those for every role as fallback.

        *preferred* comes first where the operator left it to choose; it never displaces the models of a role.
        """
        choices = self.choices(role)
        first = (preferred,) if preferred in choices else ()
        names = (*first, *choices, *(self.use or self.models))
        return tuple(self.models[name] for name in dict.fromkeys(names) if name in self.models)

    def price(self, name: str, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what so many tokens of the model *name* cost in US dollars; None: unknown."""
        model = self.models.get(name)
        return model.price(input_tokens, output_tokens) if isinstance(model, PricedModel) else None
