"""Drives a run that grows, calls and asks for as long as it may, and dies by SIGKILL at a boundary of the journal.

usage: limits_driver.py HOME LIMITS start|RUN [BOUNDARY COUNT]
LIMITS is JSON. Each finished task calls for another one, in the place of one that was dropped. Prints the run's id,
then its end state and why.
"""

from __future__ import annotations

import asyncio
import json
import sys

from crash_driver import killer

from genesis_core import (
    GraphPatch,
    Message,
    ModelReply,
    ModelRequest,
    Plan,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    Usage,
    agent,
    hookimpl,
    tool,
)
from genesis_core.testing import open_genesis

TASKS = 12


class Parrot:
    """A model that costs a cent."""

    name = "parrot"

    def most(self, request: ModelRequest) -> Usage:
        """Return what it takes each time."""
        return Usage(cost="0.01", tokens=1, model_calls=1)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer."""
        return ModelReply(text="yes", usage=self.most(request))


@tool(effect="pure", inline=True)
def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


@agent(tools=[double], max_concurrent=2)
async def worker(task: Task, context: TaskContext) -> int:
    """Call once, ask once."""
    if task.id == "nap":
        await asyncio.sleep(60)
    await context.ask(ModelRequest(messages=(Message(role="user", text=task.id),)))
    found: int = await context.call(double, number=len(task.id))
    return found


class Grow:
    """Adds a task whenever one ends and drops the one that it added before, if that can still be."""

    @hookimpl
    def genesis_revise(self, plan: Plan, result: TaskResult | None) -> GraphPatch | None:
        """Answer every result with one more task."""
        if result is None or not result.task_id.startswith("t"):
            return None
        waiting = [t.id for t in plan.graph.tasks if t.id.startswith("more")]
        return GraphPatch(add=(Task(id=f"more-{result.task_id}", agent="worker", depends_on=("z",)),), drop=waiting)


async def main(home: str, limits: str, what: str, *how: str) -> None:
    """Start or resume, and say how it ended."""
    napping = [Task(id="nap", agent="worker")] if json.loads(limits).get("max_seconds") else []
    last = Task(id="z", agent="worker", depends_on=tuple(f"t{n}" for n in range(TASKS)))
    tasks = [*(Task(id=f"t{n}", agent="worker", depends_on=(f"t{n - 1}",) if n else ()) for n in range(TASKS)), last]
    settings = {"limits": json.loads(limits)}
    probe = killer(how[0], int(how[1])) if how else None
    async with open_genesis(home, worker, *([] if napping else [Grow()]), Parrot(), settings=settings,
                            probe=probe) as genesis:
        if what == "start":
            graph = TaskGraph(tasks=tuple(napping or tasks))
            run = await genesis.start(await genesis.plan("grow", workspace=home, graph=graph))
        else:
            run = await genesis.resume(what)
        print(run.id, flush=True)
        result = await run.result()
        print(result.state.value, "" if result.error is None else result.error.message, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], *sys.argv[4:]))
