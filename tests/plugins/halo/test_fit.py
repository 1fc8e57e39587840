"""The fit of task and card: what it reads, what it must not depend on, and what was learned."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genesis_halo
from genesis_agents._cards import card, cards
from genesis_core import Task
from genesis_core.testing import context_for
from genesis_halo import genesis_route
from genesis_halo._board import board
from genesis_halo._conditions import facts
from genesis_halo._encoder import encoder, installed
from genesis_halo._hook import routed
from genesis_halo._leans import load_leans
from genesis_halo._lexicon import Lexicon, load_lexicon, written_lexicon
from genesis_halo._match import Matcher, profile
from genesis_halo._rules import RuleSet
from genesis_halo._words import MAX_WORDS, Reader, stem

HERE = Path(__file__).parent
HOME = Path(genesis_halo.__file__).parent
NEVER = {"halo": {"margin": 0}}
"""No model is asked."""


def worded() -> Iterator[tuple[str, str]]:
    groups = tomllib.loads((HERE / "tasks.toml").read_text(encoding="utf-8"))
    return ((who, text) for who, group in groups.items() for text in group["tasks"])


@pytest.mark.parametrize(("who", "text"), list(worded()))
def test_a_task_goes_to_who_can_do_it_with_no_model(who: str, text: str) -> None:
    [found] = routed([Task(id="t", description=text)], cards(), context_for(agents=cards()))
    if found.assignment is not None:
        assert found.assignment.agent == who
    else:
        assert who in {"needs a model", "nobody"}, found.reasons[0].text


def scores(text: str, *names: str, lexicon: Lexicon | None = None) -> list[float]:
    lexicon, reader = lexicon or load_lexicon(), Reader()
    matcher = Matcher([profile(card(name), lexicon, reader) for name in names], lexicon)
    words = reader.words(text)
    return matcher.scores(words, set(words))


def test_a_card_scores_the_same_whoever_stands_beside_it() -> None:
    text = "Negotiate loans and examine the ledger for fraud"
    alone = scores(text, "finance")
    assert scores(text, "sales", "finance", "qa")[1:2] == alone
    assert scores(text, *(c.name for c in cards()))[-1:] == alone


def test_the_order_and_repetition_of_words_change_only_what_stands_in_a_row() -> None:
    assert scores("ledger fraud", "finance") == scores("fraud fraud ledger", "finance", "qa")[:1]


def test_a_rename_changes_a_card_only_by_its_name() -> None:
    lexicon, reader = load_lexicon(), Reader()
    renamed = card("security").replace(name="qwxyz")
    matcher = Matcher([profile(card("security"), lexicon, reader), profile(renamed, lexicon, reader)], lexicon)
    words = reader.words("encrypt files and trace the attack")
    before, after = matcher.scores(words, set(words))
    assert before == after


@settings(deadline=None)
@given(st.lists(st.sampled_from("audit ledger css page sql table attack the of zzz".split()), max_size=12))
def test_packed_sums_equal_plain_ones(chosen: list[str]) -> None:
    lexicon, reader = load_lexicon(), Reader()
    views = [profile(card(name), lexicon, reader) for name in ("finance", "frontend", "backend", "security")]
    words = reader.words(" ".join(chosen))
    found = Matcher(views, lexicon).scores(words, set(words))
    terms = {*words, *map(" ".join, pairwise(words))}
    length = sum(lexicon.weight(word) for word in set(words)) + 3.0
    for view, score in zip(views, found, strict=True):
        plain = sum(view.worth(term, lexicon) for term in terms) / length**0.5
        assert score == pytest.approx(plain, abs=0.01)


def test_a_very_long_text_is_read_in_bounded_time_and_space() -> None:
    reader = Reader()
    assert len(reader.words("deploy " * 100_000)) == MAX_WORDS
    [found] = routed([Task(id="t", description="leak " * 50_000)], cards(), context_for())
    assert found.reasons


@pytest.mark.parametrize(("text", "words"), [
    ("Analyse the analyses!", ["analys", "analys"]),
    ("visualization and visualise", ["visualis", "visualis"]),
    ("CI/CD (customers' services)", ["ci", "cd", "custom", "servic"]),
    ("profile data/sales.csv", ["profil", "csv"]),
    ("look in docs/ for 2024", ["doc"]),
    ("user_name, front-end", ["user", "name", "front", "end"]),
    ("", []),
    ("... ?! --", []),
])
def test_texts_are_read_as_words_without_inflection(text: str, words: list[str]) -> None:
    assert Reader().words(text) == words


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_reads_the_same_again(text: str) -> None:
    reader = Reader()
    assert reader.words(text) == reader.words(text) == Reader().words(text)


@given(st.text(alphabet="abcdeginorstyz", min_size=1, max_size=14))
def test_a_stem_is_a_beginning_of_the_word_or_its_british_spelling(word: str) -> None:
    assert stem(word)[:3] == word.replace("iz", "is").replace("yz", "ys")[:3] or len(word) <= 4


def test_what_was_learned_names_its_data_and_speaks_of_words_and_fields_only() -> None:
    data = json.loads((HOME / "weights.json").read_text(encoding="utf-8"))
    assert "O*NET" in data["data"] and len(data["data_sha256"]) == 64 and data["seed"] == 7
    assert "benchmarks/fit_halo.py" in data["about"]
    assert {name for _, row in data["terms"].values() for name in row} <= set(written_lexicon().fields)
    assert (HOME / "weights.json").stat().st_size < 200_000


def test_what_words_mean_was_learned_from_the_lexicon_that_is_shipped_and_from_no_task() -> None:
    data = json.loads((HOME / "words.json").read_text(encoding="utf-8"))
    assert "benchmarks/fit_halo_words.py" in data["about"] and "no task" in data["data"] and data["seed"] is None
    assert tuple(data["fields"]) == written_lexicon().fields
    assert data["lexicon_sha256"] == hashlib.sha256((HOME / "lexicon.toml").read_bytes()).hexdigest()
    whole = json.loads((HOME / "encoder.json").read_text(encoding="utf-8"))
    assert {name: whole[name] for name in ("data", "lexicon_sha256", "fields")} == {
        name: data[name] for name in ("data", "lexicon_sha256", "fields")}
    assert sum(file.stat().st_size for file in HOME.glob("*.json")) < 5_000_000
    assert len(load_leans()) > 10_000 and (HOME / "words.json").stat().st_size < 500_000


def test_a_word_that_no_list_and_no_task_holds_speaks_by_what_it_means() -> None:
    lexicon = load_lexicon()
    told = lexicon.leans.of(stem("virus"))
    assert lexicon.fields[max(range(len(told)), key=told.__getitem__)] == "security"
    assert lexicon.leans.of("qwxyzzy") == ()


def test_strange_words_alone_are_worth_nothing_to_anybody() -> None:
    words = [word for word in ("seven", "garden", "fence") if load_lexicon().strange(stem(word))]
    assert len(words) >= 2 and all(stem(word) in load_lexicon().leans for word in words)
    assert set(scores(" ".join(words), "finance", "qa", "analytics")) == {0.0}


def test_what_a_text_means_ranks_who_fits_and_never_decides_whether_anybody_does() -> None:
    seats = board(cards(), RuleSet(()), True)
    plain = seats.scores(seats.matcher.weigh((), frozenset()), "", RuleSet(()).match(facts(Task(id="t"), Reader())))
    leans = tuple(float(name == "finance") for name in load_lexicon().fields)
    told = seats.hinted(plain, leans)
    assert told.index(max(told)) == seats.names.index("finance")
    assert plain == [0.0] * len(plain)


@pytest.mark.skipif(not installed(), reason="needs the packages of [guard]")
def test_the_encoder_reads_a_text_that_shares_no_word_with_any_list() -> None:
    reads = encoder()
    assert reads is not None
    told = reads.leans("Somebody has broken in and stolen what was locked away")
    assert reads.fields[told.index(max(told))] == "security" and abs(sum(told)) < 0.05
    assert reads.leans("x" * 100_000) == reads.leans("x" * 100_000)


def test_the_written_lexicon_holds_terms_of_one_or_two_words_each_for_few_fields() -> None:
    written = written_lexicon()
    assert all(term.count(" ") <= 1 for term in written.terms), [t for t in written.terms if t.count(" ") > 1]
    assert max(map(len, written.terms.values())) <= 4
    assert all(written.terms.values())


def test_every_task_is_ranked_over_all_cards_when_a_model_is_there() -> None:
    task = Task(id="t", description="Prepare adjusting journal entries and tax returns for the customer")
    [found] = genesis_route((task,), cards(), context_for(agents=cards(), models=("some-model",), settings=NEVER))
    assert found.agent == "finance"
    assert {found.agent, *(name for name, _ in found.alternatives)} == {c.name for c in cards()}
