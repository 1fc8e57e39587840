"""``genesis plugins``: what is installed, what became of it and why, and who answers which hook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from . import _streams as streams
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import PluginInfo, Plugins

__all__ = ["hooks_of", "load_all", "plugins"]

TONES = {"loaded": "green", "blocked": "yellow", "failed": "red"}


@click.command("plugins")
@common
def plugins(session: Session) -> int:
    """Show every plugin with distribution, version, state and reason, and the hooks in the order they are asked.

    A plugin that can't be loaded is shown with its reason; it never stops this command.
    """
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
    import asyncio
    from dataclasses import replace

    from genesis_core import GenesisError, Plugins, load_settings

    with streams.quiet_stdout():
        found = Plugins.load(block=session.block, strict=False)
        try:
            settings = load_settings().settings
        except GenesisError:
            return found  # genesis doctor and genesis config say what is wrong with them
        failed = asyncio.run(_refusals(found, settings.section))
    found.infos = [replace(i, state="failed", reason=failed[i.name]) if i.name in failed else i for i in found.infos]
    return found


async def _refusals(found: Plugins, section: Callable[[str], Mapping[str, Any]]) -> dict[str, str]:
    """Return why each plugin can't say what it offers, for those that can't."""
    from genesis_core import GenesisError

    why: dict[str, str] = {}
    for impl in found.hook("genesis_provide"):
        try:
            await found.ask(impl, {"settings": section(impl.plugin_name)})
        except GenesisError as error:
            why[impl.plugin_name] = error.message
    return why


def hooks_of(found: Plugins) -> dict[str, list[str]]:
    """Return the plugins that answer each hook, in the order in which they are asked."""
    names = sorted({hook for info in found.infos for hook in info.hooks})
    return {name: [impl.plugin_name for impl in found.hook(name)] for name in names}


def _json(info: PluginInfo) -> dict[str, Any]:
    return {"name": info.name, "distribution": info.distribution, "version": info.version, "state": info.state,
            "reason": info.reason, "trust": info.trust, "builtin": info.builtin, "target": info.target,
            "hooks": list(info.hooks)}


def _lines(found: Plugins, commands: list[tuple[str, str]]) -> Iterator[str]:
    from ._plan_text import table

    rows = [(info.name, info.owner, streams.paint(info.state, TONES.get(info.state, "dim")), info.trust,
             streams.one_line(info.reason)) for info in found.infos]
    if rows:
        yield from table(("PLUGIN", "FROM", "STATE", "TRUST", "REASON"), rows)
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
