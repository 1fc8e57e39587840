"""What nobody offers is made: a tool when a task that needs it begins, a specialist when a plan finds nobody.

Who proposes is a plugin (``genesis_generate``); who proves, keeps and runs it, the workshop that the operator chose.
What may be made, how often, and with which label is decided here, on record before it happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ._answers import check
from ._generated import Generated
from ._plugins import PluginInfo
from .agents import Agent, AgentCard, Assignment, Reason
from .errors import (
    DependencyDown,
    GenesisError,
    LimitExceeded,
    PlanError,
    PluginError,
    SettingsError,
    ToolError,
    did_you_mean,
)
from .plans import Plan, PlanContext
from .policy import Action, Effect, Label, Secrecy, Trust, Usage
from .records import FrozenDict, digest
from .runs import EventKind
from .tasks import TaskState
from .tools import Need, Tool, ToolSpec
from .workshops import Admission, Made, MadeState, Proposal, Workshop

if TYPE_CHECKING:
    from ._kernel import Planner
    from ._provided import Provided
    from ._run import Driver
    from ._scope import TaskContext
    from .tasks import Task, TaskResult

__all__ = ["ONE", "Bench", "Kept", "add_made", "agent_of", "check_agents", "hired", "keep_made", "lend"]

ONE = Usage(generated=1)
HARMLESS = (Effect.PURE, Effect.READ)
LEAST = (Effect.PURE,)
WITHIN = frozenset({"limits", "modules", "threads"})
"""Capabilities by which a tool computes more, and looks at nothing outside."""
WITHOUT = "nobody makes tools here"
NO_MORE: Mapping[str, Any] = FrozenDict()
NO_PROGRAM = ("no tool was found that meets its examples: give more of them, a source (genesis tools propose --code), "
              "or a model (--model)")
NO_EXAMPLES = "it has no examples to go by: give three, a source (genesis tools propose --code), or a model (--model)"


class Bench:
    """The workshop of a run, if there is one, opened when it is first needed; of two tasks with one need, one waits."""

    def __init__(self, workshop: Callable[[], Workshop | None]) -> None:
        self._workshop = workshop
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def workshop(self) -> Workshop | None:
        """Return it (raises SettingsError for a choice that nobody offers)."""
        return self._workshop()

    def turn(self, need: Need) -> asyncio.Lock:
        """Return what is held while a tool for *need* is looked for, or made."""
        return self._locks.setdefault(need.digest, asyncio.Lock())


async def lend(driver: Driver, task: Task, context: TaskContext) -> TaskResult | None:
    """Give *context* the tool that *task* needs: installed, made before, or made now; a result when there is none.

    Raises what authorizing does, and LimitExceeded when the run has made as much as it may.
    """
    need, scope = task.need, driver.scope
    assert need is not None  # noqa: S101  # the caller asks for tasks that have one
    installed = scope.tools.get(need.name)
    if installed is not None:
        trusted = context.task_label.trust is not Trust.UNTRUSTED
        may = HARMLESS if trusted else LEAST  # who wrote the plan lends it what looks; words from outside do not
        if installed.spec.effect in may or need.name in context._card.tools:
            context._lent = installed
            return None
        return _undone(context, need, f"{need.name!r} is installed and {installed.spec.effect.value}s: only an agent "
                                      "whose card lists it may call it")
    need = need.replace(label=context.task_label)
    if scope.replay is not None:
        return await _as_then(driver, need, context)
    workshop = scope.bench.workshop
    if workshop is None or (why := await asyncio.to_thread(workshop.refuses)):
        return _undone(context, need, WITHOUT if workshop is None else why)
    async with scope.bench.turn(need):
        found = await workshop.find(need)
        if found is not None:
            await _taken_again(need, found, context)
        spec = found or await _made(driver, workshop, need, context)
    if isinstance(spec, str):
        return context.blocked(_lacks(need), tried=(spec,))
    context._lent = Generated(spec, workshop, _as_lent(need, spec))
    return None


async def _taken_again(need: Need, found: ToolSpec, context: TaskContext) -> None:
    """Put on record that *found* was made before; what it was granted is granted to no words from outside."""
    _check_promise(need, found.replace(name=need.name), "the workshop")
    if found.capabilities and context.task_label.trust is Trust.UNTRUSTED:
        said = {"capabilities": dict(found.capabilities), "source": found.source}
        await context._authorize(Action("grant", need.name, Effect.WRITE, said))
    _note(context, need, found, {"reused": True})


def _as_lent(need: Need, spec: ToolSpec) -> ToolSpec:
    """Return *spec* as its task sees it: under the name that it asked for, and with the label of what it may look at.

    What lies outside was written by nobody here, and what the environment holds is a secret.
    """
    label, reached = spec.emits, {name for name, value in spec.capabilities.items() if value} - WITHIN
    if reached or spec.effect is not Effect.PURE:
        secrecy = Secrecy.SECRET if "env" in reached else Secrecy.INTERNAL
        label |= Label(Trust.UNTRUSTED, secrecy, frozenset({f"tool:{spec.name}"}))
    return spec.replace(name=need.name, label=label)


async def _as_then(driver: Driver, need: Need, context: TaskContext) -> TaskResult | None:
    """Lend what was lent when the run was recorded: a replay makes nothing, and calls nothing."""
    replay = driver.scope.replay
    assert replay is not None  # noqa: S101
    said = replay.recording.record.lent.get(context.task.id, {})
    if "asked" in said:
        await _proposed(driver, need, context)  # what it asks its model is on record, too
    if "tool" not in said:
        return _undone(context, need, str(said.get("refused", WITHOUT)), said)
    spec = ToolSpec(**said["tool"])
    context._rise(spec.emits)
    context._note(EventKind.ADMITTED, dict(said))
    context._lent = Tool(_as_lent(need, spec), lambda **_: None)
    return None


async def _made(driver: Driver, workshop: Workshop, need: Need, context: TaskContext) -> ToolSpec | str:
    """Return a new tool for *need*, or why there is none."""
    await context._authorize(Action("make", need.name, Effect.PURE))
    earlier = next((made for made in await asyncio.to_thread(workshop.made) if _waits(made, need)), None)
    calls, by = context.usage.model_calls, ""
    if earlier is not None and earlier.tool is not None:  # it waits for what a person has said by now
        proposal = Proposal(spec=earlier.tool, code=earlier.code, author=earlier.author, label=earlier.label)
        _check_promise(need, proposal.spec, "the workshop")
    else:
        await context._spend(ONE, partial(_begun, driver, need, context))
        found, by = await _proposed(driver, need, context)
        if not isinstance(found, Proposal):
            return _refused(context, need, found, _asked(context, calls))
        proposal = found
    more = {**({"by": by} if by else {}), **_asked(context, calls)}
    proposal = proposal.replace(label=proposal.label | need.label | context.task_label)
    context._rise(proposal.label)  # whoever wrote it would choose what it may do
    approved = ""
    if wanted := dict(proposal.spec.capabilities):
        approved = await _granted(workshop, need, proposal, wanted, context)
        context._rise(_as_lent(need, proposal.spec.replace(label=proposal.label)).emits)  # a trial tells of it, too
    admission = await workshop.admit(need, proposal, run=context.run_id, approved=approved)
    if admission.tool is None:
        return _refused(context, need, admission.why, {**_said(need, proposal, admission), **more})
    _note(context, need, admission.tool, {**_said(need, proposal, admission), **more})
    return admission.tool


def _asked(context: TaskContext, calls: int) -> dict[str, Any]:
    """Return what the row says when a model was asked on the way: a replay asks it, too."""
    return {"asked": True} if context.usage.model_calls > calls else {}


def _refused(context: TaskContext, need: Need, why: str, said: Mapping[str, Any] = NO_MORE) -> str:
    """Put on record that there is no tool, and return why."""
    context._note(EventKind.ADMITTED, {**said, "need": need.digest, "name": need.name, "refused": why})
    return why


def _waits(made: Made, need: Need) -> bool:
    """Return whether *made* waits for a person, and was proposed for the same by words that are believed as far."""
    same = made.tool is not None and made.need is not None and made.need.digest == need.digest
    asks = made.tool is not None and bool(made.tool.capabilities)  # what asks for nothing waits for `promote` alone
    return same and asks and made.state is MadeState.PROPOSED and made.label.trust >= need.label.trust


async def _begun(driver: Driver, need: Need, context: TaskContext) -> tuple[None, Usage]:
    """Put on record that a tool is being made: a crash counts it, and makes it again."""
    context._note(EventKind.PROPOSED, {"need": need.digest, "name": need.name})
    await driver.scope.journal.flush()
    return None, ONE


async def _proposed(driver: Driver, need: Need, context: TaskContext) -> tuple[Proposal | str, str]:
    """Return what a plugin proposes for *need*, and which; or why none does. What it asks a model is the task's."""
    planner = driver.planner
    asked = replace(planner.context, ask=context.ask)
    try:
        found = await planner.plugins.first("genesis_generate", need=need, context=asked)
    except (PluginError, DependencyDown, ToolError) as error:
        return error.told, ""
    if found is None:
        return NO_PROGRAM if need.examples else NO_EXAMPLES, ""
    proposal = check(found[0], Proposal, "genesis_generate", found[1])
    _check_promise(need, proposal.spec, f"plugin {found[1]!r}")
    return believed(proposal, need, context.label), found[1]


