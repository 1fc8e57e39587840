"""Learn the ranking of programs from some families of tasks, and measure it on the families left out.

The cost of a program is a sum of weights. The search runs once for each task with weights that remember which of them a
cost is made of; after that a ranking is a matter of adding up. A program counts as right when it gives every unseen
output. Each family (what stands before the dot of an id) is left out once: learn from the others, one weight after the
other in an order that the seed gives, keeping each step that puts more right programs first; then measure the family.

usage: fit_synthesis.py [--data FILE] [--seed N] [--start equal|shipped] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_aatc.synthesis import Example, search, weights, writing
from genesis_aatc.synthesis.assemble import assemble
from genesis_aatc.synthesis.budget import Budget
from genesis_aatc.synthesis.trust import outcome

Weights = dict[str, float]
STEPS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
CANDIDATES = 60


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
        self.programs: dict[Any, tuple[Mapping[str, float], bool]] = {}
        self.row = row

    def gather(self, known: Weights) -> None:
        """Add the best programs under these weights."""
        weights.use({name: Sum(value, {name: 1.0}) for name, value in known.items()})
        examples = [Example(tuple(one["input"]), one["output"]) for one in self.row["given"]]
        for program in search._programs(examples, Budget(60)):
            key = (program.op, program.args)
            if key not in self.programs:
                good = all(outcome(program, one["input"]) == one["output"] for one in self.row["unseen"])
                self.programs[key] = parts_of(program.cost), good

    def right(self, known: Weights) -> float:
        """Return 1 when the cheapest program is right, less the closer a wrong one comes to being cheapest."""
        costs = [(sum(known.get(name, 1.0) * of for name, of in parts.items()), good)
                 for parts, good in self.programs.values()]  # fmt: skip
        goods = [cost for cost, good in costs if good]
        bads = [cost for cost, good in costs if not good]
        if not goods:
            return 0.0
        gap = min(bads, default=min(goods) + 1.0) - min(goods)
        return (1.0 if gap > 1e-9 else 0.0) + 0.05 * max(-1.0, min(1.0, gap))


def fit(tasks: Sequence[Task], start: Weights, seed: int) -> Weights:
    """Return weights under which the right programs of more of *tasks* are cheapest."""
    chance = random.Random(seed)
    best, reached = dict(start), sum(task.right(start) for task in tasks)
    for _ in range(3):
        names = sorted(best)
        chance.shuffle(names)
        for name in names:
            for step in STEPS:
                tried = {**best, name: round(best[name] * step, 4)}
                if (got := sum(task.right(tried) for task in tasks)) > reached + 1e-6:
                    best, reached = tried, got
    return best


def count(tasks: Sequence[Task], known: Weights) -> int:
    """Return for how many of *tasks* the cheapest program is right."""
    return sum(task.right(known) >= 1.0 for task in tasks)


def main() -> None:
    """Leave out each family, learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    folder = os.environ.get("GENESIS_EVAL_DATA", "data")
    parser.add_argument("--data", type=Path, default=Path(folder, "tool_specs/dev.jsonl"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", choices=("equal", "shipped"), default="equal")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    writing.assemble = lambda *asked: assemble(*asked[:4], most=CANDIDATES)
    shipped = dict(weights.WEIGHTS)
    equal = dict.fromkeys(shipped, 1.0)
    tasks = [Task(json.loads(line)) for line in chosen.data.read_text(encoding="utf-8").split("\n") if line.strip()]
    for task in tasks:
        for known in (shipped, equal):
            task.gather(known)
    start = equal if chosen.start == "equal" else shipped
    learned: dict[str, int] = {}
    for family in sorted({task.family for task in tasks}):
        known = fit([task for task in tasks if task.family != family], start, chosen.seed)
        learned[family] = count([task for task in tasks if task.family == family], known)
    everything = fit(tasks, start, chosen.seed)
    result = {
        "rows": len(tasks), "seed": chosen.seed, "start": chosen.start,
        "reachable": sum(any(good for _, good in task.programs.values()) for task in tasks),
        "right": {"equal": count(tasks, equal), "shipped": count(tasks, shipped),
                  "learned, families left out": sum(learned.values()), "learned from all": count(tasks, everything)},
        "by family left out": learned,
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if chosen.out:
        chosen.out.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
