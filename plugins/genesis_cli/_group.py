"""The group behind ``genesis``: commands from a static table, those of other distributions beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ._table import COMMANDS, SECTIONS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ._thirdparty import Found

__all__ = ["Commands", "UnknownCommand", "nearest"]


class UnknownCommand(click.UsageError):
    """There is no such command; carries the way out."""

    def __init__(self, message: str, hint: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.hint = hint


class Commands(click.Group):
    """Imports the body of a command when it is called, and no sooner."""

    _found: dict[str, Found] | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands: ours in the table's order, then those of other distributions."""
        return [*COMMANDS, *self._others(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now; None when there is none of that name."""
        if cmd_name in COMMANDS:
            return _ours(COMMANDS[cmd_name].target)
        found = self._others(ctx).get(cmd_name)
        return None if found is None else _theirs(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* begins with; raises UnknownCommand with the nearest name."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is not None:
            return name, command, args[1:]
        if name.startswith("-"):
            ctx.fail(f"there is no option {name!r}")
        near = nearest(name, self.list_commands(ctx))
        known = f"; did you mean {near!r}?" if near else ""
        hint = f"genesis {near}" if near else f'genesis --help lists them; a goal is run with: genesis run "{name} ..."'
        raise UnknownCommand(f"there is no command {name!r}{known}", hint, ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table by sections."""
        for section in SECTIONS:
            with formatter.section(section):
                formatter.write_dl([(row.name, row.help) for row in COMMANDS.values() if row.section == section])
        others = self._others(ctx)
        if others:
            with formatter.section("From other distributions"):
                formatter.write_dl([(found.name, f"by {found.owner}") for found in others.values()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names from the table: no body is imported for that."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        items = [CompletionItem(row.name, help=row.help) for row in COMMANDS.values()]
        items += [CompletionItem(name, help=f"by {found.owner}") for name, found in self._others(ctx).items()]
        return [item for item in items if item.value.startswith(incomplete)]

    def _others(self, ctx: click.Context) -> dict[str, Found]:
        if self._found is None:
            from ._thirdparty import third_party

            self._found = third_party()
        blocked = getattr(ctx.obj, "block", ())
        return {n: found for n, found in self._found.items() if n not in COMMANDS and n not in blocked}


def _ours(target: str) -> click.Command:
    from importlib import import_module

    module, _, name = target.partition(":")
    command = getattr(import_module(module), name)
    assert isinstance(command, click.Command)  # noqa: S101  # the table is ours, and a test walks it
    return command


def _theirs(found: Found) -> click.Command:
    from ._thirdparty import load

    body = load(found)
    if isinstance(body, click.Command):
        return body
    from genesis_core import PluginError

    raise PluginError(
        f"command {found.name!r} of {found.owner} can't be used",
        cause=f"{found.target} is {type(body).__name__}, not a click command", hint="genesis plugins shows all",
    )


def nearest(name: str, known: list[str]) -> str:
    """Return the known name nearest to *name*, or an empty string."""
    import difflib

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), "")
