"""The document search: what it finds, what it calls a promise, and that every quote stands where it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_agents._search import Index, SearchUnavailable, search
from genesis_agents._search_answer import Answer, Quote, answer, read
from genesis_agents._search_documents import Document, Passage
from genesis_agents._search_markup import passages
from genesis_agents._search_query import literal, parse, topic
from genesis_agents._search_report import compose, evidence
from genesis_agents._search_sentences import is_promise, sentences
from genesis_agents.research import research, search_documents, unavailable
from genesis_core import Input, Report, TaskResult, TaskState
from genesis_core.testing import AgentContract, ToolContract, run_agent

ROOT = Path(__file__).resolve().parents[3]
WORKSPACE = ROOT / "examples" / "workspace"


def documents_of(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.md"), *folder.rglob("*.rst"), *folder.rglob("*.txt")])


def written(folder: Path, text: str | bytes, name: str = "guide.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def split(text: str, name: str = "guide.md") -> list[Passage]:
    return passages(Document(name, text))


def ask(folder: Path, text: str, query: str, name: str = "guide.md") -> Answer:
    return answer([written(folder, text, name)], query, 50)


def assert_verbatim(quote: Quote) -> None:
    """The quote is a substring of exactly the lines that it names, in the file's own bytes."""
    first, _, last = quote["lines"].partition("-")
    lines = Path(quote["source"]).read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    named = "".join(lines[int(first) - 1 : int(last or first)])
    assert quote["quote"] in named
    assert quote["quote"].strip()
    edges = ("".join(lines[int(first) : int(last or first)]), "".join(lines[int(first) - 1 : int(last or first) - 1]))
    assert all(quote["quote"] not in fewer for fewer in edges)  # no line too many at either end


# ---- the main job --------------------------------------------------------------------------------------------------


def test_every_quote_from_the_example_workspace_stands_word_for_word_at_its_lines() -> None:
    for query in ("error handling", "carrier", "retries", "", "data files", "the next shipment"):
        found = answer(documents_of(WORKSPACE), query, 1000)
        assert found["promised"] + found["mentioned"]
        for quote in found["promised"] + found["mentioned"]:
            assert_verbatim(quote)


def test_the_contract_of_the_example_workspace_is_found_first() -> None:
    found = answer(documents_of(WORKSPACE), topic("find what the docs promise about error handling"), 50)
    best = found["promised"][0]
    assert (Path(best["source"]).name, best["section"]) == (
        "errors.md",
        "Errors > What parcel promises about error handling",
    )
    messages = [quote["message"] for quote in found["promised"]]
    assert "A bad row never stops an import." in messages
    assert "`write_events` guarantees that a crash leaves either the old file or the new one, never half of each." in (
        messages
    )
    assert found["documents"] == len(documents_of(WORKSPACE))


def test_the_counts_are_those_of_what_was_found(tmp_path: Path) -> None:
    text = "# Errors\n\nIt never fails.\n\nAn error is a pity.\n\n# Other\n\nNothing here.\n"
    found = ask(tmp_path, text, "error")
    assert (found["documents"], found["passages"], found["matches"], found["promises"], found["mentions"]) == (
        1,
        3,
        2,
        1,
        1,
    )
    assert sum(place["matches"] for place in found["places"]) == found["matches"]


# ---- what is found -------------------------------------------------------------------------------------------------


def test_word_forms_and_words_for_the_same_thing_are_found(tmp_path: Path) -> None:
    text = "A failed call is repeated.\n\nThe parser raises on bad input.\n\n`StoreError` is shown.\n\nAll is well.\n"
    assert ask(tmp_path, text, "errors")["matches"] == 3


def test_the_word_itself_ranks_above_a_word_that_means_the_same(tmp_path: Path) -> None:
    text = "The call may fail.\n\nThe call has errors.\n\nOther.\n\nMore.\n\nYet more.\n"
    assert [quote["message"] for quote in ask(tmp_path, text, "error")["mentioned"]] == [
        "The call has errors.",
        "The call may fail.",
    ]


def test_a_phrase_ranks_above_its_words_apart_and_a_promise_above_both(tmp_path: Path) -> None:
    text = (
        "The limit of a rate.\n\nThe rate limit is ten.\n\nThe rate limit is never raised.\n\nSomething else.\n\nEnd.\n"
    )
    index = {hit.passage.text: hit.score for hit in search(split(text), parse("rate limit")).hits}
    assert (
        index["The rate limit is never raised."] > index["The rate limit is ten."] > index["The limit of a rate."] > 0
    )


