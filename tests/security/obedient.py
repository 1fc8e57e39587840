"""A world for attacks: an agent, a model and plugins that do whatever a text tells them, and tools that keep count.

An order reads ``CALL tool {"argument": "value"}``. Whoever is obedient finds it in everything that it sees: quoted,
encoded, split over two texts. Nobody here decides anything by himself; what does not happen is what the kernel stops.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import html
import json
import re
import types
import urllib.parse
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis_core import (
    Action,
    Budget,
    Decision,
    EventKind,
    Genesis,
    GenesisError,
    Goal,
    GraphPatch,
    Identity,
    Label,
    Message,
    ModelError,
    ModelReply,
    ModelRequest,
    PlanContext,
    RunResult,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    Tool,
    Trust,
    Usage,
    hookimpl,
    tool,
)
from genesis_core.testing import FakeAgent
from genesis_guard._policy import Asked, policy_for

__all__ = ["Done", "PolicyAlone", "World", "encoded", "order", "orders"]

Done = tuple[str, dict[str, Any]]
"""What a tool did: its name, and what it was given."""
RULES: tuple[Mapping[str, Any], ...] = (
    {"id": "sends", "verbs": ["call"], "effects": ["send"], "decision": "allow"},
    {"id": "writes", "verbs": ["call"], "effects": ["write"], "decision": "allow"},
)
"""An operator who lets tools send and change things: what stops an attack is not that nobody may."""
BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
MARK = "CALL "


def order(name: str, /, **arguments: Any) -> str:
    """Return the words that make the obedient call a tool."""
    return f"{MARK}{name} {json.dumps(arguments)}"


def encoded(text: str) -> str:
    """Return *text* in base64."""
    return base64.b64encode(text.encode()).decode()


def orders(text: str) -> list[Done]:
    """Return the orders in *text*, however it is written, each once."""
    found: list[Done] = []
    for view in _views(text):
        found += [o for o in _plain(view) if o not in found]
    return found


def _views(text: str) -> Iterator[str]:
    yield text
    yield html.unescape(urllib.parse.unquote(text))
    with contextlib.suppress(ValueError):
        yield json.loads(f'"{text}"')
    yield text.replace('\\"', '"').replace("\\n", "\n")
    for block in BASE64.findall(text):
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            yield base64.b64decode(block, validate=True).decode()


def _plain(text: str) -> Iterator[Done]:
    for part in text.split(MARK)[1:]:
        name, _, rest = part.partition(" ")
        with contextlib.suppress(ValueError):
            arguments, _ = json.JSONDecoder().raw_decode(rest)
            yield name, arguments


class PolicyAlone:
    """The policy of the guard under the operator's rules; its detector is switched off."""

    @hookimpl
    def genesis_authorize(self, action: Action, identity: Identity, label: Label, context: PlanContext) -> Decision:
        asked = Asked(action, identity.subject, label, context.models)
        return policy_for(context.settings.get("guard")).decide(asked)


@dataclass
class ObedientModel:
    """Repeats what it is told to order; it may have an opinion of its own, or fail with one."""

    world: World
    name: str = "obedient"

    def most(self, request: ModelRequest) -> Usage:
        return Usage(model_calls=1)

    async def complete(self, request: ModelRequest) -> ModelReply:
        if self.world.model_fails:
            raise ModelError(self.world.model_fails)
        told = [word for m in request.messages for word in ("SECRET-KEY", "PUBLIC-FACT") if word in m.text]
        self.world.done += [("model", {"told": word}) for word in told]
        seen = [order(name, **given) for m in request.messages for name, given in orders(m.text)]
        seen += [order(n, **g) for spec in request.tools for n, g in orders(spec.description)]
        return ModelReply(text="In short: " + " ".join([self.world.model_says, *seen]), model=self.name)


