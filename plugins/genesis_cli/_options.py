"""What all commands share: the session as first argument, ``--json``, and the global options after the command, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ._session import Session

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["blocked", "common", "global_options", "record_option", "run_argument"]

_F = TypeVar("_F", bound=Callable[..., Any])

NEED_NO_FILE = ("doctor", "config")
"""Commands that tell by themselves of a settings file that is not there."""


def blocked(values: tuple[str, ...]) -> list[str]:
    """Return the plugin names of ``-p no:NAME``; raises UsageError for anything else, and for one that is not there.

    A name with a slip in it would load the very plugin that somebody wants to leave out.
    """
    for value in values:
        if not value.startswith("no:") or len(value) == 3:
            raise click.BadParameter(f"{value!r} is not no:NAME", param_hint="-p")
        _known(value[3:])
    return [value[3:] for value in values]


def _known(name: str) -> None:
    from ._group import nearest
    from ._thirdparty import plugin_names, third_party

    known = [*plugin_names(), *third_party()]
    if name not in known:
        near = nearest(name, known)
        raise click.BadParameter(f"there is no plugin {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                                 param_hint="-p")


def global_options(*, hidden: bool) -> Callable[[_F], _F]:
    """Add the options that every command takes; they may stand before or after its name."""

    def add(function: _F) -> _F:
        for option in reversed((
            click.option("-p", "block", metavar="no:NAME", multiple=True, expose_value=False, hidden=hidden,
                         callback=_block, help="Leave a plugin out; may be given again."),
            click.option("--home", metavar="DIR", expose_value=False, hidden=hidden, callback=_set("home"),
                         help="Folder of all state, instead of GENESIS_HOME."),
            click.option("--debug", is_flag=True, expose_value=False, hidden=hidden, callback=_set("debug"),
                         help="Show the traceback of an error."),
            click.option("-v", "--verbose", count=True, expose_value=False, hidden=hidden, callback=_set("verbose"),
                         help="Tell more on stderr."),
            click.option("--json", is_flag=True, expose_value=False, callback=_set("json"),
                         help="Print one JSON document."),
        )):
            function = option(function)
        return function

    return add


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the session as first argument, ``--json``, and the global options."""

    def body(*arguments: Any, **named: Any) -> Any:
        context = click.get_current_context()
        session = context.obj
        session.command = context.command_path.partition(" ")[2] or "genesis"
        if context.invoked_subcommand is None:  # the command after a group looks, when it is carried out
            _look_at_environment(session)
        return function(session, *arguments, **named)

    wrapped = update_wrapper(body, function)
    return global_options(hidden=True)(wrapped)


def _look_at_environment(session: Session) -> None:
    """Name variables that nothing reads, once a call; raises SettingsError for a settings file that is not there."""
    if session.looked:
        return
    session.looked = True
    from ._environment import check_config, unknown

    for line in unknown():
        session.warn(line)
    if session.command not in NEED_NO_FILE:
        check_config()


def _session(context: click.Context) -> Session:
    if not isinstance(context.obj, Session):
        context.obj = Session()
    return context.obj


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value and not context.resilient_parsing:
            setattr(_session(context), name, value)

    return callback


def _block(context: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    if not context.resilient_parsing:
        _session(context).block += blocked(value)


def complete_runs(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a run's id, newest first, with its goal beside it."""
    from click.shell_completion import CompletionItem

    entries = _session(context).state().entries()[:50]
    items = [CompletionItem("last", help="the newest run"), *(CompletionItem(e.id, help=e.goal[:60]) for e in entries)]
    return [item for item in items if item.value.startswith(incomplete)]


def run_argument(name: str = "run", **options: Any) -> Callable[[_F], _F]:
    """Add an argument that takes a run: its id, a unique beginning of it, or ``last``."""
    return click.argument(name, metavar=name.upper(), shell_complete=complete_runs, **options)


def record_option(function: _F) -> _F:
    """Add ``--record``."""
    words = "Keep what models answer and tools return, so that `genesis replay` can repeat it."
    return click.option("--record", is_flag=True, help=words)(function)
