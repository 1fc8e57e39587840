"""``genesis resume``: go on with a run; nothing that is recorded runs again."""

from __future__ import annotations

import time
from typing import Any

import click

from ._amounts import BUDGET, SECONDS
from ._model_option import model_option, model_settings
from ._options import common, record_option, run_argument
from ._session import Session

__all__ = ["resume"]


@click.command("resume")
@run_argument()
@click.option("-o", "--output", metavar="FILE", help="Copy the report there.")
@click.option("--timeout", type=SECONDS, metavar="SECONDS", help="Stop after that long.")
@click.option("--budget", type=BUDGET, metavar="AMOUNT", help="Go on with this budget for the whole run.")
@click.option("--max-parallel", type=click.IntRange(1), metavar="N", help="Tasks at one time.")
@model_option
@record_option
@click.option("--follow", is_flag=True, help="Print every event as a JSON line.")
@click.option("--yes", is_flag=True, help="Approve what policy asks for; never what it denies.")
@common
def resume(
    session: Session, run: str, max_parallel: int | None, model: tuple[str, ...], record: bool, **how: Any
) -> int:
    """Go on with RUN: what is recorded stays, what was under way runs again under the same key."""
    from ._copy import check_copy
    from ._drive import run_async
    from .run import Choices

    choices = Choices(**how)
    check_copy(choices.output, json=session.json or choices.follow)
    settings = {**model_settings(model), **({} if max_parallel is None else {"max_parallel": max_parallel}),
                **({"record": True} if record else {})}
    return run_async(_resume(session, run, choices, settings))


async def _resume(session: Session, run: str, choices: Any, settings: dict[str, Any]) -> int:
    from ._drive import carry_out
    from ._progress import Progress
    from ._views import choose
    from .run import finish

    async with session.entered(settings) as genesis:
        name = genesis.folder(run).name
        view = choose(session, follow=choices.follow, progress=Progress.of(genesis.record(name)))
        began = time.monotonic()
        result, number = await carry_out(
            session, lambda: genesis.resume(name, budget=choices.budget, timeout=choices.timeout, yes=choices.yes), view
        )
        return finish(session, genesis, result, number, choices, view.progress, time.monotonic() - began)
