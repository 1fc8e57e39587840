"""What plugins and the program offer: agents, tools, models and offers by name, and who offers each."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._plugins import PluginInfo, Plugins
from ._settings import Settings
from .agents import Agent, AgentCard
from .errors import PluginError
from .hookspecs import Offer
from .models import Model
from .plans import Finding
from .records import FrozenDict, Record, canonical_json
from .tools import Tool

__all__ = ["Provided"]

PROGRAM = "this program"


MAX_BYTES, MAX_SKILLS = 50_000, 200
"""Of one card or tool: the size of all that it says of itself, names and schemas included, and how many skills."""


@dataclass
class Provided:
    """By name; ``owners`` tells who offers what, keyed by (kind, name).

    ``cards`` are those of the agents as they were offered: what an agent makes of its own later counts for nothing,
    nor do words in one that screening doubts.

    Of the models, those that the operator chose stay here once Genesis has opened.
    """

    agents: dict[str, Agent] = field(default_factory=dict)
    cards: dict[str, AgentCard] = field(default_factory=dict)
    tools: dict[str, Tool] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubts: tuple[Finding, ...] = ()
    """What screening says of words that strangers' cards and tools had."""
    owners: dict[tuple[str, str], PluginInfo] = field(default_factory=dict)

    @classmethod
    async def collect(
        cls, plugins: Plugins, extend: Iterable[object], settings: Settings, trust: Mapping[str, str]
    ) -> Provided:
        """Take in *extend*, then ask every plugin; raises PluginError for two things of one name."""
        self = cls()
        program = PluginInfo(PROGRAM)
        items: list[object] = []
        for item in extend:
            if _offered(item):
                items.append(item)
            else:
                name = getattr(item, "__name__", type(item).__name__)
                plugins.add(item, name=name, trust=trust.get(name, "ordinary"))
        for impl in plugins.hook("genesis_provide"):
            given = await plugins.offered(impl, settings)
            for item in given or ():
                self._take(item, plugins.info(impl.plugin_name))
        for item in items:
            self._take(item, program)
        self.offers = FrozenDict({kind: FrozenDict(offered) for kind, offered in self.offers.items()})
        return self

    def of_program(self, kind: str, name: str) -> bool:
        """Return whether the program itself offers this (``Genesis.open(extend=[...])``), and no plugin."""
        return self.owners[kind, name].name == PROGRAM

    def _take(self, item: object, owner: PluginInfo) -> None:
        if isinstance(item, Tool):
            self._put("tool", item.name, item, self.tools, owner)
        elif isinstance(item, Agent) and not inspect.isclass(item):
            self._put("agent", item.card.name, item, self.agents, owner)
            self.cards[item.card.name] = item.card
            for tool in getattr(item, "tools", ()):
                if self.tools.get(tool.name) is not tool:
                    self._put("tool", tool.name, tool, self.tools, owner)
        elif isinstance(item, Offer):
            if item.kind in ("agent", "tool", "model"):
                what = f"{item.kind} {item.name!r} as an Offer"
                raise PluginError(f"plugin {owner.name!r} of {owner.owner} offers {what}",
                                  cause="an Offer is something that plugins know of and the kernel does not",
                                  hint=f"return the {item.kind} itself from genesis_provide")
            self._put(item.kind, item.name, item.value, self.offers.setdefault(item.kind, {}), owner)
        elif isinstance(item, Model) and not inspect.isclass(item):
            self._put("model", item.name, item, self.models, owner)
        else:
            raise PluginError(
                f"plugin {owner.name!r} of {owner.owner} offers a {type(item).__name__}",
                cause="genesis_provide takes agents, tools, models and Offers",
            )

    def _put(self, kind: str, name: str, item: Any, into: dict[str, Any], owner: PluginInfo) -> None:
        if into.get(name) is item:
            return
        self._check_size(kind, name, item, owner)
        if name in into:
            other = self.owners[kind, name]
            raise PluginError(
                f"two {kind}s are named {name!r}: one of {other.owner} (plugin {other.name!r}), "
                f"one of {owner.owner} (plugin {owner.name!r})",
                cause="names must be unique, or a plan would not say who does what",
                hint=f"genesis -p no:{owner.name} ... runs without the second",
            )
        into[name] = item
        self.owners[kind, name] = owner

    def _check_size(self, kind: str, name: str, item: Any, owner: PluginInfo) -> None:
        """Refuse what would fill every prompt and take the time of every plan (raises PluginError)."""
        said = getattr(item, "card" if kind == "agent" else "spec", None)
        size, skills = _size(said), len(getattr(said, "skills", ()))
        if size is None or size > MAX_BYTES or skills > MAX_SKILLS:
            raise PluginError(
                f"{kind} {name[:80]!r} of {owner.owner} describes itself with "
                f"{'what cannot be written' if size is None else f'{size} bytes'} and {skills} skills; at most "
                f"{MAX_BYTES} bytes of JSON and {MAX_SKILLS} skills are allowed",
                cause="descriptions are read for every task of every plan",
                hint=f"genesis -p no:{owner.name} ... runs without that plugin",
            )


def _size(said: object) -> int | None:
    """Return how long a card or spec is as a whole; None when it is nested too deep, or is no JSON."""
    try:
        return len(canonical_json(said.to_json())) if isinstance(said, Record) else 0
    except (RecursionError, ValueError, TypeError):
        return None


def _offered(item: object) -> bool:
    if isinstance(item, Tool | Offer):
        return True
    return isinstance(item, Agent | Model) and not inspect.isclass(item)
