"""Which broad clauses of a goal are to be unfolded, and which of their parts the goal asks for itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .broad import Broad, Index, read
from .catalogue import Catalogue
from .clauses import Clause
from .lexicon import ASK, lexicon
from .patterns import Pattern
from .phrases import COLON, CONTENT, DASH, START, THEN
from .stems import stem
from .steps import Step
from .unfold import Hands
from .words import WORD, Token, name_words, tokens

__all__ = ["Paragraph", "Unfolding", "accepted", "doing", "lend", "place"]

Place = tuple[int, int]
"""Paragraph and character at which a clause begins."""
_MAKING = frozenset({"build", "test", "deploy"})
"""Stages of making something: who asks for one of them by itself has stages of their own in mind."""
_NEAR = 12
"""Clauses around another one that may share its object: a verb stands near what it is done to."""
_DENIES = frozenset("no not never without only except don't nothing".split())


Unfolding = tuple[Pattern, tuple[str, ...]] | None
"""What a clause is unfolded by, and what is denied behind it; None: it is part of another one that is."""


class Paragraph(NamedTuple):
    """A paragraph of the goal, its clauses, and whether what stands below spells it out."""

    text: str
    clauses: Sequence[Clause]
    opens: bool


class _Candidate(NamedTuple):
    clause: Clause
    broad: Broad
    denied: tuple[str, ...]
    sharing: tuple[Place, ...]
    """Where other verbs for the same begin: "design, build and launch it"."""


def place(clause: Clause) -> Place:
    """Return where *clause* begins."""
    return clause.item, clause.tokens[0].start


def accepted(
    paragraphs: Sequence[Paragraph], steps: Sequence[Step], patterns: Index, index: Catalogue, hands: Hands, *,
    most: int,
) -> dict[Place, Unfolding]:  # fmt: skip
    """Return the pattern of each clause that is to be unfolded, and what the goal denies right behind it.

    None stands for a verb before it that shares its object and says a part of the same: "design, build and launch it".
    *steps* are how the clauses are read without patterns: what is read more closely than a pattern would stays so.
    Once there would be *most* tasks, no more are unfolded.
    """
    candidates = [c for paragraph in paragraphs for c in _candidates(paragraph, patterns)]
    if not candidates:
        return {}
    found: dict[Place, Unfolding] = {}
    places = {place(candidate.clause) for candidate in candidates}
    places |= {spot for candidate in candidates for spot in candidate.sharing}
    others, size = [step for step in steps if place(step.clause) not in places], len(steps)
    for clause, broad, denied, sharing in candidates:
        if place(clause) in found:
            continue
        size += len(broad.pattern.parts)
        able = size <= most and any(hands.of(part) for part in broad.pattern.leaves)
        mine = [step for step in steps if step.clause.item == clause.item and place(step.clause) == place(clause)]
        closer = able and _closer(mine, broad, clause, index, alone=not sharing)
        if able and not closer and not any(_spells_out(step, broad, hands) for step in others):
            found[place(clause)] = broad.pattern, denied
            found.update((spot, None) for spot in sharing if spot not in found)
    return found


def _sharing(clause: Clause, broad: Broad, clauses: Sequence[Clause]) -> tuple[Place, ...]:
    """Return the clauses whose verb shares the object of *clause*, where the pattern has that stage, or that verb."""
    own, known = {token.start for token in clause.objects}, lexicon().phases
    stages = {known.get(stem(part.do.split()[0].lower())) for part in broad.pattern.parts} - {None}
    verbs = {stem(verb[0]) for verb in broad.pattern.verbs}
    return tuple(
        place(other) for other in clauses
        if other is not clause and other.verb and other.sentence == clause.sentence
        and own.issuperset(token.start for token in other.objects)
        and (known.get(other.verb) in stages or other.verb in verbs)
    )


def _candidates(paragraph: Paragraph, patterns: Index) -> Iterator[_Candidate]:
    """Yield the clauses of a paragraph that a pattern answers, each with the pattern that says most of its words.

    Of patterns that say as much the last one counts: one's own comes after those that come along.
    """
    starts = [clause.tokens[0].start for clause in paragraph.clauses]
    words: list[Token] = []
    for at, clause in enumerate(paragraph.clauses):
        if clause.subordinate is not None or clause.joint is CONTENT or (clause.deed is ASK and not clause.verb):
            continue
        nouns = clause.deed is not None or clause.asked or clause.joint in (START, THEN)
        follow = paragraph.clauses[at + 1].joint if at + 1 < len(paragraph.clauses) else None
        if follow in (COLON, DASH) or (follow is None and paragraph.opens):
            continue
        best: Broad | None = None
        for pattern in patterns.of(clause.tokens):
            broad = read(paragraph.text, clause.tokens, pattern, nouns=nouns)
            if broad is not None and (best is None or broad.weight >= best.weight):
                best = broad
        if best is not None:
            words = words or tokens(paragraph.text)
            end = starts[at + 1] if at + 1 < len(starts) else len(paragraph.text)
            denied = _denied(paragraph.text, words, max(t.end for t in clause.tokens), end)
            near = paragraph.clauses[max(at - _NEAR, 0) : at + _NEAR]
            yield _Candidate(clause, best, denied, _sharing(clause, best, near))


def _closer(mine: Sequence[Step], broad: Broad, clause: Clause, index: Catalogue, *, alone: bool) -> bool:
    """Whether it is read more closely without the pattern: by a skill of that very name, or what it looks for."""
    said = {token.low for token in clause.tokens}
    words = {stem(t.low) for t in clause.tokens[:1]} | {stem(w) for w in name_words(broad.object)[-1:]}
    if any(step.abilities and words <= step.abilities[0].named for step in mine):
        return True
    if not _looks(broad.pattern):
        return False
    more = [t for step in mine for t in step.tokens if t.low not in said]  # said twice is no more
    return (alone and any(step.more for step in mine)) or any(_speaks(t, index) for t in (*broad.narrowed, *more))


def _looks(pattern: Pattern) -> bool:
    return lexicon().verbs.get(stem(pattern.verbs[0][0])) is ASK


def _speaks(token: Token, index: Catalogue) -> bool:
    """Whether a word speaks for something that somebody here can do."""
    known, root = lexicon(), stem(token.low)
    tells = token.kind is WORD and token.low not in known.stop and root not in known.generic
    return tells and index.evidence(root).known


def _spells_out(step: Step, broad: Broad, hands: Hands) -> bool:
    """Whether *step* shows that the goal names the stages of this very thing, or the questions about it, itself."""
    if step.gathers or not _same_thing(step, broad):
        return False
    if _looks(broad.pattern):
        return bool(_shared(step, broad, hands))
    phase = lexicon().phases.get(step.verb)
    return phase is not None and phase in {lexicon().phases[stem(verb)] for verb in _MAKING}


def _same_thing(step: Step, broad: Broad) -> bool:
    """Whether *step* is about what *broad* is about, or says nothing of another thing."""
    thing = {stem(w) for w in name_words(broad.object) if w not in lexicon().stop}
    said = {stem(t.low) for t in step.tokens if t.kind is WORD}
    elsewhere = bool(step.folders or step.files)
    return bool(thing & said) or step.points_back or (not step.residue and not elsewhere)


def _shared(step: Step, broad: Broad, hands: Hands) -> list[str]:
    """Return the parts that *step* does: by the same skill."""
    mine = {ability.id for ability in step.abilities}
    return [part.id for part in broad.pattern.leaves if mine & {ability.id for ability in hands.of(part)}]


def doing(broad: Broad, order: Sequence[Step], at: int, hands: Hands) -> dict[str, int]:
    """Return the parts of the step at *at* that other steps do, with where these stand in *order*."""
    found: dict[str, int] = {}
    for i, step in enumerate(order):
        if i == at or step.pattern is not None:
            continue
        if step.gathers:
            parts = [p.id for p in broad.pattern.leaves if any(a.gathers for a in hands.of(p))]
        elif _same_thing(step, broad):
            parts = [*_shared(step, broad, hands), *_of_that_stage(step, broad)]
        else:
            parts = []
        for part in parts:
            found.setdefault(part, i)
    return found


def _of_that_stage(step: Step, broad: Broad) -> list[str]:
    """Return the parts that begin with the verb of *step*, where it names a stage of a product's life."""
    if not step.changes or step.verb not in lexicon().phases:
        return []
    return [part.id for part in broad.pattern.leaves if stem(part.do.split()[0].lower()) == step.verb]


