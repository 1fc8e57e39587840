"""``genesis plugins``: what is installed, what became of it and why, who answers which hook; and its lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import GenesisError, PluginInfo, Plugins, Settings

__all__ = ["hooks_of", "load_all", "load_with_hints", "plugins"]

TONES = {"loaded": "green", "blocked": "yellow", "refused": "red", "failed": "red"}


@click.group("plugins", invoke_without_command=True)
@click.pass_context
@common
def plugins(session: Session, ctx: click.Context) -> int | None:
    """Show every plugin with distribution, version, state and reason, and the hooks in the order they are asked.

    A plugin that can't be loaded, or must not be, is shown with its reason; it never stops this command. A command
    after it locks what is installed, compares it with the lock, or grants trust.
    """
    return None if ctx.invoked_subcommand is not None else _list(session)


@plugins.command("list")
@common
def list_(session: Session) -> int:
    """Show every plugin, and the hooks in the order they are asked."""
    session.command = "plugins"
    return _list(session)


@plugins.command("lock")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@common
def lock(session: Session, names: tuple[str, ...]) -> int:
    """Write down every installed third-party distribution, or only NAME; from then on no other is imported."""
    from ._locking import lock_plugins

    return lock_plugins(session, names)


@plugins.command("verify")
@common
def verify(session: Session) -> int:
    """Compare what is installed with the lock; exit 1 when anything differs. Nothing is imported."""
    from ._locking import verify_plugins

    return verify_plugins(session)


@plugins.command("trust")
@click.argument("name", required=False)
@click.argument("level", required=False)
@common
def trust(session: Session, name: str | None, level: str | None) -> int:
    """Show who has trust, or give the locked plugin NAME a LEVEL: security (its allows count) or ordinary."""
    from ._locking import show_trust, trust_plugin

    return show_trust(session, name) if level is None else trust_plugin(session, name or "", level)


def _list(session: Session) -> int:
    from ._thirdparty import third_party

    found = load_all(session)
    commands = third_party()
    data = {
        "plugins": [_json(info) for info in found.infos], "hooks": hooks_of(found),
        "commands": [{"name": c.name, "target": c.target, "distribution": c.distribution, "version": c.version}
                     for c in commands.values()],
    }
    owners = [(command.name, command.owner) for command in commands.values()]
    return session.answer(data, lambda: "\n".join(_lines(found, owners)))


def load_all(session: Session) -> Plugins:
    """Load every plugin that can be loaded; the others keep their reason."""
    return load_with_hints(session)[0]


def load_with_hints(session: Session) -> tuple[Plugins, Mapping[str, str]]:
    """Load every plugin that can be loaded; return what to do about those that are loaded and offer nothing, too."""
    import asyncio
    from dataclasses import replace

    from genesis_core import GenesisError, Plugins, load_settings

    from ._environment import check_config

    with streams.quiet_stdout():
        try:
            check_config()
            settings = load_settings().settings
            found = Plugins.load(block=session.block, strict=False, settings=settings.plugins)
        except GenesisError:  # genesis doctor and genesis config say what is wrong with the settings
            return Plugins.load(block=session.block, strict=False, settings={"lock": "required"}), {}
        failed = asyncio.run(_refusals(found, settings))
    found.infos = [replace(i, state="failed", reason=failed[i.name].message) if i.name in failed else i
                   for i in found.infos]
    return found, {name: error.hint for name, error in failed.items()}


async def _refusals(found: Plugins, settings: Settings) -> dict[str, GenesisError]:
    """Return why each plugin can't say what it offers, for those that can't."""
    from genesis_core import GenesisError

    why: dict[str, GenesisError] = {}
    for impl in found.hook("genesis_provide"):
        try:
            await found.offered(impl, settings)
        except GenesisError as error:
            why[impl.plugin_name] = error
    return why


def hooks_of(found: Plugins) -> dict[str, list[str]]:
    """Return the plugins that answer each hook, in the order in which they are asked."""
    names = sorted({hook for info in found.infos for hook in info.hooks})
    return {name: [impl.plugin_name for impl in found.hook(name)] for name in names}


def _why(info: PluginInfo) -> str:
    """Return what there is to know: the reason for its state, and what reaches further than its package."""
    return "; ".join(filter(None, (info.reason, *info.flags)))


def _json(info: PluginInfo) -> dict[str, Any]:
    return {"name": info.name, "distribution": info.distribution, "version": info.version, "state": info.state,
            "reason": info.reason, "trust": info.trust, "lock": info.lock, "builtin": info.builtin,
            "target": info.target, "hooks": list(info.hooks), "flags": list(info.flags)}


def _lines(found: Plugins, commands: list[tuple[str, str]]) -> Iterator[str]:
    from ._plan_text import table

    rows = [(info.name, info.owner, streams.paint(info.state, TONES.get(info.state, "dim")), info.lock, info.trust,
             streams.one_line(_why(info))) for info in found.infos]
    if rows:
        yield from table(("PLUGIN", "FROM", "STATE", "LOCK", "TRUST", "REASON"), rows)
    else:
        yield "no plugins: is the distribution genesis-agents installed, or only its source on the path?"
    yield ""
    arrow = streams.glyph(" → ", " -> ", None)
    hooks = [(name, arrow.join(order)) for name, order in hooks_of(found).items()]
    if hooks:
        yield from table(("HOOK", "ASKED IN THIS ORDER"), hooks)
    if commands:
        yield ""
        yield from table(("COMMAND", "FROM"), commands)
