"""The analytics agent: what tables say, and the final report of what other tasks found; no model, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genesis_core import Artifact, Evidence, Level, Report, Task, TaskContext, TaskResult, agent, tool

from ._cards import card
from ._look import look_into, not_there, other_notes, told
from ._where import Where, named_files, named_folders, where, without_excluded

PROFILE, COMPOSE = "table-profile", "report"
_SUFFIXES = ("csv", "tsv", "tab", "json", "jsonl", "ndjson")
_NAMED_SUFFIXES = (*_SUFFIXES, "txt", "dat", "psv")
_NO_RESULTS = frozenset({"folder", "folders", "files", "exclude", "query", "title", "goal"})


@tool(effect="read")
def profile_tables(files: list[Path], focus: str = "") -> dict[str, object]:
    """Profile tables: types, missing values, statistics, outliers, repeated rows, groups, correlations, and a chart.

    files: CSV, TSV, JSON records or JSON Lines; any other text file is read as delimited text
    focus: words that may name columns; those are grouped and drawn first
    """
    from dataclasses import asdict

    from ._profile import TableProfile, profile_table
    from ._profile_report import choose_chart, not_tables, profile_report
    from ._tables import NotATable

    profiles: list[TableProfile] = []
    refused: list[tuple[str, str]] = []
    for file in files:
        try:
            profiles.append(profile_table(file, focus))
        except NotATable as reason:
            refused.append((file.as_posix(), str(reason)))
    chart = choose_chart(profiles)
    report = profile_report(profiles, not_tables(refused), chart)
    return {"report": report, "chart": None if chart is None else asdict(chart)}


@tool(inline=True)
def draw_chart(
    kind: str,
    title: str,
    values: list[float],
    labels: list[str] | None = None,
    edges: list[float] | None = None,
    subtitle: str = "",
) -> str:
    """Draw a bar chart or a histogram as SVG text.

    kind: "bars" with a label for each value, or "histogram" with one edge more than there are values
    values: what the bars are long, or how many values each bin holds
    labels: what the bars are called
    edges: where the bins begin, and where the last one ends
    """
    from ._chart import chart_from, draw

    data = {"kind": kind, "title": title, "values": values, "labels": labels, "edges": edges, "subtitle": subtitle}
    return draw(chart_from(data))


@tool
def compose_report(
    results: list[dict[str, object]],
    missing: dict[str, str] | None = None,
    title: str = "",
    goal: str = "",
    facts: dict[str, str] | None = None,
    lead: dict[str, object] | None = None,
) -> dict[str, object]:
    """Compose one report of several results, as Markdown and as one self-contained HTML page.

    results: for each its "name", its "value" (a Report or any JSON), its "charts" (a "name", an "svg"), who "made" it
    missing: names of results that are not there, with the reason
    title: of the report; without one it is made of what the results are called and of the workspace
    goal: what was asked for
    facts: what the report is of, by name: "Workspace", "Run"
    lead: what a model says of the whole: "text", "items", "notes"
    """
    from ._compose import compose, figures, pictures_of, summary
    from ._compose_html import html_page
    from ._compose_markdown import markdown

    named = [(str(each.get("name", "")), each.get("value")) for each in results]
    charts = {str(each.get("name", "")): pictures_of(each.get("charts")) for each in results}
    made = {str(each.get("name", "")): each.get("made") for each in results}
    document = compose(
        named, missing=missing, pictures=charts, title=title, goal=goal, facts=facts, made=made, lead=lead
    )
    return {
        "markdown": markdown(document),
        "html": html_page(document),
        "summary": summary(document),
        "figures": figures(document),
    }


@agent(card=card("analytics"), tools=[profile_tables, draw_chart, compose_report, look_into])
async def analytics(task: Task, context: TaskContext) -> TaskResult:
    """Profile tables, or compose the report of what other tasks found: whichever the task asks for."""
    if composes(task):
        return await _compose(task, context)
    return await _profile(task, context)


async def _profile(task: Task, context: TaskContext) -> TaskResult:
    chosen = _tables(context)
    files, gone = list(chosen.files), await not_there(context, chosen.place)
    found = await context.call(profile_tables, files=files, focus=_focus(task, context.inputs))
    chart = found["chart"]
    artifacts = []
    if chart is not None:
        svg = await context.call(draw_chart, **chart)
        artifacts.append(await context.write("chart.svg", svg, media_type="image/svg+xml"))
    report = Report.model_validate(found["report"])
    notes = (*other_notes(chosen.place), *chosen.notes, *(() if gone else _none(files, chosen.scope)))
    report = report.replace(notes=(*notes, *report.notes), charts=tuple(artifact.name for artifact in artifacts))
    report = told(report, gone, nothing=not files)
    return context.result(report, evidence=_evidence(report), artifacts=artifacts)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The files to profile, and what a task says of where they are."""

    files: tuple[str, ...]
    place: Where
    scope: str
    notes: tuple[str, ...] = ()


