"""``genesis plan``: show what would run, and write it down for approval. Nothing runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._amounts import BUDGET
from ._model_option import model_settings
from ._options import common
from ._session import Session
from .run import plan_options

if TYPE_CHECKING:
    from genesis_core import Budget, PlanReport

    from ._goal import Work
    from ._problem import Problem

__all__ = ["plan"]


@click.command("plan")
@plan_options
@click.option("-o", "--output", metavar="FILE", help="Write the plan there: genesis run FILE runs exactly it.")
@click.option("--budget", type=BUDGET, metavar="AMOUNT", help="Hold the plan against it: 0.50, or cost=..,tokens=..")
@click.option("--format", "form", type=click.Choice(["tree", "mermaid", "json"]), default="tree", help="What to print.")
@common
def plan(
    session: Session, goal: str | None, file: str | None, workspace: str | None, output: str | None, form: str,
    strict: bool, model: tuple[str, ...], budget: Budget | None,
) -> int:
    """Show the plan for GOAL (or of a plan file): who does what, what it should take, what is wrong with it."""
    from ._copy import check_out
    from ._drive import run_async
    from ._goal import beside, read_work

    work = read_work(goal, file, workspace)
    check_out(output)
    report = run_async(_report(session, work, model, budget))
    if output is not None and work.plan is None:
        report = beside(report, Path(output), work.workspace)
    problem = _rejection(report, strict)
    if output is not None and problem is None:
        _write(session, report, Path(output))
    return _show(session, report, form, problem)


async def _report(session: Session, work: Work, model: tuple[str, ...], budget: Budget | None) -> PlanReport:
    async with session.entered(model_settings(model)) as genesis:
        return await work.report(genesis, budget)


def _show(session: Session, report: PlanReport, form: str, problem: Problem | None) -> int:
    from genesis_core import plan_document

    from ._plan_text import plan_data, plan_text

    if form == "json" and not session.json:
        return session.answer(None, session.dumps(plan_document(report.plan), indent=2), problem)
    if form == "mermaid" and not session.json:
        from ._plan_mermaid import plan_mermaid

        return session.answer(None, plan_mermaid(report), problem)
    return session.answer(plan_data(report), lambda: plan_text(report), problem)


def _rejection(report: PlanReport, strict: bool) -> Problem | None:
    """Return why this plan would not run, or None."""
    from genesis_core import PlanRejected, Severity, Verdict

    from ._main import problem_of
    from .run import raise_when_loose

    if report.verdict is Verdict.REJECT:
        fatal = [f for f in report.findings if f.severity is Severity.FATAL]
        why = "; ".join(f"{f.rule}: {f.message}" for f in fatal)
        return problem_of(PlanRejected("the plan is rejected", cause=why, hint=next(
            (f.hint for f in fatal if f.hint), "say it in other words; genesis agents shows what can be done here")))
    if strict:
        try:
            raise_when_loose(report)
        except PlanRejected as error:
            return problem_of(error)
    return None


def _write(session: Session, report: PlanReport, path: Path) -> None:
    from genesis_core import SettingsError, plan_document

    from . import _streams as streams

    text = session.dumps(plan_document(report.plan), indent=2)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} can't be written", cause=error.strerror or str(error),
                            hint="choose another file: -o FILE") from None
    if not session.json:
        import shlex

        streams.note(f"wrote {path}; to run exactly this plan: genesis run {shlex.quote(str(path))}")
