"""``genesis models``: which are configured, whether they answer, and local ones to fetch and to serve."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import GenesisError

    from ._models import Configured, Weights

__all__ = ["models"]

PORT = 8080


@click.group("models", invoke_without_command=True)
@click.pass_context
@common
def models(session: Session, ctx: click.Context) -> int | None:
    """List the models that are configured, and what can be fetched; a command after it does more."""
    if ctx.invoked_subcommand is not None:
        return None
    return _list(session)


@models.command("list")
@common
def list_(session: Session) -> int:
    """List the models that are configured, and what can be fetched. Nobody is asked."""
    return _list(session)


@models.command("test")
@click.argument("name", required=False)
@common
def test(session: Session, name: str | None) -> int:
    """Ask every configured model (or NAME) one question, and for one structured answer."""
    from ._drive import run_async
    from ._models_text import test_answer

    found = run_async(_test(session, (name,) if name else ()))
    return test_answer(session, found)


@models.command("fetch")
@click.argument("name", required=False)
@common
def fetch(session: Session, name: str | None) -> int:
    """Download the local model NAME; one that was interrupted goes on. Without NAME nothing is downloaded."""
    from . import _streams as streams
    from ._models_text import Progress, size
    from ._problem import Problem

    offered = _offered(session)
    if not name:
        raise _unnamed(offered)
    weights = _named(name, offered)
    there = weights.fetched
    if not there:
        streams.note(f"fetching {weights.name}: {weights.title}, {size(weights.bytes)}, {weights.license}")
        if weights.lacks:
            streams.note(f"nothing here can run it yet: {weights.lacks}")
    progress = Progress()
    try:
        path = weights.fetch(progress)
    except KeyboardInterrupt:
        progress.end()
        return session.answer(None, "", Problem(
            "stopped", "a signal asked for it", f"genesis models fetch {weights.name} goes on from here",
            code="interrupted", exit_code=130))
    finally:
        progress.end()
    before = f"{weights.lacks}, then " if weights.lacks else ""
    return session.answer(
        {"name": weights.name, "path": str(path), "bytes": weights.bytes, "fetched": not there},
        f"{weights.name} {'was there already' if there else 'is there, and verified'}: {path}\n"
        f'to use it: {before}genesis run "GOAL" --model local:{weights.name}')


@models.command("serve")
@click.argument("name", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, metavar="PORT", show_default=True,
              help="Where it answers on 127.0.0.1; 0 takes a free one.")
@click.option("--threads", type=click.IntRange(1, 512), default=1, metavar="N", show_default=True,
              help="Cores that it may keep busy.")
@common
def serve(session: Session, name: str | None, port: int, threads: int) -> int:
    """Answer in the words of the OpenAI interface with a local model that was fetched, until Ctrl-C."""
    from . import _streams as streams
    from ._models_text import endpoint_lines

    offered = _offered(session)
    weights = _named(name, offered) if name else _first_fetched(offered)
    if not weights.fetched:
        raise _not_fetched(weights)
    streams.note(f"loading {weights.name}")
    server = weights.serve(port=port, threads=threads)
    try:
        session.answer({"name": weights.name, "url": server.url}, lambda: endpoint_lines(weights.name, server.url))
        streams.note("Ctrl-C ends it")
        status = server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()
    from genesis_core import DependencyDown

    raise DependencyDown(f"the server of {weights.name} ended", cause=f"its exit status is {status}",
                         hint=f"genesis models serve {weights.name}")


def _list(session: Session) -> int:
    from ._drive import run_async
    from ._models_text import list_data, list_text

    session.command = "models list"
    found, local, providers = run_async(_look(session))
    return session.answer(list_data(found, local, providers), lambda: list_text(found, local, providers))


async def _look(session: Session) -> tuple[list[Configured], dict[str, Weights], list[str]]:
    from ._models import configured, opened, settings_of

    settings = settings_of(session)
    async with opened(session, settings) as genesis:
        offers = genesis.provided.offers
    return await configured(session, settings), dict(offers.get("weights", {})), sorted(offers.get("provider", {}))


async def _test(session: Session, names: tuple[str, ...]) -> list[tuple[Configured, Any]]:
    from genesis_core import SettingsError

    from . import _streams as streams
    from ._models import ask_twice, configured, settings_of

    found = await configured(session, settings_of(session), names)
    if not found:
        raise SettingsError("no model is configured", cause="there is nobody to ask",
                            hint="genesis models shows what there is; genesis models test NAME asks one")
    answers: list[tuple[Configured, Any]] = []
    for one in found:
        if streams.terminal(sys.stderr) and not session.json:
            streams.note(f"asking {one.name}")
        answers.append((one, await ask_twice(one.model) if one.model is not None else []))
    return answers


def _offered(session: Session) -> Mapping[str, Weights]:
    """Return the local models that plugins offer (raises SettingsError when there is none)."""
    from genesis_core import SettingsError

    from ._drive import run_async
    from ._models import opened, settings_of

    async def offers() -> dict[str, Weights]:
        async with opened(session, settings_of(session)) as genesis:
            return dict(genesis.provided.offers.get("weights", {}))

    found = run_async(offers())
    if not found:
        raise SettingsError("no local model is offered", cause="no loaded plugin has one",
                            hint="genesis plugins shows what is loaded")
    return found


def _unnamed(offered: Mapping[str, Weights]) -> GenesisError:
    """Return the error that lists what can be fetched: a gigabyte is not downloaded because a name was left out."""
    from genesis_core import SettingsError

    from ._models_text import size

    listed = "; ".join(f"{w.name} ({size(w.bytes)}{', there already' if w.fetched else ''}): {w.about}"
                       for w in offered.values())
    smallest = min(offered.values(), key=lambda w: w.bytes)
    return SettingsError("fetch takes the NAME of a local model", cause=listed,
                         hint=f"genesis models fetch {smallest.name}")


def _named(name: str, offered: Mapping[str, Weights]) -> Weights:
    if name in offered:
        return offered[name]
    from genesis_core import SettingsError

    from ._group import nearest

    near = nearest(name, list(offered))
    raise SettingsError(f"there is no local model {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                        cause=f"known: {', '.join(offered)}", hint="genesis models lists them")


def _first_fetched(offered: Mapping[str, Weights]) -> Weights:
    return next((w for w in offered.values() if w.fetched), next(iter(offered.values())))


def _not_fetched(weights: Weights) -> GenesisError:
    from genesis_core import SettingsError

    return SettingsError(f"the local model {weights.name} has not been fetched", cause=f"there is no {weights.path}",
                         hint=f"genesis models fetch {weights.name}")