def believed(proposal: Proposal, need: Need, known: Label) -> Proposal:
    """Return *proposal* believed no further than who asked, and than a model that wrote it, whose answer is *known*."""
    return proposal.replace(label=proposal.label | need.label | _unseen(known))


def _check_promise(need: Need, spec: ToolSpec, whose: str) -> None:
    """Raise PluginError for a tool of another name, which would hide that one, or that does more than look."""
    if spec.name != need.name or spec.effect not in HARMLESS:
        raise PluginError(f"{whose} proposed {spec.name!r} ({spec.effect}) for the need {need.name!r}",
                          cause="a tool that is made has its need's name, and may do no more than look and compute")


def _unseen(label: Label) -> Label:
    return label if label.trust is Trust.UNTRUSTED else Label(Trust.TRUSTED)


async def _granted(
    workshop: Workshop, need: Need, proposal: Proposal, wanted: dict[str, Any], context: TaskContext
) -> str:
    """Return who grants what the tool asks for beyond computing (raises AccessDenied, or waits for a person)."""
    await workshop.propose(need, proposal)  # the yes is to this very source, kept until then
    said = {"capabilities": wanted, "source": digest(proposal.code)}
    action = Action("grant", need.name, Effect.WRITE, said)
    await context._authorize(action)
    yes = context._scope.approvals.get(context.task.id, {}).get(action.digest)
    return f"{'policy' if yes is None else yes.by}, run {context.run_id}"


