"""What the guard allows, asks about and denies."""

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import (
    Action,
    Decision,
    Effect,
    Goal,
    Identity,
    Label,
    Outcome,
    PlanContext,
    Ruling,
    Secrecy,
    SettingsError,
    Trust,
)
from genesis_core._plugins import Plugins
from genesis_core._policy import Authority, merge_decisions
from genesis_guard import genesis_authorize, genesis_provide, genesis_screen
from genesis_guard._glob import is_below, matcher
from genesis_guard._hosts import hosts_of
from genesis_guard._policy import Asked, Policy, built_in
from genesis_guard._rules import VERBS, read_rules, rules_from
from genesis_guard._screen import MAX_CHARS

GOAL = Goal(text="look")
TEXT = st.text(max_size=30)
USER = Label()


def context(models: tuple[str, ...] = (), **guard: Any) -> PlanContext:
    return PlanContext(goal=GOAL, models=models, settings={"guard": guard} if guard else {})


def ruling(verb: str, resource: str, effect: Effect, *, models: tuple[str, ...] = (), **guard: Any) -> str:
    return authorize(Action(verb, resource, effect), context(models, **guard)).effect.value


def authorize(action: Action, context: PlanContext, *, agent: str = "anyone", label: Label = USER) -> Decision:
    return genesis_authorize(action, Identity(subject=agent), label, context)


def rule(**changes: Any) -> dict[str, Any]:
    return {"id": "mine", "verbs": ["read"], "resources": ["private/**"], "decision": "deny", **changes}


# ---- the table that comes with Genesis -----------------------------------------------------------------------------

ALLOWED = {
    ("run", Effect.PURE), ("read", Effect.READ), ("write", Effect.WRITE), ("call", Effect.PURE), ("call", Effect.READ),
    ("endorse", Effect.PURE), ("make", Effect.PURE),
}
ASKED = {("call", Effect.WRITE), ("grant", Effect.WRITE)}


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("verb", [*VERBS, "connect", "spawn", "delete", ""])
def test_only_the_actions_of_the_table_are_allowed(verb: str, effect: Effect) -> None:
    expected = "allow" if (verb, effect) in ALLOWED else "ask" if (verb, effect) in ASKED else "deny"
    assert ruling(verb, "name", effect) == expected


@given(TEXT, TEXT, st.sampled_from(Effect), st.lists(TEXT, max_size=3))
def test_no_action_outside_the_table_is_ever_allowed(
    verb: str, resource: str, effect: Effect, models: list[str]
) -> None:
    decision = authorize(Action(verb, resource, effect), context(tuple(models)))
    a_model = verb == "ask" and effect is Effect.SEND and resource in models
    assert decision.effect is not Ruling.ALLOW or (verb, effect) in ALLOWED or a_model
    assert decision.rule and (decision.effect is Ruling.ALLOW or decision.reason)


@pytest.mark.parametrize("verb", ["read", "write"])
@pytest.mark.parametrize("name", ["/etc/passwd", "..", "../a", "a/../../b", "a/..", "", "a\0b", "a\\..\\b", "//a"])
def test_a_name_that_leads_out_of_the_folder_is_denied(verb: str, name: str) -> None:
    assert ruling(verb, name, Effect(verb)) == "deny"


@pytest.mark.parametrize("name", [".", "a.py", "a/b.py", "a..b", "..hidden", "a/...", ".env"])
def test_a_name_below_the_folder_may_be_read(name: str) -> None:
    assert ruling("read", name, Effect.READ) == "allow"


def test_a_model_may_be_asked_when_the_operator_configured_it() -> None:
    assert ruling("ask", "small", Effect.SEND, models=("small",)) == "allow"
    assert ruling("ask", "other", Effect.SEND, models=("small",)) == "deny"
    assert ruling("ask", "small", Effect.SEND) == "deny"


def test_a_decision_names_its_rule_and_its_reason() -> None:
    decision = authorize(Action("call", "web.post", Effect.SEND), context())
    assert (decision.rule, decision.effect) == ("default-deny", Ruling.DENY)
    assert "beyond this machine" in decision.reason
    assert authorize(Action("spawn", "sh"), context()).rule == "default-deny"


