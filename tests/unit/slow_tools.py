"""Tools that misbehave, importable by name so that a fresh worker process can find them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from genesis_core import tool


@tool
def spin(seconds: float) -> int:
    """Hold the processor, deaf to everything but a kill."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return os.getpid()


@tool
def die() -> None:
    """End the worker in the middle of the work."""
    os._exit(3)


@tool
def talk() -> str:
    """Print where results go."""
    print("noise on stdout")
    sys.stdout.flush()
    return "result"


@tool
def fail(message: str) -> None:
    """Raise."""
    raise ValueError(message)


@tool(effect="read")
def sizes(files: list[Path]) -> dict[str, int]:
    """Return the size of each file."""
    return {str(f): f.stat().st_size for f in files}


@tool
def whoami() -> int:
    """Return the worker's process id."""
    return os.getpid()
