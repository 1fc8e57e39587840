"""The facts that are learned from: of tasks and of whole runs, in the order of time, without anybody's words.

A try is one task of one run as it ended for one agent: what a first model got wrong and a second put right is one
success; what one agent failed at and another did is a failure and a success.
It succeeded when it completed at the configured level (and passed its check, where it has one). What says nothing of
who did it counts for neither: denied, out of budget, unreachable, made without the model that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from genesis_aop._roster import normal
from genesis_core import AgentCard, TaskOutcome

__all__ = ["Done", "Part", "Try", "named", "tries_of"]

_ELSEWHERE = frozenset({"security", "network", "routing"})
_NOT_ITS_OWN = frozenset({"budget_exceeded", "limit_exceeded", "journal_error", "no_model", "blocked", "skipped"})
"""Codes of the kernel for what befell a task from outside, among categories that otherwise tell of who did it."""


class Try(NamedTuple):
    """One task that an agent did, or failed at."""

    run: str
    agent: str
    skills: tuple[str, ...]
    """What it required, as compared; ``("",)``: it named none; empty: none that a card here has."""
    done: bool
    checked: bool = False
    difficulty: float = 0.5


class Part(NamedTuple):
    """One task of a plan that somebody was given."""

    agent: str
    skills: tuple[str, ...]
    difficulty: float = 0.5


class Done(NamedTuple):
    """A whole run: its plan as it was scored before it began, and what came of it."""

    run: str
    parts: tuple[Part, ...]
    routed: float
    """Share of the tasks that somebody was given."""
    quality: float
    cost: float
    time: float
    done: float
    """Share of the tasks that completed at the configured level."""


def tries_of(outcomes: Iterable[TaskOutcome], cards: Mapping[str, AgentCard]) -> list[Try]:
    """Return the tries of the agents in *cards*, oldest run first; *outcomes* come newest run first."""
    skills = {name: frozenset(normal(s) for skill in card.skills for s in (skill.id, skill.name) if s)
              for name, card in cards.items()}
    runs: dict[str, dict[tuple[str, str], TaskOutcome]] = {}
    for outcome in outcomes:
        runs.setdefault(outcome.run, {})[outcome.task, outcome.agent] = outcome  # the last is how it ended
    return [_try(o, skills[o.agent]) for run in reversed(list(runs.values())) for o in run.values()
            if o.agent in cards and _tells(o)]


def _tells(outcome: TaskOutcome) -> bool:
    """Return whether what came of it is to whoever did it."""
    if outcome.done:
        return True
    return not outcome.degraded and outcome.category not in _ELSEWHERE and outcome.code not in _NOT_ITS_OWN


def _try(outcome: TaskOutcome, skills: frozenset[str]) -> Try:
    return Try(outcome.run, outcome.agent, named(outcome.skills, skills), outcome.done, outcome.checked,
               outcome.difficulty)


def named(required: Sequence[str], skills: frozenset[str] | None = None) -> tuple[str, ...]:
    """Return the *required* skills as compared, of *skills* alone where it is given; ``("",)`` when none is named."""
    if not required:
        return ("",)
    return tuple(dict.fromkeys(s for name in required if (s := normal(name)) and (skills is None or s in skills)))
