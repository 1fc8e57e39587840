"""A call of a plain tool in a warm worker process, through the agent's context, beside a fork in this interpreter.

usage: worker.py [--repeat N] [--calls N]
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time

from _common import bench_genesis, medians, options, show

from genesis_core import Task, TaskContext, TaskGraph, agent, tool


@tool
def double(number: int, note: dict[str, str]) -> dict[str, int]:
    """Return twice a number."""
    return {"doubled": 2 * number}


@agent(tools=[double])
async def caller(task: Task, context: TaskContext) -> list[float]:
    """Call the tool many times, one after the other, and return the seconds of each."""
    seconds = []
    for number in range(task.metadata["calls"] + 1):
        began = time.perf_counter()
        await context.call(double, number=number, note={"some": "JSON"})
        seconds.append(time.perf_counter() - began)
    return seconds[1:]  # the first one starts the worker


async def warm(calls: int) -> float:
    """Return the median seconds of one call."""
    with tempfile.TemporaryDirectory() as home:
        graph = TaskGraph(tasks=(Task(id="calls", agent="caller", metadata={"calls": calls}),))
        async with bench_genesis(home, caller) as genesis:
            report = await genesis.plan("benchmark", workspace=home, graph=graph)
            result = await (await genesis.start(report)).result()
            assert result.state.value == "completed", result
            return statistics.median(result.output)


def fork(calls: int) -> float:
    """Return the median seconds of a fork that does nothing, waited for."""
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeat=10, calls=100)
    took = medians({"warm_call": lambda: asyncio.run(warm(chosen.calls)), "fork": lambda: fork(chosen.calls)},
                   chosen.repeat)
    show("worker", calls=chosen.calls, ms={name: round(seconds * 1e3, 3) for name, seconds in took.items()},
         ratio=round(took["warm_call"] / took["fork"], 2), aim={"warm_call_ms": 3})


if __name__ == "__main__":
    main()
