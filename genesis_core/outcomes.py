"""TaskOutcome: what came of one task of a run that has ended, for those who learn from it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

__all__ = ["TaskOutcome"]


class TaskOutcome(NamedTuple):
    """What came of one task, or of one model's try at it; the facts alone, taken from the journal of its run.

    A task whose first model's result did not pass its check, and was done again by another model, gives two of them.
    What was re-used from an earlier run or replayed gives none, nor what never began.
    """

    run: str
    task: str
    """Its id; a planning hook sees a digest of it, as names of files may stand in it."""
    agent: str
    skills: tuple[str, ...] = ()
    """The skills that the task asked for."""
    model: str = ""
    """Who answered last; of a degraded result who was asked first; empty: no model was asked."""
    state: str = "completed"
    """``completed``, ``failed`` or ``rejected``."""
    code: str = ""
    """Code of the error, such as ``not_accepted``; empty: none."""
    category: str = ""
    """Where the error belongs, as :class:`Category` has it."""
    checked: bool = False
    """Whether the task has an acceptance check; without one a completed task may still be wrong."""
    degraded: bool = False
    """Whether models were asked and none gave what the result was made of."""
    difficulty: float = 0.5
    """As the plan estimated it."""
    tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    """US dollars; None: unknown."""
    seconds: float = 0.0
    """From its start to its end."""

    @property
    def done(self) -> bool:
        """Whether it completed at the configured level."""
        return self.state == "completed" and not self.degraded
