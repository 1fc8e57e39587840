"""Permission and screening as the kernel merges them: the most restrictive answer wins, and silence denies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import (
    AccessDenied,
    Action,
    Budget,
    BudgetExceeded,
    Decision,
    Effect,
    Identity,
    Label,
    LimitExceeded,
    Outcome,
    PlanLimits,
    PluginError,
    Ruling,
    Screening,
    Secrecy,
    Trust,
    Usage,
    hookimpl,
)
from genesis_core._ledger import Ledger
from genesis_core._plugins import Plugins
from genesis_core._policy import Authority, Waiting, merge_decisions, merge_screenings
from genesis_core.testing import context_for

ALLOW, ASK, DENY = Decision.allow("a"), Decision.ask("k"), Decision.deny("d")
DECISIONS = st.builds(Decision, st.sampled_from(Ruling), st.text(max_size=3))
ANSWERS = st.lists(st.tuples(DECISIONS, st.booleans()), max_size=6)
LABELS = st.builds(Label, st.sampled_from(Trust), st.sampled_from(Secrecy), st.frozensets(st.sampled_from("abc")))


class Judge:
    """Answers with what it was made with: a decision, None, an exception, or a coroutine function's answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: list[tuple[Action, Identity, Label]] = []

    @hookimpl
    def genesis_authorize(self, action: Action, identity: Identity, label: Label) -> Any:
        self.seen.append((action, identity, label))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer() if callable(self.answer) else self.answer


def authority(*judges: tuple[object, str], yes: bool = False) -> Authority:
    plugins = Plugins()
    for number, (judge, trust) in enumerate(judges):
        plugins.add(judge, name=f"judge{number}", trust=trust)
    return Authority(plugins, context_for(), yes=yes)


def decide(*judges: tuple[Any, str]) -> Decision:
    made = authority(*((Judge(answer), trust) for answer, trust in judges))
    return asyncio.run(made.decide(Action("call", "tool"), Identity(), Label()))


# -- decisions --------------------------------------------------------------------------------------------------------


def test_silence_denies_and_says_so() -> None:
    assert decide() == decide((None, "security")) == Decision.deny("kernel: silence", "no plugin allowed this")


def test_an_allow_counts_only_from_the_trust_level_security() -> None:
    assert decide((ALLOW, "security")) == ALLOW
    refused = decide((ALLOW, "ordinary"), (ALLOW, "SECURITY"), (ALLOW, ""))
    assert (refused.effect, refused.rule) == (Ruling.DENY, "kernel: untrusted allow")
    assert "security" in refused.reason


@pytest.mark.parametrize("trust", ["security", "ordinary"])
def test_any_deny_wins_wherever_it_comes_from(trust: str) -> None:
    assert decide((ALLOW, "security"), (DENY, trust), (ASK, "security")) == DENY
    assert decide((DENY, trust), (ALLOW, "security")) == DENY


def test_an_ask_tightens_an_allow() -> None:
    assert decide((ALLOW, "security"), (ASK, "ordinary")) == ASK
    assert decide((ASK, "security")) == ASK


def test_an_ask_of_an_ordinary_plugin_does_not_make_up_for_a_missing_allow() -> None:
    assert decide((ASK, "ordinary")).effect is Ruling.DENY
    assert decide((ASK, "ordinary"), (None, "security")).effect is Ruling.DENY


def test_a_judge_that_raises_denies_and_is_named() -> None:
    denied = decide((ALLOW, "security"), (RuntimeError("confused"), "ordinary"))
    assert denied == Decision.deny("judge1: error", "RuntimeError: confused")


@pytest.mark.parametrize("answer", [True, "allow", 1, Ruling.ALLOW, object(), False, ""])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "async"])
def test_an_answer_that_is_no_decision_denies(answer: object, asynchronous: bool) -> None:
    async def later() -> object:
        return answer

    given_answer = later if asynchronous else lambda: answer
    denied = decide((ALLOW, "security"), (given_answer, "security"))
    assert (denied.effect, denied.rule) == (Ruling.DENY, "judge1: error")


def test_a_judge_may_be_asynchronous() -> None:
    async def later() -> Decision:
        await asyncio.sleep(0)
        return DENY

    async def none() -> None:
        await asyncio.sleep(0)

    assert decide((ALLOW, "security"), (later, "ordinary")) == DENY
    assert decide((ALLOW, "security"), (none, "ordinary")) == ALLOW


def test_a_judge_sees_action_identity_and_label() -> None:
    judge = Judge(ALLOW)
    made = authority((judge, "security"))
    action, identity, label = Action("read", "x", Effect.READ), Identity(subject="me"), Label(Trust.UNTRUSTED)
    asyncio.run(made.decide(action, identity, label))
    assert judge.seen == [(action, identity, label)]


