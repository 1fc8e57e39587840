"""Who is asked: the ability that the words speak for, a stranger's as readily as ours, and nobody where nobody can."""

from __future__ import annotations

import pytest

from genesis_agents._cards import cards
from genesis_core import AgentCard, Skill, Task
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose


def asked(text: str, *agents: AgentCard, **fields: object) -> list[tuple[str, ...]]:
    """What each task of *text* requires."""
    task = Task(id="goal", kind="goal", description=text)
    answer = genesis_decompose(task, context_for(text, agents=(*agents, *cards()), **fields))
    assert answer is not None
    return [t.requires for t in answer.tasks]


def stranger(name: str, *skills: str, **card: object) -> AgentCard:
    return AgentCard(name=name, skills=tuple(Skill(id=s, name=s) for s in skills), **card)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("Measure README.md", stranger("editor", "measure prose")),
        ("Total the invoices of March", stranger("invoices", "total invoices")),
        ("Translate the README into French", stranger("translator", "translate text")),
        ("Greet Ada and Grace", stranger("greeter", "greet people")),
        ("Check the spelling of the guide", stranger("speller", "check spelling")),
        ("Water the plants", stranger("gardener", "water plants")),
    ],
)
def test_a_strangers_agent_wins_its_own_clause_also_in_a_larger_goal(text: str, card: AgentCard) -> None:
    assert asked(text, card) == [(card.skills[0].id,)]
    assert asked(f"Map the architecture, {text[0].lower()}{text[1:]}, and write a report", card)[1] == (
        card.skills[0].id,
    )


def test_a_card_of_the_same_words_under_another_name_is_asked_as_well() -> None:
    [ours] = [c for c in cards() if c.name == "security"]
    theirs = ours.replace(name="warden", kinds=(), skills=(ours.skills[0].replace(id="warden-scan"),))
    others = tuple(c for c in cards() if c.name != "security")
    task = Task(id="goal", kind="goal", description="Scan the source for insecure calls")
    answer = genesis_decompose(task, context_for("g", agents=(*others, theirs)))
    assert answer is not None and [t.requires for t in answer.tasks] == [("warden-scan",)]


@pytest.mark.parametrize("deed", ["Delete", "Encrypt", "Print", "Email", "Translate"])
def test_a_deed_that_nobody_does_is_not_taken_for_looking(deed: str) -> None:
    known = {skill.id for card in cards() for skill in card.skills}
    [required] = asked(f"{deed} the tables in data/")
    assert known.isdisjoint(required)


def test_what_only_a_model_could_do_is_asked_of_who_has_the_skill() -> None:
    [required] = asked("Refactor the code")
    assert required == ("refactoring",)


def test_what_is_at_hand_is_preferred_until_a_model_is_there() -> None:
    writer = stranger("writer", "annual overview", needs_model=True)
    assert asked("Give me an overview of the architecture", writer)[0][0] == "module-map"


def test_no_agent_at_all_leaves_a_task_that_says_what_is_wanted() -> None:
    task = Task(id="goal", kind="goal", description="Scan the source for holes")
    answer = genesis_decompose(task, context_for("g"))
    assert answer is not None and [t.requires for t in answer.tasks] == [("scan-holes",)]
    assert answer.not_understood