@given(st.lists(st.sampled_from([r.id for r in built_in().rules]), unique=True), st.sampled_from(VERBS),
       st.sampled_from(Effect), TEXT)
def test_the_order_of_rules_in_the_file_means_nothing(ids: list[str], verb: str, effect: Effect, name: str) -> None:
    chosen = sorted(built_in().rules, key=lambda r: ids.index(r.id) if r.id in ids else -1)
    action = Action(verb, name, effect)
    assert Policy(chosen).decide(Asked(action)) == built_in().decide(Asked(action))


# ---- the operator's own rules come first; any deny wins --------------------------------------------------------------


def test_a_rule_of_the_settings_denies_what_the_built_in_policy_allows() -> None:
    assert ruling("read", "private/key.pem", Effect.READ, rules=[rule()]) == "deny"
    assert ruling("read", "public/a.txt", Effect.READ, rules=[rule()]) == "allow"


def test_a_rule_of_the_settings_can_leave_an_action_to_a_person() -> None:
    rules = [rule(verbs=["call"], resources=["scan"], decision="ask")]
    assert ruling("call", "scan", Effect.READ, rules=rules) == "ask"
    assert ruling("call", "scanner", Effect.READ, rules=rules) == "allow"


def test_a_deny_outweighs_an_ask_of_the_same_section() -> None:
    rules = [rule(id="a", decision="ask"), rule(id="b"), rule(id="c", decision="ask")]
    assert ruling("read", "private/x", Effect.READ, rules=rules) == "deny"


def test_a_deny_also_covers_a_name_that_leads_out() -> None:
    assert ruling("read", "../private", Effect.READ, rules=[rule(resources=["**"])]) == "deny"


