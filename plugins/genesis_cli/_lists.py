"""Lists of runs: their lines, one run in full, and which of them may be deleted. Light: no pydantic at import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import _streams as streams

if TYPE_CHECKING:
    from genesis_core import Entry, RunRecord, RunResult, StateFolder

    from ._session import Session

__all__ = ["confirmed", "prunable", "row_lines", "shown_run"]

TONES = {"completed": "green", "failed": "red", "damaged": "red", "running": "cyan", "rejected": "red"}


def row_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a head and one line a run."""
    wide = max(len(e.state) for e in entries)
    room = streams.width()
    run = max(len(e.id) for e in entries)
    yield streams.paint(f"{'RUN'.ljust(run)}  {'STATE'.ljust(wide)}  {'DONE':>9}  {'BEGAN':<12}  GOAL", "dim")
    for entry in entries:
        state = streams.paint(entry.state.ljust(wide), TONES.get(entry.state, "yellow"))
        done = f"{entry.done}/{entry.tasks}" if entry.tasks else "-"
        words = f"(replay of {entry.replay}) {entry.goal}" if entry.replay else entry.goal
        goal = streams.one_line(words, max(10, room - run - wide - 31) if room else 0)
        yield f"{entry.id}  {state}  {done:>9}  {ago(entry.started):<12}  {goal}".rstrip()


def ago(moment: str) -> str:
    """Return how long ago an ISO time was, as a person says it."""
    if not moment:
        return "-"
    seconds = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {word} ago"
    return "just now"


def shown_run(record: RunRecord, result: RunResult, *, driven: bool, row: int | None = None) -> str:
    """Return one run in full: its tree, its outputs, its files, what is missing; of one *row* only its tree."""
    from ._progress import MARKS, Progress, mark
    from ._summary import summary

    progress = Progress.of(record, going=driven or row is not None)
    plain = streams.glyph("✓", "+", sys.stdout) == "+"
    goal = "" if record.plan is None else record.plan.goal.text
    when = "under way at the moment" if driven else f"as it stood after row {row}" if row is not None else ""
    lines = [streams.paint(streams.one_line(goal), "bold"), f"workspace {streams.one_line(record.workspace)}",
             f"folder    {result.folder}", *_recorded(record), *([when] if when else []), ""]
    wide = max((2 * line.depth + len(line.id) for line in progress.lines.values()), default=0)
    for line in progress.lines.values():
        sign = streams.paint(mark(line.state, ascii_only=plain), MARKS.get(line.state, ("", "", "dim"))[2])
        name = ("  " * line.depth + line.id).ljust(wide)
        why = f"  {streams.one_line(line.why)}" if line.why else ""
        lines.append(f"  {sign} {name}  {line.agent.ljust(12)}  {line.state}{why}".rstrip())
        lines += _skills(record, line.id, 4 + wide)
    ending = () if row is not None else ("", summary(result, seconds=record.seconds))
    return "\n".join([*lines, *_changes(record), *ending])


def _changes(record: RunRecord) -> Iterator[str]:
    """Yield a line for each change of the graph: the row that has it, and what it was."""
    from ._document import change

    for at, told in enumerate(map(change, record.changes)):
        if at == 0:
            before = f"changes of the plan; how it stood: genesis runs show {record.run_id} --at ROW"
            yield from ("", streams.paint(before, "dim"))
        signs = (("+", told["added"]), ("~", told["replaced"]), ("-", told["dropped"]))
        what = " ".join(f"{sign}{name}" for sign, names in signs for name in names)
        verb = "refused, by" if told["refused"] else "by"
        why = told["reason"] or "no reason given"
        yield f"  row {told['row']}  after {told['after']}, {verb} {told['by']}: {streams.one_line(f'{what}  ({why})')}"


def _skills(record: RunRecord, task_id: str, indent: int) -> Iterator[str]:
    """Yield the skills that a task was given to its agent for: an agent of several does those, and no others."""
    required = () if record.plan is None or task_id not in record.plan.graph else record.plan.graph[task_id].requires
    if required:
        yield streams.paint(f"{' ' * indent}  skills: {streams.one_line(', '.join(required))}", "dim")


def _recorded(record: RunRecord) -> Iterator[str]:
    """Yield whether a run can be replayed, or what it is a replay of and how it compares."""
    if (replayed := record.replayed) is not None:
        first = replayed.difference
        yield f"replay    of {replayed.run_id}: {'equal' if first is None else streams.one_line(str(first))}"
    elif record.recorded:
        count = len(record.kept)
        yield f"recorded  {count} answer{'s' if count != 1 else ''}: genesis replay {record.run_id}"


def prunable(
    session: Session, state: StateFolder, named: Sequence[str], older_than: float | None, keep: int | None
) -> list[Entry]:
    """Return the runs that a prune would delete; raises SettingsError for an unknown run or one under way."""
    entries = state.entries(session.record)
    if named:
        return [_named(session, state, entries, name) for name in dict.fromkeys(named)]
    now = datetime.now(UTC)
    chosen = entries if keep is None else entries[keep:]
    if older_than is not None:
        chosen = [e for e in chosen if (now - _began(e)).total_seconds() > older_than]
    return [e for e in chosen if not state.driven(e.id)]


def _named(session: Session, state: StateFolder, entries: Sequence[Entry], name: str) -> Entry:
    from genesis_core import SettingsError

    run_id = session.open().folder(name).name
    if state.driven(run_id):
        raise SettingsError(f"run {run_id} is under way", cause="a process is carrying it out",
                            hint=f"genesis runs cancel {run_id}")
    return next(e for e in entries if e.id == run_id)


def _began(entry: Entry) -> datetime:
    """Return when a run began; its name says so where the index does not."""
    if entry.started:
        return datetime.fromisoformat(entry.started)
    try:
        return datetime.strptime(entry.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)


def confirmed(question: str, names: Sequence[str]) -> bool:
    """Ask on a terminal; without one raise SettingsError: nobody is there to answer."""
    from genesis_core import SettingsError

    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SettingsError("this must be confirmed", cause="there is no terminal to ask on", hint="add --yes")
    for name in names[:10]:
        streams.note(f"  {name}")
    if len(names) > 10:
        streams.note(f"  and {len(names) - 10} more")
    streams.note(f"{question} [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
