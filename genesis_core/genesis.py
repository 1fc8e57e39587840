"""Genesis: the door for programs.

::

    async with Genesis.open("state", extend=[editor]) as genesis:
        run = await genesis.start("Measure README.md", workspace=".")
        result = await run.result()
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ._again import Again, agent_code
from ._chosen import check_envelopes, chosen_engine, chosen_models, chosen_ring
from ._facade import entry_of, goal_of, no_files, no_replay, rejection
from ._fold import RunRecord
from ._gate import leave_out_doubtful_words
from ._journal import Probe, RunLock
from ._kernel import Decided, Planner
from ._life import check_outermost, time_left
from ._lineup import Lineup
from ._making import add_made
from ._plugins import Installed, PluginInfo, Plugins
from ._provided import Provided
from ._records import Records
from ._resuming import taken_up
from ._run import Driver
from ._runscope import RunScope, in_memory, key_names, open_scope
from ._secrets import Known
from ._settings import Settings, load_settings, state_home
from ._signing import Signing
from ._unworded import told
from ._workers import Workers
from ._workspace import Workspace
from .engines import KeyRing, TaskEngine
from .errors import GenesisError, SettingsError
from .models import ROLES
from .plans import Plan, PlanContext, PlanReport, Verdict
from .policy import Budget, Label
from .runs import EventKind, Run, RunEvent, RunState
from .tasks import Goal, TaskGraph

if TYPE_CHECKING:
    from ._replay.recorder import Recorder
    from ._replay.replay import Replay

__all__ = ["Genesis"]

MAX_REMEMBERED = 32
"""Plans whose decisions are kept, so that starting one records how it was made."""


@dataclass(eq=False)
class Genesis(Signing):
    """Plugins, settings and state, opened for use; make one with :meth:`open`."""

    settings: Settings
    home: Path
    """Folder of all state."""
    _block: tuple[str, ...] = ()
    _extend: tuple[object, ...] = ()
    _trust: Mapping[str, str] = field(default_factory=dict)
    _probe: Probe | None = None
    _clock: Callable[[], datetime] | None = None
    _installed: Installed = "all"

    def __post_init__(self) -> None:
        self._open = False
        self._ring: KeyRing | None = None
        self._plugins = Plugins()
        self._provided = Provided()
        self._workers = Workers({})
        self._running: set[Driver] = set()
        self._decided: dict[str, tuple[list[Decided], Label, tuple[str, ...]]] = {}
        self._planned: Recorder | None = None
        self.records = Records(self.home, self._clock, self.keys, lambda: Known.of(key_names(self.settings)))

    @classmethod
    def open(
        cls,
        home: str | os.PathLike[str] | None = None,
        *,
        extend: Iterable[object] = (),
        settings: Mapping[str, Any] | Settings | None = None,
        block: Iterable[str] = (),
        trust: Mapping[str, str] | None = None,
        plugins: Installed = "all",
        probe: Probe | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Genesis:
        """Return a Genesis for ``async with``; plugins are loaded on entering it.

        *home* is the folder of all state (default: the platform's). *extend* adds agents, tools, models, offers and
        plugins (modules or objects with hooks) of the program itself. *settings* are flags: they win over files and
        environment. *block* leaves plugins out by name; *trust* gives one of them a trust level; *plugins* says
        which of the installed ones are loaded: "all", "builtin" or "none". *probe* is called at each boundary of the
        journal, for tests; *clock* returns the time (UTC).

        Raises SettingsError for settings that can't be used.
        """
        if not isinstance(settings, Settings):
            settings = load_settings(settings).settings
        folder = Path(home) if home is not None else state_home(settings)
        home = folder.expanduser().absolute()
        return cls(settings, home, tuple(block), tuple(extend), dict(trust or {}), probe, clock, plugins)

    async def __aenter__(self) -> Self:
        """Load plugins; raises PluginError naming the distribution at fault, SettingsError for a choice not offered."""
        self._plugins = Plugins.load(block=self._block, trust=self._trust, installed=self._installed,
                                     settings=self.settings.plugins)
        self._provided = await Provided.collect(self._plugins, self._extend, self.settings, self._trust)
        self._lineup = chosen_models(self.settings, self._provided)
        self._provided.models = dict(self._lineup.models)
        self._ring = chosen_ring(self.settings, self._provided)
        check_envelopes(self.settings, self._provided)
        add_made(self._provided, self._opened_workshop())
        await leave_out_doubtful_words(self._plugins, self._provided, self.context(Goal(text="open")))
        self._workers = Workers(self._provided.tools)
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel the runs that are still under way, and end the workers, also when a run can't be ended well."""
        self._open = False
        try:
            ends = await asyncio.gather(*(run.cancel() for run in list(self._running)), return_exceptions=True)
        finally:
            self._closed()
        for error in ends:
            if error is not None:
                raise error

    def _entered(self) -> None:
        if not self._open:
            raise SettingsError("this Genesis is not open", cause="plugins are loaded on entering it",
                                hint="use it with async with: async with Genesis.open(...) as genesis: ...")

    # -- look -------------------------------------------------------------------------------------------------------

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        """Every plugin that was found, with its state."""
        return tuple(self._plugins.infos)

    @property
    def provided(self) -> Provided:
        """The agents, tools, models and offers of all plugins, by name, and who offers them."""
        return self._provided

    def context(self, goal: Goal, workspace: Workspace | None = None, budget: Budget | None = None) -> PlanContext:
        """Return what planning hooks see for *goal*; *budget* replaces that of the settings."""
        given = self._provided
        return PlanContext(
            goal=goal, agents=tuple(card for _, card in sorted(given.cards.items())),
            tools=tuple(t.spec for _, t in sorted(given.tools.items())), models=tuple(sorted(given.models)),
            limits=self.settings.limits, budget=budget or self.settings.budget, settings=self.settings.sections,
            offers=given.offers, price=self._lineup.price, roles={r: self._lineup.choices(r) for r in ROLES},
            files=no_files if workspace is None else workspace.files, outcomes=cache(lambda: told(self.records, given)),
            secrets=tuple(self.settings.secrets), home=self.home,
            origins={offer: (info.name, info.owner) for offer, info in given.owners.items()},
        )

    # -- plan -------------------------------------------------------------------------------------------------------

    async def plan(
        self, goal: str | Goal, *, workspace: str | os.PathLike[str] | None = None, graph: TaskGraph | None = None,
        budget: Budget | None = None,
    ) -> PlanReport:
        """Return the plan for *goal* (or for an explicit *graph*) with its findings; nothing runs.

        *workspace* replaces that of a Goal; a goal that is a text and names none is about the current folder. The plan
        is held against *budget*, in place of that of the settings; asking models for it counts. Raises
        SettingsError (no such workspace), LimitExceeded, AccessDenied, PlanError or PluginError.
        """
        self._entered()
        report, planner = await self._plan(goal_of(goal, workspace), graph, budget)
        self._decided.pop(report.plan.digest, None)
        self._decided[report.plan.digest] = planner.decided, planner.label, planner.doubted
        for old in list(self._decided)[:-MAX_REMEMBERED]:  # who wrote it is never forgotten
            self._decided[old] = [], *self._decided[old][1:]
        return report

    async def _plan(
        self, goal: Goal, graph: TaskGraph | None = None, budget: Budget | None = None
    ) -> tuple[PlanReport, Planner]:
        planner = self._planner(goal, goal.workspace, budget)
        return await planner.plan(goal, self.settings.pipeline, graph), planner

    def _planner(
        self, goal: Goal, workspace: str, budget: Budget | None, lineup: Lineup | None = None
    ) -> Planner:
        context = self.context(goal, Workspace(workspace), budget)
        if lineup is not None:  # those of a recording, in place of those that are configured
            context = replace(context, models=tuple(sorted(lineup.models)))
        elif self.settings.record and self._planned is None:
            self._planned = in_memory(self.settings)
        return Planner(self._plugins, context, lineup=lineup or self._lineup, tape=self._planned,
                       doubts=self._provided.doubts, at_once=self.settings.max_parallel)

    # -- run --------------------------------------------------------------------------------------------------------

    async def start(
        self,
        goal: str | Goal | Plan | PlanReport,
        *,
        workspace: str | os.PathLike[str] | None = None,
        budget: Budget | None = None,
        timeout: float | None = None,
        yes: bool = False,
        again: str | None = None,
    ) -> Run:
        """Start a run and return it; iterate it for events, or await its ``result()``.

        A goal is planned first; a Plan runs exactly as it is (its digest is what was approved), after a look at
        limits, agents and policy. *budget* replaces that of the settings; *timeout* (seconds) ends the run as
        canceled; *yes* approves what policy leaves to a person; *again* names a run whose results are re-used where
        nothing has changed. Raises PlanRejected, and what :meth:`plan` raises.
        """
        self._entered()
        check_outermost(self.settings.limits)
        report, planner = await self._proposed(goal, workspace, budget)
        if report.verdict is Verdict.REJECT:
            raise rejection(report)
        earlier, engine = None if again is None else self._again(again), self._engine()
        code = self._codes()
        known = {} if earlier is None else earlier.believed(report.plan, planner)
        floor = {**dict.fromkeys(planner.doubted, planner.label), **known}
        scope = open_scope(self, report.plan, planner, yes)
        async with self._or_abandoned(scope):
            scope.emit(EventKind.RUN_STARTED, label=report.plan.goal.label, data=lambda: {
                "report": report.to_json(), "workspace": str(scope.workspace.root), "again": again or "", "code": code,
                "settings": {"budget": scope.ledger.budget.to_json(), "limits": self.settings.limits.to_json(),
                             "pipeline": report.plan.pipeline},
                "base": planner.label.to_json(), "floor": {name: label.to_json() for name, label in floor.items()},
                **scope.began(),
            })
            scope.tell(planner.decided, self._planned)
            return self._drive(report.plan, planner, scope, code, engine, again=earlier, timeout=timeout, floor=floor)
        raise AssertionError("unreachable")

    async def _proposed(
        self, goal: str | Goal | Plan | PlanReport, workspace: Any, budget: Budget | None
    ) -> tuple[PlanReport, Planner]:
        if isinstance(goal, str | Goal):
            return await self._plan(goal_of(goal, workspace), budget=budget)
        plan = made = goal.plan if isinstance(goal, PlanReport) else goal
        if workspace is not None:
            plan = plan.replace(goal=plan.goal.replace(workspace=os.fspath(workspace)))
        planner = self._planner(plan.goal, plan.goal.workspace, budget)
        planner.check_limits(plan.graph)
        planner.check_agents(plan)
        if made.digest in self._decided:  # wherever it is to run: who wrote it stays the same
            planner.recall(*self._decided[made.digest])
        else:
            await planner.gate.goal(plan.goal)
            await planner.gate.tasks(plan.goal.label, plan.graph.tasks, "the plan")
        report = goal if isinstance(goal, PlanReport) and goal.plan is plan else await planner.validate(plan)
        planner.decide(EventKind.PLANNED, digest=plan.digest, verdict=report.verdict.value, explicit=True)
        return report, planner

    async def resume(
        self, run_id: str, *, budget: Budget | None = None, timeout: float | None = None, yes: bool = False
    ) -> Run:
        """Go on with a run: what is recorded is not run again, what was in flight is, under the same key.

        Blocked tasks are tried again. Raises JournalError when the record is damaged, newer or being driven, and
        SettingsError for a replay: it would call for real what no recording answers.
        """
        self._entered()
        check_outermost(self.settings.limits)
        folder, code, engine = self.folder(run_id), self._codes(), self._engine()
        lock = RunLock(folder)
        try:
            record = no_replay(self.records.whole(run_id))
            planner, plan = await taken_up(self, record, folder, budget)
            scope = open_scope(self, plan, planner, yes, record=record, lock=lock)
        except BaseException:
            lock.release()
            raise
        async with self._or_abandoned(scope):
            (folder / "cancel").unlink(missing_ok=True)
            scope.emit(EventKind.RUN_RESUMED, data={
                "settings": {"budget": scope.ledger.budget.to_json()}, "in_flight": list(record.in_flight),
                "code": code, "seconds": record.seconds, "base": record.base.to_json(), **scope.began(), **record.money,
                **({} if plan == record.plan else {"plan": plan.to_json()}),
            })
            scope.tell(planner.decided, self._planned)
            return self._drive(plan, planner, scope, code, engine, record=record, timeout=timeout)
        raise AssertionError("unreachable")

    async def replay(
        self, run: str | os.PathLike[str], *, workspace: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
    ) -> Run:
        """Carry a recorded run out again, as a new run: models and tools answer from the recording, nothing is called.

        *run* is an id, or the folder of a run; *workspace* is where its files are now (default: where they were). How
        it compares is in ``RunResult.replayed``. Raises SettingsError for a run that was not recorded or has not ended.
        """
        from ._replay.start import start_replay

        self._entered()
        return await start_replay(self, run, workspace, timeout)

    @contextlib.asynccontextmanager
    async def _or_abandoned(self, scope: RunScope) -> AsyncIterator[None]:
        """Give back the lock and the journal of a run that could not be set going."""
        try:
            yield
        except BaseException:
            driver = next((d for d in self._running if d.scope is scope), None)
            with contextlib.suppress(GenesisError):
                await (scope.journal.close() if driver is None else driver.cancel())
            if scope.lock is not None:
                scope.lock.release()
            raise

    def _drive(
        self, plan: Plan, planner: Planner, scope: RunScope, code: Mapping[str, str], engine: TaskEngine,
        *, record: RunRecord | None = None, again: Again | Replay | None = None, timeout: float | None = None,
        floor: Mapping[str, Label] | None = None,
    ) -> Driver:
        planner.emit, planner.commit = lambda kind, data: scope.emit(kind, data=data), scope.journal.flush
        planner.tape = scope.tape
        kept = {} if record is None else record.settled
        driver = Driver(
            scope=scope, plan=plan, planner=planner, engine=engine, agents=self._provided.agents, codes=code,
            max_parallel=self.settings.max_parallel, task_seconds=self.settings.task_seconds, on_end=self._ended,
            again=again, results=kept, attempts={} if record is None else dict(record.attempts),
            recorded={} if record is None else dict(record.tried),
            updates=0 if record is None else record.updates, timeout=timeout,
            floor=dict(floor or {}) if record is None else record.floor,
            base=planner.label if record is None else record.base,
            made=len(plan.graph) if record is None else record.made,
            time_left=time_left(scope.ledger.budget, scope.ledger.limits, 0.0 if record is None else record.seconds),
        )
        self._running.add(driver)
        self._indexed(driver, "running")
        return driver

    def _indexed(self, driver: Driver, state: str) -> None:
        if self.settings.journal:
            self.records.index.put(entry_of(driver, state))

    def _engine(self) -> TaskEngine:
        return chosen_engine(self.settings, self._provided)

    def _codes(self) -> dict[str, str]:
        given = self._provided
        return {name: agent_code(agent, given.tools, given.models) for name, agent in given.agents.items()}

    def _again(self, run_id: str) -> Again:
        return Again(no_replay(self.record(run_id)), self.folder(run_id))

    def _ended(self, driver: Driver, state: RunState) -> None:
        self._running.discard(driver)
        if driver.scope.lock is None:
            return
        try:
            self._indexed(driver, state.value)
        finally:
            driver.scope.lock.release()

    # -- records ----------------------------------------------------------------------------------------------------

    async def cancel(self, run_id: str) -> RunState:
        """Cancel a run, whoever drives it, and return where it stands: RUNNING (its driver was asked) or CANCELED.

        A run that has ended stays as it is: the answer is how it ended.
        """
        return await self.records.cancel(run_id)

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run; ``last`` is the newest. Raises SettingsError when there is none."""
        return self.records.folder(run_id)

    def events(self, run_id: str) -> list[RunEvent]:
        """Return the verified events of a run; its folder is not touched. Raises JournalError naming any damage."""
        return self.records.events(run_id)

    def record(self, run_id: str, row: int | None = None) -> RunRecord:
        """Return what the journal of a run comes to, or came to after that *row* (raises as :meth:`events`)."""
        return self.records.record(run_id, row)

    def kept(self, run_id: str) -> Mapping[str, Any]:
        """Return what was kept of the calls of a recorded run, by digest (raises JournalError)."""
        return self.records.kept(run_id)

    def verify(self, run_id: str) -> RunRecord:
        """Check that the record of a run is complete and untouched, artefacts included; raises JournalError."""
        return self.records.verify(run_id)
