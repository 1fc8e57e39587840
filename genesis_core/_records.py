"""The records of runs: find one, read it, verify it, cancel it. Reading never touches a run's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ._facade import no_replay
from ._files import find_artifact
from ._fold import RunRecord, fold
from ._head import Head, read_head
from ._index import Index
from ._journal import Journal, RunLock
from ._keys import LocalKeyRing
from ._outcomes import Outcomes
from ._rows import read_events
from ._secrets import Known
from ._state import StateFolder
from .engines import KeyRing
from .errors import GenesisError, JournalError, PlanError, SettingsError, did_you_mean
from .outcomes import TaskOutcome
from .runs import EventKind, RunEvent, RunState

__all__ = ["Records"]

_ENDED = frozenset({
    *(state for state in RunState if state.final), RunState.PARTIAL, RunState.OUT_OF_BUDGET, RunState.DENIED,
})
"""The states in which nothing of a run is left to stop, though some of them can be resumed."""


class Records:
    """All runs of one state folder."""

    def __init__(
        self, home: Path, clock: Callable[[], datetime] | None = None, keys: Callable[[], KeyRing] | None = None,
        known: Callable[[], Known] = Known,
    ) -> None:
        """Look after the runs below *home*; what is *known* to be secret goes into none of their rows."""
        self.home, self.index, self._clock, self._known = home, Index(home), clock, known
        self._keys = keys or partial(LocalKeyRing.open, home, create=False, clock=clock)

    async def cancel(self, run_id: str) -> RunState:
        """Cancel a run, whoever drives it, and return where it stands.

        RUNNING: its driver was asked to stop and will within moments. CANCELED: nobody drove it, and its record now
        says so. A run that has ended, for good, in part or for want of budget, stays as it is.
        """
        folder = self.folder(run_id)
        try:
            lock = RunLock(folder)
        except JournalError:
            (folder / "cancel").touch()
            return RunState.RUNNING
        try:
            record = self.whole(run_id)
            if record.state in _ENDED:
                return record.state
            if record.state is not RunState.CANCELED:
                await self._note_canceled(folder, record)
            return RunState.CANCELED
        finally:
            lock.release()

    async def _note_canceled(self, folder: Path, record: RunRecord) -> None:
        await self._append(folder, record, [(EventKind.RUN_FINISHED, "kernel", "", {
            "state": RunState.CANCELED.value, "error": None, "usage": {}, "idle": True,
        })], state="canceled")

    async def _append(
        self, folder: Path, record: RunRecord, rows: Sequence[tuple[EventKind, str, str, dict[str, Any]]], state: str
    ) -> None:
        """Append *rows* (kind, actor, task, data) to the journal of a run that nobody drives."""
        journal = Journal(record.run_id, path=folder / "journal.db", keys=self._keys(), clock=self._clock,
                          last=(record.seq, bytes.fromhex(record.mac)), known=self._known())
        for kind, actor, task_id, data in rows:
            journal.append(kind, actor, task_id, data=data)
        await journal.flush()
        await journal.close()
        known = self.index.entries().get(record.run_id)
        if known is not None:
            self.index.put(known._replace(state=state, seq=journal.seq, mac=journal.head.hex()))

    async def approve(
        self, run_id: str, task_id: str, *, granted: bool, by: str = "user", reason: str = "", action: str = ""
    ) -> tuple[RunEvent, ...]:
        """Say yes or no to what *task_id* waits for, and return those decisions; resuming the run goes on by it.

        A yes is to exactly that action, arguments included, by that task: *action* names it by how its digest begins,
        and must where several wait. A no without one is to all of them. Raises SettingsError when nothing waits there
        or several do, JournalError while somebody drives the run.
        """
        folder = self.folder(run_id)
        lock = RunLock(folder)
        try:
            record = no_replay(self.whole(run_id))
            found = tuple(e for e in record.waiting if e.task_id == task_id and e.data["action"].startswith(action))
            if not found:
                raise _nothing_waits(record, task_id, action)
            if len(found) > 1 and (granted or action):
                raise _several_wait(found, action)
            await self._append(folder, record, [
                (EventKind.APPROVED, by, task_id, {
                    "action": event.data["action"], "granted": granted, "verb": event.data["verb"],
                    "resource": event.data["resource"], **({"reason": reason} if reason else {}),
                }) for event in found
            ], state=record.state.value)
            return found
        finally:
            lock.release()

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run; ``last`` is the newest. Raises SettingsError when there is none."""
        names = [f.name for f in self.index.folders()]
        if run_id == "last" and names:
            return self.home / "runs" / names[0]
        if run_id in names:
            return self.home / "runs" / run_id
        near = [n for n in names if n.startswith(run_id)] if run_id else []
        if len(near) == 1:
            return self.home / "runs" / near[0]
        why = f"{len(near)} runs begin like that" if near else "no folder below runs/ has that name"
        raise SettingsError(f"there is no run {run_id!r}{did_you_mean(run_id, names)}", cause=why,
                            hint="genesis runs list")

    def events(self, run_id: str) -> list[RunEvent]:
        """Return the verified events of a run; its folder is not touched. Raises JournalError naming any damage."""
        return read_events(self.folder(run_id) / "journal.db", self._keys())

    def record(self, run_id: str, row: int | None = None) -> RunRecord:
        """Return what the journal of a run comes to, or came to after *row* (raises JournalError, SettingsError)."""
        folder = self.folder(run_id)
        driven = StateFolder(self.home).driven(folder.name)  # asked first: who ends meanwhile has written rows
        events = [] if driven and not (folder / "journal.db").is_file() else self.events(run_id)
        if driven and not events:
            raise JournalError(f"run {folder.name} has no rows yet", cause="it is just beginning",
                               hint="look again in a moment")
        if row is not None and not 1 <= row <= len(events):
            raise SettingsError(f"run {folder.name} has no row {row}", cause=f"its rows are 1 to {len(events)}",
                                hint=f"genesis runs show {folder.name} names the rows that changed its graph")
        return _folded(run_id, events[:row])

    def whole(self, run_id: str) -> RunRecord:
        """Return the record of a run, checked to be no shorter than it once was (raises JournalError)."""
        events = self.events(run_id)
        record = _folded(run_id, events)
        for head in self._heads(record.run_id):
            _check_head(record.run_id, events, head)
        return record

    def verify(self, run_id: str) -> RunRecord:
        """Check that a run's record is complete and untouched, artefacts and kept answers too; raises JournalError."""
        record = self.whole(run_id)
        folder = self.folder(run_id)
        if record.kept:
            from ._replay.recorder import check_kept

            check_kept(folder, record.kept)
        for result in record.results.values():
            for artifact in result.artifacts:
                try:
                    find_artifact(folder, artifact, result.task_id)
                except (GenesisError, OSError) as error:
                    raise JournalError(f"run {record.run_id} is damaged: {error}", cause=getattr(error, "cause", ""),
                                       hint=f"genesis run --again {record.run_id}") from None
        return record

    def outcomes(self) -> tuple[TaskOutcome, ...]:
        """Return what came of the tasks of the newest runs that have ended, newest run first.

        Each journal is read once, and what it tells is kept in the index; a journal that can't be read does not count.
        """
        return Outcomes(self.index, self.events).latest()

    def kept(self, run_id: str) -> dict[str, Any]:
        """Return what was kept of the calls of a recorded run, by digest (raises JournalError)."""
        from ._replay.recorder import read_blob

        return {name: read_blob(self.folder(run_id), name) for name in self.record(run_id).kept}

    def _heads(self, run_id: str) -> Iterator[Head]:
        """Yield what is remembered of the run's last row."""
        head = read_head(self.home / "runs" / run_id, self._keys())
        if head is not None:
            yield head
        known = self.index.entries().get(run_id)
        if known is not None and known.seq > 0:
            yield Head(known.seq, known.mac, "the index")


