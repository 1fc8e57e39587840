"""What is proposed before anything runs: Plan, Estimate, Finding, Verdict, Score, PlanReport, Screening."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field

from .agents import AgentCard, Assignment
from .errors import DependencyDown
from .models import ModelReply, ModelRequest
from .outcomes import TaskOutcome
from .policy import Budget, PlanLimits, Usage
from .records import Record, digest
from .tasks import Goal, Task, TaskGraph
from .tools import ToolSpec

__all__ = [
    "Decomposition", "Estimate", "Finding", "Mend", "Outcome", "Plan", "PlanContext", "PlanReport", "Score",
    "Screening", "Severity", "Verdict",
]


def _no_files(pattern: str = "**/*") -> tuple[str, ...]:
    return ()


def _no_price(model: str, input_tokens: int, output_tokens: int) -> Decimal | None:
    return None


def _no_outcomes() -> Sequence[TaskOutcome]:
    return ()


async def _no_model(request: ModelRequest) -> ModelReply:
    raise DependencyDown("no model is configured", cause="planning asked for one", hint="genesis run --model NAME ...")


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a planning hook may look at."""

    goal: Goal
    agents: tuple[AgentCard, ...] = ()
    """Every agent's card, in order of name."""
    tools: tuple[ToolSpec, ...] = ()
    models: tuple[str, ...] = ()
    """Names of configured models; empty means none, and then an agent that needs one is no candidate."""
    limits: PlanLimits = PlanLimits()
    budget: Budget = Budget()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The operator's settings, one section a plugin: ``settings.get("halo", {})``."""
    secrets: tuple[str, ...] = ()
    """Names of the secrets that the operator's settings hold; what they are, nobody is told."""
    offers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What plugins offered by kind and name: ``offers.get("rule", {})``, ``offers.get("pattern", {})``."""
    origins: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Who made an offer, by its kind and name: the plugin, and its distribution."""
    files: Callable[[str], tuple[str, ...]] = _no_files
    """``files(pattern)``: workspace-relative names, sorted; hidden, VCS and dependency folders left out."""
    ask: Callable[[ModelRequest], Awaitable[ModelReply]] = _no_model
    """Ask a configured model, as ``TaskContext.ask`` does; what it takes counts into the budget of the run.

    Raises DependencyDown when no model is configured or none answers: a planning hook then goes on without.
    """
    price: Callable[[str, int, int], Decimal | None] = _no_price
    """``price(model, input_tokens, output_tokens)``: what they cost in US dollars; None: unknown."""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By role the models that may be asked for it first, in the operator's order: ``Estimate.model`` is one of them."""
    home: Path | None = None
    """The state folder, for what a plugin keeps from run to run; None: there is none."""

    def __post_init__(self) -> None:
        """Make what is a plain dict read-only: every hook gets this very value, and none may change it for the next."""
        for name in ("settings", "offers", "origins", "roles"):
            if isinstance(given := getattr(self, name), dict):
                object.__setattr__(self, name, MappingProxyType(given))
    outcomes: Callable[[], Sequence[TaskOutcome]] = _no_outcomes
    """``outcomes()``: what came of tasks in earlier runs, newest run first; the same at each call for one plan.

    Figures, and names of agents, models and skills that are there: a digest stands for any other name, a task's too.
    """


class Decomposition(Record):
    """An answer of ``genesis_decompose``: the tasks, and the words of the goal that none of them covers."""

    tasks: tuple[Task, ...]
    not_understood: tuple[str, ...] = ()
    degraded: str = ""
    """Why this is below the configured level, when a model answered and its answer could not be used."""


class Estimate(Record):
    """What a task is expected to take."""

    task_id: str = ""
    difficulty: float = Field(default=0.5, ge=0, le=1)
    cost: Decimal | None = Decimal(0)
    """US dollars; None: unknown."""
    tokens: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    model: str = ""
    """Name of the configured model to ask first, for roles that the operator left it to; empty: that of the role."""
    escalate: tuple[str, ...] = ()
    """Models to ask in turn when the result does not pass the task's acceptance check."""
    quality: float | None = Field(default=None, ge=0, le=1)
    """How likely the result is right; None: not estimated."""
    confidence: float = Field(default=0.0, ge=0, le=1)
    """0: taken from the agent's card alone."""
    reason: str = ""
    """Where this comes from, in words: how much is learned, and from how many outcomes."""


