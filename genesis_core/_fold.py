"""Run = fold(rows): what a journal says of its run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ._passed import Passes
from .identity import ID_BYTES
from .plans import Estimate, Plan
from .policy import Approval, Budget, Label, PlanLimits, Trust, Usage
from .runs import Difference, EventKind, Replayed, RunEvent, RunState
from .tasks import GraphPatch, TaskResult, TaskState

__all__ = ["RunRecord", "caused", "fold", "plan_from_json"]


@dataclass(slots=True)
class RunRecord:
    """The state of a run after its last row."""

    run_id: str
    plan: Plan | None = None
    """As it stands now, patches applied."""
    report: dict[str, Any] = field(default_factory=dict)
    changes: list[RunEvent] = field(default_factory=list)
    """The changes of its graph while it ran, and those that were refused."""
    results: dict[str, TaskResult] = field(default_factory=dict)
    """The last result of each leaf."""
    attempts: dict[str, int] = field(default_factory=dict)
    """The highest attempt begun of each task."""
    tried: dict[str, int] = field(default_factory=dict)
    """The highest attempt of each task that has ended, whether its result still stands or not."""
    reads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Which files, with their digests, each task's last attempt read; ``run --again`` compares them."""
    code: dict[str, str] = field(default_factory=dict)
    """Digest of the code that each task's last attempt ran: agent, tools and model."""
    codes: dict[str, str] = field(default_factory=dict)
    """Digest of each agent's code as the run was last started or resumed with it."""
    workspace: str = ""
    state: RunState = RunState.INTERRUPTED
    settings: dict[str, Any] = field(default_factory=dict)
    settled_usage: Usage = Usage()
    """What all calls that have ended took."""
    pending: dict[tuple[str, str], list[Usage]] = field(default_factory=dict)
    """Questions to models without an answer, by task and request: the most that each may have cost."""
    known: Decimal = Decimal(0)
    """Of the cost of those calls: what is known, the most of those that told none included."""
    unbounded: int = 0
    """How many of them may have cost any sum."""
    from_known: bool = False
    """Whether somebody has resumed the run with a sum of money that counts from what is known."""
    seconds: float = 0.0
    """Time that the run's drivers have spent on it."""
    updates: int = 0
    made: int = 0
    """Tasks over its life: those of its first plan and all that changes have added."""
    started: datetime | None = None
    ended: datetime | None = None
    seq: int = 0
    mac: str = ""
    recorded: bool = False
    """Whether answers of models and results of tools were kept, so that the run can be replayed."""
    kept: dict[str, int] = field(default_factory=dict)
    """The row that names each of them, by digest."""
    unkept: list[int] = field(default_factory=list)
    """Rows of calls whose answers could not be kept: there was no room, or no right to write."""
    keys: dict[str, int] = field(default_factory=dict)
    """What its MACs begin with, by the first row that does: with a :class:`KeyStore` the ids of its keys."""
    replay_of: str = ""
    """The run that this one is a replay of; empty: it is none."""
    had_spent: Usage | None = None
    """Of a replay: what that run had spent."""
    differences: list[Difference] = field(default_factory=list)
    """Of a replay: where it went another way, in the order in which that was noticed."""
    taken: dict[EventKind, int] = field(default_factory=dict)
    """Of a replay: how many answers of models and results of tools came from the recording."""
    base: Label = Label()
    """How far the words of its tasks may be believed: as the goal, and as what models wrote into the plan."""
    floor: dict[str, Label] = field(default_factory=dict)
    """The label that a patch gave to each task that it added."""
    asked: dict[str, dict[str, RunEvent]] = field(default_factory=dict)
    """The decisions that were left to a person, by task and by the digest of the action."""
    approvals: dict[str, dict[str, Approval]] = field(default_factory=dict)
    """What a person has said of them."""
    acted: set[str] = field(default_factory=set)
    """Tasks an attempt at which, cut off or not, began to change the world, or what a grant or a yes let pass."""
    passes: Passes = field(default_factory=Passes)
    """What grants and approvals have let its tasks do."""
    lent: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By task, what was made for it, or found: the tool, and what each layer said."""
    since: datetime | None = None
    """When its last driver began; None: that one ended as it should."""
    until: datetime | None = None
    """When its last driver wrote its last row: what is written while nobody drives it is not the run's time."""

    @property
    def usage(self) -> Usage:
        """What the run has spent; a question that a crash cut off counts as the most that it may have cost."""
        return sum(self.cut_off, start=self.settled_usage)

    @property
    def cut_off(self) -> tuple[Usage, ...]:
        """The most of each question that has no answer."""
        return tuple(most for asked in self.pending.values() for most in asked)

    def count(self, cost: Decimal | None) -> None:
        """Add one call to what is known of the cost."""
        self.known, self.unbounded = self.known + (cost or 0), self.unbounded + (cost is None)

    @property
    def money(self) -> dict[str, bool]:
        """What the row of a resume says of the money that counts."""
        return {"from_known": True} if self.from_known else {}

    def stated(self, budget: Budget | None) -> None:
        """Let what is known of the cost count from now on, where it has no bound and *budget* states a sum of money."""
        if not self._bounded and budget is not None and budget.max_cost is not None:
            self.from_known = True

    @property
    def stands(self) -> Decimal | None:
        """What counts where the cost of the run is not known: its most, or None when it has no bound.

        What is known counts from when somebody has resumed the run with a budget in money (:meth:`stated`).
        """
        if not (self._bounded or self.from_known):
            return None
        return sum((most.cost for most in self.cut_off if most.cost is not None), start=self.known)

    @property
    def _bounded(self) -> bool:
        return not self.unbounded and all(most.cost is not None for most in self.cut_off)

    @property
    def waiting(self) -> tuple[RunEvent, ...]:
        """The decisions that wait for a person, in the order in which they came up."""
        return tuple(
            event for task_id, found in self.asked.items() for name, event in found.items()
            if name not in self.approvals.get(task_id, {}) and task_id not in self.settled
        )

    @property
    def in_flight(self) -> tuple[str, ...]:
        """Tasks that had begun and have no result: they run again, with the same key."""
        return tuple(t for t, n in self.attempts.items() if self.tried.get(t, 0) < n)

    @property
    def settled(self) -> dict[str, TaskResult]:
        """The results that stand when the run is resumed: blocked tasks, and those skipped behind them, are not."""
        again = {TaskState.BLOCKED, TaskState.WAITING, TaskState.CANCELED}
        if any(r.state in again for r in self.results.values()):
            again.add(TaskState.SKIPPED)
        return {task_id: r for task_id, r in self.results.items() if r.state not in again}

    @property
    def replayed(self) -> Replayed | None:
        """Of a replay: which run it repeats, and how it compares."""
        if not self.replay_of:
            return None
        return Replayed.of(
            self.replay_of, () if self.plan is None else self.plan.graph.order, self.differences,
            usage=self.had_spent or Usage(), models=self.taken.get(EventKind.MODEL_ANSWERED, 0),
            tools=self.taken.get(EventKind.TOOL_RETURNED, 0),
        )

    @property
    def budget(self) -> Budget:
        """The budget that the run was started with."""
        return Budget(**self.settings.get("budget", {}))

    @property
    def limits(self) -> PlanLimits:
        """The limits that the run was started with."""
        return PlanLimits(**self.settings.get("limits", {}))


