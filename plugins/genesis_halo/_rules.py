"""Routing rules: read, checked, indexed, and matched against tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genesis_core import SettingsError

from ._conditions import Condition, Facts, conditions, near
from ._words import Reader

__all__ = ["BUILT_IN", "KEYS", "Matched", "RoutingRule", "RuleSet", "read_rules", "rule_from"]

BUILT_IN = Path(__file__).with_name("rules.toml")
PRIOR = 0.1
"""What a rule on the kind alone adds to the score of its agent, for each point of its priority; the highest counts."""
KEYS = ("id", "priority", "when", "then", "description", "off")


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One rule: when all *tests* hold, *then* does the task."""

    id: str
    priority: int
    then: str
    tests: tuple[Condition, ...]
    description: str = ""
    source: str = ""
    off: bool = False
    when: str = ""
    """What it tests, as it was written."""
    line: int = 0
    """Where it begins in its file, when somebody has looked."""

    @property
    def outright(self) -> bool:
        """Whether it decides alone: it tests more than the kind."""
        return any(test.subject != "kind" for test in self.tests)

    def anchor(self) -> tuple[str, tuple[str, ...]]:
        """Return what a task must have for the rule to be tried: ("kind" or "words" or "", any of these)."""
        for subject in ("kind", "words"):
            for test in self.tests:
                if test.subject == subject and test.anchors:
                    return subject, test.anchors
        return "", ()


@dataclass(frozen=True, slots=True, eq=False)  # a set of rules keeps one for each outcome, so that identity is enough
class Matched:
    """The rules that matched a task, highest priority first, and all that in words."""

    rules: tuple[RoutingRule, ...]
    text: str
    priors: tuple[tuple[str, float], ...] = ()
    """What the rules on the kind alone add to the score of their agents."""
    outright: tuple[RoutingRule, ...] = ()


@dataclass(slots=True)
class _Trial:
    """The rules that are tried on some tasks, and what came of it so far."""

    places: Sequence[int]
    tests: Sequence[tuple[Condition, ...]]
    ended: dict[tuple[str, ...], Matched] = field(default_factory=dict)
    """The outcome by what each rule lacked."""


class RuleSet:
    """Rules, indexed by the kind or the word that each needs: a task tries only those that could match."""

    def __init__(self, rules: Iterable[RoutingRule]) -> None:
        latest = {rule.id: rule for rule in rules}  # the same id again replaces a rule, in its place
        self.rules = tuple(sorted((r for r in latest.values() if not r.off), key=lambda r: -r.priority))
        self._by_kind: dict[str, list[int]] = {}
        self._by_word: dict[str, list[int]] = {}
        self._always: list[int] = []
        for place, rule in enumerate(self.rules):
            self._index(place, rule)
        # The index by kind has settled the kind.
        self._beyond_kind = [tuple(t for t in rule.tests if t.subject != "kind") for rule in self.rules]
        self._trigger = frozenset(self._by_word)
        self._trials: dict[tuple[str, frozenset[str]], _Trial] = {}
        self._known: dict[tuple[tuple[int, str], ...], Matched] = {}

    def _index(self, place: int, rule: RoutingRule) -> None:
        subject, anchors = rule.anchor()
        if not subject:
            self._always.append(place)
        index = self._by_kind if subject == "kind" else self._by_word
        for anchor in anchors:
            index.setdefault(anchor, []).append(place)

    def match(self, task: Facts) -> Matched:
        """Return the rules that match *task*; equal outcomes are one value."""
        key = (task.kind, self._trigger & task.vocabulary)
        trial = self._trials.get(key)
        if trial is None:
            if len(self._trials) > 10_000:
                self._trials.clear()
            trial = self._trials[key] = self._trial(*key)
        lacks = tuple([_lacks(tests, task) if tests else "" for tests in trial.tests])
        found = trial.ended.get(lacks)
        if found is None:
            found = trial.ended[lacks] = self._outcome(tuple(zip(trial.places, lacks, strict=True)))
        return found

    def tried(self, task: Facts) -> list[tuple[RoutingRule, str]]:
        """Return the rules that are tried on *task*, in their order, each with what it lacks (empty: it matches)."""
        trial = self._trial(task.kind, self._trigger & task.vocabulary)
        return [(self.rules[at], _lacks(tests, task)) for at, tests in zip(trial.places, trial.tests, strict=True)]

    def _trial(self, kind: str, words: Iterable[str]) -> _Trial:
        """Return which rules are tried on tasks of that *kind* that say these *words*."""
        by_word = [place for word in words for place in self._by_word[word]]
        places = sorted({*self._always, *self._by_kind.get(kind, ()), *by_word})
        return _Trial(places, [self._beyond_kind[place] for place in places])

    def _outcome(self, outcome: tuple[tuple[int, str], ...]) -> Matched:
        if outcome not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[outcome] = self._told(outcome)
        return self._known[outcome]

    def _told(self, outcome: tuple[tuple[int, str], ...]) -> Matched:
        tried = {place for place, _ in outcome}
        matched = tuple(self.rules[place] for place, lacks in outcome if not lacks)
        yes = ", ".join(f"{r.id} ({r.priority}, {r.then})" for r in matched) or "none"
        nearly = "".join(f"; {self.rules[place].id} not: {lacks} differs" for place, lacks in outcome if lacks)
        rest = ", ".join(r.id for place, r in enumerate(self.rules) if place not in tried) or "none"
        priors = {r.then: PRIOR * r.priority for r in reversed(matched) if not r.outright}
        outright = tuple(r for r in matched if r.outright)
        return Matched(matched, f"matched: {yes}{nearly}; did not match: {rest}", tuple(priors.items()), outright)


