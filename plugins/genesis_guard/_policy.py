"""Decide actions by rules: compiled once, then a look into a table for each action."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from genesis_core import Action, Decision, Effect, Label, Ruling, SettingsError, canonical_json

from ._glob import Match, is_below, matcher
from ._hosts import folded, hosts_of, parts_of
from ._rules import BUILT_IN, MODELS, PolicyRule, read_rules, rules_from

__all__ = ["Asked", "Policy", "built_in", "policy_for"]

SECTION = "[policy]"
_KEYS = ("rules", "file", "secret_files", "untrusted", "screening")
_ORDER = {Ruling.DENY: 0, Ruling.ASK: 1, Ruling.ALLOW: 2}
RESERVED = frozenset({"approvals", "default-deny", "author"})
"""Ids of decisions that no rule makes."""
_PATHS = ("read", "write")


class Asked(NamedTuple):
    """What a rule is held against."""

    action: Action
    agent: str = ""
    label: Label = Label()
    models: Sequence[str] = ()


Matches = Callable[[Asked], bool]
"""Says whether a rule covers what is asked."""


class Policy:
    """Rules, by verb and effect, the most restrictive first: the first that covers what is asked decides.

    With a *base*, any deny of either wins; else these rules come first, and what they leave open the base decides.
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

    def decide(self, asked: Asked) -> Decision:
        """Return what the rules say of what is *asked*; deny, when none covers it."""
        return self._find(asked) or _silence(asked.action)

    def may_call(self, agent: str, tool: str, effect: Effect) -> bool:
        """Return whether some call of *tool* by *agent* would be allowed or asked about; none is made yet."""
        asked = Asked(Action("call", tool, effect), agent)
        every = (*self.rules, *(() if self._base is None else self._base.rules))
        about = [rule for rule in every if "call" in rule.verbs and effect in rule.effects and _is_named(rule, asked)]
        return any(rule.decision is not Ruling.DENY for rule in about) and not any(
            rule.decision is Ruling.DENY and not _looks_closer(rule) for rule in about)

    def _find(self, asked: Asked) -> Decision | None:
        action = asked.action
        found = None
        for covers, decision in self._table.get((action.verb, action.effect), ()):
            if covers is None or covers(asked):
                found = decision
                break
        if self._base is None or (found is not None and found.effect is Ruling.DENY):
            return found
        below = self._base._find(asked)
        return found if found is not None and (below is None or below.effect is not Ruling.DENY) else below


def _is_named(rule: PolicyRule, asked: Asked) -> bool:
    """Return whether *rule* is about the tool and the agent of what is *asked*."""
    agents, resources = _matchers(rule.agents) if rule.agents else None, _any_of(rule.resources)
    return (resources is None or resources(asked)) and (agents is None or any(m(asked.agent) for m in agents))


def _looks_closer(rule: PolicyRule) -> bool:
    """Return whether *rule* is about some calls of a tool only: by their arguments, labels or cost."""
    return bool(rule.trust or rule.secrecy or rule.hosts or rule.arguments) or rule.above_cost is not None


def _silence(action: Action) -> Decision:
    if (action.verb, action.effect) == ("call", Effect.SEND):
        return Decision.deny("default-deny", "a tool that sends reaches beyond this machine, and no rule of [policy] "
                             "says that it may")
    return Decision.deny("default-deny", f"no rule allows to {action.verb} this with the effect {action.effect!s}")


def _covers(rule: PolicyRule, verb: str) -> Matches | None:
    """Return the function that tells what *rule* covers; None: everything of its verb and effect."""
    conditions = list(_conditions(rule, verb))
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return lambda asked: all(holds(asked) for holds in conditions)


def _conditions(rule: PolicyRule, verb: str) -> Iterator[Matches]:
    if (resources := _any_of(rule.resources)) is not None:
        yield resources
    if rule.decision is Ruling.ALLOW and verb in _PATHS:
        # The kernel resolves paths before it asks. A name that leads out all the same is nothing that a rule can allow.
        yield lambda asked: is_below(asked.action.resource)
    if rule.trust:
        yield lambda asked: asked.label.trust in rule.trust
    if rule.secrecy:
        yield lambda asked: asked.label.secrecy in rule.secrecy
    if rule.above_cost is not None:
        limit = rule.above_cost
        yield lambda asked: asked.action.cost is None or asked.action.cost > limit
    yield from _globbed(rule)


def _globbed(rule: PolicyRule) -> Iterator[Matches]:
    if rule.agents and (agents := _matchers(rule.agents)) is not None:
        yield lambda asked: any(match(asked.agent) for match in agents)
    for name, globs in rule.arguments.items():
        if rule.decision is Ruling.ALLOW:
            yield partial(_all_of_argument, name, [(glob.count("@"), matcher(glob)) for glob in globs])
        else:
            yield partial(_any_of_argument, name, _matchers(map(folded, globs)))
    if rule.hosts:
        # What is allowed must go to these hosts alone; what is asked about or denied, to any of them.
        yield partial(_hosts, _matchers(rule.hosts), all if rule.decision is Ruling.ALLOW else any)


