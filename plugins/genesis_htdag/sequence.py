"""In which order tools are called, and what flows from one to the next, told of pairs of calls as numbers.

What the numbers are worth was learned (``learned.py``). Where no tool says what it takes and gives, the flow is
hidden, and each call waits for the one before it; a tool that gives nothing feeds none that says what it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .clauses import Clause
from .flow import Ports
from .learned import Learned
from .lexicon import lexicon
from .phrases import AFTER, BEFORE
from .stems import stem
from .traits import Candidate, Reading, Shelf
from .words import WORD, name_words

ORDER = ("clause", "clauses", "within", "prepares", "fits", "early", "finds", "by_id", "likely")
"""Names of the numbers that say which of two calls comes first."""
FLOW = ("next", "near", "back", "prepares", "spoken", "shared")
"""Names of the numbers that say whether something flows from one call to another."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One call in the text: the tool, and where it is spoken of."""

    made: Candidate
    likely: float
    clause: float
    within: float


def stops(made: Sequence[tuple[Candidate, float]], reading: Reading, shelf: Shelf) -> list[Stop]:
    """Return each of the calls with its place; one that nobody speaks of stands where the call stands that needs it."""
    places = _places(reading.clauses)
    found = {c.ability.index: (places[c.clause] if c.clause >= 0 else None) for c, _ in made}
    last = float(len(places))
    for candidate, _ in made:
        first, own = shelf.first(candidate.ability), found[candidate.ability.index]
        if first is not None and first.index in found and found[first.index] is None:
            found[first.index] = own
    return [
        Stop(c, p, last if (at := found[c.ability.index]) is None else at, _within(c, reading)) for c, p in made
    ]  # fmt: skip


def _places(clauses: Sequence[Clause]) -> list[float]:
    """Return the place of each clause in time: what is to be done "after" something follows it, wherever it stands."""
    places = [float(at) for at in range(len(clauses))]
    for at, clause in enumerate(clauses):
        main = [n for n, c in enumerate(clauses)
                if c.sentence == clause.sentence and c.item == clause.item and c.subordinate is None]  # fmt: skip
        if main and clause.subordinate is AFTER:
            places[at] = min(places[at], main[0] - 0.5)
        elif main and clause.subordinate is BEFORE:
            places[at] = max(places[at], main[-1] + 0.5)
    return places


def _within(made: Candidate, reading: Reading) -> float:
    """Return where in its clause the first word stands that speaks for a tool, from 0 to 1."""
    if made.clause < 0:
        return 1.0
    tokens = reading.clauses[made.clause].tokens
    spots = (at for at, t in enumerate(tokens) if t.kind is WORD and stem(t.low) in made.words)
    return next(spots, len(tokens)) / max(len(tokens), 1)


def precedes(one: Stop, other: Stop, shelf: Shelf, learned: Learned) -> list[float]:
    """Return the numbers that say whether *one* is called before *other*; those of the reverse have the other sign."""
    mine, theirs = _ports(one, shelf), _ports(other, shelf)
    us, them, needs = one.made.ability, other.made.ability, shelf.needs
    a, b = shelf.first(us), shelf.first(them)
    apart = other.clause - one.clause
    early = [learned.lore.earliness(shelf.names[s.made.ability.index]) for s in (one, other)]
    return [
        _sign(apart), max(-3.0, min(3.0, apart)) / 3, (other.within - one.within) if apart == 0 else 0.0,
        float(b is us) - float(a is them),
        float(needs.fits(us, them)) - float(needs.fits(them, us)),
        early[0] - early[1], float(mine.finds) - float(theirs.finds), float(_by_id(theirs)) - float(_by_id(mine)),
        one.likely - other.likely,
    ]  # fmt: skip


def arranged(found: Sequence[Stop], shelf: Shelf, learned: Learned) -> list[Stop]:
    """Return the calls in the order in which most pairs agree."""
    wins = [0.0] * len(found)
    for at, one in enumerate(found):
        for also, other in enumerate(found[:at]):
            before = learned.order.score(precedes(one, other, shelf, learned))
            wins[at] += before
            wins[also] += 1.0 - before
    return [found[at] for at in sorted(range(len(found)), key=lambda n: (-wins[n], found[n].made.ability.index))]


def hidden(order: Sequence[Stop], shelf: Shelf) -> bool:
    """Return whether no tool that is called says what it takes or gives."""
    return not any(_ports(stop, shelf).takes or _ports(stop, shelf).gives for stop in order)


def may_feed(one: Stop, other: Stop, shelf: Shelf) -> bool:
    """Return whether anything can flow from *one* to *other*: it gives something, or *other* hides what it takes."""
    return bool(_ports(one, shelf).gives) or not _ports(other, shelf).takes


def feeds(order: Sequence[Stop], giver: int, taker: int, reading: Reading, shelf: Shelf) -> list[float]:
    """Return the numbers that say whether what the call at *giver* gives is taken by the one at *taker*."""
    one, other = order[giver], order[taker]
    tokens = reading.clauses[other.made.clause].tokens if other.made.clause >= 0 else ()
    said = {stem(t.low) for t in tokens if t.kind is WORD}
    outputs = {stem(w) for name in _ports(one, shelf).gives for w in name_words(name)}
    inputs = {stem(w) for name in _ports(other, shelf).takes for w in name_words(name)}
    return [
        float(taker - giver == 1), 1.0 / (taker - giver), float(any(t.low in lexicon().back for t in tokens)),
        float(shelf.first(other.made.ability) is one.made.ability), len(outputs & said) / (len(outputs) or 1),
        len(outputs & inputs) / (len(inputs) or 1),
    ]


def links(order: Sequence[Stop], reading: Reading, shelf: Shelf, learned: Learned) -> list[list[int]]:
    """Return for each call of *order* the places of those that it waits for."""
    if hidden(order, shelf):
        return [[at - 1] if at else [] for at in range(len(order))]
    return [
        [
            giver for giver in range(taker)
            if may_feed(order[giver], order[taker], shelf)
            and learned.flow.score(feeds(order, giver, taker, reading, shelf)) >= learned.flows
        ]
        for taker in range(len(order))
    ]  # fmt: skip


def _ports(stop: Stop, shelf: Shelf) -> Ports:
    return shelf.needs.ports[stop.made.ability.index]


def _by_id(ports: Ports) -> bool:
    return ports.by_id or bool(ports.asks)


def _sign(number: float) -> float:
    return float((number > 0) - (number < 0))