@given(ANSWERS)
def test_no_answer_can_loosen_what_the_others_say(answers: list[tuple[Decision, bool]]) -> None:
    order = [Ruling.ALLOW, Ruling.ASK, Ruling.DENY]
    merged = order.index(merge_decisions(answers).effect)
    for place in range(len(answers)):
        if not answers[place][1]:
            assert order.index(merge_decisions(answers[:place] + answers[place + 1:]).effect) <= merged
    assert all(order.index(d.effect) <= merged for d, _ in answers)


@given(ANSWERS)
def test_nothing_passes_without_a_trusted_word(answers: list[tuple[Decision, bool]]) -> None:
    if not any(trusted for _, trusted in answers):
        assert merge_decisions(answers).effect is Ruling.DENY


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_no_outcome(answers: list[tuple[Decision, bool]], random: Any) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)
    assert merge_decisions(shuffled).effect is merge_decisions(answers).effect


@pytest.mark.parametrize("word", ["allow", "ask", "deny"])
def test_a_decision_takes_the_words_of_a_ruling_and_no_others(word: str) -> None:
    assert Decision(word, "rule").effect is Ruling(word)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="maybe"):
        Decision("maybe", "rule")  # type: ignore[arg-type]


# -- enforcement ------------------------------------------------------------------------------------------------------


def test_an_allowed_action_passes() -> None:
    authority().enforce(Action("read", "x"), ALLOW)


@pytest.mark.parametrize("yes", [False, True])
def test_a_denied_action_never_passes(yes: bool) -> None:
    with pytest.raises(AccessDenied) as caught:
        authority(yes=yes).enforce(Action("read", "x"), Decision.deny("r", "because"))
    assert not isinstance(caught.value, Waiting)
    assert caught.value.message == "read 'x' is denied"
    assert caught.value.cause == "rule 'r': because"
    assert "genesis config --origin" in caught.value.hint
    with pytest.raises(AccessDenied) as caught:
        authority(yes=yes).enforce(Action("read", "x"), Decision.deny("r"))
    assert caught.value.cause == "rule 'r'"


def test_what_a_person_must_approve_waits_unless_they_said_yes() -> None:
    with pytest.raises(Waiting) as caught:
        authority().enforce(Action("send", "mail"), ASK)
    assert caught.value.message == "send 'mail' is not approved yet"
    assert caught.value.hint == "genesis approvals grant RUN TASK, then genesis resume RUN"
    assert caught.value.exit_code == 4
    authority(yes=True).enforce(Action("send", "mail"), ASK)
    with pytest.raises(Waiting):
        Authority(Plugins(), context_for()).enforce(Action("send", "mail"), ASK)


# -- screening --------------------------------------------------------------------------------------------------------


class Screen:
    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer = answer

    @hookimpl
    def genesis_screen(self, text: str) -> Screening | Awaitable[Screening] | None:
        found: Screening | None = self.answer(text)
        return found


def screened(*answers: Callable[[str], Any]) -> Screening:
    made = authority(*((Screen(answer), "ordinary") for answer in answers))
    return asyncio.run(made.screen("some text", Label(), "the goal"))


def test_without_objection_a_text_passes() -> None:
    assert screened() == screened(lambda t: None) == Screening()


def test_screenings_merge_to_the_most_restrictive_with_all_reasons() -> None:
    one = Screening(outcome=Outcome.QUARANTINE, score=0.4, spans=((0, 3),), reasons=("odd",))
    two = Screening(score=0.9, spans=((4, 5),), reasons=("loud",))
    merged = screened(lambda t: one, lambda t: None, lambda t: two)
    assert merged == Screening(
        outcome=Outcome.QUARANTINE, score=0.9, spans=((0, 3), (4, 5)), reasons=("odd", "loud"),
    )


def test_a_blocked_text_is_refused_with_the_reasons() -> None:
    with pytest.raises(AccessDenied, match="the goal was blocked") as caught:
        screened(lambda t: Screening(outcome=Outcome.BLOCK, reasons=("bad", "worse")), lambda t: Screening())
    assert caught.value.cause == "bad; worse"


def test_a_screen_that_raises_blocks() -> None:
    with pytest.raises(PluginError, match="judge0.*ZeroDivisionError"):
        screened(lambda t: 1 / 0)


@pytest.mark.parametrize("odd", [True, "allow", {"outcome": "allow"}, Outcome.ALLOW], ids=str)
def test_what_is_no_screening_blocks(odd: Any) -> None:
    with pytest.raises(PluginError, match="judge0.*genesis_screen"):
        screened(lambda t: odd)


def test_a_screening_may_be_awaited() -> None:
    async def later() -> Screening:
        return Screening(score=0.5)

    assert screened(lambda t: later()).score == 0.5


@given(st.lists(st.sampled_from(Outcome), max_size=5))
def test_the_most_restrictive_outcome_wins(outcomes: list[Outcome]) -> None:
    order = [Outcome.ALLOW, Outcome.QUARANTINE, Outcome.BLOCK]
    merged = merge_screenings([Screening(outcome=o) for o in outcomes])
    assert order.index(merged.outcome) == max([order.index(o) for o in outcomes], default=0)