def fold(events: Iterable[RunEvent]) -> RunRecord:
    """Return what *events* come to, in order (raises ValueError when the first one does not start a run)."""
    record: RunRecord | None = None
    for event in events:
        record = record or RunRecord(event.run_id)
        _step(record, event)
        record.seq, record.mac = event.seq, event.mac
        record.keys.setdefault(event.mac[:2 * ID_BYTES], event.seq)
    if record is None:
        raise ValueError("a journal without rows")
    return record


def _step(record: RunRecord, event: RunEvent) -> None:
    """Take in one event."""
    step = _STEPS.get(event.kind)
    if step is not None:
        step(record, event)
    if event.kind is EventKind.APPROVED or (event.kind is EventKind.RUN_FINISHED and "idle" in event.data):
        return  # nobody drove the run when somebody answered, or cancelled it: that time is nobody's work
    record.until = event.time
    if event.kind is EventKind.RUN_FINISHED:
        _count_time(record)


def _task_began(record: RunRecord, event: RunEvent) -> None:
    record.attempts[event.task_id] = event.attempt
    record.reads[event.task_id] = []
    record.code[event.task_id] = record.codes.get(event.actor, "")
    record.passes.began(event.task_id)


def _reused(record: RunRecord, event: RunEvent) -> None:
    record.reads[event.task_id] = list(event.data["reads"])
    record.code[event.task_id] = event.data["code"]


