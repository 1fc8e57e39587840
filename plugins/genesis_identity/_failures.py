"""What was refused, counted by who it claimed to come from, and told ever more rarely.

Nothing here decides about a message: whoever writes somebody's name on a thousand forgeries costs that somebody
nothing. What backs off is what is written about it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

__all__ = ["Failures"]

MAX_SENDERS = 1024
OTHERS = "(others)"
FIRST_MS, LONGEST_MS = 1_000, 3_600_000


class Failures:
    """Counts for the senders that failed last; for all others together."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, tuple[int, int, int]] = OrderedDict()  # count, told next at, pause after that
        self._others = 0

    def note(self, sender: str, now: int) -> int:
        """Count one failure of *sender* at *now* (milliseconds); return the count when it is time to tell, else 0."""
        count, at, pause = self._of.pop(sender, (0, 0, FIRST_MS))
        tell = now >= at
        if tell:
            at, pause = now + pause, min(pause * 2, LONGEST_MS)
        self._of[sender] = (count + 1, at, pause)
        if len(self._of) > MAX_SENDERS:
            _, (dropped, _, _) = self._of.popitem(last=False)
            self._others += dropped
        return count + 1 if tell else 0

    def counts(self) -> Mapping[str, int]:
        """Return how many messages were refused, by claimed sender."""
        found = {sender: count for sender, (count, _, _) in self._of.items()}
        return {**found, OTHERS: self._others} if self._others else found
