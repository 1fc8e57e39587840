"""Write a document as Markdown: every foreign word escaped, so that none of it becomes a heading, link or tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ._compose import (
    GRAVE,
    MAX_GROUP,
    MAX_INFO,
    MAX_ROWS,
    MAX_TEXT,
    NO_FINDINGS,
    Cluster,
    Document,
    Finding,
    Grid,
    Section,
    cell,
    figure_columns,
    summary,
)
from ._report_text import counted, label, number, one_line, visible

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~$&]|:(?=//)|(?<=www)\.|@(?=\w)|(?<=\A)(?:[#+=-]|[0-9]{1,9}[.)](?=\s|\Z))")
_TICKS = re.compile(r"`+")


def markdown(document: Document) -> str:
    """Return the text."""
    lines = [
        f"# {text(document.title)}",
        *([f"> {text(document.goal)}"] if document.goal else []),
        *(["\n".join(f"- {text(name)}: {code(words)}" for name, words in document.facts)] if document.facts else []),
        text(summary(document)),
        *_lead(document),
        *(f"**Missing: {text(section.title)}**, as {text(section.missing)}." for section in document.absent),
        *_headlines(document),
        *_findings(document),
        *(block for section in document.present for block in _section(section)),
        *_not_done(document),
    ]
    return "\n\n".join(lines) + "\n"


def _lead(document: Document) -> Iterator[str]:
    if document.lead is not None:
        yield text(document.lead.text)
        if document.lead.items:
            yield "\n".join(f"- {text(item)}" for item in document.lead.items)
        yield from (f"*{text(note)}*" for note in document.lead.notes)


def text(value: str, limit: int = 0) -> str:
    """Escape what Markdown would act on."""
    return _SPECIAL.sub(_escaped, one_line(value, limit))


def _escaped(found: re.Match[str]) -> str:
    if found[0] in ("<", "&"):
        return "&lt;" if found[0] == "<" else "&amp;"
    return found[0][:-1] + "\\" + found[0][-1]


def code(value: str, limit: int = 0, *, in_table: bool = False) -> str:
    """Quote text as code, in a fence longer than any run of backticks inside."""
    inner = one_line(value, limit)
    if in_table:
        inner = inner.replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(inner)), default=0))
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}" if inner else ""


def _headlines(document: Document) -> Iterator[str]:
    rows = [
        (text(section.title), text(label(name)), "not known" if value is None else text(cell(value)))
        for section in document.present
        for name, value in section.headlines
    ]
    if rows:
        yield "## At a glance"
        yield _table(("Section", "Figure", "Value"), rows, (False, False, True))


def _findings(document: Document) -> Iterator[str]:
    if document.present:
        yield "## Findings"
        yield from () if document.has_findings else (NO_FINDINGS,)
    for severity in (each for each in GRAVE if document.counts[each]):
        yield f"### {severity.capitalize()}: {counted(document.counts[severity], 'finding')}"
        for cluster in document.clusters(severity):
            yield from _cluster(cluster)


def _cluster(cluster: Cluster) -> Iterator[str]:
    yield f"**{code(cluster.rule)}** ({text(cluster.section.title)}, {number(len(cluster.findings))})"
    yield from _items(cluster.findings, MAX_GROUP)


def _items(findings: Sequence[Finding], limit: int) -> Iterator[str]:
    yield "\n".join(_item(finding) for finding in findings[:limit])
    if len(findings) > limit:
        yield f"{number(len(findings) - limit)} more of this kind are counted, but not listed here."


def _item(finding: Finding) -> str:
    parts = [text(finding.words, MAX_TEXT)] if finding.words else []
    parts += [code(finding.place, 200)] if finding.place else []
    quote = f"\n  > {code(finding.quote, MAX_TEXT)}" if finding.quote.strip() else ""
    return f"- {' '.join(parts)}{quote}"


def _section(section: Section) -> Iterator[str]:
    yield f"## {text(section.title)}"
    yield from (f"*{text(sentence)}*" for sentence in section.made.sentences)
    if section.summary:
        yield text(section.summary)
    if len(section.figures) > len(section.headlines):
        rows = [(text(label(name)), "not known" if v is None else text(cell(v))) for name, v in section.figures]
        yield _table(("Figure", "Value"), rows, (False, True))
    for picture in section.pictures:
        yield f"Chart: {text(picture.words)} (in the HTML report)."
    for grid in section.grids:
        yield from _grid(grid)
    if section.info:
        yield "### What was found, word for word" if any(each.quote for each in section.info) else "### Noted"
        yield from _items(section.info, MAX_INFO)
    if section.raw:
        yield "\n".join(f"    {line}" for line in visible(section.raw).split("\n"))


def _grid(grid: Grid) -> Iterator[str]:
    yield f"**{text(grid.title)}**"
    rows = [[text(cell(value)) for value in row] for row in grid.rows[:MAX_ROWS]]
    yield _table([text(name) for name in grid.columns], rows, figure_columns(grid))
    if len(grid.rows) > MAX_ROWS:
        yield f"{counted(len(grid.rows) - MAX_ROWS, 'more row')} not shown here."


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]) -> str:
    sides = ("--:" if at < len(right) and right[at] else "---" for at in range(len(columns)))
    lines = [columns, tuple(sides), *(tuple(row)[: len(columns)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _not_done(document: Document) -> Iterator[str]:
    if document.absent or any(section.notes for section in document.present):
        yield "## What was not done, and how to read it"
    if document.absent:
        yield "\n".join(f"- {text(section.title)}: {text(section.missing)}." for section in document.absent)
    for section in document.present:
        if section.notes:
            yield f"**{text(section.title)}**"
            yield "\n".join(f"- {text(note, 600)}" for note in section.notes)
