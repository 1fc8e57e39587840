"""``genesis diff``: what changed between two runs; with ``--fail-on`` a gate for CI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ._options import common, run_argument
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Replayed

    from ._compare import Comparison, Seen

__all__ = ["diff"]

SHOWN = 50
TONES = {"high": "red", "medium": "yellow"}


@click.command("diff")
@run_argument("run_a")
@run_argument("run_b")
@click.option("--fail-on", type=click.Choice(["new", "worse", "any"]),
              help="Exit 1 for a new observation, for a worse run, or for any change.")
@common
def diff(session: Session, run_a: str, run_b: str, fail_on: str | None) -> int:
    """Compare RUN_B with RUN_A: tasks and agents, figures, observations, state, cost and time.

    An observation is the same when rule, file and message are, wherever its line has moved.
    """
    from ._compare import compare
    from ._problem import Problem

    genesis = session.records()
    a, b = genesis.record(run_a), genesis.record(run_b)
    found = compare(a, b)
    problem = None
    if fail_on is not None and found.trips(fail_on):
        problem = Problem(f"the gate {fail_on!r} is tripped", _why(found, fail_on),
                          f"genesis explain {b.run_id}", code="gate", exit_code=1, correlation_id=b.run_id)
    data = {"run_a": a.run_id, "run_b": b.run_id, **found.to_json(), "gate": fail_on, "tripped": problem is not None}
    replayed = b.replayed if b.replay_of == a.run_id else None
    data["replay"] = None if replayed is None else [each.to_json() for each in replayed.differences]
    return session.answer(data, lambda: "\n".join(_lines(found, a.run_id, b.run_id, replayed)), problem)


def _why(found: Comparison, gate: str) -> str:
    if gate == "worse":
        return "; ".join(found.worse)
    count = sum(seen.times for seen in found.new)
    return f"{count} new observation{'s' if count != 1 else ''}" if gate == "new" or count else "the runs differ"


def _lines(found: Comparison, a: str, b: str, replayed: Replayed | None = None) -> Iterator[str]:
    from . import _streams as streams

    yield f"{streams.paint(a, 'bold')} {streams.glyph('→', '->', None)} {streams.paint(b, 'bold')}"
    if found.goal[0] != found.goal[1]:
        yield f"goal         {streams.one_line(found.goal[0])}\n     now     {streams.one_line(found.goal[1])}"
    if found.state[0] != found.state[1]:
        yield f"state        {found.state[0]}, now {found.state[1]}"
    yield from _plan(found)
    for name, (before, after) in found.states.items():
        yield f"task         {name} was {before or 'not run'}, is {after or 'not run'}"
    for (task, name), (before, after) in list(found.figures.items())[:SHOWN]:
        yield f"figure       {task}.{name}: {_value(before)} {streams.glyph('→', '->', None)} {_value(after)}"
    if len(found.figures) > SHOWN:
        yield f"             and {len(found.figures) - SHOWN} more figures: --json has all"
    yield from _observations("new", found.new)
    yield from _observations("gone", found.gone)
    for each in () if replayed is None else replayed.differences:
        yield f"replay       {streams.one_line(str(each))}"
    if not found.trips("any"):
        yield "no difference in plan, figures, observations or state"
    yield _spent(found)


def _plan(found: Comparison) -> Iterator[str]:
    if found.same_plan:
        return
    for word, names in (("added", found.added), ("removed", found.removed), ("changed", found.changed)):
        if names:
            yield f"{'plan':12} {word}: {', '.join(names)}"
    for name, (before, after) in found.agents.items():
        yield f"{'agent':12} {name}: {before or 'nobody'}, now {after or 'nobody'}"


def _observations(word: str, seen: tuple[Seen, ...]) -> Iterator[str]:
    from . import _streams as streams

    for item in seen[:SHOWN]:
        place = f" {item.source}{':' if item.location else ''}{item.location}" if item.source else ""
        often = f" ({item.times} times)" if item.times > 1 else ""
        tone = TONES.get(item.severity, "dim") if word == "new" else "green"
        head = streams.paint(word.ljust(5) + item.severity.ljust(7), tone)
        yield f"{head} {streams.one_line(item.rule)}{place}: {streams.one_line(item.message)}{often}"
    if len(seen) > SHOWN:
        yield f"             and {len(seen) - SHOWN} more {word}: --json has all"


def _spent(found: Comparison) -> str:
    from ._amounts import duration

    before, after = found.cost
    money = "" if not (float(before or 0) or float(after or 0)) else f", cost {before or '?'}, now {after or '?'}"
    return f"time         {duration(found.seconds[0])}, now {duration(found.seconds[1])}{money}"


def _value(value: Any) -> str:
    return "not there" if value is None else str(value)
