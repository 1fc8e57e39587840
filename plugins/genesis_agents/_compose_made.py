"""Who wrote a part of the report, at what cost, and which parts were to be written by a model and were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._report_text import counted, one_line

__all__ = ["NOBODY", "Lead", "Made", "lead_of", "made_of"]


@dataclass(frozen=True, slots=True)
class Made:
    """How one part of the report came to be; all empty for what tools alone made as they should."""

    by: tuple[str, ...] = ()
    """One sentence for each model that wrote in it: tokens and cost."""
    degraded: tuple[str, ...] = ()
    """One sentence for each result below the configured level: a model was asked, and none answered."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that there is to say."""
        return (*self.degraded, *self.by)


NOBODY = Made()


@dataclass(frozen=True, slots=True)
class Lead:
    """What a model says of the whole report: it stands before the parts."""

    text: str
    items: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def made_of(value: object, task: str = "") -> Made:
    """Read how a result was made, of its tasks that of *task* alone if that is one of them."""
    entries = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []
    own = [entry for entry in entries if entry.get("task") == task]
    chosen = own or entries
    return Made(tuple(_by(entry) for entry in chosen if entry.get("model")),
                tuple(_degraded(entry) for entry in chosen if entry.get("degraded")))


def _by(entry: Mapping[str, object]) -> str:
    tokens, cost = entry.get("tokens"), entry.get("cost")
    spent = counted(tokens, "token") if isinstance(tokens, int) else "tokens not counted"
    money = f"${cost}" if isinstance(cost, str) and cost else "cost not known"
    return f"Written by {one_line(str(entry['model']), 80)}: {spent}, {money}."


def _degraded(entry: Mapping[str, object]) -> str:
    why = one_line(str(entry["degraded"]), 300).rstrip(".")
    return f"Degraded: no model wrote this part, the tools' own words stand ({why})."


def lead_of(value: object) -> Lead | None:
    """Read what a model says of the whole; None when it says nothing."""
    if not isinstance(value, Mapping) or not value.get("text"):
        return None
    return Lead(str(value["text"]), _texts(value.get("items")), _texts(value.get("notes")))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ()
