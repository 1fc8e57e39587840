"""Learn the ranking of programs from some families of tasks, and measure it on the families left out.

The cost of a program is a sum of weights. The search runs once for each task with weights that remember which of them a
cost is made of; after that a ranking is a matter of adding up. A program counts as right when it gives every unseen
output. Each family (what stands before the dot of an id) is left out once: learn from the others, one weight after the
other in an order that the seed gives, keeping each step that puts more right programs first; then measure the family.

usage: fit_synthesis.py [--data FILE] [--seed N] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genesis_aatc.synthesis import Example, search, weights, writing
from genesis_aatc.synthesis.assemble import assemble
from genesis_aatc.synthesis.budget import Budget
from genesis_aatc.synthesis.trust import outcome

Weights = dict[str, float]
STEPS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
CANDIDATES = 40


class Sum(float):
    """A cost that remembers how often each weight is in it."""

    parts: Mapping[str, float]

    def __new__(cls, value: float, parts: Mapping[str, float]) -> Sum:
        made = super().__new__(cls, value)
        made.parts = parts
        return made

    def __add__(self, other: float) -> Sum:
        more = parts_of(other)
        joined = {name: self.parts.get(name, 0.0) + more.get(name, 0.0) for name in {**self.parts, **more}}
        return Sum(float(self) + float(other), joined)

    __radd__ = __add__

    def __mul__(self, factor: float) -> Sum:
        if isinstance(factor, Sum):  # a weight times what another saves: the first is held as it is
            return Sum(float(self) * float(factor), {name: float(self) * of for name, of in factor.parts.items()})
        return Sum(float(self) * factor, {name: of * factor for name, of in self.parts.items()})

    __rmul__ = __mul__

    def __neg__(self) -> Sum:
        return self * -1.0

    def __sub__(self, other: float) -> Sum:
        return self + (-other)

    def __rsub__(self, other: float) -> Sum:
        return -self + other


def parts_of(cost: float) -> Mapping[str, float]:
    """Return how often each weight is in *cost*; "" stands for what is fixed."""
    return cost.parts if isinstance(cost, Sum) else {"": float(cost)}


class Task:
    """A task with the programs that fit its examples: what each costs, and whether it is right."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.family = row["id"].partition(".")[0]
        self.programs: list[tuple[Mapping[str, float], bool]] = []
        self.row = row

    def gather(self, known: Weights) -> None:
        """Add the best programs under these weights."""
        weights.use({name: Sum(value, {name: 1.0}) for name, value in known.items()})
        examples = [Example(tuple(one["input"]), one["output"]) for one in self.row["given"]]
        for program in search._programs(examples, Budget(20)):
            good = all(outcome(program, one["input"]) == one["output"] for one in self.row["unseen"])
            self.programs.append((parts_of(program.cost), good))


class Tasks:
    """Tasks as one table: a row for each program, a column for each weight, and what is fixed in each cost."""

    def __init__(self, tasks: Sequence[Task], names: Sequence[str]) -> None:
        self.names = list(names)
        known = [task for task in tasks if any(good for _, good in task.programs)]
        rows = [program for task in known for program in task.programs]
        self.table = np.array([[parts.get(name, 0.0) for name in self.names] for parts, _ in rows])
        self.fixed = np.array([parts.get("", 0.0) for parts, _ in rows])
        self.good = np.array([good for _, good in rows])
        self.starts = np.cumsum([0, *(len(task.programs) for task in known)])[:-1]

    def gaps(self, costs: Any) -> Any:
        """Return for each task how much more the cheapest wrong program costs than the cheapest right one."""
        goods = np.minimum.reduceat(np.where(self.good, costs, np.inf), self.starts)
        bads = np.minimum.reduceat(np.where(self.good, np.inf, costs), self.starts)
        return np.minimum(bads - goods, 1.0)

    def right(self, costs: Any) -> float:
        """Return for how many tasks the cheapest program is right, and a little more the wider the gap is."""
        gaps = self.gaps(costs)
        return float((gaps > 1e-9).sum() + 0.02 * np.maximum(gaps, -1.0).sum())

    def costs(self, known: Weights) -> Any:
        """Return what each program costs under these weights."""
        return self.table @ np.array([known[name] for name in self.names]) + self.fixed


def fit(tasks: Tasks, start: Weights, seed: int) -> Weights:
    """Return weights under which the right programs of more of *tasks* are cheapest."""
    chance = random.Random(seed)
    best = dict(start)
    costs = tasks.costs(best)
    reached = tasks.right(costs)
    for _ in range(3):
        order = list(range(len(tasks.names)))
        chance.shuffle(order)
        for at, step in ((at, step) for at in order for step in STEPS):
            name = tasks.names[at]
            tried = costs + tasks.table[:, at] * best[name] * (step - 1.0)
            if (got := tasks.right(tried)) > reached + 1e-6:
                reached, costs, best[name] = got, tried, best[name] * step
    return best


def count(tasks: Sequence[Task], known: Weights) -> int:
    """Return for how many of *tasks* the cheapest program is right."""
    if not any(good for task in tasks for _, good in task.programs):
        return 0
    table = Tasks(tasks, list(known))
    return int((table.gaps(table.costs(known)) > 1e-9).sum())


def left_out(tasks: Sequence[Task], start: Weights, seed: int) -> dict[str, int]:
    """Return for each family how many of its tasks are right by weights learned from all others."""
    found: dict[str, int] = {}
    for family in sorted({task.family for task in tasks}):
        known = fit(Tasks([task for task in tasks if task.family != family], list(start)), start, seed)
        found[family] = count([task for task in tasks if task.family == family], known)
    return found


def main() -> None:
    """Leave out each family, learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    folder = os.environ.get("GENESIS_EVAL_DATA", "data")
    parser.add_argument("--data", type=Path, default=Path(folder, "tool_specs/dev.jsonl"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    writing.assemble = lambda *asked: assemble(*asked[:4], most=CANDIDATES)
    shipped = dict(weights.WEIGHTS)
    equal = dict.fromkeys(shipped, 1.0)
    tasks = [Task(json.loads(line)) for line in chosen.data.read_text(encoding="utf-8").split("\n") if line.strip()]
    for task in tasks:
        for known in (shipped, equal):
            task.gather(known)
    result: dict[str, Any] = {
        "rows": len(tasks), "seed": chosen.seed,
        "reachable": sum(any(good for _, good in task.programs) for task in tasks),
        "equal weights": count(tasks, equal), "shipped weights": count(tasks, shipped),
    }  # fmt: skip
    for name, start in (("equal", equal), ("shipped", shipped)):
        families = left_out(tasks, start, chosen.seed)
        learned = fit(Tasks(tasks, list(start)), start, chosen.seed)
        result[f"learned from {name}"] = {"families left out": sum(families.values()), "all": count(tasks, learned),
                                          "by family": families}  # fmt: skip
        if chosen.out:
            chosen.out.with_stem(f"{chosen.out.stem}_{name}").write_text(json.dumps(learned, indent=1), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
