"""What each clause says of the tools of a catalogue, word by word, and which tools rules alone would call for it.

The rules' choice is one of the numbers that what was learned decides by (``tools.py``), and the words are the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .catalogue import Ability, Catalogue
from .clauses import Clause
from .flow import Needs, producer
from .lexicon import lexicon
from .stems import stem
from .words import WORD

ENOUGH = 0.45
"""Evidence that a tool needs, as a share of what one word weighs that no tool says."""
BARE = 1.8
"""How much more a phrase without a verb needs: it is mostly a value."""
REST = 0.7
"""Evidence that the words left over need for a second tool in the same clause."""
AFTER = 0.8
"""Share that a word keeps behind a preposition, where arguments stand."""
PROPER = 0.4
"""Share that a capitalised word keeps inside a clause: mostly a name."""
GENERIC = 0.3
UNSAID = 0.6
"""Taken off, as a share of a rare word's weight, when nothing of a tool's name is said."""
OTHER_DEED = 0.4
"""Share that a tool keeps whose name speaks of another deed than the clause's verb."""
KIN = 0.5
"""Share of the name that a tool has in common with the tools just called, which counts for it."""
LONGEST = 4
"""Tools that stand in line for one."""
_PREPOSITIONS = frozenset(
    "with from for at on in to using by starting under titled named into between during before after until till "
    "through about via per as than".split()
)
DEEDS = frozenset(
    "#cancel #change #delete #book #buy #sell #pay #send #create #query #recommend #calculate #convert #translate "
    "#write #login #compress #set #order #similar".split()
)
IDLE = frozenset(
    stem(w) for w in "tool api get retrieve obtain fetch special system service used use information data".split()
)
_STATES = frozenset({"is", "are", "was", "were"})


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a clause, and how much it counts."""

    root: str
    share: float
    verb: bool


def by_rules(clauses: Sequence[Clause], catalogue: Catalogue, needs: Needs) -> set[int]:
    """Return the tools that rules alone would call, by their places in the catalogue, with what these need first."""
    found: list[Ability] = []
    for clause in clauses:
        if not states(clause):
            found += [a for a in _chosen(clause, catalogue, found) if a not in found]
    wanted = {a.index for a in found}
    for ability in list(found):
        chain = [ability]
        while len(chain) < LONGEST and (first := producer(chain[0], needs, wanted)) is not None and first not in chain:
            chain.insert(0, first)
        wanted |= {a.index for a in chain}
    return wanted


def states(clause: Clause) -> bool:
    """Whether the clause only gives a value: "the account number is 12345"."""
    return clause.deed is None and any(t.low in _STATES for t in clause.tokens)


def _chosen(clause: Clause, catalogue: Catalogue, before: Sequence[Ability]) -> Iterator[Ability]:
    """Yield the tool that the clause asks for, and a second one for what the first does not cover."""
    said = said_in(clause)
    best, score = _best(said, catalogue, before)
    bare = clause.deed is None and not clause.asked
    if best is None or score < ENOUGH * catalogue.rare * (BARE if bare else 1.0):
        return
    yield best
    left = [s for s in said if not s.verb and best.index not in catalogue.evidence(s.root).worth]
    second, score = _best(left, catalogue, [best])
    if second is not None and second is not best and score >= REST * catalogue.rare and _kin(second, best, catalogue):
        yield second


def said_in(clause: Clause) -> list[Said]:
    """Return the words of *clause* that mean something, each with how much it counts."""
    found: list[Said] = []
    behind, language = False, lexicon()
    for at, token in enumerate(clause.tokens):
        if token.kind is not WORD:
            continue
        verb = at == 0 and bool(clause.verb)
        behind = behind or (token.low in _PREPOSITIONS and not verb)
        if token.low in language.stop or token.low.isdigit():
            continue
        root = clause.verb if verb else stem(token.low)
        share = 1.0 if verb else AFTER if behind else 1.0
        if at and token.text[0].isupper() and not token.text.isupper():
            share *= PROPER
        if root in language.generic and not verb:
            share *= GENERIC
        found.append(Said(root, share, verb))
    return found


def _best(said: Sequence[Said], catalogue: Catalogue, before: Sequence[Ability]) -> tuple[Ability | None, float]:
    """Return the tool that *said* speaks for most, after the tools called *before*; the first declared wins a tie."""
    totals: dict[int, float] = {}
    heard: dict[int, set[str]] = {}
    deeds: set[str] = set()
    for word in said:
        standing = lexicon().concepts.get(word.root, ())
        if word.verb:
            deeds |= DEEDS.intersection(standing)
        for index, worth in catalogue.evidence(word.root).worth.items():
            totals[index] = totals.get(index, 0.0) + worth * word.share
            heard.setdefault(index, set()).update((word.root, *standing))
    best, top = None, 0.0
    for index in sorted(totals):
        ability = catalogue.abilities[index]
        score = totals[index] - UNSAID * catalogue.rare * unsaid(ability, heard[index], catalogue)
        theirs = ability.named & DEEDS
        if deeds and theirs and not deeds & theirs:
            score *= OTHER_DEED
        score += KIN * max((_kin(ability, other, catalogue) for other in before[-2:]), default=0.0)
        if best is None or score > top:
            best, top = ability, score
    return best, top


def unsaid(ability: Ability, heard: set[str], catalogue: Catalogue) -> float:
    """Return the share of the tool's name that nobody said, by weight."""
    terms = [t for t in ability.named if t[0] != "#" and t not in IDLE]
    if heard.issuperset(terms):
        return 0.0
    concepts, weights = lexicon().concepts, catalogue.weights
    missing = [t for t in terms if t not in heard and heard.isdisjoint(concepts.get(t, ()))]
    whole = math.fsum(weights.get(t, 0.0) for t in terms)
    return math.fsum(weights.get(t, 0.0) for t in missing) / whole if whole else 0.0


def _kin(one: Ability, other: Ability, catalogue: Catalogue) -> float:
    """Return the weight of the words that two names share, at most that of one rare word."""
    shared = (t for t in one.named & other.named if t[0] != "#" and t not in IDLE)
    return min(sum(catalogue.weights.get(t, 0.0) for t in sorted(shared)), catalogue.rare)
