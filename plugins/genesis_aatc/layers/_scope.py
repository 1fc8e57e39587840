"""Which names a module binds, which of them are modules, and what a dotted word in it means."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from . import _allowed

__all__ = ["Scope"]


class Scope:
    """The names of one tree. It looks at the whole module at once: a name that is bound anywhere is known."""

    def __init__(self, tree: ast.Module, modules: frozenset[str], packages: frozenset[str]) -> None:
        self._tree, self._allowed, self._packages = tree, modules, packages
        self.modules: dict[str, str] = {}
        """Name to module, as ``import`` binds them."""
        self.members: dict[str, str] = {}
        """Name to ``module.name``, as ``from module import name`` binds them."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.modules |= {a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0]
                                 for a in node.names}  # fmt: skip
            elif isinstance(node, ast.ImportFrom):
                self.members |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}

    def import_problems(self) -> Iterator[tuple[int, str]]:
        """Yield every import that is not of a module on the list, or not of a name that it offers."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                wrong = [alias.name for alias in node.names if not self._known(alias.name)]
                yield from (self._unknown(node, name) for name in wrong)
            elif isinstance(node, ast.ImportFrom):
                yield from self._from_problems(node)

    def _from_problems(self, node: ast.ImportFrom) -> Iterator[tuple[int, str]]:
        module = node.module or ""
        if node.level or not self._known(module):
            yield self._unknown(node, "." * node.level + module)
            return
        for alias in node.names:
            if alias.name == "*":
                yield node.lineno, f"line {node.lineno}: import * hides what is used; name it"
            elif not self._offers(module, alias.name):
                yield node.lineno, f"line {node.lineno}: {module}.{alias.name[:80]} is not for tools"

    def _unknown(self, node: ast.stmt, name: str) -> tuple[int, str]:
        there = ", ".join(sorted(self._allowed))
        return node.lineno, f"line {node.lineno}: {name[:80]} is not a module for tools; there are {there}"

    def _known(self, module: str) -> bool:
        return module in self._allowed or module.partition(".")[0] in self._packages

    def _offers(self, module: str, name: str) -> bool:
        if module.partition(".")[0] in self._packages:
            return not name.startswith("_") and name not in _allowed.ATTRIBUTES
        return name in _allowed.public(module)

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that something in the module binds."""
        found = {*self.modules, *self.members}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchStar | ast.MatchAs):
                found.add(node.name or "")
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, ast.MatchMapping):
                found.add(node.rest or "")
        return frozenset(found)

    @cached_property
    def bases(self) -> frozenset[int]:
        """The names that stand before a dot, by identity of the node."""
        return frozenset(id(node.value) for node in ast.walk(self._tree) if isinstance(node, ast.Attribute))

    def dotted(self, node: ast.expr) -> str:
        """Return what a name or dotted name means, from its module on; empty: it is neither."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        first = self.modules.get(node.id) or self.members.get(node.id) or node.id
        return ".".join([first, *reversed(parts)])

    def member_problem(self, node: ast.Attribute) -> str:
        """Return why a tool may not use this attribute of a module; empty: it may, or it is not one of a module."""
        base = node.value
        while isinstance(base, ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name) or base.id not in self.modules:
            return ""
        module = self.dotted(node.value)
        full = f"{module}.{node.attr}"
        if full in self._allowed or any(name == full or name.startswith(full + ".") for name in self._imported):
            return ""
        if module.partition(".")[0] in self._packages or module not in self._allowed:
            return "" if module not in self._partly else f"{full[:80]} is not for tools"
        return "" if self._offers(module, node.attr) else f"{full[:80]} is not for tools"

    @cached_property
    def _imported(self) -> frozenset[str]:
        return frozenset(alias.name for node in ast.walk(self._tree) if isinstance(node, ast.Import)
                         for alias in node.names)  # fmt: skip

    @cached_property
    def _partly(self) -> frozenset[str]:
        """Packages of which only a module is on the list: ``urllib``, of ``urllib.parse``."""
        return frozenset(name.partition(".")[0] for name in self._allowed if "." in name) - self._allowed