def test_a_passage_is_found_by_the_heading_above_it(tmp_path: Path) -> None:
    found = ask(tmp_path, "# Guide\n\n## Errors\n\nRows are never dropped.\n\n## Speed\n\nIt is fast.\n", "errors")
    assert [(each["message"], each["section"]) for each in found["promised"]] == [
        ("Rows are never dropped.", "Guide > Errors")
    ]


def test_every_word_must_be_found_when_any_passage_holds_them_all(tmp_path: Path) -> None:
    text = "Customers get a refund.\n\nA refund takes days.\n\nCustomers wait.\n"
    found = ask(tmp_path, text, "customers refund")
    assert ([quote["message"] for quote in found["mentioned"]], found["notes"]) == (["Customers get a refund."], [])


def test_a_passage_with_some_of_the_words_is_shown_with_a_note_when_none_holds_all(tmp_path: Path) -> None:
    found = ask(tmp_path, "Customers wait.\n\nNothing.\n", "customers refund")
    assert found["matches"] == 1
    assert found["notes"] == ["No passage holds all of customers, refund; those with 1 of these words are shown."]


def test_general_words_only_help_to_rank(tmp_path: Path) -> None:
    found = ask(tmp_path, "The handling of boxes.\n\nErrors are listed.\n", "error handling")
    assert [quote["message"] for quote in found["mentioned"]] == ["Errors are listed."]
    assert ask(tmp_path, "The handling of boxes.\n", "handling")["matches"] == 1


def test_a_quoted_phrase_is_found_only_as_it_stands(tmp_path: Path) -> None:
    text = "An exit status is set.\n\nThe status of an exit.\n"
    assert ask(tmp_path, text, '"exit status"')["matches"] == 1
    assert ask(tmp_path, text, "exit status")["matches"] == 2


def test_accents_and_case_do_not_matter(tmp_path: Path) -> None:
    assert ask(tmp_path, "Le RÉSUMÉ est là.\n", "resume")["matches"] == 1


def test_nothing_found_is_nothing_found(tmp_path: Path) -> None:
    found = ask(tmp_path, "# Guide\n\nAll about boxes.\n", "quantum teleportation")
    assert (found["matches"], found["promised"], found["mentioned"]) == (0, [], [])
    report = compose(found, subject="quantum teleportation", scope="in the workspace")
    assert report.notes == ('Nothing was found: searched 1 document for "quantum", "teleportation".',)
    assert report.figures == {"documents": 1, "passages": 1, "matches": 0, "promises": 0, "table_rows": 0, "quotes": 0}


def test_without_a_query_the_promises_are_listed_in_their_order(tmp_path: Path) -> None:
    found = ask(tmp_path, "It must rain.\n\nIt rains.\n\nIt never snows.\n", "")
    assert [quote["message"] for quote in found["promised"]] == ["It must rain.", "It never snows."]
    assert found["mentioned"] == []


# ---- what is a promise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        "A row is never lost.",
        "The caller must close the file.",
        "It always exits with 2.",
        "`load` raises `KeyError` when the key is missing.",
        "`load` returns None.",
        "Reading is safe from several threads.",
        "We guarantee delivery.",
        "A file that cannot be read will be skipped.",
        "`Timeout` is then raised.",
    ],
)
def test_a_sentence_that_binds_is_a_promise(sentence: str) -> None:
    assert [is_promise(each) for part in split(sentence) for each in sentences(part)] == [True]


@pytest.mark.parametrize(
    "sentence",
    [
        "Errors are listed below.",
        "Will it ever be safe?",
        "We do not guarantee delivery.",
        "There is no guarantee of order.",
        "See what we promise about errors.",
        "Every function must:",
        "You may want to retry.",
    ],
)
def test_a_sentence_that_does_not_bind_is_none(sentence: str) -> None:
    assert [is_promise(each) for part in split(sentence) for each in sentences(part)] == [False]


def test_what_stands_under_a_heading_that_promises_is_a_promise() -> None:
    promised, refused = split("# What we promise\n\nRows are kept.\n\n# What we do not promise\n\nSpeed is nice.\n")
    assert is_promise(sentences(promised)[0])
    assert not is_promise(sentences(refused)[0])


