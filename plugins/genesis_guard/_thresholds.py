"""The thresholds of screening, from the operator's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis_core import SettingsError

__all__ = ["Thresholds", "thresholds_of"]

SECTION = "[policy.screening]"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a text is doubted, and from which it is refused."""

    quarantine: float = 0.9
    block: float = 0.98


def thresholds_of(section: Mapping[str, Any] | None) -> Thresholds:
    """Return the thresholds that the guard's *section* of the settings sets; raises SettingsError for what is none."""
    given = (section or {}).get("screening", {})
    if not isinstance(given, Mapping):
        raise SettingsError(f"{SECTION} is a table of thresholds in 0..1, not {given!r}"[:300],
                            hint=f"known: {', '.join(Thresholds.__slots__)}")
    unknown = [name for name in given if name not in Thresholds.__slots__]
    wrong = [name for name, value in given.items()
             if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1]  # fmt: skip
    if unknown or wrong:
        raise SettingsError(f"{SECTION}: {(unknown or wrong)[0]!r} is no threshold in 0..1",
                            hint=f"known: {', '.join(Thresholds.__slots__)}")  # fmt: skip
    return Thresholds(**given)
