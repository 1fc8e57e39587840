"""Run Python that nobody has read, so that it reaches nothing: no file, no network, no process, and not for long.

The boundary is the operating system's. Mechanism only: who may run what is decided before :func:`run` is called.
Standard library only, and importing this imports nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from .errors import SandboxUnavailable as SandboxUnavailable
    from .limits import Limits as Limits

_OWNERS = {"Limits": "limits", "SandboxUnavailable": "errors"}

__all__ = ["Limits", "SandboxUnavailable"]


def __getattr__(name: str) -> object:
    if name not in _OWNERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_OWNERS[name]}", __name__), name)
