"""``genesis eval``: measure planning against data with known answers. Ends with 0 whatever the score."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._model_option import model_option, model_settings
from ._options import common
from ._scores_text import told
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Genesis

__all__ = ["eval"]

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

    if programs and data:
        raise click.UsageError("--programs and --data name the same: give one", click.get_current_context())
    if programs and kind is not None and kind != PROGRAMS:
        raise click.UsageError(f"genesis eval {kind} takes no --programs: it is for {PROGRAMS}",
                               click.get_current_context())
    if tools and catalogue:
        raise click.UsageError("--tools and --catalogue name the same: give one", click.get_current_context())
    given = {"catalogue": catalogue, "tools": tools, "freeze": freeze, "baseline": baseline}
    options = {name: value for name, value in given.items() if value is not None}
    return run_async(_evaluate(session, kind, programs or data, options, predictions, model_settings(model)))


async def _evaluate(
    session: Session, kind: str | None, data: str | None, options: Mapping[str, str], predictions: str | None,
    models: Mapping[str, Any],
) -> int:
    async with session.entered({"pipeline": PIPELINE, **models}) as genesis:
        offered = genesis.provided.offers.get("evaluation", {})
        if kind is None and options.get("baseline") in offered:  # `--baseline KIND`: it was not meant as a file
            kind, options = options["baseline"], {**options, "baseline": SIMPLE}
        if kind is None:
            return session.answer({"evaluations": sorted(offered)}, lambda: _listed(genesis))
        evaluation = offered[_known(kind, offered)]
        if data is None:
            raise click.UsageError(f"genesis eval {kind} needs --data FILE", click.get_current_context())
        found: dict[str, Any] = await evaluation.run(
            genesis, data=Path(data), options=options, predictions=Path(predictions) if predictions else None,
            progress=_Progress(session),
        )  # fmt: skip
    if found.get("resumed"):
        streams.note(f"went on after {found['resumed']} rows that {predictions} held; delete it to start anew")
    if "baseline" in options and "baseline" not in found:
        streams.note(f"the evaluation {kind} knows no baseline")
    return session.answer({"kind": kind, **found}, lambda: told(kind, found))


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


def _listed(genesis: Genesis) -> str:
    names = sorted(genesis.provided.offers.get("evaluation", {}))
    return "\n".join(f"{name}  from {genesis.provided.owners['evaluation', name].owner}" for name in names)


class _Progress:
    """Tells on a terminal how far it has come."""

    def __init__(self, session: Session) -> None:
        self._shown = streams.terminal(sys.stderr) and not session.json

    def __call__(self, done: int, rows: int) -> None:
        if self._shown and (done % 25 == 0 or done == rows):
            streams.note(f"\r{done} of {rows} row{'s' if rows != 1 else ''}", end="\n" if done == rows else "")
