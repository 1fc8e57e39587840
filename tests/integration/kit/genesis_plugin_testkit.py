"""A stranger's distribution for the tests of the command line: agents that end in every way an agent can end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import click

from genesis_core import (
    Action,
    Decision,
    Effect,
    Message,
    ModelRequest,
    Observation,
    Offer,
    Report,
    Task,
    TaskContext,
    TaskResult,
    agent,
    hookimpl,
    tool,
)

genesis_api = 1


@tool(effect="read")
def todo_lines(files: list[Path]) -> list[list[object]]:
    """Return file, line and text of every line that begins with TODO."""
    return [
        [file.as_posix(), number, line.strip()]
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if line.startswith("TODO")
    ]


@tool(effect="send", inline=True)
def post(text: str) -> str:
    """Pretend to send something; policy denies it before it gets here."""
    return text


@tool(effect="write", inline=True)
def jot(text: str, place: str = "") -> str:
    """Pretend to write something down."""
    return f"{place}: {text}"


@tool(inline=True)
def sign(text: str) -> str:
    """Sign something; this plugin's own policy leaves that to a person."""
    return f"signed: {text}"


@agent
async def echo(task: Task, context: TaskContext) -> TaskResult:
    """Give back what it was given."""
    return context.result({name: value for name, value in context.inputs.items()} or {"said": task.description})


@agent
async def sleepy(task: Task, context: TaskContext) -> TaskResult:
    """Take some time, politely."""
    await asyncio.sleep(float(context.inputs.get("seconds", 30)))
    return context.result({"slept": True})


@agent
async def holder(task: Task, context: TaskContext) -> TaskResult:
    """Hold the loop, which an agent must not do."""
    time.sleep(float(context.inputs.get("seconds", 30)))  # noqa: ASYNC251  # on purpose
    return context.result({"held": True})


@agent
async def broken(task: Task, context: TaskContext) -> TaskResult:
    """Raise."""
    raise ValueError("this never works")


@agent
async def stuck(task: Task, context: TaskContext) -> TaskResult:
    """Say what is missing."""
    return context.blocked("there is no printer here", tried=["looked for a printer"])


@agent(tools=[post])
async def sender(task: Task, context: TaskContext) -> TaskResult:
    """Try to send."""
    return context.result(await context.call(post, text="hello"))


@agent(tools=[sign])
async def signer(task: Task, context: TaskContext) -> TaskResult:
    """Sign, once somebody approves."""
    return context.result({"signed": await context.call(sign, text="contract")})


@agent(tools=[jot])
async def scribe(task: Task, context: TaskContext) -> TaskResult:
    """Read a file, and write down what it says."""
    return context.result({"noted": await context.call(jot, text=await context.read("notes.txt"))})


@agent
async def thinker(task: Task, context: TaskContext) -> TaskResult:
    """Ask a model."""
    return context.result((await context.ask(ModelRequest(messages=(Message(role="user", text="?"),)))).text)


@agent(tools=[todo_lines])
async def finder(task: Task, context: TaskContext) -> TaskResult:
    """Report every line that begins with TODO, and write the report."""
    found = await context.call(todo_lines, files=list(context.files("**/*.txt")))
    seen = tuple(
        Observation(rule="todo", severity="medium", message=f"left to do: {text[4:].strip()}", source=file,
                    location=str(line), quote=text)
        for file, line, text in found
    )
    report = Report(title="Left to do", summary=f"{len(seen)} things are left to do.", figures={"todos": len(seen)},
                    observations=seen)
    lines = "".join(f"- {s.source}:{s.location} {s.message}\n" for s in seen)
    files = [await context.write("report.md", f"# Left to do\n{lines}", media_type="text/markdown"),
             await context.write("report.html", f"<h1>Left to do</h1>{lines}", media_type="text/html")]
    return context.result(report, artifacts=files)


class Vault:
    """A key ring of the kit's own."""

    def sign(self, actor: str, data: bytes) -> bytes:
        return sha256(b"a key of the kit" + data).digest()

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        return self.sign(actor, data) == mac


@hookimpl
def genesis_provide() -> Sequence[object]:
    """Offer all of them."""
    agents = (echo, sleepy, holder, broken, stuck, sender, signer, scribe, thinker, finder)
    return [*agents, Offer("keyring", "vault", Vault())]


@hookimpl
async def genesis_decompose(task: Task) -> Sequence[Task] | None:
    """Take a long time over one goal; no other is ours."""
    if task.kind == "goal" and task.description == "Dawdle":
        click.echo("dawdling", err=True)
        await asyncio.sleep(30)
    return None


@hookimpl
def genesis_authorize(action: Action) -> Decision | None:
    """Leave signatures to a person; say nothing of anything else."""
    if action.verb == "call" and action.resource == "sign":
        return Decision.ask("signatures", "a person signs")
    return Decision.allow("testkit") if action.effect is Effect.PURE else None


@click.command()
@click.argument("how", required=False)
def command(how: str | None) -> None:
    """Greet, or fail as a bug does."""
    if how == "crash":
        raise RuntimeError("a wheel came off")
    click.echo("hello from the testkit")
