"""Make tools from the examples of a data file, run each on inputs that it has not seen, and count.

A program is compiled here to be measured; the product runs it in the sandbox alone.

usage: tools_by_example.py [--data FILE] [--seconds S] [--approach full|size|whole] [--misses] [--predictions FILE]
       [--repeat N]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from genesis_aatc.synthesis import Example, Found, NotFound, synthesise, weights, writing


def interval(share: float, count: int) -> tuple[float, float]:
    """Return the Wilson interval of 95 % for *share* of *count*."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5 / (1 + z * z / count)
    return round(middle - half, 3), round(middle + half, 3)


def predict(found: Found | NotFound, unseen: list[dict[str, Any]]) -> list[Any] | None:
    """Return what the tool gives for each unseen input (None where it refuses), or None when there is no tool."""
    if isinstance(found, NotFound):
        return None
    names: dict[str, Any] = {}
    exec(compile(found.code, "tool", "exec"), names)
    outputs: list[Any] = []
    for one in unseen:
        try:
            outputs.append(names[found.entry](*one["input"]))
        except ValueError:
            outputs.append(None)
        except (TypeError, LookupError, ArithmeticError, AttributeError) as problem:
            outputs.append(f"{type(problem).__name__}: {problem}")
    return outputs


def prepare(approach: str) -> None:
    """Rank as the approach says: as shipped, by size alone, or only programs that are one piece."""
    if approach == "size":
        weights.use(dict.fromkeys(weights.WEIGHTS, 1.0))
    elif approach == "whole":
        several = writing.assemble

        def alone(*asked: Any) -> list[Any]:
            return [one for one in several(*asked[:4], most=200) if one.op != "join"][:12]

        writing.assemble = alone


def measure(row: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return the outcome of one row."""
    given = [Example(tuple(one["input"]), one["output"]) for one in row["given"]]
    names = [f"text_{at}" for at in range(1, len(given[0].inputs) + 1)] if len(given[0].inputs) > 1 else ["text"]
    begun = time.perf_counter()
    found = synthesise(given, name="tool", parameters=names, seconds=seconds)
    took = time.perf_counter() - begun
    outputs = predict(found, row["unseen"])
    wanted = [one["output"] for one in row["unseen"]]
    status = "refused" if outputs is None else "solved" if outputs == wanted else "wrong"
    return {"id": row["id"], "status": status, "outputs": outputs, "seconds": took, "found": found}


def show(done: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures, with those of each family (what stands before the dot of the id)."""
    count = len(done)
    seconds = sorted(one["seconds"] for one in done)
    result: dict[str, Any] = {"rows": count}
    for status in ("solved", "refused", "wrong"):
        share = sum(one["status"] == status for one in done) / count
        result[status] = {"share": round(share, 3), "interval": interval(share, count)}
    result["seconds"] = {"median": round(seconds[count // 2], 3), "p95": round(seconds[int(count * 0.95)], 3),
                         "most": round(seconds[-1], 3), "all": round(sum(seconds), 1)}  # fmt: skip
    families: dict[str, list[str]] = defaultdict(list)
    for one in done:
        families[one["id"].partition(".")[0]].append(one["status"])
    offered = sum(one["status"] != "refused" for one in done)
    result["ratio of solved to offered"] = round(sum(one["status"] == "solved" for one in done) / max(1, offered), 3)
    result["families"] = {name: {status: found.count(status) for status in ("solved", "refused", "wrong")}
                          for name, found in sorted(families.items())}  # fmt: skip
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    folder = os.environ.get("GENESIS_EVAL_DATA", "data")
    parser.add_argument("--data", type=Path, default=Path(folder, "tool_specs/dev.jsonl"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--approach", choices=("full", "size", "whole"), default="full")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--repeat", type=int, default=0, help="1: a smoke with ten rows")
    chosen = parser.parse_args()
    if not chosen.data.is_file():
        print(json.dumps({"skipped": f"{chosen.data} is not there: GENESIS_EVAL_DATA names the folder", "ratio": None}))
        return
    rows = [json.loads(line) for line in chosen.data.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows = rows[:10] if chosen.repeat == 1 else rows
    prepare(chosen.approach)
    done = [measure(row, chosen.seconds) for row in rows]
    for row, one in zip(rows, done, strict=True):
        if chosen.misses and one["status"] != "solved":
            found = one["found"]
            print(one["status"].upper(), one["id"], found.describe if isinstance(found, Found) else found.why)
            for unseen, output in zip(row["unseen"], one["outputs"] or [], strict=False):
                if output != unseen["output"]:
                    print("     ", unseen["input"], "->", repr(unseen["output"]), "not", repr(output))
    if chosen.predictions:
        kept = ("id", "outputs", "status", "seconds")
        lines = [json.dumps({name: one[name] for name in kept}) for one in done]
        chosen.predictions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(show(done), indent=1))


if __name__ == "__main__":
    main()
