"""Split Markdown, reStructuredText and plain text into passages: one pass over the lines, no parser needed.

Prose is cut into paragraphs and list items, a table into its rows; fenced, indented and directive code is kept apart
so that it can be quoted but never taken for a sentence. Comments and front matter are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._search_documents import Document, Kind, Passage, cut

_ATX = re.compile(r" {0,3}(#{1,6})(?:\s+|$)")
_RULE = re.compile(r"([^\w\s])\1{2,}\s*$")
_FENCE = re.compile(r"\s{0,12}(`{3,}|~{3,})")
_ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,9}[.)]|#\.)\s+(?=\S)")
_DIRECTIVE = re.compile(r"\s*\.\. ([\w:.-]+)::")
_TARGET = re.compile(r"\s*\.\. (?:_|\[|\|)|\s*:[\w -]+:\s*$")
_CODE_DIRECTIVES = frozenset(
    ["code", "code-block", "sourcecode", "highlight", "literalinclude", "math", "raw", "toctree"]
)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?:[^\r\n]*\r?\n){1,100}?---[ \t]*\r?\n")
_EMPHASIS = re.compile(r"[`*]+|:[a-z]+:(?=`)")


def passages(document: Document) -> list[Passage]:
    """Return the passages of a document, in the order in which they stand in it."""
    return list(_Splitter(document).run())


def _is_table_line(line: str) -> bool:
    """Say whether a line only draws a table: ``|---|---|``, ``+---+``, ``====  ====``."""
    marks = line.strip()
    if not set(marks) <= set(" :|=+-"):
        return False
    return "--" in marks or "== " in marks or "+=" in marks


class _Splitter:
    """The state of one pass: the headings above, the paragraph under way, and whether code is being read."""

    def __init__(self, document: Document) -> None:
        self.document, self.text = document, document.text
        self.is_rst = document.source.lower().endswith(".rst")
        self.headings: list[tuple[int, str]] = []
        self.levels = [] if self.is_rst else ["=", "-"]  # underlines in their order; Markdown knows these two
        self.block: list[tuple[int, int]] = []  # the lines of the paragraph under way
        self.block_kind = Kind.PROSE
        self.fence = ""  # what closes the code under way
        self.comment = False
        self.literal: int | None = None  # an indented block follows: code when indented deeper than this
        self.in_list = False
        self.in_table = False

    def run(self) -> Iterator[Passage]:
        matter = None if self.is_rst else _FRONT_MATTER.match(self.text)
        for start, end in self.document.lines():
            if matter is None or start >= matter.end():
                yield from self._line(start, end)
        yield from self._flush()

    def _line(self, start: int, end: int) -> Iterator[Passage]:
        line = self.text[start : min(end, start + 400)]  # enough to know what kind of line it is
        if self.fence or self.comment:
            yield from self._inside(line, start, end)
        elif not line.strip():
            self.in_table = False
            yield from self._flush()
        elif self._is_literal(line):
            yield from self._code_line(start, end)
        else:
            yield from self._markup(line, start, end)

    def _inside(self, line: str, start: int, end: int) -> Iterator[Passage]:
        if self.comment:
            self.comment = "-->" not in self.text[start:end]
        elif line.strip().startswith(self.fence) and not line.strip().strip(self.fence[0]):
            yield from self._flush()
            self.fence = ""
        else:
            self.block.append((start, end))

    def _is_literal(self, line: str) -> bool:
        indent = len(line.expandtabs(4)) - len(line.lstrip().expandtabs(4))
        if self.literal is not None and indent <= self.literal:
            self.literal = None
        if self.literal is not None:
            return True
        if self.block and self.block_kind is not Kind.CODE:
            return False
        return indent >= 4 and not self.is_rst and not self.in_list

    def _code_line(self, start: int, end: int) -> Iterator[Passage]:
        if self.block_kind is not Kind.CODE:
            yield from self._flush()
            self.block_kind = Kind.CODE
        self.block.append((start, end))

    def _markup(self, line: str, start: int, end: int) -> Iterator[Passage]:
        if self.block_kind is Kind.CODE:
            yield from self._flush()
        if self._underlines(line):
            self._heading_above(line)
        elif (heading := _ATX.match(line)) and not self.is_rst:
            yield from self._flush()
            self._push(len(heading[1]), self.text[start + heading.end() : end].rstrip("# \t"))
        elif (fence := _FENCE.match(line)) and not self.is_rst:
            yield from self._flush()
            self.fence, self.block_kind = fence[1], Kind.CODE
        elif line.lstrip().startswith("<!--"):
            yield from self._flush()
            self.comment = "-->" not in self.text[start:end]
        elif line.lstrip().startswith(".. ") and self.is_rst:
            yield from self._flush()
            self._directive(line, start, end)
        else:
            yield from self._prose(line, start, end)

    def _prose(self, line: str, start: int, end: int) -> Iterator[Passage]:
        if _is_table_line(line):
            self._drop_head("|" in line)
            yield from self._flush()
        elif line.lstrip().startswith("|") or (self.in_table and "|" in line):
            yield from self._flush()
            self.block, self.block_kind = [(start, end)], Kind.ROW
        elif item := _ITEM.match(line):
            yield from self._flush()
            self.in_list = True
            self.block.append((start + item.end(), end))
        else:
            if self.block_kind is Kind.ROW:
                yield from self._flush()
            if not self.block and not line[0].isspace():
                self.in_list = False
            self.block.append((start, end))

    def _drop_head(self, in_table: bool) -> None:
        """Forget the names of a table's columns, which stand above its first line: they say nothing by themselves."""
        if in_table and len(self.block) == 1 and "|" in self.text[slice(*self.block[0])]:
            self.block = []
        self.in_table = self.in_table or in_table

    def _directive(self, line: str, start: int, end: int) -> None:
        directive = _DIRECTIVE.match(line)
        indent = len(line) - len(line.lstrip())
        if directive is None or directive[1] in _CODE_DIRECTIVES:
            self.literal = indent  # a comment is quoted as code is: never as a sentence
        elif line[directive.end() :].strip():
            self.block.append((start + directive.end(), end))

    def _underlines(self, line: str) -> bool:
        rule = _RULE.match(line)
        if rule is None or not 1 <= len(self.block) <= 2 or self.in_list or self.block_kind is Kind.ROW:
            return False
        if not self.is_rst and (rule[1] not in "=-" or len(self.block) > 1):
            return False
        overline = self.text[slice(*self.block[0])] if len(self.block) == 2 else rule[0]
        return overline.rstrip() == rule[0].rstrip()

    def _heading_above(self, line: str) -> None:
        mark = line[0] + ("^" if len(self.block) == 2 else "")
        if mark not in self.levels:
            self.levels.append(mark)
        title = self.text[slice(*self.block[-1])]
        self.block = []
        self._push(self.levels.index(mark) + 1, title)

    def _push(self, level: int, title: str) -> None:
        words = " ".join(_EMPHASIS.sub("", title[:200]).split())
        self.headings = [each for each in self.headings if each[0] < level] + [(level, words)]
        self.in_list, self.literal = False, None

    def _flush(self) -> Iterator[Passage]:
        if self.block:
            yield from self._block()
        self.block, self.block_kind = [], Kind.CODE if self.fence else Kind.PROSE

    def _block(self) -> Iterator[Passage]:
        start, end = self.block[0][0], self.block[-1][1]
        if self.is_rst and self.text.endswith("::", start, end) and self.block_kind is Kind.PROSE:
            first = self.text[slice(*self.block[0])]
            self.literal = len(first) - len(first.lstrip())  # what is indented deeper than this is a literal block
        head = self.text[start : min(end, start + 400)]
        if not (_RULE.match(head) or _TARGET.match(head)):
            yield from self._passage(start, end, self.block_kind)

    def _passage(self, start: int, end: int, kind: Kind) -> Iterator[Passage]:
        stripped = self.text[start:end]
        start += len(stripped) - len(stripped.lstrip())
        end -= len(stripped) - len(stripped.rstrip())
        section = " > ".join(title for _, title in self.headings)
        yield from cut(Passage(self.document, section, start, end, kind))
