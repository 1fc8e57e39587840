"""The ways to start a worker, by name."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._job import Job

    Starter = Callable[[Job, Callable[[], None] | None], int]

__all__ = ["LAUNCHERS", "starter"]

LAUNCHERS = {"purejail": "strong", "bubblewrap": "strong", "reduced": "reduced"}
"""Launcher to tier."""


def starter(name: str) -> Starter:
    """Return the function that starts a worker in the keeper's process and returns its process id."""
    from ._keeper import purejail

    if name == "purejail":
        return purejail
    raise ValueError(f"there is no launcher {name!r}; there are {', '.join(LAUNCHERS)}")
