"""What an operator may choose under ``[identity]``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from genesis_core import SettingsError

__all__ = ["Options", "options_of"]


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how large and how many."""

    skew_seconds: float = 30.0
    """How far the clocks of two machines may differ."""
    max_seconds: float = 86_400.0
    """The longest that a message may be valid: so long it is remembered, too."""
    max_bytes: int = 1 << 20
    max_depth: int = 48
    """Of arrays and objects within each other."""
    max_hops: int = 8
    """Delegations one after the other."""
    max_unexpired: int = 100_000
    """Messages of one sender that are remembered at a time."""


KEPT_BY_KERNEL = frozenset({"envelopes"})


def options_of(settings: Mapping[str, Any]) -> Options:
    """Return the options that *settings* choose (raises SettingsError)."""
    known = {field.name: field for field in fields(Options)}
    chosen: dict[str, Any] = {}
    for name, value in settings.items():
        if name in KEPT_BY_KERNEL:
            continue
        if name not in known:
            raise SettingsError(f"[identity] has no {name!r}", cause=f"it takes {', '.join(known)}")
        whole = known[name].type == "int"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 <= value < math.inf:
            raise SettingsError(f"[identity] {name} can't be {value!r}",
                                cause=f"it is a {'whole ' if whole else ''}number from 0 on")
        chosen[name] = value
    return Options(**chosen)
