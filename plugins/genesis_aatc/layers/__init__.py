"""The layers that run nothing: five looks at a candidate, cheapest first; the first that refuses ends it.

Only the operating system is a boundary. These layers are gates of quality: they keep out what nobody wants to review,
and tell whoever wrote a tool what to mend.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Protocol

from genesis_aatc.candidate import Candidate
from genesis_core import LayerCheck

from ._refused import POLICY, Refused

__all__ = ["POLICY", "Layer", "Refused", "examine"]

MOST_FINDINGS = 12
LONGEST = 400


class Layer(Protocol):
    """One module each: what it is called, and what it looks at."""

    NAME: str

    def check(self, candidate: Candidate) -> Iterable[str]:
        """Yield what is worth knowing of a candidate that passes; raise Refused for one that does not."""
        ...


def layers() -> tuple[Layer, ...]:
    """Return the layers in their order."""
    from . import analysis, contract, source, spec, syntax

    return spec, source, syntax, analysis, contract


def examine(candidate: Candidate) -> tuple[LayerCheck, ...]:
    """Return what each layer found, up to the first that refuses; nothing of the candidate is run."""
    return tuple(_until_refused(candidate))


def _until_refused(candidate: Candidate) -> Iterator[LayerCheck]:
    for layer in layers():
        check = judged(layer, candidate)
        yield check
        if not check.ok:
            return


def judged(layer: Layer, candidate: Candidate) -> LayerCheck:
    """Return what one layer found, and how long that took."""
    started = time.monotonic()
    try:
        ok, findings = True, tuple(layer.check(candidate))
    except Refused as refused:
        ok, findings = False, refused.findings
    return LayerCheck(layer=layer.NAME, ok=ok, findings=told(findings), seconds=time.monotonic() - started,
                      policy=POLICY)  # fmt: skip


def told(findings: Iterable[str]) -> tuple[str, ...]:
    """Return findings as they are recorded: each once, a few, and none long; what a source says is quoted at most."""
    kept = list(dict.fromkeys(_short(finding) for finding in findings))
    more = len(kept) - MOST_FINDINGS
    return tuple(kept[:MOST_FINDINGS] + ([f"and {more} more"] if more > 0 else []))


def _short(finding: str) -> str:
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in finding)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
