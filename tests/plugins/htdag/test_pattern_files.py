"""Patterns of one's own: a file named in the settings, what is wrong with it and where, and the commands for that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from genesis_agents._cards import cards
from genesis_core import Plan, PlanContext, SettingsError, TaskGraph
from genesis_core.testing import context_for
from genesis_htdag import genesis_validate
from genesis_htdag.patternbook import PatternBook
from genesis_htdag.patterns import (
    MAX_BYTES,
    Part,
    Pattern,
    faulty,
    fill,
    from_file,
    in_force,
    layers,
    own_key,
    pattern_from,
)
from genesis_htdag.plan import decompose

SHOP = """
[[pattern]]
id = "open-a-shop"
does = "Open a shop"
verbs = ["open", "set up"]
objects = ["shop", "store"]
nouns = ["opening"]
slots = { where = ["in", "at"] }
parts = [
  { id = "plan", do = "Plan {object}[ in {where}]", skills = ["planning"] },
  { id = "money", do = "Forecast what {object} earns", skills = ["forecasting"], after = ["plan"] },
]
"""


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """Write a patterns file and return a context whose settings name it."""
    def write(text: str) -> PlanContext:
        file = tmp_path / "mine.toml"
        file.write_text(text, encoding="utf-8")
        return context_for(agents=cards(), settings={"htdag": {"patterns": str(file)}})

    return write


def test_a_file_of_ones_own_adds_a_pattern(own: Any) -> None:
    tasks = decompose("Set up our store in Porto by May", own(SHOP)).tasks
    assert [t.id for t in tasks] == ["open-a-shop", "plan", "money"]
    assert tasks[1].description == "Plan our store in Porto (by May)"
    assert tasks[2].inputs["plan"].task == "plan"


def test_a_changed_file_counts_at_once(own: Any) -> None:
    assert len(decompose("Open a shop", own(SHOP)).tasks) == 3
    assert len(decompose("Open a shop", own(SHOP.replace('"open", ', '"shut", '))).tasks) == 1


def test_the_same_id_replaces_a_built_in_pattern_and_off_takes_it_away(own: Any) -> None:
    goal = "Audit the repository"
    mine = SHOP.replace("open-a-shop", "audit-repository")
    mine = mine.replace('"open"', '"audit"').replace('"shop"', '"repository"')
    assert [t.id for t in decompose(goal, own(mine)).tasks] == ["audit-repository", "plan", "money"]
    context = own('[[pattern]]\nid = "audit-repository"\noff = true\n')
    assert len(decompose(goal, context).tasks) == 1
    states = {(row["id"], row["source"]): row["state"] for row in PatternBook().patterns(context)}
    assert states["audit-repository", "patterns.toml"] == "replaced"
    assert states["audit-repository", "mine.toml"] == "off"


@pytest.mark.parametrize("given", [3, ["a"], "no-such-file.toml"])
def test_a_setting_that_names_no_file_is_refused_with_what_why_and_what_to_type(given: object) -> None:
    context = context_for("Open a shop", agents=cards(), settings={"htdag": {"patterns": given}})
    with pytest.raises(SettingsError) as error:
        decompose("Open a shop", context)
    assert error.value.message and error.value.cause and error.value.hint


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in ROW.items() if k != key}


def part(**fields: Any) -> dict[str, Any]:
    return {**ROW, "parts": [{"id": "plan", "do": "Plan {object}[ in {where}]", "skills": ["planning"], **fields}]}


def parts(*rows: Mapping[str, Any]) -> dict[str, Any]:
    first = {"id": "plan", "do": "Plan {object}[ in {where}]", "skills": ["planning"]}
    return {**ROW, "parts": [first, *({"do": "Do {object}", "skills": ["planning"], **row} for row in rows)]}


ROW: dict[str, Any] = {
    "id": "open-a-shop", "verbs": ["open"], "objects": ["shop"], "slots": {"where": ["in"]},
    "parts": [{"id": "plan", "do": "Plan {object}[ in {where}]", "skills": ["planning"]}],
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no id": (without("id"), "it has no id"),
    "an id that is none": ({**ROW, "id": "Open a shop"}, "its id is 'Open a shop'"),
    "an unknown key": ({**ROW, "verb": ["open"]}, "unknown key 'verb'"),
    "no verbs": (without("verbs"), "`verbs` is a list of words"),
    "objects as a text": ({**ROW, "objects": "shop"}, "`objects` is a list of words"),
    "an empty noun": ({**ROW, "nouns": [" "]}, "`nouns` is a list of words"),
    "slots as a list": ({**ROW, "slots": ["in"]}, "`slots` is a table"),
    "a slot of the name of the object": ({**ROW, "slots": {"object": ["in"], "where": ["in"]}}, "is there already"),
    "a slot without words": ({**ROW, "slots": {"where": []}}, "`where` is a list of words"),
    "a slot that no task uses": ({**ROW, "slots": {"where": ["in"], "when": ["by"]}}, "no task uses the slot {when}"),
    "only an unknown slot": ({**ROW, "only": {"target": ["cloud"]}}, "`only` names the unknown slot 'target'"),
    "no parts": (without("parts"), "`parts` is a list of tables"),
    "a part that is no table": ({**ROW, "parts": ["plan"]}, "`parts` is a list of tables"),
    "too many parts": (parts(*({"id": f"p{n}"} for n in range(100))), "it has 101 parts"),
    "a part without an id": (part(id=""), "a part has the id ''"),
    "a part twice": (parts({"id": "plan"}), "part 'plan' is there twice"),
    "a part with an unknown key": (part(then=["x"]), "unknown key 'then'"),
    "a part that says nothing": (part(do=" "), "part 'plan' does not say what to do"),
    "a part without skills": (part(skills=[]), "part 'plan' needs `skills`"),
    "a whole with skills": (parts({"id": "b", "in": "plan"}), "part 'plan' has skills, and others stand in it"),
    "an unknown slot": (part(do="Plan {object}[ in {where}][ by {when}]"), "has the unknown slot {when}"),
    "a slot outside of brackets": (part(do="Plan {object} in {where}"), "says {where} outside of brackets"),
    "brackets that stay open": (part(do="Plan {object}[ in {where}] [now"), "has brackets that do not close"),
    "an unknown part": (part(after=["x"]), "part 'plan' names the unknown part 'x'"),
    "an unknown whole": (part(**{"in": "x"}), "part 'plan' names the unknown part 'x'"),
    "an after that is a text": (part(after="plan"), "has an `after` that is no list"),
    "a circle": (parts({"id": "b", "after": ["c"]}, {"id": "c", "after": ["b"]}), "wait for each other"),
    "a whole in itself": (parts({"id": "b", "in": "c", "skills": []}, {"id": "c", "in": "b", "skills": []}), "'b'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_pattern_with_a_fault_is_refused_with_what_why_and_what_to_type(what: str) -> None:
    row, said = WRONG[what]
    with pytest.raises(SettingsError) as error:
        pattern_from(row, "mine.toml")
    assert said in error.value.message and error.value.message.startswith("mine.toml: pattern ")
    assert error.value.cause and error.value.hint


def test_the_sound_row_is_taken_as_it_is() -> None:
    assert pattern_from(ROW, "mine.toml").leaves[0].skills == ("planning",)


def test_a_file_that_is_no_toml_or_holds_other_things_is_refused(own: Any) -> None:
    for text in ("[[pattern", "[[rule]]\nid = 1\n", "pattern = 3\n", SHOP + SHOP):
        with pytest.raises(SettingsError) as error:
            layers(own(text))
        assert error.value.cause and error.value.hint


def test_slots_are_filled_and_what_is_in_brackets_goes_without_its_slot() -> None:
    assert fill("Plan {object}[ in {where}][ by {when}] now", {"object": "the shop", "when": "May"}) == (
        "Plan the shop by May now")


def many(count: int) -> str:
    return "\n".join(SHOP.replace("open-a-shop", f"shop-{n}") for n in range(count))


def test_a_file_that_is_too_large_is_refused_and_not_read(own: Any) -> None:
    context = own("# " + "x" * MAX_BYTES)
    with pytest.raises(SettingsError, match=r"mine\.toml can't be read as patterns") as raised:
        layers(context)
    assert raised.value.cause == f"it has more than {MAX_BYTES} bytes"
    with pytest.raises(SettingsError, match="can't be read"):
        PatternBook().check(context, None)


def test_a_long_file_takes_no_longer_for_each_pattern_than_a_short_one(own: Any) -> None:
    """Doubles are found in one pass: ten times the patterns take about ten times as long, and not a hundred."""
    took = []
    for count in (1_500, 15_000):
        text = "".join(f'[[pattern]]\nid = "shop-{n}"\noff = true\n' for n in range(count))
        key, began = own_key(own(text)), time.process_time()
        assert key is not None and len(from_file(key)) == count
        took.append(time.process_time() - began)
    assert took[1] < 25 * took[0]


def test_a_double_far_down_is_named(own: Any) -> None:
    with pytest.raises(SettingsError, match="pattern id 'shop-3' is used twice"):
        layers(own(many(20) + SHOP.replace("open-a-shop", "shop-3")))


def test_what_a_plugin_offers_is_checked_whatever_it_is() -> None:
    """A pattern in the shape that ours have inside is no way around the checks: a circle would never end."""
    circle = Pattern("round", verbs=(("go",),), objects=(("there",),), parts=(
        Part("a", "Do a", within="b"), Part("b", "Do b", within="a")))
    context = context_for(agents=cards(), offers={"pattern": {"round": circle}})
    assert "round" not in [pattern.id for pattern in layers(context)]
    assert faulty(context)[0].message == "the pattern 'round' of a plugin is no mapping"


def test_a_faulty_pattern_of_a_plugin_is_left_out_and_a_finding_names_the_plugin() -> None:
    context = context_for(
        agents=cards(), offers={"pattern": {"bad": {"verbs": []}, "good": without("id")}},
        origins={("pattern", "bad"): ("shops", "shop-patterns 1.2")},
    )  # fmt: skip
    known = [pattern.id for pattern in layers(context)]
    assert "good" in known and "bad" not in known
    assert len(decompose("Audit the repository", context).tasks) > 1
    [finding] = genesis_validate(Plan(goal=context.goal, graph=TaskGraph(tasks=())), context)
    assert "plugin 'shops' (shop-patterns 1.2)" in finding.message and "'bad'" in finding.message
    assert "genesis -p no:shops" in finding.hint


def test_of_patterns_that_say_as_much_the_last_one_counts(own: Any) -> None:
    first = SHOP.replace("open-a-shop", "first").replace('["shop", "store"]', '["corner shop"]')
    first = first.replace('["opening"]', '["launch"]').replace('["open", "set up"]', '["zip"]')
    last = first.replace('"first"', '"last"').replace('["corner shop"]', '["corner"]')
    last = last.replace('["launch"]', '["shop launch"]')
    for order, wins in ((first + last, "last"), (last + first, "first")):
        assert decompose("Do a corner shop launch", own(order)).tasks[0].id == wins


def test_ones_own_pattern_comes_after_those_that_come_along_also_where_it_replaces_one(own: Any) -> None:
    name = layers(own(SHOP))[0].id
    assert [p.id for p in in_force(layers(own(SHOP.replace("open-a-shop", name))))][-1] == name


def test_every_fault_of_a_file_is_named_once_with_its_line(own: Any) -> None:
    part = '{ id = "plan", do = "Plan {object}", skills = ["planning"] }'
    words = 'verbs = ["open"]\nobjects = ["shop"]\n'
    context = own(f'[[pattrn]]\nid = "x"\n[[pattern]]\nid = "one"\noff = "yes"\n[[pattern]]\nid = "two"\n{words}'
                  f'parts = [\n  {part},\n  {part},\n]\n[[pattern]]\nid = "two"\n{words}parts = [{part}]\n')
    found: Any = PatternBook().check(context, None)["faults"]
    assert [(row["line"], row["message"]) for row in found] == [
        (1, "unknown key 'pattrn'"), (5, "`off` is true or false, not 'yes'"),
        (11, "part 'plan' is there twice"), (15, "the id 'two' is used twice"),
    ]  # fmt: skip


def test_a_file_that_is_nested_too_deep_is_refused(own: Any) -> None:
    context = own("a = " + "[" * 5000 + "]" * 5000)
    found: Any = PatternBook().check(context, None)
    [fault] = found["faults"]
    assert fault["message"] == "no TOML: it is nested too deep"
    with pytest.raises(SettingsError, match="can't be read") as caught:
        decompose("Open a shop", context)
    assert caught.value.cause == "it is nested too deep"