def _lacks(tests: tuple[Condition, ...], task: Facts) -> str:
    """Return the first thing tested that does not hold for *task*; empty when all do."""
    for test in tests:
        if not test.holds(task):
            return test.subject
    return ""


def read_rules(path: Path, reader: Reader) -> tuple[RoutingRule, ...]:
    """Return the rules of a TOML file; raises SettingsError that names the file and the rule."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise SettingsError(f"{path.name} can't be read as routing rules", cause="it is nested too deep",
                            hint="the setting halo.rules names this file") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} can't be read as routing rules", cause=str(error),
                            hint="the setting halo.rules names this file") from error
    for key in data:
        if key not in ("rule", "example"):
            raise SettingsError(f"{path.name}: unknown key {key!r}{near(key, ('rule', 'example'))}",
                                hint="rules stand in [[rule]], examples in [[example]]")
    rows = data.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingsError(f"{path.name}: `rule` is no list of tables", hint="begin each rule with [[rule]]")
    return _distinct([rule_from(row, reader, path.name) for row in rows], path.name)


def _distinct(rules: Sequence[RoutingRule], source: str) -> tuple[RoutingRule, ...]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise SettingsError(f"{source}: rule id {rule.id!r} is used twice", hint="give each rule an id of its own")
        seen.add(rule.id)
    return tuple(rules)


def rule_from(row: Mapping[str, object], reader: Reader, source: str, *, line: int = 0) -> RoutingRule:
    """Return the rule that *row* spells out; raises SettingsError that names *source* and the rule."""
    name = row.get("id")
    where = f"{source}: rule {name!r}"
    for key in row:
        if key not in KEYS:
            raise SettingsError(f"{where}: unknown key {key!r}{near(key, KEYS)}",
                                cause=f"a rule has {', '.join(KEYS)}")
    if not isinstance(name, str) or not name.strip():
        raise SettingsError(f"{source}: a rule has no id", cause=f"it says {dict(row)!r}"[:200])
    if row.get("off") is True:
        return RoutingRule(name, 0, "", (), source=source, off=True, line=line)
    return RoutingRule(
        name, _priority(row.get("priority", 10), where), _text(row, "then", where),
        conditions(row.get("when"), reader, where), str(row.get("description", "")), source,
        when=_told(row["when"]), line=line,
    )


def _told(when: object) -> str:
    """Return what a rule tests as one line of TOML says it."""
    if isinstance(when, Mapping):
        return "{ " + ", ".join(f"{key} = {_told(value)}" for key, value in when.items()) + " }"
    if isinstance(when, list | tuple):
        return "[" + ", ".join(map(_told, when)) + "]"
    if isinstance(when, bool):
        return str(when).lower()
    return f'"{when}"' if isinstance(when, str) else str(when)


def _priority(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise SettingsError(f"{where}: `priority` is a whole number from 0 to 1000, not {value!r}")
    return value


def _text(row: Mapping[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{where}: `{key}` names an agent, for example {key} = \"builder\"")
    return value