def _read(record: RunRecord, event: RunEvent) -> None:
    if event.task_id in record.reads:
        record.reads[event.task_id].append(dict(event.data))


def _estimated(record: RunRecord, event: RunEvent) -> None:
    if record.plan is not None:
        record.plan = record.plan.replace(estimates=[Estimate(**e) for e in event.data["estimates"]])


def _acts(record: RunRecord, event: RunEvent) -> None:
    if "action" in event.data or "acts" in event.data:
        record.acted.add(event.task_id)


def _called(record: RunRecord, event: RunEvent) -> None:
    record.settled_usage = record.settled_usage + Usage(tool_calls=1)
    _acts(record, event)
    record.passes.called(event)


def _returned(record: RunRecord, event: RunEvent) -> None:
    if "kept" in event.data:
        record.kept.setdefault(str(event.data["kept"]), event.seq)
    if "unkept" in event.data:
        record.unkept.append(event.seq)
    record.passes.returned(event)
    if "replayed" in event.data:
        record.taken[event.kind] = record.taken.get(event.kind, 0) + 1


def _differed(record: RunRecord, event: RunEvent) -> None:
    record.differences.append(Difference(task_id=event.task_id, **event.data))


def _asked(record: RunRecord, event: RunEvent) -> None:
    most = Usage(**event.data.get("most", {"model_calls": 1}))
    record.pending.setdefault((event.task_id, event.data["request"]), []).append(most)
    _acts(record, event)
    record.passes.called(event)


def _answered(record: RunRecord, event: RunEvent) -> None:
    asked, used = record.pending.get((event.task_id, event.data.get("request", ""))), Usage(**event.data["usage"])
    most = asked.pop() if asked else used
    record.settled_usage = record.settled_usage + used
    record.count(most.cost if used.cost is None else used.cost)
    _returned(record, event)


def _decided(record: RunRecord, event: RunEvent) -> None:
    if "action" in event.data and "yes" not in event.data:
        record.passes.ended(event.task_id)
        record.asked.setdefault(event.task_id, {})[event.data["action"]] = event


def _approved(record: RunRecord, event: RunEvent) -> None:
    record.approvals.setdefault(event.task_id, {})[event.data["action"]] = Approval(
        granted=event.data["granted"], by=event.actor, row=event.seq, reason=event.data.get("reason", ""))


def _proposed(record: RunRecord, event: RunEvent) -> None:
    record.settled_usage = record.settled_usage + Usage(generated=1)


def _admitted(record: RunRecord, event: RunEvent) -> None:
    record.lent[event.task_id] = dict(event.data)


def _label(event: RunEvent, name: str) -> Label:
    """Return the label that a row holds beside its own."""
    return Label.from_json(event.data[name]) if name in event.data else Label(Trust.TRUSTED)


def _finished(record: RunRecord, event: RunEvent) -> None:
    record.state, record.ended = RunState(event.data["state"]), event.time


def _count_time(record: RunRecord) -> None:
    """Add what the last driver has spent, up to the last row that it wrote."""
    if record.since is not None and record.until is not None:
        record.seconds += (record.until - record.since).total_seconds()
    record.since = None


