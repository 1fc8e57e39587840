"""Learn the ranking of programs from examples on some families of tasks, and measure it on the others.

Start with all weights equal and try one weight after the other, in an order that the seed gives: a step that lets more
programs be right is kept. A program counts as right when it gives every unseen output. Families (what stands before the
dot of an id) are dealt into two halves; each half is learned from once and measured once, with weights of the other.

usage: fit_synthesis.py [--data FILE] [--seed N] [--passes N] [--start equal|shipped] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path
from typing import Any

from genesis_aatc.synthesis import Example, search, weights
from genesis_aatc.synthesis.budget import Budget
from genesis_aatc.synthesis.trust import outcome

Row = dict[str, Any]
STEPS = (0.4, 2.0, 4.0)
# Steps enough for nine rows in ten; the others cost more than they teach.
MOST_STEPS = 45_000


def right(row: Row) -> float:
    """Return 1 when the best program gives every unseen output, a little of the share that it gives otherwise."""
    examples = [Example(tuple(one["input"]), one["output"]) for one in row["given"]]
    budget = Budget(10)
    budget.most = MOST_STEPS
    programs = search._programs(examples, budget)
    if not programs:
        return 0.0
    share = sum(outcome(programs[0], one["input"]) == one["output"] for one in row["unseen"]) / len(row["unseen"])
    return 1.0 if share == 1.0 else 0.2 * share


def score(rows: list[Row], known: dict[str, float]) -> float:
    """Return how many of *rows* come out right under these weights."""
    weights.use(known)
    return sum(map(right, rows))


def fit(rows: list[Row], start: dict[str, float], passes: int, seed: int) -> dict[str, float]:
    """Return weights that let more of *rows* come out right."""
    chance = random.Random(seed)
    best, reached = dict(start), score(rows, start)
    for _ in range(passes):
        names = sorted(best)
        chance.shuffle(names)
        for name in names:
            for step in STEPS:
                tried = {**best, name: round(best[name] * step, 3)}
                if (got := score(rows, tried)) > reached + 1e-9:
                    best, reached = tried, got
                    print(f"{reached:.2f} of {len(rows)}: {name} = {tried[name]}", flush=True)
    return best


def halves(rows: list[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """Return the rows in two halves of about the same size that share no family."""
    families = sorted({row["id"].partition(".")[0] for row in rows})
    random.Random(seed).shuffle(families)
    families.sort(key=lambda family: -sum(row["id"].startswith(family + ".") for row in rows))
    sides: tuple[list[Row], list[Row]] = ([], [])
    for family in families:
        min(sides, key=len).extend(row for row in rows if row["id"].startswith(family + "."))
    return sides


def main() -> None:
    """Fit on each half, measure on the other, print all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    folder = os.environ.get("GENESIS_EVAL_DATA", "data")
    parser.add_argument("--data", type=Path, default=Path(folder, "tool_specs/dev.jsonl"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--start", choices=("equal", "shipped"), default="equal")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in chosen.data.read_text(encoding="utf-8").split("\n") if line.strip()]
    shipped = dict(weights.WEIGHTS)
    start = dict.fromkeys(shipped, 1.0) if chosen.start == "equal" else shipped
    sides = halves(rows, chosen.seed)
    result: dict[str, Any] = {"seed": chosen.seed, "start": chosen.start}
    for at, (train, test) in enumerate((sides, sides[::-1])):
        known = fit(train, start, chosen.passes, chosen.seed)
        result[f"half {at}"] = {
            "rows": [len(train), len(test)],
            "before": [round(score(side, start), 2) for side in (train, test)],
            "learned": [round(score(side, known), 2) for side in (train, test)],
            "shipped": [round(score(side, shipped), 2) for side in (train, test)],
            "weights": known,
        }
        print(json.dumps(result[f"half {at}"]), flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
