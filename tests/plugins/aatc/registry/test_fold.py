"""State is the fold of the rows: by any order of what may happen, on the file as in memory."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import MadeState, canonical_json

sys.path.insert(0, str(Path(__file__).parent))

from made_kit import content, registry

from genesis_aatc._fold import CONTENT, fold
from genesis_aatc._rows import Row

DIGESTS = ["a" * 64, "b" * 64, "c" * 64, "d" * 64]
NAMES = {"a" * 64: "one", "b" * 64: "one", "c" * 64: "two", "d" * 64: "one"}
STEPS = st.lists(st.tuples(st.sampled_from([*CONTENT, "revoked", "renewed", "refused"]), st.sampled_from(DIGESTS)),
                 max_size=30)


def said(kind: str, digest: str) -> dict[str, object]:
    if kind == "refused":
        return {"message": "no", "cause": "", "digest": digest, "name": ""}
    return {"digest": digest, "why": "w"} if kind == "revoked" else dict(content(digest, NAMES[digest]))


def expected(steps: list[tuple[str, str]]) -> dict[str, MadeState]:
    """Say by the rules alone what each version is in the end, looking back from there."""
    found = {}
    for digest in DIGESTS:
        own = [(i, kind) for i, (kind, other) in enumerate(steps) if other == digest]
        held = [i for i, kind in own if kind in CONTENT]
        if not held:
            continue
        revoked = next((i for i, kind in own if kind == "revoked" and i > held[0]), None)
        if revoked is not None:
            found[digest] = MadeState.REVOKED
            continue
        state = CONTENT[steps[held[-1]][0]]
        took_over = any(True for i, (kind, d) in enumerate(steps) if i > held[-1] and kind == "active" and d != digest
                        and NAMES[d] == NAMES[digest] and not _revoked_before(steps, d, i))
        found[digest] = MadeState.DEPRECATED if state is MadeState.ACTIVE and took_over else state
    return found


def _revoked_before(steps: list[tuple[str, str]], digest: str, at: int) -> bool:
    there = False
    for kind, other in steps[:at]:
        if other == digest:
            there = there or kind in CONTENT
            if kind == "revoked" and there:
                return True
    return False


@given(STEPS)
def test_the_state_of_every_version_follows_from_the_rows_alone(steps: list[tuple[str, str]]) -> None:
    rows = [Row(i + 1, "2026-01-01T00:00:00+00:00", kind, "workshop", canonical_json(said(kind, digest)))
            for i, (kind, digest) in enumerate(steps)]
    found = fold(rows)
    assert {name: version.state for name, version in found.versions.items()} == expected(steps)
    active = [(v.kind, v.name) for v in found.versions.values() if v.state is MadeState.ACTIVE]
    assert len(active) == len(set(active))


@settings(max_examples=10, deadline=None)
@given(STEPS.map(lambda steps: steps[:12]))
def test_the_file_says_what_was_written_to_it(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        made = registry(Path(home))
        for kind, digest in steps:
            made.append(kind, said(kind, digest))
        again = registry(Path(home))
        assert again.verify() == () or not steps
        assert again.view().versions == made.view().versions
        assert {n: v.state for n, v in again.view().versions.items()} == expected(steps)
        made.close()
        again.close()
