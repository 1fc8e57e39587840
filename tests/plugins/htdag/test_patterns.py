"""Broad goals become hierarchical graphs by a pattern, in many wordings; goals that say more are left alone."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_agents._cards import cards
from genesis_core import AgentCard, Decomposition, Input, Offer, Skill, Task, TaskGraph
from genesis_core.testing import context_for
from genesis_htdag import genesis_provide
from genesis_htdag.patterns import BUILT_IN, Pattern, built_in
from genesis_htdag.plan import decompose

WORDINGS: Mapping[str, Mapping[str, Sequence[Any]]] = tomllib.loads(
    Path(__file__).with_name("broad.toml").read_text(encoding="utf-8"))
CASES = [(name, goal, row["words"][at] if row["words"] else ())
         for name, row in WORDINGS.items() for at, goal in enumerate(row["goals"])]
PATTERNS: Mapping[str, Pattern] = {pattern.id: pattern for pattern in built_in()}


def planned(text: str, **fields: Any) -> Decomposition:
    context = context_for(text, **{"agents": cards(), **fields})
    answer = decompose(text, context)
    TaskGraph(tasks=answer.tasks)
    return answer


def used(answer: Decomposition) -> list[str]:
    return [str(task.metadata["pattern"]) for task in answer.tasks if "pattern" in task.metadata]


def told(answer: Decomposition) -> str:
    leaves = TaskGraph(tasks=answer.tasks).leaves
    return " ".join(t.description for t in leaves).lower()


def before(graph: TaskGraph, later: str) -> set[str]:
    """The tasks that end before *later* begins."""
    found, waiting = set[str](), [later]
    while waiting:
        for need in graph.waits_for(waiting.pop()):
            for leaf in graph.leaves_of(need):
                if leaf not in found:
                    found.add(leaf)
                    waiting.append(leaf)
    return found


@pytest.mark.parametrize(("name", "goal", "words"), CASES, ids=lambda value: str(value)[:50])
def test_a_broad_goal_in_whatever_words_becomes_its_parts_and_loses_none_of_its_words(
    name: str, goal: str, words: Sequence[str]
) -> None:
    answer = planned(goal)
    assert used(answer) == ([] if name == "none" else [name])
    assert [word for word in words if word not in told(answer)] == []


def test_there_are_at_least_twelve_patterns_over_the_fields_of_all_built_in_agents() -> None:
    skills = {skill.id: card.name for card in cards() for skill in card.skills}
    asked = {skills[skill] for pattern in PATTERNS.values() for part in pattern.leaves for skill in part.skills}
    owners = {card.name for card in cards()}
    assert len(PATTERNS) >= 12 and set(WORDINGS) - {"none"} == set(PATTERNS)
    assert owners - asked <= {"support", "analytics", "backend"}, "skills of one id are those of the first"
    kinds = {part.kind for pattern in PATTERNS.values() for part in pattern.leaves}
    assert {"support", "backend"} <= kinds


@pytest.mark.parametrize("name", PATTERNS)
def test_every_part_asks_for_skills_that_one_built_in_agent_has_all_of(name: str) -> None:
    for part in PATTERNS[name].leaves:
        assert any({s.id for s in card.skills} >= set(part.skills) for card in cards()), part.id


def test_the_largest_patterns_have_two_levels_and_a_whole_above_them() -> None:
    graph = TaskGraph(tasks=planned("Launch a SaaS product").tasks)
    assert max(graph.depths.values()) == 3
    assert graph.children["launch-product"] == ("discover", "make", "prove", "go-live", "announce")
    assert graph.children["make"] == ("architecture", "backend", "interface")
    assert len(graph.leaves) >= 12 and len({t.requires for t in graph.leaves}) >= 12


def test_the_parts_stand_in_their_order() -> None:
    graph = TaskGraph(tasks=planned("Launch a SaaS product").tasks)
    assert {"backend", "interface", "architecture", "requirements", "tests", "review"} <= before(graph, "release")
    assert {"backend", "interface"} <= before(graph, "tests") and "tests" not in before(graph, "backend")
    assert "release" in before(graph, "watch") and "release" in before(graph, "publish")
    assert "release" not in before(graph, "landing")


def test_what_a_part_makes_is_given_to_those_that_work_with_it() -> None:
    tasks = {t.id: t for t in planned("Migrate the database").tasks}
    assert tasks["scripts"].inputs["design"] == Input(task="design", output="")
    audit = {t.id: t for t in planned("Audit the repository").tasks}
    assert set(audit["report"].inputs) == {"structure", "complexity", "security", "documents"}
    assert audit["security"].depends_on == () and audit["documents"].inputs["query"] == Input(value="errors")


def test_places_and_what_is_left_out_reach_every_part() -> None:
    answer = planned("Audit the repository in src/ without tests/",
                     files=lambda pattern: ("src/a.py", "tests/b.py", "docs/c.md"))
    for task in TaskGraph(tasks=answer.tasks).leaves:
        if task.id != "report":
            assert task.inputs["folder"] == Input(value="src/") or task.inputs["folder"] == Input(value="src")
            assert task.inputs["exclude"] == Input(value=["tests"])


def test_what_the_goal_rules_out_behind_it_is_a_condition_of_every_part() -> None:
    answer = planned("Launch the app, no paid ads. Do not use the cloud. Then write a report")
    leaves = [t for t in TaskGraph(tasks=answer.tasks).leaves if t.requires != ("report",)]
    assert len(leaves) == 14
    assert all(t.description.endswith("(no paid ads; Do not use the cloud)") for t in leaves)


def test_what_the_goal_asks_for_itself_is_not_done_twice() -> None:
    answer = planned("Audit the repository and write a report")
    assert [t.id for t in answer.tasks if t.requires == ("report",)] == ["write-report"]
    graph = TaskGraph(tasks=planned("Launch the app and monitor it", models=("m",)).tasks)
    assert "watch" not in graph.by_id and graph["monitor"].requires == ("alerting",)
    assert graph["monitor"].inputs == {"launch-product": Input(task="launch-product", output="")}
    assert "release" in before(graph, "monitor")


def test_two_broad_goals_in_one_are_both_broken_down_in_the_order_that_the_goal_says() -> None:
    answer = planned("First migrate the database, then launch the product. Audit the repository as well")
    graph = TaskGraph(tasks=answer.tasks)
    assert {"migrate-database", "launch-product"} <= set(used(answer))
    assert {"scripts", "switch"} <= before(graph, "release")


def test_skills_that_nobody_here_has_stay_work_orders_and_are_told() -> None:
    some = tuple(card for card in cards() if card.name in ("architect", "qa"))
    answer = planned("Launch a SaaS product", agents=some)
    by_id = {t.id: t for t in answer.tasks}
    assert by_id["release"].requires == ("ci-cd",) and by_id["release"].description in answer.not_understood
    assert by_id["tests"].requires == ("integration-testing",)
    assert by_id["tests"].description not in answer.not_understood


def test_a_pattern_of_which_nobody_here_can_do_anything_is_none() -> None:
    cook = AgentCard(name="cook", skills=(Skill(id="cooking", name="cooking"),))
    assert used(planned("Launch a SaaS product", agents=(cook,))) == []


def test_a_skill_of_that_very_name_wins_over_a_pattern() -> None:
    mover = AgentCard(name="mover", skills=(Skill(id="migrate-database", name="migrate databases",
                                                  description="Migrate databases as a whole."),))
    answer = planned("Migrate the database", agents=(*cards(), mover))
    assert [t.requires for t in answer.tasks] == [("migrate-database",)]


@pytest.mark.parametrize("deepest", [1, 2, 3, 4])
def test_no_plan_is_deeper_than_allowed(deepest: int) -> None:
    from genesis_core import PlanLimits

    limits = PlanLimits(max_depth=deepest)
    text = "# Next year\n- Launch a SaaS product\n- Audit the repository, then write a report"
    for goal in ("Launch a SaaS product, then write a report", text):
        graph = TaskGraph(tasks=planned(goal, limits=limits).tasks)
        assert max(graph.depths.values()) <= deepest
        assert {"backend", "interface"} <= before(graph, "release")
        assert len(graph.leaves) >= 15


def test_no_more_is_broken_down_than_a_plan_may_have_tasks() -> None:
    from genesis_core import PlanLimits

    goal = ". ".join(f"Launch the product Number{n}" for n in range(30))
    assert len(planned(goal).tasks) == 30 * 20
    fewer = planned(goal, limits=PlanLimits(max_tasks=100)).tasks
    assert len(fewer) <= 100 and len([t for t in fewer if "pattern" in t.metadata]) == 3
    assert len([t for t in fewer if t.parent is None]) == 30, "the others stay one task each"


def test_the_same_goal_gives_the_same_plan_whatever_stands_where() -> None:
    for goal in ("Launch a SaaS product", "Migrate the database and audit the repository"):
        assert planned(goal) == planned(goal)


# ---- plugins ---------------------------------------------------------------------------------------------------------

TOUR = {"does": "A tour", "verbs": ["visit"], "objects": ["museum"], "parts": [
    {"id": "look", "do": "Search the documents of {object}", "skills": ["document-search"], "query": "{object}"},
    {"id": "tell", "do": "Write the report on {object}", "skills": ["report"], "after": ["look"]},
]}


def test_a_plugin_adds_a_pattern_by_an_offer_and_replaces_one_by_its_id() -> None:
    offer = Offer("pattern", "tour", TOUR)
    answer = planned("Visit the museum", offers={"pattern": {offer.name: offer.value}})
    assert used(answer) == ["tour"] and answer.tasks[1].inputs["query"] == Input(value="the museum")
    other = {**TOUR, "verbs": ["launch"], "objects": ["product"]}
    assert [t.id for t in planned("Launch the product", offers={"pattern": {"launch-product": other}}).tasks] == [
        "launch-product", "look", "tell"
    ]


def test_the_book_of_patterns_is_offered() -> None:
    [offer] = genesis_provide()
    assert (offer.kind, offer.name) == ("patternbook", "htdag") and BUILT_IN.is_file()


# ---- time and strange goals ------------------------------------------------------------------------------------------


def test_broad_goals_take_time_in_proportion_to_their_length() -> None:
    def seconds(times: int) -> float:
        goal = "\n".join(f"- Launch the product Number{n} for dentists with {n} dollars" for n in range(times))
        best = []
        for _ in range(3):
            began = time.process_time()
            answer = planned(goal)
            best.append(time.process_time() - began)
            assert len(used(answer)) == times
        return min(best)

    few, many = seconds(10), seconds(40)
    assert many < 4 * few * 2.2 + 0.05


_WORDS = st.sampled_from("launch the product app migrate database from to for without of and , . : called audit "
                         "repository no do a our called \"X\" 3 in src/ monitoring set up then report".split(" "))


@settings(max_examples=300, deadline=None)
@given(words=st.lists(_WORDS, max_size=25))
def test_whatever_the_words_the_plan_holds(words: list[str]) -> None:
    text = " ".join(words)
    answer = planned(text) if text.strip() else None
    if answer is not None:
        assert answer.tasks
        again: list[Task] = list(planned(text).tasks)
        assert list(answer.tasks) == again
