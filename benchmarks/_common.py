"""What the benchmarks share: CPU clocks, medians, a layered graph, no-op agents, JSON out."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from genesis_core import Decision, Genesis, Task, TaskGraph, agent, hookimpl

__all__ = ["Allow", "bench_genesis", "cpu", "layered", "medians", "noop", "options", "run_seconds", "show"]


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


def bench_genesis(home: str, *extend: object, builtins: bool = False, **settings: Any) -> Genesis:
    """Return a Genesis with room for many tasks; without the built-ins everything is allowed."""
    chosen = {"max_parallel": 64, "limits": {"max_tasks": 20_000}, **settings}
    guard = () if builtins else (Allow(),)
    return Genesis.open(home, extend=[*extend, *guard], settings=chosen, trust={"Allow": "security"},
                        plugins="builtin" if builtins else "none")


async def run_seconds(
    graph: TaskGraph, *, journal: bool = True, builtins: bool = False, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the seconds (of CPU, when *clock* is not another one) from start to result of a planned graph."""
    with tempfile.TemporaryDirectory() as home:
        async with bench_genesis(home, noop, builtins=builtins, journal=journal) as genesis:
            report = await genesis.plan("benchmark", workspace=home, graph=graph)
            began = clock()
            result = await (await genesis.start(report)).result()
            spent = clock() - began
            assert result.state.value == "completed", result
            return spent


def options(doc: str | None, repeat: int = 30, **numbers: int) -> argparse.Namespace:
    """Return the options of a benchmark: ``--repeat`` and whole numbers of its own, with their defaults."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"repeat": repeat, **numbers}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def cpu(work: Callable[[], Any]) -> float:
    """Return the CPU seconds (all threads of this process) that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def medians(cases: Mapping[str, Callable[[], float]], repeat: int) -> dict[str, float]:
    """Return the median of *repeat* measurements of each case, taken in turn: a busy machine slows all alike.

    A first round, which fills caches, does not count.
    """
    seen: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeat + 1):
        for name, measure in cases.items():
            seen[name].append(measure())
    return {name: statistics.median(values[1:]) for name, values in seen.items()}


def show(name: str, **figures: Any) -> None:
    """Print one JSON document."""
    json.dump({"benchmark": name, **figures}, sys.stdout, indent=1, default=str)
    print()
