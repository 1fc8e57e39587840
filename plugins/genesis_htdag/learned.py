"""What was learned of requests and the tools that they call: ``calls.json``, made by ``benchmarks/fit_htdag.py``.

Three parts, each of which reads numbers about a (request, tool) pair and none a tool's name: a linear score that
picks candidates, trees that decide among them, and linear scores for the order of two calls and what flows between
them. Words that go with words of tools' names are kept in tables, which say nothing of tools whose words nobody knows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import mul
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("calls.json")
HEARD = 3
"""Words of a request that count for one word of a tool's name."""
LEAST = 0.2
"""Association that is kept."""
STRANGE, PULL = 3.0, 0.3
"""Requests that a rate is drawn towards the common one by, and calls that each word is given beforehand."""


@dataclass(frozen=True, slots=True)
class Lore:
    """Which words of requests go with which words of tools' names, and how often and how early those are called."""

    words: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Log of how much likelier a word of a name is called for, where a word is said."""
    prior: Mapping[str, float] = field(default_factory=dict[str, float])
    """Log of how often a word of a name is called for where a tool has it."""
    early: Mapping[str, float] = field(default_factory=dict[str, float])
    """How early in a plan the tools of that word stand, from -1 to 1."""

    def strength(self, term: str, said: Iterable[str]) -> float:
        """Return how strongly the words of a request call for one word of a tool's name."""
        known = self.words.get(term)
        if not known:
            return 0.0
        found = sorted((known[w] for w in said if w in known), reverse=True)
        return sum(found[:HEARD])

    def about(self, terms: Sequence[str], strengths: Mapping[str, float], weights: Mapping[str, float]) -> list[float]:
        """Return five numbers about a tool named by *terms*: mean and least strength, mean and least prior, known."""
        whole = sum(weights.get(t, 0.0) for t in terms)
        if whole <= 0.0:
            return [0.0] * 5
        mean = sum(weights.get(t, 0.0) * strengths.get(t, 0.0) for t in terms) / whole
        known = sum(weights.get(t, 0.0) for t in terms if t in self.prior) / whole
        priors = [self.prior.get(t, 0.0) for t in terms]
        return [mean, min(strengths.get(t, 0.0) for t in terms), sum(priors) / len(priors), min(priors), known]

    def earliness(self, terms: Iterable[str]) -> float:
        """Return how early tools named by *terms* are called."""
        found = [self.early[t] for t in terms if t in self.early]
        return sum(found) / len(found) if found else 0.0


@dataclass(frozen=True, slots=True)
class Linear:
    """A weighted sum, as a probability."""

    weights: tuple[float, ...] = ()
    start: float = 0.0

    def score(self, values: Sequence[float]) -> float:
        """Return the probability that *values* speak for."""
        total = self.start + sum(map(mul, self.weights, values))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum over decision trees, as a probability; a node is (place, threshold, left, right) or (-1, value, 0, 0)."""

    trees: tuple[tuple[tuple[int, float, int, int], ...], ...] = ()
    start: float = 0.0

    def score(self, values: Sequence[float]) -> float:
        """Return the probability that *values* speak for."""
        total = self.start
        for tree in self.trees:
            place, value, left, right = tree[0]
            while place >= 0:
                place, value, left, right = tree[left if values[place] <= value else right]
            total += value
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything that the file holds."""

    lore: Lore = field(default_factory=Lore)
    first: Linear = field(default_factory=Linear)
    decide: Trees = field(default_factory=Trees)
    threshold: float = 0.5
    order: Linear = field(default_factory=Linear)
    flow: Linear = field(default_factory=Linear)
    flows: float = 0.5


@cache
def learned() -> Learned:
    """Return what was learned; the file is read once."""
    raw = json.loads(FILE.read_bytes())
    trees = tuple(tuple((int(p), float(v), int(a), int(b)) for p, v, a, b in tree) for tree in raw["decide"]["trees"])
    return Learned(
        lore=Lore(raw["lore"]["words"], raw["lore"]["prior"], raw["lore"]["early"]),
        first=_linear(raw["first"]), decide=Trees(trees, float(raw["decide"]["start"])),
        threshold=float(raw["threshold"]), order=_linear(raw["order"]), flow=_linear(raw["flow"]),
        flows=float(raw["flows"]),
    )  # fmt: skip


def _linear(raw: Mapping[str, Any]) -> Linear:
    return Linear(tuple(float(w) for w in raw["weights"]), float(raw["start"]))