def test_code_and_change_logs_promise_nothing() -> None:
    code = split("```python\nalways = True  # never mind\n```\n")
    history = split("- `load` never raises.\n", name="docs/CHANGELOG.md")
    assert not any(is_promise(each) for part in [*code, *history] for each in sentences(part))


def test_only_the_sentences_on_the_topic_are_promises_about_it(tmp_path: Path) -> None:
    text = "Errors are always printed. The logo is always blue.\n"
    assert [quote["message"] for quote in ask(tmp_path, text, "error")["promised"]] == ["Errors are always printed."]


# ---- where it stands -----------------------------------------------------------------------------------------------

MARKDOWN = """---
title: never read
---

# Guide #

Intro, which goes
on for two lines. Second sentence, e.g. this one. Third.

- first item
  goes on
- second item. With two sentences.

| key | meaning |
|---|---|
| `a` | must be set |

Setext
------

> A quotation that
> must be kept.

<!-- never
shown -->

```sh
# not a heading
run --always
```

    indented code

Last.
"""


def test_markdown_is_split_into_passages_with_their_headings() -> None:
    found = [(part.section, part.kind.value, part.text.split("\n")[0]) for part in split(MARKDOWN)]
    assert found == [
        ("Guide", "prose", "Intro, which goes"),
        ("Guide", "prose", "first item"),
        ("Guide", "prose", "second item. With two sentences."),
        ("Guide", "row", "| `a` | must be set |"),
        ("Guide > Setext", "prose", "> A quotation that"),
        ("Guide > Setext", "code", "# not a heading"),
        ("Guide > Setext", "code", "indented code"),
        ("Guide > Setext", "prose", "Last."),
    ]


def test_sentences_end_where_sentences_end() -> None:
    assert [each.text for each in sentences(split(MARKDOWN)[0])] == [
        "Intro, which goes\non for two lines.",
        "Second sentence, e.g. this one.",
        "Third.",
    ]


def test_a_message_is_the_sentence_on_one_line_without_marks() -> None:
    parts = split(MARKDOWN)
    assert [sentences(parts[number])[0].message for number in (0, 3, 4)] == [
        "Intro, which goes on for two lines.",
        "`a`; must be set",
        "A quotation that must be kept.",
    ]


RST = """=====
Title
=====

First part
----------

Text with a literal block::

    never = indented

.. note:: This must be read.

.. code-block:: python

    always = 1

.. a comment that never counts

Deeper
~~~~~~

* item one
* item two

Second part
-----------

=====  =====
a      b
=====  =====
"""


def test_restructured_text_is_split_into_passages_with_their_headings() -> None:
    found = [(part.section, part.kind.value, part.text) for part in split(RST, "guide.rst")]
    assert found == [
        ("Title > First part", "prose", "Text with a literal block::"),
        ("Title > First part", "code", "never = indented"),
        ("Title > First part", "prose", "This must be read."),
        ("Title > First part", "code", "always = 1"),
        ("Title > First part > Deeper", "prose", "item one"),
        ("Title > First part > Deeper", "prose", "item two"),
        ("Title > Second part", "prose", "a      b"),
    ]


def test_a_rule_at_the_top_of_a_file_hides_nothing() -> None:
    assert [part.text for part in split("---\n\nHello.\n\nWorld.\n")] == ["Hello.", "World."]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(tmp_path: Path, end: str) -> None:
    text = "\ufeff" + end.join(["# T", "", "One.", "", "An error that", "never stays.", "", "Tail."])
    found = ask(tmp_path, text, "error")
    assert [(quote["lines"], quote["quote"]) for quote in found["promised"]] == [
        ("5-6", f"An error that{end}never stays.")
    ]
    assert_verbatim(found["promised"][0])


