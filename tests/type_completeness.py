"""Fail when a public name of genesis_core has a type that pyright does not know; print what it has to infer."""

from __future__ import annotations

import json
import subprocess
import sys


def main() -> int:
    """Return 0 when no exported symbol has an unknown type."""
    command = ["pyright", "--verifytypes", "genesis_core", "--ignoreexternal", "--outputjson"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["typeCompleteness"]
    counts = found["exportedSymbolCounts"]
    bad = (s for s in found["symbols"] if s["isExported"] and not s["isTypeKnown"])
    unknown = [s["name"] for s in bad if not s["isTypeAmbiguous"]]
    print(f"{sum(counts.values())} public symbols: {counts['withUnknownType']} of unknown type, "
          f"{counts['withAmbiguousType']} whose type is inferred")  # fmt: skip
    print("\n".join(unknown))
    return 1 if counts["withUnknownType"] or not sum(counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
