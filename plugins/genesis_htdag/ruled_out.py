"""Which parts of a pattern a goal rules out: "audit it, but no security scan", "Do not write a report."."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .broad import LIGHT, Broad
from .lexicon import lexicon
from .objects import PRODUCTS
from .patterns import Part
from .stems import stem
from .words import MARK, WORD, Token, name_words, tokens

__all__ = ["denials", "without_ruled_out"]

_NEGATIONS = frozenset(
    "no not without never don't except excluding exclude skip skipping omit omitting leave leaving neither nor".split()
)
_JOINING = frozenset({"and", "or", "nor", "&", "but"})
_WORK = PRODUCTS | {stem(word) for word in ("check", "step", "part", "work", "task")}
"""Say nothing of a part that its name does not: "no security check"."""
_DOING = LIGHT | {stem(word) for word in ("write", "make", "create", "include", "need", "want", "add", "give")}
"""Verbs that only ask for what follows: "do not write a report"; "do not break the tests" rules no test out."""


def denials(text: str, spent: Iterable[Token]) -> Iterator[str]:
    """Yield what the paragraph *text* rules out beside the tokens that clauses *spent*."""
    starts = {token.start for token in spent}
    run: list[Token] = []
    for token in [*tokens(text), None]:
        if token is not None and token.kind is not MARK and token.start not in starts:
            run.append(token)
            continue
        if any(t.low in _NEGATIONS for t in run):
            yield text[run[0].start : run[-1].end]
        run = []


def without_ruled_out(broad: Broad, denied: Iterable[str]) -> tuple[Broad, set[str], set[str]]:
    """Return *broad* without the phrases that rule parts out, these parts, and the phrases that named one."""
    gone: set[str] = set()
    used: set[str] = set()
    for said in dict.fromkeys((*broad.said, *denied)):
        named = [_named(words, broad) for words in _ruled(tokens(said))]
        gone.update(part for parts in named for part in parts)
        if named and all(named):
            used.add(said)
    if gone.issuperset(part.id for part in broad.pattern.leaves):
        return broad, set(), set()  # then nothing would be left to do
    return replace(broad, said=tuple(said for said in broad.said if said not in used)), gone, used


def _ruled(words: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield each thing that *words* rule out, without the negation; nothing where a place is named."""
    at = next((i for i, t in enumerate(words) if t.low in _NEGATIONS), None)
    idle = lexicon().stop | _JOINING
    if at is None or any(t.kind is not WORD for t in words) or any(t.low not in idle for t in words[:at]):
        return
    thing: list[Token] = []
    for token in words[at:]:
        if token.low in _JOINING:
            yield from [thing] if thing else []
            thing = []
        elif token.low not in _NEGATIONS and token.low not in lexicon().stop:
            thing.append(token)
    yield from [thing] if thing else []


def _named(words: Sequence[Token], broad: Broad) -> list[str]:
    """Return the parts that *words* name: all of them say something of the part, or that it is work."""
    roots = [stem(t.low) for t in words]
    if len(roots) > 1 and roots[0] in _DOING:
        roots = roots[1:]
    if all(root in _WORK for root in roots) and len(roots) > 1:
        return []
    own = {stem(word) for word in name_words(broad.object)}
    return [
        part.id for part in broad.pattern.leaves
        if (known := _words(part)) and any(root in known and root not in own for root in roots)
        and all(root in known or root in own or root in _WORK for root in roots)
    ]  # fmt: skip


def _words(part: Part) -> set[str]:
    """Return the stems that name *part*: its id, its skills, and what it does before it says to what."""
    head = part.do.partition("{")[0].partition("[")[0].partition(":")[0]
    first, *rest = name_words(head) or [""]
    deed = [] if stem(first) in _DOING else [first]
    named = [word for name in (part.id, *part.skills) for word in name_words(name)]
    return {stem(word) for word in (*named, *deed, *rest) if word not in lexicon().stop}
