"""Write a document as one HTML page: no script, nothing loaded from elsewhere, every foreign word escaped.

Charts are embedded as images, in which no script runs and from which nothing is fetched, whoever drew them. The page's
own policy forbids both once more.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

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
    Picture,
    Section,
    cell,
    figure_columns,
    summary,
)
from ._report_text import counted, label, number, one_line, visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
LONG_TABLE = 14  # rows beyond which a table scrolls on a screen; on paper it never does


def html_page(document: Document) -> str:
    """Return the page."""
    return "\n".join([
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{_text(document.title)}</title>",
        f"<style>\n{_style()}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#content">Skip to the content</a>',
        '<div class="page">',
        *_contents(document),
        '<main id="content">',
        *_head(document),
        *_findings(document),
        *(line for at, section in enumerate(document.present) for line in _section(section, at)),
        *_not_done(document),
        "</main>",
        "</div>",
        "</body>",
        "</html>",
        "",
    ])


@cache
def _style() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def _text(text: str, limit: int = 0) -> str:
    return escape(one_line(text, limit))


def _anchor(at: int) -> str:
    return f"section-{at + 1}"


def _contents(document: Document) -> Iterator[str]:
    links = [("at-a-glance", "At a glance"), *([("findings", "Findings")] if document.present else [])]
    links += [(_anchor(at), section.title) for at, section in enumerate(document.present)]
    if _has_notes(document):
        links.append(("notes", "What was not done"))
    yield '<nav aria-label="Contents"><p>Contents</p><ol>'
    yield from (f'<li><a href="#{anchor}">{_text(title, 80)}</a></li>' for anchor, title in links)
    yield "</ol></nav>"


def _head(document: Document) -> Iterator[str]:
    yield f'<header id="at-a-glance"><h1>{_text(document.title)}</h1>'
    if document.goal:
        yield f'<p class="goal">{_text(document.goal, 1000)}</p>'
    if document.facts:
        facts = (f"{_text(name)}: <code>{_text(words, 300)}</code>" for name, words in document.facts)
        yield f'<p class="soft">{" · ".join(facts)}</p>'
    yield f'<p class="lead">{_text(summary(document))}</p>'
    yield from _tally(document.counts)
    yield from _lead(document)
    yield "</header>"
    for section in document.absent:
        yield f'<p class="missing"><strong>Missing: {_text(section.title)}</strong>, as {_text(section.missing)}.</p>'
    yield '<div class="cards">'
    for at, section in enumerate(document.present):
        yield f'<section class="card"><h2><a href="#{_anchor(at)}">{_text(section.title, 80)}</a></h2>'
        yield from _figures(section.headlines)
        yield from _tally({severity: count for severity, count in section.counts.items() if count})
        if section.raw:
            yield "<p>Shown as it was given.</p>"
        if section.made.degraded:
            yield '<p><span class="chip medium">degraded</span></p>'
        yield "</section>"
    yield "</div>"


def _lead(document: Document) -> Iterator[str]:
    if document.lead is not None:
        yield f"<p>{_text(document.lead.text)}</p>"
        if document.lead.items:
            yield from _list(document.lead.items)
        yield from (f'<p class="soft">{_text(note)}</p>' for note in document.lead.notes)


def _tally(counts: Mapping[str, int]) -> Iterator[str]:
    if any(counts.values()):
        chips = (
            f'<li class="chip {severity if count else "zero"}"><b>{number(count)}</b> {severity}</li>'
            for severity, count in counts.items()
        )
        yield f'<ul class="tally" aria-label="Observations by severity">{"".join(chips)}</ul>'


def _figures(figures: Sequence[tuple[str, object]]) -> Iterator[str]:
    if figures:
        yield '<dl class="figures">'
        for name, value in figures:
            shown = "not known" if value is None else cell(value)
            yield f"<div><dt>{_text(label(name), 80)}</dt><dd>{escape(shown)}</dd></div>"
        yield "</dl>"


def _findings(document: Document) -> Iterator[str]:
    if not document.present:
        return
    yield '<section id="findings"><h2>Findings</h2>'
    if not document.has_findings:
        yield f"<p>{NO_FINDINGS}</p>"
    for severity in GRAVE:
        clusters = document.clusters(severity)
        if clusters:
            count = document.counts[severity]
            yield f'<h3><span class="chip {severity}">{severity}</span> {counted(count, "finding")}</h3>'
            yield from (line for cluster in clusters for line in _cluster(cluster))
    yield "</section>"


def _cluster(cluster: Cluster) -> Iterator[str]:
    count = len(cluster.findings)
    yield f'<div class="cluster"><h4><code>{_text(cluster.rule, 80)}</code>'
    yield f' <span class="soft">{_text(cluster.section.title, 80)} · {number(count)}</span></h4>'
    yield from _items(cluster.findings, MAX_GROUP)
    yield "</div>"


def _items(findings: Sequence[Finding], limit: int) -> Iterator[str]:
    yield '<ul class="items">'
    for finding in findings[:limit]:
        yield "<li>"
        if finding.words:
            yield f'<p class="message">{_text(finding.words, MAX_TEXT)}</p>'
        if finding.place:
            yield f'<p class="place"><code>{_text(finding.place, 200)}</code></p>'
        if finding.quote.strip():
            yield f"<pre>{escape(_quote(finding.quote))}</pre>"
        yield "</li>"
    yield "</ul>"
    if len(findings) > limit:
        yield f'<p class="more">{number(len(findings) - limit)} more of this kind are counted, but not listed here.</p>'


def _quote(text: str) -> str:
    text = visible(text.strip("\n"))
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _section(section: Section, at: int) -> Iterator[str]:
    yield f'<section id="{_anchor(at)}"><h2>{_text(section.title)}</h2>'
    yield from (f'<p class="soft">{_text(sentence)}</p>' for sentence in section.made.sentences)
    if section.summary:
        yield f"<p>{_text(section.summary, 2000)}</p>"
    yield from _figures(section.figures)
    grave = {severity: section.counts[severity] for severity in GRAVE if section.counts[severity]}
    if grave:
        found = ", ".join(f"{number(count)} {severity}" for severity, count in grave.items())
        yield f'<p><a href="#findings">{counted(sum(grave.values()), "finding")}</a>: {found}.</p>'
    yield from (_picture(picture) for picture in section.pictures)
    yield from (line for grid in section.grids for line in _grid(grid))
    if section.info:
        yield "<h3>What was found, word for word</h3>" if any(each.quote for each in section.info) else "<h3>Noted</h3>"
        yield from _items(section.info, MAX_INFO)
    if section.raw:
        yield f"<pre>{escape(visible(section.raw))}</pre>"
    yield "</section>"


def _picture(picture: Picture) -> str:
    data = b64encode(picture.svg.encode("utf-8", errors="replace")).decode("ascii")
    words = _text(picture.words, 500)
    return f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{words}"></figure>'


def _grid(grid: Grid) -> Iterator[str]:
    right = figure_columns(grid)
    # The title stands outside: a long table scrolls below it, and its head stays in sight.
    rows, title = len(grid.rows), _text(grid.title, 120)
    long, size = "", ""
    if rows > LONG_TABLE:
        long, size = " long", f' <span class="soft">{counted(rows, "row")}</span>'
    yield f"<h4>{title}{size}</h4>"
    yield f'<div class="table{long}" tabindex="0" role="region" aria-label="{title}"><table>'
    heads = (f'<th scope="col"{_side(right, at)}>{_text(name, 80)}</th>' for at, name in enumerate(grid.columns))
    yield f"<thead><tr>{''.join(heads)}</tr></thead><tbody>"
    for row in grid.rows[:MAX_ROWS]:
        cells = (f"<td{_side(right, at)}>{_breakable(cell(value))}</td>" for at, value in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
    if rows > MAX_ROWS:
        yield f'<p class="more">{counted(rows - MAX_ROWS, "more row")} not shown here.</p>'


def _breakable(text: str) -> str:
    """Escape a cell, and let a long path break after its slashes."""
    return escape(text).replace("/", "/<wbr>") if len(text) > 24 else escape(text)


def _side(right: Sequence[bool], at: int) -> str:
    return ' class="right"' if at < len(right) and right[at] else ""


def _has_notes(document: Document) -> bool:
    return any(section.notes for section in document.present) or bool(document.absent)


def _not_done(document: Document) -> Iterator[str]:
    if not _has_notes(document):
        return
    yield '<section id="notes"><h2>What was not done, and how to read it</h2>'
    if document.absent:
        yield "<h3>Missing sections</h3>"
        yield from _list(f"{section.title}: {section.missing}." for section in document.absent)
    for section in document.present:
        if section.notes:
            yield f"<h3>{_text(section.title)}</h3>"
            yield from _list(section.notes)
    yield "</section>"


def _list(notes: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_text(note, 600)}</li>" for note in notes)
    yield "</ul>"