@pytest.mark.parametrize(("section", "says"), [
    ({"rules": [rule(trust=["user", "untrused"])]}, "did you mean 'untrusted'"),
    ({"rules": [rule(secrecy=["hidden"])]}, "`secrecy` can't be 'hidden'"),
    ({"rules": [rule(above_cost="much")]}, "an amount in US dollars"),
    ({"rules": [rule(above_cost=-1)]}, "an amount in US dollars"),
    ({"rules": [rule(arguments=["to"])]}, "a table of lists"),
    ({"rules": [rule(arguments={"to": "a@b"})]}, "list of words"),
    ({"rules": [rule(hosts=[""])]}, "1 to 500 characters"),
    ({"secret_files": "*.pem"}, "list of globs"),
    ({"untrusted": "allow"}, "ask or deny"),
    ({"rules": [rule(id="approvals")]}, "is taken"),
    ({"rules": [rule(id="kernel.provenance")]}, "is taken"),
    ({"rules": [rule(id="run-agents")]}, "is taken"),
    ({"file": "policy.toml"}, "absolute path"),
    ({"file": "/nowhere/policy.toml"}, "can't be read"),
    ({"rule": []}, "'rule'"),
    ({"rules": [rule(verb="read")]}, "did you mean 'verbs'"),
    ({"rules": [rule(verbs=["raed"])]}, "did you mean 'read'"),
    ({"rules": [rule(effects=["wirte"])]}, "did you mean 'write'"),
    ({"rules": [rule(decision="denny")]}, "did you mean 'deny'"),
    ({"rules": [rule(resources=["@model"])]}, "did you mean '@models'"),
    ({"rules": [rule(resources=[""])]}, "1 to 500 characters"),
    ({"rules": [rule(verbs=[])]}, "list of words"),
    ({"rules": [rule(verbs="read")]}, "list of words"),
    ({"rules": [rule(id="")]}, "no id"),
    ({"rules": [rule(), rule()]}, "used twice"),
    ({"rules": [rule(description=3)]}, "`description` is a text"),
    ({"rules": "all"}, "list of tables"),
])
def test_a_section_that_can_not_be_enforced_stops_genesis_from_opening(section: Mapping[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        genesis_provide(section)
    assert says in f"{caught.value.message} {caught.value.cause}"


def test_no_section_is_no_error() -> None:
    assert genesis_provide({})


RULES = st.builds(
    rule, id=st.uuids().map(str), verbs=st.lists(st.sampled_from(VERBS), min_size=1),
    decision=st.sampled_from(["ask", "deny", "allow"]),
    resources=st.lists(st.sampled_from(["**", "a/**", "*.py", "name"]), min_size=1),
)


@given(st.lists(RULES, max_size=3), st.sampled_from(VERBS), st.sampled_from(Effect),
       st.sampled_from(["a/b", "x.py", "name", "../up"]))
def test_rules_that_ask_or_deny_never_loosen_and_a_deny_always_wins(
    rules: list[dict[str, Any]], verb: str, effect: Effect, name: str
) -> None:
    order = ["allow", "ask", "deny"]
    tightening = [r for r in rules if r["decision"] == "deny"]
    before, after = ruling(verb, name, effect), ruling(verb, name, effect, rules=rules)
    if tightening and ruling(verb, name, effect, rules=tightening) == "deny" != before:
        assert after == "deny"
    if not any(r["decision"] == "allow" for r in rules) and before != "deny":
        assert order.index(after) >= order.index(before)
    if verb in ("read", "write") and name == "../up":
        assert after != "allow"


def test_the_operator_may_allow_a_tool_that_sends_to_these_hosts_alone() -> None:
    rules = [rule(verbs=["call"], resources=["web.post"], hosts=["api.example.com"], decision="allow")]

    def said(*urls: str) -> str:
        action = Action("call", "web.post", Effect.SEND, {"urls": list(urls), "text": "x"})
        return authorize(action, context(rules=rules)).effect.value

    assert said("https://api.example.com/v1", "https://API.example.com:8443/v2") == "allow"
    assert said("https://api.example.com/v1", "https://evil.example/") == "deny"
    assert said("https://api.example.com@evil.example/") == "deny"
    assert said("https://user:pw@api.example.com\\@evil.example/") == "deny"
    assert said("") == "deny", "a rule on hosts allows nothing that names none"


HIDDEN = {
    "a tab": "https://board.example.com\t.evil.com/x",
    "an end of line": "https://board.example.com\r\n.evil.com/x",
    "an end of line in the scheme": "ht\ntps://evil.com/",
    "a long password": "https://board.example.com:" + "a" * 300 + ";@evil.com/",
    "a backslash": "https://board.example.com\\;@evil.com/",
    "a blank": "https://board.example.com ;@evil.com/",
    "two signs": "https://board.example.com@x@evil.com/",
    "escapes": "https://evil%2ecom/",
    "other letters": "https://\uff45vil\u3002com/",
    "a mail of no one": "board.example.com;@evil.com",
    "a comment": "ann@(board.example.com)evil.com",
    "a blank in a mail": "ann@board.example.com .evil.com",
    "a blank before the host": "ann@ evil.com",
    "a name of a field": {"https://evil.com/": "https://board.example.com/"},
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_host_is_found_however_an_address_is_written(how: str) -> None:
    hosts = ["board.example.com"]
    web = rule(verbs=["call"], resources=["web.post"], hosts=hosts, decision="allow")
    action = Action("call", "web.post", Effect.SEND, {"to": HIDDEN[how], "text": "see https://board.example.com/"})
    assert authorize(action, context(rules=[web])).effect is Ruling.DENY
    anything = rule(id="all", verbs=["call"], resources=["web.post"], decision="allow")
    not_there = rule(verbs=["call"], resources=["web.post"], hosts=["*evil.com"], decision="deny")
    assert authorize(action, context(rules=[anything])).effect is Ruling.ALLOW
    assert authorize(action, context(rules=[anything, not_there])).effect is Ruling.DENY


@pytest.mark.parametrize("text", [
    "see https://board.example.com/a, or (https://board.example.com). Thanks", "Ann <ann@board.example.com> (Ann)",
    '{"url": "https://board.example.com"}', "https://USER:pw@board.example.com:8443/x@y/",
    "@property\ndef x(self): ...", "ann@board.example.com,\nbob@board.example.com", "https://board.example.com",
])
def test_usual_texts_name_the_hosts_that_they_seem_to(text: str) -> None:
    assert set(hosts_of({"text": text})) <= {"board.example.com", "y"}


@given(st.lists(st.sampled_from(["https:", "//a.", "@", "a@", " ", "\n", ";", "(", "[", "\\", ".", "/", "evil.com"])))
def test_what_stands_behind_the_last_sign_of_an_address_is_always_among_its_hosts(parts: list[str]) -> None:
    address = "https://" + re.sub(r"[/\\?#]", "", "".join(parts)) + "@evil.com/"
    assert "evil.com" in hosts_of({"url": address})


@pytest.mark.parametrize("part", ["https:", "https:[", "//a.", "@", "a@ .", "a@[", "<@", "(", "https:@", "a@b\n"])
def test_hosts_are_found_in_linear_time(part: str) -> None:
    def cost(size: int) -> float:
        begin = time.process_time()
        hosts_of({"text": part * (size // len(part))})
        return time.process_time() - begin

    assert min(cost(160_000) for _ in range(3)) < 16 * min(cost(20_000) for _ in range(3)) + 0.05


@pytest.mark.parametrize("to", [
    "a@evil.com", ["a@evil.com"], ["a@evil.com", "b@ok.com"], {"x": "a@evil.com"}, {"a@evil.com": 1}, ["a@evil.com", 1],
    "A@EVIL.com", "<a@evil.com>", "Ann <a@evil.com>, b@ok.com", "b@ok.com;a@evil.com.", "mailto:a@evil.com?cc=b",
    "x/a@evil.com", [[["a@evil.com"]]], "a@\uff45vil.com",
])
@pytest.mark.parametrize("decision", ["deny", "ask"])
def test_what_is_denied_or_asked_about_is_found_in_whatever_form_it_stands(to: object, decision: str) -> None:
    anything = rule(id="all", verbs=["call"], resources=["mail"], decision="allow")
    rules = [anything, rule(verbs=["call"], resources=["mail"], arguments={"to": ["*@Evil.com"]}, decision=decision)]
    assert authorize(Action("call", "mail", Effect.SEND, {"to": to}), context(rules=rules)).effect.value == decision
    harmless = Action("call", "mail", Effect.SEND, {"to": "b@ok.com", "text": "a@evil.com"})
    assert authorize(harmless, context(rules=rules)).effect is Ruling.ALLOW


@pytest.mark.parametrize("to", [
    "x@evil.com, y@ok.com", "x@evil.com\ny@ok.com", "x@evil.com@ok.com", {"x": "y@ok.com"}, [["y@ok.com"]],
    ["y@ok.com", "x@evil.com, y@ok.com"], 7, None, [],
])
def test_what_is_allowed_is_a_text_or_a_list_of_texts_with_one_address_each(to: object) -> None:
    rules = [rule(verbs=["call"], resources=["mail"], arguments={"to": ["*@ok.com"]}, decision="allow")]
    for said, expected in ((to, Ruling.DENY), ("y@ok.com", Ruling.ALLOW)):
        action = Action("call", "mail", Effect.SEND, {"to": said})
        assert authorize(action, context(rules=rules)).effect is expected


def test_a_rule_may_be_about_an_agent_its_arguments_and_labels() -> None:
    rules = [rule(verbs=["call"], resources=["mail.send"], agents=["mailer"], arguments={"to": ["*@example.com"]},
                  secrecy=["public", "internal"], trust=["user", "trusted"], decision="allow")]

    def said(to: object, agent: str = "mailer", label: Label = USER) -> str:
        action = Action("call", "mail.send", Effect.SEND, {"to": to, "text": "x"})
        return authorize(action, context(rules=rules), agent=agent, label=label).effect.value

    assert said("ann@example.com") == "allow" and said(["ann@example.com", "bob@example.com"]) == "allow"
    assert said("ann@elsewhere.org") == "deny" and said(["ann@example.com", "eve@evil.org"]) == "deny"
    assert said([]) == "deny" and said(7) == "deny" and said(["ann@example.com", 7]) == "deny"
    assert said("ann@example.com", agent="other") == "deny"
    assert said("ann@example.com", label=Label(Trust.UNTRUSTED)) == "deny"
    assert said("ann@example.com", label=Label(secrecy=Secrecy.SECRET)) == "deny"


def test_what_costs_more_than_a_limit_or_nobody_knows_what_may_be_left_to_a_person() -> None:
    rules = [rule(verbs=["ask"], resources=["@models"], above_cost="0.10", decision="ask")]

    def said(cost: str | None) -> str:
        action = Action("ask", "big", Effect.SEND, cost=None if cost is None else Decimal(cost))
        return authorize(action, context(("big",), rules=rules)).effect.value

    assert (said("0.10"), said("0.11"), said(None)) == ("allow", "ask", "ask")


def test_secret_data_goes_to_no_model_unless_the_operator_says_to_which() -> None:
    secret = Label(secrecy=Secrecy.SECRET)
    ask = Action("ask", "local", Effect.SEND)
    assert authorize(ask, context(("local",)), label=secret).effect is Ruling.DENY
    rules = [rule(verbs=["ask"], resources=["local"], decision="allow")]
    assert authorize(ask, context(("local",), rules=rules), label=secret).effect is Ruling.ALLOW


def test_rules_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[[rule]]\nid = 'mine'\nverbs = ['call']\nresources = ['stamp']\ndecision = 'allow'\n")
    assert ruling("call", "stamp", Effect.WRITE) == "ask"
    assert ruling("call", "stamp", Effect.WRITE, file=str(path)) == "allow"
    assert ruling("call", "other", Effect.WRITE, file=str(path)) == "ask"


def test_a_policy_file_with_a_fault_is_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    with pytest.raises(SettingsError, match=r"policy\.toml can't be read"):
        read_rules(path)
    path.write_text("[[rules]]\nid = 'a'\n")
    with pytest.raises(SettingsError, match="unknown key 'rules'; did you mean 'rule'"):
        read_rules(path)


# ---- globs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("glob", "yes", "no"), [
    ("a.py", ["a.py"], ["a_py", "b/a.py", "a.py/"]),
    ("*.py", ["a.py", ".py"], ["a/b.py", "a.pyc"]),
    ("**/*.py", ["a.py", "a/b.py", "a/b/c.py"], ["a.txt", "a.py/b"]),
    ("src/**", ["src/a", "src/a/b", "src"], ["srcs/a", "a/src/b"]),
    ("**/private/**", ["private/a", "a/private/b/c"], ["privates/a"]),
    ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c", "a/b/b/c"], ["a/c", "a/x/c", "b/a/c"]),
    ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
    ("a*a", ["aa", "aba"], ["a", "ab"]),
    ("*a*b*", ["xaybz", "ab"], ["ba", "a/b"]),
])
def test_a_glob_covers_these_and_not_those(glob: str, yes: list[str], no: list[str]) -> None:
    match = matcher(glob)
    assert match is not None
    assert [name for name in yes + no if match(name)] == yes


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_stars_inside_a_segment_mean_what_they_mean_in_a_shell(glob: str, name: str) -> None:
    match = matcher(glob)
    assert (True if match is None else match(name)) == (re.match(fnmatch.translate(glob), name) is not None)


@given(st.lists(st.sampled_from(["a", "b", "**"]), min_size=1, max_size=6),
       st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=7))
def test_double_stars_stand_for_any_number_of_segments(glob: list[str], name: list[str]) -> None:
    match = matcher("/".join(glob))
    assert (True if match is None else match("/".join(name))) == _slow(glob, name)


def _slow(glob: list[str], name: list[str]) -> bool:
    if not glob:
        return not name
    if glob[0] == "**":
        return any(_slow(glob[1:], name[i:]) for i in range(len(name) + 1))
    return bool(name) and glob[0] == name[0] and _slow(glob[1:], name[1:])


@pytest.mark.timeout(20)
def test_a_hostile_name_takes_linear_time() -> None:
    match = matcher("**/" + "*a" * 100 + "*b/**/c")
    assert match is not None
    assert not match("a" * 200_000)
    assert not match("a/" * 100_000)
    assert not is_below("a/../" * 100_000)


# ---- screening, and how the kernel merges --------------------------------------------------------------------------


def test_screening_lets_a_text_of_sane_length_pass() -> None:
    assert genesis_screen("Bake bread.", Label(), PlanContext(goal=Goal(text="t"))).outcome is Outcome.ALLOW
    found = genesis_screen("x" * (MAX_CHARS + 1), Label(), PlanContext(goal=Goal(text="t")))
    assert found.outcome is Outcome.BLOCK and found.spans == ((MAX_CHARS, MAX_CHARS + 1),)


DECISIONS = st.builds(Decision, st.sampled_from(Ruling), st.sampled_from("abc"))


@given(st.lists(st.tuples(DECISIONS, st.booleans())))
def test_merged_decisions_take_the_most_restrictive(answers: list[tuple[Decision, bool]]) -> None:
    merged = merge_decisions(answers).effect
    said = {decision.effect for decision, _ in answers}
    if Ruling.DENY in said:
        assert merged is Ruling.DENY
    elif not any(trusted for _, trusted in answers):
        assert merged is Ruling.DENY
    else:
        assert merged is (Ruling.ASK if Ruling.ASK in said else Ruling.ALLOW)


@given(st.permutations([(Decision.allow("a"), True), (Decision.ask("b"), False), (Decision.allow("c"), False)]))
def test_the_order_of_plugins_changes_no_decision(answers: list[tuple[Decision, bool]]) -> None:
    assert merge_decisions(answers) == Decision.ask("b")


def test_an_untrusted_allow_and_silence_both_deny() -> None:
    assert merge_decisions([(Decision.allow("a"), False)]).effect is Ruling.DENY
    assert merge_decisions([]).effect is Ruling.DENY


async def _decided(action: Action, *others: object, settings: Mapping[str, Any] | None = None) -> Decision:
    import genesis_guard

    plugins = Plugins()
    plugins.add(genesis_guard, name="guard", trust="security")
    for number, other in enumerate(others):
        plugins.add(other, name=f"other{number}")
    authority = Authority(plugins, PlanContext(goal=GOAL, settings=settings or {}))
    return await authority.decide(action, Identity(), Label(Trust.UNTRUSTED))


def _answers(answer: Decision | Exception) -> object:
    from genesis_core import hookimpl

    class Other:
        @hookimpl
        def genesis_authorize(self, action: Action) -> Decision:
            if isinstance(answer, Exception):
                raise answer
            return answer

    return Other()


def test_another_plugin_can_tighten_and_never_loosen() -> None:
    import asyncio

    read, send = Action("read", "a", Effect.READ), Action("call", "post", Effect.SEND)
    assert asyncio.run(_decided(read)).effect is Ruling.ALLOW
    assert asyncio.run(_decided(read, _answers(Decision.deny("no")))).rule == "no"
    assert asyncio.run(_decided(read, _answers(Decision.ask("hm")))).effect is Ruling.ASK
    assert asyncio.run(_decided(send, _answers(Decision.allow("yes")))).rule == "kernel.provenance"


def test_an_exception_denies() -> None:
    import asyncio

    read = Action("read", "a", Effect.READ)
    assert asyncio.run(_decided(read, _answers(RuntimeError("lost")))).effect is Ruling.DENY
    broken = {"guard": {"rules": [rule(decision="allowed")]}}
    assert asyncio.run(_decided(read, settings=broken)).effect is Ruling.DENY


@pytest.mark.parametrize(("rules", "may"), [
    ([], False),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="allow")], True),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="ask", agents=["poster"])], True),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="allow", agents=["somebody"])], False),
    ([rule(id="a", verbs=["call"], resources=["web.*"], decision="allow")], False),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], effects=["read"], decision="allow")], False),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="allow", hosts=["example.com"])], True),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="allow"),
      rule(id="b", verbs=["call"], resources=["mail.send"], decision="deny")], False),
    ([rule(id="a", verbs=["call"], resources=["mail.*"], decision="allow"),
      rule(id="b", verbs=["call"], resources=["mail.send"], decision="deny", hosts=["evil.example"])], True),
])
def test_a_plan_can_ask_whether_any_rule_lets_a_tool_send(rules: list[dict[str, Any]], may: bool) -> None:
    given = [{"effects": ["send"], **found} for found in rules]
    assert Policy(rules_from(given, "here"), built_in()).may_call("poster", "mail.send", Effect.SEND) is may
    (offer,) = [o for o in genesis_provide({"rules": given}) if o.kind == "policy"]
    assert offer.value("poster", "mail.send") is may


def test_rules_may_leave_out_effects_and_resources() -> None:
    found = rules_from([{"id": "a", "verbs": ["call"], "decision": "ask"}], "here")
    assert found[0].effects == tuple(e.value for e in Effect) and found[0].resources == ("**",)
