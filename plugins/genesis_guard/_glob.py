"""Match resource names against globs, in linear time on any name.

``**`` stands for any number of segments between slashes, ``*`` and ``?`` for characters inside one. A glob without
wildcards is compared as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

__all__ = ["Match", "is_below", "matcher"]

Match = Callable[[str], bool]
"""Says whether a name matches."""


def matcher(glob: str) -> Match | None:
    """Return the function that says whether a name matches *glob*; None when every name does."""
    if glob == "**":
        return None
    if "*" not in glob and "?" not in glob:
        return glob.__eq__
    runs = _runs(glob.split("/"))
    return lambda name: _match(runs, name.split("/"))


def is_below(name: str) -> bool:
    """Return whether *name* is a plain relative path: not absolute, no step up, no NUL, no backslash."""
    if not name or name[0] == "/" or "\0" in name or "\\" in name:
        return False
    return ".." not in name or ".." not in name.split("/")


def _runs(parts: Sequence[str]) -> list[list[Match]]:
    """Return the segments between each two ``**``: before the first, between, after the last."""
    runs: list[list[Match]] = []
    for anything, group in groupby(parts, key="**".__eq__):
        if anything:
            runs += [[]] if not runs else []
            runs.append([])
        elif runs:
            runs[-1] = [_segment(part) for part in group]
        else:
            runs.append([_segment(part) for part in group])
    return runs


def _segment(part: str) -> Match:
    """Return the matcher of one segment. Each star takes the shortest stretch for good, so that nothing backtracks."""
    head, *chunks = [re.escape(chunk).replace(r"\?", ".") for chunk in re.split(r"\*+", part)]
    if chunks:
        head += "".join(f"(?>.*?{chunk})" for chunk in chunks[:-1] if chunk) + f".*{chunks[-1]}"
    pattern = re.compile(head, re.DOTALL)
    return lambda name: pattern.fullmatch(name) is not None


def _match(runs: Sequence[Sequence[Match]], parts: Sequence[str]) -> bool:
    first, *rest = runs
    if not rest:
        return len(parts) == len(first) and _holds(first, parts, 0)
    *between, last = rest
    end = len(parts) - len(last)
    if len(first) > end or not _holds(first, parts, 0) or not _holds(last, parts, end):
        return False
    at = len(first)
    for run in between:
        # Leftmost is right: what comes earlier leaves more room for the rest.
        while at + len(run) <= end and not _holds(run, parts, at):
            at += 1
        at += len(run)
    return at <= end


def _holds(run: Sequence[Match], parts: Sequence[str], at: int) -> bool:
    return all(match(parts[place]) for place, match in enumerate(run, at))
