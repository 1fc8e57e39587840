"""Plan a goal of 200 clauses with the built-ins: decompose, route, estimate and validate, nothing run.

Beside it: the same plan read from JSON, which is what its records alone cost.

usage: planning.py [--repeat N] [--tasks N]
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from _common import bench_genesis, cpu, medians, options, show

from genesis_core import Genesis, Plan, PlanReport, TaskGraph

CLAUSES = ("scan a{}/ for secrets", "profile tables in a{}/", "search docs in a{}/", "map modules of a{}/")


def goal(tasks: int) -> str:
    """Return a goal of as many clauses, one a line, each about a folder."""
    return "\n".join(CLAUSES[number % 4].format(number // 4) for number in range(tasks))


def fill(workspace: Path, tasks: int) -> None:
    """Make the folders that the goal names."""
    for number in range((tasks + 3) // 4):
        folder = workspace / f"a{number}"
        folder.mkdir()
        for name in ("notes.md", "table.csv", "module.py"):
            (folder / name).touch()


async def measure(tasks: int, repeat: int) -> tuple[dict[str, float], PlanReport]:
    """Return the median CPU seconds of each part, and the plan."""
    with tempfile.TemporaryDirectory() as home:
        workspace = Path(home) / "workspace"
        workspace.mkdir()
        fill(workspace, tasks)
        async with bench_genesis(home, builtins=True) as genesis:
            report = await genesis.plan(goal(tasks), workspace=workspace)
            bare = TaskGraph(tasks=tuple(t.replace(agent=None) for t in report.plan.graph.tasks))
            written = report.plan.to_json()
            seen: dict[str, list[float]] = {"whole": [], "route_and_validate": []}
            for _ in range(repeat):
                seen["whole"].append(await seconds(genesis, tasks, workspace, None))
                seen["route_and_validate"].append(await seconds(genesis, tasks, workspace, bare))
            records = medians({"records": lambda: cpu(lambda: Plan.model_validate(written))}, repeat)
            return {name: sorted(v)[len(v) // 2] for name, v in seen.items()} | records, report


async def seconds(genesis: Genesis, tasks: int, workspace: Path, graph: TaskGraph | None) -> float:
    """Return the CPU seconds of one plan."""
    began = time.process_time()
    await genesis.plan(goal(tasks), workspace=workspace, graph=graph)
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, tasks=200)
    took, report = asyncio.run(measure(chosen.tasks, chosen.repeat))
    show("planning", tasks=len(report.plan.graph), assigned=len(report.plan.assignments), verdict=report.verdict.value,
         findings=len(report.findings), ms={name: round(s * 1e3, 2) for name, s in took.items()},
         ratio=round(took["whole"] / took["records"], 2), aim={"whole_ms": 7})


if __name__ == "__main__":
    main()
