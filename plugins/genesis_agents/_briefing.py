"""What a model is told of findings and inputs: lines instead of JSON, the gravest first, short enough for a small one.

All of it stays in the result, and its numbers are known there; a model that wants more reads files or calls tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from genesis_core import Observation, Report, Table, Weight

from ._compose import is_report
from ._report_text import one_line

__all__ = ["ROOM", "briefed", "findings", "plain"]

ROOM = 6_000
"""Characters of findings, and as many of inputs: with the rest, what a context of 4,096 tokens takes in."""
MAX_OBSERVATIONS, MAX_TABLES, MAX_ROWS, MAX_NOTES, MAX_LINE = 20, 3, 10, 6, 240
_WEIGHTS = list(Weight)


def briefed(inputs: Mapping[str, object]) -> str:
    """Return what a task was given, each input under its name; all share the room alike."""
    values = {name: value for name, given in inputs.items() if (value := plain(given)) not in (None, "", [], {})}
    return "\n\n".join(f"## {name}\n{_value(value, ROOM // len(values))}" for name, value in values.items())


def plain(value: object) -> object:
    """Return JSON: an input may be an artefact, which says nothing to a model."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return value if isinstance(value, str | int | float | list | tuple) else None


def _value(value: object, room: int) -> str:
    if is_report(value):
        return findings(Report.model_validate(value), room)
    if isinstance(value, Mapping) and value and all(is_report(inner) for inner in value.values()):
        parts = {name: _value(inner, room // len(value)) for name, inner in value.items()}
        return "\n\n".join(f"### {name}\n{text}" for name, text in parts.items())
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), room)


def findings(report: Report, room: int = ROOM) -> str:
    """Return *report* as lines: what it sums up to, figures, the gravest observations, tables, notes."""
    return _cut("\n".join(_lines(report)), room)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[:room]}\n[cut: {len(text) - room} more characters]"


def _lines(report: Report) -> Iterator[str]:
    if report.title:
        yield f"Title: {one_line(report.title, MAX_LINE)}"
    if report.summary:
        yield f"Summary: {one_line(report.summary, 3 * MAX_LINE)}"
    if report.figures:
        yield "Figures: " + ", ".join(f"{name} {value}" for name, value in report.figures.items())
    grave = sorted(report.observations, key=lambda found: -_WEIGHTS.index(found.severity))
    yield from map(_observation, grave[:MAX_OBSERVATIONS])
    yield from _more(grave, MAX_OBSERVATIONS, "observations")
    for table in report.tables[:MAX_TABLES]:
        yield from _table(table)
    yield from (f"Note: {one_line(note, MAX_LINE)}" for note in report.notes[:MAX_NOTES])
    yield from _more(report.notes, MAX_NOTES, "notes")


def _observation(found: Observation) -> str:
    place = f"{found.source}:{found.location}" if found.location else found.source
    quote = f" | {one_line(found.quote, MAX_LINE // 2)}" if found.quote.strip() else ""
    return f"- {found.severity.value} {found.rule} {place} {one_line(found.message, MAX_LINE)}{quote}"


def _table(table: Table) -> Iterator[str]:
    yield f"Table: {one_line(table.title, MAX_LINE)} ({', '.join(table.columns)})"
    yield from (one_line(" | ".join(map(str, row)), MAX_LINE) for row in table.rows[:MAX_ROWS])
    yield from _more(table.rows, MAX_ROWS, "rows")


def _more(items: Sequence[object], shown: int, what: str) -> Iterator[str]:
    if len(items) > shown:
        yield f"[{len(items) - shown} more {what} are not shown]"
