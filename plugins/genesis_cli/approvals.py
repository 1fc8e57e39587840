"""``genesis approvals``: what waits for a person, and the yes or no to exactly that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ._options import common, complete_runs, run_argument
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Genesis, RunEvent, RunRecord

__all__ = ["approvals"]

SHOWN_OF_DIGEST = 16
"""Characters of the digest of an action: what is said yes to is the one that was seen, not one asked for since."""
RESUMABLE = frozenset({"waiting", "canceled", "interrupted", "out_of_budget", "partial", "denied"})
"""The states of a run in which something may wait for a person, and that it can be resumed from."""
MAX_SHOWN = 2000
"""Characters of arguments that are shown; ``--json`` has them whole."""


@click.group("approvals", invoke_without_command=True)
@click.pass_context
@common
def approvals(session: Session, ctx: click.Context) -> int | None:
    """List what waits for a person, in all runs; a command after it answers."""
    return _list(session, None) if ctx.invoked_subcommand is None else None


@approvals.command("list")
@click.argument("run", required=False, shell_complete=complete_runs)
@common
def list_(session: Session, run: str | None) -> int:
    """List what waits for a person: in RUN, or in all runs."""
    return _list(session, run)


@approvals.command("grant")
@run_argument()
@click.argument("task")
@click.option("--action", default="", metavar="DIGEST",
              help="The action whose digest begins like this; needed where more than one waits.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@common
def grant(session: Session, run: str, task: str, action: str, reason: str) -> int:
    """Say yes to what TASK of RUN waits for: to exactly that action with exactly those arguments."""
    return _answer(session, run, task, granted=True, action=action, reason=reason)


@approvals.command("deny")
@run_argument()
@click.argument("task")
@click.option("--action", default="", metavar="DIGEST", help="Only the action whose digest begins like this.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@common
def deny(session: Session, run: str, task: str, action: str, reason: str) -> int:
    """Say no to what TASK of RUN waits for; its agent is told so when the run goes on."""
    return _answer(session, run, task, granted=False, action=action, reason=reason)


def _list(session: Session, run: str | None) -> int:
    genesis = session.records()
    session.command = "approvals list"
    if run is None:
        records = list(_resumable(session, genesis))
    else:
        records = [genesis.record(genesis.folder(run).name)]
        session.correlation_id = records[0].run_id
    found = [(record, event) for record in records for event in record.waiting]
    return session.answer({"approvals": [_json(record, event) for record, event in found]},
                          lambda: "\n".join(_lines(found)))


def _resumable(session: Session, genesis: Genesis) -> Iterator[RunRecord]:
    """Yield the records of all runs that go on with a yes; what can't be read is named, and hides no other one."""
    from genesis_core import JournalError

    for entry in session.state().entries(session.record):
        if entry.state in RESUMABLE and not entry.replay:
            try:
                yield genesis.record(entry.id)
            except JournalError as error:
                session.warn(error.message)


def _answer(session: Session, run: str, task: str, *, granted: bool, action: str, reason: str) -> int:
    import asyncio

    genesis = session.records()
    name = session.correlation_id = genesis.folder(run).name
    rows = asyncio.run(genesis.records.approve(name, task, granted=granted, action=action, reason=reason))
    record = genesis.record(name)
    word = "approved" if granted else "refused"
    status = session.answer({"run_id": name, "task_id": task, "granted": granted,
                             "approvals": [_json(record, event) for event in rows]},
                            lambda: "\n".join(f"{word}: {line}" for event in rows for line in _what(event)))
    more = len(record.waiting)
    session.next_steps([(f"genesis resume {name}", "go on with the run"),
                        *([(f"genesis approvals list {name}", f"{more} more to answer")] if more else [])])
    return status


def _json(record: RunRecord, event: RunEvent) -> dict[str, Any]:
    from genesis_core import Record

    data = event.data
    given = data.get("arguments")
    return {
        "run_id": event.run_id, "task_id": event.task_id, "agent": _agent(record, event), "action": data["action"],
        "verb": data["verb"], "resource": data["resource"], "effect": data["effect"],
        "arguments": given.to_json() if isinstance(given, Record) else given, "rule": data["rule"],
        "reason": data["reason"], "row": event.seq, "label": event.label.to_json(),
    }


def _agent(record: RunRecord, event: RunEvent) -> str:
    found = None if record.plan is None else record.plan.assigned.get(event.task_id)
    return "" if found is None else found.agent


def _lines(found: list[tuple[RunRecord, RunEvent]]) -> Iterator[str]:
    from shlex import quote

    from . import _streams as streams

    if not found:
        yield "nothing waits for approval"
    for record, event in found:
        task = _words(record, event.task_id)
        yield streams.paint(f"{event.run_id} {event.task_id}", "bold") + f"  {streams.one_line(task)}"
        yield from (f"  {line}" for line in _what(event))
        yield f"  asked by rule {event.data['rule']!r}: {streams.exact(str(event.data['reason']))}"
        yield f"  agent {_agent(record, event)} had read: {_sources(event)}"
        exactly = f"{event.run_id} {quote(event.task_id)} --action {event.data['action'][:SHOWN_OF_DIGEST]}"
        yield f"  yes: genesis approvals grant {exactly}"
        yield f"  no:  genesis approvals deny {exactly}"


def _words(record: RunRecord, task_id: str) -> str:
    """Return the words of a task; a change of the plan may have taken it away since it asked."""
    task = None if record.plan is None else record.plan.graph.by_id.get(task_id)
    return "" if task is None else task.description


def _what(event: RunEvent) -> Iterator[str]:
    """Yield what would be done, with everything that it would be done with."""
    from . import _streams as streams

    data = event.data
    name = data["action"][:SHOWN_OF_DIGEST]
    yield f"{data['verb']} {streams.exact(data['resource'])} (effect {data['effect']}, action {name})"
    for name, value in (data.get("arguments") or {}).items():
        text = streams.exact(Session.dumps(value))
        cut = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} ... (all of it: --json)"
        yield f"  {streams.exact(name)} = {cut}"


def _sources(event: RunEvent) -> str:
    from ._streams import exact

    named = [exact(name) for name in sorted(event.label.sources)]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "") or "nothing from outside"
