"""Cut passages into sentences, and tell those that promise something from those that only say something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ._search_documents import Kind, Passage

MAX_QUOTE = 500  # characters

# A full stop, closing marks, white space, and what can begin a sentence. An abbreviation is no end.
_END = re.compile(r"[.!?][\"')\]*_`]{0,4}\s+(?=[\"'(\[*_`]{0,4}[^\W_a-z])|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|mr|mrs|dr|no|fig|sec|vol|ca|al)|\b[A-Z])\.\s", re.I
)

_NORMATIVE = re.compile(
    r"\b(?:must|shall|will|won['’]t|always|never|(?:guarantee|ensure|promise)[sd]?|raises|returns"
    r"|(?:is|are) (?:\w+ )?(?:raised|returned|guaranteed|safe|atomic|idempotent))\b",
    re.IGNORECASE,
)
_PROMISING = re.compile(r"\b(?:promise[sd]?|guarantee[sd]?|assurances?)\b", re.IGNORECASE)
_REFUSED = re.compile(r"\b(?:not|no|never|nor|cannot|can['’]t|don['’]t|doesn['’]t|won['’]t|without)\b", re.IGNORECASE)
# "We do not guarantee" refuses, and "see what we promise" only points at a promise.
_NO_PROMISE = re.compile(
    r"\b(?:(?:not|no|never|nor|cannot|can['’]t|don['’]t|doesn['’]t|won['’]t|without)\b(?: \w+)?"
    r"|(?:what|which|how)\b[^.;]{0,60}?) (?:promise|guarantee|ensure)",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"(?:^|/)(?:change(?:s|log)?|history|news|release[-_ ]?notes)\b[^/]*$|(?:^|/)changelog\.d/", re.IGNORECASE
)
_CAMEL = re.compile(r"[a-z0-9](?=[A-Z])|[A-Z](?=[A-Z][a-z])")
_WORD = re.compile(r"\w+")
_LEADING = re.compile(r"(?m)^[ \t]*>[ \t>]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; its text is exactly ``document.text[start:end]``."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The exact words."""
        return self.passage.document.text[self.start : self.end]

    @property
    def lines(self) -> str:
        """The line it stands on, or the first and the last: "12" or "12-13"."""
        first = self.passage.document.line(self.start)
        last = self.passage.document.line(max(self.start, self.end - 1))
        return str(first) if first == last else f"{first}-{last}"

    @property
    def message(self) -> str:
        """The words on one line, without the marks of quotations and tables."""
        text = _LEADING.sub("", self.text)
        if self.passage.kind is Kind.ROW:
            text = "; ".join(cell.strip() for cell in text.strip().strip("|").split("|") if cell.strip())
        return " ".join(text.split())


def sentences(passage: Passage) -> list[Sentence]:
    """Return the sentences of prose, the lines of code, or the row as it is."""
    if passage.kind is Kind.PROSE:
        return list(_spans(passage, _sentence_ends(passage)))
    ends = [passage.end]
    if passage.kind is Kind.CODE:
        ends = [passage.start + each.end() for each in re.finditer(r"\r\n|\n|\r", passage.text)] + ends
    return list(_spans(passage, ends))


def _sentence_ends(passage: Passage) -> list[int]:
    text = passage.text
    found = (end.end() for end in _END.finditer(text))
    return [passage.start + end for end in found if not _abbreviated(text, end)] + [passage.end]


def _abbreviated(text: str, end: int) -> bool:
    tail = text[max(0, end - 12) : end]
    found = [each.end() for each in _ABBREVIATION.finditer(tail)]
    return bool(found) and not tail[found[-1] :].strip()


def _spans(passage: Passage, ends: list[int]) -> Iterator[Sentence]:
    text, start = passage.document.text, passage.start
    for end in ends:
        words = text[start:end]
        first = start + len(words) - len(words.lstrip())
        last = end - (len(words) - len(words.rstrip()))
        yield from _pieces(passage, first, last)
        start = end


def _pieces(passage: Passage, start: int, end: int) -> Iterator[Sentence]:
    """Yield a sentence; one that is too long to be quoted comes in pieces, cut at spaces."""
    text = passage.document.text
    while end - start > MAX_QUOTE:
        space = text.rfind(" ", start + MAX_QUOTE // 2, start + MAX_QUOTE)
        cut = space if space > 0 else start + MAX_QUOTE
        yield from _pieces(passage, start, start + len(text[start:cut].rstrip()))
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield Sentence(passage, start, end)


def whole(passage: Passage) -> Sentence | None:
    """Return a passage as one quote, when it is short enough to be one."""
    return Sentence(passage, passage.start, passage.end) if passage.end - passage.start <= MAX_QUOTE else None


def is_promise(sentence: Sentence) -> bool:
    """Say whether a sentence binds: by its own words, or because it stands under "what we promise".

    Code, rows of tables, questions and introductions don't, nor does a change log: it tells what was.
    """
    text, passage = sentence.text, sentence.passage
    if passage.kind is not Kind.PROSE or text.endswith(("?", ":")) or _NO_PROMISE.search(text):
        return False
    if _HISTORY.search(passage.document.source):
        return False
    heading = passage.section.rpartition(" > ")[2]
    if _PROMISING.search(heading) and not _REFUSED.search(heading):
        return True
    return bool(_NORMATIVE.search(text))


def name_parts(text: str) -> str:
    """Return the words inside the identifiers of a text: "store error" for ``StoreError``."""
    names = (name for name in _WORD.findall(text) if _CAMEL.search(name))
    return " ".join(_CAMEL.sub(lambda end: end[0] + " ", name) for name in names)