def _all_of_argument(name: str, globs: list[tuple[int, Match | None]], asked: Asked) -> bool:
    """Return whether the argument *name* is a text or a list of texts, and each matches one of the *globs*.

    The stars of a glob with an @ stand for none: what ends in an allowed address must not begin with another one.
    """
    given = (asked.action.arguments or {}).get(name)
    texts = [given] if isinstance(given, str) else list(given) if isinstance(given, list | tuple) else []
    return bool(texts) and all(
        isinstance(text, str)
        and any((match is None or match(text)) and signs in (0, text.count("@")) for signs, match in globs)
        for text in texts
    )


def _any_of_argument(name: str, globs: list[Match] | None, asked: Asked) -> bool:
    """Return whether one of the *globs* matches anything that the argument *name* says, at whatever depth and in parts.

    What is denied or left to a person must not pass because it is written in another way.
    """
    arguments = asked.action.arguments or {}
    if name not in arguments:
        return False
    return globs is None or any(match(part) for part in parts_of(arguments[name]) for match in globs)


def _hosts(
    globs: list[Match] | None, how: Callable[[Iterable[bool]], bool], asked: Asked
) -> bool:
    found = hosts_of(asked.action.arguments or {})
    return bool(found) and (globs is None or how(any(match(host) for match in globs) for host in found))


def _matchers(globs: Iterable[str]) -> list[Match] | None:
    """Return what tells whether a name matches one of *globs*; None when every name does."""
    found = [matcher(glob) for glob in globs]
    return None if None in found else [match for match in found if match is not None]


def _any_of(resources: Sequence[str]) -> Matches | None:
    """Return the test for what a rule names: globs, and the set of the configured models."""
    named = _matchers(glob for glob in resources if glob != MODELS)
    if named is None:
        return None
    if MODELS in resources:
        return lambda asked: asked.action.resource in asked.models or any(m(asked.action.resource) for m in named)
    return lambda asked: any(match(asked.action.resource) for match in named)


@lru_cache(maxsize=1)
def built_in() -> Policy:
    """Return the policy that comes with Genesis."""
    return Policy(read_rules(BUILT_IN))


def policy_for(section: Mapping[str, object] | None) -> Policy:
    """Return the built-in policy under the rules of *section*; raises SettingsError for what can't be enforced."""
    return _own(canonical_json(section)) if section else built_in()


@lru_cache(maxsize=16)
def _own(section: bytes) -> Policy:
    import json

    given = json.loads(section)
    if not isinstance(given, dict) or not set(given) <= set(_KEYS):
        names = ", ".join(map(repr, given)) if isinstance(given, dict) else repr(given)
        raise SettingsError(f"{SECTION} holds {names}", cause=f"it takes {', '.join(_KEYS)} and nothing else",
                            hint=f"begin each rule with [[{SECTION[1:-1]}.rules]]")
    if given.get("untrusted", "deny") not in ("ask", "deny"):
        raise SettingsError(f"{SECTION}: `untrusted` is ask or deny, not {given['untrusted']!r}",
                            cause="it says what becomes of a call that text from outside would choose")
    files = given.get("secret_files", [])
    if not isinstance(files, list) or not all(isinstance(glob, str) and glob for glob in files):
        raise SettingsError(f"{SECTION}: `secret_files` is a list of globs, not {files!r}",
                            cause="it names files that are secret", hint='for example: secret_files = ["payroll/**"]')
    own = (*_from_file(given.get("file")), *rules_from(given.get("rules", []), SECTION))
    _check_ids(own)
    return Policy(own, built_in())


def _check_ids(own: Sequence[PolicyRule]) -> None:
    """Raise SettingsError for a rule that would pass for another one in decisions and journals."""
    taken = {rule.id for rule in built_in().rules} | RESERVED
    for number, rule in enumerate(own):
        if rule.id in taken or rule.id.startswith("kernel") or any(rule.id == other.id for other in own[:number]):
            raise SettingsError(f"{SECTION}: the rule id {rule.id!r} is taken", hint="give the rule an id of its own",
                                cause="decisions and the journal carry it, and must say who decided")


def _from_file(path: object) -> tuple[PolicyRule, ...]:
    """Return the rules of the operator's own policy file: as it is now, and for as long as the program runs."""
    if path is None:
        return ()
    if not isinstance(path, str) or not Path(path).expanduser().is_absolute():
        raise SettingsError(f"{SECTION}: `file` is an absolute path, not {path!r}",
                            cause="what may be done must not depend on the current folder")
    return read_rules(Path(path).expanduser())
