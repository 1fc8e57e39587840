"""Good plans with one seeded defect each: it is found, what can be mended is mended, and good plans pass.

A sample of what ``benchmarks/mutate_plans.py`` measures. Rows of task graphs join in where GENESIS_EVAL_DATA names the
folder of evaluation data; the example goals are always there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
DATA = Path(os.environ.get("GENESIS_EVAL_DATA", "/nowhere"), "taskbench", "dev.jsonl")
sys.path.insert(0, str(BENCHMARKS))

import mutate_plans  # noqa: E402


def measured(data: Path | None, plans: int, count: int) -> Mapping[str, Any]:
    figures, _ = asyncio.run(mutate_plans.measure(data, plans, count, seed=11))
    return figures


@pytest.fixture(scope="module")
def examples() -> Mapping[str, Any]:
    return measured(None, 12, 96)


def test_no_good_plan_of_the_examples_is_refused_or_changed(examples: Mapping[str, Any]) -> None:
    assert examples["plans"] >= 10
    assert examples["good"]["refused"] == 0 and examples["good"]["changed"] == 0


def test_defects_in_plans_of_the_examples_are_found_and_mended(examples: Mapping[str, Any]) -> None:
    assert examples["mutants"] >= 80
    assert examples["ratio_found"] >= 0.97 and examples["ratio_mended"] >= 0.9


@pytest.mark.parametrize("kind", ["cycle", "dangling", "budget", "wrong-agent"])
def test_what_words_play_no_part_in_is_always_found(examples: Mapping[str, Any], kind: str) -> None:
    assert examples["kinds"][kind]["found"] == 1


@pytest.mark.skipif(not DATA.is_file(), reason="GENESIS_EVAL_DATA names no folder with taskbench")
def test_defects_in_plans_of_other_domains_are_found_and_mostly_mended() -> None:
    figures = measured(DATA, 48, 160)
    assert figures["good"]["refused"] <= 0.02
    assert figures["ratio_found"] >= 0.97 and figures["ratio_mended"] >= 0.88


def test_the_same_seed_breaks_the_same_plans() -> None:
    one, two = measured(None, 3, 16), measured(None, 3, 16)
    assert {**one, "cpu_seconds": 0} == {**two, "cpu_seconds": 0}
