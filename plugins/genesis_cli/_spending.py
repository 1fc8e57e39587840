"""What the models of a run took: by task, by agent, by model; and what the strong model would have cost. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from genesis_core import EventKind, RunEvent, Usage

__all__ = ["PLANNING", "Part", "Spending", "spending"]

PLANNING = "(planning)"
"""Stands where questions of planning have no task and no agent."""
Price = Callable[[int, int], Decimal | None]


@dataclass
class Part:
    """A sum of model calls."""

    calls: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    """US dollars; None: unknown."""
    seconds: float = 0.0

    def add(self, data: Mapping[str, Any]) -> None:
        """Take in one ``model.answered`` row."""
        usage = Usage(**data["usage"])
        self.calls += usage.model_calls
        self.failed += "error" in data
        self.input_tokens += usage.tokens - usage.output_tokens
        self.output_tokens += usage.output_tokens
        self.cost = None if self.cost is None or usage.cost is None else self.cost + usage.cost
        self.seconds += data.get("seconds", 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; money as text, so that no digit is lost."""
        return {
            "calls": self.calls, "failed": self.failed, "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens, "cost": None if self.cost is None else str(self.cost),
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Spending:
    """The sums of one run."""

    total: Part = field(default_factory=Part)
    tasks: dict[str, Part] = field(default_factory=dict)
    agents: dict[str, Part] = field(default_factory=dict)
    models: dict[str, Part] = field(default_factory=dict)

    def saving(self, price: Price) -> tuple[Decimal, float] | None:
        """Return what the strong model would have cost for the same tokens, and the share of it that was saved.

        None: nothing was spent on, or a price is not known.
        """
        strong = price(self.total.input_tokens, self.total.output_tokens)
        if strong is None or self.total.cost is None or strong == 0:
            return None
        return strong, float(1 - self.total.cost / strong)


def spending(events: Iterable[RunEvent]) -> Spending:
    """Return what the rows of a run say was spent on models."""
    found = Spending()
    for event in events:
        if event.kind is EventKind.MODEL_ANSWERED:
            task = event.task_id or PLANNING
            agent = event.actor if event.task_id else PLANNING
            for part in (found.total, found.tasks.setdefault(task, Part()), found.agents.setdefault(agent, Part()),
                         found.models.setdefault(event.data["model"], Part())):
                part.add(event.data)
    return found
