"""Set a replay going: find the recording, see that it can be replayed, and start its plan as a new run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_core._facade import no_replay
from genesis_core._fold import RunRecord, fold
from genesis_core._ledger import Ledger
from genesis_core._life import check_outermost
from genesis_core._records import Records
from genesis_core._rows import decode, read_rows
from genesis_core._runscope import key_names, open_scope
from genesis_core._workspace import Workspace
from genesis_core.errors import JournalError, PlanError, SettingsError
from genesis_core.policy import Budget
from genesis_core.runs import EventKind, Run, RunEvent, RunState

from .recorder import check_kept
from .recording import Recording
from .redact import Redactor
from .replay import Replay

if TYPE_CHECKING:
    from genesis_core.genesis import Genesis

__all__ = ["find_recording", "read_recording", "start_replay"]

GOES_ON = frozenset({
    RunState.INTERRUPTED, RunState.CANCELED, RunState.OUT_OF_BUDGET, RunState.RUNNING, RunState.PLANNING,
})
"""States in which there is work left that no recording tells of."""
NO_RECORD = (ValueError, KeyError, TypeError, AttributeError, PlanError)
"""What rows come to that nobody signed here, and that say something else than rows do."""
NEW_RECORDING = 'genesis run --record "GOAL" makes one'


def find_recording(records: Records, run: str | os.PathLike[str]) -> Recording:
    """Return the recording of a run of this state folder, or of a run's folder that was brought here.

    The rows of a run of this state folder are verified; those of another one's can't be, without its key. What is kept
    of each call is checked by its digest. Raises SettingsError for what can't be replayed, JournalError for damage.
    """
    folder = Path(run)
    if os.fspath(run) not in ("", "last") and (folder / "journal.db").is_file():
        return read_recording(folder)
    name = records.folder(os.fspath(run)).name
    record = records.whole(name)
    return _checked(record, records.events(name), records.folder(name))


def read_recording(folder: str | os.PathLike[str]) -> Recording:
    """Return the recording in a run's *folder*, wherever it lies; its rows are read without a key."""
    path = Path(folder) / "journal.db"
    try:
        events = [decode(row[6], row[7]) for row in read_rows(path)]
        record = fold(events)
    except NO_RECORD as error:
        raise JournalError(f"{path} can't be read as the record of a run", cause=str(error).split("\n")[0],
                           hint="copy the run's folder again") from None
    return _checked(record, events, Path(folder))


def _checked(record: RunRecord, events: Sequence[RunEvent], folder: Path) -> Recording:
    name = no_replay(record).run_id
    if not record.recorded:
        raise SettingsError(f"run {name} was not recorded",
                            cause="what models answered and tools returned was not kept", hint=NEW_RECORDING)
    if record.state in GOES_ON:
        raise SettingsError(f"run {name} can't be replayed: it is {record.state.value}",
                            cause="it has not ended, so its recording is not complete", hint=f"genesis resume {name}")
    if record.unkept:
        raise SettingsError(f"the recording of run {name} is not complete",
                            cause=f"the answer of row {record.unkept[0]} could not be kept", hint=NEW_RECORDING)
    check_kept(folder, record.kept)
    return Recording.of(record, events, folder)


async def start_replay(
    genesis: Genesis, run: str | os.PathLike[str], workspace: str | os.PathLike[str] | None, timeout: float | None
) -> Run:
    """Start the replay of *run* in *genesis* and return it."""
    check_outermost(genesis.settings.limits)
    recording = find_recording(genesis.records, run)
    replay = Replay(recording, Redactor(names=key_names(genesis.settings)))
    record, plan = recording.record, recording.plan
    place = str(Workspace(record.workspace if workspace is None else os.fspath(workspace)).root)
    planner = genesis._planner(plan.goal, place, record.budget, recording.lineup)
    planner.check_agents(plan)
    planner.tape = replay
    here = plan.replace(goal=plan.goal.replace(workspace=place))
    code, engine = genesis._codes(), genesis._engine()
    planner.ledger = Ledger(Budget(), genesis.settings.limits)  # what is replayed costs nothing
    scope = open_scope(genesis, here, planner, False, replay=replay)
    scope.workspace.named, scope.lineup = Path(plan.goal.workspace), recording.lineup  # as agents knew it then
    replay.emit, replay.folder = scope.emit, scope.folder
    async with genesis._or_abandoned(scope):
        scope.emit(EventKind.RUN_STARTED, label=plan.goal.label, data=_said(replay, here.goal.workspace, code, genesis))
        driver = genesis._drive(plan, planner, scope, code, engine, again=replay, timeout=timeout)
        driver.base, driver.floor = record.base, dict(record.floor)
        driver.attempts.update(recording.first)  # it begins at the next turn of the loop
        return driver
    raise AssertionError("unreachable")


def _said(replay: Replay, workspace: str, code: Any, genesis: Genesis) -> dict[str, Any]:
    """Return what the first row of a replay says."""
    recording = replay.recording
    return {
        "report": {**recording.record.report, "plan": recording.plan.to_json()}, "workspace": workspace, "again": "",
        "code": code, "settings": {"budget": {}, "limits": genesis.settings.limits.to_json(),
                                   "pipeline": recording.plan.pipeline},
        "replay": {"of": replay.run_id, "usage": recording.record.usage.to_json()},
    }
