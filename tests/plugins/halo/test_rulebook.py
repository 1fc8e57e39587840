"""The rule book: what is in force, every fault by its line, examples that must come true, and why a task goes where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genesis_agents._cards import cards
from genesis_core import PlanContext, SettingsError, Task
from genesis_core.testing import context_for
from genesis_halo._checks import checked
from genesis_halo._rules import BUILT_IN, read_rules
from genesis_halo._words import Reader
from genesis_halo.rulebook import RuleBook

BOOK: Any = RuleBook()  # its answers are plain JSON
SOUND = '[[rule]]\nid = "mine"\npriority = 30\nwhen = { words = "zebra" }\nthen = "sales"\n'


def context(own: Path | None = None, **fields: Any) -> PlanContext:
    settings = {"halo": {"rules": str(own)}} if own is not None else {}
    return context_for(agents=cards(), settings=settings, **fields)


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.message) for fault in checked(written(folder, text), Reader())[2]]


def test_a_rule_of_ones_own_replaces_the_built_in_one_by_its_id_and_the_list_says_so(tmp_path: Path) -> None:
    own = written(tmp_path, '[[rule]]\nid = "design"\nwhen = { kind = "design" }\nthen = "architect"\n'
                            '[[rule]]\nid = "build"\noff = true\n')
    rows = {(row["id"], row["source"]): row for row in BOOK.rules(context(own))}
    assert rows["design", "rules.toml"]["state"] == "replaced"
    assert rows["design", "rules.toml"]["replaced_by"] == "own.toml"
    assert rows["design", "own.toml"]["state"] == "on" and rows["design", "own.toml"]["then"] == "architect"
    assert rows["build", "own.toml"]["state"] == "off"
    found = BOOK.explain(context(own, models=("m",)), Task(id="t", description="Think", kind="design"))
    assert [(row["id"], row["then"]) for row in found["tried"] if row["matched"]] == [("design", "architect")]


def test_rules_are_listed_in_the_order_in_which_they_are_tried() -> None:
    rows = BOOK.rules(context())
    assert [row["priority"] for row in rows] == sorted((row["priority"] for row in rows), reverse=True)
    assert next(row["when"] for row in rows if row["id"] == "cloud_deploy") == (
        '{ kind = "deploy", metadata = { platform = "cloud" } }')


@pytest.mark.parametrize(("text", "line", "message"), [
    ('[[rule]]\nid = "a"\nwhen = { kind = "x" }\nthen = "spec"\npriorty = 3\n', 5, "did you mean 'priority'?"),
    ('\n[[rule]]\nwhen = { kind = "x" }\nthen = "spec"\n', 2, "no id"),
    ('[[rule]]\nid = "a"\nwhen = { word = "x" }\nthen = "spec"\n', 3, "did you mean 'words'?"),
    ('[[rule]]\nid = "a"\nthen = "spec"\n[rule.when]\nkind = "x"\ndifficulty = { mn = 1 }\n', 6, "operator 'mn'"),
    ('[[rule]]\nid = "a"\nthen = "spec"\n', 1, "must test something"),
    ('[[rule]]\nid = "a"\nwhen = { kind = "x" }\n', 1, "names an agent"),
    ('[[rule]]\nid = "a"\nwhen = { kind = "x" }\nthen = "spec"\npriority = -1\n', 5, "from 0 to 1000"),
    ('[[rule]]\nid = "a"\nwhen = { words = "the" }\nthen = "spec"\n', 3, "no word that rules read"),
    (SOUND + SOUND, 6, "used twice, first in line 1"),
    ('[[rule]]\nid = \n', 2, "no TOML"),
    ('[[rulle]]\nid = "a"\n', 1, "did you mean 'rule'?"),
    ('rule = 3\n', 0, "no list of tables"),
    ('[[example]]\nthen = "spec"\n', 1, "`task` is the text"),
    ('[[example]]\ntask = "Do it"\n', 2, "expects nothing"),
    ('[[example]]\ntask = "Do it"\nthen = "spec"\nreqires = []\n', 4, "did you mean 'requires'?"),
    ('[[example]]\ntask = "Do it"\nthen = 3\n', 3, "`then` is a text"),
])
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    found = faults(tmp_path, text)
    assert any(at == line and message in said for at, said in found), found


def test_every_fault_is_named_not_only_the_first(tmp_path: Path) -> None:
    text = '[[rule]]\nid = "a"\nwhen = { word = "x", difficulty = { mn = 1 } }\nthen = 3\npriority = "x"\nextra = 1\n'
    assert [line for line, _ in faults(tmp_path, text)] == [3, 3, 4, 5, 6]


def test_what_check_calls_sound_routing_reads_and_the_other_way_round(tmp_path: Path) -> None:
    for text in (SOUND, BUILT_IN.read_text(encoding="utf-8")):
        path = written(tmp_path, text)
        rules, _, found = checked(path, Reader())
        assert not found
        assert [(r.id, r.then, r.when) for r in rules] == [(r.id, r.then, r.when) for r in read_rules(path, Reader())]
    bad = written(tmp_path, SOUND.replace("30", '"x"'))
    assert checked(bad, Reader())[2]
    with pytest.raises(SettingsError):
        read_rules(bad, Reader())


def test_check_names_an_agent_that_is_not_here_and_the_built_in_rules_that_are_replaced(tmp_path: Path) -> None:
    own = written(tmp_path, '[[rule]]\nid = "design"\nwhen = { kind = "design" }\nthen = "reserch"\n')
    found = BOOK.check(context(), own)
    assert found["replaces"] == ["design"] and found["faults"] == []
    [note] = found["notes"]
    assert "did you mean 'research'?" in note["message"] and note["line"] == 1


def test_every_rule_that_comes_along_has_an_example_that_comes_true() -> None:
    found = BOOK.test(context(), None)
    assert [row for row in found if not row["ok"]] == []
    assert {row["rule"] for row in found} >= {row["id"] for row in BOOK.rules(context())}
    assert any(row["expected"] == "" and row["agent"] is None for row in found)


def test_an_example_fails_when_another_agent_does_it_or_its_rule_does_not_match(tmp_path: Path) -> None:
    text = SOUND + ('[[example]]\ntask = "Feed the zebra"\nthen = "sales"\nrule = "mine"\n'
                    '[[example]]\ntask = "Feed the zebra"\nthen = "finance"\n'
                    '[[example]]\ntask = "Feed the cat"\nrule = "mine"\n')
    right, agent, rule = BOOK.test(context(), written(tmp_path, text))
    assert right["ok"] and right["line"] == 6
    assert not agent["ok"] and agent["wrong"] == "goes to sales, not finance"
    assert not rule["ok"] and rule["wrong"] == "rule mine does not match"


def test_an_explanation_names_the_rules_that_were_tried_what_they_lacked_and_why_the_winner_won(tmp_path: Path) -> None:
    own = written(tmp_path, SOUND + '[[rule]]\nid = "other"\nwhen = { words = { all = ["zebra", "stripe"] } }\n'
                                    'then = "support"\n')
    found = BOOK.explain(context(own, models=("m",)), Task(id="t", description="Feed the zebra"))
    assert found["agent"] == "sales" and found["decided_by"] == "mine"
    assert "decides outright (priority 30)" in str(found["why"])
    assert [(r["id"], r["lacks"]) for r in found["tried"]] == [("mine", None), ("other", "words")]
    assert found["ranking"][0]["agent"] == "sales"


def test_an_explanation_of_what_nobody_does_says_who_is_closest() -> None:
    found = BOOK.explain(context(), Task(id="t", description="Paint the garden fence"))
    assert found["agent"] is None and "closest" in str(found["why"])


def test_a_file_that_is_nested_too_deep_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    own = written(tmp_path, "a = " + "[" * 5000 + "]" * 5000)
    assert [row["message"] for row in BOOK.check(context(), own)["faults"]] == ["no TOML: it is nested too deep"]
    for call in (lambda: BOOK.test(context(), own), lambda: read_rules(own, Reader())):
        with pytest.raises(SettingsError):
            call()
