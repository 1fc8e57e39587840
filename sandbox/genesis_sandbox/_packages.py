"""Where installed packages lie, so that the ones that are granted can be shown and no others."""

from __future__ import annotations

import os
import sys

__all__ = ["NUMERIC", "shown"]

NUMERIC = ("numpy", "pandas", "dateutil", "pytz", "tzdata", "six")
"""Packages that the command shows to a program when they are installed."""


def shown(names: list[str], optional: bool = False) -> list[tuple[str, list[str]]]:
    """Return, for each folder of installed packages, which entries belong to the named modules.

    A module that is not installed raises LookupError, or is left out where it is `optional`.
    """
    found: list[tuple[str, list[str]]] = []
    missing = list(names)
    for folder in dict.fromkeys(sys.path):
        if names and os.path.basename(folder) in ("site-packages", "dist-packages") and os.path.isdir(folder):
            listed = sorted(os.listdir(folder))
            entries = [entry for entry in listed if any(_belongs(entry, name) for name in names)]
            missing = [name for name in missing if not _there(name, listed)]
            if entries:
                found.append((os.path.realpath(folder), entries))
    if missing and not optional:
        raise LookupError(f"not installed: {', '.join(missing)}")
    return found


def _there(name: str, listed: list[str]) -> bool:
    return any(entry == name or entry.startswith(name + ".") and not entry.endswith(".libs") for entry in listed)


def _belongs(entry: str, name: str) -> bool:
    """Tell whether a folder's entry is the module, or the shared libraries that came with it."""
    return entry in (name, f"{name}.py", f"{name}.libs") or entry.startswith(f"{name}.") and entry.endswith(".so")
