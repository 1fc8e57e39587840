"""What this machine allows: found out by trying, never by reading a setting."""

from __future__ import annotations

import os

from .errors import SandboxUnavailable

__all__ = ["first_strong", "works"]

_FOUND: dict[tuple[str, int, int], str] = {}
"""Launcher, user and process to the reason why it does not isolate; empty: it does. Kept, for a probe is a call."""


def first_strong(reasons: list[str]) -> str:
    """Return the first launcher of the strong tier that works here, or nothing; `reasons` says why others do not."""
    for name in ("purejail", "bubblewrap"):
        why = works(name)
        if not why:
            return name
        reasons.append(f"{name}: {why}")
    return ""


def works(name: str) -> str:
    """Return why a launcher does not isolate here, or nothing when it ran a program that ended well."""
    key = (name, os.geteuid(), os.getpid())
    if key not in _FOUND:
        _FOUND[key] = _tried(name)
    return _FOUND[key]


def _tried(name: str) -> str:
    from .running import run

    try:
        outcome = run(b"", launcher=name)
    except SandboxUnavailable as error:
        return error.reason
    return "" if outcome.ok else f"an empty program ended as {outcome.ended.value}: {outcome.stderr[-200:]}"
