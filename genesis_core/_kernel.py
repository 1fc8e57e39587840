"""Planning: screen, decompose, route, estimate, validate, revise. Start reading here; ``_run.py`` carries a plan out.

Each step asks a hook and records the answer with its reasons as a (kind, data) pair; the pairs become the first rows
of the run's journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ._answers import check, check_leaves, check_widens, reasoned
from ._doors import PlanDoors
from ._gate import Gate
from ._ledger import Ledger
from ._life import check_texts
from ._lineup import Lineup
from ._making import ONE, check_agents, hired
from ._nesting import expanded
from ._pipelines import find_pipeline
from ._plugins import Plugins
from ._policy import Authority
from ._replay.tape import Tape
from ._shortfall import noted
from ._verdicts import as_it_is, rejected, tasks_digest
from ._workspace import names_label
from .agents import AgentCard, Assignment, Reason, Tier
from .errors import AccessDenied, LimitExceeded, NoAnswer, PlanError, PluginError, did_you_mean
from .plans import (
    Decomposition,
    Estimate,
    Finding,
    Mend,
    Plan,
    PlanContext,
    PlanReport,
    Score,
    Severity,
    Verdict,
)
from .policy import Label, Trust, Usage
from .runs import EventKind
from .tasks import Goal, GraphPatch, Task, TaskGraph

__all__ = ["Planner"]

GOAL_ID = "goal"
REFUSED = (PlanError, LimitExceeded, AccessDenied)
"""What a change of the plan may raise: it is refused whole, and the plan stays as it is."""
Decided = tuple[EventKind, dict[str, Any]]
TIER_SECONDS: Mapping[Tier, float] = {Tier.CHEAP: 2.0, Tier.MEDIUM: 5.0, Tier.STRONG: 15.0}
"""Expected seconds a task when no estimator answers; a prior, with confidence 0."""


@dataclass(slots=True)
class Planner:
    """Makes the plan of one goal, and changes it while it runs."""

    plugins: Plugins
    context: PlanContext
    decided: list[Decided] = field(default_factory=list)
    emit: Callable[[EventKind, dict[str, Any]], object] | None = None
    """Where decisions go once a run has begun; before that they wait in ``decided``."""
    commit: Callable[[], Awaitable[None]] | None = None
    """What brings them to the disk then."""
    lineup: Lineup = field(default_factory=Lineup)
    tape: Tape | None = None
    """What its questions to models go through when they are recorded or replayed."""
    ledger: Ledger = field(init=False)
    """What planning may spend; the run that comes of it goes on with it."""
    _doors: PlanDoors = field(init=False)
    cards: dict[str, AgentCard] = field(init=False)
    _look: Callable[[str], tuple[str, ...]] = field(init=False)
    _found_by: Label = Label(Trust.TRUSTED)
    """What findings may rest on."""
    doubts: tuple[Finding, ...] = ()
    """What is doubted before anything is planned: words of strangers' cards and tools."""
    gate: Gate = field(init=False)
    at_once: int = 8
    """Parts of a goal that are broken down at the same time."""
    _short: dict[str, str] = field(default_factory=dict)
    """Why parts were planned below the configured level, by task."""
    doubted: tuple[str, ...] = ()
    """Tasks whose words text from outside led to and screening doubts: no model takes them for orders."""

    def __post_init__(self) -> None:
        self.cards = {card.name: card for card in self.context.agents}
        self.ledger = Ledger(self.context.budget, self.context.limits)
        self._doors = PlanDoors(self.lineup, self, Authority(self.plugins, self.context),
                                label=self.context.goal.label)
        self.gate = Gate(self.plugins, self.context, self.decide, list(self.doubts))
        self._look = self.context.files
        ask = self._doors.ask if self.lineup.models else self.context.ask
        self.context = replace(self.context, files=self._files, ask=ask)

    def _files(self, pattern: str) -> tuple[str, ...]:
        """Return the names that match; what is planned by them is planned by text that somebody else wrote."""
        self.rise(names_label(pattern))
        return self._look(pattern)

    def _seen(self, pattern: str) -> tuple[str, ...]:
        """Return the names that match, for findings: they change nothing until something is mended by them."""
        self._found_by = self._found_by | names_label(pattern)
        return self._look(pattern)

    def decide(self, kind: EventKind, **data: Any) -> None:
        """Record one decision."""
        if self.emit is None:
            self.decided.append((kind, data))
        else:
            self.emit(kind, data)

    @property
    def label(self) -> Label:
        """How far what was planned may be believed: as the goal, and as what models answered on the way."""
        return self._doors.label

    def rise(self, label: Label) -> None:
        """Take *label* into that of what is planned here."""
        self._doors.rise(label)

    def recall(self, decided: Sequence[Decided], label: Label, doubted: tuple[str, ...]) -> None:
        """Take in what was decided when this plan was made, what that has spent, and how far it may be believed."""
        self.rise(label)
        self.doubted = doubted
        self.decided += decided
        self.ledger.spent += _spent_by(decided)

    async def plan(self, goal: Goal, pipeline: str, graph: TaskGraph | None = None) -> PlanReport:
        """Return the plan for *goal*, or for an explicit *graph*, with its findings.

        Raises LimitExceeded, AccessDenied (screening), PlanError or PluginError; a plan that validators refuse is
        returned with the verdict REJECT. What planning took before it was cancelled is a note of the CancelledError:
        without a run there is no record of it.
        """
        try:
            return await self._plan(goal, pipeline, graph)
        except asyncio.CancelledError as stopped:
            if (spent := self.ledger.spent).model_calls:
                money = "an unknown sum" if spent.cost is None else f"${spent.cost.normalize():f}"
                calls = f"{spent.model_calls} model call{'s'[: spent.model_calls != 1]}"
                stopped.add_note(f"planning had taken {calls}, {spent.tokens} tokens, {money}; that is on no record")
            raise

    async def _plan(self, goal: Goal, pipeline: str, graph: TaskGraph | None) -> PlanReport:
        await self.gate.goal(goal)
        make = find_pipeline(pipeline, self.context.offers)
        if graph is None:
            plan = await make(self, goal)
            check_widens(plan.graph.tasks, {})
            plan, told = noted(plan, GOAL_ID, self._short, self._doors.failed)
            self.gate.doubts += told
        else:
            await self.gate.tasks(goal.label, graph.tasks, "the plan")
            plan = await self.assign(Plan(goal=goal, graph=graph, pipeline=pipeline))
        return await self._weighed(await self.settle(plan), {} if graph is None else graph.by_id)

    async def _weighed(self, report: PlanReport, given: Mapping[str, Task]) -> PlanReport:
        """Return *report* with what is doubted in words that text from outside led to; those *given* are the author's.

        Raises AccessDenied for words that are blocked.
        """
        if self.label.trust is not Trust.UNTRUSTED:
            return report
        seen, new = len(self.gate.doubts), [t for t in report.plan.graph.tasks if given.get(t.id) != t]
        self.doubted = await self.gate.doubted(self.label, new, report.plan.goal.text)
        return report.replace(findings=(*report.findings, *self.gate.doubts[seen:]))

    # -- decompose --------------------------------------------------------------------------------------------------

    async def decompose(self, goal: Goal) -> tuple[TaskGraph, tuple[str, ...]]:
        """Return the graph of *goal*: asked once for it and once for every task that comes of it."""
        root = Task(id=GOAL_ID, kind="goal", description=goal.text)
        answer = await self._children(root)
        if answer is None:
            raise NoAnswer("no plugin decomposed the goal", cause="genesis_decompose was answered by none",
                           hint="genesis plugins shows who answers it")
        tasks = await expanded(answer.tasks, self._children, max_depth=self.context.limits.max_depth,
                               at_once=self.at_once, check=self._check_size, part=self._doors.turns.part)
        return TaskGraph(tasks=tuple(tasks)), answer.not_understood

    async def _children(self, task: Task) -> Decomposition | None:
        found = await self.plugins.first("genesis_decompose", task=task, context=self.context)
        if found is None:
            return None
        answer, plugin = found
        if not isinstance(answer, Decomposition):
            if not isinstance(answer, Sequence) or not all(isinstance(t, Task) for t in answer):
                raise PluginError(f"plugin {plugin!r} answered genesis_decompose with {type(answer).__name__}",
                                  cause="it takes a Decomposition or a sequence of Tasks")
            answer = Decomposition(tasks=tuple(answer))
        if answer.degraded:
            self._short[task.id] = answer.degraded
        check_widens(answer.tasks, {})
        return answer

    def _check_size(self, tasks: int) -> None:
        if tasks > self.context.limits.max_tasks:
            raise LimitExceeded(f"the plan has more than {self.context.limits.max_tasks} tasks",
                                cause="max_tasks is the limit of a run", hint="ask for less, or raise limits.max_tasks")

    # -- route and estimate -----------------------------------------------------------------------------------------

    async def assign(self, plan: Plan) -> Plan:
        """Return *plan* with an assignment and an estimate for each leaf that has none yet."""
        self.check_limits(plan.graph)
        have = {a.task_id: a for a in plan.assignments if a.task_id in plan.graph}
        named = [t for t in plan.graph.leaves if t.agent is not None and t.id not in have]
        have.update({t.id: self._named(t) for t in named})
        left = [t for t in plan.graph.leaves if t.id not in have]
        routed = await self._route(left)
        have.update({a.task_id: a for a in routed if a.agent})
        ordered = tuple(have[t.id] for t in plan.graph.leaves if t.id in have)
        nobody = {a.task_id: a for a in (*plan.unrouted, *routed) if not a.agent and a.task_id in plan.graph.by_id}
        unrouted = tuple(nobody[t.id] for t in plan.graph.leaves if t.id in nobody and t.id not in have)
        plan = plan.replace(assignments=ordered, unrouted=unrouted)
        if len(ordered) < len(plan.graph.leaves):
            plan = await hired(self, plan, [t for t in plan.graph.leaves if t.id not in have])
        return plan.replace(estimates=tuple(await self._estimates(plan)))

    def _named(self, task: Task) -> Assignment:
        name = task.agent or ""
        if name not in self.cards:
            raise PlanError(f"task {task.id!r} names unknown agent {name!r}{did_you_mean(name, self.cards)}",
                            cause="no plugin offers an agent of that name", hint="genesis agents lists them")
        if self.lacks_model(name):
            raise PlanError(f"task {task.id!r} names agent {name!r}, which needs a model",
                            cause="no model is configured", hint='configure one: [models] use = ["NAME"]')
        return Assignment(task_id=task.id, agent=name, reasons=(Reason(rule="author", score=1.0,
                                                                      text="the task names this agent"),))

    async def _route(self, tasks: list[Task]) -> list[Assignment]:
        found: list[Assignment] = []
        for impl in self.plugins.hook("genesis_route") if tasks else ():
            arguments = {"tasks": tuple(tasks), "agents": self.context.agents, "context": self.context}
            answer = await self.plugins.ask(impl, arguments)
            asked = {t.id for t in tasks}  # for what others have taken, nobody answers a second time
            new = [a for a in answer or () if self._known(a, impl.plugin_name) and a.task_id in asked]
            found += new
            done = {a.task_id for a in new if a.agent}
            tasks = [t for t in tasks if t.id not in done]
            if not tasks:
                break
        return found

    def _known(self, assignment: Assignment, plugin: str) -> bool:
        check(assignment, Assignment, "genesis_route", plugin)
        if assignment.agent and assignment.agent not in self.cards:
            raise PluginError(f"plugin {plugin!r} routed {assignment.task_id!r} to unknown agent {assignment.agent!r}")
        if assignment.agent and self.lacks_model(assignment.agent):
            raise PluginError(f"plugin {plugin!r} routed {assignment.task_id!r} to agent {assignment.agent!r}, "
                              "which needs a model", cause="no model is configured")
        return True

    def lacks_model(self, agent: str) -> bool:
        """Return whether *agent* needs a model and none is configured."""
        return self.cards[agent].needs_model and not self.context.models

    async def _estimates(self, plan: Plan) -> list[Estimate]:
        have, found = plan.estimated, []
        ask = bool(self.plugins.hook("genesis_estimate"))
        for assignment in plan.assignments:
            known = have.get(assignment.task_id)
            if known is None:
                task, card = plan.graph[assignment.task_id], self.cards[assignment.agent]
                known = await self._estimate(task, card, plan) if ask else _prior(task, card)
            found.append(known)
        return found

    async def estimate_left(self, plan: Plan, begun: Collection[str]) -> Plan:
        """Return *plan* with new estimates, within what is left of the budget, for the tasks that are not *begun*."""
        self.context = replace(self.context, budget=self.ledger.left())
        plan = plan.replace(estimates=tuple(e for e in plan.estimates if e.task_id in begun))
        return plan.replace(estimates=tuple(await self._estimates(plan)))

    async def resumed(self, plan: Plan, settled: Collection[str], seconds: float) -> Plan:
        """Return *plan* with who does what nobody could do so far, all that is to do within what is left to spend."""
        self.context = replace(self.context, budget=self.ledger.left(seconds))
        kept = settled if self.context.models else plan.estimated  # other models may be there, or more money
        return await self.assign(plan.replace(estimates=tuple(e for e in plan.estimates if e.task_id in kept)))

    async def _estimate(self, task: Task, card: AgentCard, plan: Plan) -> Estimate:
        answer = await self.plugins.first("genesis_estimate", task=task, agent=card, plan=plan, context=self.context)
        if answer is None:
            return _prior(task, card)
        return check(answer[0], Estimate, "genesis_estimate", answer[1]).replace(task_id=task.id)

    # -- validate and revise ----------------------------------------------------------------------------------------

    async def settle(self, plan: Plan) -> PlanReport:
        """Validate *plan*; while findings can be mended, revise it, at most ``limits.max_revisions`` times.

        A plan that was seen before is rejected: revising would go round in circles.
        """
        seen: set[str] = set()
        for revisions in range(self.context.limits.max_revisions + 1):
            report = (await self.validate(plan)).replace(revisions=revisions)
            self._decided(report)
            if report.verdict is not Verdict.REVISE:
                return report
            mended = await self._revise(report) if revisions < self.context.limits.max_revisions else None
            if mended is None:
                return as_it_is(report)
            seen.add(tasks_digest(plan))
            if tasks_digest(mended) in seen:
                return rejected(report, "revising came back to a plan that was refused before")
            plan = mended
        return report

    async def validate(self, plan: Plan) -> PlanReport:
        """Return *plan* with what every validator found."""
        findings: list[Finding] = [*self.gate.doubts]
        scores: list[Score] = []
        context = replace(self.context, files=self._seen)
        for answer, plugin in await self.plugins.all("genesis_validate", plan=plan, context=context):
            for item in answer:
                if not isinstance(item, Score):
                    check(item, Finding, "genesis_validate", plugin)
                (findings if isinstance(item, Finding) else scores).append(item)
        score = min(scores, key=lambda s: s.value, default=None)
        return PlanReport(plan=plan, findings=tuple(findings), score=score)

    def _decided(self, report: PlanReport) -> None:
        self.decide(
            EventKind.PLANNED, verdict=report.verdict.value, digest=report.plan.digest,
            findings=[f.to_json() for f in report.findings],
            score=None if report.score is None else report.score.to_json(), revisions=report.revisions,
        )

    async def _revise(self, report: PlanReport) -> Plan | None:
        mendable = tuple(f for f in report.findings if f.severity is Severity.FIXABLE and f.mend is not Mend.NONE)
        found = await self.plugins.first(
            "genesis_revise", plan=report.plan, findings=mendable, result=None, context=self.context
        )
        if found is None:
            return None
        patch, plugin = check(found[0], GraphPatch, "genesis_revise", found[1]), found[1]
        self.rise(self._found_by)
        try:
            mended = await self.patched(report.plan, patch, self.label)
        except REFUSED as error:
            self.decide(EventKind.REVISED, patch=patch.to_json(), by=plugin, refused=error.message)
            return None
        self.decide(EventKind.REVISED, patch=patch.to_json(), by=plugin)
        return mended

    async def patched(self, plan: Plan, patch: GraphPatch, cause: Label) -> Plan:
        """Return *plan* after *patch*, made from *cause*: replaced and new tasks are screened, and routed anew.

        Raises PlanError (GraphError among it), LimitExceeded or AccessDenied: such a patch is refused whole.
        """
        graph = plan.graph.apply(patch)
        new = (*patch.add, *patch.replacements)
        check_widens(new, plan.graph.by_id)
        if cause.trust is Trust.UNTRUSTED:
            check_leaves(patch, plan.graph)
        await self.gate.tasks(plan.goal.label, new, "a change of the plan")
        changed = {t.id for t in new}
        kept = tuple(a for a in plan.assignments if a.task_id not in changed and a.task_id in graph)
        known = tuple(e for e in plan.estimates if e.task_id not in changed and e.task_id in graph)
        made = await self.assign(plan.replace(graph=graph, assignments=kept, estimates=known))
        return reasoned(made, plan, patch)

    def admit(self, card: AgentCard) -> None:
        """Take an agent that was made among those that tasks are given to."""
        self.cards[card.name], self.context = card, replace(self.context, agents=(*self.context.agents, card))

    def check_agents(self, plan: Plan) -> None:
        """Raise SettingsError when *plan* gives a task to an agent that is not there; those that were made are."""
        check_agents(self, plan)

    def check_limits(self, graph: TaskGraph) -> None:
        """Raise LimitExceeded when *graph* is too large or too deep."""
        self._check_size(len(graph))
        check_texts(graph, self.context.limits)
        deepest = max(graph.depths.values(), default=0)
        if deepest > self.context.limits.max_depth:
            raise LimitExceeded(
                f"the plan is {deepest} levels deep; at most {self.context.limits.max_depth} are allowed",
                cause="depth is nesting by `parent`", hint="flatten the plan, or raise limits.max_depth")


def _spent_by(decided: Iterable[Decided]) -> Usage:
    """Return what planning has spent on models, and how many specialists it has made."""
    made = sum((ONE for kind, _ in decided if kind is EventKind.PROPOSED), start=Usage())
    return sum((Usage(**data["usage"]) for kind, data in decided if kind is EventKind.MODEL_ANSWERED), start=made)


def _prior(task: Task, card: AgentCard) -> Estimate:
    return Estimate(task_id=task.id, difficulty=round(1 - card.prior, 6), cost=card.price,
                    seconds=TIER_SECONDS[card.tier], confidence=0.0)
