"""Read documents and split them into passages that know their heading and their place in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

MAX_BYTES = 64_000_000
MAX_PASSAGE = 2_000  # characters: what is longer is cut at white space, so that a quote stays readable

_LINE_END = re.compile(r"\r\n|\n|\r")


class Kind(StrEnum):
    """What a passage is: prose, a row of a table, or code."""

    PROSE = "prose"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True)
class Document:
    """A file as it stands, and where its lines begin."""

    source: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line; lines end as editors count them."""
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def line(self, offset: int) -> int:
        """Return the number of the line that holds an offset, counted from 1."""
        return bisect_right(self.line_starts, offset)

    def lines(self) -> Iterator[tuple[int, int]]:
        """Yield where each line begins and ends, its line end left out."""
        starts = self.line_starts
        for start, following in zip(starts, [*starts[1:], len(self.text)], strict=True):
            end = following
            while end > start and self.text[end - 1] in "\r\n":
                end -= 1
            yield start, end


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document below one heading; its text is exactly ``document.text[start:end]``."""

    document: Document
    section: str
    start: int
    end: int
    kind: Kind = Kind.PROSE

    @property
    def text(self) -> str:
        """The exact words."""
        return self.document.text[self.start : self.end]


def read_document(path: Path) -> Document | str:
    """Return the document, or one sentence that says why it can't be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return f"{path.as_posix()} is larger than {MAX_BYTES // 1_000_000} MB and was not searched."
        data = path.read_bytes()
    except OSError as error:
        return f"{path.as_posix()} can't be read: {error.strerror}."
    if b"\0" in data[:8192]:
        return f"{path.as_posix()} is a binary file and was not searched."
    try:
        return Document(path.as_posix(), data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return f"{path.as_posix()} is not UTF-8 and was not searched."


def cut(passage: Passage) -> Iterator[Passage]:
    """Yield a passage in pieces of bounded length, cut after white space where there is any."""
    text, start = passage.document.text, passage.start
    while start < passage.end:
        end = _cut_at(text, start, passage.end)
        if not text[start:end].isspace():
            yield Passage(passage.document, passage.section, start, end, passage.kind)
        start = end


def _cut_at(text: str, start: int, end: int) -> int:
    if end - start <= MAX_PASSAGE:
        return end
    space = max(text.rfind(mark, start + 1, start + MAX_PASSAGE) for mark in (" ", "\n", "\t"))
    return space + 1 if space > start else start + MAX_PASSAGE
