"""1,000 no-op tasks through the public API beside a bare asyncio.TaskGroup: journal off, on, and with every built-in.

usage: scheduler.py [--repeat N] [--tasks N]
"""

from __future__ import annotations

import asyncio
import time

from _common import layered, medians, options, run_seconds, show

from genesis_core import TaskGraph


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


def timed_bare(graph: TaskGraph) -> float:
    """Return the CPU seconds of :func:`bare` alone, without making the loop."""

    async def measure() -> float:
        began = time.process_time()
        await bare(graph)
        return time.process_time() - began

    return asyncio.run(measure())


def main() -> None:
    """Measure and print, with what each layer adds."""
    chosen = options(__doc__, tasks=1000)
    graph = layered(chosen.tasks)
    took = medians({
        "bare": lambda: timed_bare(graph),
        "journal_off": lambda: asyncio.run(run_seconds(graph, journal=False)),
        "journal_on": lambda: asyncio.run(run_seconds(graph)),
        "everything": lambda: asyncio.run(run_seconds(graph, builtins=True)),
    }, chosen.repeat)
    ratios = {name: round(seconds / took["bare"], 2) for name, seconds in took.items()}
    layers = {"kernel": took["journal_off"], "journal": took["journal_on"] - took["journal_off"],
              "plugins": took["everything"] - took["journal_on"]}
    show("scheduler", tasks=chosen.tasks, ms={name: round(seconds * 1e3, 2) for name, seconds in took.items()},
         ratio=ratios, share={name: round(seconds / took["everything"], 2) for name, seconds in layers.items()},
         aim={"journal_off": 6, "journal_on": 12, "everything": 20})


if __name__ == "__main__":
    main()
