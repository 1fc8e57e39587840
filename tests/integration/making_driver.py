"""Is ``genesis``, and dies by SIGKILL at a boundary of what makes a tool.

usage: making_driver.py BOUNDARY WORDS...

BOUNDARY is one of the journal ("after:need.begun"), of the registry ("registry:row"), "search", "trial:N" before the
Nth call in the sandbox, or "within:N" while that is under way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from functools import partial
from typing import Any

from genesis_aatc import synthesis, workshop
from genesis_aatc.sandboxes import Bench
from genesis_cli import main
from genesis_core import Genesis

WHERE = sys.argv[1]
search = synthesis.synthesise_apart
calls = 0


def die(at: str) -> None:
    """Die when *at* is where it has to."""
    if at == WHERE:
        os.kill(os.getpid(), signal.SIGKILL)


async def searched(*given: Any, **more: Any) -> Any:
    """Search, and die meanwhile."""
    found = asyncio.ensure_future(search(*given, **more))
    if WHERE == "search":
        await asyncio.sleep(0.02)
        if not found.done():  # else the test sees that this process has not died
            die("search")
    return await found


class Counting(Bench):
    """A bench that counts its calls."""

    def run(self, *given: Any, **more: Any) -> Any:
        """Run what is asked for, unless this is the call to die before or within."""
        global calls  # noqa: PLW0603
        calls += 1
        die(f"trial:{calls}")
        threading.Timer(0.003, die, [f"within:{calls}"]).start()
        return super().run(*given, **more)


if __name__ == "__main__":
    synthesis.synthesise_apart = searched
    workshop.Bench = Counting  # type: ignore[misc]
    workshop.Registry = partial(workshop.Registry, probe=lambda at: die(f"registry:{at}"))  # type: ignore[misc, assignment]
    Genesis.open = partial(Genesis.open, probe=die)  # type: ignore[method-assign, assignment]
    sys.exit(main(sys.argv[2:]))
