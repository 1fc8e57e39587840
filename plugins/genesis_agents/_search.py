"""Search passages with SQLite's full-text index, in memory: rank them, and pick what to quote from each.

A passage is found when it, or the headings above it, hold every word of the query; when none does, those with most
of the words are found, and the result says so. Passages are ranked by BM25, where a heading counts double, a word that
means the same counts half, and the query as a phrase or a promise lifts a passage by half.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ._search_documents import Passage
from ._search_query import Query, Term, either, literal
from ._search_sentences import Sentence, is_promise, name_parts, sentences, whole

_HEADING_WEIGHT, _NAMES_WEIGHT = 2.0, 0.5
_SAME_WEIGHT = 0.5  # a word that means the same is weaker evidence than the word itself
_LIFT = 1.5


class SearchUnavailable(Exception):
    """This Python's SQLite has no full-text search."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found, its rank between 0 and 1, and what to quote from it."""

    passage: Passage
    score: float
    promises: tuple[Sentence, ...]
    quote: Sentence


@dataclass(frozen=True)
class Found:
    """The passages found, the best first, and how many of the query's words each of them holds."""

    hits: tuple[Hit, ...] = ()
    words_held: int = 0


@dataclass
class _Marks:
    """What the index says about one passage."""

    relevance: float = 0.0
    terms: set[int] = field(default_factory=set)
    terms_in_headings: int = 0
    phrase: bool = False

    @property
    def score(self) -> float:
        """BM25, lifted when the words stand there as a phrase."""
        return self.relevance * (_LIFT if self.phrase else 1.0)

    def headed(self, held: int) -> bool:
        """Say whether the headings alone hold the words: then every sentence below them is on the topic."""
        return self.terms_in_headings >= held


class Index:
    """Texts in a full-text index of their own; a row's number is its place in the order it was given."""

    def __init__(self, rows: Iterable[tuple[str, str, str]], module: str = "fts5") -> None:
        self._db = sqlite3.connect(":memory:")
        self._create(module)
        self._db.executemany("insert into texts(rowid, headings, body, names) values (?, ?, ?, ?)", _numbered(rows))

    def _create(self, module: str) -> None:
        statement = (
            f"create virtual table texts using {module}"
            "(headings, body, names, content='', tokenize=\"porter unicode61 remove_diacritics 2\")"
        )
        try:
            self._db.execute(statement)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise SearchUnavailable(f"SQLite {sqlite3.sqlite_version} can't search text: {error}") from error

    def ranked(self, expression: str) -> list[tuple[int, float]]:
        """Return the numbers of the rows that match, each with its BM25, where more is better."""
        return self._db.execute(
            "select rowid, -bm25(texts, ?, 1.0, ?) from texts where texts match ? order by rowid",
            (_HEADING_WEIGHT, _NAMES_WEIGHT, expression),
        ).fetchall()

    def close(self) -> None:
        """Give the memory back."""
        self._db.close()


def _numbered(rows: Iterable[tuple[str, str, str]]) -> Iterator[tuple[int, str, str, str]]:
    for number, (headings, body, names) in enumerate(rows):
        yield number, headings, body.replace("\0", " "), names


def search(passages: Sequence[Passage], query: Query) -> Found:
    """Return the passages that match; without a query, those that promise something, in their order."""
    if not query.terms:
        every = (_hit(passage, 1.0, said, [1] * len(said)) for passage in passages for said in [sentences(passage)])
        return Found(tuple(hit for hit in every if hit.promises))
    marks = _marks(passages, query)
    held = max((len(mark.terms) for mark in marks.values()), default=0)
    chosen = [number for number in sorted(marks) if held and len(marks[number].terms) == held]
    parts = [sentences(passages[number]) for number in chosen]
    counts = _counts(parts, query.terms)
    hits = [
        _hit(passages[number], marks[number].score, own, [1] * len(own) if marks[number].headed(held) else inside)
        for number, own, inside in zip(chosen, parts, counts, strict=True)
    ]
    return Found(_by_rank(hits), held)


def _marks(passages: Sequence[Passage], query: Query) -> dict[int, _Marks]:
    index = Index((passage.section, passage.text, name_parts(passage.text)) for passage in passages)
    marks: dict[int, _Marks] = {}
    for number, term in enumerate((*query.terms, *query.helpers)):
        for expression, weight in _expressions(term):
            for row, relevance in index.ranked(expression):
                mark = marks.setdefault(row, _Marks())
                mark.relevance += weight * relevance
                if number < len(query.terms):
                    mark.terms.add(number)
    for term in query.terms:
        for row, _ in index.ranked(f"headings : ({_any_form(term)})"):
            marks[row].terms_in_headings += 1
    for row, _ in index.ranked(literal(query.phrase)) if query.phrase else ():
        marks[row].phrase = True
    index.close()
    return marks


def _expressions(term: Term) -> list[tuple[str, float]]:
    exact = (literal(term.word), 1.0)
    return [exact, (either(term.same), _SAME_WEIGHT)] if term.same else [exact]


def _any_form(term: Term) -> str:
    return either((term.word, *term.same))


def _counts(parts: list[list[Sentence]], terms: tuple[Term, ...]) -> list[list[int]]:
    """Return how many of the query's words each sentence holds."""
    places = [(number, place) for number, own in enumerate(parts) for place in range(len(own))]
    index = Index(("", parts[number][place].text, name_parts(parts[number][place].text)) for number, place in places)
    counts = [[0] * len(own) for own in parts]
    for term in terms:
        for row, _ in index.ranked(_any_form(term)):
            number, place = places[row]
            counts[number][place] += 1
    index.close()
    return counts


def _hit(passage: Passage, score: float, own: list[Sentence], counts: list[int]) -> Hit:
    """Choose what to quote: the promises, and the passage or the sentence of it that holds most of the words."""
    promises = tuple(each for each, count in zip(own, counts, strict=True) if count and is_promise(each))
    best = own[counts.index(max(counts))]
    return Hit(passage, score * (_LIFT if promises else 1.0), promises, whole(passage) or best)


def _by_rank(hits: list[Hit]) -> tuple[Hit, ...]:
    """Order by score, ties by place, and express each score as a share of the best."""
    ranked = sorted(hits, key=lambda hit: -hit.score)
    top = ranked[0].score if ranked and ranked[0].score > 0 else 1.0
    return tuple(Hit(hit.passage, round(hit.score / top, 3), hit.promises, hit.quote) for hit in ranked)
