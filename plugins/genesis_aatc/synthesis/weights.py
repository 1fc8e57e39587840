"""What each way of saying a thing costs: the ranking of programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["BY_SIZE", "WEIGHTS", "ranked_by", "use", "weight"]

WEIGHTS: dict[str, float] = {
    "number": 0.5, "from the end": 0.3, "edge": 0.4, "index": 2.2, "index far": 0.12, "both sides": 0.6,
    "cut": 0.8, "part": 1.1, "word": 1.0, "match": 0.9, "between": 1.2, "token digits": 0.5,
    "token letters": 0.8, "token capitalised": 1.0, "token upper": 1.2, "token lower": 1.2,
    "token alnum": 0.9, "token blank": 0.8, "token solid": 0.9, "token space": 0.6, "token mark": 0.5,
    "token literal": 1.0, "token amount": 1.0, "token signed": 0.9, "token joined": 1.2, "token dotted": 1.1,
    "piece": 1.0, "longest": 1.0, "half missing": 0.7, "ragged": 1.0, "style": 0.5, "cutoff": 0.3, "constant bare": 0.6,
    "mixed": 1.5, "shape": 2.0, "again": 0.9, "aligned": 1.6, "lakh": 1.0, "constant": 1.2,
    "constant mark": 0.15, "constant alnum": 0.5, "constant taken": 3.2, "case": 0.4, "title": 0.6,
    "only": 1.3, "head": 0.8, "index of kept": 0.9, "tidy": 0.4, "replace": 1.2, "initials": 1.0,
    "read number": 0.8, "round": 1.2, "unit odd": 0.5, "way": 0.4, "scale": 1.5, "write": 0.5,
    "decimals": 0.3, "width": 0.8, "comma": 0.3, "plain": 0.3, "bin": 2.0, "gap": 0.3, "read moment": 0.8,
    "show": 0.3, "slot": 1.5, "slot first": 0.8, "clock format": 0.5, "branch": 3.0, "test": 1.0,
    "parameter": 0.1,
}  # fmt: skip
BY_SIZE: Mapping[str, float] = dict.fromkeys(WEIGHTS, 1.0)
"""A ranking that knows nothing: the fewest parts first."""
_current: ContextVar[Mapping[str, float]] = ContextVar("weights", default=WEIGHTS)


def weight(name: str) -> float:
    """Return the weight called *name*."""
    return _current.get()[name]


def use(weights: Mapping[str, float]) -> None:
    """Rank by *weights* from now on, for measurements."""
    _current.set(dict(weights))


@contextmanager
def ranked_by(weights: Mapping[str, float]) -> Iterator[None]:
    """Rank by *weights* meanwhile, in this thread alone."""
    token = _current.set(weights)
    try:
        yield
    finally:
        _current.reset(token)
