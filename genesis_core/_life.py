"""The life of a run: what it has taken since its first row, all crashes and resumes together, and where that ends.

Counters are folded from the journal: tasks and updates from the rows that made them, calls and money from those of the
calls, seconds from the times of rows. How long a driver lived after its last row stands in a file of its own beside the
journal, and is taken into the next row that begins a driver.
"""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import BudgetExceeded, GenesisError, LimitExceeded
from .policy import Budget, PlanLimits

if TYPE_CHECKING:
    from ._fold import RunRecord
    from .tasks import TaskGraph

__all__ = ["INSIDE", "NESTED", "beat", "check_outermost", "check_texts", "lived", "time_left"]

INSIDE: ContextVar[str] = ContextVar("genesis_inside", default="")
"""The run whose task this is; empty: none."""
NESTED = "GENESIS_NESTED"
"""Variable of the environment: how many runs a process stands in, each in a tool of the one before."""
ALIVE = "alive"
MAX_REQUIRES = 100
"""Skills that one task may require: they are compared with those of every agent."""


def check_outermost(limits: PlanLimits) -> None:
    """Raise LimitExceeded when a run would begin inside a task of another one, or too deep below tools of others.

    A run inside a run would have counters of its own, and so no limit would hold for both together.
    """
    if within := INSIDE.get():
        raise LimitExceeded(f"a task of run {within} can't begin a run of its own",
                            cause="its calls and tasks would not count into the limits of that run",
                            hint="answer genesis_revise with new tasks instead")
    if nested() >= limits.max_depth:
        raise LimitExceeded(f"{nested()} runs stand inside each other; at most {limits.max_depth} may",
                            cause="each was begun by a tool of the one before", hint="let the tool not begin a run")


def check_texts(graph: TaskGraph, limits: PlanLimits) -> None:
    """Raise LimitExceeded when a task in *graph* is described by a document, or asks for an agent that can do all."""
    for task in graph.tasks:
        if len(task.requires) > MAX_REQUIRES:
            raise LimitExceeded(
                f"task {task.id!r} requires {len(task.requires)} skills; at most {MAX_REQUIRES} are allowed",
                cause="one agent must have them all", hint="split the task")
        if len(task.description) > limits.max_text_chars:
            raise LimitExceeded(
                f"the description of task {task.id!r} has {len(task.description)} characters; "
                f"at most {limits.max_text_chars} are allowed", cause="it says what is to be done, in words",
                hint="put the material into a file and name it as an input, or raise limits.max_text_chars")


def nested() -> int:
    """Return how many runs this process stands in."""
    found = os.environ.get(NESTED, "")
    return int(found) if found.isdecimal() and len(found) < 10 else 0


def beat(folder: Path, now: datetime | None = None) -> None:
    """Note in the run's *folder* that its driver is alive; what can't be written is not noted."""
    with contextlib.suppress(OSError):
        handle = os.open(folder / ALIVE, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(handle, (now or datetime.now(UTC)).isoformat(timespec="microseconds").encode())
        finally:
            os.close(handle)


def lived(record: RunRecord, folder: Path, now: datetime | None = None) -> float:
    """Return the seconds that the run's drivers have spent on it, up to the last sign of life of the last one."""
    if record.until is None or record.since is None:
        return record.seconds
    try:
        alive = datetime.fromisoformat((folder / ALIVE).read_text(encoding="ascii"))
        silent = (min(alive, now or datetime.now(UTC)) - record.until).total_seconds()
    except (OSError, ValueError, TypeError):
        silent = 0.0
    return record.seconds + (record.until - record.since).total_seconds() + max(0.0, silent)


def time_left(budget: Budget, limits: PlanLimits, spent: float) -> tuple[float, GenesisError] | None:
    """Return the seconds that are left when *spent* are gone, and what to say when they are; None: no end is set."""
    ends: list[tuple[float, GenesisError]] = []
    if limits.max_seconds is not None:
        ends.append((limits.max_seconds, LimitExceeded(
            f"the run has used up max_seconds = {limits.max_seconds:g}", cause="a limit over the life of the run",
            hint="raise limits.max_seconds, then genesis resume RUN")))
    if budget.max_seconds is not None:
        ends.append((budget.max_seconds, BudgetExceeded(
            "the run's seconds are spent", hint="genesis resume RUN --budget ...")))
    if not ends:
        return None
    seconds, error = min(ends, key=lambda end: end[0])
    return max(0.0, seconds - spent), error