def _tables(context: TaskContext) -> _Chosen:
    """Return the files to profile: those named, else every table below the named folder, else of the workspace."""
    below, names = named_folders(context.inputs), named_files(context.inputs)
    if names and not below:
        place = where(context)
        named = tuple(name for name in place.files if _suffix(name) in _NAMED_SUFFIXES)
        strange = tuple(f"{name} is no table file." for name in place.files if name not in named)
        return _Chosen(named, place, "among the named files", strange)
    if below:
        place = where(context)
        found = tuple(name for name in place.files if _suffix(name) in _SUFFIXES or name in names)
        return _Chosen(found, place, f"below {' and '.join(below)}")
    # Not every file: a task whose list of tables is unchanged need not run again.
    every = sorted(name for suffix in _SUFFIXES for name in context.files(f"**/*.{suffix}"))
    place = without_excluded(context, every)
    return _Chosen(place.files, place, "in the workspace")


def _none(found: Sequence[str], scope: str) -> tuple[str, ...]:
    return () if found else (f"No tables (.csv, .tsv, .json, .jsonl) were found {scope}.",)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _focus(task: Task, inputs: Mapping[str, object]) -> str:
    query = inputs.get("query")
    return f"{task.description} {query}" if isinstance(query, str) else task.description


def _evidence(report: Report) -> Iterator[Evidence]:
    for found in report.observations:
        yield Evidence(source=found.source, location=found.location, quote=found.quote)


def composes(task: Task) -> bool:
    """Return whether *task* asks for the report of what other tasks found."""
    return COMPOSE in task.requires or (PROFILE not in task.requires and bool(_results(task)))


async def _compose(task: Task, context: TaskContext, lead: Mapping[str, object] | None = None) -> TaskResult:
    results, missing = _results(task), {}
    if not results and not context.models:  # a model may still write of what it reads
        return context.blocked("there is nothing to report: no other task hands it a result", acceptance=(
            'another task finds what is to be reported: genesis run "Profile the tables in data/ and write a report"',))
    charts = await _charts(task, context)
    given = []
    for name in results:
        if name in context.inputs:
            given.append({"name": name, "value": context.inputs[name], "charts": charts.get(name, []),
                          "made": _made(context.upstream.get(name, ()))})
        else:
            missing[name] = "its task gave no result"
    words = {key: context.inputs[key] for key in ("title", "goal") if isinstance(context.inputs.get(key), str)}
    facts = {"Workspace": context.workspace, "Run": context.run_id}
    made = await context.call(
        compose_report, results=given, missing=missing, **{"goal": context.goal, **words}, facts=facts, lead=lead
    )
    artifacts = [
        await context.write("report.md", made["markdown"], media_type="text/markdown"),
        await context.write("report.html", made["html"], media_type="text/html"),
    ]
    notes = () if results else ("There is no result of another task to report.",)
    report = Report(title="Report", summary=made["summary"], figures=made["figures"], notes=notes)
    return context.result(report, artifacts=artifacts)


def _made(results: Sequence[TaskResult]) -> list[dict[str, object]]:
    """Return who wrote each of *results*: the model, its tokens and their cost; or why none did."""
    return [
        {"task": one.task_id, "model": one.model if one.level is Level.MODEL else "", "tokens": one.usage.tokens,
         "cost": None if (cost := one.usage.cost) is None else f"{cost.normalize():f}", "degraded": one.degraded}
        for one in results if one.model or one.degraded
    ]


async def with_lead(task: Task, context: TaskContext, offline: TaskResult, better: TaskResult) -> TaskResult:
    """Return *better* with what its model says of the whole at the head of the report that it composed."""
    from ._model_words import RECOMMENDATIONS

    if better.level is not Level.MODEL or not composes(task):
        return better
    own, report = Report.model_validate(offline.output), Report.model_validate(better.output)
    items = [str(row[0]) for table in report.tables if table.title == RECOMMENDATIONS for row in table.rows]
    words = report.summary.removeprefix(own.summary).strip()
    lead = {"text": words, "items": items, "notes": [note for note in report.notes if note not in own.notes]}
    again = await _compose(task, context, lead)
    return better.replace(artifacts=(*again.artifacts, *better.artifacts[len(again.artifacts):]))


def _results(task: Task) -> list[str]:
    """Return the inputs that are results of other tasks, or were given by value in place of one."""
    return [
        name
        for name, given in task.inputs.items()
        if given.artifact is None and (given.task is not None or name not in _NO_RESULTS)
    ]


async def _charts(task: Task, context: TaskContext) -> dict[str, list[dict[str, str]]]:
    """Return the charts that were passed on, under the name of the result that comes from the same task."""
    owners = {given.task: name for name, given in task.inputs.items() if given.task and given.artifact is None}
    found: dict[str, list[dict[str, str]]] = {}
    for name, given in task.inputs.items():
        artifact = context.inputs.get(name)
        owner = owners.get(given.task or "") if given.artifact else None
        if owner and isinstance(artifact, Artifact) and artifact.media_type == "image/svg+xml":
            data = await context.read_artifact(artifact)
            found.setdefault(owner, []).append({"name": artifact.name, "svg": data.decode("utf-8", errors="replace")})
    return found
