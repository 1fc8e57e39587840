"""Turn table profiles into a report: figures, observations with the exact cell, tables, and what to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ._chart import Chart
from ._profile import Histogram, TableProfile
from ._profile_columns import ColumnProfile
from ._profile_groups import WEAKEST, Grouping
from ._profile_visits import MAX_SHOWN
from ._report_text import counted, number, one_line

DETAILED_TABLES = 30
MAX_OBSERVATIONS = 500
MAX_QUOTE = 300
MAX_REASONS = 20
MAX_SAID = 3  # reasons in a summary that has nothing else to say
METHOD = (
    "Outliers: modified z-score with the median absolute deviation (Iglewicz and Hoaglin 1993), |M| > 3.5, in columns "
    "of at least 8 numbers; where the MAD is 0, the mean absolute deviation, and only values found in at most one of "
    "a hundred cells. Keys and 0/1 flags have no outliers."
)
MISSING_WORDS = "Missing cells are blank or hold NA, N/A, NaN or null."


def profile_report(
    profiles: Sequence[TableProfile], notes: Sequence[str] = (), chart: Chart | None = None
) -> dict[str, object]:
    """Return a report of all profiled tables, as JSON; the data of the chart are one of its tables."""
    figures = {
        "tables": len(profiles),
        "rows": sum(profile.rows for profile in profiles),
        "columns": sum(len(profile.columns) for profile in profiles),
        "missing_cells": sum(profile.missing_cells for profile in profiles),
        "duplicate_rows": sum(profile.duplicate_rows for profile in profiles),
        "outliers": sum(profile.outlier_count for profile in profiles),
    }
    observations = [observation for profile in profiles for observation in _observations(profile)]
    return {
        "title": "Table profile",
        "summary": _summary(figures, profiles, notes),
        "figures": figures,
        "observations": observations[:MAX_OBSERVATIONS],
        "tables": [*_tables(profiles), *_chart_table(chart)],
        "notes": [*_table_notes(profiles), *notes, *_limits(profiles, len(observations))],
    }


def _summary(figures: Mapping[str, int], profiles: Sequence[TableProfile], left_out: Sequence[str]) -> str:
    if not profiles:
        return " ".join(["There is no table to profile.", *left_out[:MAX_SAID]])
    start = (
        f"{counted(figures['tables'], 'table')} with {counted(figures['rows'], 'row')} "
        f"and {counted(figures['columns'], 'column')} in all."
    )
    oddities = (
        f"{counted(figures['missing_cells'], 'cell')} {'is' if figures['missing_cells'] == 1 else 'are'} missing, "
        f"{counted(figures['duplicate_rows'], 'row repeats', 'rows repeat')} an earlier one, and "
        f"{counted(figures['outliers'], 'cell lies', 'cells lie')} far outside the column."
    )
    return f"{start} {oddities}"


def _observations(profile: TableProfile) -> Iterator[dict[str, object]]:
    for outlier in profile.outliers:
        message = f"{outlier.cell.strip()} lies far outside the other values of column {outlier.column}"
        yield _observation(profile, "outlier", "medium", message, outlier.place, outlier.cell)
    for odd in profile.odd_cells:
        kind = next(column.type for column in profile.columns if column.name == odd.column)
        message = f"{one_line(odd.text, 40)} is no {kind}, unlike the other values of column {odd.column}"
        yield _observation(profile, "mixed-type", "low", message, odd.place, odd.text)
    for repeat in profile.duplicates:
        message = f"A row repeats an earlier one: {one_line(repeat.text, 80)}"
        yield _observation(profile, "duplicate-row", "low", message, repeat.place, repeat.text)


def _observation(
    profile: TableProfile, rule: str, severity: str, message: str, place: str, quote: str
) -> dict[str, object]:
    return {
        "rule": rule,
        "severity": severity,
        "message": one_line(message, 200) + ".",
        "source": profile.source,
        "location": place,
        "quote": quote[:MAX_QUOTE],
    }


def _table_notes(profiles: Iterable[TableProfile]) -> Iterator[str]:
    for profile in profiles:
        yield from (f"{profile.source} {note}." for note in profile.notes)


def _limits(profiles: Sequence[TableProfile], observations: int) -> Iterator[str]:
    """Say where something was counted but is not listed."""
    outliers = sum(each.outlier_count for each in profiles), sum(len(each.outliers) for each in profiles)
    repeats = sum(each.duplicate_rows for each in profiles), sum(len(each.duplicates) for each in profiles)
    for what, (total, shown) in (("outliers", outliers), ("repeated rows", repeats)):
        if shown < total:
            yield f"Of {number(total)} {what} {number(shown)} are named, at most {MAX_SHOWN} for each column or table."
    if observations > MAX_OBSERVATIONS:
        yield f"Of {number(observations)} observations the first {MAX_OBSERVATIONS} are listed; all are counted."
    if len(profiles) > DETAILED_TABLES:
        yield f"Only the {DETAILED_TABLES} tables with the most rows are shown column by column."
    if any(column.numeric for profile in profiles for column in profile.columns):
        yield METHOD
    if profiles:
        yield MISSING_WORDS


def _tables(profiles: Sequence[TableProfile]) -> Iterator[dict[str, object]]:
    if not profiles:
        return
    yield _overview(profiles)
    largest = {profile.source for profile in sorted(profiles, key=lambda profile: -profile.rows)[:DETAILED_TABLES]}
    detailed = [profile for profile in profiles if profile.source in largest]
    for profile in detailed:
        yield _columns(profile)
        for grouping in profile.groupings:
            yield _groups(profile, grouping)
    yield from _correlations(detailed)
    yield from _outliers(detailed)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, object]:
    return {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}


def _overview(profiles: Iterable[TableProfile]) -> dict[str, object]:
    columns = ("table", "rows", "columns", "missing cells", "duplicate rows", "outliers", "form")
    rows = (
        (each.source, each.rows, len(each.columns), each.missing_cells, each.duplicate_rows, each.outlier_count,
         each.form)
        for each in profiles
    )
    return _table("Tables", columns, rows)


def _columns(profile: TableProfile) -> dict[str, object]:
    """Show what the columns hold; a figure that no column has gets no column here."""
    parts: tuple[tuple[str, Callable[[ColumnProfile], object]], ...] = (
        ("column", lambda column: column.name),
        ("type", lambda column: f"{column.type} (key)" if column.identifier else column.type),
        ("filled", lambda column: column.count),
        ("missing", lambda column: column.missing),
        ("distinct", lambda column: "very many" if column.distinct is None else column.distinct),
        ("min", lambda column: column.minimum),
        ("max", lambda column: column.maximum),
        ("mean", lambda column: None if column.identifier else column.mean),
        ("median", lambda column: None if column.identifier else column.median),
        ("stdev", lambda column: None if column.identifier else column.stdev),
        ("most frequent", _most_frequent),
    )
    shown = [part for part in parts if any(part[1](column) is not None for column in profile.columns)]
    rows = [[value(column) for _, value in shown] for column in profile.columns]
    return _table(f"Columns of {profile.source}", [name for name, _ in shown], rows)


def _most_frequent(column: ColumnProfile) -> str | None:
    often = [f"{one_line(text, 30)} ({number(times)})" for text, times in column.top if times > 1]
    return ", ".join(often) or None


def _groups(profile: TableProfile, grouping: Grouping) -> dict[str, object]:
    rows = (
        (each.label, each.rows, each.total, each.summary.mean, each.summary.median, each.summary.minimum,
         each.summary.maximum)
        for each in grouping.groups
    )
    title = f"{grouping.measure} by {grouping.category} ({profile.source})"
    return _table(title, (grouping.category, "rows", "sum", "mean", "median", "min", "max"), rows)


def _correlations(profiles: Iterable[TableProfile]) -> Iterator[dict[str, object]]:
    rows = [
        (profile.source, each.left, each.right, round(each.value, 6), each.rows)
        for profile in profiles
        for each in profile.correlations
    ]
    if rows:
        title = f"Strongest correlations (Pearson, |r| of at least {WEAKEST})"
        yield _table(title, ("table", "column", "and column", "r", "rows"), rows)


def _outliers(profiles: Iterable[TableProfile]) -> Iterator[dict[str, object]]:
    rows = [
        (profile.source, each.place, each.column, each.cell.strip(), each.usual.median, round(each.score, 1),
         each.usual.method)
        for profile in profiles
        for each in profile.outliers
    ]
    if rows:
        columns = ("table", "line", "column", "cell", "median", "modified z-score", "scale")
        yield _table("Outliers", columns, rows)


def choose_chart(profiles: Sequence[TableProfile]) -> Chart | None:
    """Choose what to draw of the table with the most rows: its measure by category, else its distribution."""
    for profile in sorted(profiles, key=lambda profile: -profile.rows):
        if profile.groupings and len(profile.groupings[0].groups) > 1:
            return _bars(profile, profile.groupings[0])
        if profile.histogram:
            return _histogram(profile, profile.histogram)
    return None


def _bars(profile: TableProfile, grouping: Grouping) -> Chart:
    groups = sorted(grouping.groups, key=lambda group: -group.summary.median)
    return Chart(
        kind="bars",
        title=f"Median {grouping.measure} by {grouping.category}",
        subtitle=f"{profile.source}, {counted(profile.rows, 'row')}; the median, so that outliers do not count",
        labels=tuple(group.label for group in groups),
        values=tuple(group.summary.median for group in groups),
    )


def _histogram(profile: TableProfile, histogram: Histogram) -> Chart:
    beyond = f"; {counted(histogram.beyond, 'outlier')} beyond the axis" if histogram.beyond else ""
    return Chart(
        kind="histogram",
        title=f"Distribution of {histogram.column}",
        subtitle=f"{profile.source}, {counted(profile.rows, 'row')}{beyond}",
        edges=(histogram.bins[0][0], *(high for _, high, _ in histogram.bins)),
        values=tuple(float(held) for _, _, held in histogram.bins),
    )


def _chart_table(chart: Chart | None) -> Iterator[dict[str, object]]:
    """Return the data of a chart as a table, from which a report can draw it again."""
    if chart is None:
        return
    title = f"Chart: {chart.title}"
    if chart.kind == "bars":
        yield _table(title, ("", chart.subtitle), zip(chart.labels, chart.values, strict=True))
    else:
        bins = zip(chart.edges, chart.edges[1:], chart.values, strict=False)
        yield _table(title, ("from", "to", chart.subtitle), bins)


def not_tables(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """Say which files were left out and why, one note a reason."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons:
        names.setdefault(reason, []).append(name)
    notes = [f"Left out because it {reason}: {_some(files)}." for reason, files in names.items()]
    more = len(notes) - MAX_REASONS
    return notes if more <= 0 else [*notes[:MAX_REASONS], f"{number(more)} more reasons to leave out a file."]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
