"""The final report: its figures are those it was given, what is missing is named, and hostile text stays text."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_agents._compose import MAX_GROUP, compose, figures, is_report, summary
from genesis_agents._compose_html import html_page
from genesis_agents._compose_markdown import code, markdown, text
from genesis_agents._report_text import number, one_line, visible
from genesis_agents.analytics import analytics, compose_report
from genesis_core import Acceptance, Observation, Report, Table, Task, TaskContext, TaskGraph, TaskState, Weight
from genesis_core.testing import FakeAgent, ToolContract, run_graph

ROOT = Path(__file__).resolve().parents[3]
WORKSPACE = ROOT / "examples" / "workspace"

SECURITY = Report(
    title="Security", summary="Two things were found.",
    figures={"files": 12, "secrets": 1, "share": 0.25, "cvss": None},
    observations=(
        Observation(rule="assert-used", severity=Weight.LOW, message="An assertion.", source="b.py", location="9"),
        Observation(rule="hardcoded-secret", severity=Weight.HIGH, message="A password is written in the code.",
                    source="src/app.py", location="12", quote='PASSWORD = "…"'),
        Observation(rule="note", message="A remark.", source="README.md", location="3", quote="never fails"),
    ),
    tables=(Table(title="By file", columns=("file", "findings"), rows=(("src/app.py", 1), ("b.py", 12345))),),
    notes=("setup.cfg could not be read.",),
)
HOSTILE = [
    "<script>alert(1)</script>", "[click](javascript:alert(1))", "a | b", "![x](http://evil/x.png)", "`rm -rf`",
    "</style><img src=x onerror=alert(1)>", "<!-- -->", "&lt;b&gt;", "\u202egpj.exe", "a\x00b\x1b[31m", "\ud800",
    "# not a heading", "- not a list", "1. not a list", "> not a quote", "*bold* _it_ ~~no~~", "$x$", "http://evil.example",
    "javascript:alert(1)", "\n\n# heading\n\n", '" onmouseover="alert(1)', "<javascript:alert(1)>", "```\ncode\n```",
]
VOID = {"meta", "img", "br", "wbr", "hr", "link", "input"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "a", "div", "nav", "p", "ol", "ul", "li", "main", "header", "h1",
    "h2", "h3", "h4", "section", "dl", "dt", "dd", "span", "code", "pre", "strong", "b", "table", "thead", "tbody",
    "tr", "th", "td", "figure", "img", "wbr",
}


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, the words between them, and how they nest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def document(*values: object, **options: Any) -> Any:
    return compose([(f"part{at}", value) for at, value in enumerate(values)], **options)


def page_of(*values: object, **options: Any) -> Page:
    return Page(html_page(document(*values, **options)))


def assert_self_contained(page: Page) -> None:
    assert page.wrong == [] and page.open == []
    assert {tag for tag, _ in page.tags} <= ALLOWED
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:").startswith("data:image/svg+xml;base64,") or "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert tag != "meta" or attributes.get("http-equiv") in (None, "Content-Security-Policy")


# ---- what it says --------------------------------------------------------------------------------------------------


def test_every_figure_of_a_section_is_on_the_page_and_in_the_text() -> None:
    page, words = page_of(SECURITY.to_json()).text, markdown(document(SECURITY.to_json()))
    for label, shown in (("Files", "12"), ("Secrets", "1"), ("Share", "0.25"), ("Cvss", "not known")):
        assert f"{label} {shown}" in page
        assert f"| {label} | {shown} |" in words


def test_counts_of_the_summary_are_computed_from_the_observations() -> None:
    made = document(SECURITY.to_json(), SECURITY.to_json())
    assert summary(made) == "2 sections with 6 observations: 2 high, 2 low, 2 info."
    assert figures(made) | {"sections": 2, "observations_high": 2, "observations_medium": 0} == figures(made)


def test_headline_figures_carry_the_name_of_their_section() -> None:
    made = figures(compose([("scan", SECURITY.to_json())]))
    assert {name: made[name] for name in made if name.startswith("scan.")} == {
        "scan.files": 12, "scan.secrets": 1, "scan.share": 0.25, "scan.cvss": None
    }


def test_findings_come_by_severity_with_their_place_and_exact_words() -> None:
    page = page_of(SECURITY.to_json()).text
    assert page.index("A password is written in the code.") < page.index("An assertion.") < page.index("By file")
    assert "src/app.py:12" in page and 'PASSWORD = "…"' in page
    assert page.index("By file") < page.index("A remark.") < page.index("setup.cfg could not be read.")


def test_a_report_without_findings_says_so() -> None:
    made = document({"title": "Calm", "summary": "All is well."})
    for each in (Page(html_page(made)).text, markdown(made)):
        assert "No section reports a finding of high, medium or low severity." in each
    assert "No section reports" not in page_of(SECURITY.to_json()).text


def test_a_missing_branch_is_named_with_the_reason_in_both_forms() -> None:
    made = document(SECURITY.to_json(), None, missing={"finance": "its task failed: no ledger"})
    page, words = Page(html_page(made)).text, markdown(made)
    for each in (page.replace(" ,", ","), words.replace("**", "")):
        assert "Missing: Finance, as its task failed: no ledger." in each
        assert "Missing: Part1, as it gave no result." in each
    assert summary(made).endswith("Missing: Part1, Finance.")
    assert figures(made)["missing_sections"] == 2


def test_a_result_that_is_no_report_is_shown_as_it_is() -> None:
    made = document({"answer": 42, "deep": {"list": [1, None]}}, "just words", [1, 2], {"title": 3})
    page = Page(html_page(made)).text
    assert '"answer": 42' in page and "just words" in page and '"title": 3' in page
    assert '    "answer": 42' in markdown(made)
    assert summary(made) == "4 sections with 0 observations."


def test_the_result_of_a_task_with_sub_tasks_becomes_a_section_each() -> None:
    made = compose([("audit", {"audit/scan": SECURITY.to_json(), "audit/other": {"summary": "Fine."}})])
    assert [(section.name, section.title) for section in made.sections] == [
        ("audit.scan", "Security"), ("audit.other", "Audit.other")
    ]


def test_sections_with_the_same_title_are_told_apart() -> None:
    titles = [section.title for section in document(SECURITY.to_json(), SECURITY.to_json()).sections]
    assert titles == ["Security (part0)", "Security (part1)"]


def test_what_is_left_off_the_page_is_counted_on_it() -> None:
    many = Report(title="T", observations=tuple(
        Observation(rule="r", severity=Weight.LOW, message=f"Thing {n}.") for n in range(MAX_GROUP + 7)
    ), tables=(Table(title="Long", columns=("n",), rows=tuple((n,) for n in range(130))),))
    page, words = page_of(many.to_json()).text, markdown(document(many.to_json()))
    assert "7 more of this kind are counted" in page and "7 more of this kind are counted" in words
    assert "30 more rows not shown here." in page and "30 more rows not shown here." in words
    assert f"{MAX_GROUP + 7} findings" in page


def test_no_result_at_all_is_a_report_that_says_so() -> None:
    made = document()
    assert summary(made) == "0 sections with 0 observations."
    assert_self_contained(Page(html_page(made)))


def test_the_contents_lead_to_every_section() -> None:
    page = page_of(SECURITY.to_json(), {"summary": "Fine.", "title": "Other"})
    ids = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a" and attributes.get("href")]
    assert links and all(link is not None and link.removeprefix("#") in ids for link in links)
    assert len([attributes for _, attributes in page.tags if "id" in attributes]) == len(ids)


def test_the_same_results_give_the_same_bytes() -> None:
    assert html_page(document(SECURITY.to_json())) == html_page(document(SECURITY.to_json()))
    assert markdown(document(SECURITY.to_json())) == markdown(document(SECURITY.to_json()))


def test_a_sentence_that_is_quoted_is_printed_once() -> None:
    quoted = Report(title="Docs", observations=(
        Observation(rule="promise", message="`read` never fails, ever.", source="a.md", location="3-4",
                    quote="`read` never\nfails, ever."),
        Observation(rule="row", message="5; not found", source="a.md", location="9", quote="| 5 | not found |"),
        Observation(rule="note", message="A remark.", source="a.md", location="10", quote="other words"),
        Observation(rule="note", message="Nothing is quoted."),
    )).to_json()
    page, words = page_of(quoted).text, markdown(document(quoted))
    for made in (page, words):
        assert made.count("never") == made.count("not found") == 1
        assert "A remark." in made and "other words" in made and "Nothing is quoted." in made
        assert "a.md:3-4" in made and "a.md:9" in made


def test_a_report_names_its_goal_its_workspace_and_its_run() -> None:
    made = document(SECURITY.to_json(), goal="Scan it", facts={"Workspace": "code/shop", "Run": "r1", "Empty": ""})
    assert made.title == "Security: shop"
    for each in (Page(html_page(made)).text, markdown(made).replace("`", "")):
        assert "Scan it" in each and "Workspace: code/shop" in each and "Run: r1" in each and "Empty" not in each


@pytest.mark.parametrize(("titles", "workspace", "title"), [
    ([], "", "Report"), ([], "a/shop/", "Report on shop"), (["Security"], ".", "Security"),
    (["Security", "Architecture", "Table profile"], "shop", "Security, Architecture and Table profile: shop"),
    (["Security", "What the documents say about error handling in all files"], "/a/shop", "Report on shop"),
])
def test_a_title_is_made_of_the_sections_and_the_workspace(titles: list[str], workspace: str, title: str) -> None:
    parts = [{"title": each, "summary": "Fine."} for each in titles]
    assert document(*parts, facts={"Workspace": workspace}).title == title
    assert document(*parts, title="Mine", facts={"Workspace": workspace}).title == "Mine"


# ---- hostile words -------------------------------------------------------------------------------------------------


def infected(words: str) -> dict[str, object]:
    """A report in which every text is hostile."""
    found = dict.fromkeys(("rule", "message", "source", "location", "quote"), words)
    return {
        "title": words, "summary": words, "figures": {words: words},
        "observations": [{**found, "severity": severity} for severity in ("high", "info", words)],
        "tables": [{"title": words, "columns": [words, words], "rows": [[words, words], [words]]}],
        "notes": [words], "charts": [words],
    }


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_stays_text_on_the_page(words: str) -> None:
    made = compose([(words, infected(words))], title=words, goal=words, missing={words: words}, facts={words: words})
    raw = html_page(made)
    raw.encode("utf-8")
    page = Page(raw)
    assert_self_contained(page)
    clean = Page(html_page(compose([("x", infected("x"))], title="x", goal="x", missing={"x": "x"}, facts={"x": "x"})))
    assert [tag for tag, _ in page.tags if tag != "wbr"] == [tag for tag, _ in clean.tags if tag != "wbr"]
    assert one_line(words) in page.text


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_stays_text_in_markdown(words: str) -> None:
    made = compose([("part", infected(words))], title=words, goal=words, facts={words: words})
    lines = markdown(made).split("\n")
    clean = markdown(compose([("part", infected("x"))], title="x", goal="x", facts={"x": "x"})).split("\n")
    assert len(lines) == len(clean)
    for line, plain in zip(lines, clean, strict=True):
        assert cells(line) == cells(plain)
        assert re.match(r"[#>\-| ]*", plain)[0][:2] == line[: len(re.match(r"[#>\-| ]*", plain)[0][:2])]  # type: ignore[index]
        bare = outside_code(line)
        assert not re.search(r"(?<!\\)[<`]|(?<!\\)\]\s*\(|(?<!\\)!\[", bare)


def cells(line: str) -> int:
    """Count the bars that would divide a table's row."""
    return len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0


