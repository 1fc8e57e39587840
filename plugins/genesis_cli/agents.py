"""``genesis agents``: who can do what, and who needs a model for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import AgentCard, Genesis, Made

__all__ = ["agents"]

MADE = "made"
"""Who the kernel says offers an agent that was made here."""


class Agents(click.Group):
    """Takes the name of an agent where a command may stand: ``genesis agents architect`` shows its card."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* begins with; for anything else, the one that shows a card."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            return "show", self.commands["show"], args
        return super().resolve_command(ctx, args)


@click.group("agents", cls=Agents, invoke_without_command=True, subcommand_metavar="[NAME | COMMAND ...]")
@click.pass_context
@common
def agents(session: Session, ctx: click.Context) -> int | None:
    """List the agents, or show the card of NAME: skills, kinds, tools, price, and who ships it.

    \b
    genesis agents architect
    genesis agents retire report-finder-1a2b3c
    """
    from ._drive import run_async

    return run_async(_agents(session, None)) if ctx.invoked_subcommand is None else None


@agents.command("list")
@common
def list_(session: Session) -> int:
    """List the agents."""
    from ._drive import run_async

    session.command = "agents"
    return run_async(_agents(session, None))


@agents.command("show")
@click.argument("name")
@common
def show(session: Session, name: str) -> int:
    """Show the card of NAME; of one that was made here, also how far it is believed, and in which run it was made."""
    from ._drive import run_async

    session.command = "agents"
    return run_async(_agents(session, name))


@agents.command("retire")
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@common
def retire(session: Session, name: str, reason: str) -> int:
    """Let no plan use the agent NAME again that was made here; its record stays."""
    from ._drive import run_async

    return run_async(_retire(session, name, reason))


async def _retire(session: Session, name: str, reason: str) -> int:
    from genesis_core import MadeState, SettingsError

    from ._made import chosen, detail, workshop_of

    async with workshop_of(session) as (genesis, workshop):
        owner = genesis.provided.owners.get(("agent", name))
        if owner is not None and owner.name != MADE:
            raise SettingsError(f"the agent {name!r} was not made here", cause=f"it comes from {owner.owner}",
                                hint=f"genesis -p no:{owner.name} ... runs without it")
        made = chosen(workshop.made(), name, "agent", MadeState.ACTIVE, MadeState.TRIALLED)
        done = workshop.revoke(made.digest, reason)
    return session.answer(detail(done, offered=False), f"{done.name} is retired: no plan uses it again")


async def _agents(session: Session, name: str | None) -> int:
    async with session.entered() as genesis:
        cards = {n: a.card for n, a in sorted(genesis.provided.agents.items())}
        models = bool(genesis.provided.models)
        if name is None:
            data = {"agents": [_json(genesis, card, models) for card in cards.values()]}
            return session.answer(data, lambda: "\n".join(_list(genesis, cards, models)))
        made = _made(genesis, name)
        if name not in cards and made is not None and made.card is not None:
            return session.answer(_made_json(made), lambda: "\n".join(_made_lines(made)))
        card = cards.get(name) or _unknown(name, list(cards))
        more = {} if made is None else {"made": _made_json(made)}
        return session.answer({**_json(genesis, card, models), **more}, lambda: "\n".join(
            (*_card(genesis, card, models), *(() if made is None else _made_lines(made)))))


def _made(genesis: Genesis, name: str) -> Made | None:
    """Return the newest version of an agent that was made here; None: none of that name was."""
    owner = genesis.provided.owners.get(("agent", name))
    workshop = genesis.workshop() if owner is None or owner.name == MADE else None
    found = [] if workshop is None else [m for m in workshop.made() if m.kind == "agent" and m.name == name]
    active = [m for m in found if m.state.value == "active"]
    return next(iter(active or found[-1:]), None)


def _made_json(made: Made) -> dict[str, Any]:
    return made.model_dump(mode="json", exclude={"tool", "need", "code", "limits", "checks"})


def _made_lines(made: Made) -> Iterator[str]:
    from . import _streams as streams

    yield f"{streams.paint(made.name, 'bold')}  was made here"
    yield f"  state      {made.state.value}{': ' + streams.one_line(made.why) if made.why else ''}"
    yield f"  since      {made.created:%Y-%m-%d %H:%M:%S}" + (f", in run {made.run}" if made.run else "")
    sources = f", from {', '.join(streams.exact(s) for s in sorted(made.label.sources))}" if made.label.sources else ""
    yield f"  believed   {made.label.trust.name.lower()}{sources}"


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
