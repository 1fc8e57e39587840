"""Screen one text. The kernel calls it for all that enters a prompt or a decision; detectors go here."""

from __future__ import annotations

from genesis_core import Outcome, Screening

__all__ = ["MAX_CHARS", "screen"]

MAX_CHARS = 16_000_000
"""No text that anybody decides by is longer; the goal's own, much lower limit is the kernel's (``max_goal_chars``)."""
_ALLOW = Screening(score=0.0)


def screen(text: str) -> Screening:
    """Return ALLOW for a text of sane length, else BLOCK with the reason."""
    if len(text) <= MAX_CHARS:
        return _ALLOW
    return Screening(
        outcome=Outcome.BLOCK, score=1.0, spans=((MAX_CHARS, len(text)),),
        reasons=(f"it has {len(text)} characters; at most {MAX_CHARS} are screened",),
    )