def outside_code(line: str) -> str:
    """Return a line without its code spans."""
    return re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", line)


@given(st.text(max_size=60))
def test_a_code_span_ends_where_it_should(words: str) -> None:
    span = code(words)
    assert outside_code(span) == ""
    assert one_line(words) in span


@given(st.text(max_size=80))
def test_escaped_text_keeps_its_words(words: str) -> None:
    escaped = text(words)
    assert "\n" not in escaped
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped).replace("&lt;", "<").replace("&amp;", "&") == one_line(words)


@settings(max_examples=60)
@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["title", "summary", "figures", "observations", "tables", "notes", "rows",
                                         "columns", "severity", "rule", "x"]), inner, max_size=4)),
    max_leaves=12,
))
def test_no_result_breaks_the_report(value: object) -> None:
    made = document(value)
    assert_self_contained(Page(html_page(made)))
    markdown(made).encode("utf-8")
    json.dumps(figures(made))


def test_characters_that_turn_text_around_are_shown_as_their_code() -> None:
    assert visible("a\u202eb\x00c\ufeff") == "a\\u{202e}b\\u{0}c\\u{feff}"
    assert visible("naïve Größe 日本 ok") == "naïve Größe 日本 ok"


@pytest.mark.parametrize(("value", "shown"), [
    (0, "0"), (1056, "1056"), (12345, "12,345"), (-1234567, "-1,234,567"), (0.5, "0.5"), (2 / 3, "0.666667"),
    (1234567.891, "1,234,568"), (1e-9, "1e-09"), (10**400, "very large"), (3.0, "3"), (True, "1"),
    (99999.5, "99,999.5"),
])
def test_numbers_are_written_for_people(value: float, shown: str) -> None:
    assert number(value) == shown


