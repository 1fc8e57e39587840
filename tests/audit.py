"""Ask for known vulnerabilities of what is installed; where the service does not answer, say so and end well."""

from __future__ import annotations

import json
import subprocess
import sys

SILENT = ("ServiceError", "ConnectionError", "MaxRetryError", "HTTPError", "timed out", "ProxyError",
          "Name or service not known", "Temporary failure in name resolution", "Connection refused", "403", "503")
"""What pip-audit says when nobody answers."""


def main() -> None:
    """Audit this environment."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json", "--timeout", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        if any(word in done.stderr for word in SILENT):
            print(f"SKIPPED: the service of pip-audit does not answer: {done.stderr.strip().splitlines()[-1][:200]}")
            return
        raise SystemExit(done.stderr) from None
    known = [(d["name"], d["version"], v["id"]) for d in found["dependencies"] for v in d.get("vulns", ())]
    for name, version, number in known:
        print(f"{name} {version}: {number}")
    print(f"{len(found['dependencies'])} distributions, {len(known)} known vulnerabilities")
    raise SystemExit(bool(known))


if __name__ == "__main__":
    main()
