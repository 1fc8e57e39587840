"""Keep a library from printing, warning, logging and caching while it works for us."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Silence some loggers and all warnings inside; afterwards everything is as it was."""
    levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in loggers]
    # bandit replaces the way in which every warning of the process is written.
    written = warnings.formatwarning
    try:
        for logger, _ in levels:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        warnings.formatwarning = written
        for logger, level in levels:
            logger.setLevel(level)


def without_entry_point_cache() -> None:
    """Keep stevedore, which loads bandit's checks, from writing what it finds into the user's cache folder."""
    from stevedore import _cache

    _cache._c._disable_caching = True
