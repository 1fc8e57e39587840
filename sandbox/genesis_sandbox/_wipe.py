"""Make the command, of which the worker is a fork, forget the environment: the strings, not only their names."""

from __future__ import annotations

import os

from ._foreign import function

__all__ = ["wipe_environment"]

ENV_START, ENV_END = 47, 48  # fields 50 and 51 of /proc/self/stat, counted from behind the name
BYTES_HEADER = bytes.__basicsize__ - 1


def wipe_environment() -> None:
    """Overwrite the environment block of this process and Python's copy of it, then forget both."""
    memset = function("memset")
    held = [*os.environb, *os.environb.values()]
    os.environ.clear()
    for text in held:
        if len(text) > 1:  # shorter ones are shared by the whole interpreter
            memset(id(text) + BYTES_HEADER, 0, len(text))
    with open("/proc/self/stat", "rb") as stat:
        words = stat.read().rpartition(b")")[2].split()
    start, end = int(words[ENV_START]), int(words[ENV_END])
    if 0 < start < end:
        memset(start, 0, end - start)
