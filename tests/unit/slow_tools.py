"""Tools that misbehave, importable by name so that a fresh worker process can find them."""

from __future__ import annotations

import gc
import math
import os
import signal
import subprocess
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


@tool
def read_input() -> str:
    """Let a process of one's own read standard input to its end."""
    return subprocess.run(["cat"], capture_output=True, text=True, timeout=5, check=True).stdout


@tool
def lost() -> float:
    """Return what JSON can't say."""
    return math.nan


@tool
def server() -> int:
    """Return the process id of who started this worker."""
    return os.getppid()


@tool
def wakeups() -> dict[str, int]:
    """Return where signals of this process would be told, and how many objects the collector never looks at."""
    return {"handle": signal.set_wakeup_fd(-1), "frozen": gc.get_freeze_count()}