def lend(steps: Sequence[Step], hands: Hands) -> None:
    """Let a step that nobody here understood be done by who does that part of a pattern: "launch it and monitor it"."""
    for whole in steps:
        broad = read(whole.text, whole.tokens, whole.pattern) if whole.pattern is not None else None
        for step in steps if broad is not None else ():
            if broad is None or step.pattern is not None or step.abilities or not _same_thing(step, broad):
                continue
            parts = {part.id: part for part in broad.pattern.leaves}
            step.abilities = [a for name in _of_that_stage(step, broad)[:1] for a in hands.of(parts[name])]


def _denied(text: str, words: Sequence[Token], start: int, end: int) -> tuple[str, ...]:
    """Return what *text* says between two clauses that none is made of, as it asks for no work: "no ads"."""
    first, last = (bisect_left(words, at, key=lambda token: token.start) for at in (start, end))
    found: list[str] = []
    for piece in _pieces(words[first:last]):
        if any(t.low in _DENIES or t.low.endswith("n't") for t in piece):
            found.append(text[piece[0].start : piece[-1].end])
    return tuple(found)


def _pieces(words: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the runs of words, cut at marks, without what only joins them."""
    run: list[Token] = []
    for token in words:
        if token.kind is WORD and not (not run and token.low in ("and", "but", "then", "please")):
            run.append(token)
        elif token.kind is not WORD and token.text in ".!?;:,":
            yield from [run] if run else []
            run = []
        elif token.kind is not WORD:
            run.append(token)
    yield from [run] if run else []