def _several_wait(found: Sequence[RunEvent], action: str) -> SettingsError:
    """Return the error of an answer that would be to more than one action."""
    named = ", ".join(f"{e.data['verb']} {e.data['resource']} (action {e.data['action'][:16]})" for e in found)
    beginning = f" that begin with {action!r}" if action else ""
    return SettingsError(
        f"{len(found)} actions{beginning} of task {found[0].task_id!r} wait: a yes is to one of them",
        cause=named, hint=f"genesis approvals list {found[0].run_id} shows each with its --action")


def _folded(run_id: str, events: Sequence[RunEvent]) -> RunRecord:
    if not events or events[0].kind is not EventKind.RUN_STARTED:
        raise JournalError(f"the journal of run {run_id} is damaged, or it never began: there is no first row",
                           cause="somebody emptied it, or its driver ended before it wrote one",
                           hint=f"restore the folder, or delete it: genesis runs prune {run_id}")
    try:
        return fold(events)
    except (ValueError, KeyError, PlanError) as error:  # rows are signed, so this is what they were meant to say
        raise JournalError(
            f"the journal of run {events[0].run_id} can't be understood by this program",
            cause=f"it may have been written by a newer Genesis: {type(error).__name__}: {error}",
            hint="pip install --upgrade genesis-agents",
        ) from None


def _check_head(run_id: str, events: Sequence[RunEvent], head: Head) -> None:
    """Check that the journal still holds the row that was once its last."""
    if len(events) < head.seq:
        raise JournalError(
            f"the journal of run {run_id} is damaged: it was cut short",
            cause=f"it has {len(events)} rows where {head.whose} knows {head.seq}", hint="restore the folder",
        )
    if events[head.seq - 1].mac != head.mac:
        raise JournalError(
            f"the journal of run {run_id} is damaged: row {head.seq} is another one than it was",
            cause=f"{head.whose} knows another MAC of it", hint="restore the folder",
        )


def _nothing_waits(record: RunRecord, task_id: str, action: str) -> SettingsError:
    """Return why there is nothing to answer: no such task waits, or none of its actions is the one that was named."""
    hint = f"genesis approvals list {record.run_id}"
    actions = [str(event.data["action"])[:12] for event in record.waiting if event.task_id == task_id]
    if actions:
        return SettingsError(f"no action of task {task_id!r} that waits begins with {action!r}",
                             cause=f"waiting: {', '.join(actions)}", hint=hint)
    tasks = sorted({event.task_id for event in record.waiting})
    return SettingsError(f"nothing of task {task_id!r} waits for approval{did_you_mean(task_id, tasks)}",
                         cause=f"waiting: {', '.join(tasks) or 'nothing in this run'}", hint=hint)