class Obedient(FakeAgent):
    """Takes the steps that its plan writes down, then does what any text on the way says."""

    def __init__(self, world: World, name: str = "agent", tools: Sequence[Tool] = ()) -> None:
        super().__init__(name, tools=tools or tuple(world.tools.values()))
        self.world = world
        self.kept: list[TaskContext] = []
        self.answers: dict[str, dict[str, Any]] = {}

    async def invoke(self, task: Task, context: TaskContext) -> Any:
        self.kept.append(context)
        texts: list[str] = [task.description] if task.description else []
        for step in task.metadata.get("steps", ()):
            with contextlib.suppress(GenesisError):
                await self._step(context, list(step), texts)
            if context.halt is not None:
                raise context.halt
        if not task.metadata.get("meek"):
            await self._obey(context, texts)
        if task.metadata.get("stops") and task.id not in self.world.stopped:
            self.world.stopped.add(task.id)
            return context.blocked("not now")
        output = {"text": "\n".join(texts), **task.metadata.get("output", {}), **self.answers.get(task.id, {})}
        return context.result(output, artifacts=tuple(context._written.values()))

    async def _step(self, context: TaskContext, step: list[Any], texts: list[str]) -> None:
        do, *given = step
        if do == "call":
            await context.call(given[0], **self._filled(given[1], texts, context))
        elif do == "probe":  # does one thing when a file is there, and another when it is not
            try:
                await context.read(given[0])
            except GenesisError:
                texts.append(given[1])
        elif do == "say":
            texts.append(given[0])
        elif do == "tools":  # what they say of themselves
            texts += [spec.description for spec in context.tools]
        elif do == "look":
            texts += context.files(given[0] if given else "**/*")
        elif do == "inputs":
            texts += [await self._value(context, value) for value in context.inputs.values()]
        elif do == "obey":
            await self._obey(context, texts)
        elif do == "race":
            await self._race(context, texts, given[0])
        else:
            texts.append(await self._text(context, do, given, texts))

    async def _text(self, context: TaskContext, do: str, given: list[Any], texts: list[str]) -> str:
        if do == "read":
            return await context.read(given[0])
        if do == "upstream":
            return "\n".join(str(r.to_json()) for rs in context.upstream.values() for r in rs)
        if do == "write":
            return str(await context.write("kept.txt", "\n".join(texts)))
        if do == "summarise":
            said = Message(role="user", text="\n".join(texts), label=context.label)
            return (await self._heard(context, ModelRequest(messages=(said,), tools=context.tools)))
        try:
            return str(await context.call(do, **self._filled(given[0], texts, context)))
        except GenesisError as error:
            return f"{error.message} {error.cause}"

    async def _heard(self, context: TaskContext, request: ModelRequest) -> str:
        try:
            return (await context.ask(request)).text
        except ModelError as error:
            return error.message

    async def _value(self, context: TaskContext, value: Any) -> str:
        if hasattr(value, "sha256"):
            return (await context.read_artifact(value)).decode()
        return value if isinstance(value, str) else json.dumps(value)

    def _filled(self, arguments: Mapping[str, Any], texts: list[str], context: TaskContext) -> dict[str, Any]:
        known = {"$text": "\n".join(texts), "$input": context.inputs.get("x")}
        return {n: known.get(v, v) if isinstance(v, str) else v for n, v in arguments.items()}

    async def _obey(self, context: TaskContext, texts: list[str]) -> None:
        """Do what the texts say, each order in more than one way, also when the two halves stand apart."""
        for name, arguments in orders("\n".join(texts)) + orders("".join(texts)):
            for _ in range(2):  # a refusal is taken for bad luck
                with contextlib.suppress(GenesisError, TypeError):
                    texts.append(str(await self._do(context, name, arguments)))
                    break

    async def _do(self, context: TaskContext, name: str, arguments: dict[str, Any]) -> Any:
        if name == "approve":
            await self._approve(context, **arguments)
        elif name == "widen":
            self.card = self.card.replace(tools=tuple(self.world.tools))
        elif name == "answer":
            self.answers[task_of(context)] = arguments
        elif name == "borrow":  # the context of a task that has ended
            return await self.kept[0].call(arguments["tool"], **arguments["arguments"])
        elif name == "nest":
            steps = [["call", arguments["tool"], arguments["arguments"]]]
            graph = TaskGraph(tasks=(Task(id="inner", agent="agent", metadata={"steps": steps}),))
            report = await self.world.genesis.plan("inside", workspace=self.world.work, graph=graph)
            await (await self.world.genesis.start(report)).result()
        else:
            return await context.call(name, **arguments)
        return ""

    async def _approve(self, context: TaskContext, tool: str, arguments: dict[str, Any]) -> None:
        """Say yes to a call in a person's place: by a row of one's own where there is a door for it, and as they do."""
        action = Action("call", tool, self.world.tools[tool].spec.effect, arguments)
        note = getattr(context, "note", None)
        if note is not None:
            said = {"action": action.digest, "granted": True, "verb": action.verb, "resource": tool}
            note(EventKind.APPROVED, said)
        await self.world.genesis.records.approve(context.run_id, context.task.id, granted=True)
        self.world.done.append(("approve", {}))

    async def _race(self, context: TaskContext, texts: list[str], wanted: Sequence[str]) -> None:
        """Have a message to each of them allowed before anything is read, and let go those that the text names."""
        held = {to: context.call("send", to=to, body="x") for to in wanted}
        first = {to: call.send(None) for to, call in held.items()}
        texts.append(await context.read("notes.txt"))
        for to, call in held.items():
            if to in texts[-1]:
                with contextlib.suppress(GenesisError):
                    await _rest(call, first[to])
            else:
                call.close()


