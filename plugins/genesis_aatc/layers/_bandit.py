"""Run bandit's checks over one text: no configuration is read, no comment silences anything, nothing is printed."""

from __future__ import annotations

import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["scan"]

_ONE = threading.Lock()
"""bandit keeps what it loads in modules, and logs where everybody does: one scan at a time."""
_LOGGERS = ("bandit", "stevedore")


def scan(text: str) -> tuple[list[tuple[str, str, str]], str]:
    """Return test, severity and words of each issue, and why it could not be scanned (empty: it was)."""
    with _ONE, _silent(), tempfile.TemporaryDirectory(prefix="genesis-") as folder:
        config, manager = _loaded()
        path = Path(folder, "tool.py")
        path.write_text(text, encoding="utf-8")
        run = manager.BanditManager(config.BanditConfig(), "file", ignore_nosec=True)
        run.files_list = [str(path)]
        run.run_tests()
    skipped = [str(why) for _, why in run.get_skipped()]
    return [(str(i.test_id), str(i.severity).lower(), str(i.text)) for i in run.results], "; ".join(skipped)


@contextmanager
def _silent() -> Iterator[None]:
    levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in _LOGGERS]
    try:
        for logger, _ in levels:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)


@cache
def _loaded() -> tuple[Any, Any]:
    """Import bandit, which takes a while: it warns, replaces how warnings are written, and would keep a cache file."""
    written = warnings.formatwarning
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from stevedore import _cache

            _cache._c._disable_caching = True
            from bandit.core import config, manager
    finally:
        warnings.formatwarning = written
    return config, manager
