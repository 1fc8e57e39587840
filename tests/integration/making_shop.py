"""A state folder where a tool is made in earnest: real layers, registry and sandbox, and no plugin but a proposal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from genesis_aatc.agents import toolsmith
from genesis_aatc.registry import Registry
from genesis_aatc.sandboxes import Bench
from genesis_aatc.workshop import LocalWorkshop
from genesis_core import (
    Example,
    Genesis,
    Goal,
    Label,
    Need,
    Offer,
    Proposal,
    RunResult,
    Task,
    TaskGraph,
    ToolSpec,
    hookimpl,
)
from genesis_core.testing import AllowAll

__all__ = ["CODE", "NEED", "SPEC", "TASK", "Shop"]

TAKES = {"type": "object", "additionalProperties": False, "properties": {"text": {"type": "string"}},
         "required": ["text"]}
NEED = Need(name="shout", description="Return a text in capitals.", input_schema=TAKES,
            examples=(Example(arguments={"text": "a"}, value="A"), Example(arguments={"text": "b c"}, value="B C")))
CODE = 'def shout(text: str) -> str:\n    """Return the text in capitals."""\n    return text.upper()\n'
SPEC = ToolSpec(name="shout", version="1.0.0", description=NEED.description, input_schema=TAKES,
                output_schema={"type": "string", "maxLength": 4000})
TASK = Task(id="t", agent="toolsmith", need=NEED, inputs={"text": {"value": "hello"}})  # type: ignore[dict-item]


class Counting(Bench):
    """A bench that keeps count of what it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[Mapping[str, Any]] = []

    def run(self, code: bytes, entry: str, arguments: Mapping[str, Any], *given: Any, **more: Any) -> Any:
        self.ran.append(arguments)
        return super().run(code, entry, arguments, *given, **more)


class Shop:
    """The state folder of somebody for whom a tool was made; *before* happens right before its call."""

    def __init__(self, home: Path) -> None:
        self.home, self.bench = home, Counting()
        self.before: Callable[[LocalWorkshop], Any] = lambda _: None
        self.settings: dict[str, Any] = {}
        self.more: tuple[object, ...] = ()
        self.proposes: Proposal | None = Proposal(spec=SPEC, code=CODE, author="file")

    @hookimpl
    def genesis_provide(self) -> list[Offer]:
        return [Offer("workshop", "counting", self._workshop)]

    @hookimpl
    def genesis_generate(self, need: Need) -> Proposal | None:
        return self.proposes

    def _workshop(self, ring: Any, home: Path, clock: Any, settings: Any) -> LocalWorkshop:
        shop = self

        class Late(LocalWorkshop):
            async def call(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float) -> Any:
                changed = shop.before(self)
                return await super().call(tool if changed is None else changed(tool), arguments, seconds)

        return Late(Registry(home / "registry", ring, clock), self.bench, home / "keys", clock)

    def open(self) -> Genesis:
        return Genesis.open(
            self.home, plugins="none", extend=[toolsmith(), self, AllowAll(), *self.more],
            trust={"AllowAll": "security"}, settings={"sandbox": {"workshop": "counting"}, **self.settings})

    def workshop(self) -> LocalWorkshop:
        """Return the workshop that another process would have."""
        return self._workshop(lambda: Genesis.open(self.home, settings={}).keys(), self.home, None, {})

    async def run(
        self, *tasks: Task, between: Callable[[Genesis], Any] = lambda _: None, label: Label | None = None
    ) -> RunResult:
        async with self.open() as genesis:
            goal = Goal(text="shout", workspace=str(self.home.parent), label=label or Label())
            report = await genesis.plan(goal, graph=TaskGraph(tasks=tasks or (TASK,)))
            between(genesis)
            return await (await genesis.start(report)).result()

    def sql(self, statement: str) -> None:
        """Do to the file of the registry what somebody with an editor could."""
        with closing(sqlite3.connect(self.home / "registry" / "registry.db", isolation_level=None)) as db:
            db.execute(statement)

    def refusals(self) -> list[str]:
        """Return what the registry's own record says was refused."""
        registry = Registry(self.home / "registry", lambda: Genesis.open(self.home, settings={}).keys())
        found = [entry.message for entry in registry.view().refused]
        registry.close()
        return found
