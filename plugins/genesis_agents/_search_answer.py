"""Answer a search over files: read them, search them, and put what was found into JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from ._search import Found, Hit, search
from ._search_docstrings import docstrings
from ._search_documents import Document, Kind, Passage, read_document
from ._search_markup import passages
from ._search_query import Query, parse
from ._search_sentences import Sentence


class Quote(TypedDict):
    """Exact words, where they stand, and the same words on one line."""

    source: str
    lines: str
    section: str
    quote: str
    message: str
    score: float


class Place(TypedDict):
    """How much of what was found stands in one file."""

    source: str
    matches: int
    rows: int
    promises: int


class Answer(TypedDict):
    """What a search found, and what it searched; a row of a table counts as a row, not as a passage."""

    documents: int
    passages: int
    matches: int
    rows: int
    promises: int
    mentions: int
    words: list[str]
    words_held: int
    promised: list[Quote]
    mentioned: list[Quote]
    places: list[Place]
    notes: list[str]


def answer(files: Iterable[Path], query: str, limit: int) -> Answer:
    """Search files for a query and return at most ``limit`` promises and ``limit`` other quotes."""
    documents, parts, notes = read(files)
    asked = parse(query)
    found = search(parts, asked)
    promised = [_quote(hit, each) for hit in found.hits for each in hit.promises]
    mentioned = [_quote(hit, hit.quote) for hit in found.hits if not hit.promises]
    return Answer(
        documents=documents,
        passages=sum(part.kind is not Kind.ROW for part in parts),
        matches=sum(hit.passage.kind is not Kind.ROW for hit in found.hits),
        rows=sum(hit.passage.kind is Kind.ROW for hit in found.hits),
        promises=len(promised),
        mentions=len(mentioned),
        words=list(asked.words),
        words_held=found.words_held,
        promised=promised[: max(0, limit)],
        mentioned=mentioned[: max(0, limit)],
        places=_places(found),
        notes=[*notes, *_query_notes(asked, found)],
    )


def read(files: Iterable[Path]) -> tuple[int, list[Passage], list[str]]:
    """Return how many documents were read, their passages, and a sentence for each file that could not be."""
    count, parts, notes = 0, list[Passage](), list[str]()
    for path in files:
        document = read_document(path)
        split = _split(document) if isinstance(document, Document) else document
        if isinstance(split, str):
            notes.append(split)
        else:
            count += 1
            parts.extend(split)
    return count, parts, notes


def _split(document: Document) -> list[Passage] | str:
    return docstrings(document) if document.source.endswith(".py") else passages(document)


def _quote(hit: Hit, sentence: Sentence) -> Quote:
    return Quote(
        source=hit.passage.document.source,
        lines=sentence.lines,
        section=hit.passage.section,
        quote=sentence.text,
        message=sentence.message,
        score=hit.score,
    )


def _places(found: Found) -> list[Place]:
    places: dict[str, Place] = {}
    for hit in found.hits:
        source = hit.passage.document.source
        place = places.setdefault(source, Place(source=source, matches=0, rows=0, promises=0))
        place["rows" if hit.passage.kind is Kind.ROW else "matches"] += 1
        place["promises"] += len(hit.promises)
    return list(places.values())


def _query_notes(query: Query, found: Found) -> list[str]:
    notes = []
    if 0 < found.words_held < len(query.terms):
        words = ", ".join(term.word for term in query.terms)
        notes.append(f"No passage holds all of {words}; those with {found.words_held} of these words are shown.")
    if query.left_out:
        notes.append(f"The query was cut: its last {query.left_out} words were not searched for.")
    return notes
