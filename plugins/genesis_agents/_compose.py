"""Put the results of several tasks into one document: sections, findings by severity, figures, and what is missing.

Nothing is added: a figure in the document is a figure of a result or a count of what results hold. A result that is no
Report is shown as the JSON that it is, and one that is not there is named.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from typing import TypeGuard

from ._chart import chart_from, draw
from ._compose_made import NOBODY, Lead, Made, lead_of, made_of
from ._report_text import counted, label, number, one_line

Scalar = int | float | str | None

SEVERITIES = ("high", "medium", "low", "info")
GRAVE = SEVERITIES[:-1]
NO_FINDINGS = "No section reports a finding of high, medium or low severity."
CHART_TABLE = "Chart: "  # begins the title of a table that holds the data of a chart
MAX_GROUP = 25  # observations shown of one rule and section; all are counted
MAX_INFO = 100
MAX_ROWS = 100
MAX_TEXT = 400
MAX_RAW = 20_000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{1,15})?")
_WORD = re.compile(r"\w+")
MAX_PICTURE = 1_000_000
HEADLINES = 6
MAX_TITLE = 60  # characters: longer lists of sections make no title


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found at a place."""

    rule: str
    severity: str
    message: str
    source: str
    location: str
    quote: str

    @property
    def words(self) -> str:
        """Return the message, or nothing where it only repeats the quote that stands below it."""
        return "" if self.quote.strip() and _WORD.findall(self.message) == _WORD.findall(self.quote) else self.message

    @property
    def place(self) -> str:
        """Return file and line in one."""
        return f"{self.source}:{self.location}" if self.source and self.location else self.source or self.location


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows under named columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: what it is called, what it shows in words, and its SVG."""

    name: str
    words: str
    svg: str


@dataclass(frozen=True, slots=True)
class Section:
    """What one task gave."""

    name: str
    title: str
    summary: str = ""
    figures: tuple[tuple[str, Scalar], ...] = ()
    findings: tuple[Finding, ...] = ()
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    raw: str = ""
    missing: str = ""
    pictures: tuple[Picture, ...] = ()
    made: Made = NOBODY

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many findings there are of each severity, the gravest first."""
        counts = Counter(finding.severity for finding in self.findings)
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def headlines(self) -> tuple[tuple[str, Scalar], ...]:
        """Return the figures that come first."""
        return self.figures[:HEADLINES]

    @property
    def info(self) -> tuple[Finding, ...]:
        """Return what was found that is no fault."""
        return tuple(finding for finding in self.findings if finding.severity == "info")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The findings of one rule in one section, with a severity in common."""

    severity: str
    rule: str
    section: Section
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    goal: str
    sections: tuple[Section, ...] = field(default=())
    facts: tuple[tuple[str, str], ...] = ()
    """What the report is of: workspace, run."""
    lead: Lead | None = None

    @property
    def present(self) -> tuple[Section, ...]:
        """Return the sections that have a result."""
        return tuple(section for section in self.sections if not section.missing)

    @property
    def absent(self) -> tuple[Section, ...]:
        """Return the sections whose task gave nothing."""
        return tuple(section for section in self.sections if section.missing)

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many findings there are of each severity, the gravest first."""
        return {severity: sum(section.counts[severity] for section in self.sections) for severity in SEVERITIES}

    @property
    def has_findings(self) -> bool:
        """Return whether anything was found that asks for a decision."""
        return any(self.counts[severity] for severity in GRAVE)

    def clusters(self, severity: str) -> list[Cluster]:
        """Return the findings of a severity by section and rule, in the order of the sections."""
        return [
            Cluster(severity, rule, section, tuple(found))
            for section in self.sections
            for rule, found in _by_rule(finding for finding in section.findings if finding.severity == severity)
        ]


def _by_rule(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.rule, []).append(finding)
    return list(found.items())


