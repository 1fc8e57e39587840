"""1,000 no-op tasks through the public API beside a bare asyncio.TaskGroup: journal off, on, and with every built-in.

usage: scheduler.py [--repeat N] [--tasks N]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from typing import Any

from _common import Allow, layered, median, noop, show

from genesis_core import Genesis, TaskGraph

BUILTINS = ("htdag", "halo", "aop", "guard", "agents", "eval", "cli")


async def bare(graph: TaskGraph) -> None:
    """Run the same graph with nothing but asyncio: a future a task, awaited by those that need it."""
    loop = asyncio.get_running_loop()
    done = {task.id: loop.create_future() for task in graph.tasks}

    async def one(task_id: str, needs: tuple[str, ...]) -> None:
        for need in needs:
            await done[need]
        done[task_id].set_result(None)

    async with asyncio.TaskGroup() as group:
        for task in graph.tasks:
            group.create_task(one(task.id, task.needs))


async def ours(graph: TaskGraph, *, journal: bool, builtins: bool) -> float:
    """Return the CPU seconds of start to result of a planned graph."""
    with tempfile.TemporaryDirectory() as home:
        options: dict[str, Any] = {"block": () if builtins else BUILTINS}
        extend = [noop] if builtins else [noop, Allow()]
        settings = {"journal": journal, "max_parallel": 64, "limits": {"max_tasks": 20_000}}
        async with Genesis.open(home, extend=extend, settings=settings, trust={"Allow": "security"}, **options) as g:
            report = await g.plan("benchmark", workspace=home, graph=graph)
            began = time.process_time()
            run = await g.start(report)
            result = await run.result()
            spent = time.process_time() - began
            assert result.state.value == "completed", result
            return spent


def timed_bare(graph: TaskGraph) -> float:
    """Return the CPU seconds of :func:`bare` alone, without making the loop."""

    async def measure() -> float:
        began = time.process_time()
        await bare(graph)
        return time.process_time() - began

    return asyncio.run(measure())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--tasks", type=int, default=1000)
    options = parser.parse_args()
    graph = layered(options.tasks)
    cases = {"journal_off": (False, False), "journal_on": (True, False), "everything": (True, True)}
    base = median(lambda: timed_bare(graph), options.repeat)
    figures: dict[str, Any] = {"tasks": options.tasks, "bare_ms": round(base * 1e3, 2)}
    for name, (journal, builtins) in cases.items():
        spent = median(lambda j=journal, b=builtins: asyncio.run(ours(graph, journal=j, builtins=b)), options.repeat)
        figures[name] = {"ms": round(spent * 1e3, 2), "ratio": round(spent / base, 2)}
    show("scheduler", aim={"journal_off": 6, "journal_on": 12, "everything": 20}, **figures)


if __name__ == "__main__":
    main()
