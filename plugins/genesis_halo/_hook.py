"""What the hook looks up before it can route: rules of three origins, and the board of the agents at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from genesis_core import AgentCard, Assignment, PlanContext, SettingsError, Task

from ._board import board
from ._handover import close, handed_over
from ._route import Routed, route
from ._rules import BUILT_IN, RoutingRule, RuleSet, read_rules, rule_from
from ._words import Reader

__all__ = ["assigned", "layers", "routed", "rules_of", "with_file"]


def assigned(
    tasks: Sequence[Task], agents: Sequence[AgentCard], context: PlanContext
) -> list[Assignment] | Awaitable[list[Assignment]]:
    """Return the answer of the hook; to be waited for where a model is asked about what is too close to call."""
    seats = board(agents, rules_of(context), bool(context.models))
    found = route(tasks, seats)
    places = close(found, seats, context)
    return handed_over(found, places, seats, context) if places else [one.answer for one in found]


def routed(tasks: Sequence[Task], agents: Sequence[AgentCard], context: PlanContext) -> list[Routed]:
    """Return what comes of each task: its assignment or none, with reasons in either case."""
    return route(tasks, board(agents, rules_of(context), bool(context.models)))


def rules_of(context: PlanContext) -> RuleSet:
    """Return the built-in rules, those that plugins offer, and those of the user's own file; later ones replace."""
    if not context.offers.get("rule", {}):
        return _rule_set(_own_file(_named(context)))
    return RuleSet(layers(context))


def layers(context: PlanContext) -> tuple[RoutingRule, ...]:
    """Return every rule that is read, the built-in ones first; of those with one id the last is in force."""
    return (*_built_in(), *_offers(context), *_from_file(_own_file(_named(context))))


def with_file(context: PlanContext, path: Path) -> RuleSet:
    """Return the rules as they would be if the user's own file were *path*."""
    return RuleSet((*_built_in(), *_offers(context), *_from_file(_own_file(str(path)))))


def _offers(context: PlanContext) -> list[RoutingRule]:
    reader = Reader()
    return [_offered(name, value, reader) for name, value in context.offers.get("rule", {}).items()]


def _named(context: PlanContext) -> object:
    section = context.settings.get("halo", {})
    return section.get("rules") if isinstance(section, Mapping) else None


def _own_file(named: object) -> tuple[str, int, int] | None:
    """Return the user's file as a key that changes when the file does."""
    if named is None:
        return None
    if not isinstance(named, str):
        raise SettingsError(f"the setting halo.rules is a path, not {named!r}")
    path = Path(named).expanduser()
    try:
        status = path.stat()
    except OSError as error:
        raise SettingsError(f"the routing rules {named!r} can't be read", cause=str(error),
                            hint="genesis config --origin shows where halo.rules is set") from error
    return str(path), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _rule_set(own: tuple[str, int, int] | None) -> RuleSet:
    return RuleSet((*_built_in(), *_from_file(own)))


@lru_cache(maxsize=1)
def _built_in() -> tuple[RoutingRule, ...]:
    return read_rules(BUILT_IN, Reader())


@lru_cache(maxsize=4)
def _from_file(own: tuple[str, int, int] | None) -> tuple[RoutingRule, ...]:
    return () if own is None else read_rules(Path(own[0]), Reader())


def _offered(name: str, value: object, reader: Reader) -> RoutingRule:
    if isinstance(value, RoutingRule):
        return value
    if not isinstance(value, Mapping):
        raise SettingsError(f"the routing rule {name!r} of a plugin is no mapping", cause=f"it is {value!r}"[:200])
    return rule_from({"id": name, **value}, reader, "offered by a plugin")
