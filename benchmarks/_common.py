"""What the benchmarks share: CPU clocks, medians, a layered graph, no-op agents, JSON out."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from genesis_core import Decision, Task, TaskGraph, agent, hookimpl

__all__ = ["Allow", "cpu", "layered", "median", "noop", "show"]


def layered(tasks: int, width: int = 20, fan_in: int = 3) -> TaskGraph:
    """Return a graph of *tasks* no-op tasks in layers of *width*, each waiting for *fan_in* of the layer before."""
    made = []
    for number in range(tasks):
        layer, place = divmod(number, width)
        before = [f"t{(layer - 1) * width + (place + k) % width}" for k in range(fan_in)] if layer else []
        made.append(Task(id=f"t{number}", agent="noop", depends_on=tuple(before)))
    return TaskGraph(tasks=tuple(made))


@agent(max_concurrent=10_000)
async def noop(task: Task, context: object) -> None:
    """Do nothing."""


class Allow:
    """Allows everything: what is measured is the kernel, not a policy."""

    @hookimpl
    def genesis_authorize(self) -> Decision:
        return ALLOWED


ALLOWED = Decision.allow("benchmark")


def cpu(work: Callable[[], Any]) -> float:
    """Return the CPU seconds (all threads of this process) that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def median(work: Callable[[], float], repeat: int) -> float:
    """Return the median of *repeat* measurements."""
    return statistics.median(work() for _ in range(repeat))


def show(name: str, **figures: Any) -> None:
    """Print one JSON document."""
    json.dump({"benchmark": name, **figures}, sys.stdout, indent=1, default=str)
    print()