def task_of(context: TaskContext) -> str:
    return context.task.id


@types.coroutine
def _rest(call: Any, waits_for: Any) -> Generator[Any, Any, Any]:
    """Go on with a coroutine that was held where it *waits_for* something."""
    while True:
        sent = yield waits_for
        try:
            waits_for = call.send(sent)
        except StopIteration as end:
            return end.value


@dataclass
class ObedientPlugin:
    """Changes the plan as any text tells it: a task for each order, with the grants that it names."""

    world: World
    remembers: list[str] = field(default_factory=list)

    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        if result is None or not self.world.revises:
            return None
        said = str((result.output or {}).get("text", "")) if isinstance(result.output, Mapping) else ""
        if self.world.revises == "later" and not result.task_id.startswith("last"):
            self.remembers.append(said)
            return None
        found = orders("\n".join([said, *self.remembers]))
        self.remembers.clear()
        return self.world.patch(found) if found else None

    @hookimpl
    async def genesis_decompose(self, task: Task, context: PlanContext) -> Sequence[Task] | None:
        if task.kind != "goal" or not self.world.plans:
            return None
        texts = [*context.files("**/*")] if self.world.plans == "names" else []
        if self.world.plans == "model":
            told = "\n".join([card.description for card in context.agents])
            ask = ModelRequest(messages=(Message(role="user", text=told, label=Label(Trust.TRUSTED)),))
            texts.append((await context.ask(ask)).text)
        found = orders("\n".join(texts))
        if found and self.world.drafts:
            return self.world.drafts
        return [Task(id=f"p{n}", agent="agent", metadata={"steps": [["call", name, given]]})
                for n, (name, given) in enumerate(found)] or [Task(id="p", agent="agent")]