# ---- charts --------------------------------------------------------------------------------------------------------


def test_a_chart_is_embedded_as_an_image_in_which_nothing_runs() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>Sales &amp; more</title><script>alert(1)</script></svg>'
    made = compose_report([{"name": "t", "value": SECURITY.to_json(), "charts": [{"name": "c.svg", "svg": svg}]}])
    page = Page(made["html"])
    assert_self_contained(page)
    image = next(attributes for tag, attributes in page.tags if tag == "img")
    assert image["alt"] == "Sales & more"
    assert "alert" not in made["html"]
    assert "Chart: Sales &amp; more (in the HTML report)." in made["markdown"]


def test_the_data_of_a_chart_are_drawn_when_the_chart_itself_was_not_passed_on() -> None:
    bars = Table(title="Chart: Sales by region", columns=("", "2024"), rows=(("north", 3), ("south", 5.5)))
    bins = Table(title="Chart: Ages", columns=("from", "to", "people"), rows=((0, 10, 4), (10, 20, 6)))
    broken = Table(title="Chart: Nothing", columns=("", "x"), rows=(("a", None),))
    made = document(Report(title="T", tables=(bars, bins, broken)).to_json())
    assert [picture.words for picture in made.sections[0].pictures] == ["Sales by region", "Ages"]
    assert [grid.title for grid in made.sections[0].grids] == ["Chart: Nothing"]


