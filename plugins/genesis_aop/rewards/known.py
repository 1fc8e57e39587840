"""What was learned, as plans use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from pydantic import Field, field_validator

from genesis_core import Record

from .facts import Part
from .measures import chance, log_odds, mean
from .terms import FIXED, UNKNOWN, Four

__all__ = ["METHOD", "Calibration", "Compared", "Known", "Measured", "Origin", "Rewards", "Success", "Weights"]

METHOD = 2
"""Of the way to learn; figures of another one are not used."""


class Known(Record):
    """What is known of an agent, for one skill or for all of its tasks."""

    agent: str
    skill: str | None = None
    """None: all tasks; empty: those that name no skill."""
    successes: int = Field(ge=0)
    tries: int = Field(ge=0)
    checked: int = Field(ge=0)
    """How many of the tries had an acceptance check: what had none may have completed and still be wrong."""
    runs: int = Field(ge=0)
    counted: float = Field(ge=0)
    """What the tries are worth, as older ones and those of one run together count for less."""
    estimate: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    """Between these it lies with a probability of 90 %."""
    card: float = Field(ge=0, le=1)
    """What the agent's card says."""
    toward: float = Field(ge=0, le=1)
    """What the estimate is drawn towards: the agent's other tasks, and behind them its card."""
    difficulty: float = Field(ge=0, le=1)
    """Of the tries, on average."""


class Calibration(Record):
    """What maps log-odds of an estimate to those that came true: offset + slope x odds + difficulty x (above mean)."""

    offset: float = Field(ge=-10, le=10)
    slope: float = Field(ge=0, le=10)
    difficulty: float = Field(ge=-20, le=20)

    def __call__(self, p: float, harder: float) -> float:
        """Return *p* as outcomes say that it should be, of a task that is *harder* than what it was learned from."""
        return chance(self.offset + self.slope * log_odds(p) + self.difficulty * harder)


class Success(Record):
    """How likely each agent succeeds, and what it was learned with."""

    used: bool
    why: str
    shift: float = Field(default=0.0, ge=-10, le=10)
    """By how much the cards are off, in log-odds."""
    card_pull: float = Field(default=10.0, gt=0, le=1e6)
    """Tries that a card is worth."""
    agent_pull: float = Field(default=10.0, gt=0, le=1e6)
    """Tries that an agent's other tasks are worth for one skill."""
    half_life: int | None = None
    """Runs after which a try counts half; None: all count alike."""
    alike: float = Field(default=0.0, ge=0, le=1)
    """How far tries of one agent in one run come out alike (intraclass correlation)."""
    calibration: Calibration | None = None
    agents: tuple[Known, ...] = ()
    pairs: tuple[Known, ...] = ()

    @cached_property
    def by_pair(self) -> dict[tuple[str, str | None], Known]:
        """What is known, by agent and skill; a skill of None: all."""
        return {(known.agent, known.skill): known for known in (*self.agents, *self.pairs)}

    def of(self, part: Part, card: float) -> float:
        """Return how likely *part* comes right when the agent's card says *card*."""
        found = self._known(part)
        p = mean([known.estimate for known in found]) if found else chance(log_odds(card) + self.shift)
        return p if self.calibration is None else self.calibration(p, self.harder(part))

    def chance(self, part: Part, card: float | None) -> float:
        """Return the same where what was learned is used, else what the card says; None: the agent has no card."""
        if card is None:
            return UNKNOWN
        return self.of(part, card) if self.used else card

    def harder(self, part: Part) -> float:
        """Return by how much *part* is harder than what its estimate was learned from."""
        found = self._known(part)
        return part.difficulty - mean([known.difficulty for known in found]) if found else 0.0

    def _known(self, part: Part) -> list[Known]:
        """Return what is known of its skills; of its agent, where nothing is."""
        found = [known for s in part.skills if (known := self.by_pair.get((part.agent, s))) is not None]
        whole = self.by_pair.get((part.agent, None))
        return found if found or whole is None else [whole]


class Weights(Record):
    """How much each term of the score counts."""

    used: bool
    why: str
    learned: Four | None = None
    runs: int = Field(default=0, ge=0)

    @field_validator("learned")
    @classmethod
    def _whole(cls, given: Four | None) -> Four | None:
        if given is not None and (min(given) < 0 or not math.isclose(math.fsum(given), 1.0, abs_tol=1e-6)):
            raise ValueError("weights are none below 0, and 1 together")
        return given


class Measured(Record):
    """How good one way to foretell was on what it had not seen; None: not to be said."""

    way: str
    log_loss: float | None = None
    brier: float | None = None
    calibration: float | None = None
    ranking: float | None = None


class Compared(Record):
    """Ways to foretell, on the same held-out tasks or runs."""

    count: int = Field(ge=0)
    ways: tuple[Measured, ...] = ()


class Origin(Record):
    """What it was learned from."""

    outcomes: int = Field(ge=0)
    runs: int = Field(ge=0)
    first: str = ""
    """Id of the oldest run; it begins with the time."""
    last: str = ""
    digest: str = ""
    """sha256 of the facts: the same facts, the same figures."""
    seed: int = 0


class Rewards(Record):
    """All that was learned, with its origin and how it did where it could be checked."""

    origin: Origin
    success: Success
    weights: Weights
    tasks_held_out: Compared
    runs_held_out: Compared

    @property
    def weights_in_force(self) -> Four:
        """The weights that plans are scored with."""
        return self.weights.learned if self.weights.used and self.weights.learned is not None else FIXED

    def reason(self, agents: Sequence[str]) -> str:
        """Say what the score of a plan of these *agents* rests on."""
        of = f"{self.origin.outcomes} outcomes of {self.origin.runs} runs"
        known = [name for name in agents if (name, None) in self.success.by_pair]
        if not self.success.used:
            success = f"success as agents' cards say (what was learned from {of} {self.success.why})"
        elif not known:
            success = f"success as agents' cards say, moved by what {of} of other agents teach"
        else:
            success = f"success learned from {of} for {_few(known)}"
        weights = "learned weights" if self.weights_in_force != FIXED else f"fixed weights ({self.weights.why})"
        return f"{weights}; {success}"

def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
