"""Run bandit's checks over one text: no configuration is read, no comment silences anything, nothing is printed."""

from __future__ import annotations

import ast
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["scan"]

TEMPORARY = "B108"
"""bandit's name for a text that begins like a folder for temporary files."""
_ONE = threading.Lock()
"""bandit keeps what it loads in modules, and logs where everybody does: one scan at a time."""
_LOGGERS = ("bandit", "stevedore")


def scan(text: str, shown: Sequence[str] = ()) -> tuple[list[tuple[str, str, str]], str]:
    """Return test, severity and words of each issue, and why it could not be scanned (empty: it was).

    A path among *shown*, or below one of them, is no temporary one that somebody guessed: it was asked for.
    """
    with _ONE, _silent(), tempfile.TemporaryDirectory(prefix="genesis-") as folder:
        config, manager = _loaded()
        path = Path(folder, "tool.py")
        path.write_text(text, encoding="utf-8")
        run = manager.BanditManager(config.BanditConfig(), "file", ignore_nosec=True)
        run.files_list = [str(path)]
        run.run_tests()
    skipped = [str(why) for _, why in run.get_skipped()]
    mine = _asked_for(text, shown)
    found = [i for i in run.results if str(i.test_id) != TEMPORARY or i.lineno not in mine]
    return [(str(i.test_id), str(i.severity).lower(), str(i.text)) for i in found], "; ".join(skipped)


def _asked_for(text: str, shown: Sequence[str]) -> frozenset[int]:
    """Return the lines on which each text that could be a path is one of *shown*, or lies below one."""
    if not shown:
        return frozenset()
    mine, others = set[int](), set[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/"):
            asked = any(node.value == path or node.value.startswith(path.rstrip("/") + "/") for path in shown)
            (mine if asked and ".." not in node.value.split("/") else others).add(node.lineno)
    return frozenset(mine - others)


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
