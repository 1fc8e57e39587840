"""A goal over a catalogue of tools alone: which tools it calls, in which order, and what flows from one to the next.

Every tool that anything speaks for is told as numbers (``traits.py``, ``rivals.py``), and what was learned from
requests decides (``learned.py``). Where no tool is likely enough the likeliest one is called, if a word speaks for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from .catalogue import Ability, Catalogue
from .clauses import Clause, clauses
from .flow import producer
from .hearing import LONGEST as LINE
from .hearing import by_rules, states
from .learned import Learned, Lore, learned
from .outline import outline
from .rivals import MOST, beside
from .segments import segments
from .sequence import Stop, arranged, links, stops
from .steps import spelled
from .traits import NUMBERS, PLACE, Candidate, Reading, Shelf, candidates, read
from .words import normalise, tokens

LONGEST = 500
"""Characters of a request that describe a call which no clause speaks for."""
NEEDED = 0.3
"""Share of the threshold that is enough for a tool that another one needs first."""
Paragraphs = Sequence[tuple[str, Sequence[Clause]]]


@dataclass(slots=True)
class Call:
    """One tool that is to be called."""

    ability: Ability
    text: str
    """The clause in the user's words."""
    needs: list[int] = field(default_factory=list[int])
    """Indexes of the abilities whose result it takes."""


def paragraphs(text: str) -> list[tuple[str, list[Clause]]]:
    """Return the paragraphs of a request with their clauses; quotation marks around all of it are left out."""
    plain = normalise(text).strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"' and plain.count('"') == 2:
        plain = plain[1:-1]
    nodes = [node for top in outline(plain) for node in top.walk()]
    return [(node.text, clauses(segments(tokens(node.text)), at)) for at, node in enumerate(nodes)]


def calls(said: Paragraphs, catalogue: Catalogue) -> tuple[list[Call], list[str]]:
    """Return the calls that the clauses ask for, in order, and the clauses that no tool answers."""
    shelf, known = shelf_of(catalogue), learned()
    texts = [(text, clause) for text, found in said for clause in found]
    reading = read([clause for _, clause in texts])
    ranked = shortlist(reading, shelf, known.lore, known)
    order = arranged(stops(wanted(ranked, reading, shelf, known), reading, shelf), shelf, known)
    made = [Call(stop.made.ability, _text(stop, texts)) for stop in order]
    for call, givers in zip(made, links(order, reading, shelf, known), strict=True):
        call.needs = [made[giver].ability.index for giver in givers]
    return made, list(_unclear(texts, order))


def shortlist(reading: Reading, shelf: Shelf, lore: Lore, known: Learned) -> list[tuple[Candidate, float]]:
    """Return the likeliest candidates by themselves, best first; the first declared wins a tie."""
    rules = by_rules(reading.clauses, shelf.catalogue, shelf.needs)
    scored = [(c, known.first.score(c.values)) for c in candidates(reading, shelf, lore, rules)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].ability.index))[:MOST]


def wanted(
    ranked: Sequence[tuple[Candidate, float]], reading: Reading, shelf: Shelf, known: Learned
) -> list[tuple[Candidate, float]]:  # fmt: skip
    """Return those that are called, each with how likely that is; a clause that only gives a value calls nothing."""
    made, likely = [c for c, _ in ranked], [p for _, p in ranked]
    rows = beside(made, likely, reading, shelf)
    scored = [(c, known.decide.score([*c.values, *row])) for c, row in zip(made, rows, strict=True)]
    found = [(c, p) for c, p in scored if p >= known.threshold and not c.values[PLACE["states"]]]
    if not found:
        said = [(c, p) for c, p in scored if c.values[PLACE["max"]] > 0.0]
        found = [max(said, key=lambda pair: pair[1])] if said else []
    return [*found, *_prepared(found, scored, shelf, known)]


def _prepared(
    found: Sequence[tuple[Candidate, float]], scored: Sequence[tuple[Candidate, float]], shelf: Shelf,
    known: Learned,
) -> list[tuple[Candidate, float]]:  # fmt: skip
    """Return what the calls *found* need first and none of them gives: a tool that finds or gives an identifier."""
    likely = {c.ability.index: p for c, p in scored}
    there = {c.ability.index for c, _ in found}
    added: list[tuple[Candidate, float]] = []
    for candidate, chance in found:
        ability, length = candidate.ability, 1
        while length < LINE:
            first = producer(ability, shelf.needs, there)
            if first is None or first.index in there:
                break
            if likely.get(first.index, 0.0) < NEEDED * known.threshold:
                break
            there.add(first.index)
            made = next((c for c, _ in scored if c.ability is first), None)
            added.append((made or Candidate(first, [0.0] * NUMBERS), likely.get(first.index, chance)))
            ability, length = first, length + 1
    return added


def shelf_of(catalogue: Catalogue) -> Shelf:
    """Return what was made of *catalogue*, for the last few catalogues only once."""
    for known, shelf in _recent:
        if known is catalogue:
            return shelf
    shelf = Shelf(catalogue)
    _recent.appendleft((catalogue, shelf))
    return shelf


_recent: deque[tuple[Catalogue, Shelf]] = deque(maxlen=8)


def _text(stop: Stop, texts: Sequence[tuple[str, Clause]]) -> str:
    if stop.made.clause < 0:
        return " ".join(spelled(text, clause.tokens) for text, clause in texts)[:LONGEST]
    text, clause = texts[stop.made.clause]
    return spelled(text, clause.tokens)


def _unclear(texts: Sequence[tuple[str, Clause]], order: Sequence[Stop]) -> list[str]:
    """Return the actions of which no word speaks for any tool that is called."""
    heard = {at for stop in order for at in stop.made.clauses}
    return [
        spelled(text, clause.tokens) for at, (text, clause) in enumerate(texts)
        if at not in heard and clause.deed is not None and not states(clause)
    ]  # fmt: skip
