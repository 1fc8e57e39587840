"""``genesis runs``: list, show, export, cancel and prune. The list reads the index alone: no plugin, no pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._amounts import AGE
from ._options import common, complete_runs, run_argument
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Entry

__all__ = ["runs"]

SHOWN = 20


@click.group("runs", invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help=f"List all, not only the newest {SHOWN}.")
@click.pass_context
@common
def runs(session: Session, ctx: click.Context, everything: bool) -> int | None:
    """List the runs, newest first; a command after it does more."""
    if ctx.invoked_subcommand is not None:
        return None
    return _list(session, everything)


@runs.command("list")
@click.option("--all", "everything", is_flag=True, help=f"List all, not only the newest {SHOWN}.")
@common
def list_(session: Session, everything: bool) -> int:
    """List the runs, newest first."""
    return _list(session, everything)


def _list(session: Session, everything: bool) -> int:
    entries = session.state().entries(session.record)
    shown = [_counted(session, e) for e in (entries if everything else entries[:SHOWN])]
    session.command = "runs list"
    return session.answer({"runs": [_json(e) for e in shown], "total": len(entries)},
                          lambda: _table(shown, len(entries)))


def _counted(session: Session, entry: Entry) -> Entry:
    """Return *entry* with what its journal counts where its driver ended without a word."""
    if entry.state != "interrupted":
        return entry
    from genesis_core import GenesisError

    try:
        record = session.record(entry.id)
    except GenesisError:
        return entry
    leaves = () if record.plan is None else record.plan.graph.leaves
    done = sum(t.id in record.results and record.results[t.id].state.value == "completed" for t in leaves)
    return entry._replace(tasks=len(leaves), done=done)


def _json(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry._asdict().items() if name != "mac"}


def _table(shown: list[Entry], total: int) -> str:
    from . import _streams as streams
    from ._lists import row_lines

    if not shown:
        return 'no runs yet; the first one: genesis run "Map the architecture of this repository"'
    lines = list(row_lines(shown))
    if total > len(shown):
        lines.append(streams.paint(f"{total - len(shown)} older runs: genesis runs --all", "dim"))
    return "\n".join(lines)


@runs.command("show")
@run_argument()
@click.option("--at", "row", type=click.IntRange(1), metavar="ROW", help="As it stood after that row of its journal.")
@common
def show(session: Session, run: str, row: int | None) -> int:
    """Show RUN: its tasks with skills, state, cause and output, changes of its plan, and where its files are."""
    from ._document import result_of, run_document
    from ._lists import shown_run

    genesis = session.records()
    folder = genesis.folder(run)
    session.correlation_id = folder.name
    record = genesis.record(folder.name, row)
    result = result_of(record, folder)
    driven = row is None and session.state().driven(folder.name)
    data = run_document(result, record=record)
    if driven or (row is not None and record.ended is None):
        data["state"] = "running"
    return session.answer(data, lambda: shown_run(record, result, driven=driven, row=row))


@runs.command("export")
@run_argument()
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to stdout.")
@common
def export(session: Session, run: str, output: str | None) -> int:
    """Print RUN as one JSON document: plan, results and every event."""
    from pathlib import Path

    from . import _streams as streams
    from ._copy import check_out
    from ._document import result_of, run_document
    from ._views import as_json

    check_out(output)
    genesis = session.records()
    folder = genesis.folder(run)
    record = genesis.record(folder.name)
    events = [{**as_json(event), "mac": event.mac} for event in genesis.events(folder.name)]
    data = run_document(result_of(record, folder), record=record, events=events)
    if record.recorded:
        data["kept"] = genesis.kept(folder.name)
    text = session.envelope(data) if session.json else session.dumps(data, indent=2)
    if output is None:
        streams.out(text)
    else:
        Path(output).write_text(text + "\n", encoding="utf-8")
        streams.note(f"wrote {output}")
    return 0


@runs.command("cancel")
@run_argument()
@common
def cancel(session: Session, run: str) -> int:
    """Stop RUN, whoever drives it; what is recorded stays, and `genesis resume` goes on from there."""
    import asyncio

    from genesis_core import RunState

    genesis = session.records()
    name = genesis.folder(run).name
    state = asyncio.run(genesis.cancel(name))
    text = {
        RunState.RUNNING: f"run {name} was asked to stop",
        RunState.CANCELED: f"run {name} is canceled; to go on: genesis resume {name}",
    }.get(state, f"run {name} had ended: it is {state.value}")
    return session.answer({"run_id": name, "state": state.value}, text)


@runs.command("prune")
@click.argument("run", metavar="[RUN]...", nargs=-1, shell_complete=complete_runs)
@click.option("--older-than", type=AGE, metavar="AGE", help="Those that began longer ago: 12h, 30d, 4w.")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="All but the newest N.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def prune(session: Session, run: tuple[str, ...], older_than: float | None, keep: int | None, yes: bool) -> int:
    """Delete runs for good: the named ones, or all that are older, or all but the newest.

    With both --older-than and --keep a run must be older and not among those kept. A run under way is never deleted.
    """
    from ._lists import confirmed, prunable

    if not run and older_than is None and keep is None:
        raise click.UsageError("say which: RUN, --older-than AGE or --keep N", click.get_current_context())
    state = session.state()
    chosen = prunable(session, state, run, older_than, keep)
    names = [entry.id for entry in chosen]
    if not names:
        return session.answer({"pruned": []}, "nothing to prune")
    if not yes and not confirmed(f"delete {len(names)} run{'s' if len(names) != 1 else ''} for good?", names):
        return session.answer({"pruned": []}, "nothing was deleted")
    for name in names:
        state.remove(name)
    return session.answer({"pruned": names}, f"deleted {len(names)} run{'s' if len(names) != 1 else ''}")