def _said(need: Need, proposal: Proposal, admission: Admission) -> dict[str, Any]:
    return {"need": need.digest, "name": need.name, "author": proposal.author, "digest": admission.digest,
            "checks": [check.to_json() for check in admission.checks]}


def _note(context: TaskContext, need: Need, spec: ToolSpec, said: dict[str, Any]) -> None:
    """Put on record which tool is lent; what it says of itself is known from now on."""
    context._rise(spec.emits)
    context._note(EventKind.ADMITTED, {"need": need.digest, "name": need.name, "tool": spec.to_json(), **said})


def _undone(context: TaskContext, need: Need, why: str, said: Mapping[str, Any] = NO_MORE) -> TaskResult:
    """Return the result of a task that gets no tool, and put on record why."""
    return context.blocked(_lacks(need), tried=(_refused(context, need, why, said),))


def _lacks(need: Need) -> str:
    return f"no tool for this could be made: {need.description or need.name}"


# -- specialists ------------------------------------------------------------------------------------------------------


async def hired(planner: Planner, plan: Plan, tasks: Sequence[Task]) -> Plan:
    """Return *plan* with specialists for those of *tasks* that no agent could be found for, as far as some are made.

    A specialist is a card: which tools it may call, and in which words it is told what to do. It runs nothing yet.
    """
    for task in tasks:
        card = await _specialist(planner, task)
        if card is None:
            continue
        planner.admit(card)
        reason = Reason(rule="made", score=1.0, text="no agent could do this, so a specialist was made for it")
        plan = plan.replace(
            made=(*plan.made, card), unrouted=tuple(a for a in plan.unrouted if a.task_id != task.id),
            assignments=(*plan.assignments, Assignment(task_id=task.id, agent=card.name, reasons=(reason,))))
    return plan