def caused(patch: GraphPatch, before: Plan, after: Plan) -> tuple[str, ...]:
    """Return the tasks that are done as they are because of *patch*: those that it names, and those it had routed.

    Whoever finds an agent for an old task only then may go by what has been read since.
    """
    named = (t.id for t in (*patch.add, *patch.replacements))
    return *named, *(a.task_id for a in after.assignments if a.task_id not in before.assigned)


def _changed(record: RunRecord, event: RunEvent) -> None:
    record.changes.append(event)


def _patched(record: RunRecord, event: RunEvent) -> None:
    _changed(record, event)
    if record.plan is None:
        return
    before, record.plan = record.plan, plan_from_json(event.data["plan"])
    patch = GraphPatch(**event.data["patch"])
    record.updates, record.made = record.updates + 1, record.made + len(patch.add)
    for task in patch.replacements:  # one that had failed is done anew, and nobody has said yes to that
        for known in (record.results, record.asked, record.approvals):
            known.pop(task.id, None)
    floor = Label.from_json(event.data["label"]) if "label" in event.data else record.base | event.label
    record.floor.update(dict.fromkeys(caused(patch, before, record.plan), floor))


def _began(record: RunRecord, event: RunEvent) -> None:
    _count_time(record)
    record.seconds = max(record.seconds, float(event.data.get("seconds", 0.0)))  # the last driver outlived its rows
    for most in record.cut_off:
        record.count(most.cost)
    record.settled_usage, record.pending = record.usage, {}
    record.from_known = record.from_known or "from_known" in event.data
    record.state, record.since = RunState.INTERRUPTED, event.time
    record.settings.update(event.data.get("settings", {}))
    record.codes = dict(event.data.get("code", {}))
    record.workspace = event.data.get("workspace", record.workspace)
    record.recorded = record.recorded or "recorded" in event.data
    if "plan" in event.data:  # a resume found agents for tasks that had none
        record.plan = plan_from_json(event.data["plan"])
    record.base = record.base | _label(event, "base")
    if event.kind is EventKind.RUN_STARTED:
        record.started, record.report = event.time, dict(event.data["report"])
        if (replay := event.data.get("replay")) is not None:
            record.replay_of, record.had_spent = replay["of"], Usage(**replay["usage"])
        record.plan = plan_from_json(event.data["report"]["plan"])
        record.base = record.base | record.plan.goal.label
        record.floor = {task_id: Label.from_json(said) for task_id, said in event.data.get("floor", {}).items()}
        record.made = len(record.plan.graph)


def _done(record: RunRecord, event: RunEvent) -> None:
    result = TaskResult(**{**event.data["result"], "label": event.label})
    record.results[event.task_id] = result
    record.passes.ended(event.task_id)
    record.tried[event.task_id] = max(result.attempt, record.tried.get(event.task_id, 0))
    record.attempts[event.task_id] = max(result.attempt, record.attempts.get(event.task_id, 0))


def plan_from_json(value: dict[str, Any]) -> Plan:
    """Return the plan that ``Plan.to_json`` wrote."""
    return Plan.model_validate(value)


_STEPS: Mapping[EventKind, Callable[[RunRecord, RunEvent], None]] = {
    EventKind.RUN_STARTED: _began,
    EventKind.RUN_RESUMED: _began,
    EventKind.TASK_STARTED: _task_began,
    EventKind.TASK_REUSED: _reused,
    EventKind.READ: _read,
    EventKind.TASK_DONE: _done,
    EventKind.DECIDED: _decided,
    EventKind.APPROVED: _approved,
    EventKind.PATCHED: _patched,
    EventKind.PATCH_REFUSED: _changed,
    EventKind.ESTIMATED: _estimated,
    EventKind.TOOL_CALLED: _called,
    EventKind.TOOL_RETURNED: _returned,
    EventKind.PROPOSED: _proposed,
    EventKind.ADMITTED: _admitted,
    EventKind.DIFFERED: _differed,
    EventKind.MODEL_ASKED: _asked,
    EventKind.MODEL_ANSWERED: _answered,
    EventKind.RUN_FINISHED: _finished,
}
