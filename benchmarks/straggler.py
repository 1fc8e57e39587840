"""8 chains of 8 tasks, one slow task in each at another depth, beside the critical path: who waits for whole layers?

usage: straggler.py [--repeat N] [--chains N] [--slow MILLISECONDS]
"""

from __future__ import annotations

import asyncio
import tempfile
import time

from _common import bench_genesis, medians, options, show

from genesis_core import Task, TaskContext, TaskGraph, agent


@agent(max_concurrent=10_000)
async def sleeper(task: Task, context: TaskContext) -> None:
    """Sleep as long as the task says."""
    if task.metadata:
        await asyncio.sleep(task.metadata["seconds"])


def chains(number: int, slow: float) -> TaskGraph:
    """Return *number* chains of as many tasks; in the n-th one the n-th task is slow."""
    tasks = []
    for chain in range(number):
        for step in range(number):
            before = (f"c{chain}s{step - 1}",) if step else ()
            metadata = {"seconds": slow} if step == chain else {}
            tasks.append(Task(id=f"c{chain}s{step}", agent="sleeper", depends_on=before, metadata=metadata))
    return TaskGraph(tasks=tuple(tasks))


async def seconds(graph: TaskGraph) -> float:
    """Return the seconds by the clock from start to result."""
    with tempfile.TemporaryDirectory() as home:
        async with bench_genesis(home, sleeper) as genesis:
            report = await genesis.plan("benchmark", workspace=home, graph=graph)
            began = time.perf_counter()
            result = await (await genesis.start(report)).result()
            spent = time.perf_counter() - began
            assert result.state.value == "completed", result
            return spent


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeat=10, chains=8, slow=250)
    slow = chosen.slow / 1e3
    graph = chains(chosen.chains, slow)
    took = medians({"run": lambda: asyncio.run(seconds(graph))}, chosen.repeat)["run"]
    show("straggler", tasks=len(graph), critical_path_ms=chosen.slow, ms=round(took * 1e3, 1),
         ratio=round(took / slow, 3), layers_ratio=chosen.chains, aim={"ratio": 1.1})


if __name__ == "__main__":
    main()
