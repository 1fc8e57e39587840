"""Genesis core: plan and apply for agent work.

::

    from genesis_core import Genesis, agent, tool

    async with Genesis.open("state") as genesis:
        run = await genesis.start("Measure README.md", workspace=".")
        async for event in run:
            print(event)

Names are imported when they are first used; importing this package reads no file and configures nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._fold import RunRecord as RunRecord
    from ._index import Entry as Entry
    from ._index import Index as Index
    from ._lock import PluginLock as PluginLock
    from ._plugins import PluginInfo as PluginInfo
    from ._plugins import Plugins as Plugins
    from ._scope import TaskContext as TaskContext
    from ._settings import Settings as Settings
    from ._settings import load_settings as load_settings
    from ._shipped import PluginDistribution as PluginDistribution
    from ._shipped import plugin_distributions as plugin_distributions
    from ._state import StateFolder as StateFolder
    from .agents import Agent as Agent
    from .agents import AgentCard as AgentCard
    from .agents import Assignment as Assignment
    from .agents import Reason as Reason
    from .agents import Skill as Skill
    from .agents import Tier as Tier
    from .agents import agent as agent
    from .engines import Attempt as Attempt
    from .engines import Completion as Completion
    from .engines import KeyRing as KeyRing
    from .engines import TaskEngine as TaskEngine
    from .errors import AccessDenied as AccessDenied
    from .errors import BudgetExceeded as BudgetExceeded
    from .errors import Category as Category
    from .errors import DependencyDown as DependencyDown
    from .errors import GenesisError as GenesisError
    from .errors import GraphError as GraphError
    from .errors import JournalError as JournalError
    from .errors import LimitExceeded as LimitExceeded
    from .errors import ModelError as ModelError
    from .errors import NoAnswer as NoAnswer
    from .errors import PlanError as PlanError
    from .errors import PlanRejected as PlanRejected
    from .errors import PluginError as PluginError
    from .errors import SettingsError as SettingsError
    from .errors import TaskError as TaskError
    from .errors import TimedOut as TimedOut
    from .errors import ToolError as ToolError
    from .genesis import Genesis as Genesis
    from .hookspecs import GENESIS_API as GENESIS_API
    from .hookspecs import Offer as Offer
    from .hookspecs import hookimpl as hookimpl
    from .identity import Delegation as Delegation
    from .identity import Envelope as Envelope
    from .identity import EnvelopeRefused as EnvelopeRefused
    from .identity import Envelopes as Envelopes
    from .identity import KeyInfo as KeyInfo
    from .identity import KeyState as KeyState
    from .identity import KeyStore as KeyStore
    from .identity import Refusal as Refusal
    from .loops import LoopResult as LoopResult
    from .loops import fenced as fenced
    from .loops import tool_loop as tool_loop
    from .models import BoundedModel as BoundedModel
    from .models import Message as Message
    from .models import Model as Model
    from .models import ModelProvider as ModelProvider
    from .models import ModelReply as ModelReply
    from .models import ModelRequest as ModelRequest
    from .models import PricedModel as PricedModel
    from .outcomes import TaskOutcome as TaskOutcome
    from .plan_files import PlanFile as PlanFile
    from .plan_files import plan_document as plan_document
    from .plan_files import read_any_plan as read_any_plan
    from .plan_files import read_json as read_json
    from .plan_files import read_need as read_need
    from .plan_files import read_plan as read_plan
    from .plan_files import read_plan_file as read_plan_file
    from .plans import Decomposition as Decomposition
    from .plans import Estimate as Estimate
    from .plans import Finding as Finding
    from .plans import Mend as Mend
    from .plans import Outcome as Outcome
    from .plans import Plan as Plan
    from .plans import PlanContext as PlanContext
    from .plans import PlanReport as PlanReport
    from .plans import Score as Score
    from .plans import Screening as Screening
    from .plans import Severity as Severity
    from .plans import Verdict as Verdict
    from .policy import Action as Action
    from .policy import Approval as Approval
    from .policy import Budget as Budget
    from .policy import Decision as Decision
    from .policy import Effect as Effect
    from .policy import Grant as Grant
    from .policy import Identity as Identity
    from .policy import Label as Label
    from .policy import PlanLimits as PlanLimits
    from .policy import Ruling as Ruling
    from .policy import Secrecy as Secrecy
    from .policy import Trust as Trust
    from .policy import Usage as Usage
    from .records import Record as Record
    from .records import canonical_json as canonical_json
    from .records import digest as digest
    from .redaction import SecretShape as SecretShape
    from .redaction import redacted as redacted
    from .redaction import secret_shapes as secret_shapes
    from .reports import Observation as Observation
    from .reports import Report as Report
    from .reports import Table as Table
    from .reports import Weight as Weight
    from .runs import Difference as Difference
    from .runs import EventKind as EventKind
    from .runs import Replayed as Replayed
    from .runs import Run as Run
    from .runs import RunEvent as RunEvent
    from .runs import RunResult as RunResult
    from .runs import RunState as RunState
    from .tasks import Acceptance as Acceptance
    from .tasks import Artifact as Artifact
    from .tasks import Evidence as Evidence
    from .tasks import Goal as Goal
    from .tasks import GraphPatch as GraphPatch
    from .tasks import Input as Input
    from .tasks import Level as Level
    from .tasks import Task as Task
    from .tasks import TaskGraph as TaskGraph
    from .tasks import TaskResult as TaskResult
    from .tasks import TaskState as TaskState
    from .tasks import WorkOrder as WorkOrder
    from .tools import Example as Example
    from .tools import Need as Need
    from .tools import Tool as Tool
    from .tools import ToolCall as ToolCall
    from .tools import ToolResult as ToolResult
    from .tools import ToolSpec as ToolSpec
    from .tools import tool as tool
    from .workshops import Admission as Admission
    from .workshops import LayerCheck as LayerCheck
    from .workshops import Made as Made
    from .workshops import MadeState as MadeState
    from .workshops import Proposal as Proposal
    from .workshops import Workshop as Workshop

__version__ = "0.1.0"

_OWNERS = {
    "_fold": "RunRecord",
    "_index": "Entry Index",
    "_lock": "PluginLock",
    "_plugins": "PluginInfo Plugins",
    "_scope": "TaskContext",
    "_settings": "Settings load_settings",
    "_shipped": "PluginDistribution plugin_distributions",
    "_state": "StateFolder",
    "agents": "Agent AgentCard Assignment Reason Skill Tier agent",
    "engines": "Attempt Completion KeyRing TaskEngine",
    "errors": "AccessDenied BudgetExceeded Category DependencyDown GenesisError GraphError JournalError LimitExceeded "
    "ModelError NoAnswer PlanError PlanRejected PluginError SettingsError TaskError TimedOut ToolError",
    "genesis": "Genesis",
    "hookspecs": "GENESIS_API Offer hookimpl",
    "identity": "Delegation Envelope EnvelopeRefused Envelopes KeyInfo KeyState KeyStore Refusal",
    "loops": "LoopResult fenced tool_loop",
    "models": "BoundedModel Message Model ModelProvider ModelReply ModelRequest PricedModel",
    "outcomes": "TaskOutcome",
    "plan_files": "PlanFile plan_document read_any_plan read_json read_need read_plan read_plan_file",
    "plans": "Decomposition Estimate Finding Mend Outcome Plan PlanContext PlanReport Score Screening Severity Verdict",
    "policy": "Action Approval Budget Decision Effect Grant Identity Label PlanLimits Ruling Secrecy Trust Usage",
    "records": "Record canonical_json digest",
    "redaction": "SecretShape redacted secret_shapes",
    "reports": "Observation Report Table Weight",
    "runs": "Difference EventKind Replayed Run RunEvent RunResult RunState",
    "tasks": "Acceptance Artifact Evidence Goal GraphPatch Input Level Task TaskGraph TaskResult TaskState WorkOrder",
    "tools": "Example Need Tool ToolCall ToolResult ToolSpec tool",
    "workshops": "Admission LayerCheck Made MadeState Proposal Workshop",
}
_HOME = {name: module for module, names in _OWNERS.items() for name in names.split()}
__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import sys
    from importlib import import_module

    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    setattr(sys.modules[__name__], name, value)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
