"""``genesis rewards``: what outcomes teach of agents and plans: learned, shown with its grounds, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._book import asked
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Genesis, PlanContext, RunRecord

__all__ = ["rewards"]

Row = Mapping[str, Any]
RUNS = 500
"""The newest runs, whose outcomes the kernel keeps too."""


@click.group("rewards", invoke_without_command=True)
@click.pass_context
@common
def rewards(session: Session, ctx: click.Context) -> int | None:
    """Show what was learned from outcomes; a command after it learns anew, or forgets."""
    return _show(session, None) if ctx.invoked_subcommand is None else None


@rewards.command("show")
@click.argument("agent", required=False)
@common
def show(session: Session, agent: str | None) -> int:
    """Show success by agent and skill, the weights of the score, and how both did on runs that came later.

    With AGENT, of that one alone.
    """
    session.command = "rewards"
    return _show(session, agent)


@rewards.command("fit")
@common
def fit(session: Session) -> int:
    """Learn from the runs of this state folder; plans are scored by it from now on."""
    found = _asked(session, lambda genesis, book, context: book.fit(context, _runs(session, genesis)))
    return session.answer(found, lambda: "\n".join(_fitted(found)))


@rewards.command("reset")
@common
def reset(session: Session) -> int:
    """Forget what was learned: plans are scored with the fixed weights again."""
    found = _asked(session, lambda genesis, book, context: book.reset(context))
    said = f"deleted {found['file']}" if found["forgotten"] else "nothing was learned here"
    return session.answer(found, f"{said}; plans are scored with the fixed weights")


def _show(session: Session, agent: str | None) -> int:
    found = _asked(session, lambda genesis, book, context: _of(agent, book.show(context), context))
    return session.answer(found, lambda: "\n".join(_shown(found)))


def _asked(session: Session, ask: Callable[[Genesis, Any, PlanContext], Any]) -> Any:
    """Return what the plugin that learns answers; raises SettingsError where there is none."""
    return asked(session, "rewards", lambda genesis, make, context: ask(genesis, make(), context),
                 "no plugin here learns from outcomes")


def _runs(session: Session, genesis: Genesis) -> Iterator[RunRecord]:
    """Yield the records of the newest runs that have ended; one that can't be read tells nothing."""
    from genesis_core import JournalError, StateFolder

    for entry in StateFolder(genesis.home).entries(genesis.record)[:RUNS]:
        if entry.state in ("running", "planning", "damaged"):
            continue
        try:
            yield genesis.record(entry.id)
        except JournalError as error:
            session.warn(f"run {entry.id} is left out: {error.message}")


def _of(agent: str | None, found: dict[str, Any], context: PlanContext) -> dict[str, Any]:
    """Return what was found of one *agent* alone; raises SettingsError for an unknown one."""
    from genesis_core import SettingsError

    if agent is None:
        return found
    learned = found["rewards"]
    known = {row["agent"] for row in learned["success"]["agents"]} if learned else set()
    if agent not in known and agent not in {card.name for card in context.agents}:
        raise SettingsError(f"no agent here is called {agent!r}", cause="it has no card and no outcomes",
                            hint="genesis agents")
    if learned is None:
        return found
    success = {**learned["success"], **{part: [row for row in learned["success"][part] if row["agent"] == agent]
                                        for part in ("agents", "pairs")}}
    return {**found, "rewards": {**learned, "success": success}}


# ---- in words ------------------------------------------------------------------------------------------------------


def _fitted(found: Row) -> Iterator[str]:
    if not found["fitted"]:
        yield (f"too little to learn from: {found['outcomes']} outcomes of agents that are here, {found['needed']} are "
               "needed")
        yield "what was learned before stays" if found["learned"] else (
            "plans are scored with the fixed weights, and success as agents' cards say")
        return
    yield from _shown(found)


def _shown(found: Row) -> Iterator[str]:
    learned = found["rewards"]
    if learned is None:
        yield "nothing is learned: plans are scored with the fixed weights, and success as agents' cards say"
        yield "learn from the runs of this state folder (30 outcomes at least): genesis rewards fit"
        return
    yield from _origin(found, learned)
    yield ""
    yield from _pairs(learned["success"])
    yield ""
    yield from _method(learned["success"])
    yield from _weights(found, learned)
    yield ""
    yield from _compared("later tasks", learned["tasks_held_out"])
    yield from _compared("later runs", learned["runs_held_out"])


def _origin(found: Row, learned: Row) -> Iterator[str]:
    origin = learned["origin"]
    yield streams.paint(f"learned from {origin['outcomes']} outcomes of {origin['runs']} runs", "bold")
    yield f"runs      {origin['first']} to {origin['last']}"
    yield f"facts     {origin['digest'][:16]}, method {found['method']}, seed {origin['seed']}"


def _pairs(success: Row) -> Iterator[str]:
    from ._plan_text import table

    rows = sorted((*success["agents"], *success["pairs"]),
                  key=lambda row: (row["agent"], row["skill"] is not None, row["skill"] or ""))
    head = ("AGENT", "SKILL", "DONE", "CHECKED", "EXPECTED", "BETWEEN", "DRAWN TO", "CARD")
    yield from table(head, [
        (row["agent"] if row["skill"] is None else "", _skill(row["skill"]), f"{row['successes']} of {row['tries']}",
         str(row["checked"]), f"{row['estimate']:.2f}", f"{row['low']:.2f} to {row['high']:.2f}",
         f"{row['toward']:.2f}", f"{row['card']:.2f}" if row["skill"] is None else "") for row in rows
    ])


def _skill(skill: str | None) -> str:
    return "all its tasks" if skill is None else "names no skill" if not skill else streams.one_line(skill)


def _method(success: Row) -> Iterator[str]:
    half = success["half_life"]
    fades = "all runs count alike" if half is None else f"a run counts half after {half} more"
    yield (f"drawn     to the card as by {success['card_pull']:g} tries, to an agent's other tasks as by "
           f"{success['agent_pull']:g}; cards are moved by {success['shift']:+g} in log-odds")
    yield f"counted   {fades}; tries of one run come out alike by {success['alike']:.2f}"
    found = success["calibration"]
    if found is not None:
        yield (f"mapped    {found['offset']:+.2f} {found['slope']:+.2f} x log-odds {found['difficulty']:+.2f} x how "
               "much harder than before")
    yield f"success   {'learned' if success['used'] else 'as the cards say'}: {success['why']}"


def _weights(found: Row, learned: Row) -> Iterator[str]:
    for name in ("fixed", "learned"):
        values = [row[name] for row in found["weights"]]
        if None not in values:
            said = ", ".join(f"{row['term']} {row[name]:g}" for row in found["weights"])
            used = learned["weights"]["used"] == (name == "learned")
            yield f"{name.ljust(9)} {said}{'  (in force)' if used else ''}"
    yield f"weights   {learned['weights']['why']}"


def _compared(what: str, found: Row) -> Iterator[str]:
    from ._plan_text import table

    if not found["count"]:
        yield f"{what}: too few to compare"
        return
    yield f"{found['count']} {what}, foretold from those before them"
    ways: Sequence[Row] = found["ways"]
    yield from table(("FORETOLD BY", "LOG-LOSS", "BRIER", "OFF BY", "RANKED"), [
        (row["way"], _figure(row["log_loss"]), _figure(row["brier"]), _figure(row["calibration"]),
         _figure(row["ranking"])) for row in ways
    ], indent=2)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
