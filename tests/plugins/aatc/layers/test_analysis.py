"""Layer 4: bandit, what is used and what is asked for, and hints for a reader."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.layers import analysis, judged
from genesis_core import LayerCheck


def looked_at(code: str, **options: object) -> LayerCheck:
    return judged(analysis, candidate(code, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [
    "import hashlib\nX = hashlib.md5(b'')", "exec('1')", "import subprocess\nsubprocess.run(str(1), shell=True)",
    "import pickle\npickle.loads(b'')", "eval('1')", "import hashlib\nX = hashlib.md5(b'')  # nosec",
])  # fmt: skip
def test_what_bandit_holds_to_be_of_medium_severity_is_refused(line: str) -> None:
    found = looked_at(line + "\n")
    assert not found.ok and found.findings[0].startswith("B")


def test_a_temporary_path_is_refused_unless_it_is_asked_for() -> None:
    code = "def tool():\n    return open('/tmp/data/x.txt').read()\n"
    assert looked_at(code, asks={"read": ["/tmp/data"]}).ok and looked_at(code, asks={"read": ["/tmp/data/x.txt"]}).ok
    for other in ("/tmp/dat", "/tmp/data/x", "/data"):
        assert "B108" in looked_at(code, asks={"read": [other]}).findings[0]
    two = code.replace("return ", "return open('/tmp/other').read() + ")
    assert "B108" in looked_at(two, asks={"read": ["/tmp/data"]}).findings[0]


def test_what_bandit_holds_to_be_low_is_told() -> None:
    found = looked_at("def tool(x):\n    assert x\n    return x\n")
    assert found.ok and found.findings[0].startswith("B101 (low)")


def test_bandit_prints_nothing_and_leaves_the_log_alone(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    looked_at("def tool(x):\n    return x\n")
    assert logging.getLogger().handlers == before and "".join(capfd.readouterr()) == ""


def test_what_is_used_without_being_asked_for_is_refused() -> None:
    assert "numpy" in looked_at("import numpy.linalg\n").findings[0]
    assert "read" in looked_at("X = open('/data/x')\n").findings[0]
    assert "env" in looked_at("import os\n").findings[0]


def test_what_is_asked_for_and_not_used_is_told() -> None:
    asks = {"modules": ["numpy"], "read": ["/data/x"], "env": ["HOME"]}
    found = looked_at("def tool():\n    return 1\n", asks=asks)
    assert found.ok and len(found.findings) == 3


def test_loops_and_recursion_are_told() -> None:
    endless = "def tool():\n    while True:\n        tool()\n"
    found = looked_at(endless)
    assert found.ok and [finding.split(": ")[1] for finding in found.findings] == [
        "tool calls itself", "a loop without an end of its own"]
    assert looked_at("def tool():\n    while True:\n        return 1\n").findings == ()


@pytest.mark.parametrize("literal", [
    "[" + "'a',\n" * 9_000 + "]", "{" + "".join(f"'k{at}': 'v',\n" for at in range(4_500)) + "}",
    "f(" + "'a',\n" * 9_000 + ")", "'a' in (" + "'b',\n" * 9_000 + ")", "1 == " + " == ".join(["'a'"] * 5_000),
])  # fmt: skip
def test_a_long_table_is_scanned_in_linear_time(literal: str) -> None:
    looked_at("X = 1\n")
    started = time.process_time()
    looked_at(f"def tool(f):\n    return {literal}\n")
    assert time.process_time() - started < 6
