"""Find the module that an import means among the files of a workspace, and the name that a module goes by.

Nothing is imported and no interpreter's path is known, so the place of the files decides: relative imports by folder;
absolute ones by the nearest folder up from the importing file below which the module lies, as a source root. That
covers flat and src layouts, several projects in one folder, namespace packages and scripts beside their helpers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from ._imports import Import

SOURCE_ROOTS = frozenset({"src", "lib", "python"})
_MAX_DEPTH = 24  # folders of a path that can start a module's name: bounds the index on absurd paths


class Names:
    """Who is called what: the modules among *files* and what an import in one of them means."""

    def __init__(self, files: Iterable[str]) -> None:
        paths = {file: PurePosixPath(file) for file in files}
        self.files = tuple(paths)
        self.packages = frozenset(p.parent.parts for p in paths.values() if p.stem == "__init__")
        self._parts = {file: _module_parts(path) for file, path in paths.items()}
        self._folders = {file: path.parent.parts for file, path in paths.items()}
        self._by_place: dict[tuple[str, ...], str] = {}
        self._index: dict[tuple[tuple[str, ...], str], str] = {}
        for file in sorted(self.files, key=lambda f: paths[f].stem != "__init__"):  # a package hides a module beside it
            self._add(file)

    def _add(self, file: str) -> None:
        """Enter a file under (folder, dotted name) for every folder whose files can say that name."""
        parts = self._parts[file]
        self._by_place.setdefault(parts, file)
        for start, for_all in self._starts(file):
            dotted = ".".join(parts[start:])
            for end in range(0 if for_all else start, start + 1):
                self._index.setdefault((parts[:end], dotted), file)

    def _starts(self, file: str) -> Iterator[tuple[int, bool]]:
        """Yield where the dotted name of a module can start, and whether the whole workspace can say that name.

        A package is found from anywhere; what lies loose in a folder is for its neighbours, unless the folder is a
        source root.
        """
        parts, top = self._parts[file], self._top(file)
        for start in range(top, max(-1, top - _MAX_DEPTH), -1):
            if parts[start:]:
                yield start, self._in_package(file) or bool(start and parts[start - 1] in SOURCE_ROOTS)

    def _in_package(self, file: str) -> bool:
        return self._top(file) < len(self._folders[file])

    def _top(self, file: str) -> int:
        """Return the index of the topmost package that holds a file, or of the file itself."""
        top = len(self._folders[file])
        while top and self._folders[file][:top] in self.packages:
            top -= 1
        return top

    def resolve(self, file: str, found: Import) -> str | None:
        """Return the file that an import in *file* means, or None when it lies outside the workspace."""
        if found.level:
            return self._relative(file, found)
        top = found.module.split(".")[0]
        if top in sys.stdlib_module_names and top not in self._parts[file]:
            return None
        folder = self._folders[file]
        for name in found.names:
            for end in range(len(folder), -1, -1):
                if (not end or folder[:end] not in self.packages) and (hit := self._index.get((folder[:end], name))):
                    return hit
        return None

    def _relative(self, file: str, found: Import) -> str | None:
        folder = self._folders[file]
        if found.level > len(folder) + 1:
            return None
        base = folder[: len(folder) - found.level + 1]
        places = [(*base, *name.split(".")) for name in found.names]
        least = len(found.module.split(".")) if found.module else 0
        for place in [*places, base]:
            if len(place) >= len(base) + least and place in self._by_place:
                return self._by_place[place]
        return None

    def named(self, imports: Iterable[Import]) -> Mapping[str, str]:
        """Return the dotted name of each file: the one that the imports of the workspace use, where it is in doubt."""
        votes = Counter(name for found in imports if not found.level for name in found.names)
        return {file: ".".join(self._parts[file][self._name_start(file, votes) :]) or file for file in self.files}

    def _name_start(self, file: str, votes: Mapping[str, int]) -> int:
        parts, top = self._parts[file], self._top(file)
        outer = _first_sayable(parts, top)
        if not self._in_package(file):
            return outer
        # A folder above the package is a part of its name (a namespace package) when imports say so.
        plain = votes.get(parts[top], 0)
        longer = [s for s in range(outer, top) if votes.get(".".join(parts[s : top + 1]), 0) > plain]
        return longer[0] if longer else top


def _module_parts(path: PurePosixPath) -> tuple[str, ...]:
    return path.parent.parts if path.stem == "__init__" else (*path.parent.parts, path.stem)


def _first_sayable(parts: tuple[str, ...], top: int) -> int:
    """Return where the folders begin that can be a part of a dotted name: below src, below "click-8.5"."""
    stops = [i + 1 for i in range(min(top, len(parts))) if parts[i] in SOURCE_ROOTS or not parts[i].isidentifier()]
    return stops[-1] if stops else 0
