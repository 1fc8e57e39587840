"""From which file a module would be imported: found without importing it, or a package above it."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec, PathFinder

__all__ = ["origin_of"]


def origin_of(module: str) -> tuple[str, str]:
    """Return *module*'s topmost package that has a file, and the file; empty when there is no such module."""
    first, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(first)
    except (ImportError, ValueError):
        return first, ""
    at = first
    while spec is not None and spec.submodule_search_locations is not None and not _file(spec) and rest:
        at = f"{at}.{rest.pop(0)}"  # a namespace package: it has no file, several distributions may lie in it
        spec = PathFinder.find_spec(at, list(spec.submodule_search_locations))
    return at, "" if spec is None else _file(spec)


def _file(spec: ModuleSpec) -> str:
    return spec.origin if spec.origin and spec.origin != "namespace" else ""