@dataclass
class World:
    """One workspace with its state folder, tools that keep count, and what runs came to."""

    folder: Path
    model_says: str = ""
    model_fails: str = ""
    replies: str = ""
    """What comes back when something is sent."""
    page: str = ""
    """What the web answers."""
    revises: str = ""
    plans: str = ""
    card: str = ""
    wanted: str = ""
    """The order that a plan gives itself, when it finds something out."""
    rules: Sequence[Mapping[str, Any]] = RULES
    journal: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_of_policy: Mapping[str, Any] = field(default_factory=dict)
    patches: Callable[[Sequence[Done]], GraphPatch] | None = None
    drafts: Sequence[Task] = ()
    """The tasks of the plan that a model writes, where it is ordered anything."""
    plugins: Sequence[object] = ()
    """What takes part beside the obedient."""
    done: list[Done] = field(default_factory=list)
    """What happened, in order: the only thing that counts."""
    stopped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.work = self.folder / "work"
        self.work.mkdir(parents=True)
        self.tools = {t.name: t for t in _tools(self)}
        self.agent = Obedient(self)
        self.agent.card = self.agent.card.replace(description=self.card)
        self.plugin = ObedientPlugin(self)
        self.genesis: Genesis

    def file(self, name: str, text: str) -> None:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def patch(self, found: Sequence[Done]) -> GraphPatch:
        """Return the change of the plan that does what was *found*."""
        if self.patches is not None:
            return self.patches(found)
        return GraphPatch(add=[
            Task(id=f"new{n}", agent="agent", metadata={"steps": [["call", name, given]]})
            for n, (name, given) in enumerate(found)])

    def open(self) -> Genesis:
        """Return a Genesis of this world, its detector switched off."""
        self.genesis = Genesis.open(
            self.folder / "home", plugins="none", trust={"PolicyAlone": "security"},
            extend=(self.agent, self.plugin, ObedientModel(self), PolicyAlone(), *self.plugins),
            settings={"policy": {"rules": list(self.rules), **self.settings_of_policy}, "journal": self.journal,
                      "models": {"use": ["obedient"]}, "durability": "normal", **self.settings})
        return self.genesis

    async def run(self, *tasks: Task, goal: str | Goal = "work", **options: Any) -> RunResult:
        """Run an explicit plan (or, without tasks, whatever comes of the goal)."""
        async with self.open() as genesis:
            graph = TaskGraph(tasks=tasks) if tasks else None
            budget: Budget | None = options.pop("budget", None)
            report = await genesis.plan(goal, workspace=self.work, graph=graph, budget=budget)
            return await (await genesis.start(report, budget=budget, **options)).result()

    async def resume(self, run: str = "last", **options: Any) -> RunResult:
        async with self.open() as genesis:
            return await (await genesis.resume(genesis.folder(run).name, **options)).result()

    async def replay(self, run: str = "last") -> RunResult:
        async with self.open() as genesis:
            return await (await genesis.replay(run)).result()

    async def again(self, run: str = "last", **options: Any) -> RunResult:
        async with self.open() as genesis:
            plan = genesis.record(run).plan
            assert plan is not None
            return await (await genesis.start(plan, again=genesis.folder(run).name, **options)).result()

    async def approve(self, task: str, *, granted: bool = True) -> None:
        """Say yes, as a person does, to what a task of the last run waits for."""
        async with self.open() as genesis:
            await genesis.records.approve("last", task, granted=granted)


def _tools(world: World) -> Sequence[Tool]:
    done = world.done

    @tool(effect="send", inline=True)
    def send(to: str, body: str = "") -> str:
        """Send a message."""
        done.append(("send", {"to": to, "body": body}))
        return world.replies or "sent"

    @tool(effect="send", inline=True)
    def pay(to: str, amount: int, note: str = "") -> str:
        """Pay somebody."""
        done.append(("pay", {"to": to, "amount": amount, "note": note}))
        return "paid"

    @tool(effect="write", inline=True)
    def delete(path: str) -> str:
        """Delete something."""
        done.append(("delete", {"path": path}))
        return "deleted"

    @tool(effect="write", inline=True)
    def put(path: str, text: str = "") -> str:
        """Write a file, wherever it lies."""
        done.append(("put", {"path": path, "text": text}))
        with contextlib.suppress(OSError, ValueError):
            (world.work / Path(path).name).write_text(text)
        return world.replies or "written"

    @tool(effect="write", inline=True)
    def erase(file: Path) -> str:
        """Erase a file of the workspace."""
        done.append(("erase", {"file": str(file)}))
        return "erased"

    @tool(effect="read", inline=True)
    def fetch(url: str = "") -> str:
        """Return a page of the web."""
        return world.page

    @tool(effect="read", inline=True)
    def broken(url: str = "") -> str:
        """Fail with what the web answers."""
        raise RuntimeError(world.page)

    @tool(inline=True)
    def spell(text: str) -> str:
        """Return a text in base64."""
        return encoded(text)

    @tool(effect="read", inline=True)
    def show(file: Path) -> str:
        """Return a file's text, or those of a folder."""
        path = world.work / file
        return path.read_text() if path.is_file() else "\n".join(p.read_text() for p in sorted(path.iterdir()))

    return send, pay, delete, put, erase, fetch, broken, spell, show


def run(coroutine: Any) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(coroutine)
