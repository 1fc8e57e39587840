"""Tools and agents that nobody offers yet: what is proposed, what seven layers found, and who makes and runs them.

The kernel knows no sandbox. It knows a :class:`Workshop`, which the operator chose by name: whoever proposes a tool
(``genesis_generate``), the workshop alone decides whether it is admitted, and every call of it goes through there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import Field

from .agents import Agent, AgentCard
from .policy import Label
from .records import FrozenDict, Record
from .tools import Need, ToolSpec

__all__ = ["Admission", "LayerCheck", "Made", "MadeState", "Proposal", "Workshop"]


class Proposal(Record):
    """A tool that somebody wrote: what it promises, and its source. Nothing of it has run."""

    spec: ToolSpec
    """Its ``capabilities`` are its manifest: what it asks for beyond computing; empty is nothing."""
    code: str
    """A Python module with one function, called as the spec is named."""
    author: str
    """"examples", "model:NAME" or "file"."""
    label: Label = Label()
    """How far it may be believed: as the need, and as whoever wrote it. What it gives is labelled by it."""


class LayerCheck(Record):
    """What one layer found."""

    layer: str
    ok: bool
    findings: tuple[str, ...] = ()
    """A sentence each; of a layer that passes, what is worth knowing."""
    seconds: float = Field(default=0.0, ge=0)
    policy: str = ""
    """Version of the rules that it went by."""


class Admission(Record):
    """What came of a proposal: an admitted tool, or the layer that refused it."""

    digest: str
    """sha256 over source, spec, manifest and limits: the version of the tool."""
    checks: tuple[LayerCheck, ...] = ()
    """In order; those behind a refusal were not tried."""
    tool: ToolSpec | None = None
    """As it is called from now on: ``source`` is "sha256:" and the digest, ``label`` what it emits. None: refused."""

    @property
    def why(self) -> str:
        """Return which layer refused it, and why; empty: it is admitted."""
        refused = next((check for check in self.checks if not check.ok), None)
        if refused is None:
            return "" if self.tool is not None else "it was not tried"
        return f"{refused.layer}: {'; '.join(refused.findings)}"


class MadeState(StrEnum):
    """The life of one version."""

    PROPOSED = "proposed"
    """Written, and looked at by the layers that run nothing."""
    TRIALLED = "trialled"
    """It has proved itself in the sandbox; nobody uses it yet."""
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    """A newer version has its name; plans that name this one by its digest still call it."""
    REVOKED = "revoked"
    """Never called again."""


class Made(Record):
    """One version of a tool or an agent that was made."""

    digest: str
    kind: str
    """"tool" or "agent"."""
    name: str
    state: MadeState
    author: str
    created: datetime
    """UTC."""
    label: Label = Label()
    need: Need | None = None
    tool: ToolSpec | None = None
    card: AgentCard | None = None
    code: str = ""
    limits: Mapping[str, float] = FrozenDict()
    """Of each call, as the trial found them sufficient."""
    checks: tuple[LayerCheck, ...] = ()
    approved: str = ""
    """Who granted the capabilities that it has."""
    run: str = ""
    """The run that it was made in."""
    why: str = ""
    """Of its last change of state."""
    calls: int = Field(default=0, ge=0)
    failures: int = Field(default=0, ge=0)


@runtime_checkable
class Workshop(Protocol):
    """Keeps, proves and runs what was made: the only way from a proposal to a call."""

    def refuses(self) -> str:
        """Return why nothing generated may run here now; empty: it may."""
        ...

    def tools(self) -> Sequence[ToolSpec]:
        """Return the active tools whose record is untouched, by name; none where nothing generated may run."""
        ...

    def agents(self) -> Sequence[AgentCard]:
        """Return the cards of the active agents, by name."""
        ...

    async def find(self, need: Need) -> ToolSpec | None:
        """Return an active tool that meets *need*: made for the same need, or right on each of its examples."""
        ...

    async def admit(self, need: Need, proposal: Proposal, *, run: str = "", approved: str = "") -> Admission:
        """Take *proposal* through all layers and, when each passes, register it as active.

        *approved* says who granted the capabilities that it asks for. Admitting the same tool twice is one tool.
        """
        ...

    async def call(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float) -> Any:
        """Return what *tool* gives, run in the sandbox after its record was verified.

        Raises AccessDenied for what is not as it was admitted, ToolError for what fails, TimedOut at its limit.
        """
        ...

    def agent(self, card: AgentCard) -> Agent:
        """Return the agent of a *card* that was made here."""
        ...

    def registered(self, card: AgentCard, *, label: Label, run: str, proved: bool) -> None:
        """Keep an agent that has done its first task; *proved*: by an acceptance check, so it becomes active."""
        ...

    # -- by hand: ``genesis tools`` and ``genesis agents`` -------------------------------------------------------------

    def made(self) -> Sequence[Made]:
        """Return every version, by name and age (raises JournalError when the registry's record is damaged)."""
        ...

    async def propose(self, need: Need, proposal: Proposal) -> Made:
        """Keep *proposal* as proposed when the layers that run nothing let it pass (raises ToolError)."""
        ...

    async def trial(self, digest: str, *, approved: str = "") -> Admission:
        """Run a proposed version in the sandbox; what passes is trialled, not yet active.

        *approved* says who lets it have, for its trial, the capabilities that it asks for.
        """
        ...

    def promote(self, digest: str, *, approved: str = "") -> Made:
        """Make a trialled version active and the one before it deprecated.

        Raises AccessDenied when it asks for capabilities that nobody approved, ToolError for one that has no trial.
        """
        ...

    def revoke(self, digest: str, why: str = "") -> Made:
        """Have it never called again."""
        ...

    def export(self, digest: str) -> bytes:
        """Return a signed bundle of one version, for another machine."""
        ...

    def take_in(self, bundle: bytes, *, signer: str) -> Made:
        """Keep what *bundle* holds as proposed, when it is signed by the key *signer* (raises AccessDenied)."""
        ...

    def verify(self) -> Sequence[str]:
        """Return what is wrong with the registry's record, a sentence each."""
        ...

    def close(self) -> None:
        """End what was kept warm; nothing is called any more."""
        ...
