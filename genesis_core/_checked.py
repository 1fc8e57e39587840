"""Import locked plugins from exactly the bytes that were digested.

Between the look at a file and its import somebody could change it, and Python prefers a ``.pyc`` beside it, which no
digest covers. So modules of a locked distribution are read once, compared, and compiled from what was compared; their
bytecode caches are left aside.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._shipped import PluginDistribution

__all__ = ["admit", "admit_locked"]


def admit(found: PluginDistribution) -> None:
    """From now on import the modules of *found* in this process only as they were when it was looked at."""
    finder = next((f for f in sys.meta_path if isinstance(f, CheckedFinder)), None)
    if finder is None:
        sys.meta_path.insert(0, finder := CheckedFinder())
    finder.add(found)


def admit_locked() -> None:
    """Do so for everything that the operator's lock lists and that is unchanged: for a process that knows no plugin."""
    from ._lock import PluginLock
    from ._shipped import plugin_distributions

    lock = PluginLock.find()
    for found in plugin_distributions() if lock.there else ():
        if not lock.refusal(found):
            admit(found)


class CheckedFinder(MetaPathFinder):
    """Finds what the finders behind it find, and sees to it that it is what was digested."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._roots: set[str] = set()

    def add(self, found: PluginDistribution) -> None:
        """Take in the modules of *found*."""
        self._digests.update(found.code)
        self._roots.update(found.roots)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of a locked distribution; raises ImportError when it is another file."""
        if not any(fullname == root or fullname.startswith(f"{root}.") for root in self._roots):
            return None
        spec = self._behind(fullname, path, target)
        if spec is None or spec.loader is None or spec.origin is None:
            return spec
        place = os.path.realpath(spec.origin)
        wanted = self._digests.get(place)
        if wanted is None:
            raise ImportError(f"{place} is not among the locked files", name=fullname, path=place)
        if isinstance(spec.loader, SourceFileLoader):
            return importlib.util.spec_from_file_location(
                fullname, spec.origin, loader=CheckedLoader(fullname, spec.origin, wanted),
                submodule_search_locations=spec.submodule_search_locations)
        _compare(spec.origin, _read(spec.origin), wanted)
        return spec

    def _behind(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        others = (finder for finder in sys.meta_path if finder is not self)
        return next((spec for finder in others if (spec := finder.find_spec(name, path, target)) is not None), None)


class CheckedLoader(SourceFileLoader):
    """Compiles a source file that is what was digested, and nothing else."""

    def __init__(self, fullname: str, path: str, digest: str) -> None:
        super().__init__(fullname, path)
        self._wanted = digest

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the file, whatever lies in ``__pycache__`` (ImportError when it has changed)."""
        data = _read(self.path)
        _compare(self.path, data, self._wanted)
        code: CodeType = self.source_to_code(data, self.path)
        return code


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # what Python's own loaders do
        return file.read()


def _compare(path: str, data: bytes, wanted: str) -> None:
    if hashlib.sha256(data).hexdigest() != wanted:
        raise ImportError(f"{path} has changed since it was looked at", path=path)
