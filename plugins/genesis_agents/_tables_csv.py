"""Read delimited text: find its delimiter and its header from a sample, then stream the rows.

The delimiter is the one that cuts most rows into the same number of cells, more than one; the header is decided by
a vote of the columns. Where the vote is even the first row is taken as the header, and a remark says so.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

from ._report_text import counted
from ._table_cells import Cell, Kind, read_cell
from ._tables import (
    MAX_COLUMNS,
    SAMPLE_CHARACTERS,
    Broken,
    NotATable,
    Row,
    encoding_remarks,
    rest_of,
    unique_names,
)

# Where two delimiters cut equally well, the comma loses: it also stands inside numbers and sentences.
DELIMITERS = ("\t", ";", "|", ",")
DELIMITER_NAMES = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma", "": "one column"}
SAMPLE_ROWS = 200
LEAST_AGREEMENT = 0.6
MAX_PREAMBLE = 10
_COMMENTS = re.compile(r"(?:#[^\n]*\n)++")
_MEASURES = (Kind.INTEGER, Kind.NUMBER, Kind.INFINITE, Kind.DATE)
_FAMILIES = {Kind.INTEGER: Kind.NUMBER, Kind.INFINITE: Kind.NUMBER}


@dataclass(slots=True)
class CsvSource:
    """A delimited text file."""

    path: Path
    encoding: str
    delimiter: str
    columns: list[str]
    rows_before: int
    spaced_quotes: bool = False
    remarks: list[str] = field(default_factory=list[str])
    headed: bool = True
    is_cut: bool = False
    """More columns than are read: every row is cut at the same place as the header."""

    @property
    def form(self) -> str:
        """Name the delimiter and whether there is a header."""
        return f"{DELIMITER_NAMES[self.delimiter]}, {'header' if self.headed else 'no header'}"

    @property
    def comma_decimal(self) -> bool:
        """A file that is cut at semicolons uses the comma inside its numbers."""
        return self.delimiter == ";"

    def __iter__(self) -> Iterator[Row]:
        """Stream the rows below the header; blank lines are no rows."""
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as stream:
            rows = _numbered(stream, self.delimiter, self.spaced_quotes)
            for row in islice(rows, self.rows_before, None):
                yield _cut(row) if self.is_cut and len(row.cells) > MAX_COLUMNS else row


def open_csv(path: Path, encoding: str) -> CsvSource:
    """Find out how a delimited text file is written."""
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        text = stream.read(SAMPLE_CHARACTERS)
        whole = not stream.read(1)
    sample = text if whole or "\n" not in text else text[: text.rindex("\n") + 1]
    delimiter = find_delimiter(_COMMENTS.sub("", sample, count=1))
    spaced = f'{delimiter} "' in sample if delimiter else False
    rows = _sample_rows(sample, delimiter, spaced)
    if not rows:
        raise NotATable("holds no rows")
    return _lay_out(path, encoding, delimiter, rows, spaced)


def _lay_out(path: Path, encoding: str, delimiter: str, rows: list[list[str]], spaced: bool) -> CsvSource:
    before = _preamble(rows)
    table = rows[before:]
    headed, sure = find_header(table, comma_decimal=delimiter == ";")
    remarks = encoding_remarks(encoding)
    if before:
        lines = counted(before, "line that is", "lines that are")
        remarks.append(f"starts with {lines} no part of the table")
    if not headed:
        remarks.append("has no header row; its columns are numbered")
    elif not sure:
        remarks.append("holds text only, so the first row was taken as the header")
    names = table[0] if headed else [""] * _usual([len(row) for row in table])
    is_cut = len(names) > MAX_COLUMNS
    if is_cut:
        remarks.append(f"has more than {MAX_COLUMNS} columns; the first {MAX_COLUMNS} were read")
    columns = unique_names(names[:MAX_COLUMNS])
    return CsvSource(path, encoding, delimiter, columns, before + headed, spaced, remarks, headed, is_cut)


def find_delimiter(sample: str) -> str:
    """Return the delimiter that cuts most rows into the same number of cells; "" when none does."""
    best, found = (LEAST_AGREEMENT, 1), ""
    for delimiter in DELIMITERS:
        if delimiter not in sample:
            continue
        widths = [len(row) for row in _sample_rows(sample, delimiter, f'{delimiter} "' in sample)]
        for agreement, width in _agreements(widths):
            if width > 1 and (agreement, width) > best:
                best, found = (agreement, width), delimiter
    return found


def _agreements(widths: Sequence[int]) -> Iterator[tuple[float, int]]:
    """Yield how well rows agree on a width: the usual one, or, a little worse, at most that of the first row."""
    if widths:
        usual = _usual(widths)
        yield round(widths.count(usual) / len(widths), 2), usual
        yield round(0.9 * sum(1 for width in widths if 1 < width <= widths[0]) / len(widths), 2), widths[0]


def _sample_rows(sample: str, delimiter: str, spaced: bool) -> list[list[str]]:
    try:
        numbered = _numbered(io.StringIO(sample, newline=""), delimiter, spaced)
        return [list(row.cells) for row in islice(numbered, SAMPLE_ROWS)]
    except Broken:
        return []


def _numbered(stream: io.TextIOBase, delimiter: str, spaced: bool) -> Iterator[Row]:
    """Yield every row that is not blank, with the line that it starts on."""
    reader = csv.reader(stream, delimiter=delimiter or "\t", skipinitialspace=spaced)
    line = 1
    try:
        for cells in reader:
            if cells and (len(cells) > 1 or cells[0].strip()):
                yield Row(line, cells) if len(cells) <= MAX_COLUMNS else _kept(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Broken(f"can't be read on from line {line} ({error})") from error


def _kept(line: int, cells: Sequence[str]) -> Row:
    """Return a row that is wider than any table that is read: one cell more shows it."""
    return Row(line, cells[: MAX_COLUMNS + 1], rest_of(cells[MAX_COLUMNS + 1 :]))


def _cut(row: Row) -> Row:
    return Row(row.place, row.cells[:MAX_COLUMNS], rest_of([*row.cells[MAX_COLUMNS:], row.rest]))


def _usual(widths: Sequence[int]) -> int:
    """Return the most frequent width; of equally frequent ones the largest."""
    counts = Counter(widths)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _preamble(rows: list[list[str]]) -> int:
    """Count the lines above the table: comments, and titles of at most half its width."""
    width = _usual([len(row) for row in rows if not _is_comment(row)])
    before = next((at for at, row in enumerate(rows) if not _is_above(row, width)), 0)
    titles = sum(1 for row in rows[:before] if not _is_comment(row))
    return before if titles <= MAX_PREAMBLE else 0


def _is_above(row: Sequence[str], width: int) -> bool:
    # A comment as wide as the table is its header.
    return len(row) * 2 <= width or (_is_comment(row) and len(row) != width)


def _is_comment(row: Sequence[str]) -> bool:
    return row[0].startswith("#")


def find_header(rows: Sequence[Sequence[str]], *, comma_decimal: bool = False) -> tuple[bool, bool]:
    """Say whether the first row names the columns, and whether the cells below it prove so."""
    names, body = rows[0], rows[1:]
    years = _are_successive_years(names)
    votes = 0
    for column, name in enumerate(names):
        cells = [cells[column] for cells in body if column < len(cells)]
        votes += _vote(name, cells, years, comma_decimal)
    if votes:
        return votes > 0, True
    first = [read_cell(name).kind for name in names]
    return not any(kind in _MEASURES for kind in first) and len(set(names)) == len(names), not body


def _vote(name: str, cells: Sequence[str], years: bool, comma_decimal: bool) -> int:
    """Vote for a header (1), against it (-1), or abstain: what is unlike the measures below it can only be a name."""
    read = [read_cell(text, comma_decimal=comma_decimal) for text in cells]
    filled = [cell for cell in read if cell.kind is not Kind.MISSING]
    kinds = Counter(_FAMILIES.get(cell.kind, cell.kind) for cell in filled)
    most, count = kinds.most_common(1)[0] if kinds else (Kind.TEXT, 0)
    if not name.strip() or most is Kind.TEXT or count * 2 < len(filled):
        return 0
    own = read_cell(name, comma_decimal=comma_decimal)
    if years and _is_year(own) and 2 * sum(map(_is_year, filled)) < len(filled):
        return 1
    return -1 if _FAMILIES.get(own.kind, own.kind) is most else 1


def _is_year(cell: Cell) -> bool:
    return cell.kind is Kind.INTEGER and 1900 <= cell.value <= 2100


def _are_successive_years(names: Sequence[str]) -> bool:
    """Tell the years that head the columns of a wide table from figures that only look like years."""
    years = [cell.value for name in names if _is_year(cell := read_cell(name))]
    return len(years) > 1 and all(abs(after - before) == 1 for before, after in pairwise(years))
