"""The ways to start a worker, by name, and which of them this machine allows."""

from __future__ import annotations

import sys

from .errors import SandboxUnavailable

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._job import Job

    Starter = Callable[[Job, dict[int, int] | None], tuple[int, int]]

__all__ = ["LAUNCHERS", "choose", "starter"]

LAUNCHERS = {"purejail": "strong", "bubblewrap": "strong", "reduced": "reduced"}
"""Launcher to tier."""


def starter(name: str) -> Starter:
    """Return the function that starts a worker and returns its process id and that of the child to wait for."""
    if name == "purejail":
        from ._keeper import purejail

        return purejail
    if name == "bubblewrap":
        from ._bubblewrap import bubblewrap

        return bubblewrap
    if name == "reduced":
        from ._reduced import reduced

        return reduced
    raise SandboxUnavailable(f"there is no launcher {name!r}; there are {', '.join(LAUNCHERS)}")


def choose(name: str, allow_reduced: bool = False) -> str:
    """Return the launcher to use; `auto` takes the first strong one that isolates here, never a weaker one."""
    if sys.platform != "linux":
        raise SandboxUnavailable(f"{sys.platform} has nothing that isolates a program as is needed here",
                                 "use Linux, or a virtual machine with it")
    if name == "reduced" and not allow_reduced:
        raise SandboxUnavailable("the reduced tier was not allowed by the operator",
                                 "set [sandbox] allow_reduced = true in your own settings to allow it")
    if name != "auto":
        if name not in LAUNCHERS:
            raise SandboxUnavailable(f"there is no launcher {name!r}; there are {', '.join(LAUNCHERS)}")
        return name
    from ._probe import first_strong

    reasons: list[str] = []
    found = first_strong(reasons)
    if found:
        return found
    if allow_reduced:
        return "reduced"
    raise SandboxUnavailable("; ".join(reasons))