def test_docstrings_are_quoted_from_the_source_as_they_stand(tmp_path: Path) -> None:
    source = '"""Top é errors."""\n\nclass A:\n    def f(self): "It never raises errors."\n\n    def g(self):\n'
    source += "        r'''Retry on errors.\n\n        It must give up on error 3.\n        '''\n"
    path = written(tmp_path, source, "code.py")
    found = answer([path], "errors", 10)
    for quote in found["promised"] + found["mentioned"]:
        assert_verbatim(quote)
    assert {(quote["section"], quote["quote"]) for quote in found["promised"] + found["mentioned"]} == {
        ("", "Top é errors."),
        ("A.f", "It never raises errors."),
        ("A.g", "Retry on errors."),
        ("A.g", "It must give up on error 3."),
    }


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"\n\n\n\r \t#-=~`*.>|:!?<+abN1\u2028\x0b",
                "error",
                "must ",
                ". ",
                "::\n",
                "\n\n",
                "```\n",
                "<!--",
                "-->",
                "- ",
            ]
        ),
        max_size=120,
    ).map("".join),
    st.sampled_from(["a.md", "a.rst", "a.txt"]),
)
def test_passages_are_in_order_apart_and_hold_no_outer_space(text: str, name: str) -> None:
    end = 0
    for part in split(text, name):
        assert part.start >= end
        assert part.text == part.text.strip() != ""
        end = part.end
        inner = part.start
        for each in sentences(part):
            assert inner <= each.start < each.end <= part.end
            assert each.text == each.text.strip()
            inner = each.end


# ---- queries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("find what the docs promise about error handling", "error handling"),
        ("Look up which guarantees the documentation gives for failures", "failures"),
        ("according to the README, how are retries handled?", "retries handled"),
        ("search docs/ for time-outs", "time-outs"),
        ('what does guide.md say about "exit status"', '"exit status"'),
        ("tell me what the manual states regarding backups", "backups"),
        ("the error-handling guarantees that the documentation makes", "error handling"),
        ("find read-only folders", "read-only folders"),
        ("list what the docs promise", ""),
    ],
)
def test_the_topic_of_a_task_is_what_is_left_without_the_words_that_ask(sentence: str, wanted: str) -> None:
    assert topic(sentence) == wanted


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from([*'"*^:(){}-+ \0\ud800', "NEAR(", " AND ", " OR ", "NOT ", "body:", "a"])).map("".join)
)
def test_no_query_is_obeyed_as_syntax_or_breaks_the_search(query: str) -> None:
    found = search(split("NEAR AND OR NOT body headings a.\n"), parse(query))
    assert 0 <= len(found.hits) <= 1


def test_operators_are_words() -> None:
    parts = split("alpha beta\n\nNOT alpha\n\nbeta\n")
    assert [hit.passage.text for hit in search(parts, parse('alpha "NOT alpha"')).hits] == ["NOT alpha"]
    index = Index([("", "he said hi", "")])
    assert [row for row, _ in index.ranked(literal('said" OR "hi'))] == []
    index.close()


def test_words_that_ask_only_help_to_rank(tmp_path: Path) -> None:
    found = ask(tmp_path, "A machine.\n\nAny machine in that state.\n\nThe state machine.\n\nState.\n", "state machine")
    assert [quote["message"] for quote in found["mentioned"]] == [
        "The state machine.",
        "Any machine in that state.",
        "A machine.",
    ]


def test_a_query_of_many_words_is_cut_and_says_so(tmp_path: Path) -> None:
    found = ask(tmp_path, "word0 word1\n", " ".join(f"word{number}" for number in range(40)))
    assert "The query was cut: its last 8 words were not searched for." in found["notes"]


def test_a_sqlite_without_full_text_search_is_named() -> None:
    with pytest.raises(SearchUnavailable, match="no such module: fts99"):
        Index([], module="fts99")


# ---- files that are not what they should be ------------------------------------------------------------------------


def test_files_that_cannot_be_read_are_noted_and_the_rest_is_searched(tmp_path: Path) -> None:
    good = written(tmp_path, "An error.\n", "good.md")
    latin = written(tmp_path, "Fehler für alle".encode("latin-1"), "latin.md")
    binary = written(tmp_path, b"\x00\x01error", "binary.txt")
    found = answer([good, latin, binary, tmp_path / "missing.md", tmp_path], "error", 10)
    assert (found["documents"], found["matches"], len(found["notes"])) == (1, 1, 4)
    for name, why in (("latin.md", "not UTF-8"), ("binary.txt", "binary"), ("missing.md", "No such file")):
        assert any(name in note and why in note for note in found["notes"])


def test_python_that_does_not_parse_is_noted(tmp_path: Path) -> None:
    for text in ("def (", "(" * 5000, "x = '\0'"):
        found = answer([written(tmp_path, text, "bad.py")], "error", 10)
        assert (found["documents"], len(found["notes"])) == (0, 1)


