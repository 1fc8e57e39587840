"""Measure the cyclomatic complexity of functions: how many ways lead through one.

T. J. McCabe, "A Complexity Measure", IEEE Transactions on Software Engineering SE-2(4), 1976: the number of decisions
plus one, where each condition of a compound decision counts. So every ``if``, ``elif``, ``for``, ``while``,
``except``, ``and`` and ``or`` is one - in statements, conditional expressions and comprehensions alike - and so is each
``case`` that can fail. An ``else`` decides nothing, an ``assert`` states what holds. A nested function is measured by
itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_ONE = ast.If | ast.IfExp | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class FunctionSize:
    """A function: where it stands, how long it is, how complex."""

    name: str
    line: int
    lines: int
    complexity: int = 1


_Step = tuple[ast.AST, FunctionSize, str]


def functions_in(tree: ast.Module) -> list[FunctionSize]:
    """Return every function and method of a module in the order of its text; nesting of any depth."""
    return measure(tree)[1]


def measure(tree: ast.Module) -> tuple[FunctionSize, list[FunctionSize]]:
    """Return the size of what stands outside any function, and the functions."""
    outside, found = FunctionSize("", 1, 0), list[FunctionSize]()
    waiting: list[_Step] = [(tree, outside, "")]
    while waiting:
        node, owner, scope = waiting.pop()
        owner.complexity += decisions(node)
        if isinstance(node, _Function):
            inside = FunctionSize(scope + node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1)
            found.append(inside)
            waiting.extend(reversed(list(_parts(node, owner, inside, scope))))
            continue
        inner = f"{scope}{node.name}." if isinstance(node, ast.ClassDef) else scope
        waiting.extend((child, owner, inner) for child in reversed(list(ast.iter_child_nodes(node))))
    return outside, found


def _parts(node: _Function, owner: FunctionSize, inside: FunctionSize, scope: str) -> Iterator[_Step]:
    """Yield the body for the function itself, and decorators and defaults for who defines it."""
    own = {id(child) for child in node.body}
    for child in ast.iter_child_nodes(node):
        yield (child, inside, inside.name + ".") if id(child) in own else (child, owner, scope)


def decisions(node: ast.AST) -> int:
    """Count the decisions that one node makes by itself."""
    if isinstance(node, _ONE):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.match_case):
        return (not _always_matches(node.pattern)) + (node.guard is not None)
    return 0


def _always_matches(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
