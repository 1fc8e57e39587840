"""``genesis rules``: which rules route tasks, what is wrong with a file of them, and why a task goes where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._book import asked, faulty, many, place
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import PlanContext

    from ._problem import Problem

__all__ = ["rules"]

Row = Mapping[str, Any]
_WHY = "nothing is routed by a rules file with a fault in it"


@click.group("rules", invoke_without_command=True)
@click.pass_context
@common
def rules(session: Session, ctx: click.Context) -> int | None:
    """List the rules that route tasks; a command after it checks, tests and explains them."""
    return _list(session, None) if ctx.invoked_subcommand is None else None


@rules.command("list")
@click.option("--agent", metavar="NAME", help="Only the rules that speak for this agent.")
@common
def list_(session: Session, agent: str | None) -> int:
    """List the rules, the first to be tried first, with those that others replace or take away."""
    session.command = "rules"
    return _list(session, agent)


@rules.command("check")
@click.argument("file", required=False)
@common
def check(session: Session, file: str | None) -> int:
    """Name every fault of a rules FILE (without one: of your own, setting plugin.halo.rules), by line."""
    found = _asked(session, lambda book, context: book.check(context, Path(file) if file else None))
    return session.answer(found, lambda: "\n".join(_checked(found)), faulty(found, _WHY))


@rules.command("test")
@click.argument("file", required=False)
@common
def test(session: Session, file: str | None) -> int:
    """Route the examples of a rules FILE, as if it were yours; without one, the built-in examples and your own."""
    found = _asked(session, lambda book, context: book.test(context, Path(file) if file else None))
    failed = [row for row in found if not row["ok"]]
    data = {"examples": found, "passed": len(found) - len(failed), "failed": len(failed)}
    return session.answer(data, lambda: "\n".join(_tested(found, failed)), _failing(failed, file))


@rules.command("explain")
@click.argument("text")
@click.option("--kind", default="", metavar="KIND", help="The kind that the task has: implement, test, pricing ...")
@click.option("--requires", multiple=True, metavar="SKILL", help="A skill that it needs; may be given again.")
@click.option("--meta", multiple=True, metavar="KEY=VALUE", help="An entry of its metadata; may be given again.")
@common
def explain(session: Session, text: str, kind: str, requires: tuple[str, ...], meta: tuple[str, ...]) -> int:
    """Say which rules are tried on a task of these words, what each lacks, who does it, and why."""
    entries = _metadata(meta)
    found = _asked(session, lambda book, context: book.explain(context, _task(text, kind, requires, entries)))
    return session.answer(found, lambda: "\n".join(_explained(found)))


def _list(session: Session, agent: str | None) -> int:
    found = _asked(session, lambda book, context: book.rules(context))
    shown = [row for row in found if agent in (None, row["then"])]
    return session.answer({"rules": shown}, lambda: "\n".join(_listed(shown)))


def _asked(session: Session, ask: Callable[[Any, PlanContext], Any]) -> Any:
    """Return what the rule book of the router answers; raises SettingsError where there is none."""
    return asked(session, "rulebook", lambda genesis, book, context: ask(book, context),
                 "no plugin here routes by rules")


def _task(text: str, kind: str, requires: Sequence[str], metadata: Mapping[str, object]) -> Any:
    from genesis_core import Task

    return Task(id="task", description=text, kind=kind, requires=tuple(requires), metadata=dict(metadata))


def _metadata(entries: Sequence[str]) -> dict[str, object]:
    """Return metadata as a plan file would hold it: numbers and true or false as such, all else as text."""
    import json

    found: dict[str, object] = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"{entry!r} is not KEY=VALUE", param_hint="--meta")
        try:
            plain = json.loads(value)
        except ValueError:
            plain = value
        found[key.strip()] = plain if isinstance(plain, int | float | bool) and plain == plain else value
    return found


def _failing(failed: Sequence[Row], file: str | None) -> Problem | None:
    from ._problem import Problem

    if not failed:
        return None
    return Problem(f"{many(len(failed), 'example')} did not come true: {failed[0]['task']!r} {failed[0]['wrong']}",
                   str(failed[0]["why"]), f"genesis rules explain {failed[0]['task']!r}", code="failed", exit_code=1)


def _listed(rows: Sequence[Row]) -> Iterator[str]:
    from ._plan_text import table

    on = sum(row["state"] == "on" for row in rows)
    shown = [(str(row["priority"]), row["id"], row["then"], row["state"], row["source"], row["when"]) for row in rows]
    yield from table(("PRIORITY", "RULE", "AGENT", "STATE", "FROM", "WHEN"), shown)
    yield f"{many(on, 'rule')} in force"


def _checked(found: Row) -> Iterator[str]:
    for row in found["faults"]:
        rule = f"rule {row['rule']}: " if row["rule"] else ""
        yield f"{place(found['file'], row['line'])} {rule}{streams.one_line(row['message'])}"
        yield f"  {streams.paint('hint:', 'cyan')} {streams.one_line(row['hint'])}"
    for row in found["notes"]:
        yield f"{place(found['file'], row['line'])} note: rule {row['rule']}: {streams.one_line(row['message'])}"
    if found["replaces"]:
        yield f"replaces the built-in {', '.join(found['replaces'])}"
    yield (f"{many(found['rules'], 'sound rule')}, {many(found['examples'], 'example')}, "
           f"{many(len(found['faults']), 'fault')}")


def _tested(rows: Sequence[Row], failed: Sequence[Row]) -> Iterator[str]:
    for row in failed:
        task = streams.one_line(row["task"])
        yield f"{place(row['file'], row['line'])} {streams.paint('failed', 'red')} {task!r}: {row['wrong']}"
        yield f"  {streams.one_line(row['why'])}"
    yield f"{len(rows) - len(failed)} of {many(len(rows), 'example')} came true"


def _explained(found: Row) -> Iterator[str]:
    who = found["agent"] or "nobody"
    yield f"{streams.paint(who, 'bold')}  sure {found['confidence']:.2f}, decided by {found['decided_by']}"
    yield f"why       {streams.one_line(found['why'], 600)}"
    for row in found["tried"]:
        said = "matched" if row["matched"] else f"not: {row['lacks']} differs"
        yield f"rule      {row['id']} ({row['priority']}, {row['then']}, {row['decides']}): {said}"
    yield f"rules     {len(found['tried'])} tried, {found['not_tried']} can't match: the task lacks their kind or words"
    if found["ranking"]:
        yield "match     " + ", ".join(f"{row['agent']} {row['match']:.2f}" for row in found["ranking"])
