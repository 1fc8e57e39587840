"""One envelope, sealed by one process and opened by another, beside raw HMACs of the same bytes.

"sign and verify" is all but the memory of what was opened: building, MAC, digest, strict reading. "with memory" adds
that, on disk. A raw HMAC is what `cryptography` takes for the sealed bytes, keyed anew.

usage: envelope.py [--repeat N] [--messages N]
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from _common import cpu, medians, options, show
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from genesis_core._keys import LocalKeyRing
from genesis_identity._seen import Seen
from genesis_identity.envelopes import SealedEnvelopes

BODY = {"task": "measure", "files": ["a.py", "b.py"], "n": 3}


class Forgetful(Seen):
    """Remembers nothing: what is left is signing and verifying."""

    def take(self, sender: str, nonce: str, expires: int, now: int) -> None:
        """Say that every message is new."""


def envelopes(folder: str, *, memory: bool) -> SealedEnvelopes:
    """Return what seals and opens with a new ring in *folder*."""
    seen = Path(folder) / "keys" / "seen.db"
    made = SealedEnvelopes(LocalKeyRing.open(Path(folder)), seen)
    if not memory:
        made._seen = Forgetful(seen, 0)
    return made


def exchange(count: int, *, memory: bool) -> float:
    """Return the CPU seconds of a message, sealed and opened."""
    with tempfile.TemporaryDirectory() as folder:
        post = envelopes(folder, memory=memory)
        post.open(post.seal(BODY, sender="kernel", audience="worker"), audience="worker")  # opens the file

        def both() -> None:
            for _ in range(count):
                post.open(post.seal(BODY, sender="kernel", audience="worker"), audience="worker")

        seconds = cpu(both) / count
        post.close()
        return seconds


def raw(count: int) -> float:
    """Return the CPU seconds of one HMAC-SHA256 of a sealed message."""
    with tempfile.TemporaryDirectory() as folder:
        sealed = envelopes(folder, memory=False).seal(BODY, sender="kernel", audience="worker")
    key = os.urandom(32)

    def work() -> None:
        for _ in range(count):
            mac = HMAC(key, SHA256())
            mac.update(sealed)
            mac.finalize()

    return cpu(work) / count


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, messages=1_000)
    cases: dict[str, Callable[[], float]] = {
        "sign and verify": partial(exchange, chosen.messages, memory=False),
        "with memory": partial(exchange, chosen.messages, memory=True),
        "raw": partial(raw, chosen.messages),
    }
    took = medians(cases, chosen.repeat)
    show("envelope", messages=chosen.messages, microseconds={name: round(s * 1e6, 2) for name, s in took.items()},
         ratio={name: round(took[name] / took["raw"], 1) for name in ("sign and verify", "with memory")},
         aim={"sign and verify": 20})


if __name__ == "__main__":
    main()
