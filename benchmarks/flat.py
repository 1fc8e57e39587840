"""The cost of a task in runs of 50, 1,000 and 10,000 no-op tasks: it should be the same.

A run costs something before its first task (folder, journal, index); that is what a run of a single task costs, and it
is taken off. ``whole`` is the same with it.

usage: flat.py [--repeat N] [--most TASKS]
"""

from __future__ import annotations

import asyncio
from functools import partial

from _common import layered, medians, options, run_seconds, show

from genesis_core import TaskGraph

SIZES = (50, 1_000, 10_000)


def measure(graph: TaskGraph, runs: int) -> float:
    """Return the CPU seconds of one of *runs* runs."""
    return sum(asyncio.run(run_seconds(graph)) for _ in range(runs)) / runs


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, repeat=5, most=SIZES[-1])
    sizes = [1, *(size for size in SIZES if size <= chosen.most)]
    cases = {str(size): partial(measure, layered(size), max(1, min(20, 1_000 // size))) for size in sizes}
    took = medians(cases, chosen.repeat)
    task = {size: (took[str(size)] - took["1"]) / (size - 1) for size in sizes[1:]}
    show("flat", microseconds_a_task={size: round(s * 1e6, 1) for size, s in task.items()},
         whole={size: round(took[str(size)] / size * 1e6, 1) for size in sizes},
         ratio=round(max(task.values()) / min(task.values()), 2), aim={"ratio": 1.3})


if __name__ == "__main__":
    main()
