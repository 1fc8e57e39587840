"""The machines that are supported."""

from __future__ import annotations

import os

__all__ = ["MACHINES", "PIVOT_ROOT", "machine"]

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine to (column of the tables, AUDIT_ARCH)."""

PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def machine() -> str:
    """Return the machine's name as the tables call it (raises RuntimeError for one that has no table)."""
    name = os.uname().machine
    if name not in MACHINES:
        raise RuntimeError(f"no system-call table for {name}: only {' and '.join(MACHINES)} are supported")
    return name
