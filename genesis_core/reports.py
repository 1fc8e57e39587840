"""The shape of an analysis: Report, Observation, Table. ``genesis diff`` compares it, the report agent renders it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from .records import FrozenDict, Json, Record, frozen_mapping

__all__ = ["Observation", "Report", "Table", "Weight"]


class Weight(StrEnum):
    """How serious an observation is."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Observation(Record):
    """Something found at a place."""

    rule: str
    """Stable id: "import-cycle", "hardcoded-secret", "outlier"."""
    severity: Weight = Weight.INFO
    message: str = ""
    """One sentence without line numbers, so that two runs can be compared."""
    source: str = ""
    """Workspace-relative file."""
    location: str = ""
    """Line or row numbers."""
    quote: str = ""
    """The exact words found there, secrets redacted."""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same observation in another run: rule, file and message, not the line."""
        return (self.rule, self.source, self.message)


class Table(Record):
    """Rows under named columns."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Json, ...], ...] = ()


class Report(Record):
    """What an analysis found; every figure is a count of real input."""

    title: str = ""
    summary: str = ""
    figures: Annotated[Mapping[str, int | float | str | None], frozen_mapping()] = FrozenDict()
    observations: tuple[Observation, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[str, ...] = ()
    """Names of artefacts written."""
    notes: tuple[str, ...] = ()
    """What was not there, skipped or unreadable."""
