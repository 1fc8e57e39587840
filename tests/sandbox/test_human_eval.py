"""Ordinary programs of others run in the sandbox as they do outside: reference solutions of HumanEval."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from genesis_sandbox._probe import first_strong

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "human_eval.py"
REASONS: list[str] = []
WHY_NOT = "" if first_strong(REASONS) else "; ".join(REASONS)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")
needs_data = pytest.mark.skipif(not any(distributions(name="human-eval")),
                                reason="the package human-eval is not installed: tox run -e human-eval has it")


def told(*words: str) -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


@needs_data
def test_some_solutions_pass_their_tests_cold_and_warm() -> None:
    assert [(row["passed"], row["of"], row["failed"]) for row in told("--first", "12")] == [(12, 12, {})] * 2


@needs_data
@pytest.mark.slow
def test_all_solutions_pass_their_tests() -> None:
    assert [(row["passed"], row["of"], row["failed"]) for row in told()] == [(164, 164, {})] * 2


def test_a_solution_that_is_wrong_does_not_pass(tmp_path: Path) -> None:
    row = {"task_id": "wrong", "prompt": "def f(x):\n", "canonical_solution": "    return x + 1\n",
           "test": "def check(candidate):\n    assert candidate(1) == 1\n", "entry_point": "f"}  # fmt: skip
    data = tmp_path / "wrong.jsonl"
    data.write_text(json.dumps(row))
    rows = told(str(data))
    assert [row["passed"] for row in rows] == [0, 0] and "AssertionError" in str(rows[0]["failed"])
