"""``genesis agents``: who can do what, and who needs a model for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import AgentCard, Genesis

__all__ = ["agents"]


@click.command("agents")
@click.argument("name", required=False)
@common
def agents(session: Session, name: str | None) -> int:
    """List the agents, or show the card of NAME: skills, kinds, tools, price, and who ships it."""
    from ._drive import run_async

    return run_async(_agents(session, name))


async def _agents(session: Session, name: str | None) -> int:
    async with session.entered() as genesis:
        cards = {n: a.card for n, a in sorted(genesis.provided.agents.items())}
        models = bool(genesis.provided.models)
        if name is None:
            data = {"agents": [_json(genesis, card, models) for card in cards.values()]}
            return session.answer(data, lambda: "\n".join(_list(genesis, cards, models)))
        card = cards.get(name) or _unknown(name, list(cards))
        return session.answer(_json(genesis, card, models), lambda: "\n".join(_card(genesis, card, models)))


def _unknown(name: str, known: list[str]) -> AgentCard:
    from genesis_core import SettingsError

    from ._group import nearest

    near = nearest(name, known)
    raise SettingsError(f"there is no agent {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                        cause="no loaded plugin offers one of that name",
                        hint=f"genesis agents {near}" if near else "genesis agents lists them")


def _json(genesis: Genesis, card: AgentCard, models: bool) -> dict[str, Any]:
    owner = genesis.provided.owners["agent", card.name]
    return {**card.model_dump(mode="json"), "available": models or not card.needs_model, "plugin": owner.name,
            "distribution": owner.distribution, "distribution_version": owner.version}


def _list(genesis: Genesis, cards: dict[str, AgentCard], models: bool) -> Iterator[str]:
    from . import _streams as streams
    from ._plan_text import table

    ready = [card for card in cards.values() if models or not card.needs_model]
    rows = [(card.name, card.tier.value, f"{card.prior:.2f}", _owner(genesis, card), card.description)
            for card in ready]
    if rows:
        yield from table(("AGENT", "TIER", "PRIOR", "FROM", "DOES"), rows)
    waiting = [card.name for card in cards.values() if card not in ready]
    if waiting:
        yield f"\n{streams.paint('need a model, and none is configured:', 'yellow')} {', '.join(waiting)}"
    if not cards:
        yield "no agents: genesis plugins shows what is loaded"


def _owner(genesis: Genesis, card: AgentCard) -> str:
    return genesis.provided.owners["agent", card.name].distribution or "this program"


def _card(genesis: Genesis, card: AgentCard, models: bool) -> Iterator[str]:
    from . import _streams as streams

    owner = genesis.provided.owners["agent", card.name]
    yield f"{streams.paint(card.name, 'bold')}  {streams.one_line(card.description)}"
    yield f"  from       {owner.owner} (plugin {owner.name}), card version {card.version}"
    price = f", about ${card.price} a task" if card.price else ""
    yield f"  works      tier {card.tier.value}, prior {card.prior:.2f}, at most {card.max_concurrent} at a time{price}"
    if card.needs_model and not models:
        yield f"  {streams.paint('model      needs one, and none is configured: no candidate', 'yellow')}"
    elif card.needs_model:
        yield "  model      needs one"
    yield f"  kinds      {', '.join(card.kinds) or 'none'}"
    yield f"  tools      {', '.join(card.tools) or 'none'}"
    for skill in card.skills:
        yield f"  skill      {streams.paint(skill.id, 'bold')}  {streams.one_line(skill.description or skill.name)}"
