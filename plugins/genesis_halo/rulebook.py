"""What people ask of the rules: which are in force, what is wrong with a file, whether its examples come true, and why.

Offered as ``Offer("rulebook", "halo", RuleBook())`` for ``genesis rules``; every answer is plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from genesis_core import PlanContext, SettingsError, Task

from ._board import board
from ._checks import Example, Fault, checked, examples_of
from ._conditions import facts, near
from ._hook import layers, rules_of, with_file
from ._route import Routed, route
from ._rules import BUILT_IN, RuleSet
from ._words import Reader

__all__ = ["RuleBook"]

SHOWN = 5


class RuleBook:
    """Answers for the rules of one Genesis, as its settings and plugins make them up."""

    def rules(self, context: PlanContext) -> list[dict[str, object]]:
        """Return every rule that was read, in the order in which they are tried, with where it stands and its state."""
        found = layers(context)
        last = {rule.id: rule for rule in found}
        rows = []
        for rule in sorted(found, key=lambda r: -(last[r.id].priority)):
            state = "replaced" if last[rule.id] is not rule else "off" if rule.off else "on"
            rows.append({
                "id": rule.id, "priority": rule.priority, "when": rule.when, "then": rule.then, "state": state,
                "decides": "outright" if rule.outright else "adds to the match", "description": rule.description,
                "source": rule.source, "replaced_by": last[rule.id].source if state == "replaced" else None,
            })  # fmt: skip
        return rows

    def check(self, context: PlanContext, path: Path | None) -> dict[str, object]:
        """Return each fault of a rules file, by line; raises SettingsError for one that can't be read."""
        file = path or own_file(context)
        rules, examples, faults = checked(file, Reader())
        known = {card.name for card in context.agents}
        notes = [
            Fault(rule.line, rule.id, f"no agent here is called {rule.then!r}{near(rule.then, known)}",
                  "genesis agents lists them; until one is there the rule decides nothing")
            for rule in rules if not rule.off and rule.then not in known
        ]  # fmt: skip
        built_in = {rule.id for rule in layers(context) if rule.source == BUILT_IN.name}
        return {
            "file": str(file), "rules": len(rules), "examples": len(examples),
            "replaces": [rule.id for rule in rules if rule.id in built_in],
            "faults": [fault.to_json() for fault in faults], "notes": [note.to_json() for note in notes],
        }

    def test(self, context: PlanContext, path: Path | None) -> list[dict[str, object]]:
        """Return what comes of each example of a rules file; without one, of the built-in examples and the user's own.

        Agents that need a model stand as if one were configured. Raises SettingsError for a file that can't be read.
        """
        files = [path] if path is not None else [BUILT_IN, *_named(context)]
        examples = [example for file in files for example in examples_of(file)]  # names faults by their lines: first
        rules = rules_of(context) if path is None else with_file(context, path)
        cards = board(context.agents, rules, True)
        tasks = [example.task(f"example-{number}") for number, example in enumerate(examples)]
        # One by one: together, a tie would go by load.
        return [_outcome(e, t, route([t], cards)[0], rules) for e, t in zip(examples, tasks, strict=True)]

    def explain(self, context: PlanContext, task: Task) -> dict[str, object]:
        """Return which rules were tried on *task*, what each lacked, who does it, and why."""
        rules = rules_of(context)
        tried = rules.tried(facts(task, Reader()))
        [found] = route([task], board(context.agents, rules, bool(context.models)))
        answer = found.answer
        ranked = [*([(answer.agent, _match(found))] if answer.agent else []), *answer.alternatives]
        return {
            "task": task.description, "kind": task.kind, "agent": answer.agent or None, "confidence": answer.score,
            "why": found.reasons[0].text, "decided_by": found.reasons[0].rule,
            "tried": [{"id": r.id, "priority": r.priority, "then": r.then, "matched": not lacks, "lacks": lacks or None,
                       "decides": "outright" if r.outright else "adds to the match"} for r, lacks in tried],
            "not_tried": len(rules.rules) - len(tried),
            "ranking": [{"agent": name, "match": match} for name, match in ranked[:SHOWN]],
        }  # fmt: skip


def own_file(context: PlanContext) -> Path:
    """Return the rules file that the settings name; raises SettingsError when they name none."""
    found = _named(context)
    if not found:
        raise SettingsError("no rules file is named", cause="the setting plugin.halo.rules is not set",
                            hint="genesis rules check FILE")
    return found[0]


def _named(context: PlanContext) -> Sequence[Path]:
    section = context.settings.get("halo", {})
    named = section.get("rules") if isinstance(section, Mapping) else None
    return [Path(named).expanduser()] if isinstance(named, str) else []


def _match(found: Routed) -> float:
    return found.reasons[0].score


def _outcome(example: Example, task: Task, found: Routed, rules: RuleSet) -> dict[str, object]:
    matched = [rule.id for rule, lacks in rules.tried(facts(task, Reader())) if not lacks]
    agent = found.answer.agent
    wrong = []
    if example.then is not None and agent != example.then:
        wrong.append(f"goes to {agent or 'nobody'}, not {example.then or 'nobody'}")
    if example.rule and example.rule not in matched:
        wrong.append(f"rule {example.rule} does not match")
    return {
        "file": example.source, "line": example.line, "task": example.text, "expected": example.then,
        "rule": example.rule or None, "agent": agent or None, "matched": matched, "ok": not wrong,
        "wrong": "; ".join(wrong), "why": found.reasons[0].text,
    }  # fmt: skip
