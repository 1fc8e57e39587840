"""``genesis run``: plan a goal and carry it out, or carry out a plan file or an approved plan."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._amounts import BUDGET, SECONDS
from ._model_option import model_option, model_settings
from ._options import common, complete_runs, record_option
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Budget, Genesis, Goal, Plan, PlanReport, Run, RunResult

    from ._goal import Work

__all__ = ["Choices", "plan_options", "run"]


@dataclass(frozen=True)
class Choices:
    """The options of ``run`` and ``resume`` that say how, not what."""

    output: str | None = None
    again: str | None = None
    timeout: float | None = None
    budget: Budget | None = None
    follow: bool = False
    yes: bool = False
    strict: bool = False


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what ``run`` and ``plan`` share: where the goal comes from, and what it is about."""
    for option in (
        click.option("--strict", is_flag=True, help="Reject a plan with findings to mend, words that no task covers, "
                                                    "or tasks that nobody here can do."),
        model_option,
        click.option("--workspace", metavar="DIR", help="Folder that the work is about (default: this one)."),
        click.option("-f", "--file", metavar="FILE", help="Read the goal, or the plan, from a file."),
        click.argument("goal", required=False),
    ):
        function = option(function)
    return function


@click.command("run")
@plan_options
@click.option("-o", "--output", metavar="FILE", help="Copy the report there; its kind is chosen by the ending.")
@click.option("--again", metavar="RUN", shell_complete=complete_runs,
              help="Re-use the results of an earlier run where nothing has changed; GOAL may be left out.")
@click.option("--max-parallel", type=click.IntRange(1), metavar="N", help="Tasks at one time.")
@click.option("--timeout", type=SECONDS, metavar="SECONDS", help="Stop after that long.")
@click.option("--budget", type=BUDGET, metavar="AMOUNT", help="0.50, or cost=..,tokens=..,calls=..,seconds=..")
@record_option
@click.option("--follow", is_flag=True, help="Print every event as a JSON line.")
@click.option("--yes", is_flag=True, help="Approve what policy asks for; never what it denies.")
@common
def run(
    session: Session, goal: str | None, file: str | None, workspace: str | None, max_parallel: int | None,
    model: tuple[str, ...], record: bool, **how: Any,
) -> int:
    """Run GOAL: words, a plan file (.yaml, .json), a plan written by `genesis plan -o`, or - for stdin.

    \b
    genesis run "Map the architecture of this repository, and write a report"
    genesis run plan.json --budget 0.50
    genesis run --again last
    """
    from ._copy import check_copy
    from ._drive import run_async

    choices = Choices(**how)
    work = _work(goal, file, workspace, choices)
    check_copy(choices.output, json=session.json or choices.follow)
    if work is not None and work.plan is not None and workspace is not None:
        _elsewhere(work.plan, work.path, workspace)
    settings = {**model_settings(model), **({} if max_parallel is None else {"max_parallel": max_parallel}),
                **({"record": True} if record else {})}
    return run_async(_run(session, work, workspace, choices, settings))


def _elsewhere(plan: Plan, path: Path | None, workspace: str) -> None:
    """Say that an approved plan is about to run on another folder than the one that was approved."""
    from . import _streams as streams

    approved = (Path() if path is None else path.parent) / Path(plan.goal.workspace).expanduser()
    if approved.resolve() != Path(workspace).expanduser().resolve():
        streams.note(f"{path} was made for the folder {streams.one_line(str(approved))}; this run is about {workspace}")


def _work(goal: str | None, file: str | None, workspace: str | None, choices: Choices) -> Work | None:
    """Return what the words name; None: the plan of the run that ``--again`` names."""
    from ._goal import read_work

    if goal is None and file is None and choices.again is not None:
        return None
    return read_work(goal, file, workspace)


async def _run(
    session: Session, work: Work | None, workspace: str | None, choices: Choices, settings: dict[str, Any]
) -> int:
    from ._drive import carry_out
    from ._views import choose

    view = choose(session, follow=choices.follow)
    async with session.entered(settings) as genesis:
        began = time.monotonic()
        result, number = await carry_out(session, lambda: _begin(genesis, work, workspace, choices), view)
        return finish(session, genesis, result, number, choices, view.progress, time.monotonic() - began)


