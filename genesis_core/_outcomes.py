"""What came of the tasks of earlier runs: read from each journal once, kept in ``index.db``, derived again when lost.

The one owner of outcomes: whoever learns from them asks ``PlanContext.outcomes`` or ``Records.outcomes``. Only the
newest WINDOW runs count, and of these at most MOST outcomes, so that planning stays quick and old habits fade.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ._fold import RunRecord, fold
from ._index import Index
from ._state import StateFolder
from .errors import GenesisError
from .outcomes import TaskOutcome
from .policy import Usage
from .runs import EventKind, RunEvent
from .tasks import TaskResult, TaskState

__all__ = ["MOST", "WINDOW", "Outcomes", "outcomes_of"]

WINDOW, MOST = 500, 5_000
VERSION = 1
"""Of what is derived: another one, and every journal is read again."""
_ENDS = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.REJECTED})
_SCHEMA = """
CREATE TABLE IF NOT EXISTS learned (run TEXT PRIMARY KEY, stamp TEXT);
CREATE TABLE IF NOT EXISTS outcomes (run TEXT, place INTEGER, outcome TEXT, PRIMARY KEY (run, place)) WITHOUT ROWID;
"""


class Outcomes:
    """The outcomes of a state folder, up to date whenever they are asked for."""

    def __init__(self, index: Index, read: Callable[[str], list[RunEvent]]) -> None:
        """Keep them in *index*; *read* gives the verified events of a run (raises GenesisError)."""
        self._index, self._read = index, read

    def latest(self) -> tuple[TaskOutcome, ...]:
        """Return the outcomes of the newest runs, newest run first; none when the index can't be used.

        Reads the journals of those runs that have ended, or were changed, since the last time. A run that is under way
        counts as it stood before; one whose journal can't be read does not count, and is tried again next time.
        """
        stamps = dict(_stamped(folder) for folder in _newest(self._index))
        if not stamps:
            return ()
        try:
            with closing(self._index._open()) as db, db:
                os.chmod(self._index.path, 0o600)
                db.executescript(_SCHEMA)
                self._catch_up(db, stamps)
                found = db.execute("SELECT run, outcome FROM outcomes ORDER BY run DESC, place LIMIT ?", (MOST,))
                return tuple(_decoded(run, text) for run, text in found)
        except (sqlite3.Error, OSError):
            return ()

    def _catch_up(self, db: sqlite3.Connection, stamps: dict[str, str]) -> None:
        known = dict(db.execute("SELECT run, stamp FROM learned"))
        for run in known.keys() - stamps.keys():
            _replace(db, run, None, ())
        runs = StateFolder(self._index.home)
        for run, stamp in stamps.items():
            if known.get(run) != stamp and not runs.driven(run):
                with contextlib.suppress(GenesisError, ValueError, KeyError):
                    _replace(db, run, stamp, outcomes_of(self._read(run)))


def _newest(index: Index) -> list[Path]:
    return [folder for _, folder in zip(range(WINDOW), index.folders(), strict=False)]


def _stamped(folder: Path) -> tuple[str, str]:
    """Return the name of a run, and what changes whenever its journal does."""
    sizes = [str(VERSION)]
    for name in ("journal.db", "journal.db-wal"):
        try:
            found = (folder / name).stat()
            sizes.append(f"{found.st_size}:{found.st_mtime_ns}" if found.st_size else "")
        except OSError:
            sizes.append("")
    return folder.name, " ".join(sizes)


def _replace(db: sqlite3.Connection, run: str, stamp: str | None, found: Sequence[TaskOutcome]) -> None:
    db.execute("DELETE FROM outcomes WHERE run = ?", (run,))
    db.execute("DELETE FROM learned WHERE run = ?", (run,))
    if stamp is not None:
        db.execute("INSERT INTO learned VALUES (?, ?)", (run, stamp))
    rows = [(run, place, _encoded(outcome)) for place, outcome in enumerate(found)]
    db.executemany("INSERT INTO outcomes VALUES (?, ?, ?)", rows)


def _encoded(outcome: TaskOutcome) -> str:
    return json.dumps([None if x is None else str(x) if isinstance(x, Decimal) else x for x in outcome[1:]])


def _decoded(run: str, text: str) -> TaskOutcome:
    found = TaskOutcome(run, *json.loads(text))
    cost = None if found.cost is None else Decimal(found.cost)
    return found._replace(skills=tuple(found.skills), cost=cost)


# ---- what a journal says -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Try:
    """What one model, or none, has done for a task so far."""

    began: datetime
    used: Usage = field(default_factory=Usage)
    first: str = ""
    """The model that was asked first."""


def outcomes_of(events: Sequence[RunEvent]) -> tuple[TaskOutcome, ...]:
    """Return what the *events* of one run tell of its tasks, in the order of their ends.

    Raises ValueError when they don't begin a run, KeyError when a row lacks what it should have.
    """
    record = fold(events)
    return () if record.plan is None or record.replay_of else tuple(_told(record, events))


def _told(record: RunRecord, events: Sequence[RunEvent]) -> Iterator[TaskOutcome]:
    tries: dict[str, _Try] = {}
    for event in events:
        name = event.task_id
        if event.kind is EventKind.TASK_STARTED:
            tries[name] = _Try(event.time)
        elif event.kind is EventKind.TASK_REUSED:
            tries.pop(name, None)
        elif name not in tries:
            continue
        elif event.kind is EventKind.MODEL_ANSWERED:
            tries[name].used += Usage(**event.data["usage"])
            tries[name].first = tries[name].first or str(event.data["model"])
        elif event.kind is EventKind.WARNING and "not_accepted" in event.data:
            yield _refused(record, event, tries[name])
            tries[name] = _Try(event.time)
        elif event.kind is EventKind.TASK_DONE:
            ended = tries.pop(name)
            result = TaskResult(**{**event.data["result"], "label": event.label})
            if result.state in _ENDS:
                yield _ended(record, event, ended, result)


def _refused(record: RunRecord, event: RunEvent, tried: _Try) -> TaskOutcome:
    return _about(record, event, tried)._replace(
        model=str(event.data["not_accepted"]), state="failed", code="not_accepted", category="validation")


def _ended(record: RunRecord, event: RunEvent, tried: _Try, result: TaskResult) -> TaskOutcome:
    error = result.error
    return _about(record, event, tried)._replace(
        model=tried.first if result.degraded else result.model, state=result.state.value,
        code="" if error is None else error.code, category="" if error is None else error.category.value,
        degraded=bool(result.degraded),
    )


def _about(record: RunRecord, event: RunEvent, tried: _Try) -> TaskOutcome:
    """Return what is known of the task whatever came of it; one that a change of the plan dropped has little."""
    assert record.plan is not None  # noqa: S101  # outcomes_of() has seen to that
    task, expected = record.plan.graph.by_id.get(event.task_id), record.plan.estimated.get(event.task_id)
    used = tried.used
    return TaskOutcome(
        run=record.run_id, task=event.task_id, agent=event.actor if event.kind is EventKind.TASK_DONE else _agent(
            record, event.task_id), skills=() if task is None else tuple(task.requires),
        checked=task is not None and task.accept is not None,
        difficulty=0.5 if expected is None else expected.difficulty, tokens=used.tokens,
        output_tokens=used.output_tokens, cost=used.cost, seconds=(event.time - tried.began).total_seconds(),
    )


def _agent(record: RunRecord, task_id: str) -> str:
    assert record.plan is not None  # noqa: S101
    given = record.plan.assigned.get(task_id)
    return "" if given is None else given.agent
