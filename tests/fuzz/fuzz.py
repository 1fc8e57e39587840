"""Fuzz one target with atheris, guided by coverage, for some seconds; a finding ends it and leaves its input in a file.

usage: fuzz.py TARGET SECONDS [CORPUS], or fuzz.py all SECONDS for all targets, the seconds shared among them
Exits 0 when nothing was found, 3 with a line that says so when the target, or atheris, is not here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
SKIPPED = 3


def every(seconds: int) -> None:
    """Fuzz all targets, each in a process of its own; a finding of any fails in the end."""
    import targets

    share, found = str(seconds // len(targets.TARGETS)), []
    for name in targets.TARGETS:
        print(f"--- {name}", flush=True)
        code = subprocess.run([sys.executable, __file__, name, share], check=False).returncode
        found += [name] if code not in (0, SKIPPED) else []
    raise SystemExit(f"findings: {', '.join(found)}" if found else 0)


def main(name: str, seconds: str, corpus: str = "") -> None:
    """Fuzz the target *name*."""
    if name == "all":
        every(int(seconds))
    try:
        import atheris
    except ImportError:
        print(f"skipped {name}: atheris is not installed (pip install atheris; Linux, CPython 3.11 to 3.13)")
        raise SystemExit(SKIPPED) from None
    with atheris.instrument_imports(include=["genesis_core", "genesis_guard", "genesis_identity", "yaml"]):
        import targets
    target = targets.TARGETS[name]
    if target is None:
        print(f"skipped {name}: what it reads is not installed")
        raise SystemExit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(corpus or folder)
        place.mkdir(exist_ok=True)
        for number, seed in enumerate(targets.seeds(name)):
            (place / f"seed-{number}").write_bytes(seed)
        limits = [f"-max_total_time={seconds}", "-max_len=20000", "-timeout=10", "-rss_limit_mb=2000", "-verbosity=1"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={Path.cwd()}/fuzz-{name}-", str(place)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
