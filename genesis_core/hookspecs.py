"""The ten hooks. A spec's docstring is its contract.

A hook returns a value, ``None`` ("not mine"), or an awaitable of either. *first*: implementations are asked in order
until one answers; built-ins answer last (``trylast=True``). *all*: every implementation is asked. An implementation
lists only the arguments that it reads, and new ones never break it. Hook wrappers are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .agents import Agent, AgentCard, Assignment
    from .models import Model
    from .plans import Decomposition, Estimate, Finding, Plan, PlanContext, Score, Screening
    from .policy import Action, Decision, Identity, Label
    from .runs import RunEvent
    from .tasks import GraphPatch, Task, TaskResult
    from .tools import Need, Tool
    from .workshops import Proposal

__all__ = ["GENESIS_API", "Offer", "hookimpl", "hookspec"]

GENESIS_API = 1
"""The version of this contract. A plugin may declare ``genesis_api = 1``; another number is refused by name."""

hookspec = pluggy.HookspecMarker("genesis")
hookimpl = pluggy.HookimplMarker("genesis")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that ``genesis_provide`` offers under a name, for the operator or another part to choose.

    *kind*: "engine" (*value*: a callable that makes one), "keyring" (*value*: the key ring), "envelopes" (*value*: a
    callable of key ring, state folder and clock that makes an :class:`Envelopes`), "workshop" (*value*: a callable of
    what gives the key ring, of state folder, clock and ``[sandbox]``, that makes a :class:`Workshop`), "provider"
    (*value*: a :class:`ModelProvider`), "pipeline", "rule", "rulebook", "rewards", "pattern", "patternbook", "price",
    "estimator", "evaluation" or "health".
    """

    kind: str
    name: str
    value: Any
    description: str = ""


@hookspec
def genesis_provide(settings: Mapping[str, Any]) -> Sequence[Agent | Tool | Model | Offer] | None:
    """Return the agents, tools, models and other offers of this plugin.

    *all*. Called once, when Genesis opens. *settings* holds the plugin's own section of the operator's settings.
    None: nothing to offer. Raising stops Genesis with an error that names the distribution.
    """


@hookspec(firstresult=True)
def genesis_decompose(task: Task, context: PlanContext) -> Decomposition | Sequence[Task] | None:
    """Return the tasks that *task* consists of.

    *first*. Asked for the goal itself (``task.kind == "goal"``), then once for each task of the answer, whose children
    it may name; the kernel owns depth and expand-once. Task ids need be unique within the answer only.
    None: not mine, or one action that needs no splitting. Raising ends planning.
    """


@hookspec(firstresult=True)
def genesis_route(
    tasks: Sequence[Task], agents: Sequence[AgentCard], context: PlanContext
) -> Sequence[Assignment] | None:
    """Return who does which of *tasks*, with reasons.

    *first*, task by task: each implementation is asked for the tasks that those before it left unassigned. *agents*
    are all cards; giving a task to one that needs a model, while ``context.models`` is empty, is a PluginError. A task
    without an assignment in the end is blocked; an Assignment with an empty agent says why, and leaves the task to the
    next implementation. None: not mine. Raising ends planning.
    """


@hookspec(firstresult=True)
def genesis_estimate(task: Task, agent: AgentCard, plan: Plan, context: PlanContext) -> Estimate | None:
    """Return what *task* is expected to take when *agent* does it, and which model is to be asked for it.

    *first*. *plan* has all assignments; its tasks without an estimate are those that are still to be done, so that an
    implementation may weigh them against each other: ``context.budget`` is what is left for them. Asked for each task
    when a plan is made; under a budget in money again, for those not begun, when a task that asked a model has ended;
    with models also when a run is resumed. ``context.outcomes()`` tells what came of tasks in earlier runs.
    The kernel asks ``Estimate.model`` first, and those of ``Estimate.escalate`` in turn when the task's acceptance
    check fails, each only for roles for which ``context.roles`` has it: what the operator mapped is never displaced.
    None: no opinion; in the end the kernel uses the card's prior, price and tier, with confidence 0. Raising
    ends planning; in a running plan the estimates stay as they are.
    """


@hookspec
def genesis_validate(plan: Plan, context: PlanContext) -> Sequence[Finding | Score] | None:
    """Return what is wrong with *plan*, or worth knowing, and a Score if you have one.

    *all*; of several scores the lowest counts. None: nothing found. Raising ends planning: fail closed.
    """


@hookspec(firstresult=True)
def genesis_revise(
    plan: Plan, findings: Sequence[Finding], result: TaskResult | None, context: PlanContext
) -> GraphPatch | None:
    """Return the change of the graph that mends *findings*, or that *result* calls for.

    *first*. Before a run *findings* holds those that can be mended and *result* is None; the kernel asks at most
    ``limits.max_revisions`` times, and rejects a plan that it has seen before. While running *findings* is empty and
    *result* is what a task has just ended with; at most ``limits.max_updates`` changes, ``limits.max_new_tasks`` new
    tasks each. What has begun stays as it is, but for the task of *result* itself when that is failed, rejected, or
    blocked by its agent: ``replace`` it, and it is done anew as its next attempt, by another agent, in other words, or
    in parts (tasks with it as their ``parent``); refused where it has made a call that is not to be made twice. A patch
    that would break the graph, or that screening blocks, is refused whole, and that is recorded.
    None: leave the plan as it is.
    """


@hookspec
def genesis_screen(text: str, label: Label, context: PlanContext) -> Screening | None:
    """Return whether *text* may pass.

    *all*; the most restrictive answer wins. Called for the goal; for a plan that was not made from a goal here, and
    for each change of a plan (the descriptions of its tasks and the texts among their input values, as one text); for
    each text that a tool returns as it is or a model answers; and for each untrusted text that enters a prompt (files,
    values of tools, earlier answers), once for all turns of a conversation. BLOCK refuses the text. QUARANTINE keeps it
    out of prompts: a note with its source, the spans and the reasons stands there in its place, the task's result
    warns of it, and the journal has it (``goal.screened``); of a goal or plan it is a note among the plan's findings.
    None: no objection. Raising refuses the text.
    """


@hookspec
def genesis_authorize(action: Action, identity: Identity, label: Label, context: PlanContext) -> Decision | None:
    """Return whether *identity* may do *action*, when what led to it carries *label*.

    *all*; any deny wins, an allow counts only from a plugin of trust level "security", silence denies. None: no
    opinion. Raising denies.
    """


@hookspec(firstresult=True)
def genesis_generate(need: Need, context: PlanContext) -> Proposal | AgentCard | None:
    """Return a proposal for a tool, or the card of an agent (``need.kind``).

    *first*. Asked for a task whose ``need`` nothing installed or made before meets, when it begins, and for a task that
    no router found an agent for, when it is planned. A proposed tool is taken through all layers by the operator's
    :class:`Workshop`, and runs nowhere else; a card may name installed tools that look and compute, and no others.
    None: can't. Raising leaves the task blocked.
    """


@hookspec
def genesis_event(event: RunEvent) -> None:
    """Observe *event*, quickly.

    *all*. Called after the row is written, in order, beside the run and not in its way. Returning anything has no
    effect. Raising, or taking more than 5 seconds: a warning row, and this observer is not called again in this run.
    When the run ends, observers get 2 seconds more for what is left.
    """
