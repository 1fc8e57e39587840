"""``genesis eval``: measure planning against data with known answers. Ends with 0 whatever the score."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from . import _streams as streams
from ._model_option import model_option, model_settings
from ._options import common
from ._scores_text import told
from ._session import Session

__all__ = ["eval"]

_T = TypeVar("_T")

PIPELINE = "evaluation"
PROGRAMS = "sandbox"
"""The evaluation whose data are programs."""
SIMPLE = ""
"""Stands for no file: what an evaluation takes for its simple predictor."""


@click.command("eval")
@click.argument("kind", required=False)
@click.option("--data", metavar="FILE", help="Rows to predict, JSON Lines (cost: CSV); gold fields are scored against.")
@click.option(
    "--catalogue", metavar="FILE|DIR", help="Descriptions of agents (routing) or tools (decomposition) to plan with, "
    "instead of those that are installed or that rows name."
)
@click.option("--tools", metavar="DIR", help="The same, for decomposition: a folder with <domain>.tool_desc.json.")
@click.option("--programs", metavar="DIR", help="Folder with attack programs and benign ones, for sandbox.")
@click.option("--freeze", metavar="FILE", help="Rows with outcomes to choose thresholds on, for cost.")
@click.option(
    "--predictions", metavar="FILE", help="Write each prediction there as it is made; one that was interrupted goes on."
)
@click.option(
    "--baseline", metavar="[FILE]", is_flag=False, flag_value=SIMPLE,
    help="Score a simple predictor on the same rows, too; with FILE the predictions that another run wrote there."
)
@model_option
@common
def eval(
    session: Session, kind: str | None, data: str | None, catalogue: str | None, tools: str | None,
    programs: str | None, freeze: str | None, predictions: str | None, baseline: str | None, model: tuple[str, ...],
) -> int:
    """Measure planning: KIND is the name of an evaluation; without one, those that are installed are listed."""
    from ._drive import run_async

    if programs and kind is not None and kind != PROGRAMS:
        raise click.UsageError(f"genesis eval {kind} takes no --programs: it is for {PROGRAMS}",
                               click.get_current_context())
    if programs and data:
        raise click.UsageError("--programs and --data name the same: give one", click.get_current_context())
    if tools and catalogue:
        raise click.UsageError("--tools and --catalogue name the same: give one", click.get_current_context())
    given = {"catalogue": catalogue, "tools": tools, "freeze": freeze, "baseline": baseline}
    options = {name: value for name, value in given.items() if value is not None}
    if predictions is not None:
        _check_apart(predictions, {"data": programs or data, **options})
    known, found = run_async(_stoppable(
        _evaluated(session, kind, programs or data, options, predictions, model_settings(model)), predictions))
    if known is None:
        return session.answer({"evaluations": sorted(found)}, lambda: _listed(found))
    if found.get("resumed"):
        streams.note(f"went on after {found['resumed']} rows that {predictions} held; delete it to start anew")
    if "baseline" in options and "baseline" not in found:
        streams.note(f"the evaluation {known} knows no baseline")
    return session.answer({"kind": known, **found}, lambda: told(known, found))


def _check_apart(predictions: str, inputs: Mapping[str, str | None]) -> None:
    """Raise SettingsError where *predictions* would be written over one of the *inputs* of the same call."""
    from genesis_core import SettingsError

    target = Path(predictions)
    for name, value in inputs.items():
        if value and target.is_file() and Path(value).is_file() and target.samefile(value):
            raise SettingsError(f"{predictions} can't be written: it is read in the same call",
                                cause=f"--{name} and --predictions name one file", hint="give them two names")


async def _stoppable(work: Awaitable[_T], predictions: str | None) -> _T:
    """Return what *work* comes to; raises Stopped when a signal came, and says what is kept."""
    import asyncio

    from ._drive import Interrupts
    from ._problem import Stopped
    from ._progress import Progress
    from ._views import QuietView

    with Interrupts(QuietView(Progress())) as interrupts:
        try:
            found = await work
            if not interrupts.number:
                return found
        except asyncio.CancelledError:
            if not interrupts.number:
                raise
        stopped = Stopped(interrupts.number)
        for note in _kept(predictions):
            stopped.add_note(note)
        raise stopped from None


def _kept(predictions: str | None) -> list[str]:
    there = predictions is not None and Path(predictions).is_file()
    return [f"what was predicted until then is kept in {predictions}"] if there else []


async def _evaluated(
    session: Session, kind: str | None, data: str | None, options: Mapping[str, str], predictions: str | None,
    models: Mapping[str, Any],
) -> tuple[str | None, dict[str, Any]]:
    """Return the kind and what it found; without a kind those that are installed, and whose they are."""
    async with session.entered({"pipeline": PIPELINE, **models}) as genesis:
        offered = genesis.provided.offers.get("evaluation", {})
        if kind is None and options.get("baseline") in offered:  # `--baseline KIND`: it was not meant as a file
            kind, options = options["baseline"], {**options, "baseline": SIMPLE}
        if kind is None:
            return None, {name: genesis.provided.owners["evaluation", name].owner for name in offered}
        evaluation = offered[_known(kind, offered)]
        if data is None:
            raise click.UsageError(f"genesis eval {kind} needs --data FILE", click.get_current_context())
        found: dict[str, Any] = await evaluation.run(
            genesis, data=Path(data), options=options, predictions=Path(predictions) if predictions else None,
            progress=_Progress(session),
        )  # fmt: skip
    return kind, found


def _known(kind: str, offered: Mapping[str, Any]) -> str:
    if kind in offered:
        return kind
    from genesis_core import SettingsError

    from ._group import nearest

    near = nearest(kind, list(offered))
    raise SettingsError(
        f"there is no evaluation {kind!r}" + (f"; did you mean {near!r}?" if near else ""),
        cause=f"installed: {', '.join(sorted(offered)) or 'none'}",
        hint="genesis eval lists them",
    )


def _listed(owners: Mapping[str, str]) -> str:
    return "\n".join(f"{name}  from {owner}" for name, owner in sorted(owners.items()))


class _Progress:
    """Tells on a terminal how far it has come."""

    def __init__(self, session: Session) -> None:
        self._shown = streams.terminal(sys.stderr) and not session.json

    def __call__(self, done: int, rows: int) -> None:
        if self._shown and (done % 25 == 0 or done == rows):
            streams.note(f"\r{done} of {rows} row{'s' if rows != 1 else ''}", end="\n" if done == rows else "")
