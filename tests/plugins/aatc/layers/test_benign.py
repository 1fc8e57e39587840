"""Tools that do what they should pass every layer; and what a whole look at one takes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import BENIGN, Made, candidate

from genesis_aatc.layers import POLICY, examine, judged, layers
from genesis_aatc.sandboxes import Bench
from genesis_aatc.trial import try_out

NAMES = ["spec", "source", "syntax", "analysis", "contract"]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    if why := made.refuses():
        pytest.skip(why)
    yield made
    made.close()


def test_there_are_twenty_of_them() -> None:
    assert len(BENIGN) == 20 and len({made.name for made in BENIGN}) == 20


@pytest.mark.parametrize("made", BENIGN, ids=lambda made: made.name)
def test_a_tool_that_does_what_it_should_passes_every_layer(bench: Bench, made: Made) -> None:
    checks = examine(made.candidate)
    assert [check.layer for check in checks] == NAMES
    assert all(check.ok and check.policy == POLICY for check in checks), checks
    trial = asyncio.run(try_out(made.candidate, bench))
    assert trial.check.ok, trial.check.findings


def test_the_first_layer_that_refuses_ends_it() -> None:
    broken = {
        "spec": candidate("def tool(): pass", [({}, "")], version="x"),
        "source": candidate("def tool(:", [({}, "")]),
        "syntax": candidate("def tool():\n    return eval('1')\n", [({}, "")]),
        "analysis": candidate("import hashlib\ndef tool():\n    return hashlib.md5(b'').hexdigest()\n", [({}, "")]),
        "contract": candidate("def tool():\n    return ''\n", [({}, "")]),
    }
    for at, name in enumerate(NAMES):
        checks = examine(broken[name])
        assert [check.layer for check in checks] == NAMES[: at + 1]
        assert [check.ok for check in checks] == [True] * at + [False] and checks[-1].findings


def test_what_is_recorded_of_a_layer_is_short_and_can_be_printed() -> None:
    names = "".join(f"    x{at}{'y' * 900}()\n" for at in range(60))
    refused = examine(candidate(f"def tool():\n{names}", [({}, "")]))[-1]
    assert not refused.ok and len(refused.findings) == 13 and refused.findings[-1] == "and 48 more"
    assert all(len(finding) <= 400 and finding.isprintable() for finding in refused.findings)
    odd = examine(candidate("def tool():\n    pass\n", [({}, "")], version="\x1b[2J"))[-1]
    assert not odd.ok and all(finding.isprintable() for finding in odd.findings)


def test_looking_imports_nothing_of_the_candidate_and_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"X = open({str(mark)!r}, 'w')\ndef tool(text=X.close()):\n    return ''\n"
    assert not examine(candidate(code, [({}, "")]))[-1].ok and not mark.exists()
    for layer in layers():
        judged(layer, candidate(code, [({}, "")]))
    assert not mark.exists()


@pytest.mark.speed
def test_a_whole_look_takes_a_few_calls_of_the_sandbox(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """Shown, never a failure by its time: what a look takes next to one cold call of the same sandbox."""
    made = BENIGN[0]
    looks, calls = [], []
    for _ in range(3):
        started = time.monotonic()
        examine(made.candidate)
        assert asyncio.run(try_out(made.candidate, bench)).check.ok
        looks.append(time.monotonic() - started)
        started = time.monotonic()
        bench.run(made.candidate.source, made.name, made.pairs[0][0], made.candidate.manifest, {}, apart=True)
        calls.append(time.monotonic() - started)
    record_property("look_seconds", round(min(looks), 3))
    record_property("calls", round(min(looks) / min(calls), 1))
    assert min(looks) > min(calls) > 0
