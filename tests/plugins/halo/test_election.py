"""Whatever the cards, rules and tasks: the named runner-up wins without the winner, and every choice has reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_core import AgentCard, Assignment, Skill, Task
from genesis_core.testing import RouteContract, context_for
from genesis_halo import genesis_route

WORDS = "security scan secret table profile report module import budget invoice prose tests deploy sales".split()
KINDS = ("", "security", "finance", "test", "generic")
SKILLS = ("scan", "profile", "report", "count-words")
NAMES = ("architect", "builder", "finance", "security", "zoe", "ada")

text = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@st.composite
def a_card(draw: st.DrawFn, name: str) -> AgentCard:
    ids = draw(st.lists(st.sampled_from(SKILLS), max_size=3, unique=True))
    tags = draw(st.sampled_from([(), ("needs-model",)]))
    skills = [Skill(id=i, name=i.replace("-", " "), tags=tags if k else ()) for k, i in enumerate(ids)]
    return AgentCard(
        name=name, description=draw(text), kinds=draw(st.lists(st.sampled_from(KINDS[1:]), max_size=2, unique=True)),
        skills=skills, needs_model=draw(st.booleans()),
    )


@st.composite
def some_cards(draw: st.DrawFn) -> tuple[AgentCard, ...]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    found = [draw(a_card(name)) for name in names]
    twins = draw(st.lists(st.sampled_from(found), max_size=2, unique_by=lambda c: c.name))
    return (*found, *(twin.replace(name=f"{twin.name}-twin") for twin in twins))


@st.composite
def some_tasks(draw: st.DrawFn) -> tuple[Task, ...]:
    count = draw(st.integers(1, 6))
    return tuple(
        Task(
            id=f"t{number}", description=draw(text), kind=draw(st.sampled_from(KINDS)),
            requires=draw(st.sampled_from([(), (), ("scan",), ("report", "scan"), ("unheard-of",)])),
            metadata=draw(st.sampled_from([{}, {"platform": "cloud"}])),
        )
        for number in range(count)
    )


WHENS = st.sampled_from([
    {"kind": "security"}, {"words": ["report"]}, {"kind": "finance", "words": "invoice"}, {"skills": ["scan"]},
    {"metadata": {"platform": "cloud"}},
])
rules = st.dictionaries(
    st.sampled_from(["one", "two", "three"]),
    st.fixed_dictionaries({"when": WHENS, "then": st.sampled_from(NAMES), "priority": st.sampled_from([5, 15, 30])}),
)


def routed(
    tasks: Sequence[Task], cards: Sequence[AgentCard], offered: Mapping[str, object], models: tuple[str, ...]
) -> dict[str, Assignment]:
    never = {"halo": {"margin": 0}}  # no model is asked
    context = context_for(agents=tuple(cards), models=models, offers={"rule": offered}, settings=never)
    return {a.task_id: a for a in genesis_route(tuple(tasks), tuple(cards), context) if a.agent}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_cards(), some_tasks(), rules, st.sampled_from([(), ("local",)]))
def test_without_the_winner_the_named_runner_up_wins(
    cards: tuple[AgentCard, ...], tasks: tuple[Task, ...], offered: Mapping[str, object], models: tuple[str, ...]
) -> None:
    before = routed(tasks, cards, offered, models)
    for winner in {a.agent for a in before.values()}:
        after = routed(tasks, [c for c in cards if c.name != winner], offered, models)
        for task_id, assignment in before.items():
            if assignment.agent == winner:
                named = assignment.alternatives[0][0] if assignment.alternatives else None
                assert (after[task_id].agent if task_id in after else None) == named


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_cards(), some_tasks(), rules, st.sampled_from([(), ("local",)]))
def test_every_assignment_is_explained_and_keeps_what_the_task_requires(
    cards: tuple[AgentCard, ...], tasks: tuple[Task, ...], offered: Mapping[str, object], models: tuple[str, ...]
) -> None:
    by_name, by_id = {c.name: c for c in cards}, {t.id: t for t in tasks}
    for task_id, assignment in routed(tasks, cards, offered, models).items():
        card = by_name[assignment.agent]
        assert set(by_id[task_id].requires) <= {s.id for s in card.skills if models or "needs-model" not in s.tags}
        assert models or not card.needs_model
        assert 0 <= assignment.score <= 1
        assert all(r.text for r in assignment.reasons) and len(assignment.reasons) == 2
        assert assignment.agent not in {name for name, _ in assignment.alternatives}
        assert all(0 <= score <= 1 for _, score in assignment.alternatives)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_cards(), some_tasks())
def test_the_order_of_the_cards_means_nothing(cards: tuple[AgentCard, ...], tasks: tuple[Task, ...]) -> None:
    assert routed(tasks, cards, {}, ()) == routed(tasks, cards[::-1], {}, ())


class TestHaloKeepsTheContract(RouteContract):
    hook = staticmethod(genesis_route)
    tasks = (
        Task(id="a", description="scan for secrets"), Task(id="b", description="bake bread"),
        Task(id="c", requires=("count-words",)),
    )
    agents = (
        AgentCard(name="guard", description="Scans source for secrets.", skills=(Skill(id="secret-scan"),)),
        AgentCard(name="editor", skills=(Skill(id="count-words", name="count words"),)),
    )
