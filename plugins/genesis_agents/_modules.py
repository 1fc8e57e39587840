"""Parse Python files and count what stands in each: lines, code, functions, classes, imports."""

from __future__ import annotations

import ast
import contextlib
import io
import tokenize
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ._complexity import FunctionSize, functions_in
from ._imports import Import, imports_in
from ._sources import Source, Unread, count_lines

_NO_CODE = frozenset({
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
})  # fmt: skip
MAX_BYTES = 4_000_000  # a syntax tree takes a hundred times the room of its text
NO_PYTHON = "no valid Python"
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """What stands in a Python file. Its syntax tree is let go: those of a large code base would fill the memory."""

    source: Source
    imports: tuple[Import, ...]
    """In the order of the text."""
    functions: tuple[FunctionSize, ...]
    classes: int
    docstrings: frozenset[tuple[int, int]]
    """Line and column of each."""

    @property
    def file(self) -> str:
        """Its path in the workspace."""
        return self.source.file

    @cached_property
    def lines(self) -> int:
        """All its lines."""
        return count_lines(self.source.data)

    @cached_property
    def code_lines(self) -> int:
        """Lines that hold code: no blank line, comment or docstring, but every line of any other string."""
        coded: set[int] = set()
        for token in _tokens(self.source.data):
            if token.type not in _NO_CODE and not (token.type == tokenize.STRING and token.start in self.docstrings):
                coded.update(range(token.start[0], token.end[0] + 1))
        return len(coded)

    def quote(self, line: int) -> str:
        """Return the words of a line."""
        return self._text_lines[line - 1].decode("utf-8", errors="replace").strip()

    @cached_property
    def _text_lines(self) -> list[bytes]:
        return self.source.data.splitlines()


def _tokens(data: bytes) -> Iterator[tokenize.TokenInfo]:
    # The parser takes a few texts that the tokenizer does not; what came before the doubtful place still counts.
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        yield from tokenize.tokenize(io.BytesIO(data).readline)


def _docstrings(documented: Iterable[_Documented]) -> Iterator[tuple[int, int]]:
    """Yield line and column of each docstring."""
    for node in documented:
        first = node.body[0] if node.body else None
        text = first.value if isinstance(first, ast.Expr) else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.lineno, text.col_offset


def parse(source: Source) -> Module | Unread:
    """Return the module of a file, or why it can't be parsed."""
    if len(source.data) > MAX_BYTES:
        return Unread(source.file, f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return _module(source, _quietly(lambda: ast.parse(source.data, source.file)))
    except SyntaxError as error:
        place = f" at line {error.lineno}" if error.lineno else ""
        return Unread(source.file, f"no valid Python{place}: {error.msg}", str(error.lineno or ""), NO_PYTHON)
    except (ValueError, RecursionError, MemoryError) as error:
        return Unread(source.file, f"no valid Python: {str(error) or type(error).__name__}", short=NO_PYTHON)


def _module(source: Source, tree: ast.Module) -> Module:
    documented = [node for node in _statements(tree) if isinstance(node, _Documented)]
    classes = sum(isinstance(node, ast.ClassDef) for node in documented)
    docstrings = frozenset(_docstrings(documented))
    return Module(source, tuple(imports_in(tree)), tuple(functions_in(tree)), classes, docstrings)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module and every statement in it; no expression holds one."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            waiting.extend(getattr(node, name, ()))


def _quietly(make: Callable[[], ast.Module]) -> ast.Module:
    # A doubtful escape in somebody's string makes the parser warn; that is no business of a reader.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def parse_all(sources: Iterable[Source]) -> tuple[list[Module], list[Unread]]:
    """Return the modules of some files, and the files that are no valid Python."""
    found = [parse(source) for source in sources]
    return [f for f in found if isinstance(f, Module)], [f for f in found if isinstance(f, Unread)]
