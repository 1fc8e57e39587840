"""Run bandit's checks over one text: no configuration is read, no comment silences anything, nothing is printed.

Importing this module imports bandit, which takes half a second: import it where it is needed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bandit.core import config, manager

__all__ = ["scan"]


def scan(text: str) -> tuple[list[tuple[str, str, str]], str]:
    """Return test, severity and words of each issue, and why it could not be scanned (empty: it was)."""
    with tempfile.TemporaryDirectory(prefix="genesis-") as folder:
        path = Path(folder, "tool.py")
        path.write_text(text, encoding="utf-8")
        run = manager.BanditManager(config.BanditConfig(), "file", ignore_nosec=True)
        run.files_list = [str(path)]
        run.run_tests()
    skipped = [str(why) for _, why in run.get_skipped()]
    return [(str(i.test_id), str(i.severity).lower(), str(i.text)) for i in run.results], "; ".join(skipped)
