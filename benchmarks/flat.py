"""The cost of a task in runs of 50, 1,000 and 10,000 no-op tasks: it should be the same.

A run costs something besides its tasks (folder, journal, index): what a run of a single task costs, taken beside each,
is taken off. ``whole`` is the same with it.

usage: flat.py [--repeat N] [--most TASKS]
"""

from __future__ import annotations

import asyncio
import statistics

from _common import layered, options, run_seconds, show

SIZES = (50, 1_000, 10_000)
TASKS = 2_000
"""Small runs are repeated until they come to so many tasks."""


def pair(size: int) -> tuple[float, float]:
    """Return the CPU seconds of a run of *size* tasks, and of one of a single task right after it."""
    return asyncio.run(run_seconds(layered(size))), asyncio.run(run_seconds(layered(1)))


def main() -> None:
    """Measure in turn, and print."""
    chosen = options(__doc__, repeat=9, most=SIZES[-1])
    sizes = [size for size in SIZES if size <= chosen.most]
    seen: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
    pair(sizes[0])  # fills caches
    for _ in range(chosen.repeat):
        for size in sizes:
            seen[size] += [pair(size) for _ in range(max(1, TASKS // size))]
    whole = {size: statistics.median(run for run, _ in pairs) / size for size, pairs in seen.items()}
    task = {size: statistics.median((run - single) / (size - 1) for run, single in pairs)
            for size, pairs in seen.items()}
    show("flat", microseconds_a_task={size: round(seconds * 1e6, 1) for size, seconds in task.items()},
         whole={size: round(seconds * 1e6, 1) for size, seconds in whole.items()},
         ratio=round(max(task.values()) / min(task.values()), 2), aim={"ratio": 1.3})


if __name__ == "__main__":
    main()