# ---- the shape of a report -----------------------------------------------------------------------------------------


def test_every_report_of_the_kernel_has_the_shape_of_a_report() -> None:
    assert is_report(SECURITY.to_json()) and is_report(Report(title="T").to_json())
    others: list[object] = [{}, {"title": 3}, {"title": "T", "extra": 1}, {"figures": {}}, [], None, "title"]
    assert not any(is_report(other) for other in others)


# ---- the agent -----------------------------------------------------------------------------------------------------


class TestTheTool(ToolContract):
    tool = compose_report
    arguments = {"results": [{"name": "scan", "value": SECURITY.to_json()}], "missing": {"x": "it failed"}}
    workspace = WORKSPACE


def report_run(tmp_path: Path, tasks: Sequence[Task], inputs: Mapping[str, object], *agents: object) -> Any:
    task = Task.model_validate({
        "id": "report", "description": "write a report", "requires": ("report",), "agent": "analytics",
        "inputs": inputs,
        "accept": Acceptance(output=("/summary",), artifacts=("report.md", "report.html")),
    })
    graph = TaskGraph(tasks=(*tasks, task))
    result = asyncio.run(run_graph(tmp_path / "home", graph, analytics, *agents, workspace=WORKSPACE))
    files = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "home").rglob("report.*")}
    return result.tasks["report"], files


def test_a_run_ends_with_a_report_of_what_the_tasks_before_found(tmp_path: Path) -> None:
    tables = Task(id="tables", description="profile the tables", requires=("table-profile",), agent="analytics")
    scan = Task(id="scan", description="scan", agent="scanner")
    inputs = {
        "tables": {"task": "tables", "output": ""}, "chart": {"task": "tables", "artifact": "chart.svg"},
        "scan": {"task": "scan", "output": ""},
    }
    result, files = report_run(tmp_path, [tables, scan], inputs, FakeAgent("scanner", output=SECURITY))
    assert result.state is TaskState.COMPLETED, result.error
    assert [artifact.name for artifact in result.artifacts] == ["report.md", "report.html"]
    report = Report.model_validate(result.output)
    assert report.figures["sections"] == 2
    assert report.figures["scan.files"] == 12
    assert files["report.md"].startswith("# Table profile and Security: workspace\n\n> ")
    assert f"- Workspace: `{WORKSPACE}`\n- Run: `" in files["report.md"]
    assert report.figures["observations_high"] == 1
    page = Page(files["report.html"])
    assert_self_contained(page)
    assert "A password is written in the code." in page.text and "data/shipments.csv" in page.text
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 1
    assert "chart" not in {name.partition(".")[0] for name in report.figures}


def test_a_result_that_is_null_is_missing_from_the_report(tmp_path: Path) -> None:
    quiet = Task(id="quiet", description="say nothing", agent="quiet")
    inputs = {"quiet": {"task": "quiet", "output": ""}}
    result, files = report_run(tmp_path, [quiet], inputs, FakeAgent("quiet", output=None))
    assert Report.model_validate(result.output).figures["missing_sections"] == 1
    assert "Missing: Quiet" in files["report.md"]


def test_a_report_of_nothing_is_blocked_and_writes_no_page(tmp_path: Path) -> None:
    result, files = report_run(tmp_path, [], {"folder": {"value": "data"}})
    assert result.state is TaskState.BLOCKED and files == {}
    assert result.error is not None and result.error.message.startswith("there is nothing to report")
    assert result.work_order is not None and "write a report" in result.work_order.acceptance[0]


def test_the_agent_keeps_what_a_chart_of_another_form_holds_out(tmp_path: Path) -> None:
    async def draws(task: Task, context: TaskContext) -> Any:
        made = await context.write("page.html", "<script>alert(1)</script>", media_type="text/html")
        return context.result(SECURITY, artifacts=[made])

    scan = Task(id="scan", description="scan", agent="scanner")
    inputs = {"scan": {"task": "scan", "output": ""}, "page": {"task": "scan", "artifact": "page.html"}}
    _, files = report_run(tmp_path, [scan], inputs, FakeAgent("scanner", work=draws))
    assert "alert" not in files["report.html"]
