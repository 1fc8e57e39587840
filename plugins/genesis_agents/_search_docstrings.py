"""Take the docstrings of a Python file as passages, quoted from the source exactly as they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ._search_documents import Document, Passage, cut

_OPENING = re.compile(r"[rRuU]?(?:\"\"\"|\'\'\'|\"|\')")
_GAP = re.compile(r"(?<=[\r\n])[ \t]*(?:\r\n|\n|\r)")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(document: Document) -> list[Passage] | str:
    """Return the paragraphs of every docstring, or one sentence that says why there are none to be had."""
    try:
        tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"{document.source} is not Python of this version, so its docstrings were not searched."
    return [part for name, where in _documented(tree) for part in _paragraphs(document, name, where)]


def _documented(tree: ast.Module) -> Iterator[tuple[str, ast.Expr]]:
    waiting: list[tuple[str, _Documented]] = [("", tree)]
    while waiting:
        name, node = waiting.pop()
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield name, first
        inner = [child for child in node.body if isinstance(child, _Documented)]
        waiting.extend(
            (f"{name}.{child.name}".lstrip("."), child)
            for child in reversed(inner)
            if not isinstance(child, ast.Module)
        )


def _paragraphs(document: Document, name: str, where: ast.Expr) -> Iterator[Passage]:
    begin = _offset(document, where.lineno, where.col_offset)
    stop = _offset(document, where.end_lineno or where.lineno, where.end_col_offset or 0)
    opening = _OPENING.match(document.text, begin, stop)
    begin = opening.end() if opening else begin
    for gap in _GAP.finditer(document.text, begin, stop):
        yield from _trimmed(document, name, begin, gap.start())
        begin = gap.end()
    yield from _trimmed(document, name, begin, stop)


def _offset(document: Document, line: int, column_bytes: int) -> int:
    start = document.line_starts[line - 1]
    text = document.text[start : start + column_bytes]  # no character is shorter than one byte
    return start + len(text.encode()[:column_bytes].decode(errors="ignore"))


def _trimmed(document: Document, name: str, start: int, end: int) -> Iterator[Passage]:
    text = document.text[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip(" \t\r\n\"'"))
    if start < end:
        yield from cut(Passage(document, name, start, end))
