"""``genesis patterns``: what broad goals are broken down into, what one pattern consists of, and faults of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._book import asked, faulty, many, place
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import PlanContext

__all__ = ["patterns"]

Row = Mapping[str, Any]
_WHY = "no goal is planned by a patterns file with a fault in it"


@click.group("patterns", invoke_without_command=True)
@click.pass_context
@common
def patterns(session: Session, ctx: click.Context) -> int | None:
    """List the patterns by which broad goals are broken down; a command after it shows one, or checks a file."""
    return _list(session) if ctx.invoked_subcommand is None else None


@patterns.command("list")
@common
def list_(session: Session) -> int:
    """List the patterns, with those that others replace or take away."""
    session.command = "patterns"
    return _list(session)


@patterns.command("show")
@click.argument("name")
@common
def show(session: Session, name: str) -> int:
    """Show what the pattern NAME answers, what it consists of in which order, and who does each part."""
    found = _asked(session, lambda book, context: book.show(context, name))
    return session.answer(found, lambda: "\n".join(_shown(found)))


@patterns.command("check")
@click.argument("file", required=False)
@common
def check(session: Session, file: str | None) -> int:
    """Name every fault of a patterns FILE (without one: of your own, setting plugin.htdag.patterns), by line."""
    found = _asked(session, lambda book, context: book.check(context, Path(file) if file else None))
    return session.answer(found, lambda: "\n".join(_checked(found)), faulty(found, _WHY))


def _list(session: Session) -> int:
    found = _asked(session, lambda book, context: book.patterns(context))
    return session.answer({"patterns": found}, lambda: "\n".join(_listed(found)))


def _asked(session: Session, ask: Callable[[Any, PlanContext], Any]) -> Any:
    """Return what the book of patterns answers; raises SettingsError where there is none."""
    return asked(session, "patternbook", lambda genesis, make, context: ask(make(), context),
                 "no plugin here plans by patterns")


def _listed(rows: list[Row]) -> Iterator[str]:
    from ._plan_text import table

    shown = [(row["id"], str(row["tasks"]), row["state"], row["source"], row["does"]) for row in rows]
    yield from table(("PATTERN", "TASKS", "STATE", "FROM", "DOES"), shown)
    on = sum(row["state"] == "on" for row in rows)
    yield f"{many(on, 'pattern')} in force"


def _shown(found: Row) -> Iterator[str]:
    yield f"{streams.paint(found['id'], 'bold')}  {streams.one_line(found['does'])} (from {found['source']})"
    yield f"verbs     {', '.join(found['verbs'])}"
    yield f"objects   {', '.join(found['objects'])}"
    if found["nouns"]:
        yield f"nouns     {', '.join(found['nouns'])}"
    for slot, words in found["slots"].items():
        yield f"slot      {{{slot}}} behind {', '.join(words)}"
    depth: dict[str, int] = {}
    for part in found["consists_of"]:
        depth[part["id"]] = depth.get(part["in"] or "", -1) + 1
        after = f", after {', '.join(part['after'])}" if part["after"] else ""
        who = "" if not part["skills"] else f" ({part['agent'] or 'nobody here'}: {', '.join(part['skills'])})"
        yield f"{'  ' * depth[part['id']]}- {part['id']}: {streams.one_line(part['do'])}{who}{after}"


def _checked(found: Row) -> Iterator[str]:
    for row in found["faults"]:
        name = f"pattern {row['pattern']}: " if row["pattern"] else ""
        yield f"{place(found['file'], row['line'])} {name}{streams.one_line(row['message'])}"
        yield f"  {streams.paint('hint:', 'cyan')} {streams.one_line(row['hint'])}"
    for row in found["notes"]:
        yield f"{found['file']}: note: pattern {row['pattern']}: {streams.one_line(row['message'])}"
    if found["replaces"]:
        yield f"replaces the built-in {', '.join(found['replaces'])}"
    yield f"{many(found['patterns'], 'sound pattern')}, {many(len(found['faults']), 'fault')}"
