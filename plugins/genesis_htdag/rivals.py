"""What speaks for or against a tool because of the others that the same request may call.

Two tools of one name may answer the same words, and only one is meant; a tool may be called because another one needs
what it gives; and what no likelier tool explains has to be answered by somebody.
"""

from __future__ import annotations

from collections.abc import Sequence

from .traits import Candidate, Reading, Shelf

MOST = 20
"""Candidates that are looked at; likelier ones come first."""
BESIDE = (
    "likely", "place", "beside_best", "lead", "expected", "overlap", "overlaps", "unexplained", "unexplained_share",
    "kin", "same_clause", "prepares_likely", "prepared", "other_prepares", "gives", "takes", "unsaid_by_kin", "surer",
)  # fmt: skip
"""Names of the numbers."""
_SURE = 0.4


def beside(ranked: Sequence[Candidate], likely: Sequence[float], reading: Reading, shelf: Shelf) -> list[list[float]]:
    """Return the numbers of each of the *ranked* candidates; *likely* says how likely each is by itself, best first."""
    chances = {c.ability.index: p for c, p in zip(ranked, likely, strict=True)}
    wanted = {f.index: 0.0 for c in ranked if (f := shelf.first(c.ability)) is not None}
    for made, chance in zip(ranked, likely, strict=True):
        if (first := shelf.first(made.ability)) is not None:
            wanted[first.index] = max(wanted[first.index], chance)
    expected, covered, rows = sum(likely), dict[str, float](), list[list[float]]()
    for at, made in enumerate(ranked):
        before = list(zip(ranked[:at], likely, strict=False))
        first = shelf.first(made.ability)
        prepares = wanted.get(made.ability.index, 0.0)
        follow = likely[at + 1] if at + 1 < len(likely) else 0.0
        rows.append([
            likely[at], float(at), likely[at] / max(likely[0], 1e-6), likely[at] - follow, expected,
            *_overlap(made, before, covered), *_kin(made, before, shelf), prepares,
            -1.0 if first is None else chances.get(first.index, 0.0),
            max((p for c, p in before if prepares and c.ability.index in wanted), default=0.0),
            *_ports(made, ranked, likely, shelf), _lent(made, before, reading, shelf),
            float(sum(p > _SURE for _, p in before)),
        ])  # fmt: skip
        for word in made.words:
            covered[word] = max(covered.get(word, 0.0), likely[at])
    return rows


_Before = Sequence[tuple[Candidate, float]]


def _overlap(made: Candidate, before: _Before, covered: dict[str, float]) -> tuple[float, float, float, float]:
    """Return how much of what speaks for a tool speaks for likelier ones, at most and in all, and what is left."""
    whole = sum(made.words.values()) or 1e-9
    shares = [p * sum(min(v, c.words.get(w, 0.0)) for w, v in made.words.items()) / whole for c, p in before]
    left = sum(v * (1 - covered.get(w, 0.0)) for w, v in made.words.items())
    return max(shares, default=0.0), sum(shares), left, left / whole


def _kin(made: Candidate, before: _Before, shelf: Shelf) -> tuple[float, float]:
    names, weights = shelf.names[made.ability.index], shelf.catalogue.weights
    whole = sum(weights.get(t, 0.0) for t in names) or 1.0
    shared = (p * sum(weights.get(t, 0.0) for t in names if t in c.ability.named) / whole for c, p in before)
    return max(shared, default=0.0), sum(p for c, p in before if c.clause == made.clause)


def _ports(made: Candidate, ranked: Sequence[Candidate], likely: Sequence[float], shelf: Shelf) -> tuple[float, float]:
    """Return how likely the likeliest tool is that takes what *made* gives, and the one that gives what it takes."""
    needs, gives, takes = shelf.needs, 0.0, 0.0
    mine = needs.ports[made.ability.index]
    for other, chance in zip(ranked, likely, strict=True):
        if other is made:
            continue
        theirs = needs.ports[other.ability.index]
        if chance > gives and mine.gives and theirs.takes and needs.fits(made.ability, other.ability):
            gives = chance
        if chance > takes and theirs.gives and mine.takes and needs.fits(other.ability, made.ability):
            takes = chance
    return gives, takes


def _lent(made: Candidate, before: _Before, reading: Reading, shelf: Shelf) -> float:
    """Return how much of the words of its name that nobody said stands in the name of a likelier tool."""
    missing = [t for t in shelf.names[made.ability.index] if t not in reading.roots]
    if not missing:
        return 1.0
    return max((p * sum(t in c.ability.named for t in missing) / len(missing) for c, p in before), default=0.0)
