"""The rules: those that come along, what a file may say, and what is refused by name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from genesis_agents._cards import cards
from genesis_core import SettingsError, Task
from genesis_core.testing import context_for
from genesis_halo import genesis_route
from genesis_halo._conditions import facts
from genesis_halo._hook import rules_of
from genesis_halo._rules import BUILT_IN, RuleSet, read_rules, rule_from
from genesis_halo._words import Reader

READER = Reader()


def matches(when: Mapping[str, object], description: str = "", **fields: object) -> bool:
    rule = rule_from({"id": "it", "when": when, "then": "builder"}, READER, "test")
    task = Task(id="t", description=description or "nothing", **fields)
    return RuleSet([rule]).match(facts(task, READER)).rules == (rule,)


def test_at_least_thirty_six_rules_come_along_each_described_and_about_an_agent_that_exists() -> None:
    rows = tomllib.loads(BUILT_IN.read_text(encoding="utf-8"))["rule"]
    assert len(rows) >= 36
    assert all(row["description"] for row in rows)
    assert {row["then"] for row in rows} == {c.name for c in cards()}
    assert {row["priority"] for row in rows} >= {5, 10, 15, 20, 25}


@pytest.mark.parametrize(("when", "description", "fields", "expected"), [
    ({"kind": "api call"}, "", {"kind": "API_call"}, True),
    ({"kind": ["test", "qa"]}, "", {"kind": "build"}, False),
    ({"words": "invoice"}, "Sum the invoices.", {}, True),
    ({"words": ["invoice", "payroll"]}, "run payroll", {}, True),
    ({"words": "import cycle"}, "find import cycles", {}, True),
    ({"words": "import cycle"}, "import the cycle path", {}, True),
    ({"words": "import cycle"}, "cycle through the imports", {}, False),
    ({"words": {"all": ["scan", "secret"]}}, "scan for secrets", {}, True),
    ({"words": {"all": ["scan", "secret"]}}, "scan the page", {}, False),
    ({"words": {"any": "scan", "none": "page"}}, "scan the page", {}, False),
    ({"words": {"any": "scan", "none": "page"}}, "scan the code", {}, True),
    ({"skills": "sql"}, "", {"requires": ("sql", "rest")}, True),
    ({"skills": {"all": ["sql", "rest"]}}, "", {"requires": ("sql",)}, False),
    ({"skills": {"none": "sql"}}, "", {"requires": ("rest",)}, True),
    ({"metadata": {"platform": "Cloud"}}, "", {"metadata": {"platform": "cloud"}}, True),
    ({"metadata": {"platform": ["web", "ui"]}}, "", {"metadata": {"platform": "ui"}}, True),
    ({"metadata": {"platform": "web"}}, "", {}, False),
    ({"metadata": {"rows": {"min": 10, "max": 20}}}, "", {"metadata": {"rows": 20}}, True),
    ({"metadata": {"rows": {"min": 10, "max": 20}}}, "", {"metadata": {"rows": 21}}, False),
    ({"metadata": {"rows": {"min": 10}}}, "", {"metadata": {"rows": "many"}}, False),
    ({"metadata": {"rows": {"min": 0}}}, "", {"metadata": {"rows": True}}, False),
    ({"metadata": {"urgent": {"is": True}}}, "", {"metadata": {"urgent": True}}, True),
    ({"metadata": {"urgent": {"exists": False}}}, "", {"metadata": {"urgent": True}}, False),
    ({"metadata": {"urgent": {"exists": False}}}, "", {}, True),
    ({"difficulty": {"min": 0.7}}, "", {"metadata": {"difficulty": "hard"}}, True),
    ({"difficulty": {"max": "medium"}}, "", {"metadata": {"difficulty": 0.6}}, False),
    ({"difficulty": {"max": 0.5}}, "", {}, False),
    ({"tier": ["cheap", "medium"]}, "", {"metadata": {"tier": "Cheap"}}, True),
    ({"tier": "strong"}, "", {}, False),
    ({"kind": "test", "words": "flaky"}, "a flaky one", {"kind": "test"}, True),
    ({"kind": "test", "words": "flaky"}, "a flaky one", {"kind": "build"}, False),
])
def test_a_rule_matches_when_all_that_it_tests_holds(
    when: Mapping[str, object], description: str, fields: dict[str, object], expected: bool
) -> None:
    assert matches(when, description, **fields) is expected


GOOD = 'id = "mine"\nwhen = { kind = "design" }\nthen = "spec"\n'


@pytest.mark.parametrize(("text", "message"), [
    ('[[rule]]\nid = "mine"\nwehn = { kind = "x" }\nthen = "spec"',
     "own.toml: rule 'mine': unknown key 'wehn'; did you mean 'when'?"),
    ('[[rules]]\n' + GOOD, "own.toml: unknown key 'rules'; did you mean 'rule'?"),
    ('rule = 3', "own.toml: `rule` is no list of tables"),
    ('[[rule]]\n' + GOOD + '[[rule]]\n' + GOOD, "own.toml: rule id 'mine' is used twice"),
    ('[[rule]]\nwhen = { kind = "x" }\nthen = "spec"', "own.toml: a rule has no id"),
    ('[[rule]]\nid = "mine"\nwhen = { kinds = "x" }\nthen = "spec"',
     "own.toml: rule 'mine': `when` can't test 'kinds'; did you mean 'kind'?"),
    ('[[rule]]\nid = "mine"\nwhen = { words = { al = ["x"] } }\nthen = "spec"',
     "own.toml: rule 'mine': when.words: unknown operator 'al'; did you mean 'all'?"),
    ('[[rule]]\nid = "mine"\nwhen = { metadata = { rows = { mni = 3 } } }\nthen = "spec"',
     "own.toml: rule 'mine': when.metadata.rows: unknown operator 'mni'; did you mean 'min'?"),
    ('[[rule]]\nid = "mine"\nwhen = { metadata = { rows = { min = "3" } } }\nthen = "spec"',
     "own.toml: rule 'mine': when.metadata.rows takes a number, not '3'"),
    ('[[rule]]\nid = "mine"\nwhen = { difficulty = { is = 1 } }\nthen = "spec"', "unknown operator 'is'"),
    ('[[rule]]\nid = "mine"\nwhen = { difficulty = { min = "tricky" } }\nthen = "spec"',
     "when.difficulty takes a number, not 'tricky'"),
    ('[[rule]]\nid = "mine"\nwhen = { words = "the" }\nthen = "spec"',
     "own.toml: rule 'mine': when.words: 'the' is no word that rules read"),
    ('[[rule]]\nid = "mine"\nwhen = { words = [] }\nthen = "spec"', "takes a text or a list of texts"),
    ('[[rule]]\nid = "mine"\nwhen = { kind = 7 }\nthen = "spec"', "takes a text or a list of texts, not 7"),
    ('[[rule]]\nid = "mine"\nwhen = { words = {} }\nthen = "spec"', "when.words is empty"),
    ('[[rule]]\nid = "mine"\nwhen = {}\nthen = "spec"', "own.toml: rule 'mine': `when` must test something"),
    ('[[rule]]\nid = "mine"\nthen = "spec"', "`when` must test something"),
    ('[[rule]]\nid = "mine"\nwhen = { metadata = "x" }\nthen = "spec"', "is a table of keys and values"),
    ('[[rule]]\nid = "mine"\nwhen = { metadata = { x = { exists = 1 } } }\nthen = "spec"', "takes true or false"),
    ('[[rule]]\nid = "mine"\nwhen = { kind = "x" }', "own.toml: rule 'mine': `then` names an agent"),
    ('[[rule]]\nid = "mine"\npriority = "high"\nwhen = { kind = "x" }\nthen = "spec"', "`priority` is a whole number"),
    ('[[rule]]\nid = "mine"\npriority = true\nwhen = { kind = "x" }\nthen = "spec"', "`priority` is a whole number"),
    ("[[rule", "own.toml can't be read as routing rules"),
])
def test_a_faulty_file_is_refused_by_the_name_of_file_and_rule(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(message)):
        read_rules(file, READER)


def chosen(settings: Mapping[str, object], description: str, offers: Mapping[str, object] = {}) -> str | None:
    context = context_for(agents=cards(), settings={"halo": settings}, offers={"rule": offers})
    found = genesis_route((Task(id="t", description=description),), cards(), context)
    return found[0].agent or None if found else None


def test_a_users_file_adds_replaces_and_takes_away_rules(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[[rule]]\nid = "table_profile"\npriority = 30\nwhen = { words = "table" }\nthen = "research"\n'
        '[[rule]]\nid = "import_cycles"\noff = true\n'
        '[[rule]]\nid = "mine"\nwhen = { words = "zebra" }\nthen = "security"\n', encoding="utf-8",
    )
    own = {"rules": str(file)}
    assert chosen({}, "profile the tables") == "analytics"
    assert chosen(own, "profile the tables") == "research"
    assert chosen({}, "paint a zebra") is None
    assert chosen(own, "paint a zebra") == "security"
    ids = {r.id for r in rules_of(context_for(settings={"halo": own})).rules}
    assert "import_cycles" not in ids and "mine" in ids and "module_map" in ids


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    for agent in ("security", "architect"):
        file.write_text(f'[[rule]]\nid = "mine"\nwhen = {{ words = "zebra" }}\nthen = "{agent}"\n', encoding="utf-8")
        assert chosen({"rules": str(file)}, "paint a zebra") == agent


def test_a_missing_file_and_a_setting_that_is_no_path_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"routing rules '.*none\.toml' can't be read"):
        chosen({"rules": str(tmp_path / "none.toml")}, "anything")
    with pytest.raises(SettingsError, match=r"halo\.rules is a path, not 3"):
        chosen({"rules": 3}, "anything")


def test_plugins_offer_rules_that_the_users_file_may_replace(tmp_path: Path) -> None:
    offered = {"theirs": {"priority": 30, "when": {"words": "zebra"}, "then": "analytics"}}
    assert chosen({}, "paint a zebra", offered) == "analytics"
    file = tmp_path / "own.toml"
    file.write_text('[[rule]]\nid = "theirs"\nwhen = { words = "zebra" }\nthen = "research"\n', encoding="utf-8")
    assert chosen({"rules": str(file)}, "paint a zebra", offered) == "research"


@pytest.mark.parametrize(("value", "message"), [
    (7, "routing rule 'theirs' of a plugin is no mapping"),
    ({"when": {"words": "x ray"}}, "offered by a plugin: rule 'theirs': `then` names an agent"),
])
def test_a_faulty_rule_of_a_plugin_is_named(value: object, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        chosen({}, "anything", {"theirs": value})


def test_the_explanation_names_every_rule_matched_or_not_and_what_a_near_one_lacked() -> None:
    context = context_for(agents=cards())
    task = Task(id="t", kind="implement", description="find import cycles", metadata={"platform": "desktop"})
    [found] = genesis_route((task,), cards(), context)
    text = found.reasons[1].text
    assert "matched: import_cycles (12, architect), implement (10, builder)" in text
    assert "frontend_impl not: metadata.platform differs" in text
    for rule in rules_of(context).rules:
        assert rule.id in text


def test_only_rules_that_could_match_are_tried() -> None:
    rules = RuleSet(
        rule_from({"id": f"r{n}", "when": {"words": f"word{n}x"}, "then": "spec"}, READER, "test") for n in range(500)
    )
    tried: list[str] = []
    object.__setattr__(rules.rules[7].tests[0], "holds", lambda _: tried.append("r7") or True)
    object.__setattr__(rules.rules[8].tests[0], "holds", lambda _: tried.append("r8") or True)
    found = rules.match(facts(Task(id="t", description="about word7x only"), READER))
    assert [r.id for r in found.rules] == ["r7"]
    assert tried == ["r7"]
