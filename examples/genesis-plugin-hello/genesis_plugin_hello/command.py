"""The command ``genesis hello``; imported only when somebody types it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from genesis_core import Genesis, RunResult


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.pass_context
def hello(context: click.Context, names: Sequence[str]) -> None:
    """Greet people, each by name."""
    result = asyncio.run(greet([name[:1].upper() + name[1:] for name in names]))
    for line in greetings_of(result):
        click.echo(line)
    context.exit(result.exit_code)


async def greet(names: Sequence[str]) -> RunResult:
    """Run the goal of greeting *names*, with everything that is installed, and return what it came to."""
    async with Genesis.open() as genesis:
        run = await genesis.start(f"Greet {' and '.join(names)}")
        return await run.result()


def greetings_of(result: RunResult) -> list[str]:
    """Return the greetings in a result, in the order of the plan."""
    outputs = [task.output for task in result.tasks.values() if isinstance(task.output, dict)]
    return [str(output["greeting"]) for output in outputs if "greeting" in output]
