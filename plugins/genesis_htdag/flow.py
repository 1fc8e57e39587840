"""What tools need from each other: inputs and outputs that fit, and identifiers that one asks for and another gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .catalogue import Ability, Catalogue, properties
from .words import name_words

_IDENTIFIER = re.compile(r"(?:Ids?|ID|_ids?|_key)\Z|^id\Z")
_FINDERS = frozenset({"search", "find", "lookup"})
_OUTSIDER = 0.1
"""Taken off a finder for each word of its name that the other tool does not have: it finds something narrower."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What one tool takes and gives."""

    asks: tuple[str, ...]
    """Identifiers that it cannot do without."""
    takes: frozenset[str]
    """Names of its inputs; empty when it does not declare any."""
    gives: tuple[str, ...]
    by_id: bool
    """Whether its description says that it works on an identifier, while its inputs are not declared."""
    finds: bool


class Needs:
    """The ports of every tool of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.ports = [_ports(ability) for ability in catalogue.abilities]
        self._fits: dict[tuple[int, int], bool] = {}

    def fits(self, giver: Ability, taker: Ability) -> bool:
        """Return whether *giver* has an output that an input of *taker* can be filled with."""
        key = giver.index, taker.index
        if key not in self._fits:
            self._fits[key] = _feeds(self.ports[giver.index], self.ports[taker.index])
        return self._fits[key]


def _feeds(giver: Ports, taker: Ports) -> bool:
    return any(_fits(given, taken) for given in giver.gives for taken in taker.asks or taker.takes)


def producer(ability: Ability, needs: Needs, wanted: set[int]) -> Ability | None:
    """Return the tool that gives the identifier which *ability* asks for: a *wanted* one, else the nearest kin."""
    mine = needs.ports[ability.index]
    if not mine.asks and not mine.by_id:
        return None
    best, top = None, 0.0
    for other in needs.catalogue.abilities:
        score = _supplies(ability, other, needs, other.index in wanted)
        if other is not ability and score > top:
            best, top = other, score
    return best


def _supplies(ability: Ability, other: Ability, needs: Needs, wanted: bool) -> float:
    """Return how well *other* could come before *ability*; 0 when it gives nothing of use."""
    mine, theirs, weights = needs.ports[ability.index], needs.ports[other.index], needs.catalogue.weights
    shared = sum(weights.get(term, 0.0) for term in sorted(ability.named & other.named))
    if mine.asks:
        gives = any(_IDENTIFIER.search(g) and _fits(g, asked) for g in theirs.gives for asked in mine.asks)
        return shared + 1.0 + 5.0 * wanted if gives and not theirs.asks else 0.0
    if not theirs.finds or theirs.by_id or shared <= 0.0:
        return 0.0
    foreign = [t for t in other.named - ability.named if t[0] != "#" and t not in _FINDERS]
    return shared - _OUTSIDER * len(foreign)


def _ports(ability: Ability) -> Ports:
    spec = ability.tool
    if spec is None:
        return Ports((), frozenset(), (), by_id=False, finds=False)
    takes, gives = properties(spec.input_schema), properties(spec.output_schema)
    asked = _asked(ability)
    return Ports(
        asks=tuple(p for p in asked if _IDENTIFIER.search(p)),
        takes=frozenset(takes),
        gives=gives,
        by_id=not takes and "id" in name_words(spec.description),
        finds=not _FINDERS.isdisjoint(name_words(spec.name)),
    )


def _asked(ability: Ability) -> list[str]:
    required = ability.tool.input_schema.get("required") if ability.tool else None
    return [p for p in required if isinstance(p, str)] if isinstance(required, list) else []


def _fits(given: str, taken: str) -> bool:
    """Whether an output can fill an input: the same name, or an identifier that the input qualifies (``originId``)."""
    one, other = given.lower().replace("_", ""), taken.lower().replace("_", "")
    return one == other or (len(one) > 3 and bool(_IDENTIFIER.search(given)) and other.endswith(one))