class Plan(Record):
    """Exactly what would run: the goal, its tasks, who does each, and what that is expected to take."""

    goal: Goal
    graph: TaskGraph
    assignments: tuple[Assignment, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    unrouted: tuple[Assignment, ...] = ()
    """Why nobody was found for the tasks that have no assignment, as far as a router told."""
    made: tuple[AgentCard, ...] = ()
    """Specialists that were made for tasks that no agent could do; who runs the plan gets them, too."""
    not_understood: tuple[str, ...] = ()
    """Words of the goal that no task covers."""
    pipeline: str = "v2"
    degraded: str = ""
    """Why the plan is below the configured level: what the models that planning asked failed with, ``(hint: ...)``."""

    @cached_property
    def digest(self) -> str:
        """sha256 of the plan's canonical JSON: approvals, diffs and journals name exactly one plan by it."""
        return digest(self.to_json())

    @cached_property
    def assigned(self) -> Mapping[str, Assignment]:
        """The assignment of each task that has one."""
        return {a.task_id: a for a in self.assignments}

    @cached_property
    def estimated(self) -> Mapping[str, Estimate]:
        """The estimate of each task that has one."""
        return {e.task_id: e for e in self.estimates}

    @cached_property
    def critical_seconds(self) -> float:
        """Expected seconds along the longest chain of tasks."""
        done: dict[str, float] = {}
        for name in self.graph.order:
            if name in self.graph.children:
                continue
            waits = [done.get(leaf, 0.0) for need in self.graph.waits_for(name) for leaf in self.graph.leaves_of(need)]
            done[name] = max(waits, default=0.0) + (self.estimated[name].seconds if name in self.estimated else 0.0)
        return max(done.values(), default=0.0)

    @cached_property
    def expected(self) -> Usage:
        """Money, tokens and seconds that all tasks together are expected to take."""
        costs = [e.cost for e in self.estimates]
        known = None if any(c is None for c in costs) else sum((c for c in costs if c is not None), Decimal(0))
        return Usage(
            cost=known, tokens=sum(e.tokens for e in self.estimates), seconds=sum(e.seconds for e in self.estimates)
        )


class Severity(StrEnum):
    """How much a finding about a plan weighs."""

    NOTE = "note"
    FIXABLE = "fixable"
    FATAL = "fatal"


class Mend(StrEnum):
    """The way to mend a finding."""

    NONE = "none"
    REROUTE = "re-route"
    REDESCRIBE = "re-describe"
    SPLIT = "split"
    MERGE = "merge"
    REPLAN = "re-plan"


class Finding(Record):
    """Something that is wrong, or worth knowing, about a plan."""

    rule: str
    severity: Severity
    message: str
    task_ids: tuple[str, ...] = ()
    mend: Mend = Mend.NONE
    hint: str = ""


class Verdict(StrEnum):
    """What the findings come to."""

    ACCEPT = "accept"
    REVISE = "revise"
    REJECT = "reject"


class Score(Record):
    """How good a plan is, each term in 0..1."""

    value: float = Field(ge=0, le=1)
    success: float = Field(ge=0, le=1)
    quality: float = Field(ge=0, le=1)
    cost: float = Field(ge=0, le=1)
    time: float = Field(ge=0, le=1)
    weights: tuple[float, float, float, float] = (0.4, 0.3, 0.2, 0.1)
    """How much success, quality, what it does not cost and the time it does not take count."""
    reason: str = ""
    """Where the terms and weights come from, in words: what is learned and from how much, or why nothing is."""


class PlanReport(Record):
    """A plan and what the validators found."""

    plan: Plan
    findings: tuple[Finding, ...] = ()
    score: Score | None = None
    revisions: int = Field(default=0, ge=0)

    @property
    def verdict(self) -> Verdict:
        """REJECT for any FATAL finding, REVISE for any FIXABLE one that names a mend, else ACCEPT."""
        if any(f.severity is Severity.FATAL for f in self.findings):
            return Verdict.REJECT
        if any(f.severity is Severity.FIXABLE and f.mend is not Mend.NONE for f in self.findings):
            return Verdict.REVISE
        return Verdict.ACCEPT

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form, verdict and digest included."""
        return {**super().to_json(), "verdict": self.verdict.value, "digest": self.plan.digest}


class Outcome(StrEnum):
    """What screening says of a text; the most restrictive of all answers wins."""

    ALLOW = "allow"
    QUARANTINE = "quarantine"
    BLOCK = "block"


class Screening(Record):
    """What a guard says of one text."""

    outcome: Outcome = Outcome.ALLOW
    score: float = Field(default=0.0, ge=0, le=1)
    spans: tuple[tuple[int, int], ...] = ()
    """Character positions, half open."""
    reasons: tuple[str, ...] = ()
