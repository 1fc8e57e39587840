"""Genesis: the door for programs.

::

    async with Genesis.open("state", extend=[editor]) as genesis:
        run = await genesis.start("Measure README.md", workspace=".")
        result = await run.result()
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ._again import Again, agent_code
from ._engine import LocalEngine
from ._fold import RunRecord
from ._home import make_home, new_id, writing
from ._index import Entry
from ._journal import Journal, Probe, RunLock
from ._kernel import Decided, Planner
from ._keys import LocalKeyRing
from ._ledger import Ledger
from ._plugins import PluginInfo, Plugins
from ._policy import Authority
from ._provided import Provided
from ._records import Records
from ._run import Driver
from ._scope import RunScope
from ._settings import Settings, load_settings, state_home
from ._workers import Workers
from ._workspace import Workspace
from .engines import KeyRing, TaskEngine
from .errors import PlanRejected, SettingsError, did_you_mean
from .plans import Finding, Plan, PlanContext, PlanReport, Severity, Verdict
from .policy import Budget, Identity
from .runs import EventKind, Run, RunEvent, RunState
from .tasks import Goal, TaskGraph, TaskResult

__all__ = ["Genesis"]


@dataclass(eq=False)
class Genesis:
    """Plugins, settings and state, opened for use; make one with :meth:`open`."""

    settings: Settings
    home: Path
    """Folder of all state."""
    _block: tuple[str, ...] = ()
    _extend: tuple[object, ...] = ()
    _trust: Mapping[str, str] = field(default_factory=dict)
    _probe: Probe | None = None
    _clock: Callable[[], datetime] | None = None
    _models: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._plugins = Plugins()
        self._provided = Provided()
        self._workers = Workers({})
        self._running: set[Driver] = set()
        self._decided: dict[str, list[Decided]] = {}
        self.records = Records(self.home, self._clock)

    @classmethod
    def open(
        cls,
        home: str | os.PathLike[str] | None = None,
        *,
        extend: Iterable[object] = (),
        settings: Mapping[str, Any] | Settings | None = None,
        block: Iterable[str] = (),
        trust: Mapping[str, str] | None = None,
        probe: Probe | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Genesis:
        """Return a Genesis for ``async with``; plugins are loaded on entering it.

        *home* is the folder of all state (default: the platform's). *extend* adds agents, tools, models, offers and
        plugins (modules or objects with hooks) of the program itself. *settings* are flags: they win over files and
        environment. *block* leaves plugins out by name; *trust* gives one of them a trust level. *probe* is called at
        each boundary of the journal, for tests; *clock* returns the time (UTC).

        Raises SettingsError for settings that can't be used.
        """
        if not isinstance(settings, Settings):
            settings = load_settings(settings).settings
        folder = Path(home) if home is not None else state_home(settings)
        home = folder.expanduser().absolute()
        return cls(settings, home, tuple(block), tuple(extend), dict(trust or {}), probe, clock)

    async def __aenter__(self) -> Self:
        """Load plugins; raises PluginError naming the distribution at fault."""
        granted = {**_granted(self.settings), **self._trust}
        self._plugins = Plugins.load(block=self._block, trust=granted)
        self._provided = await Provided.collect(self._plugins, self._extend, self.settings, granted)
        self._workers = Workers(self._provided.tools)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel the runs that are still under way, and end the workers."""
        for run in list(self._running):
            await run.cancel()
        self._workers.close()

    # -- look -------------------------------------------------------------------------------------------------------

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        """Every plugin that was found, with its state."""
        return tuple(self._plugins.infos)

    @property
    def provided(self) -> Provided:
        """The agents, tools, models and offers of all plugins, by name, and who offers them."""
        return self._provided

    def context(self, goal: Goal, workspace: Workspace | None = None) -> PlanContext:
        """Return what planning hooks see for *goal*."""
        given = self._provided
        return PlanContext(
            goal=goal, agents=tuple(a.card for _, a in sorted(given.agents.items())),
            tools=tuple(t.spec for _, t in sorted(given.tools.items())), models=tuple(sorted(given.models)),
            limits=self.settings.limits, budget=self.settings.budget, settings=self.settings.plugin,
            offers=given.offers, files=_no_files if workspace is None else workspace.files,
        )

    # -- plan -------------------------------------------------------------------------------------------------------

    async def plan(
        self, goal: str | Goal, *, workspace: str | os.PathLike[str] = ".", graph: TaskGraph | None = None
    ) -> PlanReport:
        """Return the plan for *goal* (or for an explicit *graph*) with its findings; nothing runs.

        Raises SettingsError (no such workspace), LimitExceeded, AccessDenied, PlanError or PluginError.
        """
        report, planner = await self._plan(_goal(goal, workspace), graph)
        self._decided[report.plan.digest] = planner.decided
        return report

    async def _plan(self, goal: Goal, graph: TaskGraph | None = None) -> tuple[PlanReport, Planner]:
        planner = Planner(self._plugins, self.context(goal, Workspace(goal.workspace)))
        return await planner.plan(goal, self.settings.pipeline, graph), planner

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
        report, planner = await self._proposed(goal, workspace)
        if report.verdict is Verdict.REJECT:
            raise _rejection(report)
        earlier, engine = None if again is None else self._again(again), self._engine()
        scope = self._scope(report.plan, budget or self.settings.budget, planner.context, yes)
        code = self._codes()
        scope.emit(EventKind.RUN_STARTED, label=report.plan.goal.label, data={
            "report": report.to_json(), "workspace": str(scope.workspace.root), "again": again or "", "code": code,
            "settings": {"budget": scope.ledger.budget.to_json(), "limits": self.settings.limits.to_json(),
                         "pipeline": report.plan.pipeline},
        })
        for kind, data in planner.decided:
            scope.emit(kind, data=data)
        return self._drive(report.plan, planner, scope, code, engine, again=earlier, timeout=timeout)

    async def _proposed(self, goal: str | Goal | Plan | PlanReport, workspace: Any) -> tuple[PlanReport, Planner]:
        if isinstance(goal, str | Goal):
            return await self._plan(_goal(goal, workspace))
        plan = goal.plan if isinstance(goal, PlanReport) else goal
        if workspace is not None:
            plan = plan.replace(goal=plan.goal.replace(workspace=os.fspath(workspace)))
        planner = Planner(self._plugins, self.context(plan.goal, Workspace(plan.goal.workspace)))
        planner.check_limits(plan.graph)
        self._check_agents(plan)
        if plan.digest in self._decided:
            planner.decided += self._decided[plan.digest]
        else:
            await planner.screen(plan.goal)
        report = goal if isinstance(goal, PlanReport) and goal.plan is plan else await planner.validate(plan)
        planner.decide(EventKind.PLANNED, digest=plan.digest, verdict=report.verdict.value, explicit=True)
        return report, planner

    def _check_agents(self, plan: Plan) -> None:
        for assignment in plan.assignments:
            if assignment.agent not in self._provided.agents:
                raise SettingsError(
                    f"the plan gives {assignment.task_id!r} to agent {assignment.agent!r}, which is not installed"
                    f"{did_you_mean(assignment.agent, self._provided.agents)}",
                    cause="no loaded plugin offers it", hint="genesis agents lists those that are there",
                )

    async def resume(
        self, run_id: str, *, budget: Budget | None = None, timeout: float | None = None, yes: bool = False
    ) -> Run:
        """Go on with a run: what is recorded is not run again, what was in flight is, under the same key.

        Blocked tasks are tried again. Raises JournalError when the record is damaged, newer or being driven.
        """
        folder = self.folder(run_id)
        lock = RunLock(folder)
        try:
            record = self.records.whole(run_id)
            plan = record.plan
            assert plan is not None  # noqa: S101  # fold() takes it from the first row
            planner = Planner(self._plugins, self.context(plan.goal, Workspace(record.workspace)))
            self._check_agents(plan)
            scope = self._scope(plan, budget or record.budget, planner.context, yes, record=record, lock=lock)
        except BaseException:
            lock.release()
            raise
        (folder / "cancel").unlink(missing_ok=True)
        code, engine = self._codes(), self._engine()
        scope.emit(EventKind.RUN_RESUMED, data={
            "settings": {"budget": scope.ledger.budget.to_json()}, "in_flight": list(record.in_flight), "code": code,
        })
        return self._drive(plan, planner, scope, code, engine, record=record, timeout=timeout)

    def _scope(
        self, plan: Plan, budget: Budget, context: PlanContext, yes: bool,
        *, record: RunRecord | None = None, lock: RunLock | None = None,
    ) -> RunScope:
        """Make what a run's tasks share: its folder, lock and journal among it."""
        self._workers.start()
        run_id = new_id(self._clock) if record is None else record.run_id
        folder = self.home / "runs" / run_id
        keys: KeyRing | None = None
        if self.settings.journal:
            with writing(self.home):
                make_home(self.home)
            keys = LocalKeyRing.open(self.home)
            if record is None:
                with writing(self.home):
                    folder.mkdir(mode=0o700)
            lock = lock or RunLock(folder)
        journal = Journal(
            run_id, path=folder / "journal.db" if self.settings.journal else None, keys=keys,
            last=(0, b"") if record is None else (record.seq, bytes.fromhex(record.mac)),
            full=self.settings.durability == "full", probe=self._probe, clock=self._clock,
        )
        given = self._provided
        return RunScope(
            run_id=run_id, journal=journal, folder=folder, tools=given.tools, models=given.models,
            workspace=Workspace(plan.goal.workspace if record is None else record.workspace), workers=self._workers,
            authority=Authority(self._plugins, context, yes=yes), identity=Identity(), lock=lock,
            ledger=Ledger(budget, self.settings.limits, None if record is None else record.usage),
        )

    def _drive(
        self, plan: Plan, planner: Planner, scope: RunScope, code: Mapping[str, str], engine: TaskEngine,
        *, record: RunRecord | None = None, again: Again | None = None, timeout: float | None = None,
    ) -> Driver:
        kept = {} if record is None else record.settled
        seconds = scope.ledger.budget.max_seconds
        spent = 0.0 if record is None else record.seconds
        driver = Driver(
            scope=scope, plan=plan, planner=planner, engine=engine, agents=self._provided.agents, codes=code,
            max_parallel=self.settings.max_parallel, task_seconds=self.settings.task_seconds, on_end=self._ended,
            again=again, results=kept, attempts={} if record is None else dict(record.attempts),
            recorded={} if record is None else {t: r.attempt for t, r in record.results.items()},
            updates=0 if record is None else record.updates, timeout=timeout,
            max_seconds=None if seconds is None else max(0.0, seconds - spent),
        )
        self._running.add(driver)
        self._indexed(driver, "running")
        return driver

    def _indexed(self, driver: Driver, state: str) -> None:
        if self.settings.journal:
            self.records.index.put(_entry(driver, state))

    def _engine(self) -> TaskEngine:
        engines: dict[str, Any] = {**self._provided.offers.get("engine", {}), "local": LocalEngine}
        name = self.settings.engine
        if name not in engines:
            raise SettingsError(f"there is no engine {name!r}{did_you_mean(name, engines)}",
                                cause=f"known: {', '.join(sorted(engines))}", hint="genesis config --origin")
        engine: TaskEngine = engines[name]()
        return engine

    def _codes(self) -> dict[str, str]:
        given = self._provided
        return {name: agent_code(agent, given.tools, given.models) for name, agent in given.agents.items()}

    def _again(self, run_id: str) -> Again:
        return Again(self.record(run_id), self.folder(run_id))

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
        """Cancel a run, whoever drives it, and return where it stands: RUNNING (its driver was asked) or CANCELED."""
        return await self.records.cancel(run_id)

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run; ``last`` is the newest. Raises SettingsError when there is none."""
        return self.records.folder(run_id)

    def events(self, run_id: str) -> list[RunEvent]:
        """Return the verified events of a run; its folder is not touched. Raises JournalError naming any damage."""
        return self.records.events(run_id)

    def record(self, run_id: str) -> RunRecord:
        """Return what the journal of a run comes to (raises JournalError, as :meth:`events`)."""
        return self.records.record(run_id)

    def verify(self, run_id: str) -> RunRecord:
        """Check that the record of a run is complete and untouched, artefacts included; raises JournalError."""
        return self.records.verify(run_id)


def _goal(goal: str | Goal, workspace: Any) -> Goal:
    if isinstance(goal, Goal):
        return goal if workspace is None else goal.replace(workspace=os.fspath(workspace))
    if not goal.strip():
        raise SettingsError("the goal is empty", cause="there is nothing to do", hint='genesis run "Map this folder"')
    return Goal(text=goal, workspace=os.fspath(workspace or "."))


def _no_files(pattern: str = "**/*") -> tuple[str, ...]:
    return ()


def _granted(settings: Settings) -> Mapping[str, str]:
    trust = settings.plugins.get("trust", {})
    return {str(k): str(v) for k, v in trust.items()} if isinstance(trust, Mapping) else {}


def _rejection(report: PlanReport) -> PlanRejected:
    fatal = [f for f in report.findings if f.severity is Severity.FATAL]
    return PlanRejected(
        f"the plan is rejected: {fatal[0].message}", cause="; ".join(_words(f) for f in fatal),
        hint=fatal[0].hint or "genesis plan GOAL shows all findings",
    )


def _words(finding: Finding) -> str:
    where = f" ({', '.join(finding.task_ids[:5])})" if finding.task_ids else ""
    return f"{finding.rule}{where}"


def _entry(driver: Driver, state: str) -> Entry:
    journal, plan = driver.scope.journal, driver.plan
    results: Mapping[str, TaskResult] = driver.results
    spent = driver.scope.ledger.spent
    return Entry(
        id=driver.id, goal=plan.goal.text, workspace=str(driver.scope.workspace.root), state=state,
        started=driver.began.isoformat(), ended=datetime.now(UTC).isoformat(), tasks=len(plan.graph.leaves),
        done=sum(r.state.value == "completed" for r in results.values()),
        cost="" if spent.cost is None else str(spent.cost), seconds=spent.seconds,
        seq=journal.committed[0], mac=journal.committed[1].hex(), pipeline=plan.pipeline,
    )


