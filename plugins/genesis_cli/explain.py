"""``genesis explain``: why each task went to its agent, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ._options import common, run_argument
from ._session import Session

if TYPE_CHECKING:
    from ._explain_text import Story

__all__ = ["explain"]


@click.command("explain")
@run_argument()
@click.argument("task", required=False)
@click.option("--flow", is_flag=True, help="Print what each task read and called, and how its label rose.")
@common
def explain(session: Session, run: str, task: str | None, flow: bool) -> int:
    """Say why: rules tried, scores, alternatives, decisions, inputs and labels of every task, or of one TASK.

    RUN may also be a plan that `genesis plan -o` wrote.
    """
    from ._explain_text import explain_text
    from ._flow_text import flow_text, paths

    told = _told(session, run)
    everything = {story.task_id: story for story in told}
    if task is not None:
        told = [_one(told, task)]
    data = {"run": session.correlation_id or run,
            "tasks": [{**story.to_json(), "paths": paths(story, everything)} for story in told]}
    text = flow_text(told, everything) if flow else explain_text(told, full=task is not None)
    for command in ("resume", "approvals grant"):
        text = text.replace(f"genesis {command} RUN", f"genesis {command} {session.correlation_id}")
    return session.answer(data, text)


def _told(session: Session, run: str) -> list[Story]:
    """Return the stories of a run, or of a plan file."""
    from pathlib import Path

    from genesis_core import read_plan

    from ._explain_text import stories

    if run.endswith(".json") and Path(run).is_file():
        return stories(read_plan(run), {}, ())
    genesis = session.records()
    name = genesis.folder(run).name
    session.correlation_id = name
    record = genesis.record(name)
    assert record.plan is not None  # noqa: S101  # record() refuses a journal without a first row
    return stories(record.plan, record.results, genesis.events(name))


def _one(told: list[Story], name: str) -> Story:
    from genesis_core import SettingsError

    from ._group import nearest

    known = [story.task_id for story in told]
    if name in known:
        return told[known.index(name)]
    near = nearest(name, known) or next((k for k in known if k.startswith(name)), "")
    raise SettingsError(f"there is no task {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                        cause=f"the plan has: {', '.join(known[:12])}", hint="genesis explain RUN shows all of them")
