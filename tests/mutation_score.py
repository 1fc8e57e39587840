"""Print the share of mutants that the tests caught, and fail below a floor: ``mutation_score.py STATS PERCENT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(stats: str, floor: str) -> int:
    """Return 0 when at least *floor* percent of all mutants were caught; a mutant that no test reaches survives."""
    found = json.loads(Path(stats).read_text("utf-8"))
    caught = found["killed"] + found.get("timeout", 0)
    share = 100 * caught / found["total"] if found["total"] else 0.0
    print(f"{caught} of {found['total']} mutants caught: {share:.1f} % (floor {floor} %)")
    return 0 if share >= float(floor) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
