"""Time the sandbox: cold beside a bare `python -I -S`, in turns, and warm calls. Prints JSON.

Cold is the whole command `python -m genesis_sandbox FILE` with an empty program. The process's CPU time is given, too:
on a machine that others use, that ratio says more than the one by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genesis_sandbox import Pool, SandboxUnavailable, choose
from genesis_sandbox._probe import works

ADD = "def add(a, b):\n    return {'sum': a + b}"


def once(words: list[str]) -> tuple[float, float]:
    """Return the milliseconds that a command takes by the clock, and of CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def cold(repeat: int) -> dict[str, object]:
    """Measure bare Python and each launcher in turns, so that what else the machine does falls on all alike."""
    launchers = [name for name in ("purejail", "bubblewrap") if not works(name)]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "empty.py"
        program.write_text("pass\n")
        words = {"bare": [sys.executable, "-I", "-S", str(program)]}
        words |= {name: [sys.executable, "-m", "genesis_sandbox", "--launcher", name, "--bare", str(program)]
                  for name in launchers}  # fmt: skip
        for command in words.values():
            once(command)
        rows = [{name: once(command) for name, command in words.items()} for _ in range(repeat)]
    clock = {name: statistics.median(row[name][0] for row in rows) for name in words}
    cpu = {name: statistics.median(row[name][1] for row in rows) for name in words}
    found: dict[str, object] = {"clock_ms": rounded(clock), "cpu_ms": rounded(cpu)}
    for name in launchers:
        found[f"ratio_{name}"] = round(clock[name] / clock["bare"], 2)
        found[f"cpu_ratio_{name}"] = round(cpu[name] / cpu["bare"], 2)
    return found


def warm(repeat: int) -> dict[str, object]:
    """Measure calls with JSON in and JSON out, each in a worker of its own that was parked before."""
    took = []
    with Pool() as pool:
        for number in range(repeat + 5):
            began = time.perf_counter()
            outcome = pool.run(ADD, entry="add", arguments={"a": number, "b": 1})
            took.append((time.perf_counter() - began) * 1e3)
            if outcome.value != {"sum": number + 1}:
                raise RuntimeError(f"a warm call went wrong: {outcome}")
            time.sleep(0.02)  # the next worker gets ready in the meantime, as between the calls of a run
    kept = took[5:]
    return {"median_ms": round(statistics.median(kept), 2), "least_ms": round(min(kept), 2)}


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=40, help="how often each is measured")
    repeat = parser.parse_args().repeat
    try:
        choose("auto")
    except SandboxUnavailable as error:
        print(json.dumps({"ratio": None, "reason": error.reason}))
        return
    print(json.dumps({"cold": cold(repeat), "warm": warm(repeat * 5)}, indent=2))


if __name__ == "__main__":
    main()
