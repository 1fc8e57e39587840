"""Decide actions by rules: compiled once, then a look into a table for each action."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from genesis_core import Action, Decision, Ruling, SettingsError, canonical_json

from ._glob import is_below, matcher
from ._rules import BUILT_IN, MODELS, PolicyRule, read_rules, rules_from

__all__ = ["Policy", "built_in", "policy_for"]

SECTION = "[policy]"
_ORDER = {Ruling.DENY: 0, Ruling.ASK: 1, Ruling.ALLOW: 2}
_PATHS = ("read", "write")
Matches = Callable[[str, Sequence[str]], bool]
"""Says whether a rule covers a resource, given the names of the configured models."""


class Policy:
    """Rules, by verb and effect, the most restrictive first: the first that covers a resource decides.

    With a *base* they can tighten what that policy says, and nothing else.
    """

    __slots__ = ("_base", "_table", "rules")

    def __init__(self, rules: Iterable[PolicyRule], base: Policy | None = None) -> None:
        self.rules, self._base = tuple(rules), base
        self._table: dict[tuple[str, str], list[tuple[Matches | None, Decision]]] = {}
        for rule in sorted(self.rules, key=lambda r: _ORDER[r.decision]):
            decision = Decision(rule.decision, rule.id, rule.description)
            for verb in rule.verbs:
                entry = (_covers(rule, verb), decision)
                for effect in rule.effects:
                    self._table.setdefault((verb, effect), []).append(entry)

    def decide(self, action: Action, models: Sequence[str] = ()) -> Decision:
        """Return what the most restrictive rule that covers *action* says; deny, when none does."""
        found = self._find(action, models)
        if self._base is None:
            return found or _silence(action)
        # An "ask" of its own must not make up for an "allow" that the base does not give.
        base = self._base.decide(action, models)
        return found if found is not None and _ORDER[found.effect] < _ORDER[base.effect] else base

    def _find(self, action: Action, models: Sequence[str]) -> Decision | None:
        for covers, decision in self._table.get((action.verb, action.effect), ()):
            if covers is None or covers(action.resource, models):
                return decision
        return None


def _silence(action: Action) -> Decision:
    return Decision.deny("default-deny", f"no rule allows to {action.verb} this with the effect {action.effect!s}")


def _covers(rule: PolicyRule, verb: str) -> Matches | None:
    """Return the function that tells which resources *rule* covers; None: all of them."""
    tests = list(_tests(rule.resources))
    everything = len(tests) < len(rule.resources)
    any_of: Matches | None = None if everything else (lambda name, models: any(t(name, models) for t in tests))
    if rule.decision is not Ruling.ALLOW or verb not in _PATHS:
        return any_of
    # The kernel resolves paths before it asks. A name that leads out all the same is nothing that a rule can allow.
    if any_of is None:
        return lambda name, models: is_below(name)
    return lambda name, models: is_below(name) and any(t(name, models) for t in tests)


def _tests(resources: Iterable[str]) -> Iterator[Matches]:
    for glob in resources:
        if glob == MODELS:
            yield lambda name, models: name in models
        elif (match := matcher(glob)) is not None:
            yield lambda name, models, match=match: match(name)  # type: ignore[misc]


@lru_cache(maxsize=1)
def built_in() -> Policy:
    """Return the policy that comes with Genesis."""
    return Policy(read_rules(BUILT_IN))


def policy_for(section: Mapping[str, object] | None) -> Policy:
    """Return the built-in policy, tightened by *section*; raises SettingsError when that would loosen it."""
    return _tightened(canonical_json(section)) if section else built_in()


@lru_cache(maxsize=16)
def _tightened(section: bytes) -> Policy:
    import json

    given = json.loads(section)
    if not isinstance(given, dict) or set(given) != {"rules"}:
        names = ", ".join(map(repr, given)) if isinstance(given, dict) else repr(given)
        raise SettingsError(f"{SECTION} holds {names}", cause="it takes `rules` and nothing else",
                            hint=f"begin each rule with [{SECTION[:-1]}.rules]]")
    rules = rules_from(given["rules"], SECTION)
    for rule in rules:
        if rule.decision is Ruling.ALLOW:
            raise SettingsError(
                f"{SECTION}: rule {rule.id!r} allows, and rules there can only ask or deny",
                cause="settings tighten the policy that comes with Genesis, and never loosen it",
            )
    return Policy(rules, built_in())
