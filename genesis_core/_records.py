"""The records of runs: find one, read it, verify it, cancel it. Reading never touches a run's folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from ._fold import RunRecord, fold
from ._index import Index
from ._journal import Journal, RunLock
from ._keys import LocalKeyRing
from ._rows import decode, read_rows, verify_rows
from ._scope import find_artifact
from .engines import KeyRing
from .errors import JournalError, SettingsError, ToolError, did_you_mean
from .runs import EventKind, RunEvent, RunState

__all__ = ["Records"]


class Records:
    """All runs of one state folder."""

    def __init__(
        self, home: Path, clock: Callable[[], datetime] | None = None, keys: Callable[[], KeyRing] | None = None
    ) -> None:
        self.home, self.index, self._clock = home, Index(home), clock
        self._keys = keys or partial(LocalKeyRing.open, home, create=False)

    async def cancel(self, run_id: str) -> RunState:
        """Cancel a run, whoever drives it, and return where it stands.

        RUNNING: its driver was asked to stop and will within moments. CANCELED: nobody drove it, and its record now
        says so. A run that has ended for good stays as it is.
        """
        folder = self.folder(run_id)
        try:
            lock = RunLock(folder)
        except JournalError:
            (folder / "cancel").touch()
            return RunState.RUNNING
        try:
            record = self.record(run_id)
            if not record.state.final and record.state is not RunState.CANCELED:
                await self._note_canceled(folder, record)
            return record.state if record.state.final else RunState.CANCELED
        finally:
            lock.release()

    async def _note_canceled(self, folder: Path, record: RunRecord) -> None:
        journal = Journal(record.run_id, path=folder / "journal.db", keys=self._keys(), clock=self._clock,
                          last=(record.seq, bytes.fromhex(record.mac)))
        journal.append(EventKind.RUN_FINISHED, data={"state": RunState.CANCELED.value, "error": None, "usage": {}})
        await journal.flush()
        await journal.close()
        known = self.index.entries().get(record.run_id)
        if known is not None:
            self.index.put(known._replace(state="canceled", seq=journal.seq, mac=journal.head.hex()))

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
        path = self.folder(run_id) / "journal.db"
        rows = read_rows(path)
        verify_rows(path, rows, self._keys())
        return [decode(row[6], row[7]) for row in rows]

    def record(self, run_id: str) -> RunRecord:
        """Return what the journal of a run comes to (raises JournalError, as :meth:`events`)."""
        events = self.events(run_id)
        if not events or events[0].kind is not EventKind.RUN_STARTED:
            raise JournalError(f"run {run_id} never began", cause="its journal has no first row",
                               hint=f"genesis runs prune {run_id}")
        return fold(events)

    def whole(self, run_id: str) -> RunRecord:
        """Return the record of a run, checked to be no shorter than it once was (raises JournalError)."""
        record = self.record(run_id)
        self._check_head(record)
        return record

    def verify(self, run_id: str) -> RunRecord:
        """Check that the record of a run is complete and untouched, artefacts included; raises JournalError."""
        record = self.whole(run_id)
        folder = self.folder(run_id)
        for result in record.results.values():
            for artifact in result.artifacts:
                try:
                    find_artifact(folder, artifact)
                except (ToolError, OSError) as error:
                    raise JournalError(f"run {record.run_id} is damaged: {error}", cause=getattr(error, "cause", ""),
                                       hint=f"genesis run --again {record.run_id}") from None
        return record

    def _check_head(self, record: RunRecord) -> None:
        known = self.index.entries().get(record.run_id)
        if known is not None and record.seq < known.seq:
            raise JournalError(
                f"the journal of run {record.run_id} is damaged: it was cut short",
                cause=f"it has {record.seq} rows where the index knows {known.seq}", hint="restore the folder",
            )