def compose(
    results: Sequence[tuple[str, object]],
    *,
    missing: Mapping[str, str] | None = None,
    pictures: Mapping[str, Sequence[Picture]] | None = None,
    title: str = "",
    goal: str = "",
    facts: Mapping[str, str] | None = None,
    made: Mapping[str, object] | None = None,
    lead: object = None,
) -> Document:
    """Return the document of some results, in their order, then the branches that are missing with the reason.

    *made* says by the name of a result who wrote it, and *lead* what a model says of them all.
    """
    sections = [
        replace(_read_section(inner, value, tuple((pictures or {}).get(name, ()))),
                made=made_of((made or {}).get(name), task))
        for name, whole in results
        for inner, task, value in _branches(name, whole)
    ]
    sections += [Section(name, label(name), missing=reason) for name, reason in (missing or {}).items()]
    told = tuple((name, words) for name, words in (facts or {}).items() if words)
    return Document(title or title_of(sections, told), goal, tuple(_tell_apart(sections)), told, lead_of(lead))


def title_of(sections: Sequence[Section], facts: Sequence[tuple[str, str]] = ()) -> str:
    """Make a title of what a report holds, when that is short enough to be one, and of which workspace it is."""
    names = list(dict.fromkeys(section.title for section in sections if not section.missing))
    words = " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
    words = words if 0 < len(words) <= MAX_TITLE else "Report"
    where = one_line(dict(facts).get("Workspace", "")).rstrip("/").rpartition("/")[2]
    if not where.strip("."):
        return words
    return f"Report on {where}" if words == "Report" else f"{words}: {where}"


def _branches(name: str, value: object) -> list[tuple[str, str, object]]:
    """Take the result of a task with sub-tasks, a mapping of their ids to reports, apart: name, id, report."""
    if isinstance(value, Mapping) and len(value) and all(is_report(inner) for inner in value.values()):
        return [(f"{name}.{inner.rpartition('/')[2]}", str(inner), report) for inner, report in value.items()]
    return [(name, "", value)]


def _tell_apart(sections: Sequence[Section]) -> list[Section]:
    titles = Counter(section.title for section in sections)
    return [
        section if titles[section.title] == 1 else replace(section, title=f"{section.title} ({section.name})")
        for section in sections
    ]


def _read_section(name: str, value: object, pictures: tuple[Picture, ...]) -> Section:
    if value is None:
        return Section(name, label(name), missing="it gave no result")
    if not is_report(value):
        return Section(name, label(name), raw=_plainly(value), pictures=pictures)
    grids = tuple(_grid(entry) for entry in _entries(value, "tables"))
    drawn = [(grid, draw_table(grid)) for grid in grids if grid.title.startswith(CHART_TABLE)]
    return Section(
        name=name,
        title=one_line(_text(value, "title"), 120) or label(name),
        summary=_text(value, "summary"),
        figures=tuple(_figures(value.get("figures"))),
        findings=tuple(_finding(entry) for entry in _entries(value, "observations")),
        grids=tuple(grid for grid in grids if all(grid is not each for each, picture in drawn if picture)),
        notes=tuple(str(note) for note in _list(value.get("notes"))),
        pictures=pictures or tuple(picture for _, picture in drawn if picture),
    )


def pictures_of(charts: object) -> list[Picture]:
    """Read charts that were passed on as their SVG; one that is too large for a page is left out."""
    return [
        Picture(_text(chart, "name"), _title_of(svg) or label(_text(chart, "name")), svg)
        for chart in _list(charts)
        if isinstance(chart, Mapping) and 0 < len(svg := _text(chart, "svg")) <= MAX_PICTURE
    ]


def _title_of(svg: str) -> str:
    found = re.search(r"<title[^<>]{0,200}>([^<]{1,300})</title>", svg[:5_000])
    return unescape(found[1]).strip() if found else ""


