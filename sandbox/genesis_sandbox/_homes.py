"""Homes of whoever calls, and what is hidden below them: settings, keys, tokens."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["hidden", "homes"]


def homes() -> tuple[str, ...]:
    """Return the homes of this user: the one that HOME names, and the one of the user's record."""
    import pwd

    found = [os.path.expanduser("~")]
    with suppress(KeyError):  # a user without a record
        found.append(pwd.getpwuid(os.getuid()).pw_dir)
    return tuple(dict.fromkeys(os.path.realpath(home) for home in found if home.startswith("/")))


def hidden(path: str) -> bool:
    """Tell whether a part of *path* below a home of this user begins with a dot."""
    inner = (path[len(home.rstrip("/")):] for home in homes() if path.startswith(home.rstrip("/") + "/"))
    return any("/." in part for part in inner)
