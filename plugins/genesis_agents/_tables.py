"""Open a table file (CSV, TSV, JSON, JSON Lines) as a stream of rows with the line that each starts on.

Nothing here reads a whole file: a source may be iterated again and again, and each time it streams from the start.
A file that is no table is refused with a reason that can be shown to a person.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

SAMPLE_CHARACTERS = 65_536
CHUNK = 1 << 20
MAX_COLUMNS = 2_000
MAX_NAME = 200
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")
_TEXT_CONTROLS = frozenset("\t\n\r\f\x1b")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NotATable(Exception):
    """The file can't be read as a table; the text says why."""


class Broken(Exception):
    """The file stops being readable at a line; what stands before it is fine."""


class Row(NamedTuple):
    """One record: the line that it starts on (or "record 7", where records share a line) and its cells."""

    place: int | str
    cells: Sequence[str]
    rest: str = ""
    """A digest of the cells beyond the columns that are read: rows that differ only there are not the same."""


def rest_of(cells: Sequence[str]) -> str:
    """Return a digest of the cells that are left out; "" when they hold nothing."""
    text = "\x1f".join(cells).rstrip("\x1f")
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest() if text else ""


class RowSource(Protocol):
    """A table that can be streamed, more than once."""

    @property
    def columns(self) -> Sequence[str]:
        """Return the names known so far; a JSON table may learn more while it is read."""
        ...

    @property
    def form(self) -> str:
        """Say in a few words how the file is written, for a person."""
        ...

    @property
    def comma_decimal(self) -> bool:
        """Return whether `1,5` means one and a half here."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """Return what a reader of the figures must know about how the file was read."""
        ...

    def __iter__(self) -> Iterator[Row]:
        """Stream the rows from the start."""
        ...


def open_table(path: Path) -> RowSource:
    """Return the rows of a table file; raise NotATable with the reason when it holds none."""
    from ._tables_csv import open_csv
    from ._tables_json import open_json, open_json_lines

    encoding = find_encoding(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return open_json(path, encoding)
    if suffix in (".jsonl", ".ndjson"):
        return open_json_lines(path, encoding)
    return open_csv(path, encoding)


def find_encoding(path: Path) -> str:
    """Return the encoding of a text file; raise NotATable when it is empty, binary or can't be opened."""
    try:
        with path.open("rb") as stream:
            return _decoded(stream)
    except OSError as error:
        raise NotATable(f"can't be opened ({error.strerror or error})") from error


def _decoded(stream: BinaryIO) -> str:
    """Decode a file to its end and return the encoding in which it has a meaning."""
    start = stream.read(SAMPLE_CHARACTERS)
    if not start:
        raise NotATable("is empty")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")
    _refuse_binary(start, encoding)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while start:
            decoder.decode(start)
            start = stream.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise NotATable("is not the text that its first bytes promise") from error
        return "cp1252"
    return encoding


def _refuse_binary(start: bytes, encoding: str) -> None:
    """Refuse a file whose first characters no text holds; a few stray bytes of another alphabet are fine."""
    text = start.decode(encoding, errors="replace") if encoding == "utf-16" else start.decode("latin-1")
    strange = sum(1 for character in text if character < " " and character not in _TEXT_CONTROLS)
    if "\0" in text or strange * 100 > len(text):
        raise NotATable("is binary")


def encoding_remarks(encoding: str) -> list[str]:
    """Say when the encoding had to be assumed."""
    return ["is not UTF-8 and was read as Windows-1252"] if encoding == "cp1252" else []


def unique_names(names: Sequence[str]) -> list[str]:
    """Give every column a name of its own: an empty one is numbered, a repeated one gets its count."""
    used: set[str] = set()
    result: list[str] = []
    for number, name in enumerate(names, start=1):
        base = name.strip()[:MAX_NAME] or f"column {number}"
        result.append(_free_name(base, used))
        used.add(result[-1])
    return result


def _free_name(base: str, used: set[str]) -> str:
    name, count = base, 1
    while name in used:
        count += 1
        name = f"{base} ({count})"
    return name
