"""What a goal leaves out: "except src/", "but not tests/", "with data/ left out" - taken out before clauses are read.

A place that is named only to be left out must never be read as the place to work on: its words go with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .clauses import Clause
from .lexicon import lexicon
from .phrases import DETERMINERS, JOINERS
from .stems import stem
from .topics import FOLDER_WORDS, Places
from .words import MARK, NAME, QUOTED, WORD, Token

_SURE = (
    "with the exception of", "with the exceptions of", "with the exclusion of",
    "except for", "except", "excepting", "excluding", "apart from",
    "aside from", "other than", "save for", "leave out", "leaving out",
)  # fmt: skip
"""Say that something is left out whatever follows; when that is no place, somebody must be told."""
_WITH_PLACE = (
    "exclusive of", "exclude", "excludes", "outside of", "outside", "skip", "skipping", "ignore", "ignoring", "omit",
    "omitting", "minus", "instead of", "rather than", "avoid", "avoiding", "stay away from", "stay out of",
    "keep out of", "keep away from", "keep off", "all but", "everything but", "anything but", "anywhere but",
)  # fmt: skip
"""Say it when a place follows."""
_NEGATIONS = ("do not", "don't", "never", "without", "not", "isn't", "aren't", "no", "nothing")
"""Say it when a path or "the folder so-and-so" follows: "modules without tests" leaves no folder out."""
_COMMANDS = frozenset({"do not", "don't", "never", "without"})
"""May have a verb before the place: "don't look at src/", "without touching src/"."""
_PARTED = frozenset("leave leaving keep keeping".split())
"""Say it together with a word behind the place: "leave src/ alone"."""
_AWAY = frozenset("out alone aside untouched excluded omitted skipped ignored exempted".split())
_LIMITS = frozenset({"scope", "bounds", "limits"})
"""End "out of scope" and "off limits"."""
_PARTICLES = frozenset({"out", "alone", "aside"})
_AUXILIARY = frozenset("is are be being been should must to shall left will can of it".split())
_KINDS = (_SURE, _WITH_PLACE, _NEGATIONS)
_LEADS: dict[tuple[str, ...], int] = {
    tuple(words.split()): kind for kind, leads in enumerate(_KINDS) for words in leads
}
_FIRST = frozenset(words[0] for words in _LEADS)
_JOINING = frozenset({"and", "or", "nor", "&", ",", "+"})
_BEFORE = frozenset({"but", "and", "while", "though", "please", "also", "then", "with"})
_PREPOSITIONS = frozenset("in of from for under below inside within at on to with by into".split())
_ADVERBS = frozenset({"also", "please", "just", "only", "finally", "then"})
"""May stand before the verb of the next deed: "and also profile data/a.csv"."""
_REACH = 6
"""Words that may stand between "except" and the place."""
_TOLD = 5
"""Words of what is to be left out and is no place."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Words that leave something out."""

    paths: tuple[str, ...]
    """Empty: it is no place, and nobody here can leave it out."""
    tokens: tuple[Token, ...]
    apart: bool
    """Whether it stands apart from its clause, behind a comma or "but": then it holds for the whole sentence."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    paths: tuple[str, ...]


def without_exclusions(tokens: Sequence[Token], places: Places) -> tuple[list[Token], list[Exclusion]]:
    """Return *tokens* without those that leave something out, and what these leave out."""
    kept: list[Token] = []
    found: list[Exclusion] = []
    at = 0
    while at < len(tokens):
        span = _span(tokens, at, places)
        if span is None:
            kept.append(tokens[at])
            at += 1
            continue
        apart = _open_up(kept, tokens, span)
        found.append(Exclusion(span.paths, tuple(tokens[span.start : span.end]), apart))
        at = span.end
    return kept, found


def _open_up(kept: list[Token], tokens: Sequence[Token], span: _Span) -> bool:
    """Take the words off *kept* that led to an exclusion, and tell whether it stands apart from its clause."""
    apart = not kept or kept[-1].kind is MARK
    while kept and kept[-1].kind is WORD and kept[-1].low in _BEFORE:
        apart = apart or tokens[span.start].low != "not"
        kept.pop()
    comma = bool(kept) and kept[-1].text == ","
    goes_on = span.end + 1 < len(tokens) and tokens[span.end].text == "," and _leads_on(tokens[span.end + 1])
    if comma and (goes_on or (span.end < len(tokens) and _leads_on(tokens[span.end]))):
        kept.pop()
    return apart or comma


def _leads_on(token: Token) -> bool:
    return token.low in _PREPOSITIONS


def _span(tokens: Sequence[Token], at: int, places: Places) -> _Span | None:
    token = tokens[at]
    if token.kind is WORD and token.low in _PARTED and (parted := _parted(tokens, at, at + 1, places)):
        return parted
    if token.kind is NAME:
        before = [t.kind for t in tokens[max(at - 3, 0) : at]]
        inside = at > 0 and tokens[at - 1].low in _JOINING and NAME in before
        return None if inside else _parted(tokens, at, at, places)  # a list is read once, from where it begins
    if token.kind is not WORD or token.low not in _FIRST:
        return None
    for size in (4, 3, 2, 1):
        words = tuple(t.low for t in tokens[at : at + size])
        if len(words) == size and (kind := _LEADS.get(words)) is not None:
            return _led(tokens, at, size, kind, places)
    return None


def _parted(tokens: Sequence[Token], start: int, at: int, places: Places) -> _Span | None:
    """Return "leave src/ out" and "src/ is left out"."""
    end, paths = _list(tokens, at, places)
    if not paths:
        return None
    follow = end
    while follow < min(end + 4, len(tokens)) and tokens[follow].low in _AUXILIARY:
        follow += 1
    if follow + 1 < len(tokens) and tokens[follow].low in ("out", "off") and follow > end:
        if not any(t.low in _LIMITS for t in tokens[follow + 1 : follow + 3]):
            return None
        return _Span(start, follow + 2 + (tokens[follow + 1].low == "of"), paths)
    away = follow < len(tokens) and tokens[follow].low in _AWAY
    if not away or (start == at and tokens[follow].low in _PARTICLES and tokens[follow - 1].low != "left"):
        return None
    return _Span(start, follow + 1, paths)


def _led(tokens: Sequence[Token], at: int, size: int, kind: int, places: Places) -> _Span | None:
    """Return the exclusion that the lead of *size* words at *at* begins; None when it begins none."""
    after = at + size
    if kind == 2:
        words = " ".join(t.low for t in tokens[at:after])
        if words in _COMMANDS and _commands(tokens, at, words):
            after = _after_verb(tokens, after)
        end, paths = _list(tokens, after, places, words=False)
        return _Span(at, end, paths) if paths else None
    end, paths = _list(tokens, after, places)
    if paths:
        return _Span(at, end, paths)
    return _Span(at, _told(tokens, after), ()) if kind == 0 and after < len(tokens) else None


def _commands(tokens: Sequence[Token], at: int, words: str) -> bool:
    """Whether a negation is a command: it begins its clause, or is "without", which takes a gerund."""
    before = tokens[at - 1] if at else None
    return words == "without" or before is None or before.kind is MARK or before.low in _BEFORE


def _after_verb(tokens: Sequence[Token], at: int) -> int:
    follow = tokens[at].low if at < len(tokens) and tokens[at].kind is WORD else ""
    gerund = follow.endswith("ing") or tokens[at - 1].low != "without"
    return at + 1 if follow and gerund and follow not in lexicon().stop else at


def _list(tokens: Sequence[Token], at: int, places: Places, *, words: bool = True) -> tuple[int, tuple[str, ...]]:
    """Return the places that are listed from *at* on, and where the list ends."""
    paths: list[str] = []
    end, place = at, _place(tokens, at, places, words=words)
    while place is not None:
        paths.append(place[1])
        end = follow = place[0]
        while follow < len(tokens) and tokens[follow].low in _JOINING:
            follow += 1
        goes_on = follow > end and not _begins_deed(tokens, follow)
        place = _place(tokens, follow, places, words=words) if goes_on else None
    return end, tuple(dict.fromkeys(paths))


def _begins_deed(tokens: Sequence[Token], at: int) -> bool:
    """Whether the next deed begins at *at*: "except src/ and profile data/a.csv" leaves src/ alone out."""
    while at + 1 < len(tokens) and tokens[at].low in _ADVERBS:
        at += 1
    if at + 1 >= len(tokens) or tokens[at].kind is not WORD or tokens[at].low not in lexicon().infinitives:
        return False
    follow = tokens[at + 1]
    if follow.low in FOLDER_WORDS:
        return False
    noun = stem(tokens[at].low) in lexicon().either  # "and test files in src/"
    return not noun or follow.kind in (NAME, QUOTED) or follow.low in DETERMINERS


def _place(tokens: Sequence[Token], at: int, places: Places, *, words: bool) -> tuple[int, str] | None:
    """Return the place that the words from *at* on name, and where it ends: "in the files of data/"."""
    apposed = True
    for here in range(at, min(at + _REACH, len(tokens))):
        token = tokens[here]
        if token.kind is NAME:
            return (_behind(tokens, here), token.text) if apposed else None
        if here == at and token.text == ":":
            continue
        if token.kind is not WORD or (token.low,) in JOINERS:
            return None
        if _is_folder(tokens, here, places, words=words):
            return (_behind(tokens, here), token.text) if apposed else None
        idle = token.low in lexicon().stop or token.low == "ones" or stem(token.low) in lexicon().generic
        if not idle and (here + 1 == len(tokens) or tokens[here + 1].kind is not NAME):
            apposed = False
    return None


def _behind(tokens: Sequence[Token], at: int) -> int:
    """Return where the place at *at* ends: "the data folder" ends after the folder."""
    follow = tokens[at + 1].low if at + 1 < len(tokens) else ""
    return at + 2 if follow in FOLDER_WORDS or follow in ("files", "file") else at + 1


def _is_folder(tokens: Sequence[Token], at: int, places: Places, *, words: bool) -> bool:
    word = tokens[at].low
    if word in FOLDER_WORDS or word in lexicon().stop:
        return False
    before = tokens[at - 1].low if at else ""
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    return before in FOLDER_WORDS or after in ("folder", "directory") or (words and word in places.folders())


def _told(tokens: Sequence[Token], at: int) -> int:
    """Return where the words end that say what is left out: a path among them must not be read as the place."""
    end, last = at, min(at + _TOLD, len(tokens))
    while end < last and tokens[end].kind is not MARK and (tokens[end].low,) not in JOINERS:
        if tokens[end].low in _PREPOSITIONS - {"of"} and end > at and not _names_soon(tokens, end):
            break
        end += 1
    return end


def _names_soon(tokens: Sequence[Token], at: int) -> bool:
    return any(t.kind is NAME for t in tokens[at + 1 : at + 3])


def excluding(found: Sequence[Clause], left_out: Iterable[Exclusion], tokens: Sequence[Token]) -> list[Clause]:
    """Return *found* with what each clause leaves out; an exclusion apart from its clause holds for the sentence."""
    ends = [t.start for t in tokens if t.kind is MARK and t.text in (".", "!", "?")]
    starts = [clause.tokens[0].start for clause in found]
    sentences = [bisect_left(ends, start) for start in starts]
    own: dict[int, dict[str, None]] = {}
    shared: dict[int, dict[str, None]] = {}
    for exclusion in left_out:
        place = exclusion.tokens[0].start
        here, at = bisect_left(ends, place), max(bisect_left(starts, place) - 1, 0)
        paths = shared if exclusion.apart or at >= len(found) or sentences[at] != here else own
        paths.setdefault(at if paths is own else here, {}).update(dict.fromkeys(exclusion.paths))
    return [
        clause._replace(exclude=(*own.get(at, ()), *_but_named(shared.get(sentences[at], ()), clause)))
        for at, clause in enumerate(found)
    ]


def _but_named(paths: Iterable[str], clause: Clause) -> list[str]:
    """Return *paths* without those that hold a place which *clause* itself asks to work on."""
    asked = [t.text for t in clause.tokens if t.kind is NAME]
    return [path for path in paths if not any(f"{name}/".startswith(path.rstrip("/") + "/") for name in asked)]