def test_no_documents_and_empty_documents_are_reported_as_such(tmp_path: Path) -> None:
    nothing = answer([], "error", 10)
    assert compose(nothing, subject="error", scope="below docs/").notes == (
        "No documents (.md, .rst, .txt) were found below docs/.",
    )
    empty = answer([written(tmp_path, ""), written(tmp_path, "# Only a heading\n", "b.md")], "error", 10)
    assert (empty["documents"], empty["passages"], empty["matches"]) == (2, 0, 0)


def test_a_file_of_one_long_line_is_searched_and_quoted_in_short(tmp_path: Path) -> None:
    text = "word and other words " * 100_000 + "then an error must be shown. " + "more of the same " * 100_000
    found = ask(tmp_path, text, "error", "long.txt")
    assert (found["matches"], found["promised"][0]["lines"]) == (1, "1")
    assert len(found["promised"][0]["quote"]) <= 500
    assert_verbatim(found["promised"][0])


HOSTILE = [
    "`" * 300 + "\n",
    "." * 300 + " ",
    "-" * 400 + "x\n",
    "(" * 300,
    "a.b" * 100 + " ",
    "\n",
    "    x\n",
    "> " * 200,
    "a" * 2000,
    "A" * 2000 + " ",
    "1. ",
]


@pytest.mark.parametrize("piece", [*HOSTILE, " " * 300, "A. ", "aB" * 100, "\n\n- "])
def test_time_grows_no_faster_than_the_text(tmp_path: Path, piece: str) -> None:
    def seconds(size: int) -> float:
        path = written(tmp_path, piece * (size // len(piece)) + "error", f"{size}.md")
        began = time.process_time()
        read([path])
        answer([path], "error", 5)
        return time.process_time() - began

    small, large = min(seconds(50_000) for _ in range(3)), seconds(400_000)
    assert large < 40 * small + 0.5  # eight times the text; a quadratic step would take 64 times


# ---- the report ----------------------------------------------------------------------------------------------------


def test_the_report_holds_promises_mentions_places_and_evidence(tmp_path: Path) -> None:
    found = ask(tmp_path, "# Errors\n\nIt never fails.\n\nAn error is a pity.\n", "error")
    report = compose(found, subject="error", scope="in the workspace", notes=["There is no b.md."])
    assert [(each.rule, each.severity.value, each.message, each.location) for each in report.observations] == [
        ("promise", "info", "It never fails.", "3"),
        ("mention", "info", "An error is a pity.", "5"),
    ]
    assert [(each.quote, each.location) for each in evidence(found)] == [
        ("It never fails.", "3"),
        ("An error is a pity.", "5"),
    ]
    assert report.tables[0].rows == ((found["places"][0]["source"], 2, 1, 0),)
    assert "1 promise" in report.summary
    assert report.notes == ("There is no b.md.",)


def test_headings_and_tables_are_no_passages_and_promise_nothing(tmp_path: Path) -> None:
    text = (
        "# Errors are guaranteed\n\nAn error must be told.\n\n| error | will always |\n|---|---|\n"
        "| error 1 | must never happen |\n| error 2 | is guaranteed |\n\n"
        "error | meaning\n---|---\nerror 3 | is raised\n"
    )
    found = ask(tmp_path, text, "error")
    assert (found["passages"], found["matches"], found["rows"], found["promises"]) == (1, 1, 3, 1)
    assert not any("meaning" in each["quote"] or "will always" in each["quote"] for each in found["mentioned"])
    report = compose(found, subject="error", scope="in the workspace")
    assert "Found 1 passage about error, with 1 promise, and 3 rows of tables" in report.summary


def test_the_summary_counts_the_quotes_that_are_listed(tmp_path: Path) -> None:
    found = ask(tmp_path, "An error must be told. No error is lost, ever.\n\nErrors happen.\n\nError? Yes.\n", "error")
    report = compose(found, subject="error", scope="in the workspace")
    assert report.summary.endswith(f" {len(report.observations)} quotes are listed.")
    assert report.figures["quotes"] == len(report.observations)


def test_what_is_not_listed_is_counted_and_noted(tmp_path: Path) -> None:
    text = "\n\n".join(f"Error {number} is never shown." for number in range(9))
    found = answer([written(tmp_path, text)], "error", 4)
    report = compose(found, subject="error", scope="in the workspace")
    assert (report.figures["promises"], len(report.observations)) == (9, 4)
    assert "9 promises were found; the best 4 are listed." in report.notes


# ---- the agent, in a real run --------------------------------------------------------------------------------------


class TestResearchAgent(AgentContract):
    agent = research
    task: ClassVar[Mapping[str, Any]] = {"description": "find what the docs promise about error handling"}
    workspace = WORKSPACE


class TestSearchTool(ToolContract):
    tool = search_documents
    arguments: ClassVar[Mapping[str, Any]] = {"files": ["docs/errors.md"], "query": "error"}
    workspace = WORKSPACE


def run(tmp_path: Path, description: str, workspace: Path = WORKSPACE, **inputs: object) -> TaskResult:
    given = {name: Input(value=value) for name, value in inputs.items()}
    return asyncio.run(run_agent(research, description, home=tmp_path / "home", workspace=workspace, inputs=given))


def report_of(result: TaskResult) -> Report:
    assert result.state is TaskState.COMPLETED, result.error
    return Report.model_validate(result.output)


def test_the_agent_finds_the_promises_and_quotes_them_with_their_places(tmp_path: Path) -> None:
    result = run(tmp_path, "find what the docs promise about error handling")
    report = report_of(result)
    promises = [found for found in report.observations if found.rule == "promise"]
    assert len(promises) == report.figures["promises"]
    assert len(promises) >= 5
    assert report.figures["documents"] == len(documents_of(WORKSPACE))
    assert len(result.evidence) == len(report.observations)
    for each in result.evidence:
        lines = (WORKSPACE / each.source).read_text(encoding="utf-8").splitlines()
        first, _, last = each.location.partition("-")
        assert each.quote in "\n".join(lines[int(first) - 1 : int(last or first)])


def test_the_agent_reads_what_its_inputs_name_and_searches_what_they_ask_for(tmp_path: Path) -> None:
    for name, text in (("a/one.md", "Boxes are red."), ("b/two.md", "Boxes are blue."), ("b/x.csv", "boxes")):
        written(tmp_path / "work", text, name)
    work = tmp_path / "work"
    everywhere = report_of(run(tmp_path, "look up the boxes", work))
    below = report_of(run(tmp_path, "look up something", work, folder="b/", query="boxes"))
    named = report_of(run(tmp_path, "look up the boxes", work, files=["one.md", "three.md"]))
    assert [found.source for found in everywhere.observations] == ["a/one.md", "b/two.md"]
    assert [found.source for found in below.observations] == ["b/two.md"]
    assert [found.source for found in named.observations] == ["a/one.md"]
    assert any("three.md" in note for note in named.notes)


def test_the_agent_reports_an_empty_folder_as_empty(tmp_path: Path) -> None:
    written(tmp_path / "work", "Boxes.", "docs/a.md")
    report = report_of(run(tmp_path, "look up boxes", tmp_path / "work", folder="empty"))
    assert report.figures == {"documents": 0, "passages": 0, "matches": 0, "promises": 0, "table_rows": 0, "quotes": 0}
    assert report.observations == ()
    assert report.summary == "There is no folder empty/ in the workspace."


def test_licences_and_requirements_are_left_out_and_named(tmp_path: Path) -> None:
    for name in ("LICENSE.txt", "requirements-dev.txt", "docs/guide.md"):
        written(tmp_path / "work", "The owner must keep the boxes.", name)
    report = report_of(run(tmp_path, "what do the docs say about boxes", tmp_path / "work"))
    assert [found.source for found in report.observations] == ["docs/guide.md"]
    assert any("LICENSE.txt, requirements-dev.txt" in note for note in report.notes)


def test_docstrings_are_searched_only_when_asked_for(tmp_path: Path) -> None:
    written(tmp_path / "work", '"""Boxes are always red."""\n', "code.py")
    without = report_of(run(tmp_path, "what is promised about boxes", tmp_path / "work"))
    asked = report_of(run(tmp_path, "what do the docstrings promise about boxes", tmp_path / "work"))
    assert (without.figures["documents"], asked.figures["promises"]) == (0, 1)


def test_a_python_without_full_text_search_is_a_dependency_that_is_down() -> None:
    error = unavailable("SQLite 3 can't search text")
    assert (error.code, error.category.value) == ("dependency_down", "network")
    assert "FTS5" in error.hint
