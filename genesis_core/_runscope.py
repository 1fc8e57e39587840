"""RunScope: what all tasks of a run share, and how it is opened: folder, lock and journal among it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._home import make_home, new_id, writing
from ._journal import PLAIN, Data, Entry, Journal, RunLock
from ._ledger import Ledger
from ._lineup import Lineup
from ._making import Bench
from ._passed import Passed
from ._policy import Authority
from ._replay.tape import Tape
from ._secrets import Known
from ._settings import Settings
from ._workers import Workers
from ._workspace import Workspace
from .engines import KeyRing
from .errors import PlanError, SettingsError
from .policy import Approval, Identity, Label
from .records import FrozenDict
from .redaction import redacted
from .runs import EventKind
from .tasks import Task
from .tools import Tool

if TYPE_CHECKING:
    from ._fold import RunRecord
    from ._kernel import Planner
    from ._replay.recorder import Recorder
    from ._replay.replay import Replay
    from .genesis import Genesis
    from .plans import Plan

__all__ = ["RunScope", "check_names", "in_memory", "key_names", "open_scope"]


@dataclass(slots=True)
class RunScope:
    """What all tasks of a run share."""

    run_id: str
    journal: Journal
    folder: Path
    workspace: Workspace
    tools: Mapping[str, Tool]
    lineup: Lineup
    workers: Workers
    authority: Authority
    ledger: Ledger
    identity: Identity
    goal: str = ""
    approvals: Mapping[str, Mapping[str, Approval]] = FrozenDict()
    """What a person has said of single actions, by task and by the digest of the action."""
    passed: Mapping[str, Sequence[Passed]] = FrozenDict()
    """What earlier attempts have done that is not to be done twice, by task."""
    acted: set[str] = field(default_factory=set)
    """Tasks that began to change the world, or what a grant or a yes let pass: they are not done anew."""
    lock: RunLock | None = None
    tape: Tape | None = None
    """What calls go through when the run is recorded or replayed."""
    replay: Replay | None = None
    bench: Bench = field(default_factory=lambda: Bench(lambda: None))
    """Where tools are made that tasks need."""
    secrets: Mapping[str, Any] = field(default_factory=dict)
    """By name the variable of the environment that holds each."""
    known: Known = field(default_factory=Known)
    """Their values, and those of the keys of models: neither recorded nor written."""
    observe: list[Entry] = field(default_factory=list)
    emitted: asyncio.Event = field(default_factory=asyncio.Event)

    def page(self, data: str | bytes, media_type: str) -> bytes:
        """Return what is written of an artefact: no known secret, and in a replay a page says that it is replayed."""
        raw = self.known.taken_out(data.encode() if isinstance(data, str) else data)
        return raw if self.replay is None else self.replay.pages.labelled(raw, media_type)

    def made(self, page: bytes) -> bytes:
        """Return an artefact as its task made it."""
        return page if self.replay is None else self.replay.pages.plain(page)

    def began(self) -> dict[str, Any]:
        """Return what a row that begins a recorded run says of it: which models it can ask."""
        if self.tape is None:
            return {}
        roles = {role: list(names) for role, names in self.lineup.roles.items()}
        return {"recorded": {"models": list(self.lineup.models), "roles": roles, "use": list(self.lineup.use)}}

    def tell(self, decided: Iterable[tuple[EventKind, dict[str, Any]]], memory: Recorder | None) -> None:
        """Record what planning decided, and keep what models answered there, as far as it is in *memory*."""
        adopt = None if memory is None else getattr(self.tape, "adopt", None)
        for kind, data in decided:
            self.emit(kind, data=data if adopt is None else adopt(memory, data))

    def emit(
        self,
        kind: EventKind,
        actor: str = "kernel",
        task_id: str = "",
        attempt: int = 0,
        data: Data = None,
        label: Label = PLAIN,
    ) -> Entry:
        """Append one row; observers hear of it after the next commit. What a warning quotes holds no secret."""
        if kind is EventKind.WARNING and isinstance(data, dict):
            data = {name: redacted(said) if isinstance(said, str) else said for name, said in data.items()}
        entry = self.journal.append(kind, actor, task_id, attempt, data, label)
        self.observe.append(entry)
        self.emitted.set()
        return entry


def check_names(known: Known, tasks: Iterable[Task]) -> None:
    """Raise PlanError when the id of one of *tasks* holds a *known* secret: no record could name that task."""
    for place, task in enumerate(tasks):
        if known.inside(task.id.encode()):
            raise PlanError(f"the id of task {place + 1} holds the value of a secret",
                            cause="ids are in the record of a run, and values of secrets are not",
                            hint="give the task another id")


def open_scope(
    genesis: Genesis, plan: Plan, planner: Planner, yes: bool,
    *, record: RunRecord | None = None, lock: RunLock | None = None, replay: Replay | None = None,
) -> RunScope:
    """Make what the tasks of a new run share, or those of the run that *record* tells of.

    Its ledger is that of *planner*: what planning has spent, or still holds, counts.
    """
    settings, home = genesis.settings, genesis.home
    known = Known.of(key_names(settings))
    check_names(known, plan.graph.tasks)
    workspace = Workspace(plan.goal.workspace if record is None else record.workspace,
                          secret_files=settings.secret_files)
    if replay is None:  # it calls no tool
        genesis._workers.start()
    run_id = new_id(genesis._clock) if record is None else record.run_id
    folder = home / "runs" / run_id
    tape = replay if replay is not None else _recorder(settings, folder, record)
    keys: KeyRing | None = None
    if settings.journal:
        with writing(home):
            make_home(home)
        keys = genesis.keys(create=True)
        if record is None:
            with writing(home):
                folder.mkdir(mode=0o700)
        lock = lock or RunLock(folder)
    try:
        journal = Journal(
            run_id, path=folder / "journal.db" if settings.journal else None, keys=keys,
            last=(0, b"") if record is None else (record.seq, bytes.fromhex(record.mac)),
            full=settings.durability == "full", probe=genesis._probe, clock=genesis._clock, known=known,
        )
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    return RunScope(
        run_id=run_id, journal=journal, folder=folder, tools=genesis.provided.tools, lineup=genesis._lineup,
        workspace=workspace, workers=genesis._workers,
        authority=Authority(genesis._plugins, planner.context, yes=yes), identity=Identity(), goal=plan.goal.text,
        lock=lock, ledger=planner.ledger, tape=tape, replay=replay,
        bench=Bench(genesis.workshop), secrets=settings.secrets, known=known,
        approvals=FrozenDict() if record is None else record.approvals,
        passed=FrozenDict() if record is None else record.passes.counted(),
        acted=set() if record is None else set(record.acted),
    )


def key_names(settings: Settings) -> set[str]:
    """Return the variables of the environment that settings name as those that hold keys of models, and secrets."""
    endpoints = settings.models.get("endpoint", {})
    tables = endpoints.values() if isinstance(endpoints, Mapping) else ()
    keys = {str(table["key_env"]) for table in tables if isinstance(table, Mapping) and "key_env" in table}
    return keys | {str(variable) for variable in settings.secrets.values()}


def in_memory(settings: Settings) -> Recorder:
    """Return what keeps the answers that planning gets, until there is a run to keep them with."""
    from ._replay.recorder import Recorder
    from ._replay.redact import Redactor

    return Recorder(None, Redactor(names=key_names(settings)))


def _recorder(settings: Settings, folder: Path, record: RunRecord | None) -> Recorder | None:
    """Return what keeps the answers of a run; None: they are not kept. A run that was recorded goes on being so."""
    if not settings.record and (record is None or not record.recorded):
        return None
    if not settings.journal:
        raise SettingsError("a run can't be recorded without a journal", cause="journal is false, and record is true",
                            hint="genesis config --origin shows who says so")
    from ._replay.recorder import Recorder
    from ._replay.redact import Redactor

    return Recorder(folder, Redactor(names=key_names(settings)), full=settings.durability == "full")