async def _begin(genesis: Genesis, work: Work | None, workspace: str | None, choices: Choices) -> Run:
    """Plan where there is something to plan, and start."""
    budget = choices.budget
    start: Goal | Plan | PlanReport
    if work is None:
        start, workspace = _earlier(genesis, choices.again or "", workspace)
    else:
        start, budget = await work.propose(genesis, budget), budget or work.budget
        workspace = workspace if work.plan is not None else None
    with contextlib.nullcontext() if work is None else work.place():
        if choices.strict:
            start = await _strictly(genesis, start, workspace)
        return await genesis.start(start, workspace=workspace, again=choices.again, budget=budget,
                                   timeout=choices.timeout, yes=choices.yes)


async def _strictly(
    genesis: Genesis, start: Goal | Plan | PlanReport, workspace: str | None
) -> Goal | Plan | PlanReport:
    """Return what to start after a look at its findings; raises PlanRejected for any that is more than a note."""
    from genesis_core import Plan, PlanReport

    if isinstance(start, Plan):  # looked at as it would be made today, but run exactly as it is
        place = workspace or start.goal.workspace
        raise_when_loose(await genesis.plan(start.goal, workspace=place, graph=start.graph))
        return start
    report = start if isinstance(start, PlanReport) else await genesis.plan(start, workspace=start.workspace)
    raise_when_loose(report)
    return report


def _earlier(genesis: Genesis, run_id: str, workspace: str | None) -> tuple[Plan, str | None]:
    """Return the plan of an earlier run and, where this folder is another one, the workspace that it was about."""
    record = genesis.record(run_id)
    plan = record.plan
    assert plan is not None  # noqa: S101  # record() refuses a journal without a first row
    if workspace is None and Path(plan.goal.workspace).expanduser().resolve() != Path(record.workspace):
        workspace = record.workspace
    return plan, workspace


def raise_when_loose(report: PlanReport) -> None:
    """Raise PlanRejected when a plan that is good enough in general is not for ``--strict``."""
    from genesis_core import PlanRejected, Severity

    loose = [f"{f.rule}: {f.message}" for f in report.findings if f.severity is not Severity.NOTE]
    loose += [f'not understood: "{words}"' for words in report.plan.not_understood]
    loose += [f"nobody here can do {t.id!r}" for t in report.plan.graph.leaves if t.id not in report.plan.assigned]
    if loose:
        raise PlanRejected("the plan is rejected by --strict", cause="; ".join(loose),
                           hint="say it in other words, or leave --strict out")


def _abilities(genesis: Genesis) -> list[tuple[str, str]]:
    """Return three abilities of agents that are ready to work, each of another agent."""
    models = bool(genesis.provided.models)
    cards = [agent.card for _, agent in sorted(genesis.provided.agents.items())]
    firsts = [card.skills[0] for card in cards if card.skills and (models or not card.needs_model)]
    return [(skill.id, skill.description or skill.name) for skill in firsts[:3]]


def finish(
    session: Session, genesis: Genesis, result: RunResult, number: int, choices: Choices, progress: Any, seconds: float
) -> int:
    """Say what the run came to, copy the report where it is wanted, and return the exit code."""
    from genesis_core import RunState

    from . import _streams as streams
    from ._copy import STDOUT, copy_out
    from ._crashes import tell_crashes
    from ._document import run_document
    from ._drive import exit_code
    from ._summary import next_steps, problem_of_run, summary

    code = exit_code(result, number)
    later = genesis.settings.journal and any(task.attempt > 1 for task in result.tasks.values())
    kept = tell_crashes(session, result, genesis.events(result.run_id) if later else ())
    written = copy_out(result, choices.output) if choices.output else []
    problem = problem_of_run(result, code)
    if session.json:
        record = genesis.record(result.run_id) if genesis.settings.journal else None
        streams.out(session.envelope(run_document(result, record=record, exit_code=code), problem))
        return code
    text = "\n".join([summary(result, progress, seconds, _abilities(genesis)),
                      *(f"copied  {path}" for path in written)])
    (streams.note if choices.output == STDOUT else streams.out)(text)
    if choices.output and not written and choices.output != STDOUT:
        session.warn(f"{choices.output} was not written: there is nothing to report")
    for warning in progress.warnings if progress is not None else ():
        session.warn(warning)
    for path in kept:
        session.warn(f"a bug: its traceback is kept in {path}")
    streams.note()
    if problem is not None:
        streams.note(problem.lines())
    told = "" if problem is None else problem.hint
    waits = genesis.settings.journal and result.state is RunState.WAITING
    steps = next_steps(result, genesis.record(result.run_id).waiting if waits else ())
    if genesis.settings.record and result.state.final:
        steps.append((f"genesis replay {result.run_id}", "repeat it offline, from its recording"))
    session.next_steps([step for step in steps if step[0] != told])
    return code
