"""What attempts at a task have done that is not to be done twice: by a grant, by a person's yes, or by policy alone.

A grant and a yes are for so many times, over all attempts and all drivers. An attempt that waits for a person starts
anew from its beginning. What it has done by then is not done again: as far as what came of it is kept in the journal,
that is given again. An attempt that a crash cut off is another matter: it runs again under the same key
(``TaskContext.idempotency_key``), and what it had called may be called again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .policy import Action
from .records import canonical_json
from .runs import RunEvent

__all__ = ["MOST_KEPT", "Passed", "Passes", "freely", "kept"]

MOST_KEPT = 65_536
"""Bytes of JSON of what came of a call that its row keeps; what is larger is not kept, and so not given again."""


@dataclass(slots=True)
class Passed:
    """One call, or question to a model, that was let pass."""

    action: str
    """Its digest."""
    row: int
    grant: int | None = None
    """Which of its task's grants covered it."""
    free: bool = False
    """Whether policy lets it pass as often as somebody likes: where it failed, it may be done again."""
    gave: tuple[Any, ...] = ()
    """What came of it; nothing when it failed or is not kept."""

    def value(self) -> Any:
        """Return a copy of what it gave: whoever has it may change it."""
        return json.loads(canonical_json(self.gave[0]))


@dataclass(slots=True)
class Passes:
    """Those of a run, as its rows tell of them, by task."""

    over: dict[str, list[Passed]] = field(default_factory=dict)
    """Of attempts that have ended, or wait."""
    going: dict[str, list[Passed]] = field(default_factory=dict)
    """Of the attempt under way; where it waits already, the list in ``over``."""

    def began(self, task_id: str) -> None:
        """Note that an attempt begins: what a crash cut off counts for nothing."""
        self.going.pop(task_id, None)

    def called(self, event: RunEvent) -> None:
        """Note a call or question that was let pass."""
        if "action" in event.data:
            self.going.setdefault(event.task_id, []).append(
                Passed(event.data["action"], event.seq, event.data.get("grant"), event.data.get("free", False)))

    def returned(self, event: RunEvent) -> None:
        """Note what came of one."""
        going = self.going.get(event.task_id, [])
        passed = next((p for p in going if p.action == event.data.get("action") and not p.gave), None)
        if passed is None:
            return
        if "gave" in event.data:
            passed.gave = (event.data["gave"],)
        elif passed.free and "error" in event.data:
            going.remove(passed)

    def ended(self, task_id: str) -> None:
        """Note that an attempt has ended, or waits: it counts, and so does what it still does."""
        going = self.going.get(task_id)
        over = self.over.setdefault(task_id, [])
        if going is not over:
            over.extend(going or ())
            self.going[task_id] = over

    def counted(self) -> Mapping[str, Sequence[Passed]]:
        """Return what counts when the run is resumed."""
        return {task_id: tuple(found) for task_id, found in self.over.items() if found}


def freely(action: Action) -> dict[str, Any]:
    """Return what the row of a call says that policy alone lets pass, and that is not the same when made twice."""
    return {"action": action.digest, "free": True}


def kept(said: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """Return what the row of what came of a call keeps, which *said* says was let pass."""
    if "action" not in said or len(canonical_json(value)) > MOST_KEPT:
        return {}
    return {"gave": value}
