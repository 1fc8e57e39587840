"""Search in a process of its own, which has its own memory and ends at its time."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from . import Example, Found, NotFound

__all__ = ["apart"]

_CHILD = Path(__file__).with_name("_child.py")
# What a process may need to start and to answer after the search itself has used its time.
_GRACE = 1.0


async def apart(
    examples: tuple[Example, ...], name: str, parameters: tuple[str, ...], description: str,
    probes: tuple[tuple[Any, ...], ...], seconds: float, memory_mb: int,
) -> Found | NotFound:  # fmt: skip
    """Return what `search` finds in a child process, or that it ran out of time or memory."""
    begun = time.monotonic()
    asked = {
        "examples": [[one.inputs, one.output] for one in examples], "name": name, "parameters": parameters,
        "description": description, "probes": probes, "seconds": seconds,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-B", str(_CHILD), str(memory_mb), env={},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        talk = process.communicate(json.dumps(asked).encode())
        said, _ = await asyncio.wait_for(talk, seconds + _GRACE)
    except TimeoutError:
        return NotFound("the search was ended at its time", 0, time.monotonic() - begun)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _read(said, time.monotonic() - begun)


def _read(said: bytes, seconds: float) -> Found | NotFound:
    """Return the answer of the child; no answer means that it came to its limits."""
    try:
        answer = json.loads(said)
    except ValueError:
        return NotFound("the search ended without an answer: out of memory or time", 0, seconds)
    kind = Found if answer.pop("found") else NotFound
    return kind(**answer)
