"""A short run of every fuzz target: real inputs with a few bytes changed, cut, repeated or put elsewhere."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SPEC = importlib.util.spec_from_file_location("fuzz_targets", Path(__file__).with_name("targets.py"))
assert SPEC is not None and SPEC.loader is not None
targets = importlib.util.module_from_spec(SPEC)
sys.modules["fuzz_targets"] = targets
SPEC.loader.exec_module(targets)

BITS = st.one_of(st.binary(max_size=8), st.sampled_from([
    b"{", b"[", b"]", b"}", b'"', b"\\", b"\n", b"\x00", b"\xff", b"&a", b"*a", b"!!", b"1e999", b"-0", b"9" * 5000,
    b'"mac":"x",', b"null", b"NaN", b"\xed\xa0\x80", "\u202e".encode(), b": ", b"- ", b"? ", b"[" * 100, b'{"a":' * 90,
]))
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 40), BITS, st.integers(1, 3))


def edited(seed: bytes, edits: list[tuple[float, int, bytes, int]]) -> bytes:
    """Return *seed* with each edit done: at a place, so many bytes gone, others there, so often."""
    for place, gone, there, times in edits:
        at = int(place * len(seed))
        seed = seed[:at] + there * times + seed[at + gone:]
    return seed


@pytest.mark.parametrize("name", list(targets.TARGETS))
def test_a_target_raises_nothing_that_its_reader_does_not_promise(name: str) -> None:
    target = targets.TARGETS[name]
    if target is None:
        pytest.skip(f"what {name} reads is not installed")
    seeds = targets.seeds(name)

    @settings(max_examples=60 if name.startswith("journal_") else 150, deadline=None,
              suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(seeds), st.lists(EDIT, max_size=4))
    def run(seed: bytes, edits: list[tuple[float, int, bytes, int]]) -> None:
        target(edited(seed, edits))

    for seed in seeds:
        target(seed)
    run()