async def _specialist(planner: Planner, task: Task) -> AgentCard | None:
    need = Need(kind="agent", name="specialist", description=task.description or task.id, requires=task.requires,
                inputs=tuple(task.inputs), label=planner.label)
    if not planner.plugins.hook("genesis_generate"):
        return None
    spent = Usage()
    try:
        reserved = planner.ledger.reserve(ONE)
    except LimitExceeded as error:
        planner.decide(EventKind.WARNING, text=f"no specialist for task {task.id!r}: {error.message}")
        return None
    try:
        await planner._doors.authorize(Action("make", f"specialist/{task.id}", Effect.PURE))
        context: PlanContext = planner.context
        found = await planner.plugins.first("genesis_generate", need=need, context=context)
        if found is None:
            return None
        card = check(found[0], AgentCard, "genesis_generate", found[1])
        _check_card(planner, card, found[1])
        spent = ONE
        planner.decide(EventKind.PROPOSED, need=need.digest, name=card.name, task=task.id, card=card.to_json(),
                       by=found[1])
    except GenesisError as error:
        planner.decide(EventKind.WARNING, text=f"no specialist for task {task.id!r}: {error.message}")
        return None
    finally:
        planner.ledger.settle(reserved, spent)
    return card


def _check_card(planner: Planner, card: AgentCard, plugin: str) -> None:
    """Raise PlanError for a card that would do more than look and compute, or is not of this plan."""
    tools = {spec.name: spec for spec in planner.context.tools}
    for name in card.tools:
        if name not in tools:
            raise PlanError(f"plugin {plugin!r} gives the specialist {card.name!r} the unknown tool {name!r}")
        if tools[name].effect not in HARMLESS:
            raise PlanError(f"the specialist {card.name!r} would call {name!r}, which {tools[name].effect.value}s",
                            cause="whoever is made may do no more than look and compute")
    if card.name in planner.cards:
        raise PlanError(f"the specialist {card.name!r} has the name of another agent")


def check_agents(planner: Planner, plan: Plan) -> None:
    """Let the specialists of *plan* take part again; raise SettingsError where it names an agent that is not there.

    Raises PlanError for a specialist that would call what it may not.
    """
    for card in plan.made:
        if planner.cards.get(card.name) != card:
            _check_card(planner, card, "the plan")
            planner.admit(card)
    for assignment in plan.assignments:
        if assignment.agent not in planner.cards:
            raise SettingsError(
                f"the plan gives {assignment.task_id!r} to agent {assignment.agent!r}, which is not installed"
                f"{did_you_mean(assignment.agent, planner.cards)}",
                cause="no loaded plugin offers it", hint="genesis agents lists those that are there",
            )


def add_made(given: Provided, workshop: Workshop | None) -> None:
    """Offer the specialists of earlier runs; an installed agent keeps its name."""
    if workshop is None or not (cards := workshop.agents()):
        return
    made = {made.name: made for made in workshop.made() if made.card in cards}
    for card in cards:
        if card.name not in given.agents and all(name in given.tools for name in card.tools):
            label = made[card.name].label if card.name in made else Label(Trust.UNTRUSTED)
            given.agents[card.name], given.cards[card.name] = Kept(workshop.agent(card), label), card
            given.owners["agent", card.name] = PluginInfo("made")


class Kept:
    """A specialist of an earlier run: what it does is believed no further than whoever had it made."""

    def __init__(self, agent: Agent, label: Label) -> None:
        self._agent, self._label = agent, label
        self.__wrapped__ = type(agent)  # the code that a run records

    @property
    def card(self) -> AgentCard:
        """Its card."""
        return self._agent.card

    async def invoke(self, task: Task, context: TaskContext) -> Any:
        """Have it done, once the task knows by whose words."""
        context._rise(self._label)
        return await self._agent.invoke(task, context)


def agent_of(driver: Driver, name: str) -> Agent:
    """Return the agent of that name: an installed one, or one that the workshop makes of the card of a specialist."""
    found = driver.agents.get(name)
    if found is not None:
        return found
    workshop = driver.scope.bench.workshop
    if workshop is None:
        raise DependencyDown(f"agent {name!r} was made, and {WITHOUT}", hint="genesis plugins shows what is loaded")
    return workshop.agent(driver.planner.cards[name])


def keep_made(driver: Driver, result: TaskResult, agent: str) -> None:
    """Keep a specialist that has completed its task: active when an acceptance check says so, else tried."""
    workshop, card = driver.scope.bench.workshop, next((c for c in driver.plan.made if c.name == agent), None)
    if card is None or workshop is None or result.state is not TaskState.COMPLETED or driver.scope.replay is not None:
        return
    proved = driver.plan.graph[result.task_id].accept is not None
    try:
        workshop.registered(card, label=result.label, run=driver.id, proved=proved)
    except GenesisError as error:
        driver.scope.emit(EventKind.WARNING, data={"text": f"specialist {agent!r} was not kept: {error.message}"})
