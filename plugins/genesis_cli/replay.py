"""``genesis replay``: a recorded run once more, offline; exit 1 when it goes another way than it went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from ._amounts import SECONDS
from ._options import common, run_argument
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Difference, Genesis, Replayed, RunResult, Settings

    from ._problem import Problem
    from ._progress import Progress

__all__ = ["replay"]


@click.command("replay")
@run_argument()
@click.option("--workspace", metavar="DIR", help="Where the files of the run are now (default: where they were).")
@click.option("--timeout", type=SECONDS, metavar="SECONDS", help="Stop after that long.")
@common
def replay(session: Session, run: str, workspace: str | None, timeout: float | None) -> int:
    """Repeat RUN as a new run: models and tools answer from its recording, nothing is called, nothing is paid.

    What agents do themselves is done for real, and held against what is on record. RUN may also be the folder of a
    run that was brought here. Exit 0: equal; 1: something differs; 2: the run was not recorded.
    """
    from ._drive import run_async

    return run_async(_replay(session, run, workspace, timeout))


async def _replay(session: Session, run: str, workspace: str | None, timeout: float | None) -> int:
    from ._drive import carry_out
    from ._views import choose

    view = choose(session, follow=False)
    async with session.entered(_offline(session)) as genesis:
        began = time.monotonic()
        result, number = await carry_out(
            session, lambda: genesis.replay(run, workspace=workspace, timeout=timeout), view)
        return _finish(session, genesis, run, result, number, view.progress, time.monotonic() - began)


def _offline(session: Session) -> Settings:
    """Return the settings in force without any model: a replay asks none, so none need be there."""
    from genesis_core import load_settings

    found = load_settings({"home": session.home} if session.home else {}).settings
    return found.replace(models={}, record=False)


def _finish(
    session: Session, genesis: Genesis, run: str, result: RunResult, number: int, progress: Progress, seconds: float
) -> int:
    """Say how the replay compares, and return the exit code."""
    from . import _streams as streams
    from ._document import run_document
    from ._drive import exit_code
    from ._summary import summary

    assert result.replayed is not None  # noqa: S101  # it is a replay
    code = exit_code(result, number)
    stopped = number or result.replayed.difference is None and result.state.value in ("canceled", "interrupted")
    problem = None if stopped else _problem(genesis, run, result)
    code = code if stopped else 0 if problem is None else 1
    if session.json:
        record = genesis.record(result.run_id) if genesis.settings.journal else None
        streams.out(session.envelope(run_document(result, record=record, exit_code=code), problem))
        return code
    compared = "\n".join((equal(result.replayed), *listed(result.replayed, all_of_them=bool(session.verbose))))
    streams.out(f"{summary(result, progress, seconds)}\n{compared}")
    if problem is not None:
        streams.note(problem.lines())
    return code


def equal(replayed: Replayed) -> str:
    """Return in a line how a replay compares."""
    count = len(replayed.differences)
    word = "equal" if not count else f"{count} difference{'s' if count != 1 else ''}"
    taken = f"{_many(replayed.models, 'answer')} of models, {_many(replayed.tools, 'result')} of tools"
    return f"replay  of {replayed.run_id}: {word}; recorded {taken}"


def listed(replayed: Replayed, *, all_of_them: bool) -> Iterator[str]:
    """Yield each difference in a line; else only how many there are behind the first, which is told as the error."""
    from . import _streams as streams

    more = len(replayed.differences) - 1
    if all_of_them:
        yield from (f"differs {streams.one_line(str(found))}" for found in replayed.differences)
    elif more > 0:
        yield f"differs in what is told below and in {more} more: -v lists all"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _problem(genesis: Genesis, run: str, result: RunResult) -> Problem | None:
    """Return the first difference as a problem; None: there is none."""
    from . import _streams as streams
    from ._problem import Problem

    replayed = result.replayed
    if replayed is None or (first := replayed.difference) is None:
        return None
    where = f"task {first.task_id!r}: " if first.task_id else ""
    more = f" and {len(replayed.differences) - 1} more" if len(replayed.differences) > 1 else ""
    what = f"the replay differs: {where}{first.what} {first.name}".rstrip() + more
    return Problem(streams.one_line(what), streams.one_line(f"recorded: {first.recorded}; now: {first.now}"),
                   way_out(first, run, _comparison(genesis, replayed.run_id, result.run_id)), code="difference",
                   exit_code=1, correlation_id=result.run_id)


def _comparison(genesis: Genesis, recorded: str, now: str) -> str:
    """Return what compares the two; empty when the recorded one is not of this state folder."""
    from genesis_core import GenesisError

    try:
        return f"genesis diff {genesis.folder(recorded).name} {now}"
    except GenesisError:
        return ""


def way_out(first: Difference, run: str, comparison: str = "") -> str:
    """Return what to do about a difference: what changed may be put back, or the run recorded as it is now."""
    import shlex

    anew = 'genesis run --record "GOAL" records it anew'
    if first.what in ("file", "files"):
        return f"put back what changed, or genesis replay {shlex.quote(run)} --workspace DIR with a copy; {anew}"
    if first.what in ("request", "call"):
        return f"a prompt, a tool or the agent has changed: undo that, or {anew}"
    return comparison or anew
