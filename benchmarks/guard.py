"""Screen texts of 5,000 characters, and ever longer ones; load the guard in a fresh process.

Beside it: as many look-ups of each character of the text in a table as an empty pass of a scanner makes.

usage: guard.py [--repeat N] [--chars N]
"""

from __future__ import annotations

import subprocess
import sys

from _common import cpu, medians, options, show
from _guard_texts import made, pieces

from genesis_core import Label, Screening
from genesis_guard._screen import screen
from genesis_guard._thresholds import Thresholds

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
LOAD = (
    "import time; t = time.process_time(); from genesis_guard._screen import screen; {0}; "
    "print(time.process_time() - t)"
)
FIRST = "from genesis_guard._thresholds import Thresholds; screen('hello', genesis_core.Label(), Thresholds())"


def ask(text: str) -> Screening:
    """Return what the guard says of *text*."""
    return screen(text, Label(), Thresholds())


def load() -> float:
    """Return the CPU seconds that a fresh process needs to import the guard and screen a first word."""
    done = subprocess.run([sys.executable, "-c", "import genesis_core, pydantic;" + LOAD.format(FIRST)],
                          capture_output=True, text=True, check=True)  # fmt: skip
    return float(done.stdout)


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, chars=5_000)
    mixed = " ".join(row["text"] for row in made(7))
    prose = "\n".join(pieces(300, 7))
    # Each time another part, so that nothing is measured that was read before.
    parts = {name: [text[at : at + chosen.chars] for at in range(0, 60 * chosen.chars, chosen.chars)]
             for name, text in (("prose", prose), ("mixed", mixed))}  # fmt: skip
    turns = {name: iter(texts * (chosen.repeat + 1)) for name, texts in parts.items()}
    table = dict.fromkeys(map(ord, set(prose)), 1)
    took = medians({
        "scan": lambda: cpu(lambda: [table[ord(c)] for c in parts["prose"][0]]),
        "prose": lambda: cpu(lambda: ask(next(turns["prose"]))),
        "mixed": lambda: cpu(lambda: ask(next(turns["mixed"]))),
        "load": load,
    }, chosen.repeat)
    long = (prose * (LENGTHS[-1] // len(prose) + 1))[: LENGTHS[-1]]
    grown = medians({str(n): (lambda n=n: cpu(lambda: ask(long[:n]))) for n in LENGTHS}, min(chosen.repeat, 3))
    each = {n: grown[str(n)] / n for n in LENGTHS}
    show("guard", chars=chosen.chars, ms={name: round(seconds * 1e3, 3) for name, seconds in took.items()},
         ms_by_length={n: round(seconds * 1e3, 2) for n, seconds in grown.items()},
         us_a_char={n: round(value * 1e6, 3) for n, value in each.items()},
         ratio={"to_scan": round(took["prose"] / took["scan"], 2),
                "longest_to_10k_a_char": round(each[LENGTHS[-1]] / each[LENGTHS[1]], 2)},
         aim={"ms": 2, "load_ms": 300})  # fmt: skip


if __name__ == "__main__":
    main()
