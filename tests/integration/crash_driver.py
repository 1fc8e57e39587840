"""Drives one run of 200 tasks that post to a ledger, and dies by SIGKILL at a named boundary of the journal.

usage: crash_driver.py HOME PORT start|RUN [BOUNDARY COUNT | random SEED]
Prints the run's id, then its end state.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable

from genesis_core import GraphPatch, Plan, Task, TaskContext, TaskGraph, TaskResult, ToolError, agent, hookimpl, tool
from genesis_core.testing import open_genesis

TASKS, WIDTH = 200, 20
FAILS = "t5"
"""The task whose first attempt fails."""


@tool(effect="pure", inline=True)
def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


@agent(tools=[double], max_concurrent=16)
async def poster(task: Task, context: TaskContext) -> TaskResult:
    """Post the idempotency key to the ledger, then write an artefact."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    writer.write(f"{context.idempotency_key}\n".encode())
    await writer.drain()
    await reader.readline()
    writer.close()
    if (task.id, context.attempt) == (FAILS, 1):
        raise ToolError("the first attempt fails")
    value = await context.call(double, number=len(task.id))
    artifact = await context.write("note.txt", f"{task.id} {value}")
    return context.result({"value": value}, artifacts=[artifact])


class Grow:
    """Adds a task when the first one is done, and has one that fails done anew: what a crash can meet, too."""

    @hookimpl
    def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
        if result is not None and result.error is not None:
            return GraphPatch(replace=(plan.graph[result.task_id],), reason="once more")
        if result is None or result.task_id != "t0":
            return None
        return GraphPatch(add=(Task(id="grown", agent="poster", depends_on=("t0",)),), reason="t0 is done")


def graph() -> TaskGraph:
    tasks = []
    for number in range(TASKS):
        layer, place = divmod(number, WIDTH)
        before = [f"t{(layer - 1) * WIDTH + (place + k) % WIDTH}" for k in range(3)] if layer else []
        tasks.append(Task(id=f"t{number}", agent="poster", depends_on=tuple(before)))
    return TaskGraph(tasks=tuple(tasks))


def killer(boundary: str, count: int) -> Callable[[str], None]:
    """Return a probe that kills this process the *count*-th time that *boundary* is reached."""
    seen = 0

    def probe(name: str) -> None:
        nonlocal seen
        seen += name == boundary
        if name == boundary and seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return probe


def kill_later(seed: int) -> None:
    """Kill this process at a random moment."""
    delay = random.Random(seed).uniform(0.0, 0.8)
    threading.Thread(target=lambda: (time.sleep(delay), os.kill(os.getpid(), signal.SIGKILL)), daemon=True).start()


async def main(home: str, what: str, *how: str) -> None:
    probe = killer(how[0], int(how[1])) if how and how[0] != "random" else None
    async with open_genesis(home, poster, Grow(), probe=probe) as genesis:
        if how and how[0] == "random":
            kill_later(int(how[1]))
        if what == "start":
            run = await genesis.start(await genesis.plan("post", workspace=home, graph=graph()))
        else:
            run = await genesis.resume(what)
        print(run.id, flush=True)
        result = await run.result()
        print(result.state.value, len([r for r in result.tasks.values() if r.state.value == "completed"]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[3], *sys.argv[4:]))