def draw_table(grid: Grid) -> Picture | None:
    """Draw a table that holds the data of a chart: labels and values, or the edges and counts of bins."""
    title = grid.title.removeprefix(CHART_TABLE)
    values = [row[-1] for row in grid.rows if row]
    data: dict[str, object] = {"title": title, "values": values}
    if grid.columns[:2] == ("from", "to"):
        edges = [row[0] for row in grid.rows[:1] if row] + [row[1] for row in grid.rows if len(row) > 1]
        data |= {"kind": "histogram", "edges": edges, "subtitle": grid.columns[-1]}
    else:
        data |= {"kind": "bars", "labels": [cell(row[0]) for row in grid.rows if row], "subtitle": grid.columns[-1]}
    try:
        return Picture(f"{title}.svg", title, draw(chart_from(data)))
    except ValueError:
        return None


def is_report(value: object) -> TypeGuard[Mapping[str, object]]:
    """Return whether a result has the shape of a Report: a title or summary, and nothing of another type."""
    if not isinstance(value, Mapping):
        return False
    shape: Mapping[str, type | tuple[type, ...]] = {
        "title": str, "summary": str, "figures": Mapping, "observations": (list, tuple), "tables": (list, tuple),
        "charts": (list, tuple), "notes": (list, tuple),
    }
    fits = all(key in shape and isinstance(entry, shape[key]) for key, entry in value.items())
    return fits and ("title" in value or "summary" in value)


def _plainly(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    if len(text) <= MAX_RAW:
        return text
    return f"{text[:MAX_RAW]}\n… ({counted(len(text) - MAX_RAW, 'more character')})"


def _text(value: Mapping[str, object], key: str) -> str:
    found = value.get(key, "")
    return found if isinstance(found, str) else str(found)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _entries(value: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    return [entry for entry in _list(value.get(key)) if isinstance(entry, Mapping)]


def _figures(value: object) -> list[tuple[str, Scalar]]:
    if not isinstance(value, Mapping):
        return []
    return [(str(key), entry if isinstance(entry, (int, float, str)) else None) for key, entry in value.items()]


def _finding(entry: Mapping[str, object]) -> Finding:
    severity = _text(entry, "severity")
    return Finding(
        rule=_text(entry, "rule") or "observation",
        severity=severity if severity in SEVERITIES else "info",
        message=_text(entry, "message"),
        source=_text(entry, "source"),
        location=_text(entry, "location"),
        quote=_text(entry, "quote"),
    )


def _grid(entry: Mapping[str, object]) -> Grid:
    columns = tuple(str(column) for column in _list(entry.get("columns")))
    return Grid(_text(entry, "title"), columns, tuple(tuple(_list(row)) for row in _list(entry.get("rows"))))


def summary(document: Document) -> str:
    """Say in two or three sentences what the report holds."""
    counts = document.counts
    found = [f"{number(counts[severity])} {severity}" for severity in SEVERITIES if counts[severity]]
    total = sum(counts.values())
    parts = [f"{counted(len(document.present), 'section')} with {counted(total, 'observation')}"]
    parts[0] += f": {', '.join(found)}." if found else "."
    if document.absent:
        parts.append(f"Missing: {', '.join(section.title for section in document.absent)}.")
    return " ".join(parts)


def figures(document: Document) -> dict[str, Scalar]:
    """Return the counts of the report and the headline figures of each section under its name."""
    result: dict[str, Scalar] = {"sections": len(document.present), "missing_sections": len(document.absent)}
    result.update({f"observations_{severity}": count for severity, count in document.counts.items()})
    for section in document.present:
        result.update({f"{section.name}.{key}": value for key, value in section.headlines})
    return result


def cell(value: object) -> str:
    """Write a cell of a table for a person."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(value)
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), MAX_TEXT)


def figure_columns(grid: Grid) -> tuple[bool, ...]:
    """Return which columns hold numbers and dates only, so that they can be aligned on the right."""
    width = max((len(row) for row in grid.rows), default=len(grid.columns))
    held = [[row[at] for row in grid.rows if at < len(row) and row[at] is not None] for at in range(width)]
    return tuple(bool(cells) and all(map(_is_figure, cells)) for cells in held)


def _is_figure(value: object) -> bool:
    if isinstance(value, str):
        return _DATE.fullmatch(value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)
