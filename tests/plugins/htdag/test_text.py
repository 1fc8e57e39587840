"""How a goal is read: what is one clause, which places and topics it names, how its outline becomes a hierarchy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task, TaskGraph
from genesis_core.testing import DecomposeContract, context_for
from genesis_htdag import genesis_decompose
from genesis_htdag.clauses import clauses
from genesis_htdag.segments import segments
from genesis_htdag.steps import spelled
from genesis_htdag.words import tokens

PIECES = [
    *"ab .,;:!?\n-#*'\"()/\\&1é",
    "scan ",
    "the holes ",
    "a report ",
    "and ",
    "then ",
    "after ",
    "data/",
    "\n- ",
    "\n# ",
]
"""What texts are made of when they are made at random."""
HERE = ("README.md", "data/a.csv", "data/b.csv", "data/old/c.csv", "docs/guide.md", "src/app/main.py")


def files(pattern: str) -> tuple[str, ...]:
    if pattern == "**/*":
        return HERE
    return tuple(name for name in HERE if Path(name).match(pattern))


def decompose(text: str, **fields: object) -> Decomposition:
    task = Task(id="goal", kind="goal", description=text)
    answer = genesis_decompose(task, context_for(text, **{"agents": cards(), "files": files, **fields}))
    assert answer is not None
    return answer


def only(text: str) -> Task:
    [task] = decompose(text).tasks
    return task


def cut(text: str) -> list[str]:
    return [spelled(text, clause.tokens) for clause in clauses(segments(tokens(text)), 0)]


class TestContract(DecomposeContract):
    hook = staticmethod(genesis_decompose)
    goal = "Map the architecture, scan for vulnerabilities and write a report"
    context = {"agents": cards()}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('find the quote "then stop, and go" in docs/a.md', ['find the quote "then stop, and go" in docs/a.md']),
        ("scan src/and/then.py and map it", ["scan src/and/then.py", "map it"]),
        ("Please could you scan it; then, finally, report", ["scan it", "report"]),
        ("scan it (all of it), e.g. the tests. Map it", ["scan it (all of it", "the tests", "Map it"]),
        ("one report on a and b", ["one report", "a", "b"]),
        ("after mapping it, scan it", ["mapping it", "scan it"]),
        ("the day after tomorrow scan it", ["the day after tomorrow scan it"]),
    ],
)
def test_a_text_is_cut_between_clauses_and_nowhere_else(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_a_verb_without_an_object_shares_that_of_the_next() -> None:
    assert cut("find and quote the passages") == ["find the passages", "quote the passages"]


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("profile the tables in data/", {"folder": "data"}),
        ("profile the tables in the folder data", {"folder": "data"}),
        ("profile the tables in the data folder", {"folder": "data"}),
        ("profile the tables under data", {"folder": "data"}),
        ("profile the tables in the data/old/ folder", {"folder": "data/old"}),
        ("Profile the tables in the data/ directory using SQL", {"folder": "data"}),
        ("Profile the tables in the data folder using SQL", {"folder": "data"}),
        ("profile the tables in the directory data using SQL", {"folder": "data"}),
        ("profile the tables in the directory archive using SQL", {"folder": "archive"}),
        ("profile the tables in this directory using SQL", {}),
        ("profile `data/a.csv`", {"files": ["data/a.csv"]}),
        ("profile data/a.csv and data/b.csv", {"files": ["data/a.csv", "data/b.csv"]}),
        ("profile the tables data/*.csv", {"files": ["data/a.csv", "data/b.csv"]}),
        ("profile the table 'my numbers.csv'", {"files": ["my numbers.csv"]}),
        ("profile the table gone/away.csv", {"files": ["gone/away.csv"]}),
        ("what is said on error handling in docs/guide.md?", {"files": ["docs/guide.md"], "query": "error handling"}),
        ("find passages on error handling in the documentation", {"query": "error handling"}),
        ("find where the docs mention \"retry, then give up\"", {"query": "retry, then give up"}),
        ("what do the docs promise when a carrier is late?", {"query": "carrier is late"}),
        ("find what the docs say about retries and timeouts", {"query": "retries and timeouts"}),
    ],
)  # fmt: skip
def test_named_places_and_topics_become_inputs(text: str, inputs: dict[str, object]) -> None:
    assert {name: given.value for name, given in only(text).inputs.items()} == inputs


def test_a_task_keeps_the_words_of_the_user_and_gets_a_short_name() -> None:
    task = only("Please Map the ARCHITECTURE of this repository.")
    assert (task.id, task.description) == ("map-architecture", "Map the ARCHITECTURE of this repository")


def test_names_are_unique_and_stable() -> None:
    text = "\n".join(f"- scan src/part{n}/ for vulnerabilities" for n in range(4))
    names = [t.id for t in decompose(text).tasks]
    assert len(set(names)) == 4 and names == [t.id for t in decompose(text).tasks]


def test_headings_and_nested_items_with_several_tasks_become_composites() -> None:
    text = (
        "# Code\n- map the architecture\n- scan for vulnerabilities\n# Data\nProfile data/a.csv.\n# End\nWrite a report"
    )
    graph = TaskGraph(tasks=decompose(text).tasks)
    assert {parent: len(below) for parent, below in graph.children.items()} == {"code": 2}
    assert graph["code"].description == "Code"
    [report] = [t for t in graph.leaves if "report" in t.requires]
    assert {*graph.waits_for(report.id)} == {t.id for t in graph.leaves} - {report.id}


def test_a_hierarchy_stays_within_the_depth_that_is_allowed() -> None:
    lines = [
        f"{'  ' * n}- part {n}\n{'  ' * (n + 1)}- scan src/{n}a/ for holes\n{'  ' * (n + 1)}- scan src/{n}b/ for holes"
        for n in range(12)
    ]
    answer = decompose("\n".join(lines))
    limits = context_for().limits
    assert max(TaskGraph(tasks=answer.tasks).depths.values()) <= limits.max_depth
    assert len(TaskGraph(tasks=answer.tasks).leaves) == 24


def test_two_objects_of_one_verb_stay_together_unless_they_are_different_work() -> None:
    assert len(decompose("scan for vulnerabilities and secrets").tasks) == 1
    assert len(decompose("analyse the architecture and the tables").tasks) == 2


def test_a_general_word_asks_for_all_that_an_agent_has_at_hand_and_a_narrow_one_for_that_alone() -> None:
    assert set(only("scan for security problems").requires) == {"static-scan", "secret-scan"}
    assert only("find leaked passwords").requires == ("secret-scan",)


def test_words_that_no_task_covers_are_told() -> None:
    assert decompose("Scan for vulnerabilities and unicorns.").not_understood == ("unicorns",)
    assert decompose("Our office is in Oslo. Scan for vulnerabilities.").not_understood == ("Our office is in Oslo",)


def test_what_is_not_wanted_is_not_planned() -> None:
    [task] = decompose("Scan for vulnerabilities, but don't write a report and do not map the architecture.").tasks
    assert "static-scan" in task.requires


def test_a_task_that_says_who_can_do_it_is_left_as_it_is() -> None:
    context = context_for(agents=cards())
    assert genesis_decompose(Task(id="a", description="scan it and map it", requires=("x",)), context) is None
    assert genesis_decompose(Task(id="a", description="scan for holes"), context) is None


def test_a_composite_of_others_is_split_where_it_names_several_actions() -> None:
    task = Task(id="a", description="scan for vulnerabilities and map the architecture")
    answer = genesis_decompose(task, context_for(agents=cards()))
    assert answer is not None and len(answer.tasks) == 2


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=60).map("".join) | st.text(min_size=1, max_size=80))
def test_any_text_becomes_a_graph(text: str) -> None:
    if text.strip():
        TaskGraph(tasks=decompose(text).tasks)


def calls_of(function: Callable[[], object]) -> int:
    """How many function calls it takes: unlike time, the same on every machine."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "piece",
    ["scan src/ for holes, ", "and ", "report that ", "a: ", '"', "' a", "- map the code\n", "after the ", "please ",
     "except src/ ", "scan it except a/, ", "src/ and ", "leave ", "not the ",
     "data/",     "# a\n", "in a report ", "(a) ", "order a pizza, ", "what the docs say about "],
)  # fmt: skip
def test_effort_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    decompose(piece * 50)
    short, long = (calls_of(lambda n=n: decompose(piece * n)) for n in (200, 800))  # type: ignore[misc]
    assert long < 6 * short + 2000


@pytest.mark.parametrize("text", ["Do a penetration test of the login server", "Run a penetration test"])
def test_what_only_the_field_of_an_agent_names_goes_to_the_skill_that_is_meant(text: str) -> None:
    assert only(text).requires == ("vulnerability-analysis",)
