"""What was learned of requests and tools: what it is made of, and what it must not depend on."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import ToolSpec
from genesis_htdag.catalogue import catalogue
from genesis_htdag.hearing import by_rules
from genesis_htdag.learned import FILE, Linear, Lore, Trees, learned
from genesis_htdag.rivals import BESIDE, beside
from genesis_htdag.sequence import FLOW, ORDER, arranged, precedes, stops
from genesis_htdag.tools import calls, paragraphs, shortlist
from genesis_htdag.traits import LEXICAL, NUMBERS, Shelf, candidates, read

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "fit_htdag.py"
WORDS = "book cancel the flight and then alarm send email file delete weather in Oslo my , ."
TOOLS = tuple(
    ToolSpec(name=name, description=text, input_schema={})
    for name, text in {
        "book_flight": "Book a flight", "cancel_flight": "Cancel a flight", "search_flight": "Search for flights",
        "send_email": "Send an email", "delete_file": "Delete a file", "set_alarm": "Set an alarm",
    }.items()
)  # fmt: skip


def shelf() -> Shelf:
    return Shelf(catalogue((), TOOLS, models=False))


def test_what_was_learned_names_its_data_seed_and_script() -> None:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    assert "NESTFUL" in data["data"] and len(data["data_sha256"]) == 64 and data["seed"] == 7
    assert "benchmarks/fit_htdag.py" in data["about"]
    assert FILE.stat().st_size < 1_000_000


@pytest.mark.skipif(not SCRIPT.is_file(), reason="needs the repository")
def test_the_script_that_made_it_is_the_one_that_is_there() -> None:
    reader = SCRIPT.with_name("_htdag_rows.py").read_bytes()
    data = json.loads(FILE.read_text(encoding="utf-8"))
    assert data["script_sha256"] == hashlib.sha256(SCRIPT.read_bytes() + reader).hexdigest()


@pytest.mark.skipif("GENESIS_EVAL_DATA" not in os.environ, reason="needs GENESIS_EVAL_DATA")
def test_it_was_learned_from_the_development_half() -> None:
    rows = Path(os.environ["GENESIS_EVAL_DATA"]) / "taskbench" / "dev.jsonl"
    data = json.loads(FILE.read_text(encoding="utf-8"))
    assert data["data_sha256"] == hashlib.sha256(rows.read_bytes()).hexdigest()


def test_it_reads_the_numbers_that_are_told_and_no_others() -> None:
    data, known = json.loads(FILE.read_text(encoding="utf-8")), learned()
    assert data["numbers"] == [*LEXICAL, *data["numbers"][len(LEXICAL):NUMBERS], *BESIDE]
    assert (data["order_numbers"], data["flow_numbers"]) == ([*ORDER], [*FLOW])
    assert len(known.first.weights) == NUMBERS
    assert (len(known.order.weights), len(known.flow.weights)) == (len(ORDER), len(FLOW))
    places = {place for tree in known.decide.trees for place, *_ in tree}
    assert places <= set(range(-1, NUMBERS + len(BESIDE)))


def test_words_of_names_are_kept_and_no_name_of_a_tool() -> None:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    terms = {*data["lore"]["prior"], *data["lore"]["words"], *data["lore"]["early"]}
    assert terms and not [t for t in terms if "_" in t or "." in t or t != t.lower()]


def test_every_candidate_is_told_by_as_many_numbers_as_were_learned() -> None:
    place = shelf()
    reading = read([c for _, found in paragraphs("Book a flight to Oslo and send an email") for c in found])
    ranked = shortlist(reading, place, learned().lore, learned())
    rows = beside([c for c, _ in ranked], [p for _, p in ranked], reading, place)
    assert ranked and {len(c.values) for c, _ in ranked} == {NUMBERS} and {len(row) for row in rows} == {len(BESIDE)}
    assert all(map(math.isfinite, [v for (c, _), row in zip(ranked, rows, strict=True) for v in (*c.values, *row)]))


@given(st.lists(st.sampled_from(WORDS.split()), max_size=30).map(" ".join))
def test_any_request_calls_only_what_is_there_each_once_and_waits_only_for_what_is_before(text: str) -> None:
    index = catalogue((), TOOLS, models=False)
    made, _ = calls(paragraphs(text), index)
    names = [call.ability.index for call in made]
    assert len(set(names)) == len(names) and set(names) <= set(range(len(TOOLS)))
    assert all(need in names[:at] for at, call in enumerate(made) for need in call.needs)


@given(st.permutations(range(len(TOOLS))))
def test_the_order_of_two_calls_is_the_same_whichever_is_asked_about_first(order: list[int]) -> None:
    place = shelf()
    reading = read([c for _, found in paragraphs("Cancel the flight, set an alarm and delete the file") for c in found])
    made = candidates(reading, place, Lore(), by_rules(reading.clauses, place.catalogue, place.needs))
    found = stops([(c, 0.5) for c in made], reading, place)
    for one in found:
        for other in found:
            forth, back = (precedes(a, b, place, learned()) for a, b in ((one, other), (other, one)))
            assert forth == pytest.approx([-v for v in back])
    shuffled = [found[n] for n in order if n < len(found)]
    names = [stop.made.ability.id for stop in arranged(shuffled, place, learned())]
    assert names == [stop.made.ability.id for stop in arranged(sorted(shuffled, key=found.index), place, learned())]


def test_a_request_in_quotation_marks_is_read_like_one_without() -> None:
    text = "Cancel the flight and set an alarm"
    index = catalogue((), TOOLS, models=False)
    plain, quoted = (calls(paragraphs(t), index)[0] for t in (text, f'"{text}"'))
    assert [c.ability.id for c in plain] == [c.ability.id for c in quoted] != []


def test_words_that_nobody_learned_say_nothing() -> None:
    lore = Lore({"flight": {"plane": 1.5}}, {"flight": -2.0}, {})
    assert lore.strength("flight", ["plane", "sea"]) == 1.5 and lore.strength("boat", ["plane"]) == 0.0
    assert lore.about(["boat"], {}, {"boat": 1.0}) == [0.0] * 5
    assert lore.about(["flight"], {"flight": 1.5}, {"flight": 2.0}) == [1.5, 1.5, -2.0, -2.0, 1.0]


def test_trees_and_sums_give_probabilities() -> None:
    tree = ((0, 0.5, 1, 2), (-1, -1.0, 0, 0), (-1, 2.0, 0, 0))
    assert Trees((tree,), 0.0).score([0.0]) < 0.5 < Trees((tree,), 0.0).score([1.0])
    assert Linear((1.0,), -1.0).score([1.0]) == 0.5


def test_a_long_request_is_read_in_bounded_time() -> None:
    index = catalogue((), TOOLS, models=False)
    made, _ = calls(paragraphs("cancel the flight and set an alarm, " * 300), index)
    assert {call.ability.id for call in made} >= {"cancel_flight", "set_alarm"}
