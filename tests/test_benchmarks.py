"""A short smoke of each benchmark: it runs, and prints JSON with the ratio to what it was measured beside.

Never fails on a time: a busy machine is no defect. ``benchmarks/NAME.py`` without options measures properly.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(p for p in FOLDER.glob("*.py") if not p.name.startswith(("_", "fit_")))


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.speed
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_a_benchmark_runs_and_prints_its_ratio(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(script), "--repeat", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert any("ratio" in key for key in keys(json.loads(done.stdout)))


def test_there_are_benchmarks() -> None:
    assert SCRIPTS
