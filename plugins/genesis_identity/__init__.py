"""Sealed envelopes: what crosses from one process to another, signed by its sender and opened once.

The keys, and the rows of a run, are the kernel's; see docs/decisions/0009-identity.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from genesis_core import Envelopes, KeyRing, Offer, hookimpl

__all__ = ["genesis_provide"]

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> Sequence[Offer]:
    """Offer what seals and opens envelopes; *settings* are the operator's, under ``[identity]``."""
    from ._options import options_of

    made = partial(_made, options_of(settings))
    return [Offer("envelopes", "identity", made, "HMAC-SHA256 by the sender's own key, opened once")]


def _made(options: Any, ring: KeyRing, home: Path, clock: Callable[[], datetime] | None) -> Envelopes:
    """Return what seals with *ring* and remembers in *home* what was opened."""
    from .envelopes import SealedEnvelopes

    return SealedEnvelopes(ring, home / "keys" / "seen.db", options=options, clock=clock)
