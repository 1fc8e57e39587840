"""A goal over a catalogue of tools alone: which tools each clause calls, what they need first, what flows where.

Numbers here were chosen on development data of tool requests (see EVALUATION in docs); they hold for any catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .catalogue import Ability, Catalogue
from .clauses import Clause
from .flow import Needs, producer
from .lexicon import lexicon
from .stems import stem
from .steps import spelled
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
_PREPOSITIONS = frozenset(
    "with from for at on in to using by starting under titled named into between during before after until till "
    "through about via per as than".split()
)
_DEEDS = frozenset(
    "#cancel #change #delete #book #buy #sell #pay #send #create #query #recommend #calculate #convert #translate "
    "#write #login #compress #set #order #similar".split()
)
_IDLE = frozenset(
    stem(w) for w in "tool api get retrieve obtain fetch special system service used use information data".split()
)
_STATES = frozenset({"is", "are", "was", "were"})


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a clause, and how much it counts."""

    root: str
    share: float
    verb: bool


@dataclass(slots=True)
class Call:
    """One tool that is to be called."""

    ability: Ability
    text: str
    """The clause in the user's words."""
    back: bool = False
    """Whether the clause speaks of what came before."""
    needs: list[int] = field(default_factory=list)
    """Indexes of the abilities whose result it takes."""


def calls(paragraphs: Sequence[tuple[str, Sequence[Clause]]], catalogue: Catalogue) -> tuple[list[Call], list[str]]:
    """Return the calls that the clauses ask for, in order, and the clauses that no tool answers."""
    chosen: list[Call] = []
    unclear: list[str] = []
    for text, clauses in paragraphs:
        for clause in clauses:
            if _states(clause):
                continue
            found = list(_chosen(clause, catalogue, [c.ability for c in chosen]))
            if not found and clause.deed is not None:
                unclear.append(spelled(text, clause.tokens))
            known = {c.ability.index for c in chosen}
            chosen += [Call(a, spelled(text, clause.tokens), _back(clause)) for a in found if a.index not in known]
    if not chosen:
        chosen = list(_best_of_all(paragraphs, catalogue))
    return _with_producers(chosen, catalogue), unclear


def _states(clause: Clause) -> bool:
    """Whether the clause only gives a value: "the account number is 12345"."""
    return clause.deed is None and any(t.low in _STATES for t in clause.tokens)


def _back(clause: Clause) -> bool:
    return any(t.low in lexicon().back for t in clause.tokens)


def _chosen(clause: Clause, catalogue: Catalogue, before: Sequence[Ability]) -> Iterator[Ability]:
    """Yield the tool that the clause asks for, and a second one for what the first does not cover."""
    said = _said(clause)
    best, score = _best(said, catalogue, before)
    bare = clause.deed is None and not clause.asked
    if best is None or score < ENOUGH * catalogue.rare * (BARE if bare else 1.0):
        return
    yield best
    left = [s for s in said if not s.verb and best.index not in catalogue.evidence(s.root).worth]
    second, score = _best(left, catalogue, [best])
    if second is not None and second is not best and score >= REST * catalogue.rare and _kin(second, best, catalogue):
        yield second


def _best_of_all(paragraphs: Sequence[tuple[str, Sequence[Clause]]], catalogue: Catalogue) -> Iterator[Call]:
    """Yield the tool that the whole text speaks for, where no clause alone does."""
    said = [word for _, clauses in paragraphs for clause in clauses for word in _said(clause)]
    best, score = _best(said, catalogue, ())
    if best is not None and score > 0:
        yield Call(best, " ".join(spelled(text, c.tokens) for text, clauses in paragraphs for c in clauses)[:500])


def _said(clause: Clause) -> list[Said]:
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
            deeds |= _DEEDS.intersection(standing)
        for index, worth in catalogue.evidence(word.root).worth.items():
            totals[index] = totals.get(index, 0.0) + worth * word.share
            heard.setdefault(index, set()).update((word.root, *standing))
    best, top = None, 0.0
    for index in sorted(totals):
        ability = catalogue.abilities[index]
        score = totals[index] - UNSAID * catalogue.rare * _unsaid(ability, heard[index], catalogue)
        theirs = ability.named & _DEEDS
        if deeds and theirs and not deeds & theirs:
            score *= OTHER_DEED
        score += KIN * max((_kin(ability, other, catalogue) for other in before[-2:]), default=0.0)
        if best is None or score > top:
            best, top = ability, score
    return best, top


def _unsaid(ability: Ability, heard: set[str], catalogue: Catalogue) -> float:
    """Return the share of the tool's name that nobody said, by weight."""
    whole = missing = 0.0
    for term in ability.named:
        if term[0] != "#" and term not in _IDLE:
            weight = catalogue.weights.get(term, 0.0)
            whole += weight
            if term not in heard and heard.isdisjoint(lexicon().concepts.get(term, ())):
                missing += weight
    return missing / whole if whole else 0.0


def _kin(one: Ability, other: Ability, catalogue: Catalogue) -> float:
    """Return the weight of the words that two names share, at most that of one rare word."""
    shared = (t for t in one.named & other.named if t[0] != "#" and t not in _IDLE)
    return min(sum(catalogue.weights.get(t, 0.0) for t in sorted(shared)), catalogue.rare)


def _with_producers(chosen: Sequence[Call], catalogue: Catalogue) -> list[Call]:
    """Put before each call the calls that give what it needs and nobody said, and note what flows between them."""
    needs = Needs(catalogue)
    wanted = {c.ability.index for c in chosen}
    done: dict[int, Call] = {}
    for call in chosen:
        chain = [call.ability]
        while len(chain) < 4 and (first := producer(chain[0], needs, wanted)) is not None and first not in chain:
            chain.insert(0, first)
        for ability in chain:
            done.setdefault(ability.index, call if ability is call.ability else Call(ability, call.text))
    order = list(done.values())
    for at, call in enumerate(order):
        call.needs = needs.flows([c.ability for c in order[:at]], call.ability)
    return order