# -- labels -----------------------------------------------------------------------------------------------------------


@given(LABELS, LABELS, LABELS)
def test_labels_form_a_lattice(a: Label, b: Label, c: Label) -> None:
    assert a | b == b | a
    assert (a | b) | c == a | (b | c)
    assert a | a == a
    assert Label.join(a, b, c) == a | b | c


@given(LABELS, LABELS)
def test_a_join_is_no_more_trusted_no_less_secret_and_forgets_no_source(a: Label, b: Label) -> None:
    joined = a | b
    assert joined.trust == min(a.trust, b.trust)
    assert joined.secrecy == max(a.secrecy, b.secrecy)
    assert joined.sources == a.sources | b.sources


def test_nothing_joined_is_trusted() -> None:
    assert Label.join() == Label(Trust.TRUSTED)


@given(LABELS)
def test_a_label_survives_its_json(label: Label) -> None:
    assert Label.from_json(label.to_json()) == label
    assert label.to_json()["sources"] == sorted(label.sources)


def test_an_identity_that_delegates_keeps_its_scopes_and_its_chain() -> None:
    agent = Identity(subject="ann", scopes=("read",)).delegate("run").delegate("agent")
    assert agent == Identity(subject="agent", scopes=("read",), actor=("ann", "run"))


# -- money ------------------------------------------------------------------------------------------------------------


def ledger(limits: PlanLimits | None = None, spent: Usage | None = None, **budget: Any) -> Ledger:
    return Ledger(Budget(**budget), limits or PlanLimits(), spent)


@pytest.mark.parametrize(
    ("limit", "fits", "more"),
    [
        ({"max_cost": "1.50"}, Usage(cost=Decimal("1.50")), Usage(cost=Decimal("0.01"))),
        ({"max_tokens": 10}, Usage(tokens=10), Usage(tokens=1)),
        ({"max_tool_calls": 2}, Usage(tool_calls=2), Usage(tool_calls=1)),
    ],
)
def test_a_budget_is_spent_to_the_last_and_no_further(limit: dict[str, Any], fits: Usage, more: Usage) -> None:
    books = ledger(**limit)
    books.settle(books.reserve(fits), fits)
    with pytest.raises(BudgetExceeded, match=next(iter(limit))) as caught:
        books.reserve(more)
    assert caught.value.cause
    assert caught.value.hint == "genesis resume RUN --budget ... goes on with more"
    assert books.spent == fits


def test_what_is_reserved_counts_until_it_is_settled() -> None:
    books = ledger(max_tokens=10)
    held = books.reserve(Usage(tokens=8))
    with pytest.raises(BudgetExceeded):
        books.reserve(Usage(tokens=3))
    books.settle(held, Usage(tokens=2))
    books.reserve(Usage(tokens=8))
    assert books.spent == Usage(tokens=2)


def test_a_refused_reservation_sets_nothing_aside() -> None:
    books = ledger(max_tokens=10)
    with pytest.raises(BudgetExceeded):
        books.reserve(Usage(tokens=11))
    books.reserve(Usage(tokens=10))


def test_unknown_cost_does_not_fit_into_a_budget_in_money() -> None:
    with pytest.raises(BudgetExceeded):
        ledger(max_cost=5).reserve(Usage(cost=None))
    books = ledger()
    books.settle(books.reserve(Usage(cost=None)), Usage(cost=None))
    assert books.spent.cost is None


def test_what_was_spent_before_counts() -> None:
    with pytest.raises(BudgetExceeded):
        ledger(max_tokens=10, spent=Usage(tokens=9)).reserve(Usage(tokens=2))


@pytest.mark.parametrize(
    ("limit", "need"),
    [("max_tool_calls", Usage(tool_calls=1)), ("max_model_calls", Usage(model_calls=1))],
)
def test_the_limits_over_the_life_of_a_run_hold(limit: str, need: Usage) -> None:
    books = ledger(PlanLimits(**{limit: 2}))
    for _ in range(2):
        books.settle(books.reserve(need), need)
    with pytest.raises(LimitExceeded, match=f"{limit} = 2"):
        books.reserve(need)


USAGES = st.builds(
    Usage, cost=st.integers(0, 9).map(Decimal), tokens=st.integers(0, 9), tool_calls=st.integers(0, 3),
    model_calls=st.integers(0, 3),
)


@given(st.lists(st.tuples(USAGES, st.booleans()), max_size=20), st.integers(0, 40))
def test_however_calls_overlap_the_budget_holds(calls: list[tuple[Usage, bool]], limit: int) -> None:
    books, held, real = ledger(max_tokens=limit), [], 0
    for need, at_once in calls:
        try:
            held.append(books.reserve(need))
        except BudgetExceeded:
            continue
        if at_once:
            books.settle(held.pop(), need)
            real += need.tokens
        assert books.spent.tokens + sum(h.tokens for h in held) <= limit
    for need in held:
        books.settle(need, need)
    assert books.spent.tokens == real + sum(h.tokens for h in held) <= limit
