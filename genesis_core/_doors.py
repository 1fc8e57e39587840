"""The doors that a question to a model goes through: those of a task, and those of planning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._asking import ask
from ._lineup import Lineup
from ._policy import Authority
from ._prompted import Prompted
from ._replay.tape import answered
from ._turns import Turns
from .errors import GenesisError
from .models import Model, ModelReply, ModelRequest
from .plans import Finding, Screening, Severity
from .policy import Action, Identity, Label, Usage
from .runs import EventKind

if TYPE_CHECKING:
    from ._kernel import Planner
    from ._scope import TaskContext

__all__ = ["PlanDoors", "TaskDoors"]

PLAN_SECONDS = 300.0
"""Time limit of one answer while planning; the request's own limit is mostly lower."""
MAX_SPANS = 20
"""Spans of a screening that a row keeps."""


def said_of(what: str, screening: Screening) -> dict[str, Any]:
    """Return what a row keeps of a screening: none of the words that were screened."""
    return {"what": what, "outcome": screening.outcome.value, "reasons": list(screening.reasons),
            "spans": [list(span) for span in screening.spans[:MAX_SPANS]]}


@dataclass(frozen=True, slots=True)
class TaskDoors:
    """Those of one attempt; its TaskContext shows agents less than this."""

    context: TaskContext

    @property
    def seconds_left(self) -> float:
        return self.context.seconds_left

    @property
    def in_money(self) -> bool:
        return self.context._scope.ledger.in_money

    def emit(self, kind: EventKind, data: dict[str, Any]) -> object:
        return self.context._emit(kind, data)

    async def commit(self) -> None:
        await self.context._scope.journal.flush()

    async def authorize(self, action: Action) -> None:
        await self.context._authorize(action)

    def passing(self, action: Action) -> dict[str, Any]:
        said = self.context._passing(action)
        if said:
            self.context._scope.acted.add(self.context.task.id)
        return said

    def given(self, action: Action) -> Any:
        passed = self.context._given(action)
        return None if passed is None else passed.value()

    async def spend(self, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]]) -> Any:
        return await self.context._spend(need, work)

    async def screen(self, text: str, what: str) -> None:
        await self.context._scope.authority.screen(text, self.context.label, what)

    async def fit(self, request: ModelRequest) -> ModelRequest:
        return await self.context._prompted.fit(request, self._screened, self._doubted)

    async def _screened(self, text: str, what: str, label: Label) -> Screening:
        return await self.context._scope.authority.screen(text, label, what)

    def _doubted(self, what: str, screening: Screening) -> None:
        self.context._emit(EventKind.SCREENED, said_of(what, screening))
        self.context.warn(self.context._prompted.warnings[-1])

    def rise(self, label: Label) -> None:
        self.context._rise(label)

    async def reply(
        self, model: Model, request: ModelRequest, answer: Callable[[], Awaitable[ModelReply]], said: dict[str, Any]
    ) -> ModelReply:
        context = self.context
        return await answered(context._scope.tape, model, request, answer, said, task_id=context.task.id,
                              attempt=context.attempt)


@dataclass(slots=True)
class PlanDoors:
    """Those of planning; what is spent there counts into the budget of the run that comes of it."""

    lineup: Lineup
    planner: Planner
    authority: Authority
    identity: Identity = field(default_factory=Identity)
    label: Label = field(default_factory=Label)
    prompted: Prompted = field(default_factory=Prompted)
    failed: str = ""
    """Why a question found no answer; empty: each did, so far."""
    turns: Turns = field(default_factory=Turns)

    @property
    def seconds_left(self) -> float:
        return PLAN_SECONDS

    @property
    def in_money(self) -> bool:
        return self.planner.ledger.in_money

    async def ask(self, request: ModelRequest) -> ModelReply:
        """Ask as planning does (raises what ``TaskContext.ask`` raises)."""
        try:
            return await ask(self, self.lineup.chain(request.role), request, who="planning")
        except Exception as error:
            self.failed = error.told if isinstance(error, GenesisError) else str(error)
            raise

    def emit(self, kind: EventKind, data: dict[str, Any]) -> object:
        self.planner.decide(kind, **data)
        return None

    async def commit(self) -> None:
        """Bring what is asked while a run is under way to the disk; before, it is recorded with the run it leads to."""
        if self.planner.commit is not None:
            await self.planner.commit()

    async def authorize(self, action: Action) -> None:
        decision = await self.authority.decide(action, self.identity.delegate("planning"), self.label)
        self.emit(EventKind.DECIDED, {
            "verb": action.verb, "resource": action.resource, "effect": action.effect.value,
            "decision": decision.effect.value, "rule": decision.rule, "reason": decision.reason,
        })
        self.authority.enforce(action, decision)

    def passing(self, action: Action) -> dict[str, Any]:
        return {}

    def given(self, action: Action) -> None:
        """Return None: nobody approves what planning does, it is allowed or denied."""

    async def spend(self, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]]) -> Any:
        return await self.turns.spend(self.planner.ledger, need, work)

    async def screen(self, text: str, what: str) -> None:
        await self.authority.screen(text, self.label, what)

    async def fit(self, request: ModelRequest) -> ModelRequest:
        return await self.prompted.fit(request, self._screened, self._doubted)

    async def _screened(self, text: str, what: str, label: Label) -> Screening:
        return await self.authority.screen(text, label, what)

    def _doubted(self, what: str, screening: Screening) -> None:
        self.emit(EventKind.SCREENED, said_of(what, screening))
        self.planner.gate.doubts.append(Finding(rule="kernel.quarantine", severity=Severity.NOTE,
                                            message=self.prompted.warnings[-1]))

    def rise(self, label: Label) -> None:
        self.label = self.label | label

    async def reply(
        self, model: Model, request: ModelRequest, answer: Callable[[], Awaitable[ModelReply]], said: dict[str, Any]
    ) -> ModelReply:
        return await answered(self.planner.tape, model, request, answer, said)
