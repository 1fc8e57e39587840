"""Plan a goal of 200 clauses with the built-ins: decompose, route, estimate and validate, nothing run.

Each repetition plans a goal of its own in a workspace of its own: no folder has a name that was planned with before.

Beside it: the same plan read from JSON, which is what its records alone cost.

usage: planning.py [--repeat N] [--tasks N]
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from string import ascii_lowercase

from _common import bench_genesis, cpu, medians, options, show

from genesis_core import Genesis, Plan, PlanReport, Task, TaskGraph

CLAUSES = ("scan {}/ for secrets", "profile tables in {}/", "search docs in {}/", "map modules of {}/")


def goal(tasks: int, turn: int) -> str:
    """Return a goal of as many clauses, one a line, each about a folder; each *turn* has names of its own."""
    return "\n".join(CLAUSES[number % 4].format(_name(turn, number // 4)) for number in range(tasks))


def _name(turn: int, number: int) -> str:
    return f"{ascii_lowercase[turn // 26 % 26]}{ascii_lowercase[turn % 26]}{number}"


def filled(home: str, tasks: int, turn: int) -> Path:
    """Return a new workspace with the folders that the goal of *turn* names."""
    workspace = Path(home) / f"workspace{turn}"
    for number in range((tasks + 3) // 4):
        folder = workspace / _name(turn, number)
        folder.mkdir(parents=True)
        for name in ("notes.md", "table.csv", "module.py"):
            (folder / name).touch()
    return workspace


async def measure(tasks: int, repeat: int) -> tuple[dict[str, float], PlanReport]:
    """Return the median CPU seconds of each part, and the plan."""
    with tempfile.TemporaryDirectory() as home:
        async with bench_genesis(home, builtins=True) as genesis:
            seen: dict[str, list[float]] = {"whole": [], "route_and_validate": []}
            for turn in range(0, 2 * repeat + 2, 2):
                spent, report = await seconds(genesis, goal(tasks, turn), filled(home, tasks, turn), None)
                seen["whole"].append(spent)
                bare = TaskGraph(tasks=_renamed(report.plan.graph.tasks, tasks, turn))
                spent, _ = await seconds(genesis, goal(tasks, turn + 1), filled(home, tasks, turn + 1), bare)
                seen["route_and_validate"].append(spent)
            written = report.plan.to_json()
            records = medians({"records": lambda: cpu(lambda: Plan.model_validate(written))}, repeat)
            return {name: median(values[1:]) for name, values in seen.items()} | records, report


def _renamed(tasks: Sequence[Task], count: int, turn: int) -> tuple[Task, ...]:
    """Return *tasks* of one turn, nobody's yet, with the names of the next turn."""
    text = json.dumps([task.replace(agent=None).to_json() for task in tasks])
    for number in range((count + 3) // 4):
        for mark in ("/", '"'):
            text = text.replace(_name(turn, number) + mark, _name(turn + 1, number) + mark)
    return tuple(Task.model_validate(task) for task in json.loads(text))


async def seconds(
    genesis: Genesis, text: str, workspace: Path, graph: TaskGraph | None
) -> tuple[float, PlanReport]:
    """Return the CPU seconds of one plan, and the plan."""
    began = time.process_time()
    report = await genesis.plan(text, workspace=workspace, graph=graph)
    return time.process_time() - began, report


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, tasks=200)
    took, report = asyncio.run(measure(chosen.tasks, chosen.repeat))
    show("planning", tasks=len(report.plan.graph), assigned=len(report.plan.assignments), verdict=report.verdict.value,
         findings=len(report.findings), ms={name: round(s * 1e3, 2) for name, s in took.items()},
         ratio=round(took["whole"] / took["records"], 2), aim={"whole_ms": 7})


if __name__ == "__main__":
    main()
