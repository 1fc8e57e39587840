"""docs/policy.md shows the default policy as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from genesis_core import Effect, Ruling, Secrecy, Trust
from genesis_guard._policy import built_in, policy_for
from genesis_guard._rules import KEYS, VERBS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")


def rows(section: str) -> list[list[str]]:
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = (line for line in text.splitlines() if line.startswith("| `"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def test_the_page_shows_every_rule_in_the_order_of_the_file() -> None:
    shown = [(words(a)[0], words(b), words(c), words(d), Ruling(e)) for a, b, c, d, e in rows("The default policy")]
    assert shown == [(r.id, r.verbs, r.effects, r.resources, r.decision) for r in built_in().rules]


def test_the_page_knows_every_verb_and_effect() -> None:
    assert tuple(words(row[0])[0] for row in rows("What is asked")) == VERBS
    keys = {words(row[0])[0]: words(row[1]) for row in rows("Your own rules")}
    assert keys["verbs"] == VERBS
    assert keys["effects"] == tuple(e.value for e in Effect)
    assert keys["trust"] == tuple(t.name.lower() for t in Trust)
    assert keys["secrecy"] == tuple(s.name.lower() for s in Secrecy)
    assert set(keys) == set(KEYS)


def test_the_example_of_the_page_is_accepted() -> None:
    example = PAGE.split("```toml\n")[1].split("```")[0]
    section = tomllib.loads(example)["policy"]
    assert [r.id for r in policy_for(section).rules] == ["keep-keys-private", "post-to-our-own-board"]
