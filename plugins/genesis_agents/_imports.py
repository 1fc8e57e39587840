"""Read the imports out of a syntax tree: what is imported, where it stands, and when it happens."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class When(StrEnum):
    """When an import happens; only what happens at load can make modules wait for each other."""

    LOAD = "load"
    LATE = "late"
    """Inside a function, or below ``if __name__ == "__main__"``: when that runs."""
    TYPING = "typing"
    """Below ``if TYPE_CHECKING``: never."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name. ``from ..a import b`` has level 2, module "a" and name "b"; ``import a.b`` has no name."""

    line: int
    module: str
    name: str = ""
    level: int = 0
    when: When = When.LOAD

    @property
    def names(self) -> tuple[str, ...]:
        """The dotted names that it may mean, the most precise first: ``a.b`` and ``a`` for ``from a import b``."""
        whole = ".".join(part for part in (self.module, self.name) if part and part != "*")
        parts = whole.split(".") if whole else []
        return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


_Step = tuple[ast.AST, When]


def imports_in(tree: ast.Module) -> Iterator[Import]:
    """Yield the imports of a module in the order of its text; nesting of any depth."""
    waiting: list[_Step] = [(tree, When.LOAD)]
    while waiting:
        node, when = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, when=when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(node.lineno, node.module or "", a.name, node.level, when) for a in node.names)
        else:
            waiting.extend(reversed(list(_below(node, when))))


def _below(node: ast.AST, when: When) -> Iterator[_Step]:
    if isinstance(node, ast.If):
        body, orelse = _branches(node.test, when)
        yield from ((child, body) for child in node.body)
        yield from ((child, orelse) for child in node.orelse)
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        when = _later(when, When.LATE)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):  # no expression holds an import
            yield child, when


def _branches(test: ast.expr, when: When) -> tuple[When, When]:
    """Return when the two branches of an ``if`` are taken."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        body, orelse = _branches(test.operand, when)
        return orelse, body
    if _is_name(test, "TYPE_CHECKING"):
        return _later(when, When.TYPING), when
    if isinstance(test, ast.Compare) and _is_name(test.left, "__name__"):
        return _later(when, When.LATE), when
    return when, when


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name or isinstance(node, ast.Attribute) and node.attr == name


def _later(when: When, least: When) -> When:
    order = list(When)
    return max(when, least, key=order.index)
