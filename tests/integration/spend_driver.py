"""Drives a run of 30 tasks that ask a model which writes its own bill, and dies by SIGKILL at a boundary.

usage: spend_driver.py HOME BILL start|RUN [BOUNDARY COUNT]
BOUNDARY is one of the journal's, or "asked": while the model works, its call billed. Prints the run's id and end state.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from decimal import Decimal

from crash_driver import killer

from genesis_core import Message, ModelReply, ModelRequest, Task, TaskContext, TaskGraph, Usage, agent
from genesis_core.testing import open_genesis

TASKS = 30
MOST, PAID, LIMIT = Decimal("0.05"), Decimal("0.02"), Decimal("1.50")


class Bills:
    """A model whose every call is on a bill that a crash can't take back."""

    name = "bills"

    def __init__(self, die: Callable[[str], None]) -> None:
        self._die = die

    def most(self, request: ModelRequest) -> Usage:
        return Usage(cost=MOST, tokens=50, model_calls=1)

    async def complete(self, request: ModelRequest) -> ModelReply:
        handle = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{request.messages[0].text}\n".encode())
        os.close(handle)
        self._die("asked")
        await asyncio.sleep(0.002)
        return ModelReply(text="done", usage=Usage(cost=PAID, tokens=20, model_calls=1))


@agent(max_concurrent=8)
async def asker(task: Task, context: TaskContext) -> str:
    """Ask once."""
    reply = await context.ask(ModelRequest(messages=(Message(role="user", text=task.id),)))
    return reply.text


async def main() -> None:
    """Start or resume, and say how it ended."""
    boundary, count = (sys.argv[4], int(sys.argv[5])) if len(sys.argv) > 4 else ("", 0)
    probe = killer(boundary, count)
    graph = TaskGraph(tasks=tuple(
        Task(id=f"t{n}", agent="asker", depends_on=(f"t{n - 5}",) if n >= 5 else ()) for n in range(TASKS)))
    settings = {"budget": {"max_cost": str(LIMIT)}}
    async with open_genesis(sys.argv[1], asker, Bills(probe), probe=probe, settings=settings) as genesis:
        if sys.argv[3] == "start":
            run = await genesis.start(await genesis.plan("spend", graph=graph, workspace=sys.argv[1]))
        else:
            run = await genesis.resume(sys.argv[3])
        print(run.id, flush=True)
        print((await run.result()).state.value, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
