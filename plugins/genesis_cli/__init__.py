"""The command line of Genesis: one command a file, bodies imported when they are called.

``_table.py`` lists the commands, ``_group.py`` finds them, ``_main.py`` turns what happens into an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; the console script ``genesis``."""
    from ._main import run

    return run(arguments)
