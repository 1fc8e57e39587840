"""``genesis cost``: what the models of a run took, and what was saved against the strong one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from ._model_option import model_option, model_settings
from ._options import common, run_argument
from ._session import Session

if TYPE_CHECKING:
    from ._spending import Part, Spending

__all__ = ["cost"]


@click.command("cost")
@run_argument()
@model_option
@click.option("--strong", metavar="NAME", help="Compare with this model (default: the dearest configured one).")
@common
def cost(session: Session, run: str, model: tuple[str, ...], strong: str | None) -> int:
    """Show what RUN spent on models by task, agent and model, and the saving against the strong model.

    The saving compares the same tokens at both prices. Prices are those of the providers of the models that are
    configured now; nothing is asked, and no key is needed.
    """
    from ._drive import run_async

    return run_async(_cost(session, run, model, strong))


async def _cost(session: Session, run: str, model: tuple[str, ...], strong: str | None) -> int:
    from genesis_core import load_settings

    from ._prices import Prices, configured_names, dearest
    from ._spending import spending

    flags = {**model_settings(model), **({"home": session.home} if session.home else {})}
    settings = load_settings(flags).settings
    async with session.entered(settings.replace(models={})) as genesis:  # who asks nobody needs no key
        name = genesis.folder(run).name
        found = spending(genesis.events(name))
        prices = Prices.of(session, settings, genesis)
        against = strong or await dearest(prices, configured_names(settings.models))
        price = None if against is None else await prices.of_model(against)
        saving = None if price is None else found.saving(price)
        data = {
            "run": name, "total": found.total.to_json(), "tasks": _json(found.tasks), "agents": _json(found.agents),
            "models": _json(found.models), "strong": against,
            "saving": None if saving is None else {"strong_cost": str(saving[0]), "share": round(saving[1], 4)},
        }
        free = price is not None and price(10**6, 10**6) == 0
        return session.answer(data, lambda: "\n".join(_lines(found, against, saving, free)))


def _json(parts: Mapping[str, Part]) -> dict[str, Any]:
    return {name: part.to_json() for name, part in parts.items()}


def _lines(
    found: Spending, against: str | None, saving: tuple[Any, float] | None, free: bool = False,
) -> Iterator[str]:
    from . import _streams as streams

    if not found.total.calls:
        yield "no model was asked"
        return
    for title, parts in (("task", found.tasks), ("agent", found.agents), ("model", found.models)):
        wide = max(len(title), *(len(streams.one_line(name)) for name in parts))
        yield streams.paint(f"{title.ljust(wide)}  calls  tokens in       out          cost", "bold")
        for name, part in parts.items():
            yield f"{streams.one_line(name).ljust(wide)}  {_numbers(part)}"
        yield ""
    yield f"total  {_numbers(found.total)}"
    if saving is not None:
        yield f"saved  {saving[1]:.1%} of the {_money(saving[0])} that {against} would have cost for the same tokens"
    elif found.total.input_tokens or found.total.output_tokens:
        yield f"saved  unknown: {_unsaid(found, against, free)}"


def _unsaid(found: Spending, against: str | None, free: bool) -> str:
    """Return why no saving can be told."""
    if found.total.cost is None:
        return "what the run cost is not known"
    if against is None:
        return "no configured model has a known price; name one: --strong NAME"
    if free:
        return f"{against} is free; name one that is not: --strong NAME"
    return f"the price of {against} is not known"


def _numbers(part: Part) -> str:
    failed = f"  ({part.failed} failed)" if part.failed else ""
    return f"{part.calls:5}  {part.input_tokens:9,}  {part.output_tokens:8,}  {_money(part.cost):>12}{failed}"


def _money(cost: Any) -> str:
    return "unknown" if cost is None else f"${cost:.6f}".rstrip("0").rstrip(".")
