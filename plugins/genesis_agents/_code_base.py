"""A code base: its Python modules, their names, and who imports whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ._imports import When
from ._languages import is_python
from ._module_names import Names
from ._modules import Module, parse_all
from ._sources import Source, Unread, read_all


@dataclass(frozen=True, slots=True)
class Edge:
    """One module imports another, first on that line."""

    file: str
    target: str
    line: int
    when: When


@dataclass(frozen=True)
class CodeBase:
    """The Python files of a workspace, parsed."""

    modules: tuple[Module, ...]
    unread: tuple[Unread, ...] = ()
    """Files that could not be read, or are no valid Python."""

    @cached_property
    def by_file(self) -> Mapping[str, Module]:
        """Each module by its file."""
        return {module.file: module for module in self.modules}

    @cached_property
    def _index(self) -> Names:
        return Names((*self.by_file, *(unread.file for unread in self.unread)))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The dotted name of each file."""
        return self._index.named(found for module in self.modules for found in module.imports)

    @property
    def packages(self) -> int:
        """Folders with an ``__init__.py``."""
        return len(self._index.packages)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Who imports whom inside the workspace, each pair once for each time at which it happens.

        ``from pkg import mod`` is an import of the module ``pkg.mod`` when there is one, and of ``pkg`` otherwise. That
        loading ``pkg.mod`` loads ``pkg`` first makes no edge: every package that offers names of its modules would be
        a cycle. A module that imports itself makes none either.
        """
        found: dict[tuple[str, str, When], Edge] = {}
        for module in self.modules:
            for one in module.imports:
                target = self._index.resolve(module.file, one)
                if target is not None and target != module.file:
                    found.setdefault((module.file, target, one.when), Edge(module.file, target, one.line, one.when))
        return tuple(found.values())

    @cached_property
    def outside(self) -> Mapping[str, tuple[str, ...]]:
        """Top-level packages from outside the workspace, and the files that import each."""
        found: dict[str, dict[str, None]] = {}
        for module in self.modules:
            for one in module.imports:
                if not one.level and self._index.resolve(module.file, one) is None:
                    found.setdefault(one.module.split(".")[0], {})[module.file] = None
        return {name: tuple(files) for name, files in sorted(found.items())}

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Relative imports of modules that are not there, as "file: from .x import y"."""
        return tuple(
            f"{module.file}: {module.quote(one.line)}"
            for module in self.modules
            for one in module.imports
            if one.level and self._index.resolve(module.file, one) is None
        )


def code_base(sources: Iterable[Source], unread: Iterable[Unread] = ()) -> CodeBase:
    """Parse the Python files among *sources*."""
    modules, broken = parse_all(source for source in sources if is_python(source.file))
    return CodeBase(tuple(modules), (*(u for u in unread if is_python(u.file)), *broken))


def read_code_base(files: Iterable[Path]) -> CodeBase:
    """Read and parse the Python files among *files*."""
    return code_base(*read_all(file for file in files if is_python(file.as_posix())))
