"""A finding together with the way it is mended: what every check yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genesis_core import Finding, Mend, Severity

if TYPE_CHECKING:
    from ._mend import Draft

__all__ = ["Diagnosis", "by_hand", "fatal", "fixable", "named", "note"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, and the change of a draft that removes it (None: only people can)."""

    finding: Finding
    mend: Callable[[Draft], None] | None = None


def note(rule: str, message: str, tasks: Iterable[str] = (), hint: str = "") -> Diagnosis:
    """Return something worth knowing."""
    return Diagnosis(
        Finding(rule=rule, severity=Severity.NOTE, message=message, task_ids=tuple(tasks), mend=Mend.NONE, hint=hint)
    )


def fatal(rule: str, message: str, tasks: Iterable[str] = (), hint: str = "") -> Diagnosis:
    """Return why the plan can't be carried out."""
    return Diagnosis(
        Finding(rule=rule, severity=Severity.FATAL, message=message, task_ids=tuple(tasks), mend=Mend.NONE, hint=hint)
    )


def by_hand(rule: str, message: str, tasks: Iterable[str], hint: str) -> Diagnosis:
    """Return what only the author can put right: it sends no plan back, and ``--strict`` refuses it."""
    return Diagnosis(Finding(rule=rule, severity=Severity.FIXABLE, message=message, task_ids=tuple(tasks),
                             mend=Mend.NONE, hint=hint))


def fixable(
    rule: str, message: str, tasks: Iterable[str], way: Mend, mend: Callable[[Draft], None], hint: str = ""
) -> Diagnosis:
    """Return what *mend* puts right."""
    finding = Finding(
        rule=rule, severity=Severity.FIXABLE, message=message, task_ids=tuple(tasks), mend=way, hint=hint
    )
    return Diagnosis(finding, mend)


def named(ids: Sequence[str]) -> str:
    """Return *ids* in words, a long list cut short."""
    shown = ", ".join(map(repr, ids[:_SHOWN]))
    return shown if len(ids) <= _SHOWN else f"{shown} and {len(ids) - _SHOWN} more"
