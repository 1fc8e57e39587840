"""Make a small program from examples: what goes in, what comes out, and no model.

`synthesise` searches over typed operations of our own (texts, numbers, dates, lists, records, tables), ranks what fits
every example by how general and how short it is, and writes the best as readable Python. It never runs what it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Example", "Found", "NotFound", "synthesise", "synthesise_apart"]


@dataclass(frozen=True, slots=True)
class Example:
    """One call that is known: JSON values that go in, and the JSON value that comes out."""

    inputs: tuple[Any, ...]
    output: Any


@dataclass(frozen=True, slots=True)
class Found:
    """A program that fits every example, as the text of a module."""

    code: str
    entry: str
    describe: str
    tried: int
    seconds: float


@dataclass(frozen=True, slots=True)
class NotFound:
    """No program, or none that is to be trusted; *why* says which."""

    why: str
    tried: int
    seconds: float


def synthesise(
    examples: Sequence[Example], *, name: str, parameters: Sequence[str], description: str = "",
    probes: Sequence[tuple[Any, ...]] = (), seconds: float = 10.0,
) -> Found | NotFound:  # fmt: skip
    """Search for a program *name*(*parameters*) that fits *examples*; *probes* are inputs that it will meet as well.

    *description* is taken for callers that have one; it changes nothing, neither the choice nor the code.
    """
    from .search import search

    return search(tuple(examples), name, tuple(parameters), tuple(probes), seconds)


async def synthesise_apart(
    examples: Sequence[Example], *, name: str, parameters: Sequence[str], description: str = "",
    probes: Sequence[tuple[Any, ...]] = (), seconds: float = 10.0, memory_mb: int = 1024,
) -> Found | NotFound:  # fmt: skip
    """Do as `synthesise` does, in a process of its own that is killed when its time or its memory is used up."""
    from .apart import apart

    return await apart(tuple(examples), name, tuple(parameters), description, tuple(probes), seconds, memory_mb)
