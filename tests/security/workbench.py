"""A workshop for attacks: it admits whatever is proposed, and calls it in this process. Nobody here proves anything.

Its maker is as obedient: a tool says again what its need gave as an example, and else what it was handed; an order in
the words of a need or of a task (``MAKE {"effect": "send"}``) changes what is proposed, a tool or a specialist. What
the seven layers and the sandbox would stop is not stopped here: what does not happen is what the kernel stops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from obedient import Obedient, World

from genesis_core import (
    Admission,
    AgentCard,
    GraphPatch,
    Label,
    LayerCheck,
    Made,
    MadeState,
    Message,
    ModelRequest,
    Need,
    Offer,
    PlanContext,
    Proposal,
    Task,
    TaskContext,
    ToolSpec,
    digest,
    hookimpl,
)

__all__ = ["GIST", "Workbench", "gist", "make", "patching", "workbench"]

TEXT = {"type": "object", "properties": {"text": {}}, "required": ["text"]}
GIST = "gist"
MAKE = "MAKE "


def make(**changes: Any) -> str:
    """Return the words that make the obedient maker propose something else."""
    return MAKE + json.dumps(changes)


def gist(said: str = "", *examples: str, name: str = GIST) -> Need:
    """Return the need for a tool that says what a text comes to; *examples* are what it gives for "1", "2", ..."""
    shown = [{"arguments": {"text": str(number)}, "value": value} for number, value in enumerate(examples, start=1)]
    return Need(name=name, description=said, input_schema=TEXT, examples=shown)


def patching(world: World, *tasks: Task) -> None:
    """Have the plan changed by the first text that holds an order: these *tasks* are added."""
    world.revises = "now"
    world.patches = lambda found: GraphPatch(add=[t for t in tasks if not t.id.startswith("new") or found])


def _ordered(*texts: str) -> dict[str, Any]:
    """Return what the orders to a maker say, all together."""
    found: dict[str, Any] = {}
    for part in "\n".join(texts).split(MAKE)[1:]:
        found |= json.JSONDecoder().raw_decode(part)[0]
    return found


@dataclass
class Workbench:
    """The plugin that makes, and the workshop that it offers: both keep what they have over the runs of a world."""

    world: World
    code: str = ""
    """Of each tool: "", "reversed" or "failing"."""
    says: Mapping[str, Any] = field(default_factory=dict)
    """What the maker proposes otherwise, whatever a need says."""
    asks: bool = False
    """Whether it tells a model what is needed."""
    outside: str = ""
    """What lies where a tool may read that was granted it."""
    active: dict[str, Made] = field(default_factory=dict)
    kept: list[Made] = field(default_factory=list)
    cards: dict[str, tuple[AgentCard, Label]] = field(default_factory=dict)

    # -- the plugin -------------------------------------------------------------------------------------------------

    @hookimpl
    def genesis_provide(self) -> list[Offer]:
        return [Offer("workshop", "aatc", lambda ring, home, clock, settings: self)]

    @hookimpl
    async def genesis_generate(self, need: Need, context: PlanContext) -> Proposal | AgentCard | None:
        if self.asks:
            await context.ask(ModelRequest(messages=(Message(role="user", text=need.description, label=need.label),)))
        said = {**_ordered(need.description, *(str(e.value) for e in need.examples)), **self.says}
        if need.kind == "agent":
            card = {"name": "made", "tools": ("spell",), "skills": [{"id": skill} for skill in need.requires],
                    "description": need.description}
            return AgentCard(**{**card, **said})
        spec = ToolSpec(name=need.name, description=need.description, input_schema=need.input_schema)
        code = json.dumps([[dict(e.arguments), e.value] for e in need.examples])
        return Proposal(spec=spec.replace(**said), code=code, author="examples")

    # -- the workshop -----------------------------------------------------------------------------------------------

    def refuses(self) -> str:
        return ""

    def tools(self) -> Sequence[ToolSpec]:
        return tuple(made.tool for made in self.active.values() if made.tool is not None)

    def agents(self) -> Sequence[AgentCard]:
        return tuple(card for card, _ in self.cards.values())

    def made(self) -> Sequence[Made]:
        agents = [Made(digest=digest(card.to_json()), kind="agent", name=card.name, state=MadeState.ACTIVE, card=card,
                       author="workshop", created="2026-01-01T00:00:00Z", label=label)
                  for card, label in self.cards.values()]
        return (*self.kept, *self.active.values(), *agents)

    async def find(self, need: Need) -> ToolSpec | None:
        """Return whatever has the name that is asked for: nobody looks what it was made for."""
        return next((tool for tool in self.tools() if tool.name == need.name), None)

    async def propose(self, need: Need, proposal: Proposal) -> Made:
        self.kept.append(self._made(need, proposal, MadeState.PROPOSED, proposal.spec))
        return self.kept[-1]

    async def admit(self, need: Need, proposal: Proposal, *, run: str = "", approved: str = "") -> Admission:
        if approved:
            self.world.done.append(("granted", dict(proposal.spec.capabilities)))
        spec = proposal.spec.replace(source=f"sha256:{digest(proposal.code)}", label=proposal.label)
        self.active[spec.source] = self._made(need, proposal, MadeState.ACTIVE, spec)
        return Admission(digest=spec.source, tool=spec, checks=[LayerCheck(layer="trial", ok=True)])

    def _made(self, need: Need, proposal: Proposal, state: MadeState, spec: ToolSpec) -> Made:
        return Made(digest="d", kind="tool", name=spec.name, state=state, need=need, author=proposal.author,
                    created="2026-01-01T00:00:00Z", tool=spec, code=proposal.code, label=proposal.label)

    async def call(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float) -> Any:
        if tool.name in ("send", "delete") or tool.effect == "send":  # it is what it says that it is
            self.world.done.append((tool.name, dict(arguments)))
        shown: list[tuple[Any, Any]] = json.loads(self.active[tool.source].code)
        text = next((value for given, value in shown if given == arguments), arguments.get("text", ""))
        if tool.capabilities:
            text = f"{text} {self.outside}"
        if self.code == "failing":
            raise RuntimeError(text)
        return str(text)[::-1] if self.code == "reversed" else text

    def agent(self, card: AgentCard) -> Any:
        """Return a specialist that does what its own card tells it, too."""
        return Specialist(self.world, card)

    def registered(self, card: AgentCard, *, label: Label, run: str, proved: bool) -> None:
        self.cards[card.name] = (card, label)

    def close(self) -> None:
        pass


class Specialist(Obedient):
    """Takes the words of its card for its own."""

    def __init__(self, world: World, card: AgentCard) -> None:
        super().__init__(world, card.name)
        self.card = card

    async def invoke(self, task: Task, context: TaskContext) -> Any:
        if not task.metadata.get("deaf"):
            task = task.replace(metadata={**task.metadata, "steps": [
                ["say", self.card.description], *task.metadata.get("steps", ())]})
        return await super().invoke(task, context)


def workbench(world: World, **fields: Any) -> Workbench:
    """Give *world* a place where things are made."""
    bench = Workbench(world, **fields)
    world.plugins = (*world.plugins, bench)
    return bench
